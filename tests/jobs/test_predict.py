"""Prediction: picture files in; classes with probabilities, or the reason why not, out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from headstart.errors import UserError
from headstart.features.engine import engine_for
from headstart.jobs.classifier import Classifier, load
from headstart.jobs.predict import run_predict
from headstart.progress import Advanced, Event, Started, silent
from headstart.settings import PredictSettings
from models import Trained
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


def test_a_document_per_picture_says_class_probability_and_top_or_the_error(
    trained: Trained, pictures: list[Path], not_pictures: list[Path]
) -> None:
    settings = PredictSettings(trained.model, (pictures[0], not_pictures[0], pictures[1]), top=2)
    good, bad, other = run_predict(settings, silent)

    assert list(good) == list(other) == ["path", "class", "probability", "top"]
    assert good["path"] == pictures[0].as_posix()
    assert [list(entry) for entry in good["top"]] == [["class", "probability"]] * 2
    assert good["top"][0] == {"class": good["class"], "probability": good["probability"]}
    assert bad == {"path": not_pictures[0].as_posix(), "error": "not-a-picture"}


def test_pictures_of_which_none_can_be_used_are_an_error(trained: Trained, not_pictures: list[Path]) -> None:
    with pytest.raises(UserError, match=r"None of the 4 pictures can be used \(first: .*note\.jpg: not-a-picture\)"):
        run_predict(PredictSettings(trained.model, tuple(not_pictures)), silent)


@pytest.mark.parametrize("top", [0, -1])
def test_top_must_name_a_class(trained: Trained, pictures: list[Path], top: int) -> None:
    with pytest.raises(UserError, match=f"--top {top}: name at least 1 class"):
        run_predict(PredictSettings(trained.model, tuple(pictures), top=top), silent)


def test_a_picture_of_any_shape_and_format_is_read(classifier: Classifier, tmp_path: Path) -> None:
    tall = picture((120, 120, 120), seed=1, size=(7, 300))
    (tmp_path / "tall.bin").write_bytes(encoded(tall, "JPEG"))
    (tmp_path / "grey.gif").write_bytes(encoded(tall.convert("L"), "GIF"))

    assert [p.error for p in classifier.predict([tmp_path / "tall.bin", str(tmp_path / "grey.gif")])] == [None, None]
