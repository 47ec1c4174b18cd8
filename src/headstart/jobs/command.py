"""The command line that does what some settings say."""

from __future__ import annotations

import shlex
from dataclasses import fields
from pathlib import Path
from typing import Any

from headstart.addresses import Address

_MAY_BE_PLACES = ("backbone", "backbones", "weights")
"""Options whose text may be a path."""


def command_of(command: str, settings: Any, *, folders: bool = True) -> str:  # noqa: ANN401 - any settings dataclass
    """Return the command line of ``command`` with these settings; without ``folders`` only the names of paths.

    A report is shown to others, whom the folders of its author don't concern.
    """
    words = ["headstart", command]
    for each in fields(settings):
        value, option = getattr(settings, each.name), "--" + each.name.replace("_", "-")
        if each.name == "data" or value == each.default:
            continue
        if isinstance(value, bool):
            words.append(option)
        else:
            # After an equals sign a value may begin with a dash.
            values = value if isinstance(value, tuple) else (value,)
            may_be_places = each.name in _MAY_BE_PLACES or isinstance(values[0], Path | Address)
            words += [f"{option}={name_of(one) if may_be_places and not folders else one}" for one in values]
    data = settings.data if folders else name_of(settings.data)
    return shlex.join([*words, "--", str(data)])


def name_of(value: object) -> str:
    """Return a path or an address, or NAME=PATH as text, without its folders."""
    if isinstance(value, Path | Address):
        return str(value).rstrip("/").rsplit("/", 1)[-1]
    name, is_named, path = str(value).partition("=")
    return f"{name}={Path(path).name}" if is_named and "/" not in name else Path(str(value)).name
