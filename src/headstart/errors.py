"""The two ways in which headstart says no: one sentence that says what is wrong, where, and what to do."""

import difflib
from collections.abc import Iterable, Sequence


class HeadstartError(Exception):
    """An expected failure; its text is shown to the user as it stands."""

    exit_code = 1


class UserError(HeadstartError):
    """Something the user can put right: a path, an option, the data. Exit code 2."""

    exit_code = 2


class MissingError(HeadstartError):
    """Something missing in the environment: a backend, a disk, a weight file. Exit code 3."""

    exit_code = 3


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the question whether the nearest of the ``known`` names was meant, with a space before; or nothing."""
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
    return f" Did you mean {near[0]}?" if near else ""


def check_choice(option: str, value: str, choices: Sequence[str]) -> None:
    """Raise `UserError` unless ``value``, given to ``option``, is one of the ``choices``."""
    if value not in choices:
        raise UserError(f"{option} {value}: choose from {', '.join(choices)}.{nearest(value, choices)}")


def first_three(items: Sequence[str], separator: str = ", ") -> str:
    """Return the first three of ``items`` for a sentence, with dots if there are more."""
    return separator.join(items[:3]) + (f"{separator}…" if len(items) > 3 else "")


def refusal(error: OSError) -> str:
    """Return the sentence for what the system refused: a full disk, a missing permission."""
    place = f" {error.filename}" if error.filename else ""
    return f"the system refuses{place}: {error.strerror or error}; nothing was lost."
