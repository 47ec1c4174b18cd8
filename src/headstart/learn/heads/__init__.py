"""Every kind of head, in one table, and how stored tensors become one again."""

from __future__ import annotations

from headstart.errors import UserError
from headstart.learn.heads.dense import DenseHead, dense_head
from headstart.learn.heads.head import Head, Reader, Tensors, softmax
from headstart.learn.heads.kernel import KernelHead, kernel_head
from headstart.learn.heads.neighbours import NeighboursHead, neighbours_head
from headstart.learn.heads.trees import TreesHead, trees_head
from headstart.learn.rows import Floats

__all__ = [
    "KINDS",
    "DenseHead",
    "Floats",
    "Head",
    "KernelHead",
    "NeighboursHead",
    "TreesHead",
    "head_from",
    "softmax",
]

KINDS: dict[str, Reader] = {
    DenseHead.kind: dense_head,
    NeighboursHead.kind: neighbours_head,
    TreesHead.kind: trees_head,
    KernelHead.kind: kernel_head,
}


def head_from(kind: str, tensors: Tensors, dimension: int, n_classes: int) -> Head:
    """Return the head of ``kind`` made of stored ``tensors``.

    Raises
    ------
    UserError
        If there is no such kind, or the tensors don't form such a head from ``dimension`` features to
        ``n_classes`` classes. The file may be anyone's.
    """
    if kind not in KINDS:
        raise UserError(f"this headstart doesn't know its kind of head {kind!r}")
    return KINDS[kind](tensors, dimension, n_classes)
