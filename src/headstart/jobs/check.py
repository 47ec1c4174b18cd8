"""``headstart check``: what is broken, duplicated, leaking or suspicious, before a minute is spent on training."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from headstart.addresses import Address
from headstart.data.audit import audit, by_severity
from headstart.data.audit.finding import ERROR, WARNING, Audited, Finding
from headstart.data.inspect import Inspected
from headstart.data.split import SHARES, new_split, read_split
from headstart.documents import write_document
from headstart.errors import UserError
from headstart.folders import check_out, folder_in_place_of
from headstart.jobs.environment import environment
from headstart.jobs.pictures import Pictures, check_fit, check_folds, pictures_of
from headstart.jobs.thumbnails import thumbnails_of
from headstart.progress import Entered, Listener
from headstart.settings import CheckSettings

FORMAT = 1
PAGE, DOCUMENT = "check.html", "check.json"

_THUMBNAIL = 112  # pixels
_MOST = 400  # thumbnails


def run_check(settings: CheckSettings, listen: Listener) -> dict[str, Any]:
    """Return everything that was found in the data, and write it as a page if ``out`` says where.

    Raises
    ------
    UserError
        For settings that can't be, or a source that can't be read at all.
    """
    check_fit(settings.fit)
    check_folds(settings.folds)
    if settings.out:
        check_out(settings.out, settings.data, (PAGE, DOCUMENT), DOCUMENT)
    split = read_split(settings.split) if settings.split else None
    with pictures_of(
        settings.data, listen, exclude=settings.exclude, group_by=settings.group_by, fewest_classes=1
    ) as pictures:
        listen(Entered("looking for what is wrong"))
        found = audit(Audited(pictures.inspected, pictures.together, settings.fit, split))
        findings = by_severity([*found, *_of_the_split(settings, pictures)])
        document = _document(settings.data, pictures, findings)
        if settings.out:
            thumbnails = {} if settings.no_pictures else _thumbnails(pictures, findings)
            _write(settings.out, document, thumbnails)
    return document


def _of_the_split(settings: CheckSettings, pictures: Pictures) -> list[Finding]:
    """Return what would keep `train` from splitting the data, or what it would warn of."""
    if any(record.part for record in pictures.dataset.records) and not settings.folds:
        return []  # copies across ready-made parts have a finding of their own
    try:
        _, warnings = new_split(pictures.dataset, 0, pictures.together.units, settings.folds or 0)
    except UserError as error:
        return [Finding("no-split", ERROR, str(error), (), "Without a split nothing can be trained or judged.")]
    return [Finding("split", WARNING, warning, (), "Add pictures to these classes.") for warning in warnings]


def _document(data: Path | Address, pictures: Pictures, findings: list[Finding]) -> dict[str, Any]:
    dataset, facts = pictures.dataset, pictures.inspected.facts
    counts = dataset.counts()
    counts.update(dict.fromkeys(pictures.inspected.lost, 0))
    parts: dict[str, Counter[str]] = {part: Counter() for part in SHARES}
    for record in dataset.records:
        if record.part:
            parts[record.part][record.label] += 1
    names = [*dataset.classes, *pictures.inspected.lost]
    grouped = any(record.group is not None for record in dataset.records)
    return {
        "format": FORMAT,
        "data": data.name if isinstance(data, Address) else data.resolve().name,
        "pictures": len(dataset.records),
        "classes": {name: counts[name] for name in names},
        "parts": {part: {name: own[name] for name in names} for part, own in parts.items() if own} or None,
        "groups": pictures.together.of(np.arange(len(facts))) if grouped else None,
        "sizes": _sizes(pictures.inspected),
        "modes": _counted(pictures.inspected, "mode"),
        "formats": _counted(pictures.inspected, "format"),
        "findings": [finding.document() for finding in findings],
        "skipped": [s.document() for s in dataset.skipped],
        "environment": environment("none"),
    }


def _sizes(pictures: Inspected) -> dict[str, list[int]] | None:
    facts = pictures.facts
    if not len(facts):
        return None
    order = np.argsort(facts["width"].astype(np.int64) * facts["height"], kind="stable")
    places = {"smallest": order[0], "median": order[len(order) // 2], "largest": order[-1]}
    return {name: [int(facts["width"][i]), int(facts["height"][i])] for name, i in places.items()}


def _counted(pictures: Inspected, column: str) -> dict[str, int]:
    counts = Counter(pictures.names[code] for code in pictures.facts[column].tolist())
    return dict(counts.most_common())


def _thumbnails(pictures: Pictures, findings: Iterable[Finding]) -> dict[str, bytes]:
    """Return small JPEG pictures, without any metadata, of what the page shows first, by path."""
    from headstart.report.check_page import COPIES, ITEMS

    known = {record.path for record in pictures.dataset.records}
    wanted: dict[str, None] = {}
    for finding in findings:
        for item in finding.items[:ITEMS]:
            paths = [item] if isinstance(item, str) else item[:COPIES]
            wanted.update(dict.fromkeys(path for path in paths if path in known))
    return dict(thumbnails_of(pictures.dataset, list(wanted)[:_MOST], _THUMBNAIL))


def _write(out: Path, document: dict[str, Any], thumbnails: dict[str, bytes]) -> None:
    from headstart.report.check_page import check_page

    out.parent.mkdir(parents=True, exist_ok=True)
    with folder_in_place_of(out) as partial:
        (partial / PAGE).write_text(check_page(document, thumbnails), encoding="utf-8")
        write_document(document, partial / DOCUMENT)
