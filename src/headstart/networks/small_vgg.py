"""A small network in the style of VGG, to be trained from scratch: for little pictures and little data.

Simonyan & Zisserman 2015 (arXiv:1409.1556): blocks of two 3x3 convolutions and a max pooling, each block twice as
wide; with batch normalisation (Ioffe & Szegedy 2015), which they didn't have. The last map is averaged and not
flattened, so that the network works on any size of picture.
"""

from __future__ import annotations

from typing import Any


def small_vgg(
    include_top: bool = False,
    weights: None = None,
    input_shape: tuple[int, int, int] = (64, 64, 3),
    pooling: str | None = None,
    *,
    blocks: int = 2,
    width: int = 32,
) -> Any:  # noqa: ANN401
    """Return the network: from preprocessed pixels to its last map, or to that map's average.

    The signature is that of the functions in ``keras.applications``.

    Parameters
    ----------
    include_top, weights
        False and None: there is no published classifier.
    input_shape
        Height, width and channels of the input.
    pooling
        "avg" for the average over positions, ``(n, width × 2^(blocks - 1))``; None for the map.
    blocks
        How often two convolutions are followed by a halving of the picture.
    width
        Filters of the first block.
    """
    import keras
    from keras import layers

    inputs = keras.Input(input_shape)
    x = inputs
    for block in range(1, blocks + 1):
        for number in (1, 2):
            name = f"block{block}_conv{number}"
            x = layers.Conv2D(width * 2 ** (block - 1), 3, padding="same", use_bias=False, name=name)(x)
            # Keras' momentum of 0.99 needs hundreds of steps to forget its start, and little data has fewer.
            x = layers.BatchNormalization(momentum=0.9, name=f"{name}_bn")(x)
            x = layers.ReLU(name=f"{name}_relu")(x)
        x = layers.MaxPooling2D(name=f"block{block}_pool")(x)
    if pooling:
        x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
    return keras.Model(inputs, x, name="small_vgg")
