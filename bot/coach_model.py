"""A model's words for the feedback, held to the same contract as the coach's own."""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pydantic import BaseModel, Field

from bot.caller import Caller
from bot.calling import Message
from bot.coach import Prepared
from bot.contract import Evidence, faults, gives_away
from bot.mind import GAUGES
from bot.moves import Code
from bot.persona import Persona
from bot.session import Call, Citation, Feedback, Note, Session, Turn
from prompts.templates import as_data, load

if TYPE_CHECKING:
    from bot.build import Trainer
    from knowledge.search import Hit

LAST_LINES = 4
QUOTED = re.compile(r"[“\"]([^“”\"]{4,})[”\"]")
MOST_WORDS = 60
MOST_PASSAGE = 420


class SaidNote(BaseModel):
    """One note in the model's words."""

    quote: str | None = None
    what: str = Field(min_length=8, max_length=600)
    cites: list[str] = Field(default_factory=list, max_length=3)


class Said(BaseModel):
    """The whole feedback in the model's words."""

    landed: SaidNote | None = None
    fix: SaidNote | None = None
    rewrite: str = Field(min_length=8, max_length=500)
    next_question: str = Field(min_length=4, max_length=300)


def reworded(
    trainer: Trainer,
    caller: Caller,
    persona: Persona,
    session: Session,
    turn: Turn,
    prepared: Prepared,
    calls: list[Call],
    left: threading.Event | None = None,
) -> Feedback:
    """The feedback in a model's words. Raises Trouble where it gives none that holds, even when asked again."""
    embedded, evidence, hits = prepared.feedback, prepared.evidence, prepared.hits
    messages: list[Message] = [
        ("system", _stable(trainer, persona)),
        ("user", _moment(session, turn, embedded, hits)),
    ]
    by_id = {hit.id: hit for hit in hits}

    def made(said: Said) -> Feedback:
        return embedded.model_copy(
            update={
                "landed": _note(said.landed, embedded.landed, turn, by_id),
                "fix": _note(said.fix, embedded.fix, turn, by_id),
                "remark": None if said.landed or said.fix else embedded.remark,
                "rewrite": said.rewrite if embedded.rewrite else None,
                "next_question": said.next_question,
                "by": f"the model {caller.model.label}",
            }
        )

    def check(said: Said) -> str | None:
        return _wrong(trainer, said, made(said), turn, embedded, evidence, set(by_id))

    return made(caller.ask(messages, Said, calls, check, left))


def _wrong(
    trainer: Trainer, said: Said, feedback: Feedback, turn: Turn, embedded: Feedback, evidence: Evidence, ids: set[str]
) -> str | None:
    for part in ("landed", "fix"):
        note: SaidNote | None = getattr(said, part)
        if note is None:
            continue
        if getattr(embedded, part) is None:
            return f"{part}: nothing in this turn bears one out; give null"
        if note.quote is not None and note.quote not in turn.rep:
            return f"{part}.quote is not in the rep's last message letter for letter"
        if [name for name in note.cites if name not in ids]:
            return f"{part}.cites names a passage that was not given"
        if ids and not note.cites:
            return f"{part}.cites is empty; name one to three of the passages"
        if any(words not in turn.rep for words in QUOTED.findall(note.what)):
            return f"{part}.what quotes what the rep did not say; quote the rep's last message alone"
    found = faults(feedback, evidence)
    if found:
        return f"{found[0].part}: {found[0].why}"
    if gives_away(said.next_question, evidence.hidden):
        return "next_question gives away what has not been earned"
    if said.rewrite.strip() in turn.rep or len(said.rewrite.split()) > MOST_WORDS:
        return "rewrite has to be a new line of at most sixty words"
    costs = trainer.reader.read(said.rewrite, turn.prospect).costly
    return f"rewrite reads as {costs[0].code.replace('_', ' ')}" if costs else None


def _note(said: SaidNote | None, embedded: Note | None, turn: Turn, hits: dict[str, Hit]) -> Note | None:
    if said is None or embedded is None:
        return None
    cited = [hits[name] for name in said.cites if name in hits]
    return embedded.model_copy(
        update={
            "quote": said.quote,
            "what": said.what,
            "citations": tuple(Citation(id=h.id, title=h.title, source=h.source) for h in cited),
        }
    )


def _stable(trainer: Trainer, persona: Persona) -> str:
    codes = trainer.codes
    return load("coach").fill_stable(
        name=persona.name,
        role=persona.role,
        company=persona.company,
        brief="\n".join(f"- {as_data(item.text)}" for item in persona.brief),
        principles="\n".join(
            [f"- {one.title}: {one.asks}" for one in trainer.rubric.values()]
            + [f"- {code}: {what}" for code, what in codes.items()]
        ),
    )


def _moment(session: Session, turn: Turn, embedded: Feedback, hits: Sequence[Hit]) -> str:
    earlier = session.turns[-LAST_LINES:]
    lines = [part for t in earlier for part in (f"Rep: {as_data(t.rep[:600])}", f"Buyer: {as_data(t.prospect)}")]
    moved = {g: sum(c.amount for c in turn.changes if c.gauge == g) for g in GAUGES}
    read = [f"{m.code} “{as_data(m.quote)}”" for m in turn.reading.moves if m.code != Code.OTHER]
    told = [earned.what for t in (*session.turns, turn) for earned in t.earned]
    return load("coach").fill_moment(
        lines="\n".join(lines) or "none",
        rep=as_data(turn.rep[:1600]),
        prospect=as_data(turn.prospect),
        moves="; ".join(read) or "none",
        moved=", ".join(f"{gauge} {amount:+.0f}" for gauge, amount in moved.items() if abs(amount) >= 1) or "nothing",
        earned="; ".join(as_data(what) for what in told) or "nothing yet",
        passages="\n".join(f"- {hit.id}: {as_data(hit.text[:MOST_PASSAGE])}" for hit in hits) or "none",
        landed=_draft(embedded.landed),
        fix=_draft(embedded.fix),
        rewrite=as_data(embedded.rewrite or "none"),
        next=as_data(embedded.next_question),
    )


def _draft(note: Note | None) -> str:
    if note is None:
        return "null."
    return (
        f"“{as_data(note.quote or 'no quote')}” {as_data(note.what)} cites {', '.join(c.id for c in note.citations)}."
    )
