"""Weight files: every layout gives the same arrays, and a wrong file is refused with what was expected and found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from safetensors.numpy import save_file

from headstart.errors import UserError
from headstart.networks.backbones import backbone
from headstart.networks.classifier import cut_at, whole_network
from headstart.networks.weight_files import arrays_of, content_sha256, load_weights, variables
from networks.weights_on_disk import origin_of, random_network, write_published_layout

MOBILENET = backbone("mobilenet")


@pytest.fixture(scope="module")
def network() -> Any:
    return random_network("mobilenet", seed=3)


@pytest.fixture(scope="module")
def empty() -> Any:
    """A MobileNet to load into."""
    return whole_network(MOBILENET, include_top=False)


@pytest.fixture
def published(network: Any, tmp_path: Path) -> Path:
    return write_published_layout(network, tmp_path / "published.h5")


def loaded(path: Path, into: Any) -> dict[str, Any]:
    load_weights(into, into, MOBILENET, origin_of(path))
    return arrays_of(into)


def refusal(path: Path, into: Any) -> str:
    with pytest.raises(UserError) as error:
        load_weights(into, into, MOBILENET, origin_of(path))
    assert str(path) in str(error.value)
    return str(error.value)


def assert_same(one: dict[str, Any], two: dict[str, Any]) -> None:
    assert one.keys() == two.keys()
    assert [name for name in one if not np.array_equal(one[name], two[name])] == []


def test_a_vgg16_file_in_the_published_layout_loads_to_bit_equal_arrays(tmp_path: Path) -> None:
    vgg16 = random_network("vgg16", seed=1)
    path = write_published_layout(vgg16, tmp_path / "vgg16_notop.h5")
    other = random_network("vgg16", seed=2)
    load_weights(other, other, backbone("vgg16"), origin_of(path))
    assert len(arrays_of(vgg16)) == 26
    assert_same(arrays_of(other), arrays_of(vgg16))


def test_the_published_layout_loads(network: Any, published: Path, empty: Any) -> None:
    assert_same(loaded(published, empty), arrays_of(network))


def test_layers_that_keras_named_by_counting_are_matched_by_order(tmp_path: Path) -> None:
    xception = random_network("xception", seed=1)
    path = write_published_layout(xception, tmp_path / "xception.h5")
    other = random_network("xception", seed=2)  # its conv2d layers are counted on in this process
    load_weights(other, other, backbone("xception"), origin_of(path))
    assert_same(arrays_of(other), arrays_of(xception))


def test_a_published_file_with_the_top_loads_into_a_network_without(tmp_path: Path, empty: Any) -> None:
    whole = random_network("mobilenet", seed=4, include_top=True)
    path = write_published_layout(whole, tmp_path / "with_top.h5")
    expected = {name: array for name, array in arrays_of(whole).items() if not name.startswith("conv_preds")}
    assert_same(loaded(path, empty), expected)


def test_a_keras_3_file_loads(network: Any, tmp_path: Path, empty: Any) -> None:
    network.save_weights(tmp_path / "mobilenet.weights.h5")
    assert_same(loaded(tmp_path / "mobilenet.weights.h5", empty), arrays_of(network))


@pytest.mark.parametrize("prefix", ["", "backbone/"])
def test_a_safetensors_file_loads(network: Any, tmp_path: Path, empty: Any, prefix: str) -> None:
    save_file({prefix + name: array for name, array in arrays_of(network).items()}, tmp_path / "m.safetensors")
    assert_same(loaded(tmp_path / "m.safetensors", empty), arrays_of(network))


def test_the_genuine_file_loads(shared_data: Path, empty: Any) -> None:
    arrays = loaded(shared_data / "weights" / "mobilenet_1_0_224_tf_no_top.h5", empty)
    assert arrays["conv_pw_13/kernel"].shape == (1, 1, 1024, 1024)
    assert arrays["conv_pw_13_bn/moving_variance"].std() > 0


def test_a_layer_of_the_top_needs_the_file_with_the_top(tmp_path: Path) -> None:
    record = backbone("vgg16")
    path = write_published_layout(random_network("vgg16"), tmp_path / "notop.h5")
    whole = whole_network(record, include_top=True)
    with pytest.raises(UserError, match="fc1/kernel"):
        load_weights(whole, cut_at(whole, record, "fc2"), record, origin_of(path))


def test_another_networks_file_is_refused_with_expected_and_found(tmp_path: Path, empty: Any) -> None:
    path = write_published_layout(random_network("mobilenet_v2"), tmp_path / "v2.h5")
    said = refusal(path, empty)
    assert "doesn't fit mobilenet: expected 135 arrays" in said
    assert "the file holds" in said


def test_another_shape_is_refused(published: Path, empty: Any) -> None:
    with h5py.File(published, "r+") as file:
        layer = file["conv_pw_3"]
        (name,) = list(layer.attrs["weight_names"])
        del layer[name]
        layer[name] = np.zeros((1, 1, 7, 7), np.float32)
    assert "conv_pw_3/kernel (1, 1, 128, 128) but found (1, 1, 7, 7)" in refusal(published, empty)


def test_values_that_are_no_numbers_are_refused(network: Any, tmp_path: Path, empty: Any) -> None:
    arrays = arrays_of(network)
    arrays["conv_pw_5/kernel"][0, 0, 0, 0] = np.nan
    save_file(arrays, tmp_path / "nan.safetensors")
    assert "conv_pw_5/kernel holds values that aren't numbers" in refusal(tmp_path / "nan.safetensors", empty)


@pytest.mark.parametrize("share", [0, 0.01, 0.5, 0.999])
def test_half_a_download_is_refused(published: Path, empty: Any, share: float) -> None:
    data = published.read_bytes()
    published.write_bytes(data[: int(share * len(data))])
    assert "half a download" in refusal(published, empty)


@pytest.mark.parametrize("share", [0, 0.5])
def test_half_a_safetensors_file_is_refused(network: Any, tmp_path: Path, empty: Any, share: float) -> None:
    path = tmp_path / "half.safetensors"
    save_file(arrays_of(network), path)
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    assert "can't be read as a safetensors file" in refusal(path, empty)


def test_half_a_keras_3_file_is_refused(network: Any, tmp_path: Path, empty: Any) -> None:
    path = tmp_path / "half.weights.h5"
    network.save_weights(path)
    path.write_bytes(path.read_bytes()[:1_000_000])
    assert "half a download" in refusal(path, empty)


def test_another_networks_keras_3_file_is_refused(tmp_path: Path, empty: Any) -> None:
    path = tmp_path / "v2.weights.h5"
    random_network("mobilenet_v2").save_weights(path)
    assert "doesn't fit mobilenet" in refusal(path, empty)


def test_a_link_to_another_file_is_refused(published: Path, tmp_path: Path, empty: Any) -> None:
    with h5py.File(tmp_path / "secret.h5", "w") as file:
        file["secret"] = np.zeros(3)
    with h5py.File(published, "r+") as file:
        del file["conv_pw_3"]
        file["conv_pw_3"] = h5py.ExternalLink(str(tmp_path / "secret.h5"), "secret")
    assert "conv_pw_3 is a link to somewhere else" in refusal(published, empty)


def test_data_kept_in_another_file_is_refused(published: Path, tmp_path: Path, empty: Any) -> None:
    (tmp_path / "raw").write_bytes(bytes(4 * 7))
    with h5py.File(published, "r+") as file:
        file.create_dataset("raw", (7,), "f4", external=[(str(tmp_path / "raw"), 0, 4 * 7)])
    assert "raw keeps its data in another file" in refusal(published, empty)


def test_a_virtual_dataset_is_refused(published: Path, tmp_path: Path, empty: Any) -> None:
    layout = h5py.VirtualLayout((3,), "f4")
    layout[:] = h5py.VirtualSource(str(tmp_path / "secret.h5"), "secret", (3,))
    with h5py.File(published, "r+") as file:
        file.create_virtual_dataset("virtual", layout)
    assert "virtual keeps its data in another file" in refusal(published, empty)


@pytest.mark.parametrize("name", ["weights.pth", "weights.pkl", "weights.keras", "weights"])
def test_a_suffix_that_could_be_code_is_refused(tmp_path: Path, empty: Any, name: str) -> None:
    (tmp_path / name).write_bytes(b"anything")
    assert "give .weights.h5, .h5 or .safetensors" in refusal(tmp_path / name, empty)


def test_an_hdf5_file_of_something_else_is_refused(tmp_path: Path, empty: Any) -> None:
    with h5py.File(tmp_path / "else.h5", "w") as file:
        file["temperature"] = np.zeros(3)
    assert "found temperature" in refusal(tmp_path / "else.h5", empty)


def test_a_refused_file_changes_nothing(network: Any, published: Path, tmp_path: Path, empty: Any) -> None:
    loaded(published, empty)
    save_file({"conv1/kernel": np.ones((3, 3, 3, 32), np.float32)}, tmp_path / "part.safetensors")
    refusal(tmp_path / "part.safetensors", empty)
    assert_same(arrays_of(empty), arrays_of(network))


def test_names_dont_depend_on_what_was_built_before() -> None:
    one, two = (list(variables(whole_network(backbone("xception"), include_top=False))) for _ in range(2))
    assert one == two


def test_the_digest_knows_names_shapes_and_values() -> None:
    array = np.arange(6, dtype=np.float32)
    digests = [
        content_sha256(arrays)
        for arrays in (
            {"a": array},
            {"b": array},
            {"a": array.reshape(2, 3)},
            {"a": array + 1},
            {"a": array.astype(np.float64)},
        )
    ]
    assert len(set(digests)) == 5
    assert content_sha256({"a": array, "b": array + 1}) == content_sha256({"b": array + 1, "a": array})
