"""A command line that says what settings say, and names of folders only where they may be seen."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest

from headstart.addresses import Address
from headstart.cli.main import app
from headstart.jobs.command import command_of, name_of
from headstart.settings import CompareSettings, TrainSettings


def parsed(command: str) -> Any:
    words = shlex.split(command)
    assert words[0] == "headstart"
    _, bound, _ = app.parse_args(words[1:], exit_on_error=False, print_error=False)
    return bound.args[0]


@pytest.mark.parametrize(
    "settings",
    [
        TrainSettings(Path("data"), out=Path("out")),
        TrainSettings(Path("--json"), out=Path("-out"), exclude=("-ant", "b 'ee'"), split=Path("$HOME/split.json")),
        TrainSettings(Path("d"), out=Path("o"), flip=True, scale=(224, 280), layer="blocks_10+avg_pool", no_cache=True),
        TrainSettings(Path("d"), out=Path("o"), approach="scratch", learning_rate=0.0023402, label_smoothing=0.0),
        TrainSettings(Path("d"), out=Path("o"), group_by="([^/]+)/x=(.*)", weights="/home/me/a=b/c.h5"),
    ],
)
def test_a_command_line_says_what_the_settings_say(settings: TrainSettings) -> None:
    assert parsed(command_of("train", settings)) == settings


@pytest.mark.parametrize(
    "settings",
    [
        CompareSettings(Path("data"), out=Path("out")),
        CompareSettings(Path("data"), out=Path("out"), approaches=("scratch", "fine-tune"), repeats=5, curve=True),
        CompareSettings(Path("data"), out=Path("out"), backbones=("vgg16", "vgg19"), weights=("vgg16=a.h5", "vgg19=b")),
        CompareSettings(Path("data"), out=Path("out"), source=Path("source"), no_pictures=True, lang="zh"),
    ],
)
def test_a_comparison_can_be_told_in_a_line_too(settings: CompareSettings) -> None:
    assert parsed(command_of("compare", settings)) == settings


def test_shown_to_others_a_command_line_names_files_and_not_their_folders() -> None:
    settings = CompareSettings(
        Path("/home/me/data"),
        out=Path("/home/me/out"),
        backbones=("/home/me/nets/mine", "vgg16"),
        weights=("vgg16=/home/me/w.h5",),
        source=Path("/home/me/source"),
        split=Path("/home/me/split.json"),
        cache=Path("/home/me/cache"),
    )
    told = command_of("compare", settings, folders=False)
    assert "/home" not in told
    assert parsed(told) == CompareSettings(
        Path("data"),
        out=Path("out"),
        backbones=("mine", "vgg16"),
        weights=("vgg16=w.h5",),
        source=Path("source"),
        split=Path("split.json"),
        cache=Path("cache"),
    )


@pytest.mark.parametrize("settings", [{"group_by": r"(.*)/a=(\d+)"}, {"exclude": ("a/b", "c=d")}])
def test_what_is_no_path_is_shown_as_it_is_whatever_slashes_it_has(settings: dict[str, Any]) -> None:
    asked = CompareSettings(Path("data"), out=Path("out"), **settings)
    assert parsed(command_of("compare", asked, folders=False)) == asked


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (Path("/home/me/pictures"), "pictures"),
        (Address("s3://user:secret@bucket/a/pictures/"), "pictures"),
        ("imagenet", "imagenet"),
        ("vgg16", "vgg16"),
        ("/home/me/weights.h5", "weights.h5"),
        ("vgg16=/home/me/weights.h5", "vgg16=weights.h5"),
        ("vgg16=imagenet", "vgg16=imagenet"),
        ("/home/me/a=b/weights.h5", "weights.h5"),
    ],
)
def test_a_name_is_the_last_of_a_path(value: object, name: str) -> None:
    assert name_of(value) == name
