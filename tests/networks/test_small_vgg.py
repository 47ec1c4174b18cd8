"""The small network in the style of VGG."""

from __future__ import annotations

from headstart.networks.backbones import backbone
from headstart.networks.classifier import whole_network
from headstart.networks.keras_backend import import_keras
from headstart.networks.small_vgg import small_vgg


def test_each_block_halves_the_picture_and_doubles_the_filters() -> None:
    import_keras()
    network = small_vgg(input_shape=(16, 16, 1), blocks=3, width=8)
    assert network.get_layer("block1_pool").output.shape == (None, 8, 8, 8)
    assert network.get_layer("block3_pool").output.shape == (None, 2, 2, 32)
    assert network.output.shape == (None, 2, 2, 32)


def test_its_features_are_the_average_of_the_last_map() -> None:
    import_keras()
    network = small_vgg(input_shape=(16, 16, 1), pooling="avg", blocks=3, width=8)
    assert network.output.shape == (None, 32)
    assert network.layers[-1].name == "avg_pool"


def test_the_record_knows_its_size_without_building_it() -> None:
    record = backbone("small_vgg3x8")
    network = whole_network(record, include_top=False)
    assert network.count_params() == record.parameters
    assert network.output.shape == (None, record.layer("avg_pool").dimension)


def test_batch_statistics_settle_within_few_steps() -> None:
    import_keras()
    network = small_vgg(input_shape=(8, 8, 1))
    assert network.get_layer("block1_conv1_bn").momentum == 0.9
