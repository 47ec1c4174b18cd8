"""How results look in a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from headstart.documents import json_text, showable

FIGURES = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "precision_macro": "precision (macro)",
    "recall_macro": "recall (macro)",
    "f1_macro": "F1 (macro)",
    "mcc": "Matthews correlation",
    "top5_accuracy": "accuracy, top 5",
    "log_loss": "log loss",
}


def print_json(document: Any) -> None:  # noqa: ANN401 - any JSON document
    """Print one JSON document on stdout."""
    print(json_text(document))


def print_figures(figures: Mapping[str, Any], title: str) -> None:
    """Print the main figures with their 95 % intervals and chance."""
    rows = [
        (words, f"{figures[name]['value']:.3f}", f"{figures[name]['low']:.3f} – {figures[name]['high']:.3f}")
        for name, words in FIGURES.items()
        if name in figures
    ]
    print_table(title, ("", "value", "95 % interval"), [*rows, ("chance", f"{figures['chance']:.3f}", "")])


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table; all but the first column are aligned to the right. Cells are text, never markup."""
    table = Table(title=Text(title), title_justify="left", box=None, pad_edge=False)
    for number, name in enumerate(columns):
        table.add_column(name, justify="right" if number else "left", no_wrap=not number)
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    console = Console(highlight=False, soft_wrap=True)
    with console.capture() as text:
        console.print(table)
    print(text.get(), end="")  # rich ends the program by itself where a reader went away


_SHOWN = 3  # items of a finding


def print_findings(document: Mapping[str, Any]) -> None:
    """Print what `check` found: a paragraph each, the errors first."""
    from headstart.report.check_page import verdict
    from headstart.report.page import shown

    print(f"{document['pictures']} pictures of {len(document['classes'])} classes in {shown(document['data'])}\n")
    for finding in document["findings"]:
        print(f"{finding['severity'].upper():8}{finding['code']}: {shown(finding['what'])}")
        for item in finding["items"][:_SHOWN]:
            print(f"          {shown(item if isinstance(item, str) else ' = '.join(item[:_SHOWN]))}")
        if finding["count"] > _SHOWN:
            print(f"          … and {finding['count'] - _SHOWN} more")
        print(f"        → {finding['advice']}")
    print(f"\n{verdict(document)}")


def print_comparison(results: Mapping[str, Any]) -> None:
    """Print the table of approaches, the best on val first, and the verdict."""
    from headstart.jobs.comparing.judged import in_order
    from headstart.report.words import said

    entries = {entry["id"]: entry for entry in results["approaches"]}
    split = results["split"]
    if entries:
        name = showable(results["dataset"]["name"])
        title = f"{name}: {split['val']} val pictures to choose by, {split['test']} test pictures"
        rows = [_row(entries[name]) for name in in_order(list(entries.values()))]
        chance = ("chance", "", f"{results['verdict']['chance']:.3f}", "", "")
        print_table(title, ("", "val", "test", "95 % interval", "seconds"), [*rows, chance])
        if any(_is_starved(entry) for entry in entries.values()):
            print("* had not converged when its training ended")
        print()
    for each in results["not_run"]:
        print(showable(f"Not run: {each['id']}: {each['why']}"))
    for statement in results["verdict"]["statements"]:
        print(showable(said("en", statement["key"], statement["values"])))  # names of classes may be any text


def _row(entry: Mapping[str, Any]) -> tuple[str, ...]:
    """Return an approach as a row; a network that hadn't converged is marked."""
    accuracy = entry["test"]["accuracy"]
    return (
        f"{entry['id']} *" if _is_starved(entry) else entry["id"],
        f"{entry['val']['accuracy']:.3f}",
        f"{accuracy['value']:.3f}",
        f"{accuracy['low']:.3f} – {accuracy['high']:.3f}",
        f"{sum(entry['seconds'].values()):.1f}",
    )


def _is_starved(entry: Mapping[str, Any]) -> bool:
    training = entry.get("training")
    return bool(training and not training["converged"])
