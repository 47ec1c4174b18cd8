"""The two ways in which headstart says no: one sentence that says what is wrong, where, and what to do."""


class HeadstartError(Exception):
    """An expected failure; its text is shown to the user as it stands."""

    exit_code = 1


class UserError(HeadstartError):
    """Something the user can put right: a path, an option, the data. Exit code 2."""

    exit_code = 2


class MissingError(HeadstartError):
    """Something missing in the environment: a backend, a disk, a weight file. Exit code 3."""

    exit_code = 3


def refusal(error: OSError) -> str:
    """Return the sentence for what the system refused: a full disk, a missing permission."""
    place = f" {error.filename}" if error.filename else ""
    return f"the system refuses{place}: {error.strerror or error}; nothing was lost."
