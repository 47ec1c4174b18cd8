"""fine-tune: the softmax layer on a frozen network first, then the network's last stages with it (LP-FT).

Kumar et al. 2022 (arXiv:2202.10054): a network whose stages are trained under a random head is distorted by it;
under a head that is fitted already it isn't. What lies before the stages runs once for each picture and view, and its
maps are kept (`headstart.jobs.extraction`); an epoch runs the stages alone.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from headstart.data.decode import Geometry
from headstart.data.views import MOST_VIEWS, WHOLE, drawn
from headstart.errors import UserError
from headstart.folders import scratch_folder
from headstart.jobs.extraction import Features, extracted, tell_room_for_maps
from headstart.jobs.learning.given import Given, Learned, labels_of, of_sides, probabilities, vectors_for
from headstart.jobs.learning.on_features import learnt_on_features
from headstart.jobs.learning.training import (
    Inputs,
    Start,
    Training,
    check_training_options,
    files_in,
    inputs_in,
    learnt_by_network,
    network_trained,
    pixel_inputs,
    seconds_to_judge,
)
from headstart.jobs.seconds import Seconds
from headstart.jobs.setup import Wish, setup_of, wish_of
from headstart.judge.contenders import merit
from headstart.judge.judged import plain_figures
from headstart.learn import rules
from headstart.learn.approaches import FINE_TUNE
from headstart.learn.heads import DenseHead
from headstart.learn.training.plan import Network, Trained
from headstart.progress import Entered, Listener, Said
from headstart.settings import TrainSettings
from headstart.sizes import bytes_of


def fine_tune_wish(settings: TrainSettings) -> Wish:
    """Return the wish of the settings; raise `UserError` for stages or views that there aren't."""
    check_training_options(settings)
    wish = wish_of(settings)
    if len(wish.recipe.sizes) > 1:
        raise UserError("--scale is given several times; fine-tune looks at pictures in one size.")
    stages = len(wish.record.stages)
    if settings.unfreeze is not None and not 1 <= settings.unfreeze <= stages:
        raise UserError(
            f"--unfreeze {settings.unfreeze}: {wish.record.name} has {stages} stages; choose from 1 to that."
        )
    if settings.views is not None and not 1 <= settings.views <= MOST_VIEWS:
        raise UserError(f"--views {settings.views}: choose from 1 to {MOST_VIEWS}.")
    bytes_of(settings.map_budget, "--map-budget")
    return wish


def learnt_by_fine_tuning(given: Given, listen: Listener) -> Learned:
    """Return the network with its last stages trained, or as it was if that is no better on val.

    See `headstart.jobs.learning.Family`.
    """
    wish = given.wish
    frozen = learnt_on_features(given, listen)
    given = replace(given, dataset=frozen.dataset)
    reserved = seconds_to_judge(frozen.features.setup.networks[0], len(given.part("val", "test").records))
    inputs, whole, seconds = trained_stages(given, frozen, reserved, listen)
    learned = learnt_by_network(given, wish, inputs, whole, listen)
    spent = frozen.seconds | seconds | {"features": frozen.seconds["features"] + learned.seconds["features"]}
    compared = {"frozen": _on_val(given, frozen), "fine-tuned": _on_val(given, learned)}
    won = merit(**compared["fine-tuned"]) > merit(**compared["frozen"])
    start = _start(given)
    what = {
        "kept": "fine-tuned" if won else "frozen",
        "val": compared,
        "from": start or "pixels",
        "views": len(_views(given, start)),
    }
    if not won:
        listen(
            Said(
                "Fine-tuning didn't beat the frozen network on the val part "
                f"({compared['fine-tuned']['accuracy']:.3f} against {compared['frozen']['accuracy']:.3f}): the frozen "
                "one is kept."
            )
        )
    kept = learned if won else frozen
    return replace(
        kept,
        dataset=learned.dataset,
        origin=frozen.origin,
        chosen=kept.chosen | what,
        seconds=spent,
        training=learned.training,
        warnings=(*frozen.warnings, *learned.warnings) if won else frozen.warnings,
    )


def trained_stages(
    given: Given, frozen: Learned, reserved: float, listen: Listener
) -> tuple[Inputs, Trained, dict[str, float]]:
    """Return what the last stages were trained on, the whole network that came of it, and the seconds of each stage.

    They start from what was learnt on the ``frozen`` network; ``reserved`` are the seconds that must be left at the
    deadline for what follows.
    """
    settings, wish = given.settings, given.wish
    network = frozen.features.setup.networks[0]
    assert isinstance(frozen.head, DenseHead)  # noqa: S101 - the head of this approach's entry
    start = _start(given)
    seconds = Seconds()
    with scratch_folder() as folder:
        inputs = _inputs(given, start, folder, listen)
        seconds.end("maps")
        shape = Network(
            wish.record.name,
            wish.recipe.sizes[0],
            start,
            len(given.dataset.classes),
            rules.DROPOUT[FINE_TUNE],
            batch_statistics=False,
        )
        arrays = network.arrays()
        left = given.seconds_left(reserved)
        begin = Start(arrays, frozen.head.layers[0])
        training = Training(FINE_TUNE, shape, inputs, settings, given.dataset.sha256, given.split, left, begin)
        listen(Entered("fine-tuning"))
        done = network_trained(training, listen)
        seconds.end("train")
    return inputs, replace(done, arrays=arrays | done.arrays), seconds.spent


def _start(given: Given) -> str | None:
    """Return the stage at whose end the trained stages begin; None if they begin with the pixels."""
    record, stages = given.wish.record, given.settings.unfreeze or 1
    return record.stages[-1 - stages] if stages < len(record.stages) else None


def _views(given: Given, start: str | None) -> tuple[str, ...]:
    """Return the views of each training picture whose maps are learnt from, the picture itself first."""
    if start is None:
        return (WHOLE,)
    settings = given.settings
    count = settings.views or rules.views_for(len(given.part("train").records), settings.augment)
    return (WHOLE, *(drawn(number) for number in range(1, count)))


def _inputs(given: Given, start: str | None, folder: Path, listen: Listener) -> Inputs:
    """Return what the trained stages see of the train and val part, in files in ``folder``."""
    parts, class_weight = given.to_train_on(), given.settings.class_weight
    if start is None:
        geometry = Geometry(given.wish.recipe.sizes[0], given.settings.fit)
        return pixel_inputs(parts, geometry, folder, class_weight, listen)
    maps = replace(given.wish, recipe=replace(given.wish.recipe, layer=f"{start}:none"))
    setup, _ = setup_of(maps, listen)
    budget = bytes_of(given.settings.map_budget, "--map-budget")
    files, read = files_in(folder), {}
    for part, views in (("train", _views(given, start)), ("val", (WHOLE,))):
        tell_room_for_maps(parts[part], setup, given.store, views=views, budget=budget, listen=listen)
        found = extracted(parts[part], setup, given.store, listen, training=parts["train"], views=views)
        _write_maps(found, files[part], stacked=part == "train")
        read[part] = found.dataset
    return inputs_in(files, read, class_weight)


def _write_maps(features: Features, path: Path, *, stacked: bool) -> None:
    """Write maps to a .npy file, ``(n, views, *shape)`` if ``stacked`` and else ``(n, *shape)``, in flat memory."""
    n, views = len(features.dataset.records), len(features.views)
    shape = (n, views, *features.shape) if stacked else (n, *features.shape)
    file = np.lib.format.open_memmap(path, "w+", features.dtype, shape)
    rows = file.reshape(-1, *features.shape)
    start = 0
    for chunk in features.chunks():
        rows[start : start + len(chunk)] = chunk
        start += len(chunk)
    file.flush()


def _on_val(given: Given, learned: Learned) -> dict[str, float]:
    val = vectors_for(learned.features, of_sides(learned.features.dataset, given.split, "val").records)
    figures = plain_figures(labels_of(val.dataset), probabilities(learned.val_head, val))
    return {name: float(figures[name] or 0) for name in ("accuracy", "log_loss")}
