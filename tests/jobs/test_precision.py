"""Precision: fewer bits are used where they change little, seen on training pictures, and nowhere else."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from headstart.cli.main import exit_code
from headstart.data.decode import Geometry
from headstart.data.records import Dataset
from headstart.data.split import read_split
from headstart.errors import MissingError, UserError
from headstart.features.engine import Pixels, Vector
from headstart.features.stored import stored_features
from headstart.jobs import extraction
from headstart.jobs import precision as module
from headstart.jobs.classifier import load
from headstart.jobs.features import run_features
from headstart.jobs.precision import CHOICES, F32, Chosen, Compared, Trial, check_precision, chosen
from headstart.networks.converted import ConvertedNetwork
from headstart.progress import Event, silent
from headstart.settings import FeaturesSettings
from made_up import dataset_with
from models import Trained, engine_once, sentences, train, write_alike
from pictures import write_classes
from stores import rows_in

COUNTS = {"ant": 20, "bee": 20, "cow": 20}
NETWORK = ConvertedNetwork(
    folder=Path("/cache/networks/key"),
    backbone="efficientnet_lite0",
    layer="avg_pool",
    image_size=224,
    parts=((6,),),
    content_sha256="a" * 64,
    files={},
)


# --- the choice, with made-up vectors -------------------------------------------------------------------------


@dataclass
class MockVectors:
    """Gives vectors by precision: those of f32 tell the class, the others are these with so much noise."""

    noise: Mapping[str, float]
    asked: list[str] = field(default_factory=list)

    def __call__(self, dataset: Dataset, network: ConvertedNetwork) -> tuple[Dataset, NDArray[np.float32]]:
        """Return all pictures and their rows."""
        self.asked.append(network.precision)
        random = np.random.default_rng(1)
        labels = np.array([dataset.label_index(record) for record in dataset.records])
        exact = np.eye(20)[labels] + 0.05 * random.normal(size=(len(labels), 20))
        noise = random.normal(size=exact.shape) * self.noise.get(network.precision, 0)
        return dataset, (exact + noise).astype(np.float32)


def refused(*_: object) -> Any:
    raise AssertionError("something was computed")


@pytest.fixture
def mock_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    """A processor that has bf16 and f16, and no NNCF, whatever this machine has."""
    monkeypatch.setattr(module, "reduced_precisions", lambda kind: ("bf16", "f16"))
    monkeypatch.setattr(module, "can_quantise", lambda: False)


def trial(rows: Any, dataset: Dataset | None = None, fit: str = "squash") -> Trial:
    return Trial(NETWORK, "openvino", Geometry(224, fit), dataset or dataset_with(COUNTS), rows)


@pytest.fixture(autouse=True)
def no_choice(cache: Path) -> None:
    """No choice is kept of what ran before."""
    shutil.rmtree(cache / "precision", ignore_errors=True)


def choice(wish: str, rows: Any, dataset: Dataset | None = None, to_compute: int = 10**6) -> tuple[Chosen, list[str]]:
    """Return what is chosen, and what was said."""
    events: list[Event] = []
    found = chosen(wish, trial(rows, dataset), to_compute, events.append)
    return found, list(sentences(events))


@pytest.mark.usefixtures("mock_processor")
def test_a_precision_that_keeps_the_vectors_is_used_and_told_mock_vectors() -> None:
    found, said = choice("bf16", MockVectors({"bf16": 0.001}))
    assert found.precision == "bf16"
    assert found.compared is not None
    assert (found.compared["bf16"].pictures, found.compared["bf16"].agreement) == (60, 1.0)
    assert said == [
        "Features are computed in bf16; on 60 training pictures its mean cosine to f32 is 1.0000, a linear probe "
        "agrees on 100.0%."
    ]


@pytest.mark.usefixtures("mock_processor")
def test_a_precision_that_spoils_the_vectors_is_not_used_and_told_mock_vectors() -> None:
    found, [said] = choice("bf16", MockVectors({"bf16": 1}))
    assert found.precision == "f32"
    assert found.compared is not None
    assert found.compared["bf16"].cosine < 0.7
    assert said.startswith("bf16 isn't used: on 60 training pictures its mean cosine to f32 is 0.")
    assert said.endswith("%.")


@pytest.mark.usefixtures("mock_processor")
def test_a_precision_that_keeps_directions_but_loses_the_classes_is_not_used_mock_vectors() -> None:
    def beside_a_large_constant(dataset: Dataset, network: ConvertedNetwork) -> tuple[Dataset, NDArray[np.float32]]:
        readable, rows = MockVectors({"bf16": 1})(dataset, network)
        return readable, np.hstack([rows, np.full((len(rows), 1), 30, np.float32)])

    found, _ = choice("bf16", beside_a_large_constant)
    assert found.compared is not None
    assert found.compared["bf16"].cosine > 0.98
    assert found.compared["bf16"].agreement is not None
    assert found.compared["bf16"].agreement < 0.9
    assert found.precision == "f32"


@pytest.mark.parametrize(
    ("compared", "is_good"),
    [
        (Compared(128, 0.97, 0.95), True),
        (Compared(128, 0.969, 1.0), False),
        (Compared(128, 1.0, 0.949), False),
        (Compared(10, 0.995, None), True),
        (Compared(10, 0.994, None), False),
        (Compared(10, float("nan"), None), False),
    ],
)
def test_little_loss_is_so_much(compared: Compared, is_good: bool) -> None:
    assert compared.is_good == is_good


@pytest.mark.usefixtures("mock_processor")
@pytest.mark.parametrize("counts", [{"ant": 60}, {"ant": 7, "bee": 30}, {"ant": 3, "bee": 3}])
def test_where_no_probe_can_be_fitted_the_cosine_decides_alone_mock_vectors(counts: dict[str, int]) -> None:
    found, [said] = choice("bf16", MockVectors({"bf16": 0.001}), dataset_with(counts))
    assert found.compared is not None
    assert found.compared["bf16"].agreement is None
    assert "probe" not in said
    assert found.precision == "bf16"


@pytest.mark.usefixtures("mock_processor")
def test_f32_is_never_tried() -> None:
    assert choice("f32", refused) == (F32, [])


@pytest.mark.usefixtures("mock_processor")
def test_auto_does_not_try_for_a_few_vectors() -> None:
    assert choice("auto", refused, to_compute=module.FEWEST - 1) == (F32, [])


@pytest.mark.usefixtures("mock_processor")
@pytest.mark.parametrize(
    ("to_compute", "tried"),
    [(2999, ()), (3000, ("bf16", "f16")), (9999, ("bf16", "f16")), (10_000, ("bf16", "f16", "int8"))],
)
def test_auto_tries_what_saves_more_than_the_trial_costs_mock_timings(
    monkeypatch: pytest.MonkeyPatch, to_compute: int, tried: tuple[str, ...]
) -> None:
    asked: list[tuple[str, ...]] = []

    def mock_speed(trial: Trial, names: tuple[str, ...], listen: Any) -> dict[str, float]:
        asked.append(names)
        return dict.fromkeys(("f32", *names), 100.0)

    monkeypatch.setattr(module, "can_quantise", lambda: True)
    monkeypatch.setattr(module, "_speed", mock_speed)
    choice("auto", refused, to_compute=to_compute)
    assert asked == [(), tried] if tried else asked == [()]


@pytest.mark.usefixtures("mock_processor")
def test_without_training_pictures_nothing_is_tried() -> None:
    assert choice("bf16", refused, replace(dataset_with(COUNTS), records=())) == (F32, [])


def test_auto_is_f32_where_the_processor_has_nothing_else_mock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "reduced_precisions", lambda kind: ())
    monkeypatch.setattr(module, "can_quantise", lambda: False)
    assert choice("auto", refused) == (F32, [])


@pytest.fixture
def mock_speed(monkeypatch: pytest.MonkeyPatch, mock_processor: None) -> dict[str, float]:
    """Pictures per second, made up."""
    speed = {"f32": 10.0, "bf16": 20.0, "f16": 30.0}
    monkeypatch.setattr(module, "_speed", lambda *_: speed)
    return speed


def test_auto_takes_the_fastest_that_loses_little_mock_timings(mock_speed: dict[str, float]) -> None:
    rows = MockVectors({"bf16": 0.001, "f16": 0.001})
    found, [said] = choice("auto", rows)
    assert (found.precision, rows.asked) == ("f16", ["f32", "f16"])
    assert said.startswith("Features are computed in f16, 3.0 × as fast as f32 here; on 60 training pictures")


def test_auto_takes_a_slower_one_where_the_fastest_loses_much_mock_timings(mock_speed: dict[str, float]) -> None:
    found, said = choice("auto", MockVectors({"bf16": 0.001, "f16": 1}))
    assert found.precision == "bf16"
    assert [sentence[:20] for sentence in said] == ["f16 isn't used: on 6", "Features are compute"]
    assert found.document()["speed"] == mock_speed
    assert list(found.document()["compared"]) == ["f16", "bf16"]


def test_auto_does_not_compare_what_is_hardly_faster_mock_timings(mock_speed: dict[str, float]) -> None:
    mock_speed |= {"bf16": 11.4, "f16": 9}
    found, said = choice("auto", refused)
    assert (found.precision, said) == ("f32", [])
    mock_speed["bf16"] = 11.5
    assert choice("auto", MockVectors({}), dataset_with({"other": 60}))[0].precision == "bf16"


def test_where_all_lose_much_it_is_f32_mock_timings(mock_speed: dict[str, float]) -> None:
    found, said = choice("auto", MockVectors({"bf16": 1, "f16": 1}))
    assert found.precision == "f32"
    assert [sentence.split(":")[0] for sentence in said] == ["f16 isn't used", "bf16 isn't used"]


# --- the choice is kept ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("noise", [0.001, 1])
def test_a_choice_is_kept_and_a_second_run_times_and_compares_nothing_mock_timings(
    mock_speed: dict[str, float], monkeypatch: pytest.MonkeyPatch, noise: float
) -> None:
    before = choice("auto", MockVectors({"bf16": noise, "f16": noise}))
    monkeypatch.setattr(module, "_speed", refused)
    assert choice("auto", refused) == before


def test_a_choice_is_kept_for_its_wish_fit_classes_and_processor_mock_timings(
    mock_speed: dict[str, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = MockVectors({})
    for wish, dataset, fit in (
        ("auto", dataset_with(COUNTS), "squash"),
        ("bf16", dataset_with(COUNTS), "squash"),
        ("auto", dataset_with({"ant": 30, "bee": 30}), "squash"),
        ("auto", dataset_with(COUNTS), "crop"),
    ):
        rows.asked.clear()
        chosen(wish, trial(rows, dataset, fit), 10**6, silent)
        assert rows.asked != []
    monkeypatch.setattr(module, "processor_name", lambda kind: "another")
    rows.asked.clear()
    chosen("auto", trial(rows), 10**6, silent)
    assert rows.asked != []


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"7",
        b'"bf16"',
        b"{}",
        b"\xff",
        b'{"precision": "f8"}',
        b'{"precision": "bf16", "colour": 1}',
        b'{"precision": "bf16", "compared": {"bf16": {"cosine": 1}}}',
        b'{"precision": "bf16", "compared": 7}',
        b'{"precision": "int8", "calibration": "gone"}',
    ],
)
@pytest.mark.usefixtures("mock_processor")
def test_a_damaged_choice_is_made_again_mock_vectors(cache: Path, content: bytes) -> None:
    rows = MockVectors({"bf16": 0.001})
    before = choice("bf16", rows)
    [file] = (cache / "precision").iterdir()
    good = file.read_bytes()
    file.write_bytes(content)
    rows.asked.clear()
    assert choice("bf16", rows) == before
    assert rows.asked == ["f32", "bf16"]
    assert file.read_bytes() == good


def test_the_document_is_json_and_leaves_out_what_is_not_known() -> None:
    assert F32.document() == {"precision": "f32"}
    full = Chosen("int8", "c" * 64, {"f32": 1.5}, {"int8": Compared(8, 0.99, None)})
    assert json.loads(json.dumps(full.document())) == {
        "precision": "int8",
        "calibration": "c" * 64,
        "speed": {"f32": 1.5},
        "compared": {"int8": {"pictures": 8, "cosine": 0.99, "agreement": None}},
    }


# --- by which pictures ----------------------------------------------------------------------------------------


@pytest.fixture
def mock_quantised(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Stand for NNCF: how many pictures it was shown each time; their records are what `_pixels` was asked for."""
    shown: list[int] = []

    def quantised(network: ConvertedNetwork, pixels: Any, calibration: str, listen: object) -> ConvertedNetwork:
        shown.append(len(pixels))
        return replace(network, precision="int8", calibration=calibration)

    monkeypatch.setattr(module, "quantised", quantised)
    monkeypatch.setattr(module, "can_quantise", lambda: True)
    return shown


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Contents whose pixels were asked for, by mock pixels."""
    contents: list[str] = []

    def mock_pixels(dataset: Dataset, records: Any, look: Geometry) -> list[Pixels]:
        contents.extend(record.sha256 for record in records)
        return [np.zeros((2, 2, 3), np.uint8)] * len(records)

    monkeypatch.setattr(module, "_pixels", mock_pixels)
    return contents


def test_pictures_compared_and_calibrated_by_are_others_mock_nncf(mock_quantised: list[int], read: list[str]) -> None:
    compared: list[str] = []

    def rows(dataset: Dataset, network: ConvertedNetwork) -> tuple[Dataset, NDArray[np.float32]]:
        compared.extend(record.sha256 for record in dataset.records)
        return MockVectors({})(dataset, network)

    dataset = dataset_with({f"class {number}": 60 for number in range(10)})
    chosen("int8", trial(rows, dataset), 0, silent)
    assert (len(read), len(set(read)), len(set(compared))) == (300, 300, 128)
    assert set(read) & set(compared) == set()
    assert set(read) | set(compared) <= {record.sha256 for record in dataset.records}


def test_all_pictures_calibrate_where_there_are_few_mock_nncf(mock_quantised: list[int], read: list[str]) -> None:
    found = chosen("int8", trial(MockVectors({}), dataset_with(COUNTS)), 0, silent)
    assert (len(read), mock_quantised) == (60, [60])
    assert len(found.calibration) == 64


def test_pictures_compared_are_of_the_largest_classes_and_copies_count_once() -> None:
    dataset = dataset_with({f"class {number}": number for number in range(1, 21)})
    twice = replace(dataset, records=(*dataset.records, *dataset.records))
    some = module._to_compare(twice)
    assert {record.label for record in some} == {f"class {number}" for number in range(13, 21)}
    assert len(some) == len({record.sha256 for record in some}) == 13 + 14 + 15 + 16 * 5


def test_another_fit_or_other_pictures_are_another_calibration_mock_nncf(
    mock_quantised: list[int], read: list[str]
) -> None:
    calibrations = {
        module._quantised(NETWORK, Geometry(224, fit), dataset_with({"ant": count}), silent).calibration
        for fit, count in (("squash", 5), ("crop", 5), ("squash", 6))
    }
    assert len(calibrations) == 3


# --- what can't be had ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("wrong", "said"), [("f64", "Did you mean f"), ("half", ""), ("", "")])
def test_a_precision_that_is_not_known_is_refused(wrong: str, said: str) -> None:
    with pytest.raises(UserError, match=rf"--precision {wrong}: choose from auto, f32, bf16, f16, int8\..*{said}"):
        check_precision(wrong, "openvino")


def test_auto_and_f32_can_be_had_everywhere() -> None:
    for engine in ("openvino", "keras"):
        check_precision("auto", engine)
        check_precision("f32", engine)
    assert CHOICES == ("auto", "f32", "bf16", "f16", "int8")


@pytest.mark.parametrize("precision", ["bf16", "f16"])
def test_a_precision_that_the_processor_lacks_is_exit_code_3_with_a_sentence_mock_processor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], precision: str
) -> None:
    monkeypatch.setattr(module, "reduced_precisions", lambda kind: ())
    data = write_alike(tmp_path / "data", {"ant": 1})
    code = exit_code(["features", str(data), "--out", str(tmp_path / "f.npz"), "--precision", precision])
    assert code == 3
    assert (
        f"--precision {precision}: what runs the network here (openvino) doesn't compute in {precision} by itself; use "
        "auto or f32."
    ) in " ".join(capsys.readouterr().err.split())


def test_int8_without_nncf_is_exit_code_3_with_what_to_install_mock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(module, "can_quantise", lambda: False)
    data = write_alike(tmp_path / "data", {"ant": 1})
    code = exit_code(["features", str(data), "--out", str(tmp_path / "f.npz"), "--precision", "int8"])
    assert code == 3
    assert "--precision int8 needs NNCF: pip install 'headstart[int8]'." in capsys.readouterr().err


def test_int8_runs_with_openvino_alone() -> None:
    with pytest.raises(MissingError, match="--precision int8 runs with OpenVINO alone; leave out --engine keras"):
        check_precision("int8", "keras")


# --- in jobs --------------------------------------------------------------------------------------------------


@dataclass
class MockEngine:
    """The genuine engine in f32 whose numbers lose bits, as in bf16: eight are left, whatever the processor has."""

    network: ConvertedNetwork
    name: str = "mock"
    parallel: int = 1

    def vectors(self, pictures: Iterable[tuple[int, Pixels]]) -> Iterator[tuple[int, Vector]]:
        """Yield keys and vectors."""
        for key, vector in engine_once(replace(self.network, precision="f32")).vectors(pictures):
            yield key, (vector.view(np.uint32) & 0xFFFF0000).view(np.float32)


def mock_engine_for(network: ConvertedNetwork, kind: str | None = None) -> Any:
    return MockEngine(network) if network.precision in ("bf16", "f16") else engine_once(network, kind)


@pytest.fixture
def mock_bf16(monkeypatch: pytest.MonkeyPatch, mock_processor: None) -> None:
    """A machine on which bf16 can be had, by a mock engine, and is worth it however few the pictures."""
    for place in ("jobs.extraction", "jobs.classifier", "jobs.precision"):
        monkeypatch.setattr(f"headstart.{place}.engine_for", mock_engine_for)
    monkeypatch.setattr(module, "FEWEST", 36)
    monkeypatch.setattr(module, "_LEAST_SECONDS", {"else": 0.0})


def is_bf16(rows: NDArray[np.float32]) -> bool:
    """Return whether no number has more bits than bf16."""
    return not (rows.view(np.uint32) & 0xFFFF).any()


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_classes(tmp_path_factory.mktemp("precision") / "data", dict.fromkeys(COUNTS, 12))


def written(data: Path, out: Path, **options: Any) -> tuple[dict[str, Any], NDArray[np.float32], tuple[str, ...]]:
    """Write features; return the document, the rows and what was said."""
    events: list[Event] = []
    document = run_features(FeaturesSettings(data, out=out, cache=out.parent / "store", **options), events.append)
    with np.load(out) as arrays:
        return document, arrays["features"], sentences(events)


@pytest.fixture
def mock_twice_as_fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_speed", lambda *_: {"f32": 1.0, "bf16": 2.0})


@pytest.mark.parametrize(("compared", "views"), [(12, 1), (128, 2)])
@pytest.mark.usefixtures("mock_bf16", "mock_twice_as_fast")
def test_a_second_run_has_the_same_vectors_and_computes_nothing_mock_engine_and_timings(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, compared: int, views: int
) -> None:
    # The comparison leaves vectors in f32 in the store: a second run lacks fewer than would be worth a trial.
    monkeypatch.setattr(module, "_COMPARED", compared)
    document, rows, said = written(data, tmp_path / "1.npz", views=views)
    assert document["precision"]["precision"] == "bf16"
    assert is_bf16(rows)
    assert any(sentence.startswith("Features are computed in bf16, 2.0 × as fast") for sentence in said)
    monkeypatch.setattr(module, "_speed", refused)
    monkeypatch.setattr(extraction, "engine_for", refused)
    again, rows_again, _ = written(data, tmp_path / "2.npz", views=views)
    assert again == document
    assert rows_again.tobytes() == rows.tobytes()


@pytest.mark.usefixtures("mock_bf16", "mock_twice_as_fast")
def test_one_picture_fewer_is_not_worth_a_trial_mock_engine_and_timings(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FEWEST", 37)
    assert written(data, tmp_path / "1.npz")[0]["precision"] == {"precision": "f32"}


@pytest.mark.usefixtures("mock_bf16")
def test_vectors_of_several_precisions_lie_side_by_side_and_are_never_mixed_mock_engine(
    data: Path, tmp_path: Path
) -> None:
    _, reduced, _ = written(data, tmp_path / "1.npz", precision="bf16")
    _, exact, _ = written(data, tmp_path / "2.npz", precision="f32")
    _, fresh, _ = written(data, tmp_path / "3.npz", precision="f32", no_cache=True)
    _, reduced_again, _ = written(data, tmp_path / "4.npz", precision="bf16")
    assert is_bf16(reduced)
    assert not is_bf16(exact)
    assert exact.tobytes() == fresh.tobytes()
    assert reduced_again.tobytes() == reduced.tobytes()
    assert len({fingerprint for fingerprint, _, _ in rows_in(tmp_path / "store")}) == 2
    assert len(rows_in(tmp_path / "store")) == 72


@pytest.mark.usefixtures("mock_bf16")
def test_an_engine_that_gives_noise_in_bf16_is_not_used_mock_engine(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def noise(self: MockEngine, pictures: Iterable[tuple[int, Pixels]]) -> Iterator[tuple[int, Vector]]:
        for key, pixels in pictures:
            yield key, np.random.default_rng(int(pixels.sum())).normal(size=1280).astype(np.float32)

    monkeypatch.setattr(MockEngine, "vectors", noise)
    document, rows, said = written(data, tmp_path / "1.npz", precision="bf16")
    _, exact, _ = written(data, tmp_path / "2.npz", precision="f32", no_cache=True)
    assert document["precision"]["precision"] == "f32"
    assert [sentence for sentence in said if sentence.startswith("bf16 isn't used: on 36 training pictures")]
    assert rows.tobytes() == exact.tobytes()


@pytest.mark.usefixtures("mock_bf16")
def test_test_pictures_have_no_say_mock_engine(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Every picture is watched that is timed, compared, or shown for a calibration.
    seen: list[str] = []
    pixels = module._pixels

    def watched_rows(dataset: Dataset, *arguments: Any) -> Any:
        seen.extend(record.sha256 for record in dataset.records)
        return stored_features(dataset, *arguments)

    def watched_pixels(dataset: Dataset, records: Any, look: Geometry) -> Any:
        seen.extend(record.sha256 for record in records)
        return pixels(dataset, records, look)

    monkeypatch.setattr(extraction, "stored_features", watched_rows)
    monkeypatch.setattr(module, "_pixels", watched_pixels)
    monkeypatch.setattr(module, "_worth_trying", lambda speed: ["bf16"])
    made = train(data, tmp_path / "model", cache=tmp_path / "store")
    sides = read_split(made.model / "run" / "split.json").sides
    assert len(seen) > 50
    assert {sides[content] for content in seen} == {"train"}
    assert made.entry["precision"]["precision"] == "bf16"
    assert list(made.entry["precision"]["speed"]) == ["f32", "bf16", "f16"]


@pytest.mark.usefixtures("mock_bf16")
def test_of_ready_made_parts_the_training_part_alone_has_a_say_mock_engine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_classes(tmp_path / "data" / "train", {"ant": 9, "bee": 9})
    write_classes(tmp_path / "data" / "test", {"ant": 4, "bee": 4}, seed=1)
    seen: list[str] = []

    def watched(dataset: Dataset, *arguments: Any) -> Any:
        seen.extend(record.path for record in dataset.records)
        return stored_features(dataset, *arguments)

    monkeypatch.setattr(extraction, "stored_features", watched)
    written(tmp_path / "data", tmp_path / "f.npz", precision="bf16")
    assert len(seen) == 36
    assert {path.split("/")[0] for path in seen} == {"train"}


# --- models ---------------------------------------------------------------------------------------------------


def assert_says_as_trained(made: Trained) -> None:
    predictions = load(made.model).predict([made.data / said.path for said in made.tested])
    assert [p.label for p in predictions] == [said.predicted for said in made.tested]
    assert [p.probability for p in predictions] == pytest.approx([s.probability for s in made.tested], rel=1e-5)


RUNS_IN_F32 = (
    "The model was trained on features in {}, which can't be had here; it runs in f32, and its probabilities may "
    "differ a little."
)


@pytest.mark.usefixtures("mock_bf16")
def test_a_model_trained_in_bf16_predicts_in_bf16_where_it_can_and_in_f32_elsewhere_mock_engine(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = train(data, tmp_path / "model", precision="bf16", cache=tmp_path / "store")
    assert (made.bundle.precision, made.bundle.calibration) == ("bf16", "")
    said: list[Event] = []
    assert {network.precision for network in load(made.model, said.append).networks} == {"bf16"}
    assert RUNS_IN_F32.format("bf16") not in sentences(said)
    assert_says_as_trained(made)
    monkeypatch.setattr(module, "reduced_precisions", lambda kind: ())
    elsewhere = load(made.model, said.append)
    assert {network.precision for network in elsewhere.networks} == {"f32"}
    assert sentences(said).count(RUNS_IN_F32.format("bf16")) == 1
    [prediction] = elsewhere.predict([made.data / made.tested[0].path])
    assert prediction.probability == pytest.approx(made.tested[0].probability, abs=0.05)


def test_one_sentence_is_said_for_all_sizes_of_a_model_mock_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "reduced_precisions", lambda kind: ())
    said: list[Event] = []
    networks = (NETWORK, replace(NETWORK, image_size=320))
    assert module.as_trained(networks, "bf16", "", "openvino", said.append) == networks
    assert sentences(said) == (RUNS_IN_F32.format("bf16"),)


def test_a_model_of_which_one_size_is_not_in_the_cache_runs_in_f32_at_all_sizes_mock_cache(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    networks = (NETWORK, replace(NETWORK, image_size=320))
    before = {224: replace(NETWORK, precision="int8", calibration="c"), 320: None}
    monkeypatch.setattr(module, "quantised_before", lambda network, calibration: before[network.image_size])
    said: list[Event] = []
    assert module.as_trained(networks, "int8", "c", "openvino", said.append) == networks
    assert sentences(said) == (RUNS_IN_F32.format("int8"),)
    assert module.as_trained(networks[:1], "int8", "c", "openvino", said.append) == (before[224],)
    assert module.as_trained(networks[:1], "int8", "c", "keras", said.append) == networks[:1]


def test_a_model_in_f32_runs_everywhere_and_says_nothing_mock_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "reduced_precisions", lambda kind: ())
    said: list[Event] = []
    assert module.as_trained((NETWORK,), "f32", "", "openvino", said.append) == (NETWORK,)
    assert said == []


def test_a_model_trained_in_int8_predicts_in_int8_while_the_cache_has_its_network_thresholds_lowered(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Genuine NNCF. What it loses on pictures of noise is no matter here.
    monkeypatch.setattr(module, "_CALIBRATED_BY", 8)
    monkeypatch.setattr(module, "_LEAST_COSINE_ALONE", 0.5)
    made = train(data, tmp_path / "model", precision="int8", cache=tmp_path / "store")
    assert made.bundle.precision == made.entry["precision"]["precision"] == "int8"
    assert made.bundle.calibration == made.entry["precision"]["calibration"] != ""
    assert made.entry["precision"]["compared"]["int8"]["cosine"] > 0.8
    [network] = load(made.model).networks
    assert (network.precision, network.calibration) == ("int8", made.bundle.calibration)
    assert_says_as_trained(made)
    network.folder.rename(tmp_path / "away")
    said: list[Event] = []
    assert [network.precision for network in load(made.model, said.append).networks] == ["f32"]
    assert sentences(said) == (RUNS_IN_F32.format("int8"),)
