"""The feedback contract, checked by code: what breaks it is not shown."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from bot.persona import Persona
from bot.session import Feedback, Note, Turn
from bot.words import runs_of

MOST_CITED = 3
# Five words in a row of which three mean something are nobody's by chance.
RUN, MEANING = 5, 3


@dataclass(frozen=True)
class Evidence:
    """What a feedback may rest on: the turn, the passages retrieved for it, and the persona with what is earned."""

    turn: Turn
    retrieved: Collection[str]
    persona: Persona


@dataclass(frozen=True)
class Fault:
    """A part of the feedback that breaks the contract, and how."""

    part: str
    why: str


def faults(feedback: Feedback, evidence: Evidence) -> list[Fault]:
    """Everything in a feedback that breaks the contract."""
    found: list[Fault] = []
    for part in ("landed", "fix"):
        note: Note | None = getattr(feedback, part)
        if note:
            found += [Fault(part, why) for why in _of_note(note, evidence)]
    hidden = unearned_runs(evidence.persona, evidence.turn)
    for part in ("landed", "fix", "remark", "rewrite"):
        value = getattr(feedback, part)
        text = value.what if isinstance(value, Note) else value
        if text and gives_away(text, hidden):
            found.append(Fault(part, "gives away what has not been earned"))
    return found


def _of_note(note: Note, evidence: Evidence) -> list[str]:
    why: list[str] = []
    if note.quote is not None and note.quote not in evidence.turn.rep:
        why.append("the quote is not in the rep's message")
    if any(citation.id not in evidence.retrieved for citation in note.citations):
        why.append("a cited passage was not retrieved for this turn")
    if len(note.citations) > MOST_CITED:
        why.append("more than three passages are cited")
    return why


def gives_away(text: str, hidden: frozenset[tuple[str, ...]]) -> bool:
    """Whether a text holds words that only an unearned part of the file has."""
    return bool(_runs(text) & hidden)


def unearned_runs(persona: Persona, turn: Turn) -> frozenset[tuple[str, ...]]:
    """Runs of five words that stand only in what this buyer has not yet told."""
    known: set[tuple[str, ...]] = set()
    hidden: set[tuple[str, ...]] = set()
    groups = (persona.all_needs, persona.facts, persona.consequences, persona.stakeholders)
    for item in (item for group in groups for item in group):
        runs = {run for text in (item.what, *item.says) for run in _runs(text)}
        (known if turn.memory.has_earned(item.id) else hidden).update(runs)
    for depth, why in enumerate(persona.whys):
        runs = {run for text in (why.what, *why.says) for run in _runs(text)}
        (known if turn.memory.has_earned(f"why:{depth}") else hidden).update(runs)
    for text in (*(item.text for item in persona.brief), turn.rep, turn.prospect):
        known |= _runs(text)
    return frozenset(hidden - known)


def _runs(text: str) -> set[tuple[str, ...]]:
    return runs_of(text, RUN, MEANING)
