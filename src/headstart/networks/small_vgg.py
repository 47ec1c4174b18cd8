"""A small network in the style of VGG, to be trained from scratch: for little pictures and little data.

Simonyan & Zisserman 2015 (arXiv:1409.1556): blocks of two 3x3 convolutions and a max pooling, each block twice as
wide; with batch normalisation (Ioffe & Szegedy 2015), which they didn't have. As there, the last map is flattened.
"""

from __future__ import annotations

from typing import Any


def small_vgg(input_shape: tuple[int, int, int], *, blocks: int = 2, width: int = 32) -> Any:  # noqa: ANN401
    """Return the network without a head: from values in [0, 1] to the flattened last map.

    Parameters
    ----------
    input_shape
        Height, width and channels of the input.
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
    x = layers.Flatten(name="flatten")(x)
    return keras.Model(inputs, x, name="small_vgg")
