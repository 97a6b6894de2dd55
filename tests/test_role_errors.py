"""The checker of buyers' lines: how often it is right, and what it leaves alone."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.assessor.reading import Reading
from bot.memory import Memory
from bot.mind import Mind, Stance
from bot.persona import Persona
from bot.persona_file import load_persona
from bot.session import Turn
from evals.role_errors import Kind, errors

LINES = Path(__file__).parents[1] / "evals" / "datasets" / "role-errors.yaml"
# Measured: 0.983 and 0.992, no kind under 0.92; a little lower here, since vectors differ between processors.
LEAST_PRECISION = 0.97
LEAST_RECALL = 0.97
LEAST_OF_A_KIND = 0.85


def rows() -> list[dict[str, Any]]:
    """The labelled lines."""
    return yaml.safe_load(LINES.read_text(encoding="utf-8"))


@cache
def persona(name: str) -> Persona:
    return load_persona(name, Path("no-such-folder"))


def turn(number: int, rep: str, line: str, stance: str = "guarded", earned: tuple[str, ...] = ()) -> Turn:
    return Turn(
        number=number,
        rep=rep,
        prospect=line,
        talk="neutral",
        act="answers",
        objection=None,
        stance=Stance(stance),
        mind=Mind(inertia=60, tension=20, trust=30, pressure=10, patience=50),
        reading=Reading(moves=(), specificity=0.0, talk_share=0.5, kind=None, unread=None, reader="none"),
        changes=(),
        earned=(),
        feedback=None,
        spoken_by="draft",
        memory=Memory(earned=earned),
    )


def found(row: dict[str, Any]) -> set[str]:
    """The kinds that the checker sees in a labelled line."""
    before = [turn(n, rep, line) for n, (rep, line) in enumerate(row.get("before", []), 1)]
    now = turn(
        len(before) + 1,
        row.get("rep", "How does it run today?"),
        row["line"],
        row.get("stance", "guarded"),
        tuple(row.get("earned", [])),
    )
    return {str(error.kind) for error in errors(now, before, persona(row["persona"]))}


@cache
def judged() -> list[tuple[set[str], set[str], str]]:
    return [(set(row["expected"]), found(row), row["line"]) for row in rows()]


def test_there_are_enough_lines_of_every_kind_and_enough_that_are_in_order() -> None:
    labelled = rows()
    assert len(labelled) >= 160
    assert sum(not row["expected"] for row in labelled) >= 60
    for kind in Kind:
        assert sum(kind in row["expected"] for row in labelled) >= 12, kind


def test_precision_and_recall_hold() -> None:
    right = sum(len(expected & seen) for expected, seen, _ in judged())
    flagged = sum(len(seen) for _, seen, _ in judged())
    due = sum(len(expected) for expected, _, _ in judged())
    precision, recall = right / flagged, right / due
    print(f"precision {precision:.3f} recall {recall:.3f} on {len(judged())} lines")
    assert precision >= LEAST_PRECISION
    assert recall >= LEAST_RECALL


@pytest.mark.parametrize("kind", list(Kind))
def test_recall_and_precision_of_every_kind_hold(kind: Kind) -> None:
    due = [seen for expected, seen, _ in judged() if kind in expected]
    flagged = [expected for expected, seen, _ in judged() if kind in seen]
    recall = sum(kind in seen for seen in due) / len(due)
    precision = sum(kind in expected for expected in flagged) / len(flagged)
    print(f"{kind}: precision {precision:.3f} recall {recall:.3f}")
    assert min(precision, recall) >= LEAST_OF_A_KIND
