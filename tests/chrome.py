"""A page in a real browser that is used: clicked, typed into, given files. Chromium's own protocol, over pipes.

`browser` looks at pages that stand still; this drives one, and notes what it logs and asks for.
"""

from __future__ import annotations

import fcntl
import json
import os
import select
import subprocess
import sys
import time
from base64 import b64decode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from browser import OPTIONS, chromium

_SECONDS = 60.0

_WITH_PIPES = (
    "import os,sys; r,w=map(int,sys.argv[1:3]); os.dup2(r,3); os.dup2(w,4); os.execv(sys.argv[3],sys.argv[3:])"
)
"""Chromium reads commands from descriptor 3 and writes answers to 4."""

_COMPLAINTS = ("Runtime.exceptionThrown", "Log.entryAdded")


class Tab:
    """One tab. ``complaints`` are errors that were logged, ``requests`` the addresses that were asked for."""

    def __init__(self, read: int, write: int) -> None:
        self._read, self._write = read, write
        self._buffer = b""
        self._last = 0
        self._session: str | None = None
        self.complaints: list[str] = []
        self.requests: list[str] = []

    def attach(self) -> None:
        """Make the tab, and ask to be told of what happens in it."""
        target = self.do("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.do("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network", "DOM"):
            self.do(f"{domain}.enable")

    def do(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command of the protocol and return its result."""
        self._last += 1
        message = {"id": self._last, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            reply = self._message()
            if reply.get("id") == self._last:
                assert "error" not in reply, f"{method}: {reply['error']}"
                return dict(reply["result"])
            self._note(reply)

    def open(self, address: str) -> None:
        """Go to a page and wait until it is there."""
        self.do("Page.navigate", url=address)
        self.until("document.readyState === 'complete' && location.href !== 'about:blank'")

    def value(self, script: str) -> Any:
        """Return what ``script`` comes to, as a JSON value."""
        done = self.do("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in done, done["exceptionDetails"]
        return done["result"].get("value")

    def until(self, script: str) -> None:
        """Wait until ``script`` is true."""
        end = time.monotonic() + _SECONDS
        while not self.value(f"Boolean({script})"):
            assert time.monotonic() < end, f"never true: {script}\n{self.text()}\n{self.complaints}"
            time.sleep(0.05)

    def text(self) -> str:
        """Return what a reader of the page sees, with one space for any white space."""
        return " ".join(str(self.value("document.body.innerText")).split())

    def choose(self, selector: str, files: Sequence[Path]) -> None:
        """Choose ``files`` in the input at ``selector``, as the browser's own window would."""
        root = self.do("DOM.getDocument")["root"]["nodeId"]
        node = self.do("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.do("DOM.setFileInputFiles", nodeId=node, files=[str(file) for file in files])

    def press(self, key: str, text: str = "") -> None:
        """Press a key: Tab, Enter, or a character."""
        codes = {"Tab": 9, "Enter": 13, " ": 32}
        for kind in ("keyDown", "keyUp"):
            written = {"text": text} if text and kind == "keyDown" else {}
            self.do(
                "Input.dispatchKeyEvent",
                type=kind,
                key=key,
                code=key,
                windowsVirtualKeyCode=codes.get(key, 0),
                **written,
            )

    def looks(self, width: int, height: int, *, dark: bool = False) -> None:
        """Give the tab a size in pixels, phones' included, and a colour scheme."""
        self.do(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 500
        )
        self.do("Emulation.setTouchEmulationEnabled", enabled=width < 500)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.do("Emulation.setEmulatedMedia", features=[scheme])

    def without_scripts(self) -> None:
        """Run no script of any page."""
        self.do("Emulation.setScriptExecutionDisabled", value=True)

    def picture(self, png: Path, *, whole: bool = False) -> None:
        """Write what the tab shows, or the ``whole`` page, to a PNG file."""
        shot = self.do("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        png.write_bytes(b64decode(shot["data"]))

    def _note(self, event: dict[str, Any]) -> None:
        method, parameters = event.get("method"), event.get("params", {})
        if method == "Network.requestWillBeSent":
            self.requests.append(str(parameters["request"]["url"]))
        is_error = method == "Runtime.consoleAPICalled" and parameters["type"] in ("error", "warning", "assert")
        if method in _COMPLAINTS or is_error:
            self.complaints.append(json.dumps(parameters)[:1000])

    def _message(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            readable, _, _ = select.select([self._read], [], [], _SECONDS)
            assert readable, "the browser says nothing"
            some = os.read(self._read, 2**20)
            assert some, "the browser has ended"
            self._buffer += some
        message, self._buffer = self._buffer.split(b"\0", 1)
        return dict(json.loads(message))


@contextmanager
def tab() -> Iterator[Tab]:
    """Yield an empty tab of a new browser, with a profile of its own and no way to the network beyond this machine."""
    options = [option for option in OPTIONS if not option.startswith("--virtual-time-budget")]
    with TemporaryDirectory(prefix="profile-", ignore_cleanup_errors=True) as profile:
        (commands, ours), (answers, theirs) = _pipe(), _pipe()
        launch = [sys.executable, "-c", _WITH_PIPES, str(commands), str(theirs), chromium(), *options]
        command = [*launch, f"--user-data-dir={profile}", "--remote-debugging-pipe"]
        process = subprocess.Popen(
            command, pass_fds=(commands, theirs), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        os.close(commands)
        os.close(theirs)
        opened = Tab(answers, ours)
        try:
            opened.attach()
            yield opened
        finally:
            # It ends when its pipe does.
            os.close(ours)
            os.close(answers)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _pipe() -> tuple[int, int]:
    """Return the ends of a pipe for reading and writing, away from the descriptors that Chromium wants."""
    ends = os.pipe()
    high = tuple(fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in ends)
    for end in ends:
        os.close(end)
    return high[0], high[1]
