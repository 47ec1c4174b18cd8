"""Settings: what Python callers write is taken, and what goes into results names no place on this machine."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from headstart.addresses import Address
from headstart.settings import (
    CheckSettings,
    CompareSettings,
    DemoSettings,
    EvaluateSettings,
    ExportSettings,
    FeaturesSettings,
    FixSettings,
    PredictSettings,
    ReportSettings,
    ServeSettings,
    TrainingOptions,
    TrainSettings,
    TuneSettings,
    as_document,
)

TRAIN = TrainSettings(Path("/secret/data"), out=Path("/secret/out"), split=Path("/secret/split.json"))
TUNE = TuneSettings(Path("/secret/data"), out=Path("/secret/out"), split=Path("/secret/split.json"))
CHECK = CheckSettings(Path("/secret/data"), out=Path("/secret/page"), exclude=("ant", "bee"))
FIX = FixSettings(Path("/secret/data"), out=Path("/secret/clean"))
EVALUATE = EvaluateSettings(Path("/secret/model"), Path("/secret/data"))
SERVE = ServeSettings(Path("/secret/model"), allow_host=("a", "b"), token="hidden")  # noqa: S106
EXPORT = ExportSettings(Path("/secret/model"), format="onnx", out=Path("/secret/out"))
PREDICT = PredictSettings(Path("/secret/model"), (Path("/secret/1.jpg"), Path("/secret/2.jpg")))
DEMO = DemoSettings(out=Path("/secret/demo"))
COMPARE = CompareSettings(
    Path("/secret/data"), out=Path("/secret/out"), source=Path("/secret/source"), split=Path("/secret/split.json")
)
REPORT = ReportSettings(Path("/secret/run"), beside=Path("/secret/other"))


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (TrainSettings("/secret/data", out="/secret/out", split="/secret/split.json"), TRAIN),  # type: ignore[arg-type]
        (TuneSettings("/secret/data", out="/secret/out", split="/secret/split.json"), TUNE),  # type: ignore[arg-type]
        (CheckSettings("/secret/data", out="/secret/page", exclude=["ant", "bee"]), CHECK),  # type: ignore[arg-type]
        (FixSettings("/secret/data", out="/secret/clean"), FIX),  # type: ignore[arg-type]
        (EvaluateSettings("/secret/model", "/secret/data"), EVALUATE),  # type: ignore[arg-type]
        (PredictSettings("/secret/model", PREDICT.images), PREDICT),  # type: ignore[arg-type]
        (PredictSettings("/secret/model", ("/secret/1.jpg", "/secret/2.jpg")), PREDICT),  # type: ignore[arg-type]
        (ServeSettings("/secret/model", allow_host=["a", "b"], token="hidden"), SERVE),  # type: ignore[arg-type]  # noqa: S106
        (ExportSettings("/secret/model", format="onnx", out="/secret/out"), EXPORT),  # type: ignore[arg-type]
        (DemoSettings(out="/secret/demo"), DEMO),  # type: ignore[arg-type]
        (
            CompareSettings(
                "/secret/data",  # type: ignore[arg-type]
                out="/secret/out",  # type: ignore[arg-type]
                source="/secret/source",  # type: ignore[arg-type]
                split="/secret/split.json",  # type: ignore[arg-type]
            ),
            COMPARE,
        ),
        (ReportSettings("/secret/run", beside="/secret/other"), REPORT),  # type: ignore[arg-type]
    ],
)
def test_strings_become_paths_where_a_path_is_meant(written: object, meant: object) -> None:
    assert written == meant


@pytest.mark.parametrize(
    "settings",
    [
        TrainSettings("s3://user:secret@bucket/x", out="s3://out"),  # type: ignore[arg-type]
        CheckSettings("s3://user:secret@bucket/x"),  # type: ignore[arg-type]
        EvaluateSettings("s3://model", "s3://user:secret@bucket/x"),  # type: ignore[arg-type]
        FeaturesSettings("s3://user:secret@bucket/x", out="s3://out"),  # type: ignore[arg-type]
        FixSettings(Address("s3://user:secret@bucket/x"), out=Path("out")),
        CompareSettings("s3://user:secret@bucket/x", out="s3://out", source="s3://u:secret@b/y"),  # type: ignore[arg-type]
    ],
)
def test_data_and_nothing_else_may_be_at_an_address_which_stays_out_of_documents(settings: Any) -> None:
    assert settings.data == Address("s3://user:secret@bucket/x")
    assert isinstance(getattr(settings, "out", None), Path | None)
    assert isinstance(getattr(settings, "model", None), Path | None)
    assert "data" not in as_document(settings)
    assert "secret" not in repr(settings)


def test_strings_stay_strings_where_a_name_is_meant() -> None:
    settings = TrainSettings(Path("data"), out=Path("out"), weights="file.safetensors", backbone="vgg16")
    assert (settings.weights, settings.backbone) == ("file.safetensors", "vgg16")


def test_one_excluded_class_may_be_named_alone() -> None:
    assert FixSettings(Path("data"), out=Path("out"), exclude="ant").exclude == ("ant",)  # type: ignore[arg-type]


def test_what_means_the_same_everywhere_is_said_in_the_same_words() -> None:
    said = {kind: str(kind.__doc__).split("    exclude\n")[1].split("\n")[0] for kind in (TrainSettings, CheckSettings)}
    assert said == dict.fromkeys(said, "        Leave out a class; may be given several times.")


def test_no_split_stays_no_split() -> None:
    assert TrainSettings(Path("data"), out=Path("out")).split is None


@pytest.mark.parametrize(
    ("settings", "document"),
    [
        (
            TRAIN,
            {
                "approach": "frozen+logistic",
                "class_weight": "auto",
                "refit": "none",
                "unfreeze": None,
                "views": None,
                "map_budget": "2GB",
                "with_neighbours": False,
                **dict.fromkeys(f.name for f in dataclasses.fields(TrainingOptions)),
                "backbone": "efficientnet_lite0",
                "layer": "avg_pool",
                "pool": "avg",
                "scale": [],
                "combine": "stack",
                "flip": False,
                "l2": False,
                "engine": "auto",
                "precision": "auto",
                "weights": "imagenet",
                "seed": 0,
                "offline": False,
                "fit": "squash",
                "group_by": None,
                "folds": None,
                "exclude": [],
                "dedupe_test": False,
                "resplit": False,
                "cache": None,
                "no_cache": False,
            },
        ),
        (EVALUATE, {"fit": None, "group_by": None, "exclude": [], "cache": None, "no_cache": False}),
        (
            PREDICT,
            {"stdin": False, "top": 3, "out": None, "format": None, "on": None, "cluster_store": None},
        ),
        (DEMO, {}),
        (
            COMPARE,
            {
                "approaches": [],
                "backbones": ["efficientnet_lite0"],
                "weights": [],
                "budget": "10m",
                "repeats": 1,
                "curve": False,
                "lang": "en",
                "no_pictures": False,
                "fit": "squash",
                "class_weight": "auto",
                "engine": "auto",
                "precision": "auto",
                "map_budget": "2GB",
                "group_by": None,
                "exclude": [],
                "dedupe_test": False,
                "resplit": False,
                "seed": 0,
                "offline": False,
                "cache": None,
                "no_cache": False,
            },
        ),
        (REPORT, {"lang": "en", "no_pictures": False}),
    ],
)
def test_settings_in_results_name_no_path_of_this_machine(settings: Any, document: dict[str, Any]) -> None:
    left = {name: value for name, value in as_document(settings).items() if name != "split"}
    assert left == document
    assert "secret" not in json.dumps(as_document(settings))


@pytest.mark.parametrize("split", [None, Path("/secret/split.json")])
def test_settings_in_results_are_plain_json_values(split: Path | None) -> None:
    document = as_document(dataclasses.replace(TRAIN, split=split))
    assert json.loads(json.dumps(document)) == document


@pytest.mark.parametrize("settings", [TRAIN, TUNE, CHECK, FIX, EVALUATE, PREDICT, SERVE, EXPORT, DEMO, COMPARE, REPORT])
def test_settings_are_fixed_once_made(settings: Any) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        settings.seed = 1


@pytest.mark.parametrize(
    "approaches",
    ["scratch,fine-tune", ("scratch", "fine-tune"), ["scratch , fine-tune,", "scratch"], ("scratch,fine-tune", "")],
)
def test_names_may_be_given_with_commas_or_apart_and_count_once(approaches: Any) -> None:
    settings = CompareSettings(Path("data"), out=Path("out"), approaches=approaches, backbones="vgg16,vgg19")  # type: ignore[arg-type]
    assert (settings.approaches, settings.backbones) == (("scratch", "fine-tune"), ("vgg16", "vgg19"))


def test_a_token_is_not_shown_where_settings_are() -> None:
    assert "hidden" not in repr(SERVE)


def test_a_weight_file_may_have_a_comma_in_its_name() -> None:
    assert CompareSettings(Path("data"), out=Path("out"), weights="a,b.h5").weights == ("a,b.h5",)  # type: ignore[arg-type]
