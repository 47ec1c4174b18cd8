"""Pictures that are there more than once, and files changed since a split was made."""

from __future__ import annotations

from collections import defaultdict

from headstart.data.audit.finding import ERROR, WARNING, Audited, Finding, of_groups
from headstart.data.duplicates import copies
from headstart.data.recordings import possible_recordings
from headstart.data.split import changes_since, shared_between_parts, without_left_out
from headstart.errors import first_three


def duplicates(audited: Audited) -> list[Finding]:
    """Copies within a class and a part; other copies are errors, below."""
    records = audited.pictures.dataset.records
    return of_groups(
        audited,
        [group for group in copies(records) if len({(records[i].label, records[i].part) for i in group}) == 1],
        "duplicate",
        WARNING,
        what="{n} [picture stands|pictures stand] in the same class more than once.",
        advice="Keep one of each: copies count double and say nothing new. headstart fix leaves them out.",
    )


def duplicates_across_classes(audited: Audited) -> list[Finding]:
    """Copies with different labels."""
    records = audited.pictures.dataset.records
    return of_groups(
        audited,
        [group for group in copies(records) if len({records[i].label for i in group}) > 1],
        "duplicate-across-classes",
        ERROR,
        what="{n} [picture stands|pictures stand] in several classes: at least one of the labels is wrong.",
        advice="Decide which label is right and delete the other copies. headstart fix leaves all of them out.",
    )


def duplicates_across_splits(audited: Audited) -> list[Finding]:
    """Copies in several ready-made parts."""
    return of_groups(
        audited,
        shared_between_parts(audited.pictures.dataset.records),
        "duplicate-across-splits",
        ERROR,
        what="{n} [picture stands|pictures stand] in several of the ready-made parts: figures on them flatter the "
        "model.",
        advice="Train with --resplit (splits anew, copies together), or with --dedupe-test (takes copies out of test).",
    )


def groups_across_splits(audited: Audited) -> list[Finding]:
    """Groups that the data names, with pictures in several ready-made parts."""
    records = audited.pictures.dataset.records
    members: dict[str, list[int]] = defaultdict(list)
    for position, record in enumerate(records):
        if record.group is not None:
            members[record.group].append(position)
    return of_groups(
        audited,
        [group for group in members.values() if len({records[i].part for i in group}) > 1],
        "group-across-splits",
        ERROR,
        what="{n} [group has|groups have] pictures in several of the ready-made parts: figures on them flatter the "
        "model.",
        advice="Train with --resplit, which splits anew and keeps groups together.",
    )


def near_duplicates(audited: Audited) -> list[Finding]:
    """Clusters of pictures that look nearly the same: within a part, across parts, and too large to mean much."""
    records = audited.pictures.dataset.records
    large = set(audited.together.too_large)
    clusters = [cluster for cluster in audited.together.near if cluster not in large]
    across = {cluster for cluster in clusters if len({records[i].part for i in cluster}) > 1}
    return [
        *of_groups(
            audited,
            [cluster for cluster in clusters if cluster not in across],
            "near-duplicate",
            WARNING,
            what="{n} [group of pictures looks|groups of pictures look] nearly the same.",
            advice="Look at them. A split that headstart draws keeps each group on one side; a group is worth little "
            "more than one picture.",
        ),
        *of_groups(
            audited,
            sorted(across),
            "near-duplicate-across-splits",
            ERROR,
            what="{n} [group of pictures that look nearly the same stands|groups of pictures that look nearly the same "
            "stand] in several of the ready-made parts.",
            advice="Look at them; if they show the same thing, train with --resplit, or with --dedupe-test where they "
            "are in test.",
        ),
        *of_groups(
            audited,
            sorted(large),
            "many-alike",
            WARNING,
            what="{n} [group of pictures looks nearly the same, and is|groups of pictures look nearly the same, and "
            "each is] too large a part of a class to be kept on one side of a split.",
            advice="If they show one thing, say which pictures belong together with --group-by; if the class just "
            "looks alike, nothing needs to be done.",
        ),
    ]


def possible_groups(audited: Audited) -> list[Finding]:
    """Names that look like bursts, patients or frames of one recording."""
    records = audited.pictures.dataset.records
    if any(record.group is not None for record in records):
        return []
    found = possible_recordings(records)
    if found is None:
        return []
    pictures = sum(map(len, found.groups))
    return of_groups(
        audited,
        found.groups,
        "possible-groups",
        WARNING,
        what=f"The names of {pictures} pictures look like {{n}} [group|groups] ({found.sign}): if they are, a split by "
        "picture puts the same thing into train and test.",
        advice=f"If they belong together, add --group-by '{found.expression}'.",
    )


def changed_since_split(audited: Audited) -> list[Finding]:
    """Pictures added, removed, altered, or given other labels or copies since the saved split was made."""
    split, dataset = audited.split, audited.pictures.dataset
    if split is None:
        return []
    items = [f"{how}: {path}" for how, paths in changes_since(split, dataset).items() for path in paths]
    if items:
        what = f"The data isn't what the split was made of: {first_three(items, '; ')}."
    elif without_left_out(dataset, split).sha256 != split.dataset_sha256:
        what = "The data isn't what the split was made of: labels or copies changed."
    else:
        return []
    return [
        Finding(
            "changed-since-split",
            ERROR,
            what,
            tuple(items),
            "Restore the data to go on with this split, or make a new one, whose figures can't be compared.",
        )
    ]
