"""The small network in the style of VGG."""

from __future__ import annotations

from headstart.networks.keras_backend import import_keras
from headstart.networks.small_vgg import small_vgg


def test_each_block_halves_the_picture_and_doubles_the_filters() -> None:
    import_keras()
    network = small_vgg((16, 16, 1), blocks=3, width=8)
    assert network.get_layer("block1_pool").output.shape == (None, 8, 8, 8)
    assert network.get_layer("block3_pool").output.shape == (None, 2, 2, 32)
    assert network.output.shape == (None, 2 * 2 * 32)


def test_batch_statistics_settle_within_few_steps() -> None:
    import_keras()
    network = small_vgg((8, 8, 1))
    assert network.get_layer("block1_conv1_bn").momentum == 0.9
