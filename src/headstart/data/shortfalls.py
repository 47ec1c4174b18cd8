"""What a split can't do with the pictures that there are: refusals, and warnings that belong to its figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from headstart.data.draw import FEWEST, Unit, may_be_held_out, pictures_per_class, units_per_class
from headstart.data.records import Dataset
from headstart.errors import UserError, first_three

_FAR_OFF = 0.1  # from a part's share


def too_few_to_hold_out(dataset: Dataset, units: Sequence[Unit]) -> list[str]:
    """Return a warning of the classes that have too few units to hold one out.

    Raises
    ------
    UserError
        If fewer than two other classes are left.
    """
    in_units, pictures = units_per_class(units), pictures_per_class(units)
    few = [label for label in dataset.classes if in_units[label] < FEWEST]
    grouped = any(pictures[label] > in_units[label] for label in few)
    if len(dataset.classes) - len(few) < 2:
        what = "pictures that don't belong together" if grouped else "different pictures"
        counted = [_counted(label, pictures[label], in_units[label]) for label in few]
        raise UserError(
            f"{dataset.name}: fewer than two classes have the 3 {what} that a train, val and test part need"
            f"{f' ({first_three(counted)})' if few else ''}; add pictures."
        )
    counted = [_counted(label, pictures[label], in_units[label]) for label in few if in_units[label]]
    if not counted:
        return []
    return [
        f"Too few {'groups of ' if grouped else ''}pictures to hold any out, all used for training: "
        f"{first_three(counted)}; the figures say nothing about these classes."
    ]


def _counted(label: str, pictures: int, units: int) -> str:
    """Return the class with its number of pictures, and of groups if these are fewer, as in "cow (9 in 2 groups)"."""
    groups = f" in {units} group{'s' * (units != 1)}" if units < pictures else ""
    return f"{label} ({pictures}{groups})"


def side_shortfalls(
    units: Sequence[Unit], held_out: Mapping[str, str], drawn: Sequence[str], shares: Mapping[str, float]
) -> list[str]:
    """Return warnings of what groups, which can't be cut, kept from being held out as it should.

    Parameters
    ----------
    units
        Of the split.
    held_out
        The side of each content that isn't in train.
    drawn
        The sides that every class should be on.
    shares
        What part of the pictures should be on each side; nothing if that isn't known.
    """
    free = may_be_held_out(units)
    if not free or all(len(unit.contents) == 1 for unit in units):
        return []
    enough = {label for label, n in units_per_class(units).items() if n >= FEWEST}
    warnings = []
    for side in drawn:
        there = {label for unit in free if held_out.get(unit.contents[0]) == side for label in unit.counts}
        if enough - there:
            named = first_three(sorted(enough - there))
            warnings.append(f"Groups are kept together, so the {side} part has no picture of {named}.")
    numbers = Counter(held_out.get(content, "train") for unit in free for content in unit.contents)
    stands = {side: numbers[side] / numbers.total() for side in shares}
    if any(abs(stands[side] - share) > _FAR_OFF for side, share in shares.items()):
        wanted = "/".join(f"{100 * share:.0f}" for share in shares.values())
        told = ", ".join(f"{stands[side]:.0%} {side}" for side in shares)
        warnings.append(f"With groups kept together the parts are not {wanted} but {told}.")
    return warnings


def fold_shortfalls(dataset: Dataset, units: Sequence[Unit], fold_of: Mapping[str, int], folds: int) -> list[str]:
    """Return a warning of the classes that are in fewer units than there are folds.

    Raises
    ------
    UserError
        If a fold is empty, or there is one without whose test and val parts a class has nothing to train on.
    """
    drawable = len(may_be_held_out(units))
    if drawable < folds:
        raise UserError(
            f"{dataset.name}: {drawable} pictures, or groups of them, can't fill --folds {folds}; take fewer folds."
        )
    there: dict[str, set[int | None]] = {label: set() for label in dataset.classes}
    for unit in units:
        for label in unit.counts:
            there[label].add(fold_of.get(unit.contents[0]))
    # Fold n tests on n, validates on the next, and trains on all others.
    untaught = [label for label, own in there.items() if any(own <= {n, (n + 1) % folds} for n in own if n is not None)]
    if untaught:
        raise UserError(
            f"{dataset.name}: the groups of {first_three(untaught)} can't be dealt to --folds {folds} so that each has "
            "some to train on; try another --seed, or leave --folds out."
        )
    in_units = units_per_class(units)
    short = [f"{label} ({in_units[label]})" for label in dataset.classes if FEWEST <= in_units[label] < folds]
    if not short:
        return []
    return [
        f"Fewer pictures, or groups of them, than folds: {first_three(short)}; some folds can't judge these classes."
    ]
