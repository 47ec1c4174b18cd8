"""What is wrong, or looks wrong, with a set of pictures. A new check is a function and an entry in `CHECKS`."""

from __future__ import annotations

from collections.abc import Sequence

from headstart.data.audit.classes import few_pictures, given_away, imbalance, missing_in_part, similar_names
from headstart.data.audit.copies import (
    changed_since_split,
    duplicates,
    duplicates_across_classes,
    duplicates_across_splits,
    groups_across_splits,
    near_duplicates,
    possible_groups,
)
from headstart.data.audit.files import damaged, skipped
from headstart.data.audit.finding import SEVERITIES, Audited, Check, Finding
from headstart.data.audit.looks import looks

__all__ = ["CHECKS", "Audited", "Check", "Finding", "audit", "by_severity"]

CHECKS: tuple[Check, ...] = (
    duplicates_across_splits,
    groups_across_splits,
    near_duplicates,
    duplicates_across_classes,
    missing_in_part,
    changed_since_split,
    skipped,
    damaged,
    duplicates,
    few_pictures,
    imbalance,
    similar_names,
    possible_groups,
    given_away,
    looks,
)


def audit(audited: Audited) -> list[Finding]:
    """Return the findings of all checks, errors first."""
    return by_severity([finding for check in CHECKS for finding in check(audited)])


def by_severity(findings: Sequence[Finding]) -> list[Finding]:
    """Return ``findings`` with the errors first and the notes last."""
    return sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity))
