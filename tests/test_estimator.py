"""`TransferClassifier`: what scikit-learn expects of a classifier, with pictures as rows."""

from __future__ import annotations

import copy
import pickle
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Self

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import estimator_checks_generator
from sklearn.utils.validation import validate_data

from headstart.data.inspect import inspected
from headstart.data.records import Skipped
from headstart.errors import MissingError, UserError
from headstart.estimator import HeadstartWarning, RowsError, TransferClassifier
from headstart.features.engine import Engine
from headstart.jobs.learning import FAMILIES, Family, Given, Learned
from headstart.jobs.learning.training import checkpoint_folder
from headstart.learn.approaches import approach
from headstart.networks.converted import ConvertedNetwork
from headstart.progress import Listener, Said
from models import engine_once, write_alike
from pictures import encoded, picture, write_classes

pytestmark = pytest.mark.usefixtures("one_engine")

APPROACHES = ("frozen+logistic", "frozen+knn", "frozen+forest", "handcrafted+svm")
"""Ways to learn that are quick."""


def rows_in(root: Path) -> tuple[list[Path], list[str]]:
    """Return the pictures of class folders and their labels."""
    paths = sorted(root.glob("*/*.png"))
    return paths, [path.parent.name for path in paths]


def pixels(path: Path) -> NDArray[np.uint8]:
    """Return a picture as an array."""
    return np.asarray(Image.open(path).convert("RGB"))


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Path], list[str]]:
    """Pictures of three classes that hardly differ, and their labels."""
    return rows_in(write_alike(tmp_path_factory.mktemp("alike"), {"ant": 6, "bee": 6, "cow": 6}))


@pytest.fixture(scope="module")
def easy(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Path], list[str]]:
    """Pictures of three classes that differ, and their labels."""
    return rows_in(write_classes(tmp_path_factory.mktemp("easy"), {"ant": 8, "bee": 8, "cow": 8}))


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grow by one for each picture that a network computes."""
    pictures: list[int] = []

    class Counting:
        def __init__(self, engine: Engine) -> None:
            self.name, self.parallel, self._engine = engine.name, engine.parallel, engine

        def vectors(self, asked: Any) -> Iterator[Any]:
            for key, vector in self._engine.vectors(asked):
                pictures.append(key)
                yield key, vector

    def counting(network: ConvertedNetwork, kind: str | None = None) -> Counting:
        return Counting(engine_once(network, kind))

    monkeypatch.setattr("headstart.jobs.extraction.engine_for", counting)
    return pictures


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> list[Given]:
    """Grow by what a fit gives its family to learn from; heads are fitted, no network is trained."""
    seen: list[Given] = []

    def learn(given: Given, listen: Listener) -> Learned:
        seen.append(given)
        wish = FAMILIES["frozen"].wish(replace(given.settings, scale=()))
        return FAMILIES["frozen"].learn(replace(given, way=approach("frozen+logistic"), wish=wish), listen)

    learning_by(monkeypatch, learn)
    return seen


def learning_by(monkeypatch: pytest.MonkeyPatch, learn: Callable[[Given, Listener], Learned]) -> None:
    """Let every family of approaches learn by ``learn``."""
    families = {name: Family(family.wish, learn) for name, family in FAMILIES.items()}
    monkeypatch.setattr("headstart.estimator.FAMILIES", families)


# ---- scikit-learn's own checks


class OfRows(TransferClassifier):
    """Rows of numbers drawn as pictures, so that scikit-learn's checks, which know rows of numbers alone, apply."""

    def fit(self, X: Any, y: Any) -> Self:  # noqa: D102, N803
        return super().fit(self._drawn(X, reset=True), y)

    def predict_proba(self, X: Any) -> NDArray[np.float32]:  # noqa: D102, N803
        if not hasattr(self, "classes_"):
            return super().predict_proba(X)
        return super().predict_proba(self._drawn(X, reset=False))

    def _drawn(self, X: Any, *, reset: bool) -> NDArray[np.uint8]:  # noqa: N803
        numbers: NDArray[np.float64] = validate_data(self, X, reset=reset, dtype=np.float64)
        stripes = np.clip(128 + 30 * numbers, 0, 255)
        return stripes[:, np.newaxis].repeat(8, axis=1).repeat(8, axis=2).astype(np.uint8)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.one_d_array = tags.input_tags.three_d_array = tags.input_tags.string = False
        tags.input_tags.two_d_array = True
        return tags


def name_of(check: Any) -> str:
    """Return what a check is called, with the variant that it is."""
    return "-".join([check.func.__name__, *(f"{name}={value}" for name, value in check.keywords.items())])


DO_NOT_APPLY = {
    "check_class_weight_classifiers": "class_weight is auto, balanced or none, as in train, and no dict",
    "check_array_api_input": "skips itself without SCIPY_ARRAY_API; only the drawing above would see such arrays",
    "check_classifier_data_not_an_array": "needs pandas, which is none of our dependencies",
    "check_classifiers_train-": "the check once more for other kinds of rows, which only the drawing above would see",
}
"""How the names of checks begin that aren't run, and why."""

CHECKS = {
    name_of(check): check
    for _, check in estimator_checks_generator(OfRows(scale=75))
    if not name_of(check).startswith(tuple(DO_NOT_APPLY))
}


@pytest.mark.parametrize("name", CHECKS)
def test_scikit_learns_check_passes(name: str) -> None:
    CHECKS[name](OfRows(scale=75))


def test_nearly_all_checks_of_scikit_learn_are_run() -> None:
    assert len(CHECKS) > 45
    assert {"check_fit_idempotent", "check_methods_subset_invariance", "check_estimators_pickle"} <= CHECKS.keys()


@pytest.mark.parametrize(
    "name",
    [
        "check_estimator_cloneable",
        "check_estimator_repr",
        "check_estimator_tags_renamed",
        "check_valid_tag_types",
        "check_no_attributes_set_in_init",
        "check_do_not_raise_errors_in_init_or_set_params",
        "check_parameters_default_constructible",
        "check_mixin_order",
        "check_get_params_invariance",
        "check_set_params",
    ],
)
def test_scikit_learns_check_that_needs_no_rows_passes_as_it_is(name: str) -> None:
    CHECKS[name].func("TransferClassifier", TransferClassifier())


def test_the_tags_say_that_rows_are_paths_or_pictures() -> None:
    tags = TransferClassifier().__sklearn_tags__()

    assert tags.estimator_type == "classifier"
    assert (tags.input_tags.two_d_array, tags.input_tags.one_d_array, tags.input_tags.string) == (False, True, True)
    assert tags.target_tags.required
    assert not tags.non_deterministic


# ---- learning and predicting


@pytest.mark.parametrize("name", APPROACHES)
def test_every_approach_gives_probabilities_of_every_class(easy: tuple[list[Path], list[str]], name: str) -> None:
    paths, labels = easy
    model = TransferClassifier(approach=name).fit(paths, labels)
    proba = model.predict_proba(paths)

    assert proba.shape == (24, 3)
    assert proba.dtype == np.float32
    np.testing.assert_allclose(proba.sum(axis=1), 1, atol=1e-5)
    assert model.score(paths, labels) > 0.5
    assert model.chosen_["class_weight"] == "none"


def test_a_network_trained_on_the_rows_predicts_and_says_how_it_was_trained(
    easy: tuple[list[Path], list[str]],
) -> None:
    quick: dict[str, Any] = {"scale": 32, "width": 4, "blocks": 2, "epochs": 3, "batch_size": 8}
    model = TransferClassifier(approach="scratch", validation_fraction=0.3, **quick)
    with pytest.warns(HeadstartWarning, match="give it more epochs"):
        model.fit(*easy)
    proba = model.predict_proba(easy[0])

    assert proba.shape == (24, 3)
    np.testing.assert_allclose(proba.sum(axis=1), 1, atol=1e-5)
    assert model.training_ is not None
    assert model.training_["converged"] is False
    assert "temperature" in model.chosen_


def test_a_head_on_vectors_has_no_training_to_tell_of(rows: tuple[list[Path], list[str]]) -> None:
    assert TransferClassifier().fit(*rows).training_ is None


def test_arrays_give_the_same_probabilities_as_the_files_that_they_come_from(
    rows: tuple[list[Path], list[str]],
) -> None:
    paths, labels = rows
    arrays = np.stack([pixels(path) for path in paths])
    for pictures in (paths, arrays):
        model = TransferClassifier().fit(pictures, labels)

        np.testing.assert_array_equal(model.predict_proba(arrays), model.predict_proba(paths))


@pytest.mark.parametrize(
    "as_rows",
    [
        lambda paths: [str(path) for path in paths],
        lambda paths: np.array([str(path) for path in paths]),
        lambda paths: np.array(paths, object),
        tuple,
        lambda paths: [pixels(path) for path in paths],
    ],
    ids=["strings", "array of strings", "array of paths", "tuple", "list of arrays"],
)
def test_rows_can_be_given_in_many_ways(
    rows: tuple[list[Path], list[str]], as_rows: Callable[[list[Path]], Any]
) -> None:
    paths, labels = rows
    model = TransferClassifier().fit(paths, labels)

    np.testing.assert_array_equal(model.predict_proba(as_rows(paths)), model.predict_proba(paths))


def test_paths_are_those_of_the_current_folder(
    rows: tuple[list[Path], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    paths, labels = rows
    model = TransferClassifier(no_cache=True).fit(paths, labels)
    monkeypatch.chdir(paths[0].parents[1])

    np.testing.assert_array_equal(model.predict_proba(["bee/02.png"]), model.predict_proba([paths[8]]))


def test_a_grey_picture_is_the_rgb_picture_of_the_same_values_three_times(
    rows: tuple[list[Path], list[str]],
) -> None:
    model = TransferClassifier().fit(*rows)
    grey = pixels(rows[0][0])[:, :, 0]
    expected = model.predict_proba(np.stack([grey] * 3, axis=2)[np.newaxis])

    np.testing.assert_array_equal(model.predict_proba(grey[np.newaxis]), expected)
    np.testing.assert_array_equal(model.predict_proba([grey[:, :, np.newaxis]]), expected)


def test_pictures_of_different_sizes_can_stand_in_a_list(rows: tuple[list[Path], list[str]]) -> None:
    model = TransferClassifier().fit(*rows)
    large, small = (np.asarray(picture((120, 120, 120), 5, size)) for size in ((90, 70), (20, 30)))

    together = model.predict_proba([large, rows[0][0], small])

    assert together.shape == (3, 3)
    np.testing.assert_array_equal(together[2:], model.predict_proba([small]))


@pytest.mark.parametrize(
    ("names", "dtype"),
    [
        (["zebra", "ant", "m"], "<U5"),
        ([7, -1, 3], "int64"),
        (np.array(["zebra", "ant", "m"], object), "object"),
        ([2.0, 0.0, 1.0], "float64"),
    ],
    ids=["strings", "numbers", "objects", "whole floats"],
)
def test_labels_keep_their_type_and_columns_are_sorted(
    easy: tuple[list[Path], list[str]], names: Any, dtype: str
) -> None:
    paths, labels = easy
    own = np.asarray(names)[[["ant", "bee", "cow"].index(label) for label in labels]]
    model = TransferClassifier().fit(paths, own)

    np.testing.assert_array_equal(model.classes_, np.unique(own))
    assert model.predict(paths).dtype == model.classes_.dtype == np.dtype(dtype)
    assert model.predict(paths).tolist() == own.tolist()
    np.testing.assert_array_equal(model.predict_proba(paths).argmax(axis=1), np.unique(own, return_inverse=True)[1])


def test_labels_may_be_true_and_false(easy: tuple[list[Path], list[str]]) -> None:
    paths, labels = easy
    is_ant = [label == "ant" for label in labels]
    model = TransferClassifier().fit(paths, is_ant)

    assert model.classes_.tolist() == [False, True]
    assert model.predict(paths).dtype == bool
    assert model.score(paths, is_ant) == 1


def test_the_order_and_the_names_of_the_pictures_change_nothing(
    rows: tuple[list[Path], list[str]], tmp_path: Path
) -> None:
    paths, labels = rows
    order = np.random.default_rng(0).permutation(len(paths))
    renamed = [Path(shutil.copy(paths[i], tmp_path / f"{n}.png")) for n, i in enumerate(order)]
    model = TransferClassifier().fit(paths, labels)
    other = TransferClassifier().fit(renamed, [labels[i] for i in order])

    assert other.chosen_ == model.chosen_
    np.testing.assert_allclose(other.predict_proba(renamed), model.predict_proba(paths)[order], atol=1e-6)


def test_fit_changes_no_parameter_and_no_row(rows: tuple[list[Path], list[str]]) -> None:
    paths, labels = list(rows[0]), list(rows[1])
    model = TransferClassifier(scale=(75, 224), combine="average")
    before = model.get_params()
    model.fit(paths, labels)

    assert model.get_params() == before
    assert (paths, labels) == rows


def test_options_reach_what_is_learnt(rows: tuple[list[Path], list[str]]) -> None:
    plain = TransferClassifier().fit(*rows)
    other = TransferClassifier(scale=(75, 224), flip=True, l2=True, square="crop").fit(*rows)

    assert other._fitted.setup.recipe.document() == plain._fitted.setup.recipe.document() | {
        "fit": "crop",
        "sizes": [75, 224],
        "flip": True,
        "l2": True,
    }


# ---- in scikit-learn's tools


def test_cross_validation_computes_each_picture_once(
    rows: tuple[list[Path], list[str]], tmp_path: Path, computed: list[int]
) -> None:
    scores = cross_val_score(TransferClassifier(cache=tmp_path), *rows, cv=3)

    assert scores.shape == (3,)
    assert len(computed) == 18


def test_a_search_over_heads_and_weights_computes_each_picture_once(
    rows: tuple[list[Path], list[str]], tmp_path: Path, computed: list[int]
) -> None:
    grid = {"approach": ["frozen+logistic", "frozen+knn"], "class_weight": ["balanced", "none"]}
    search = GridSearchCV(TransferClassifier(cache=str(tmp_path)), grid, cv=2, error_score="raise").fit(*rows)

    assert len(search.cv_results_["params"]) == 4
    assert search.best_estimator_.approach == search.best_params_["approach"]
    assert search.predict(rows[0][:2]).shape == (2,)
    assert len(computed) == 18


def test_no_cache_keeps_nothing(rows: tuple[list[Path], list[str]], tmp_path: Path, computed: list[int]) -> None:
    model = TransferClassifier(cache=tmp_path / "cache", no_cache=True).fit(*rows)
    model.predict(rows[0])

    assert len(computed) == 36
    assert not (tmp_path / "cache").exists()


def test_a_search_looks_at_each_picture_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[int] = []

    def noting(listing: Any, listen: Listener) -> Any:
        looked.append(len(listing.pictures))
        return inspected(listing, listen)

    monkeypatch.setattr("headstart.estimator.inspected", noting)
    own = rows_in(write_alike(tmp_path / "data", {"ant": 4, "bee": 4}, seed=77))
    cross_val_score(TransferClassifier(), *own, cv=2)
    cross_val_score(TransferClassifier(flip=True), *own, cv=2)

    assert sum(looked) == 8


def test_it_is_the_last_step_of_a_pipeline(easy: tuple[list[Path], list[str]]) -> None:
    paths, labels = easy
    root = paths[0].parents[1]
    names = [path.relative_to(root).as_posix() for path in paths]
    pipeline = make_pipeline(FunctionTransformer(partial(_below, root)), TransferClassifier())
    pipeline.set_params(transferclassifier__class_weight="none").fit(names, labels)

    assert pipeline.score(names, labels) == 1
    assert pipeline.classes_.tolist() == ["ant", "bee", "cow"]


def _below(root: Path, names: list[str]) -> list[Path]:
    return [root / name for name in names]


def test_a_fitted_classifier_can_be_copied_and_pickled(rows: tuple[list[Path], list[str]]) -> None:
    paths, labels = rows
    model = TransferClassifier().fit(paths, labels)
    expected = model.predict_proba(paths)

    np.testing.assert_array_equal(copy.deepcopy(model).predict_proba(paths), expected)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).predict_proba(paths), expected)  # noqa: S301


def test_a_clone_is_not_fitted(rows: tuple[list[Path], list[str]]) -> None:
    fresh = clone(TransferClassifier(approach="frozen+knn", scale=(75,)).fit(*rows))

    assert (fresh.approach, fresh.scale) == ("frozen+knn", (75,))
    with pytest.raises(NotFittedError, match="TransferClassifier"):
        fresh.predict(rows[0])


# ---- what is given to learn from


def test_rows_that_are_copies_all_count_and_stay_together(
    rows: tuple[list[Path], list[str]], given: list[Given]
) -> None:
    paths, labels = rows
    drawn = [0, 0, 0, *range(18)]  # as a bootstrap does
    TransferClassifier().fit([paths[i] for i in drawn], [labels[i] for i in drawn])
    [one] = given

    assert [record.path for record in one.dataset.records] == [str(paths[i]) for i in drawn]
    assert len(one.units) == len(set(one.units.values())) == 18
    assert len(one.part("train").records) == 21
    assert one.sides.tolist() == [40] * 21


def test_near_copies_stay_together(rows: tuple[list[Path], list[str]], tmp_path: Path, given: list[Given]) -> None:
    paths, labels = rows
    blocks = Image.fromarray(np.random.default_rng(3).integers(0, 256, (8, 8, 3), np.uint8)).resize((64, 64))
    near = np.stack([np.asarray(blocks), np.clip(np.asarray(blocks), 5, 250)])
    TransferClassifier().fit([*paths, *near], [*labels, "ant", "bee"])
    [one] = given
    units = [one.units[record.sha256] for record in one.dataset.records]

    assert units[18] == units[19]
    assert len(set(units)) == 19


def test_a_head_learns_from_every_row(rows: tuple[list[Path], list[str]], given: list[Given]) -> None:
    TransferClassifier().fit(*rows)

    assert set(given[0].split.sides.values()) == {"train"}


@pytest.mark.parametrize(("fraction", "held_out"), [(0.2, 3), (0.5, 9)])
def test_a_training_is_stopped_by_some_pictures_of_each_class(
    rows: tuple[list[Path], list[str]], given: list[Given], fraction: float, held_out: int
) -> None:
    paths, labels = rows
    TransferClassifier(approach="scratch", validation_fraction=fraction).fit([*paths, paths[0]], [*labels, "ant"])
    [one] = given

    assert sorted(one.split.sides.values()) == ["train"] * (18 - held_out) + ["val"] * held_out
    counts = one.part("val").counts()
    assert set(counts) == {"ant", "bee", "cow"}
    assert len({record.sha256 for record in one.part("val").records if record.label == "bee"}) == held_out // 3


def test_the_seed_decides_what_is_held_out(rows: tuple[list[Path], list[str]], given: list[Given]) -> None:
    for random_state in (0, 0, 1, np.random.RandomState(5), np.random.RandomState(5)):
        TransferClassifier(approach="scratch", random_state=random_state).fit(*rows)
    first, again, other, drawn, drawn_again = (one.split.sides for one in given)

    assert first == again
    assert first != other
    assert drawn == drawn_again


# ---- what is refused


@pytest.mark.parametrize(
    ("X", "y", "sentence"),
    [
        ([], [], "X is empty"),
        ("a.png", ["a", "b"], "X is one path"),
        (["a.png", "b.png"], ["a", "b", "b"], "X has 2 pictures and y has 3 labels"),
        (["s3://bucket/a.png", "b.png"], ["a", "b"], r"X\[0\] is an address"),
        (np.zeros((2, 8, 8, 3), np.float32), ["a", "b"], r"X holds float32; .* give \(X \* 255\)"),
        (np.zeros((2, 8, 8, 3), np.int64), ["a", "b"], r"X holds int64; .*X.astype\('uint8'\)"),
        ([np.zeros((8, 8, 3)), np.zeros((8, 8, 3))], ["a", "b"], r"X\[0\] holds float64"),
        (np.zeros((2, 8, 8, 4), np.uint8), ["a", "b"], r"X\[0\] has the shape \(8, 8, 4\)"),
        (np.zeros((2, 0, 8), np.uint8), ["a", "b"], r"X\[0\] has the shape \(0, 8\)"),
        (np.zeros((2, 8, 3), np.uint8), ["a", "b"], "looks like one picture"),
        (np.zeros((2, 8)), ["a", "b"], r"X is an array of float64 and shape \(2, 8\)"),
        (np.array([["a.png"], ["b.png"]]), ["a", "b"], r"shape \(2, 1\)"),
        ({"a.png", "b.png"}, ["a", "b"], "X is set"),
        ([1, 2], ["a", "b"], r"X\[0\] is int, neither"),
        ([picture((1, 2, 3), 0)] * 2, ["a", "b"], "np.asarray"),
        (["a.png", "b.png"], None, "requires y"),
        (["a.png", "b.png"], "ab", r"y has the shape \(\)"),
        (["a.png", "b.png"], [["a", "b"], ["b", "a"]], r"y has the shape \(2, 2\)"),
        (["a.png", "b.png"], [0.5, 1.0], "y is continuous"),
        (["a.png", "b.png"], [0.0, np.nan], "y is continuous, or holds NaN"),
        (["a.png", "b.png"], np.array(["a", 1], object), r"can't be sorted \(int, str\)"),
        (["a.png", "b.png"], np.array([None, "a"], object), r"can't be sorted \(NoneType, str\)"),
        (["a.png", "b.png"], ["a", "a"], r"y holds one class only \(a\)"),
    ],
)
def test_rows_and_labels_that_can_not_be_meant_are_refused_in_a_sentence(X: Any, y: Any, sentence: str) -> None:  # noqa: N803
    with pytest.raises(RowsError, match=sentence) as caught:
        TransferClassifier().fit(X, y)
    assert isinstance(caught.value, UserError)
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"approach": "frozen+logistics"}, "Did you mean frozen\\+logistic"),
        ({"backbone": "efficientnet_light0"}, "efficientnet_lite0"),
        ({"square": "round"}, "^square round: choose from squash"),
        ({"class_weight": "heavy"}, "^class_weight heavy"),
        ({"approach": "handcrafted+svm", "flip": True}, "^flip means nothing to handcrafted"),
        ({"epochs": 3}, "^epochs means nothing to frozen"),
        ({"approach": "scratch", "learning_rate": 2.0}, "^learning_rate 2.0"),
        ({"validation_fraction": 0.3}, "^validation_fraction means nothing to frozen"),
        ({"approach": "scratch", "validation_fraction": 1.0}, "^validation_fraction 1.0"),
        ({"pool": "none"}, "^pool none"),
    ],
)
def test_an_option_that_can_not_be_meant_is_refused_by_its_name_here(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        TransferClassifier(**options).fit(["a.png", "b.png"], ["a", "b"])


def test_too_few_pictures_to_stop_a_training_by_are_refused(rows: tuple[list[Path], list[str]]) -> None:
    paths, labels = rows
    some = [0, 0, 0, 6, 6, 7]  # two different ones of a class at most

    with pytest.raises(UserError, match="scratch holds out pictures"):
        TransferClassifier(approach="scratch").fit([paths[i] for i in some], [labels[i] for i in some])


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"no picture", "not-a-picture"), (b"", "empty-file"), (encoded(picture((1, 2, 3), 4))[:500], "unreadable")],
)
def test_a_picture_that_can_not_be_read_is_named(
    rows: tuple[list[Path], list[str]], tmp_path: Path, content: bytes, reason: str
) -> None:
    paths, labels = rows
    bad = tmp_path / "bad.png"
    bad.write_bytes(content)
    model = TransferClassifier().fit(paths, labels)

    with pytest.raises(RowsError, match=f"bad.png can't be used as a picture: {reason}"):
        model.predict([paths[0], bad])
    with pytest.raises(RowsError, match=f"bad.png can't be used as a picture: {reason}"):
        TransferClassifier().fit([bad, *paths], ["ant", *labels])


def test_files_that_are_not_there_are_named_and_counted(rows: tuple[list[Path], list[str]], tmp_path: Path) -> None:
    paths, labels = rows
    gone = [tmp_path / "gone.png", tmp_path, tmp_path / "gone too.png"]

    with pytest.raises(RowsError, match=r"gone.png \(and 2 more\) can't be used as a picture: unreadable"):
        TransferClassifier().fit([*paths, *gone], [*labels, "ant", "bee", "cow"])
    with pytest.raises(RowsError, match="can't be used as a picture: not-a-file"):
        TransferClassifier().fit(paths, labels).predict([tmp_path])


def test_a_picture_that_changes_during_a_fit_is_told(
    rows: tuple[list[Path], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def learn(given: Given, listen: Listener) -> Learned:
        learned = FAMILIES["frozen"].learn(given, listen)
        return replace(learned, dataset=learned.dataset.without([Skipped(str(rows[0][2]), "changed")]))

    learning_by(monkeypatch, learn)
    with pytest.raises(RowsError, match=r"02.png can't be used as a picture: changed"):
        TransferClassifier().fit(*rows)


def test_predicting_before_fitting_is_an_error_of_scikit_learns() -> None:
    with pytest.raises(NotFittedError):
        TransferClassifier().predict_proba(["a.png"])


def test_a_failed_fit_leaves_what_was_fitted(rows: tuple[list[Path], list[str]], tmp_path: Path) -> None:
    paths, labels = rows
    model = TransferClassifier().fit(paths, labels)
    before = model.predict_proba(paths)
    with pytest.raises(RowsError, match=r"gone.png"):
        model.fit([tmp_path / "gone.png", *paths], ["dog", *labels])

    assert model.classes_.tolist() == ["ant", "bee", "cow"]
    np.testing.assert_array_equal(model.predict_proba(paths), before)


def test_a_network_that_left_the_cache_is_missing(rows: tuple[list[Path], list[str]], tmp_path: Path) -> None:
    model = TransferClassifier().fit(*rows)
    networks = tuple(replace(network, folder=tmp_path / "gone") for network in model._fitted.networks)
    model._fitted = replace(model._fitted, networks=networks)

    with pytest.raises(MissingError, match="isn't in the cache any more"):
        model.predict(rows[0])


# ---- what is said


def test_a_fit_is_silent_and_leaves_no_file(
    rows: tuple[list[Path], list[str]], cache: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    arrays = np.stack([pixels(path) for path in rows[0]])
    TransferClassifier().fit(arrays, rows[1]).predict(arrays)  # whose vectors are known, which a verbose one says

    assert capfd.readouterr() == ("", "")
    assert list((cache / "tmp").iterdir()) == []


def test_a_verbose_fit_says_on_stderr_what_it_does(
    rows: tuple[list[Path], list[str]], capfd: pytest.CaptureFixture[str]
) -> None:
    TransferClassifier().fit(*rows)
    TransferClassifier(verbose=True).fit(*rows)

    assert "18 of 18 feature vectors were in the store." in capfd.readouterr().err


def test_a_training_that_fails_leaves_no_checkpoint(
    rows: tuple[list[Path], list[str]], cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def learn(given: Given, listen: Listener) -> Learned:
        (checkpoint_folder(given.settings.out, "scratch") / "weights").mkdir(parents=True)
        raise MissingError("No room.")

    learning_by(monkeypatch, learn)
    with pytest.raises(MissingError, match="No room"):
        TransferClassifier(approach="scratch").fit(*rows)

    assert list((cache / "checkpoints").iterdir()) == []


def test_what_a_fit_warns_of_is_a_python_warning(
    rows: tuple[list[Path], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def learn(given: Given, listen: Listener) -> Learned:
        listen(Said("Warning: It rains."))
        listen(Said("The sun shines."))
        return replace(FAMILIES["frozen"].learn(given, listen), warnings=("It snows.",))

    learning_by(monkeypatch, learn)
    with pytest.warns(HeadstartWarning) as caught:
        TransferClassifier().fit(*rows)

    assert [str(one.message) for one in caught] == ["It rains.", "It snows."]
    assert {Path(one.filename).name for one in caught} == {"test_estimator.py"}
