"""A model's answers where its network runs on a cluster: vectors are computed there, and the head is here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from headstart.addresses import Address
from headstart.data.records import Listing
from headstart.data.views import WHOLE
from headstart.errors import UserError
from headstart.features.store import opened_store
from headstart.folders import scratch_folder
from headstart.jobs.classifier import Answer, Classifier
from headstart.jobs.extraction import Features
from headstart.jobs.on_cluster import extracted_on_cluster
from headstart.progress import Listener, Said


@contextmanager
def answers_on_cluster(
    model: Classifier, listing: Listing, *, top: int, on: str, shards: Path | Address, listen: Listener
) -> Iterator[Callable[[Iterable[Path | Address]], Iterator[Answer]]]:
    """Have the vectors of all pictures computed, in f32, and yield what takes some of them for `Classifier.answers`.

    Parameters
    ----------
    model
        A model whose network OpenVINO runs.
    listing
        All pictures.
    top
        How many classes to name per picture.
    on
        ``ray``, or ``ray://HOST:PORT``.
    shards
        Where the nodes write vectors, and where a later run finds them.
    listen
        Told of the progress.

    Raises
    ------
    UserError, MissingError
        As `headstart.cluster.extraction.extracted_on`; if something else makes the model's features here.
    """
    if model.setup.engine != "openvino":
        raise UserError(f"--on {on} runs networks with OpenVINO, and this model's features need another; leave it out.")
    if model.bundle.precision != "f32":
        listen(
            Said(
                f"The model was trained on features in {model.bundle.precision}; a cluster computes them in f32, and "
                "its probabilities may differ a little."
            )
        )
    # Vectors of many pictures don't fit in memory, and those that are only predicted needn't be kept.
    with scratch_folder() as folder, opened_store(folder) as store:
        features = extracted_on_cluster(listing, model.setup, (WHOLE,), store, listen, on=on, shards=shards)

        def answers(files: Iterable[Path | Address]) -> Iterator[Answer]:
            return _answers(model, features, files, top)

        yield answers


def _answers(model: Classifier, features: Features, files: Iterable[Path | Address], top: int) -> Iterator[Answer]:
    """Yield what the model says of ``files``, which come in the order of the listing."""
    dataset = features.dataset
    reasons = {dataset.root / each.path: each.reason for each in dataset.skipped}
    vectors = (vector for chunk in features.chunks() for vector in chunk)
    known = zip(map(dataset.file, dataset.records), vectors, strict=True)
    for file in files:
        if reason := reasons.get(file):
            yield reason
        else:
            yield next(model.answer(vector[None], top) for each, vector in known if each == file)
