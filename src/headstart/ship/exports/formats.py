"""The table of formats that a model can be exported to: one record each."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Format:
    """Everything headstart knows of a format before it writes it.

    Attributes
    ----------
    name
        What ``--format`` calls it.
    file
        What a runtime opens, beside ``example.py``: a file, or a folder of files.
    backend
        Which backend Keras has in the child that writes it.
    needs
        What must be importable to write it and to read it back, and the command that brings it.
    precisions
        What its weights can be stored in, see `headstart.ship.exports.write.write_graph`.
    writer
        Its function, as ``module:function``.
    requirements
        What ``example.py`` needs, as names for pip.
    any_head
        Whether it holds every kind of head, or dense layers alone.
    int8_needs
        What int8 needs beside ``needs``.
    """

    name: str
    file: str
    backend: str
    needs: tuple[tuple[str, str], ...]
    precisions: tuple[str, ...]
    writer: str
    requirements: str
    any_head: bool = True
    int8_needs: tuple[tuple[str, str], ...] = ()


PRECISIONS = ("f32", "f16", "int8")
"""What the weights of an export are stored in."""

_EXPORT, _TRAIN, _INT8 = (f"pip install 'headstart[{extra}]'" for extra in ("export", "train", "int8"))
_OPENVINO = ("openvino", "pip install openvino")
_TENSORFLOW = ("tensorflow", _TRAIN)
_HERE = "headstart.ship.exports"

FORMATS: dict[str, Format] = {
    each.name: each
    for each in (
        Format(
            name="onnx",
            file="model.onnx",
            backend="openvino",
            needs=(_OPENVINO, ("onnx", _EXPORT), ("onnxruntime", _EXPORT)),
            precisions=PRECISIONS,
            writer=f"{_HERE}.onnx_file:write",
            requirements="onnxruntime numpy pillow",
        ),
        Format(
            name="openvino",
            file="model.xml",
            backend="openvino",
            needs=(_OPENVINO,),
            precisions=PRECISIONS,
            writer=f"{_HERE}.openvino_ir:write",
            requirements="openvino numpy pillow",
            int8_needs=(("nncf", _INT8),),
        ),
        Format(
            name="litert",
            file="model.tflite",
            backend="tensorflow",
            needs=(_TENSORFLOW, ("ai_edge_litert", _EXPORT)),
            precisions=PRECISIONS,
            writer=f"{_HERE}.litert:write",
            requirements="ai-edge-litert numpy pillow",
        ),
        Format(
            name="saved-model",
            file="saved_model",
            backend="tensorflow",
            needs=(_TENSORFLOW,),
            precisions=("f32",),
            writer=f"{_HERE}.saved_model:write",
            requirements="tensorflow numpy pillow",
        ),
        Format(
            name="keras",
            file="model.keras",
            backend="tensorflow",
            needs=(_TENSORFLOW,),
            precisions=("f32",),
            writer=f"{_HERE}.keras_file:write",
            requirements="keras tensorflow numpy pillow",
            any_head=False,
        ),
    )
}
