"""Prediction: picture files in; classes with probabilities, or the reason why not, out."""

from __future__ import annotations

import gc
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import numpy as np
import pytest

from headstart.addresses import Address
from headstart.errors import UserError
from headstart.features.engine import engine_for
from headstart.features.extract import computed
from headstart.jobs.classifier import Classifier, load
from headstart.jobs.predict import format_of, run_predict
from headstart.jobs.predicting.named import Named
from headstart.jobs.predicting.rows import FORMS, Document
from headstart.progress import Advanced, Event, Started, silent
from headstart.settings import PredictSettings
from models import Trained, copied, sentences, sign, train
from pictures import encoded, picture


@pytest.fixture(scope="module")
def classifier(trained: Trained) -> Classifier:
    return load(trained.model)


@pytest.fixture
def pictures(trained: Trained) -> list[Path]:
    """Pictures of all classes, not in the order of their names."""
    return [trained.data / name for name in ("cow/01.png", "ant/00.png", "bee/07.png", "cow/00.png")]


@pytest.fixture
def not_pictures(tmp_path: Path) -> list[Path]:
    (tmp_path / "note.jpg").write_text("not a picture")
    (tmp_path / "empty.png").touch()
    return [tmp_path / "note.jpg", tmp_path / "nowhere.png", tmp_path / "empty.png", tmp_path]


def test_predictions_come_in_the_order_of_the_pictures(classifier: Classifier, pictures: list[Path]) -> None:
    predictions = classifier.predict(pictures)
    backwards = classifier.predict(pictures[::-1])

    assert [p.path for p in predictions] == pictures
    assert backwards == predictions[::-1]
    assert len({p.top for p in predictions}) == len(pictures)


def test_a_picture_gets_the_same_answer_alone_and_among_others(classifier: Classifier, pictures: list[Path]) -> None:
    together = classifier.predict(pictures)

    assert [classifier.predict([p])[0] for p in pictures] == together
    assert classifier.predict(pictures * 2) == together * 2


def test_prediction_says_what_training_said_of_the_test_pictures(trained: Trained, classifier: Classifier) -> None:
    predictions = classifier.predict([trained.data / p.path for p in trained.tested])

    assert [p.label for p in predictions] == [p.predicted for p in trained.tested]
    assert [p.probability for p in predictions] == pytest.approx([p.probability for p in trained.tested], rel=1e-5)


def test_probabilities_fall_and_those_of_all_classes_sum_to_one(classifier: Classifier, pictures: list[Path]) -> None:
    tops = [p.top for p in classifier.predict(pictures)]

    assert [sorted(name for name, _ in top) for top in tops] == [["ant", "bee", "cow"]] * 4
    np.testing.assert_allclose([sum(p for _, p in top) for top in tops], 1, atol=1e-6)
    assert all(top[0][1] >= top[1][1] >= top[2][1] > 0 for top in tops)


@pytest.mark.parametrize(("top", "named"), [(1, 1), (2, 2), (3, 3), (99, 3)])
def test_top_says_how_many_classes_are_named(
    classifier: Classifier, pictures: list[Path], top: int, named: int
) -> None:
    [prediction] = classifier.predict(pictures[:1], top=top)

    assert prediction.top == classifier.predict(pictures[:1])[0].top[:named]


def test_what_can_not_be_used_gets_a_reason_and_the_others_their_answer(
    classifier: Classifier, pictures: list[Path], not_pictures: list[Path]
) -> None:
    predictions = classifier.predict([not_pictures[0], pictures[0], *not_pictures[1:], pictures[1]])

    assert [p.error for p in predictions] == [
        "not-a-picture",
        None,
        "unreadable",
        "empty-file",
        "not-a-file",
        None,
    ]
    assert [(p.label, p.probability, p.top) for p in predictions if p.error] == [(None, None, ())] * 4
    assert [predictions[1], predictions[5]] == classifier.predict(pictures[:2])


def test_the_bar_passes_every_picture_whether_it_can_be_used_or_not(
    classifier: Classifier, pictures: list[Path], not_pictures: list[Path]
) -> None:
    events: list[Event] = []
    classifier.predict([*pictures, *not_pictures], listen=events.append)

    assert Started(8) in events
    assert events.count(Advanced(1)) == 8


def test_a_classifier_that_was_interrupted_predicts_as_before(
    trained: Trained, pictures: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(event: Event) -> None:
        if event == Advanced(1):
            raise KeyboardInterrupt

    monkeypatch.setattr("headstart.jobs.classifier.engine_for", engine_for)
    classifier = load(trained.model)
    before = classifier.predict(pictures)
    with pytest.raises(KeyboardInterrupt):
        classifier.predict(pictures[::-1] * 4, listen=interrupt)

    assert classifier.predict(pictures) == before


def test_no_pictures_give_no_predictions(classifier: Classifier) -> None:
    assert classifier.predict([]) == []


def test_answers_come_in_order_while_pictures_are_still_being_named(
    classifier: Classifier, pictures: list[Path], not_pictures: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("headstart.jobs.classifier.AT_ONCE", 3)
    files = [*pictures, *not_pictures, *pictures]
    named: list[Path] = []

    def naming() -> Iterator[Path]:
        for file in files:
            named.append(file)
            yield file

    asked = [(len(named), answer) for answer in classifier.answers(naming())]

    assert [answer for _, answer in asked] == [each.error or each.top for each in classifier.predict(files)]
    assert [names for names, _ in asked] == [3, 3, 3, 6, 6, 6, 9, 9, 9, 12, 12, 12]


@pytest.mark.parametrize("options", [{"flip": True}, {"scale": (80, 96), "l2": True}])
def test_several_looks_at_each_picture_give_what_training_saw(
    trained: Trained, not_pictures: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: dict[str, Any]
) -> None:
    monkeypatch.setattr("headstart.jobs.classifier.AT_ONCE_FOR_LOOKS", 2)
    model = train(trained.data, tmp_path / "model", **options)
    files = [trained.data / row.path for row in model.tested]
    *predictions, lost = load(model.model).predict([*files, not_pictures[0]])

    assert [p.label for p in predictions] == [row.predicted for row in model.tested]
    assert [p.probability for p in predictions] == pytest.approx([row.probability for row in model.tested], rel=1e-5)
    assert lost.error == "not-a-picture"


def run(model: Path, *images: Path, **options: Any) -> tuple[list[Document], dict[str, Any], tuple[str, ...]]:
    """Return the documents, the summary and what was said."""
    documents: list[Document] = []
    events: list[Event] = []
    summary = run_predict(PredictSettings(model, images, **options), events.append, documents.extend)
    return documents, summary, sentences(events)


def test_a_document_per_picture_says_class_probability_and_top_or_the_error(
    trained: Trained, pictures: list[Path], not_pictures: list[Path]
) -> None:
    [good, bad, other], _, _ = run(trained.model, pictures[0], not_pictures[0], pictures[1], top=2)

    assert list(good) == list(other) == ["path", "class", "probability", "top"]
    assert good["path"] == pictures[0].as_posix()
    assert [list(entry) for entry in good["top"]] == [["class", "probability"]] * 2
    assert good["top"][0] == {"class": good["class"], "probability": good["probability"]}
    assert bad == {"path": not_pictures[0].as_posix(), "error": "not-a-picture"}


def test_folders_patterns_and_files_are_predicted_in_their_order(trained: Trained, classifier: Classifier) -> None:
    documents, summary, _ = run(trained.model, trained.data / "cow", trained.data / "*" / "07.png", trained.data / "x")
    files = [
        *sorted((trained.data / "cow").iterdir()),
        *(trained.data / name / "07.png" for name in ("ant", "bee", "cow")),
    ]

    assert [each["path"] for each in documents] == [file.as_posix() for file in (*files, trained.data / "x")]
    assert [each["class"] for each in documents[:-1]] == [p.label for p in classifier.predict(files)]
    assert summary == {"pictures": 12, "skipped": {"unreadable": 1}}


def test_what_can_not_be_used_is_counted_and_named_by_reason(trained: Trained, tmp_path: Path) -> None:
    for number in range(6):
        (tmp_path / f"{number}\n.jpg").write_text("not a picture")
    (tmp_path / "empty.png").touch()
    shutil.copy(trained.data / "ant" / "00.png", tmp_path)
    _, summary, said = run(trained.model, tmp_path)

    first = ", ".join(f"{tmp_path.as_posix()}/{number}\N{REPLACEMENT CHARACTER}.jpg" for number in range(5))
    assert said == (
        f"Warning: 6 pictures can't be used (not-a-picture): {first}, …",
        f"Warning: 1 picture can't be used (empty-file): {tmp_path.as_posix()}/empty.png",
    )
    assert summary == {"pictures": 8, "skipped": {"not-a-picture": 6, "empty-file": 1}}


def test_pictures_of_which_none_can_be_used_are_an_error(trained: Trained, not_pictures: list[Path]) -> None:
    with pytest.raises(UserError, match=r"None of the 3 pictures can be used \(first: .*note\.jpg: not-a-picture\)"):
        run(trained.model, *not_pictures[:3])


@pytest.mark.parametrize("form", sorted(FORMS))
def test_rows_go_to_the_file_and_what_an_interrupted_run_left_is_not_looked_at_again(
    trained: Trained, not_pictures: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    images = (not_pictures[0], trained.data / "cow", trained.data / "ant")
    documents, summary, _ = run(trained.model, *images)
    assert run(trained.model, *images, out=tmp_path / f"whole.{form}") == ([], summary, ANY)
    whole = (tmp_path / f"whole.{form}").read_bytes()
    assert whole == FORMS[form](3).header() + FORMS[form](3).lines(documents)

    out = tmp_path / f"rows.{form}"
    with pytest.raises(KeyboardInterrupt):
        run_predict(PredictSettings(trained.model, images, out=out), interrupted, print)
    out.write_bytes(FORMS[form](3).header() + FORMS[form](3).lines(documents[:9]) + b"half")
    seen = watched_files(monkeypatch)
    _, again, said = run(trained.model, *images, out=out)

    assert seen == [trained.data / "ant" / f"{number:02}.png" for number in range(8)]
    assert out.read_bytes() == whole
    assert again == summary
    assert f"9 rows are in {out}; it goes on with the picture after them." in said


def watched_files(monkeypatch: pytest.MonkeyPatch) -> list[Path | Address]:
    """Return a list that grows by each file that is looked at."""
    seen: list[Path | Address] = []

    def watched(paths: Sequence[Path | Address], *arguments: Any) -> Any:
        seen.extend(paths)
        return computed(paths, *arguments)

    monkeypatch.setattr("headstart.jobs.classifier.computed", watched)
    return seen


def test_a_file_of_another_model_is_refused(trained: Trained, tmp_path: Path) -> None:
    out = tmp_path / "rows.csv"
    other = copied(trained, tmp_path / "other")
    sign(other, note="another manifest")
    with pytest.raises(KeyboardInterrupt):
        run_predict(PredictSettings(other, (trained.data,), out=out), interrupted, print)
    with pytest.raises(UserError, match=r"rows\.csv was begun with another model"):
        run(trained.model, trained.data, out=out)


def interrupted(event: Event) -> None:
    """Listen until a picture is done."""
    if event == Advanced(1):
        raise KeyboardInterrupt


def test_the_file_and_its_note_are_no_pictures_of_the_folder_they_lie_in(trained: Trained, tmp_path: Path) -> None:
    shutil.copy(trained.data / "ant" / "00.png", tmp_path)
    shutil.copy(trained.data / "ant" / "01.png", tmp_path)
    with pytest.raises(KeyboardInterrupt):
        run_predict(PredictSettings(trained.model, (tmp_path,), out=tmp_path / "a.csv"), interrupted, print)
    _, summary, _ = run(trained.model, tmp_path, out=tmp_path / "a.csv")

    assert summary == {"pictures": 2, "skipped": {}}


def test_of_many_pictures_only_some_are_held_at_a_time(trained: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("headstart.jobs.classifier.AT_ONCE", 16)
    monkeypatch.setattr("headstart.jobs.predict._TOGETHER", 24)
    blocks: list[int] = []
    alive: list[int] = []

    def receive(documents: list[Document]) -> None:
        blocks.append(len(documents))
        alive.append(sum(isinstance(each, Named) for each in gc.get_objects()))

    images = (trained.data,) * 6
    summary = run_predict(PredictSettings(trained.model, images), silent, receive)

    assert summary["pictures"] == sum(blocks) == 144
    assert max(blocks) <= 24
    assert max(alive) <= 100  # Python's tee keeps up to 57


@pytest.mark.parametrize(
    ("images", "options", "why"),
    [
        (("a",), {"top": 0}, "--top 0: name at least 1 class"),
        (("a",), {"top": -1}, "--top -1: name at least 1 class"),
        ((), {}, "predict needs at least one picture file"),
        (("a",), {"stdin": True}, "- reads the pictures from standard input; leave out the others"),
        (("a",), {"format": "cvs"}, r"--format cvs: choose from table, csv, jsonl. Did you mean csv\?"),
        (("a",), {"out": "x.txt"}, r"--out x.txt: name a file that ends in .csv or .jsonl, or give --format"),
        (("a",), {"out": "x.csv", "format": "table"}, r"--out x.csv: name a file that ends in"),
        (("a",), {"on": "ray"}, "--on ray needs --cluster-store"),
        (("a",), {"cluster_store": "s3://b"}, "--cluster-store s3://b is for --on ray"),
        (("a", "b"), {"on": "ray", "cluster_store": "s3://b"}, "--on ray reads the pictures of one folder or address"),
        ((), {"stdin": True, "on": "ray", "cluster_store": "s3://b"}, "--on ray reads the pictures of one folder"),
    ],
)
def test_options_that_mean_nothing_are_refused_before_anything_is_read(
    images: tuple[str, ...], options: dict[str, Any], why: str
) -> None:
    with pytest.raises(UserError, match=why):
        run_predict(PredictSettings("no model", images, **options), silent, print)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("out", "format", "found"),
    [
        (None, None, "table"),
        ("a.CSV", None, "csv"),
        ("a.b.jsonl", None, "jsonl"),
        ("a", "csv", "csv"),
        (None, "jsonl", "jsonl"),
    ],
)
def test_rows_look_as_the_format_or_the_name_of_the_file_says(out: str | None, format: str | None, found: str) -> None:
    assert format_of(PredictSettings("m", ("a",), out=out, format=format)) == found  # type: ignore[arg-type]


def test_a_picture_of_any_shape_and_format_is_read(classifier: Classifier, tmp_path: Path) -> None:
    tall = picture((120, 120, 120), seed=1, size=(7, 300))
    (tmp_path / "tall.bin").write_bytes(encoded(tall, "JPEG"))
    (tmp_path / "grey.gif").write_bytes(encoded(tall.convert("L"), "GIF"))

    assert [p.error for p in classifier.predict([tmp_path / "tall.bin", str(tmp_path / "grey.gif")])] == [None, None]
