"""The line a rep could say now: from the brief and what has been earned, nothing else."""

from __future__ import annotations

import random
from functools import lru_cache
from typing import TYPE_CHECKING

from bot.assessor.reader import Reader
from bot.assessor.reading import Reading
from bot.contract import Run, gives_away
from bot.heard import Heard
from bot.mind import Mind, Stance
from bot.moves import Code
from bot.persona import Coached, Persona
from bot.session import Session, Turn
from bot.speech import clause_of
from knowledge.encoder import Vectors

if TYPE_CHECKING:
    from bot.build import Trainer

# What mends a fault, the first that the moment allows.
MENDS: dict[str, tuple[Code, ...]] = {
    "pitch": (Code.INSIGHT, Code.OPEN_QUESTION, Code.TAILORING),
    "generic_claim": (Code.INSIGHT, Code.TAILORING),
    "pressure": (Code.PERMISSION, Code.OPEN_QUESTION),
    "telling": (Code.OPEN_QUESTION, Code.INSIGHT),
    "pain_fishing": (Code.INSIGHT, Code.TAILORING, Code.OPEN_QUESTION),
    "flattery": (Code.TAILORING, Code.OPEN_QUESTION),
    "rebuttal": (Code.REFLECTION, Code.OPEN_QUESTION),
    "vision_early": (Code.INSIGHT, Code.CONSEQUENCE, Code.OPEN_QUESTION),
    "next_step_early": (Code.INSIGHT, Code.OPEN_QUESTION, Code.CONSEQUENCE),
    "repeat": (Code.OPEN_QUESTION, Code.UNKNOWNS, Code.CONSEQUENCE),
    "unspecific": (Code.INSIGHT, Code.TAILORING),
    "contradicted": (Code.TAILORING, Code.INSIGHT),
    "question_on_top": (Code.INSIGHT, Code.UNKNOWNS),
    "no_question": (Code.OPEN_QUESTION,),
    "meaningless": (Code.PERMISSION, Code.TAILORING, Code.OPEN_QUESTION),
    "too_long": (Code.OPEN_QUESTION, Code.PERMISSION),
    "unread": (Code.PERMISSION, Code.TAILORING),
    "trigger": (Code.REFLECTION, Code.PERMISSION, Code.OPEN_QUESTION),
    "missed": (Code.REFLECTION, Code.WHY_PROBE, Code.CONSEQUENCE),
}


# The layers that somebody opens up in; what comes out of them is not to be gone past.
OPENS = ("felt", "unknown", "consequence")
# A line that the reader would hold against the rep, or makes nothing of, is no help; a few are tried.
MOST_TRIED = 3
ALWAYS_SOMETHING = (Code.OPEN_QUESTION, Code.TAILORING, Code.INSIGHT, Code.PERMISSION, Code.CONSEQUENCE)


def told_by(persona: Persona, turn: Turn) -> str:
    """The words of the line that told what lies deeper; the whole line where nothing did, or a model found others."""
    items = (*persona.all_needs, *persona.consequences)
    opened = {earned.id for earned in turn.earned if earned.layer in OPENS}
    said = [say for item in items if item.id in opened for say in item.says if say in turn.prospect]
    return said[0] if said else turn.prospect


def situation(turn: Turn) -> str:
    """The key of the next question: what just happened, else where the prospect stands."""
    if turn.stance == Stance.AGREED_NEXT_STEP:
        return "agreed"
    if turn.stance == Stance.ENDED_CALL:
        return "ended"
    if turn.objection:
        return "after_objection"
    layers = {earned.layer for earned in turn.earned}
    for layer, key in (
        ("unknown", "after_unknown"),
        ("felt", "after_felt"),
        ("consequence", "after_cost"),
        ("stakeholder", "after_name"),
    ):
        if layer in layers:
            return key
    if turn.prospect.rstrip().endswith("?"):
        return "unanswered_question"
    return str(turn.stance)


def stage(mind: Mind, turn: Turn) -> tuple[Code, ...]:
    """The moves that would serve next, best first, by how far the prospect has come."""
    layers = {earned.layer for earned in turn.earned}
    if mind.is_convinced:
        return (Code.NEXT_STEP, Code.UNKNOWNS)
    if layers & set(OPENS):
        return (Code.REFLECTION, Code.CONSEQUENCE, Code.UNKNOWNS)
    if mind.tension < 24:
        return (Code.INSIGHT, Code.PERMISSION, Code.TAILORING)
    if mind.tension < 38:
        return (Code.CONSEQUENCE, Code.OPEN_QUESTION, Code.INSIGHT)
    if "cost" not in turn.memory.voiced:
        return (Code.CONSEQUENCE, Code.WHY_PROBE)
    if "who" not in turn.memory.voiced:
        return (Code.UNKNOWNS, Code.CONSEQUENCE)
    return (Code.VISION, Code.BUYING_PROCESS, Code.WHY_PROBE)


def write(
    trainer: Trainer,
    session: Session,
    turn: Turn,
    heard: Heard,
    hidden: frozenset[Run],
    fault: str | None,
    *,
    mends: bool,
    missed: str | None = None,
) -> str | None:
    """A line for this rep, buyer and moment that no earlier turn was given; None when the file has none left.

    One that `mends` stands in for what was said; else it is a line to go on with. `missed` are the buyer's words that
    the rep went past: the line goes back to them.
    """
    back = _back_to(missed, trainer, session, turn) if missed else None
    if back:
        return back
    wanted = stage(turn.mind, turn)
    if fault and (turn.objection or turn.mind.tension < 30 or fault == "missed"):
        wanted = (*MENDS[fault], *wanted) if fault in MENDS else wanted
    used = " ".join(
        [t.feedback.rewrite for t in session.turns if t.feedback and t.feedback.rewrite]
        + [t.rep for t in session.turns]
        + [turn.rep]
    )
    persona, coached = trainer.persona(session.persona), trainer.ground(session.persona).coached
    # What stands in for the rep's words is on their subject; what goes on from here is on the answer's as well.
    subject = heard.vector if mends else heard.vector + trainer.vectors_of([turn.prospect])[0]
    for code in dict.fromkeys((*wanted, *ALWAYS_SOMETHING)):
        lines = persona.coaching.get(code, ())
        free = [
            one
            for one in lines
            if one.text not in used
            and _may_use(one, persona, turn)
            and (code != Code.REFLECTION or _is_timely(one, turn))
            and not gives_away(one.text, hidden)
        ]
        for line in _nearest(free, coached, turn, subject)[:MOST_TRIED]:
            led = _led_in(line, code, persona, turn, session)
            # What is only offered beside the rep's own way is read without the moment, which is done once a line.
            read = trainer.reader.read(led, turn.prospect) if mends else _read_alone(trainer.reader, line)
            if not read.costly and (read.advancing or not mends):
                return led
        plain = None if lines else _from_brief(persona, code, used)
        if plain:
            return plain
    return None


@lru_cache(maxsize=4096)
def _read_alone(reader: Reader, line: str) -> Reading:
    return reader.read(line, None)


def _nearest(free: list[Coached], coached: dict[str, Vectors], turn: Turn, subject: Vectors) -> list[str]:
    """The lines, nearest first to the subject; one that rests on something told counts as nearer."""

    def nearness(one: Coached) -> float:
        return float(coached[one.text] @ subject) + 0.15 * any(turn.memory.has_earned(use) for use in one.uses)

    return [one.text for one in sorted(free, key=nearness, reverse=True)]


def _may_use(one: Coached, persona: Persona, turn: Turn) -> bool:
    public = {item.id for item in persona.brief}
    return all(use in public or turn.memory.has_earned(use) for use in one.uses)


def _is_timely(one: Coached, turn: Turn) -> bool:
    """Whether a reflection is not of the comfort that the buyer has begun to leave: it rests on something told."""
    has_moved = turn.mind.stance in (Stance.CONCERNED, Stance.READY)
    has_told = any(earned.layer in OPENS for earned in turn.earned)
    return not (has_moved or has_told) or any(turn.memory.has_earned(use) for use in one.uses)


BACK = (
    "I'd like to go back to “{words}”. Why does that one stay with you?",
    "You said “{words}”, and I went on too soon. What does that mean for you?",
    "“{words}”: can I stay with that for a moment? What happens if it goes on like that?",
    "Before I ask anything else: “{words}”. What is that like for you?",
    "Let me go back a step, to “{words}”. Who else has felt that?",
)


def _back_to(words: str, trainer: Trainer, session: Session, turn: Turn) -> str | None:
    """A line that gives the buyer's words back and asks about them; None when each of them has been used."""
    used = " ".join(t.feedback.rewrite for t in session.turns if t.feedback and t.feedback.rewrite)
    frames = random.Random(f"back:{session.seed}:{turn.number}").sample(BACK, len(BACK))
    fresh = [frame for frame in frames if frame.partition("“{words}”")[2] not in used]
    lines = (frame.format(words=words) for frame in fresh)
    return next((line for line in lines if not trainer.reader.read(line, turn.prospect).costly), None)


FROM_BRIEF: dict[Code, str] = {
    Code.TAILORING: "Before ringing I read this about you: {fact}",
    Code.PERMISSION: "I read one thing about you before I rang. May I say it, and you tell me to stop if it's nothing?",
    Code.INSIGHT: "One thing I'd hold against how it looks from here: {benchmark} Where is that wrong for you?",
    Code.OPEN_QUESTION: "I read this: {fact} How does that look from where you sit?",
    Code.CONSEQUENCE: "Take this: {fact} If it stays just as it is, where does that leave you in a year?",
    Code.UNKNOWNS: "On this one: {fact} Who with you would see first if it were changing?",
}


def _from_brief(persona: Persona, code: Code, used: str) -> str | None:
    """A plain line made from the brief, for a file that brings no coached lines of its own."""
    frame = FROM_BRIEF.get(code)
    if frame is None:
        return None
    for item in persona.brief:
        if ("{benchmark}" in frame) != (item.kind == "benchmark"):
            continue
        line = frame.replace("{fact}", item.text).replace("{benchmark}", item.text)
        if line not in used:
            return line
    return None


LEADS = (
    "You said “{words}”. {line}",
    "“{words}”, you said. {line}",
    "Your words a moment ago were “{words}”. {line}",
    "I'd like to stay with “{words}” for a moment. {line}",
)


def _led_in(line: str, code: Code, persona: Persona, turn: Turn, session: Session) -> str:
    """The line with the buyer's own last words in front, where they said something of theirs."""
    theirs = [e for e in turn.earned if e.layer in (*OPENS, "why")]
    if not theirs or code in (Code.REFLECTION, Code.NEXT_STEP):
        return line
    words = clause_of(told_by(persona, turn), 11)
    if not words or words.lower() in line.lower():
        return line
    lead = random.Random(f"lead:{session.seed}:{turn.number}").choice(LEADS)
    return lead.format(words=words[:1].lower() + words[1:] if not words.startswith("I") else words, line=line)
