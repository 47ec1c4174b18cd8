"""Sections about the run itself: its data, what stood in the way, its cost, and how to do it again."""

from __future__ import annotations

from headstart.report.figures.bars import costs
from headstart.report.sections.told import Section, Told, plain


def findings(told: Told) -> Section | None:
    """Return what the checks found in the data, errors first."""
    dataset = told.results["dataset"]
    severities = ("error", "warning", "note")
    return {
        "items": sorted(dataset["findings"], key=lambda finding: severities.index(finding["severity"])),
        "skipped": dataset["skipped"],
        "counts": sorted(dataset["pictures_per_class"].values()),
        "source": told.results["source"],
    }


def not_run(told: Told) -> Section | None:
    """Return the approaches that have no figures."""
    return {"items": told.results["not_run"]} if told.results["not_run"] else None


def warnings(told: Told) -> Section | None:
    """Return the sentences that belong to the figures."""
    return {"items": told.results["warnings"]} if told.results["warnings"] else None


def cost(told: Told) -> Section | None:
    """Return the seconds of each approach."""
    return {"rows": costs(told.results["approaches"])} if told.results["approaches"] else None


def reproduce(told: Told) -> Section | None:
    """Return the command, the versions, the settings and the hashes."""
    results = told.results
    weights: dict[str, list[str]] = {}
    for entry in results["approaches"]:
        if digest := (entry["weights"] or {}).get("content_sha256"):
            weights.setdefault(digest, []).append(entry["id"])
    environment = {key: value for key, value in results["environment"].items() if key != "packages"}
    return {
        "command": results["command"],
        "versions": {**plain(environment), **plain(results["environment"].get("packages"))},
        "settings": plain(results["settings"]),
        "weights": {digest: ", ".join(ids) for digest, ids in weights.items()},
    }
