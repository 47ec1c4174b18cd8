"""The training pictures that a model is to carry: chosen from all classes alike, with their vectors and thumbnails."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from headstart.data.decode import Geometry
from headstart.data.records import PictureRecord
from headstart.data.split import Split
from headstart.data.workers import Task, replies
from headstart.errors import UserError
from headstart.jobs.learning.given import Learned, labels_of, of_sides, vectors_for
from headstart.progress import Entered, Listener, Said
from headstart.ship.neighbours import THUMBNAIL_PIXELS, Neighbours, carries_sentence, most_for, neighbours_of


def carried_by(learned: Learned, split: Split, listen: Listener) -> Neighbours:
    """Return what the model is to carry of the pictures on the train side of ``split``, having said what that means.

    Raises
    ------
    UserError
        If none of them can be read any more.
    """
    listen(Entered("keeping training pictures"))
    train = of_sides(learned.dataset, split, "train")
    wanted = spread(train.records, most_for(learned.features.setup.dimension))
    tasks = [Task(train.file(record), "thumbnail", Geometry(THUMBNAIL_PIXELS), record.sha256) for record in wanted]
    thumbnails = {
        record: reply.payload for record, reply in zip(wanted, replies(tasks), strict=True) if not reply.reason
    }
    features = vectors_for(learned.features, list(thumbnails)).complete(listen)
    kept = features.dataset
    if not kept.records:
        raise UserError("None of the training pictures can be read any more: --with-neighbours has nothing to keep.")
    listen(Said(carries_sentence(len(kept.records))))
    if len(kept.records) < len(train.records):
        listen(
            Said(f"(There are {len(train.records):,} of them; as many of each class are carried as there is room for.)")
        )
    return neighbours_of(features.matrix(), labels_of(kept), [thumbnails[record] for record in kept.records])


def spread(records: Sequence[PictureRecord], most: int) -> list[PictureRecord]:
    """Return at most so many of these pictures, none twice: of each class the same number, as far as it has them.

    Which of a class is decided by their contents, and so is the order.
    """
    distinct = sorted({record.sha256: record for record in records}.values(), key=lambda record: record.sha256)
    taken: Counter[str] = Counter()
    ranked = []
    for record in distinct:
        ranked.append((taken[record.label], record.label, record.sha256))
        taken[record.label] += 1
    chosen = {sha256 for _, _, sha256 in sorted(ranked)[:most]}
    return [record for record in distinct if record.sha256 in chosen]
