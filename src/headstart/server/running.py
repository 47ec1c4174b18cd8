"""The server as a program: it listens, loads the model, answers until it is to stop, and finishes what it began."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType

import uvicorn

from headstart.errors import UserError
from headstart.progress import Listener, Said
from headstart.server.app import app_of
from headstart.server.connection import Connection
from headstart.server.guard import ANYWHERE, LOOPBACK
from headstart.server.limits import limits_of
from headstart.server.service import Service
from headstart.settings import ServeSettings

_GRACE_SECONDS = 20
"""How long answers that were begun may take once the server is to stop."""

_BUFFERED_SECONDS = 0.2
"""How long a connection that was made just before may take to say what it wants."""

_HIGHEST_PORT = 65535

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def run_server(settings: ServeSettings, listen: Listener) -> None:
    """Serve until SIGTERM or SIGINT comes; ``listen`` is told where, as soon as pictures are answered.

    Raises
    ------
    UserError
        If the model can't be used, the port isn't free, or a setting makes no sense.
    """
    _check(settings)
    with _listening(settings) as sock:
        if not settings.token and settings.host.lower() not in LOOPBACK:
            listen(
                Said(
                    f"Warning: {settings.host} can be reached from other machines, and without --token anybody there "
                    "may use the model."
                )
            )
        service = Service(settings)
        try:
            asyncio.run(_serve(service, sock, listen))
        finally:
            has_ended = service.close()
    if not has_ended:
        # In the midst of a library's work (a network is compiled, say) a thread can't be ended in an orderly way.
        sys.stderr.flush()
        os._exit(0)


def _check(settings: ServeSettings) -> None:
    limits_of(settings)
    if settings.top < 1:
        raise UserError(f"--top {settings.top}: name at least 1 class per picture.")
    if not 0 <= settings.port <= _HIGHEST_PORT:
        raise UserError(f"--port {settings.port}: ports go from 1 to {_HIGHEST_PORT}; 0 takes any free one.")
    if settings.max_pictures < 1 or settings.timeout <= 0 or not 0 <= settings.unsure_below <= 1:
        raise UserError("--max-pictures and --timeout must be over 0, and --unsure-below between 0 and 1.")
    if settings.queue < settings.max_pictures:
        raise UserError(
            f"--queue {settings.queue} has no room for a request of {settings.max_pictures} pictures; raise it, or "
            "lower --max-pictures."
        )
    if settings.token is not None and (not settings.token.isascii() or not settings.token.isprintable()):
        raise UserError("--token must be made of ASCII letters, digits and signs: others can't stand in a header.")
    for origin in settings.allow_origin:
        if not origin.lower().startswith(("http://", "https://")):
            raise UserError(f"--allow-origin {origin}: write a web site as in https://example.org.")


@contextmanager
def _listening(settings: ServeSettings) -> Generator[socket.socket]:
    """Yield the socket at which the server listens."""
    try:
        family, kind, number, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        sock = socket.socket(family, kind, number)
    except (OSError, UnicodeError):
        raise UserError(f"--host {settings.host} --port {settings.port}: there is no such address here.") from None
    with sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind(address)
        except OSError as error:
            raise _not_free(settings, error) from None
        yield sock


def _not_free(settings: ServeSettings, error: OSError) -> UserError:
    if error.errno == errno.EADDRINUSE:
        return UserError(f"port {settings.port} of {settings.host} is in use; name another with --port, or 0 for any.")
    if error.errno == errno.EACCES:
        return UserError(f"port {settings.port} needs more rights; name one from 1024 on with --port.")
    return UserError(f"--host {settings.host} --port {settings.port}: there is no such address here.")


class _Server(uvicorn.Server):
    """uvicorn, which stops at the first signal with exit code 0, and at once at the second."""

    def __init__(self, config: uvicorn.Config, on_stop: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_stop = on_stop

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Listen to signals, while the server runs."""
        before = {number: signal.signal(number, self._stop) for number in _SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.should_exit = True
        self._on_stop()
        for each in _SIGNALS:
            signal.signal(each, signal.SIG_DFL)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no new connections, and hear those out that were made."""
        for server in self.servers:
            server.close()
        await asyncio.sleep(_BUFFERED_SECONDS)
        await super().shutdown(sockets)


async def _serve(service: Service, sock: socket.socket, listen: Listener) -> None:
    settings = service.settings

    def stop() -> None:
        service.is_stopping = True

    # What it would say is said by us, in a sentence, or not worth a line of the log.
    for name in ("uvicorn", "python_multipart"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    config = uvicorn.Config(
        app_of(service),
        http=Connection,
        ws="none",
        loop="asyncio",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    server = _Server(config, stop)
    serving = asyncio.ensure_future(server.serve([sock]))
    loading = asyncio.ensure_future(service.load(settings.model, listen))
    await asyncio.wait({serving, loading}, return_when=asyncio.FIRST_COMPLETED)
    if loading.done() and not loading.exception():
        listen(Said(f"Serving {settings.model} on {_url(settings.host, sock)} (Ctrl-C stops)"))
    else:
        server.should_exit = True
    await serving
    if loading.done():
        loading.result()
    loading.cancel()


def _url(host: str, sock: socket.socket) -> str:
    name = "localhost" if host in ANYWHERE else host
    return f"http://{f'[{name}]' if ':' in name else name}:{sock.getsockname()[1]}"
