"""Model folders of strangers, spoilt in many ways: each ends in one sentence, soon, in little memory."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import shutil
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from headstart.features.recipe import Recipe
from headstart.learn.head_fits import HEAD_FITS
from headstart.learn.heads import Head, KernelHead
from headstart.learn.heads.head import directions_of
from headstart.networks.backbone_folder import write_backbone
from headstart.networks.backbones import small_vgg_record
from headstart.networks.cuts import sized
from headstart.networks.keras_backend import import_keras
from headstart.networks.weight_files import arrays_of
from headstart.progress import silent
from headstart.ship.bundle import Bundle, write_model
from learn.blobs import drawn
from models import HEADSTART, sign
from pictures import encoded, picture

MOST_SECONDS, MOST_BYTES, LONGEST_SENTENCE = 5, 10**9, 500

RECORD = sized(small_vgg_record(2, 4), 16, "avg_pool")
CLASSES = ("ant", "bee", "cow")
MANIFEST, WEIGHTS = "manifest.json", "weights.safetensors"
INT_MAX = 2**31 - 1
KERNEL = "block1_conv1/kernel"

Spoil = Callable[[Path], object]
Tensors = dict[str, NDArray[Any]]


# -- how a folder is spoilt: each returns what spoils it ----------------------------------------------------------


def signed(**changes: Any) -> Spoil:
    return lambda model: sign(model, **changes)


def features(**changes: Any) -> Spoil:
    return lambda model: sign(model, features=read(model)["features"] | changes)


def read(model: Path) -> dict[str, Any]:
    return dict(json.loads((model / MANIFEST).read_text(encoding="utf-8")))


def put(model: Path, name: str, data: bytes) -> None:
    """Write a file and sign the manifest anew."""
    (model / name).write_bytes(data)
    entry = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    sign(model, files=read(model)["files"] | {name: entry})


def put_weights(model: Path, data: bytes) -> None:
    put(model, WEIGHTS, data)


def manifest_of(content: bytes) -> Spoil:
    return lambda model: (model / MANIFEST).write_bytes(content)


def with_text(old: str, new: str) -> Spoil:
    """Another text of the manifest, by a liar who can't be told by the digest: it is taken of what was parsed."""

    def spoil(model: Path) -> None:
        text = (model / MANIFEST).read_text(encoding="utf-8")
        assert old in text
        (model / MANIFEST).write_text(text.replace(old, new, 1), encoding="utf-8")

    return spoil


def weights_of(content: bytes) -> Spoil:
    return lambda model: put_weights(model, content)


def flipped(at: int) -> Spoil:
    def spoil(model: Path) -> None:
        data = bytearray((model / WEIGHTS).read_bytes())
        data[at] ^= 1
        (model / WEIGHTS).write_bytes(data)

    return spoil


def cut_to(share: float) -> Spoil:
    def spoil(model: Path) -> None:
        data = (model / WEIGHTS).read_bytes()
        put_weights(model, data[: int(share * len(data))])

    return spoil


def header(edit: Callable[[dict[str, Any]], object]) -> Spoil:
    """Another header of the weights, signed."""

    def spoil(model: Path) -> None:
        data = (model / WEIGHTS).read_bytes()
        length = int.from_bytes(data[:8], "little")
        document = json.loads(data[8 : 8 + length])
        edit(document)
        put_weights(model, framed(json.dumps(document).encode(), data[8 + length :]))

    return spoil


def entry(**changes: Any) -> Spoil:
    """Another description of a kernel."""
    return header(lambda document: document[named(document, KERNEL)].update(changes))


def named(tensors: Iterable[str], end: str) -> str:
    """In a model, names begin with backbone/; in a backbone they don't."""
    return next(name for name in tensors if name.endswith(end))


def framed(text: bytes, data: bytes = b"") -> bytes:
    return struct.pack("<Q", len(text)) + text + data


def tensors(edit: Callable[[Tensors], object]) -> Spoil:
    """Other arrays, signed."""

    def spoil(model: Path) -> None:
        found = load_file(model / WEIGHTS)
        edit(found)
        save_file({name: np.ascontiguousarray(array) for name, array in found.items()}, model / WEIGHTS)
        put_weights(model, (model / WEIGHTS).read_bytes())

    return spoil


def arrays(**changes: Callable[[NDArray[Any]], NDArray[Any]]) -> Spoil:
    """Other arrays of the head, each made of what it was."""
    return tensors(
        lambda found: found.update({f"head/{n}": change(found[f"head/{n}"]) for n, change in changes.items()})
    )


def filled(value: float) -> Callable[[NDArray[Any]], NDArray[Any]]:
    return lambda array: np.full_like(array, value)


def first_is(value: float) -> Callable[[NDArray[Any]], NDArray[Any]]:
    def change(array: NDArray[Any]) -> NDArray[Any]:
        changed = array.copy()
        changed.flat[0] = value
        return changed

    return change


def instead(name: str, put: Callable[[Path], object]) -> Spoil:
    """Something else in the place of a file."""

    def spoil(model: Path) -> None:
        (model / name).rename(model.with_name(f"{model.name}-{name}"))
        put(model / name)

    return spoil


def link_to(place: str) -> Callable[[Path], None]:
    return lambda path: path.symlink_to(place)


def link_to_itself(path: Path) -> None:
    path.symlink_to(path.parent.with_name(f"{path.parent.name}-{path.name}"))


def huge(path: Path) -> None:
    with path.open("wb") as stream:
        stream.truncate(10**11)


def huge_and_listed(model: Path) -> None:
    huge(model / WEIGHTS)
    sign(model, files={WEIGHTS: {"bytes": 10**11, "sha256": "0" * 64}})


def listed(name: str) -> Spoil:
    return lambda model: sign(model, files=read(model)["files"] | {name: {"bytes": 1, "sha256": "0" * 64}})


def zipped(model: Path) -> None:
    with zipfile.ZipFile(model / "other.zip", "w") as archive:
        archive.writestr("config.json", "{}")
        archive.writestr("../../evil.py", "import os")
    put_weights(model, (model / "other.zip").read_bytes())


def hdf5(model: Path) -> None:
    with h5py.File(model / "other.h5", "w") as file:
        file["link"] = h5py.ExternalLink("/etc/passwd", "x")
    put_weights(model, (model / "other.h5").read_bytes())


def renamed(tensors: Tensors) -> None:
    tensors["backbone/block9_conv1/kernel"] = tensors.pop("backbone/block1_conv1/kernel")


def reshaped(tensors: Tensors) -> None:
    name = "backbone/block1_conv1/kernel"
    tensors[name] = tensors[name].reshape(-1, 3)


def infinite(tensors: Tensors) -> None:
    """Two layers of finite numbers that make infinities of any picture."""
    width = len(tensors["head/0/kernel"])
    tensors["head/1/kernel"], tensors["head/1/bias"] = np.full((width, 3), 3e38, np.float32), tensors["head/0/bias"]
    tensors["head/0/kernel"], tensors["head/0/bias"] = (
        np.zeros((width, width), np.float32),
        np.full(width, 9, np.float32),
    )


def over_each_other(document: dict[str, Any]) -> None:
    last = max((entry["data_offsets"], entry) for entry in document.values() if "dtype" in entry)[1]
    last["data_offsets"] = [at - 4 for at in last["data_offsets"]]


def chain(model: Path) -> None:
    """A tree whose every node has a leaf on one side: its depth is half of its nodes."""
    n = 200_001
    own = np.arange(n, dtype=np.int32)
    is_leaf = own % 2 == 1
    is_leaf[-1] = True
    put_trees(
        model,
        feature=np.where(is_leaf, -1, 0).astype(np.int32),
        left=np.where(is_leaf, 0, own + 1).astype(np.int32),
        right=np.where(is_leaf, 0, own + 2).clip(0, n - 1).astype(np.int32),
        threshold=np.full(n, -1e30, np.float32),
    )


def many_trees(model: Path) -> None:
    """A million trees of one leaf each, which is the same one."""
    n = 1_000_000
    zeros = np.zeros(n, np.int32)
    long = {"starts": np.array([0, 100], np.int32), "classes": np.zeros(100, np.int32)}
    nodes = {"feature": zeros - 1, "left": zeros, "right": zeros, "threshold": zeros.astype(np.float32)}
    put_trees(model, roots=np.arange(n, dtype=np.int32), shares=np.ones(100, np.float32), **nodes, **long)


def put_trees(model: Path, **changes: NDArray[Any]) -> None:
    one_leaf = {
        "roots": np.zeros(1, np.int32),
        "starts": np.array([0, 1], np.int32),
        "classes": np.zeros(1, np.int32),
        "shares": np.ones(1, np.float32),
    }
    named = {f"head/{name}": array for name, array in (one_leaf | changes).items()}
    tensors(lambda found: found.update(named))(model)


def every_array_is_named_twice(model: Path) -> None:
    data = (model / WEIGHTS).read_bytes()
    length = int.from_bytes(data[:8], "little")
    text = data[8 : 8 + length].strip()
    put_weights(model, framed(text[:-1] + b"," + text[1:], data[8 + length :]))


# -- the table: how, of which folder -----------------------------------------------------------------------------

OF_A_MANIFEST: dict[str, Spoil] = {
    "nothing in it": manifest_of(b""),
    "half of it": lambda model: (model / MANIFEST).write_bytes((model / MANIFEST).read_bytes()[:200]),
    "no object": manifest_of(b"[1, 2]"),
    "no utf-8": manifest_of(b"\xff\xfe{}"),
    "a pickle of that name": manifest_of(pickle.dumps({"format": 1})),
    "deep lists": manifest_of(b"[" * 100_000),
    "deep objects that are closed": manifest_of(b'{"a":' * 200 + b"1" + b"}" * 200),
    "a number of 10 million digits": manifest_of(b'{"format": ' + b"9" * 10_000_000 + b"}"),
    "a number of thousands of digits": with_text('"format": 1', '"format": ' + "1" * 4000),
    "a float that is infinite": with_text('"format": 1', '"format": 1, "x": 1e999'),
    "NaN": with_text('"format": 1', '"format": 1, "x": NaN'),
    "Infinity": with_text('"format": 1', '"format": 1, "x": -Infinity'),
    "a name twice": with_text('"format": 1', '"format": 1, "format": 1'),
    "a name twice, within": with_text('"bytes": ', '"bytes": 1, "bytes": '),
    "a million lists": manifest_of(b'{"a":[' + b"[]," * 1_000_000 + b"[]]}"),
    "two million numbers": manifest_of(b'{"a":[' + b"0.5," * 2_000_000 + b"0]}"),
    "40 MB of text": manifest_of(b'{"a":"' + b"x" * 40_000_000 + b'"}'),
    "a terabyte of nothing": lambda model: os.truncate(model / MANIFEST, 10**12),
    "altered": with_text("small_vgg2x4", "small_vgg2x8"),
    "no digest": with_text("manifest_sha256", "manifest_sha255"),
    "a digest of another kind": with_text('"manifest_sha256": "', '"manifest_sha256": ["a"], "x": "'),
    "a newer format": signed(format=2),
    "a format that is true": signed(format=True),
    "a format of a million characters": signed(format="\n" * 1_000_000),
    "another kind": signed(kind="backdoor"),
    "a kind of a million characters": signed(kind="x" * 1_000_000),
    "no version": signed(headstart=None),
    "a link": instead(MANIFEST, link_to_itself),
    "a link to a file of the system": instead(MANIFEST, link_to("/etc/passwd")),
    "a link to itself": instead(MANIFEST, link_to(MANIFEST)),
    "a pipe": instead(MANIFEST, os.mkfifo),
    "a folder": instead(MANIFEST, Path.mkdir),
    "a device": instead(MANIFEST, link_to("/dev/zero")),
    "files that are none": signed(files=[]),
    "a path out of the folder": listed("../../etc/passwd"),
    "an absolute path": listed("/etc/passwd"),
    "a path of another system": listed("..\\..\\evil"),
    "a stream of another system": listed("weights.safetensors:evil"),
    "a name with a line break": listed("a\nb"),
    "no name": listed(""),
    "a file that isn't known": listed("code.py"),
    "a file without a digest": signed(files={WEIGHTS: {"bytes": 1}}),
    "a size below 0": signed(files={WEIGHTS: {"bytes": -1, "sha256": "0" * 64}}),
    "a digest that is a path": signed(files={WEIGHTS: {"bytes": 1, "sha256": "../" * 21 + "x"}}),
}

OF_WEIGHTS: dict[str, Spoil] = {
    "one bit of the header": flipped(20),
    "one bit of an array": flipped(-1),
    "gone": lambda model: (model / WEIGHTS).unlink(),
    "a link": instead(WEIGHTS, link_to_itself),
    "a link to a device": instead(WEIGHTS, link_to("/dev/zero")),
    "a pipe": instead(WEIGHTS, os.mkfifo),
    "a folder": instead(WEIGHTS, Path.mkdir),
    "100 GB of nothing": instead(WEIGHTS, huge),
    "100 GB of nothing, signed": huge_and_listed,
    "nothing": weights_of(b""),
    "7 bytes": weights_of(b"\0" * 7),
    "half": cut_to(0.5),
    "a little less": cut_to(0.999),
    "a pickle": weights_of(pickle.dumps({"head/0/bias": [1.0]})),
    "a zip file, as .keras and .pt are": zipped,
    "an HDF5 file with a link": hdf5,
    "a numpy file": weights_of(b"\x93NUMPY\x01\x00v\x00{'descr': '|O'}" + b"\0" * 200),
    "a header that is longer than all numbers": weights_of(b"\xff" * 8 + b"{}"),
    "a header longer than the file": weights_of(struct.pack("<Q", 10**6) + b"{}"),
    "a header of 10 MB": weights_of(framed(b"{" + b" " * 10**7 + b"}")),
    "a header of deep lists": weights_of(framed(b"[" * 10**5)),
    "a header that is a list": weights_of(framed(b"[]")),
    "a header that isn't JSON": weights_of(framed(b"import os")),
    "no arrays": weights_of(framed(b"{}")),
    "every array twice": every_array_is_named_twice,
    "30,000 arrays": weights_of(
        framed(
            json.dumps({f"{i}": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]} for i in range(30_000)}).encode()
        )
    ),
    "arrays over each other": header(over_each_other),
    "offsets that run backwards": entry(data_offsets=[10, 0]),
    "offsets below 0": entry(data_offsets=[-8, 0]),
    "offsets behind the end": entry(data_offsets=[10**15, 10**15 + 432]),
    "three offsets": entry(data_offsets=[0, 1, 2]),
    "a shape whose product overflows": entry(shape=[2**32, 2**32]),
    "a shape with a 0 and more than there can be": entry(shape=[0, 2**62, 2**62], data_offsets=[0, 0]),
    "a shape below 0": entry(shape=[-3, -36]),
    "a shape of 1,000 axes": entry(shape=[1] * 1000),
    "a shape that is a text": entry(shape="108"),
    "a kind of number that isn't known": entry(dtype="OBJECT"),
    "a kind of number that is a list": entry(dtype=["F32"]),
    "an array that isn't described": header(lambda found: found.update({named(found, KERNEL): 7})),
    "an array of nobody's": tensors(lambda found: found.update(code=np.zeros(4, np.float32))),
    "a network in 64 bits": tensors(lambda found: found.update({n: a.astype(np.float64) for n, a in found.items()})),
    "a network in whole numbers": tensors(
        lambda found: found.update({n: a.astype(np.int32) for n, a in found.items() if not n.startswith("head/")})
    ),
    "a network with NaN": tensors(lambda found: found[named(found, KERNEL)].fill(np.nan)),
    "a network with infinity": tensors(lambda found: found[named(found, "block2_conv2_bn/gamma")].fill(np.inf)),
    "a network with too few numbers": tensors(lambda found: found.pop(named(found, KERNEL))),
    "a network with too many numbers": tensors(
        lambda found: found.update({"backbone/more/kernel": np.zeros(9, np.float32)})
    ),
    "a network whose arrays have other names": tensors(renamed),
    "a network whose arrays have other shapes": tensors(reshaped),
}

OF_A_MODEL: dict[str, Spoil] = {
    "no classes": signed(classes=[]),
    "one class": signed(classes=["ant"]),
    "a class twice": signed(classes=["ant", "bee", "ant"]),
    "a class that is a list": signed(classes=["ant", "bee", ["cow"]]),
    "a class of a megabyte": signed(classes=["ant", "bee", "c" * 10**6]),
    "200,000 classes": signed(classes=[str(i) for i in range(200_000)]),
    "a class too many": signed(classes=["ant", "bee", "cow", "dog"]),
    "a backbone that isn't known": signed(backbone="vgg99"),
    "a backbone that no memory holds": signed(backbone="small_vgg7x999"),
    "a backbone of a million characters": signed(backbone="x" * 10**6),
    "another backbone than its weights": signed(backbone="small_vgg3x4"),
    "maps that fill the memory": lambda model: [
        signed(backbone="small_vgg1x999")(model),
        features(sizes=[1024])(model),
    ],
    "hand-crafted features with a network": signed(backbone="handcrafted"),
    "another preprocessing": signed(preprocessing={"channels": "RGB", "mean": [0, 0, 0], "std": [1e-30] * 3}),
    "a layer that isn't there": features(layer="fc1"),
    "a layer with a line break": features(layer="avg_pool\n" * 100),
    "a size of a million pixels": features(sizes=[10**6]),
    "many sizes": features(sizes=list(range(16, 400))),
    "no size": features(sizes=[]),
    "another length": features(dimension=10**15),
    "a way that isn't known": features(rotate=True),
    "a flag that is a text": features(flip="no"),
    "a precision that isn't known": signed(precision="f8"),
    "a calibration that is a list": signed(calibration=["x"]),
    "a head that isn't known": signed(head="pickle"),
    "a head that is a list": signed(head=["dense"]),
    "test figures that are a text": signed(test="0.99"),
    "an accuracy that is a text": signed(test={"accuracy": "0.99"}),
    "warnings that are an object": signed(warnings={}),
}

OF_HEADS: dict[str, tuple[str, Spoil]] = {
    "dense: NaN": ("dense", arrays(**{"0/bias": first_is(np.nan)})),
    "dense: another shape": ("dense", arrays(**{"0/kernel": lambda kernel: kernel.T})),
    "dense: a layer of nothing": ("dense", tensors(lambda found: found.pop("head/0/bias"))),
    "dense: numbers that make infinities": ("dense", tensors(infinite)),
    "neighbours: more than there are": ("neighbours", arrays(settings=first_is(10**9))),
    "neighbours: half a one": ("neighbours", arrays(settings=first_is(1.5))),
    "neighbours: a temperature below 0": (
        "neighbours",
        arrays(settings=lambda s: s * np.array([1, 1, 1, -1], np.float32)),
    ),
    "neighbours: no deviation": ("neighbours", arrays(std=filled(0))),
    "neighbours: classes that there aren't": ("neighbours", arrays(labels=filled(3))),
    "neighbours: classes of 64 bits": ("neighbours", arrays(labels=lambda labels: labels.astype(np.int64) + 2**32)),
    "neighbours: votes that make infinities": (
        "neighbours",
        arrays(votes=filled(3e38), settings=lambda s: s * np.array([1, 1, 1, 1e-38], np.float32)),
    ),
    "kernel: a negative width": ("kernel", arrays(gamma=filled(-1))),
    "kernel: NaN": ("kernel", arrays(support=first_is(np.nan))),
    "kernel: rows that aren't there": ("kernel", arrays(coefficients=lambda c: c[1:])),
    "kernel: numbers that make infinities": ("kernel", arrays(coefficients=filled(3e38), bias=first_is(-3e38))),
    "trees: no root": ("trees", arrays(roots=lambda roots: roots[:0])),
    "trees: a root outside": ("trees", arrays(roots=first_is(INT_MAX))),
    "trees: the same tree a hundred times": ("trees", arrays(roots=filled(0))),
    "trees: a way in a circle": ("trees", arrays(left=filled(0), right=filled(0))),
    "trees: a feature that isn't there": ("trees", arrays(feature=first_is(8))),
    "trees: leaves without an end": ("trees", arrays(starts=lambda starts: starts[:-1])),
    "trees: leaves that run backwards": ("trees", arrays(starts=lambda starts: starts[::-1])),
    "trees: shares below 0": ("trees", arrays(shares=filled(-1))),
    "trees: no temperature": ("trees", arrays(temperature=filled(0))),
    "trees: nothing at all": ("trees", tensors(lambda found: [found.pop(n) for n in list(found) if "head/" in n])),
    "trees: as deep as its nodes are many": ("trees", chain),
    "trees: a million with one leaf": ("trees", many_trees),
}

OF_A_BACKBONE: dict[str, Spoil] = {
    "a backbone that isn't a text": signed(backbone=7),
    "hand-crafted": signed(backbone="handcrafted"),
    "another backbone than its weights": signed(backbone="small_vgg3x4"),
    "no image size": signed(image_size=None),
    "an image size of a million": signed(image_size=10**6),
    "an image size that is true": signed(image_size=True),
    "a source that isn't listed": lambda folder: sign(folder, files={WEIGHTS: read(folder)["files"][WEIGHTS]}),
    "a source of other things": lambda folder: put(folder, "source.json", b'{"pictures": [1, 2]}'),
    "a source that is deep": lambda folder: put(folder, "source.json", b"[" * 10**5),
}


MODELS: dict[str, tuple[str, Spoil]] = {
    **{f"manifest, {name}": ("dense", spoil) for name, spoil in OF_A_MANIFEST.items()},
    **{f"weights, {name}": ("dense", spoil) for name, spoil in OF_WEIGHTS.items()},
    **{f"model, {name}": ("dense", spoil) for name, spoil in OF_A_MODEL.items()},
    **OF_HEADS,
}
BACKBONES: dict[str, Spoil] = {
    **{f"manifest, {name}": spoil for name, spoil in OF_A_MANIFEST.items()},
    **{f"weights, {name}": spoil for name, spoil in OF_WEIGHTS.items() if "other" not in name and "nobody" not in name},
    **OF_A_BACKBONE,
}


# -- what came of them: all in one process ------------------------------------------------------------------------


@dataclass(frozen=True)
class End:
    """How one folder ended: the sentence, if it was refused; processor seconds, and bytes of memory at the most."""

    refused: str | None
    crashed: str | None
    seconds: float
    grown: int


CHILD = """
import json, re, sys, time, traceback
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
import headstart
from headstart.errors import UserError
from headstart.networks.backbone_folder import backbone_from

def memory(name):
    return 1024 * int(re.search(name + r":\\s+(\\d+)", Path("/proc/self/status").read_text())[1])

def spent():
    children = getrusage(RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime

ends = {}
for name, kind, folder in json.load(sys.stdin):
    Path("/proc/self/clear_refs").write_text("5")  # from now on, the highest is of this folder
    before, since, refused, crashed = memory("VmRSS"), spent(), None, None
    try:
        if kind == "backbone":
            backbone_from(folder)
        else:
            headstart.load(folder).predict([sys.argv[1]])
    except UserError as error:
        refused = str(error)
    except BaseException:
        crashed = traceback.format_exc()
    ends[name] = [refused, crashed, spent() - since, memory("VmHWM") - before]
print(json.dumps(ends))
"""


@pytest.fixture(scope="module")
def network(cache: Path) -> Tensors:
    import_keras()
    from headstart.networks.classifier import whole_network

    return arrays_of(whole_network(RECORD, include_top=False))


def head_of(kind: str) -> Head:
    """Return a small head of each kind, fitted to blobs."""
    blobs = drawn(30, RECORD.layers[0].dimension, len(CLASSES))
    if kind == "kernel":
        mean, one = np.zeros(8, np.float32), np.ones(1, np.float32)
        support = directions_of(blobs.features, mean, mean + 1)
        return KernelHead(
            mean, mean + 1, support, np.eye(3, dtype=np.float32)[blobs.labels], np.zeros(3, np.float32), one
        )
    fit = {"dense": "logistic", "neighbours": "knn", "trees": "forest"}[kind]
    return HEAD_FITS[fit].fit(blobs.rows(len(CLASSES)), silent).head


KINDS = ("dense", "neighbours", "kernel", "trees")


@pytest.fixture(scope="module")
def whole(network: Tensors, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model of each kind of head, and a backbone: all as they should be."""
    place = tmp_path_factory.mktemp("whole")
    for kind in KINDS:
        facts = {"approach": "frozen", "test": {"accuracy": None}}
        recipe = Recipe("avg_pool", "squash", (16,))
        write_model(place / kind, Bundle(CLASSES, RECORD, recipe, "f32", "", network, head_of(kind), facts))
    write_backbone(place / "backbone", RECORD, network, ["a" * 64], {})
    (place / "picture.png").write_bytes(encoded(picture((90, 120, 30), seed=1)))
    return place


@pytest.fixture(scope="module")
def spoilt(whole: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, Path]]:
    """Every folder of the tables: its kind, and where it is."""
    place = tmp_path_factory.mktemp("spoilt")
    folders = {}
    cases = {**MODELS, **{f"backbone: {name}": ("backbone", spoil) for name, spoil in BACKBONES.items()}}
    for number, (name, (kind, spoil)) in enumerate(cases.items()):
        folder = place / f"{number}"
        shutil.copytree(whole / kind, folder)
        spoil(folder)
        folders[name] = (kind, folder)
    return folders


@pytest.fixture(scope="module")
def ends(whole: Path, spoilt: dict[str, tuple[str, Path]]) -> dict[str, End]:
    """How each of them ended, and those that are whole, in one process that reads one after the other."""
    cases = [(kind, kind, str(whole / kind)) for kind in (*KINDS, "backbone")]
    cases += [(name, kind, str(folder)) for name, (kind, folder) in spoilt.items()]
    command = [sys.executable, "-c", CHILD, str(whole / "picture.png")]
    done = subprocess.run(command, input=json.dumps(cases), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return {name: End(*end) for name, end in json.loads(done.stdout).items()}


@pytest.mark.parametrize("kind", [*KINDS, "backbone"])
def test_what_is_spoilt_here_is_taken_as_it_was_before(ends: dict[str, End], kind: str) -> None:
    assert (ends[kind].refused, ends[kind].crashed) == (None, None)


@pytest.mark.parametrize("name", [*MODELS, *(f"backbone: {name}" for name in BACKBONES)])
def test_a_spoilt_folder_ends_in_one_sentence_soon_and_in_little_memory(
    ends: dict[str, End], spoilt: dict[str, tuple[str, Path]], name: str
) -> None:
    end = ends[name]
    assert end.crashed is None
    assert end.refused
    assert len(end.refused.splitlines()) == 1
    assert len(end.refused) < LONGEST_SENTENCE + len(str(spoilt[name][1]))
    assert end.refused.isprintable()
    assert end.seconds < MOST_SECONDS
    assert end.grown < MOST_BYTES


def test_there_are_at_least_a_hundred_of_them() -> None:
    assert len(MODELS) + len(BACKBONES) > 100


@pytest.mark.trust
@pytest.mark.parametrize("name", MODELS)
def test_predict_refuses_a_spoilt_model_with_one_line(
    whole: Path, spoilt: dict[str, tuple[str, Path]], name: str
) -> None:
    command = [HEADSTART, "predict", str(spoilt[name][1]), str(whole / "picture.png")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    # That its network was never trained, which is so of these, may be said before.
    assert len([line for line in done.stderr.splitlines() if not line.startswith("Warning: ")]) == 1
    assert "Traceback" not in done.stderr
