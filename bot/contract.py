"""The feedback contract, checked by code: what breaks it is not shown."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from bot.persona import Persona
from bot.session import Feedback, Note, Turn
from bot.words import runs_of

Run = tuple[str, ...]
MOST_CITED = 3
# Five words in a row of which three mean something are nobody's by chance.
RUN, MEANING = 5, 3


@dataclass(frozen=True)
class FileRuns:
    """Runs of words of a persona's file, by the item that must be earned first; `public` ones anybody may say."""

    earned: dict[str, frozenset[Run]]
    public: frozenset[Run]


@dataclass(frozen=True)
class Evidence:
    """What a feedback may rest on: the turn, the passages retrieved for it, and what is not to be given away."""

    turn: Turn
    retrieved: Collection[str]
    hidden: frozenset[Run]


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
    for part in ("landed", "fix", "remark", "rewrite"):
        value = getattr(feedback, part)
        text = value.what if isinstance(value, Note) else value
        if text and gives_away(text, evidence.hidden):
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


def unearned_runs(file: FileRuns, turn: Turn) -> frozenset[Run]:
    """Runs of words that stand only in what this buyer has not yet told."""
    known = set(file.public) | _runs(turn.rep) | _runs(turn.prospect)
    hidden: set[Run] = set()
    for name, mine in file.earned.items():
        (known if turn.memory.has_earned(name) else hidden).update(mine)
    return frozenset(hidden - known)


def runs_of_file(persona: Persona) -> FileRuns:
    """The runs of words of a persona's file: of each item that must be earned, and of the brief."""
    groups = (persona.all_needs, persona.facts, persona.consequences, persona.stakeholders)
    items = [(item.id, (item.what, *item.says)) for group in groups for item in group]
    items += [(f"why:{depth}", (why.what, *why.says)) for depth, why in enumerate(persona.whys)]
    earned = {name: frozenset(run for text in texts for run in _runs(text)) for name, texts in items}
    return FileRuns(earned, frozenset(run for item in persona.brief for run in _runs(item.text)))


def _runs(text: str) -> set[tuple[str, ...]]:
    return runs_of(text, RUN, MEANING)
