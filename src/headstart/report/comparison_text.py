"""``report.md``: a comparison as text, for pull requests, e-mails and notes. Nothing is computed here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from headstart.markdown import code_block, plain, table
from headstart.report.comparison_document import by_merit, whole
from headstart.report.comparison_page import statements
from headstart.report.figures.wording import NONE, chance_of, ends, share, signed
from headstart.report.page import shortened
from headstart.report.words import said

Document = Mapping[str, Any]
Say = Callable[..., str]

_FIGURES = ("balanced_accuracy", "f1_macro", "mcc", "log_loss", "ece")
"""Columns of the table beside accuracy."""


def comparison_text(results: Document, lang: str = "en") -> str:
    """Return the report of a comparison as Markdown.

    Parameters
    ----------
    results
        The document of a comparison, as in ``results.json`` (format 1).
    lang
        One of `headstart.report.words.LANGUAGES`.
    """
    document, say = whole(results), partial(_said, lang)
    title = f"# {plain(say('page.title', name=document['dataset']['name']))}"
    verdict = [_section(say("page.verdict"), _list(statements(document["verdict"], lang)))]
    sections = (section for make in _SECTIONS for section in make(document, say, lang))
    return "\n\n".join([title, *verdict, *sections]) + "\n"


def _said(lang: str, key: str, **values: object) -> str:
    return said(lang, key, values)


def _section(heading: str, *blocks: str) -> str:
    return "\n\n".join((f"## {plain(heading)}", *blocks))


def _list(sentences: Iterable[str]) -> str:
    """Return a list of ``sentences``, whose names may be anything."""
    return "\n".join(f"- {plain(each)}" for each in sentences)


def _name(text: object) -> str:
    return plain(shortened(str(text)))


def _approaches(document: Document, say: Say, lang: str) -> list[str]:
    entries = by_merit(document["approaches"], document["verdict"]["winner"])
    if not entries:
        return []
    header = [
        say("page.approach"),
        say("page.val"),
        say("figure.accuracy"),
        say("page.interval.head"),
        *(say(f"column.{figure}") for figure in _FIGURES),
        say("page.seconds.head"),
        say("page.converged"),
    ]
    rows = [
        [
            _name(entry["id"]),
            share(entry["val"].get("accuracy")),
            _value(entry["test"].get("accuracy")),
            ends(entry["test"].get("accuracy")) or NONE,
            *(_value(entry["test"].get(figure)) for figure in _FIGURES),
            f"{sum(value or 0.0 for value in entry['seconds'].values()):.1f}",
            _converged(entry["training"], say),
        ]
        for entry in entries
    ]
    split, chance = document["split"], share(document["verdict"]["chance"])
    lead = say("text.approaches", pictures=split["test"], opened=split["test_opened"], chance=chance)
    return [_section(say("page.approaches"), plain(lead), table([plain(cell) for cell in header], rows))]


def _value(interval: Mapping[str, float | None] | None) -> str:
    return share(interval["value"] if interval else None)


def _converged(training: Document | None, say: Say) -> str:
    if training is None:
        return NONE
    return plain(say("page.converged" if training.get("converged") else "page.converged.not"))


def _pairs(document: Document, say: Say, lang: str) -> list[str]:
    claimed = [pair for pair in document["pairs"] if pair["kind"] == "confirmatory"]
    if not claimed:
        return []
    header = [say(key) for key in ("page.pair", "page.difference", "page.interval.head", "page.only", "page.p_holm")]
    rows = [
        [
            f"{_name(pair['a'])} {plain(say('page.against'))} {_name(pair['b'])}",
            signed(pair["difference"]["value"]),
            ends(pair["difference"], signs=True) or NONE,
            NONE if pair["only_a"] is None else plain(say("page.only.is", a=pair["only_a"], b=pair["only_b"])),
            chance_of(pair["p_holm"]),
        ]
        for pair in claimed
    ]
    caption = plain(say("page.pairs.caption"))
    others = len(document["pairs"]) - len(claimed)
    more = [plain(say("text.exploratory", count=others))] if others else []
    return [_section(say("page.pairs"), caption, table([plain(cell) for cell in header], rows), *more)]


def _repeats(document: Document, say: Say, lang: str) -> list[str]:
    repeats = document["repeats"]
    if not repeats:
        return []
    header = [say(key) for key in ("page.approach", "page.mean", "page.range")]
    rows = [[_name(name), share(of["mean"]), ends(of)] for name, of in repeats["accuracy"].items()]
    lead = plain(say("page.repeats.lead", count=len(repeats["seeds"])))
    return [_section(say("page.repeats"), lead, table([plain(cell) for cell in header], rows))]


def _curve(document: Document, say: Say, lang: str) -> list[str]:
    told = [said(lang, each["key"], each["values"]) for each in (document["curve"] or {}).get("statements", [])]
    return [_section(say("page.curve"), _list(told))] if told else []


def _warnings(document: Document, say: Say, lang: str) -> list[str]:
    if not document["warnings"]:
        return []
    return [_section(say("page.warnings"), *_in_english(say), _list(document["warnings"]))]


def _in_english(say: Say) -> list[str]:
    """Return the note that what follows is English, in other languages."""
    note = say("text.in_english")
    return [plain(note)] if note else []


def _findings(document: Document, say: Say, lang: str) -> list[str]:
    dataset = document["dataset"]
    told = [
        f"- **{plain(say('page.severity.' + finding['severity']))}** {plain(finding['code'])}: "
        + " ".join(plain(finding[part]) for part in ("what", "advice") if finding.get(part))
        for finding in dataset["findings"]
    ]
    blocks = [*_in_english(say), "\n".join(told)] if told else [plain(say("page.findings.none"))]
    if dataset["skipped"]:
        blocks.append(plain(say("page.findings.skipped", count=len(dataset["skipped"]))))
    if document["source"]:
        told_of_it = document["source"].get("sentence") or ""
        blocks.append(plain(say("text.fact", what=say("page.source"), value=told_of_it)))
    return [_section(say("page.findings"), *blocks)]


def _suspects(document: Document, say: Say, lang: str) -> list[str]:
    suspects = document["seeing"].get("suspects") if document["seeing"] else None
    if not suspects:
        return []
    values = {name: suspects[name] for name in ("found", "checked", "on")}
    told = [say("page.suspects.lead", **values) if suspects["found"] else say("page.suspects.none", **values)]
    if suspects["test_count"]:
        told.append(say("page.suspects.test.lead", count=suspects["test_count"]))
    return [_section(say("page.suspects"), *map(plain, told))]


def _not_run(document: Document, say: Say, lang: str) -> list[str]:
    if not document["not_run"]:
        return []
    told = [
        f"- **{_name(each['id'])}** ({plain(say('page.not_run.' + each['reason']))}): {plain(each['why'])}"
        for each in document["not_run"]
    ]
    return [_section(say("page.not_run"), *_in_english(say), "\n".join(told))]


def _reproduce(document: Document, say: Say, lang: str) -> list[str]:
    dataset, split, made_with = document["dataset"], document["split"], document["environment"]
    packages = made_with.get("packages") or {}
    facts = [
        say("page.reproduce.split", rule=split["rule"], seed=split["seed"]),
        say("text.fact", what=say("page.reproduce.hash.data"), value=dataset["sha256"]),
        say("text.fact", what=say("page.reproduce.hash.split"), value=split["sha256"]),
        f"headstart {made_with.get('headstart')}, Python {made_with.get('python')}, {made_with.get('engine')}",
        ", ".join(f"{name} {version}" for name, version in packages.items()),
    ]
    command = [code_block("sh", document["command"])] if document["command"] else []
    blocks = (plain(say("page.reproduce.lead")), *command, _list(fact for fact in facts if fact))
    return [_section(say("page.reproduce"), *blocks, plain(say("page.reproduce.method")))]


_SECTIONS: Sequence[Callable[[Document, Say, str], list[str]]] = (
    _approaches,
    _pairs,
    _repeats,
    _curve,
    _warnings,
    _findings,
    _suspects,
    _not_run,
    _reproduce,
)
