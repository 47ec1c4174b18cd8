"""Files that can't be used, or only in part."""

from __future__ import annotations

from collections import defaultdict

from headstart.data.audit.finding import NOTE, WARNING, Audited, Finding, counted, numbered, of_pictures

_REASONS: dict[str, tuple[str, str, str]] = {
    "unreadable": (WARNING, "can't be read, or not to [its|their] end", "Replace by good copies, or delete."),
    "empty-file": (WARNING, "[is|are] empty", "Replace by good copies, or delete."),
    "not-a-picture": (
        WARNING,
        "[is no picture, whatever its name says|are no pictures, whatever their names say]",
        "Often a web page that a failed download left. JPEG, PNG, WebP, GIF, BMP and TIFF are read.",
    ),
    "too-many-pixels": (WARNING, "would unfold to more pixels than is safe", "Scale down what is genuine."),
    "too-large": (WARNING, "[is|are] larger than any picture here may be", "Scale down what is genuine."),
    "too-slow": (WARNING, "took too long to decode", "Save anew with another program, or delete."),
    "crashes-decoder": (WARNING, "made the decoder crash", "Save anew with another program, or delete."),
    "unsupported-mode": (
        WARNING,
        "hold[s|] values that can't be made colours faithfully",
        "Save as pictures of 8 or 16 bits a value.",
    ),
    "changed": (WARNING, "changed while [it was|they were] read", "Run again when nothing writes to the data."),
    "missing-file": (WARNING, "[is|are] listed but not there", "Correct the paths in the list, or add the files."),
    "no-label": (WARNING, "[is|are] listed without a label", "Fill in the label, or leave the rows out."),
    "broken-link": (
        WARNING,
        "[is a link that leads|are links that lead] nowhere",
        "Restore what is missing, or delete.",
    ),
    "link-in-archive": (
        WARNING,
        "[is a link|are links] in an archive, where none is followed",
        "Pack the pictures themselves.",
    ),
    "outside-archive": (
        WARNING,
        "would lie outside the archive",
        "Pack the pictures anew, from the folder they are in.",
    ),
    "not-a-file": (NOTE, "[is|are] neither file nor folder", "Nothing needs to be done, unless a list names them."),
    "link-loop": (NOTE, "[leads|lead] to a folder that was read already", "Nothing needs to be done."),
    "listed-twice": (NOTE, "[is|are] listed more than once", "Nothing needs to be done: they are used once."),
    "hidden": (NOTE, "[is|are] hidden", "Nothing needs to be done."),
    "outside-class-folders": (
        NOTE,
        "[lies|lie] outside the class folders",
        "Move pictures into the folder of their class.",
    ),
}
"""Severity, what is wrong and what to do, by the reason for which a file was skipped."""

_OTHER = (NOTE, "[was|were] skipped", "docs/formats.md says what the reason means.")


def skipped(audited: Audited) -> list[Finding]:
    """Every file that isn't used, a finding for each reason."""
    paths: dict[str, list[str]] = defaultdict(list)
    for each in audited.pictures.dataset.skipped:
        paths[each.reason].append(each.path)
    findings = []
    for reason, own in paths.items():
        severity, what, advice = _REASONS.get(reason, _OTHER)
        sentence = f"{counted('file', len(own))} {numbered(what, len(own))}."
        findings.append(Finding(reason, severity, sentence, tuple(own), advice))
    return findings


def damaged(audited: Audited) -> list[Finding]:
    """Pictures that decode, though a strict decoder complains."""
    return of_pictures(
        audited,
        audited.pictures.facts["damaged"],
        "damaged",
        WARNING,
        what="can be decoded, but [its file is|their files are] damaged: part of what is seen may be missing or wrong",
        advice="Look at them; replace by good copies, or delete. They are used until then.",
    )
