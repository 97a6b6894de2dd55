"""The coach: one thing that landed, one thing to fix, a line to say now, each resting on the rep's own words."""

from __future__ import annotations

import logging
import random
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot import rewrite
from bot.contract import Evidence, faults, unearned_runs
from bot.heard import Heard
from bot.mind import GAUGES, Change, Stance
from bot.moves import Code
from bot.persona import Persona
from bot.phrases import Phrases
from bot.session import Citation, Feedback, Note, Session, Turn
from bot.speech import clause_of, fill
from knowledge.errors import KnowledgeError

if TYPE_CHECKING:
    from bot.build import Trainer
    from bot.turn import Watch
    from knowledge.search import Hit

log = logging.getLogger(__name__)
SLOT = re.compile(r"\{([a-z]+)\}")
LANDS_FROM = 1.0
SURE_ENOUGH_TO_PRAISE = 0.5
SHORT, SPECIFIC, LITTLE, MUCH = 15, 0.6, 6, 14
PRONOUNS = {"she": ("she", "her", "her"), "he": ("he", "his", "him"), "they": ("they", "their", "them")}
GAIN = {"tension": 1.0, "trust": 1.0, "inertia": -1.0, "pressure": -0.5, "patience": 0.3}


@dataclass(frozen=True)
class Found:
    """What a note will be about: a key of the phrase bank, the move it rests on, the rep's words."""

    about: str
    code: Code
    quote: str | None
    answer: str | None = None
    why: str | None = None


@dataclass(frozen=True)
class Prepared:
    """A feedback, what it may rest on, and the passages retrieved for it."""

    feedback: Feedback
    evidence: Evidence
    hits: tuple[Hit, ...]


def coach(trainer: Trainer, persona: Persona, session: Session, turn: Turn, heard: Heard, watch: Watch) -> Feedback:
    """Feedback on one turn, checked against the contract: what fails the check is left out, never shown."""
    return prepare(trainer, persona, session, turn, heard, watch).feedback


def prepare(trainer: Trainer, persona: Persona, session: Session, turn: Turn, heard: Heard, watch: Watch) -> Prepared:
    """The feedback with what it rests on, for whoever finds other words for it."""
    landed, fix = find_landed(turn), find_fix(persona, turn, session, heard)
    if landed and fix and landed.quote == fix.quote:
        landed = None
    now = time.perf_counter()
    hits, notice = _retrieve(trainer, heard, turn, [found for found in (landed, fix) if found])
    watch.time("retrieval", now)
    hidden = unearned_runs(trainer.file_runs(persona.id), turn)
    words = Words(trainer.phrases, persona, session, turn)
    retrieved = {hit.id for found in hits.values() for hit in found}
    feedback = Feedback(
        evidenced=bool(landed or fix or turn.reading.moves),
        landed=_note(words, "landed", landed, hits) if landed else None,
        fix=_note(words, "fix", fix, hits) if fix else None,
        remark=_remark(words, turn, landed, fix),
        rewrite=None
        if turn.is_last
        else rewrite.write(
            trainer,
            session,
            turn,
            heard,
            hidden,
            fix.about if fix else None,
            mends=fix is not None or landed is None,
            missed=fix.answer if fix and fix.about == "missed" else None,
        ),
        next_question=words.question(rewrite.situation(turn), turn.mind.stance) or "",
        notice=notice,
    )
    evidence = Evidence(turn, retrieved, hidden)
    return Prepared(
        _kept(feedback, evidence), evidence, tuple({h.id: h for one in hits.values() for h in one}.values())
    )


def _retrieve(
    trainer: Trainer, heard: Heard, turn: Turn, found: list[Found]
) -> tuple[dict[str, list[Hit]], str | None]:
    """Passages for each note; without an index the notes stand alone, and a line says so."""
    try:
        return {one.about: trainer.passages(heard, turn, one) for one in found}, None
    except KnowledgeError as error:
        log.warning("no passages for this turn", exc_info=error)
        return {one.about: [] for one in found}, f"Notes come without passages: {error}"


def find_landed(turn: Turn) -> Found | None:
    """The advancing move that did this buyer the most good, if it did any."""
    sure = [move for move in turn.reading.advancing if move.confidence >= SURE_ENOUGH_TO_PRAISE]
    gains = {move: _gain(turn.changes, move.code) for move in sure}
    step = turn.reading.best(Code.NEXT_STEP)
    if step and turn.stance == Stance.AGREED_NEXT_STEP:
        return Found(str(step.code), step.code, step.quote)
    best = max(gains, key=lambda move: gains[move], default=None)
    # Whoever has just spoken of what it costs them did not keep the door where it was.
    bar = 0.0 if turn.talk == "change" and any(e.layer in rewrite.OPENS for e in turn.earned) else LANDS_FROM
    if best is None or gains[best] <= bar or (turn.objection and turn.objection.move == best.code):
        return None
    tension = sum(c.amount for c in turn.changes if c.move == best.code and c.gauge == "tension")
    was_held_off = turn.talk == "sustain" and not any(e.layer != "said" for e in turn.earned)
    if was_held_off and tension < 3:
        return None
    return Found(str(best.code), best.code, best.quote)


def find_fix(persona: Persona, turn: Turn, session: Session, heard: Heard) -> Found | None:
    """The one thing that cost the most, or that was missed; None where there is nothing to mend."""
    if turn.objection:
        early = {Code.VISION: "vision_early", Code.NEXT_STEP: "next_step_early"}
        return Found(
            early.get(turn.objection.move, str(turn.objection.move)), turn.objection.move, turn.objection.quote
        )
    if heard.is_too_long or heard.is_silence or (turn.reading.unread and not turn.reading.moves):
        about = "too_long" if heard.is_too_long else "meaningless" if heard.is_silence else "unread"
        return Found(about, Code.OTHER, None)
    if heard.contradictions:
        return Found("contradicted", Code.TAILORING, heard.contradictions[0].quote)
    if heard.triggers and heard.triggers[0].effect.trust < 0:
        return Found("trigger", Code.OTHER, None, why=heard.triggers[0].why)
    costs = {move: -_gain(turn.changes, move.code) for move in turn.reading.costly}
    worst = max(costs, key=lambda move: costs[move], default=None)
    if worst and (costs[worst] > 1 or worst.code == Code.FLATTERY):
        return Found(str(worst.code), worst.code, worst.quote)
    if any(change.move == Code.OTHER for change in turn.changes):
        return Found("meaningless", Code.OTHER, None)
    return _smaller_fault(persona, turn, session, heard)


def _smaller_fault(persona: Persona, turn: Turn, session: Session, heard: Heard) -> Found | None:
    reading = turn.reading
    claim = reading.best(Code.INSIGHT)
    before = session.turns[-1] if session.turns else None
    # Who answers the buyer's own question, or has just been granted the point, did not speak of nobody.
    has_reached = turn.talk == "change" or (before is not None and before.prospect.rstrip().endswith("?"))
    if heard.is_repeat and reading.advancing:
        return Found("repeat", reading.advancing[0].code, reading.advancing[0].quote)
    given_back = reading.best(Code.REFLECTION)
    is_theirs = claim and given_back and claim.quote == given_back.quote
    if claim and reading.specificity < 0.3 and not is_theirs and not has_reached:
        return Found("unspecific", Code.INSIGHT, claim.quote)
    question = reading.best(Code.OPEN_QUESTION)
    if claim and question and question.start > claim.start and turn.talk == "sustain" and turn.mind.tension < 45:
        return Found("question_on_top", Code.INSIGHT, question.quote)
    opened = before and any(earned.layer in rewrite.OPENS for earned in before.earned)
    followed = {
        Code.REFLECTION,
        Code.WHY_PROBE,
        Code.CONSEQUENCE,
        Code.UNKNOWNS,
        Code.NEXT_STEP,
        Code.VISION,
        Code.TAILORING,
    }
    if before and opened and not heard.quoted_back and not any(move.code in followed for move in reading.moves):
        return Found("missed", Code.REFLECTION, None, answer=clause_of(rewrite.told_by(persona, before)))
    return None


def _gain(changes: Sequence[Change], code: Code) -> float:
    return sum(change.amount * GAIN[change.gauge] for change in changes if change.move == code)


def _remark(words: Words, turn: Turn, landed: Found | None, fix: Found | None) -> str | None:
    if landed is None and fix is None:
        move = next(iter(turn.reading.advancing), None)
        if move is None:
            return words.say("not_evidenced", None, None)
        return words.say("held", None, Found(str(move.code), move.code, move.quote, answer=clause_of(turn.prospect)))
    if fix:
        return None
    return next(
        (text for key in words.shuffled(holds(turn)) if (text := words.say("nothing_to_fix", key, landed))), None
    )


def holds(turn: Turn) -> list[str]:
    """What is true of the turn, so that nothing is said of it that is not."""
    count = len(turn.rep.split())
    tension = sum(abs(change.amount) for change in turn.changes if change.gauge in ("inertia", "tension"))
    trust = sum(abs(change.amount) for change in turn.changes if change.gauge == "trust")
    true = {
        "short": count <= SHORT,
        "single": len(re.findall(r"[.!?…]+(?:\s|$)", turn.rep)) <= 1 and count <= 2 * SHORT,
        "specific": turn.reading.specificity >= SPECIFIC,
        "small": tension + trust < LITTLE,
        "large": tension >= MUCH,
    }
    return ["any", *(key for key, is_so in true.items() if is_so)]


def _note(words: Words, side: str, found: Found, hits: dict[str, list[Hit]]) -> Note:
    cited = tuple(Citation(id=hit.id, title=hit.title, source=hit.source) for hit in hits[found.about])
    what = words.say(side, found.about, found) or ""
    return Note(
        about=found.about, quote=found.quote, what=what, principle=words.principle(found, cited), citations=cited
    )


def _kept(feedback: Feedback, evidence: Evidence) -> Feedback:
    """The feedback without the parts that break the contract."""
    broken = faults(feedback, evidence)
    update: dict[str, None] = {fault.part: None for fault in broken}
    return feedback.model_copy(update=update) if update else feedback


class Words:
    """Phrases for one turn's feedback, none of them used before in the session."""

    def __init__(self, phrases: Phrases, persona: Persona, session: Session, turn: Turn) -> None:
        self._phrases, self._turn, self._persona, self._session = phrases, turn, persona, session
        self._rng = random.Random(f"coach:{session.seed}:{turn.number}")
        self._said = {text for earlier in session.turns for text in told(earlier.feedback)}
        self._before = session.mind

    def say(self, group: str, key: str | None, found: Found | None) -> str | None:
        """A phrase of the bank, filled, that this session has not had; None when there is none left."""
        bank = self._phrases.lines(group, key)
        order = self._rng.sample(bank, len(bank))
        # A phrase that quotes the buyer's answer says more than one that does not.
        for line in sorted(
            order, key=lambda text: ("{answer}" in text) == (group == "next" and key != "unanswered_question")
        ):
            text = self._filled(line, group, found)
            if text and text not in self._said and not self._was_used(line):
                return text
        # Every frame has been used: one that quotes other words of the rep's still says something new.
        again = (self._filled(line, group, found) for line in order if "{quote}" in line or "{answer}" in line)
        return next((text for text in again if text and text not in self._said), None)

    def question(self, situation: str, stance: Stance) -> str | None:
        """The question behind the next turn: for what just happened, else for where the prospect stands."""
        keys = dict.fromkeys((situation, str(stance), "guarded", "curious", "concerned"))
        known = [key for key in keys if key in self._phrases.next]
        return next((text for key in known if (text := self.say("next", key, None))), None)

    def shuffled(self, keys: Sequence[str]) -> list[str]:
        """The keys in this turn's seeded order."""
        return self._rng.sample(keys, len(keys))

    def principle(self, found: Found, cited: Sequence[Citation]) -> str:
        """The source id whose principle this is about: the cited passage's guide, or the code's own."""
        return cited[0].source if cited else self._phrases.principle_of(found.code)

    def _was_used(self, line: str) -> bool:
        marks = [part.strip() for part in re.split(r"\{[a-z]+\}", line) if len(part.strip()) > 14]
        return any(mark in text for mark in marks for text in self._said)

    def _answer(self, side: str) -> str | None:
        """What of the buyer's reply a phrase may quote: their question where one is open, no refusal as a success."""
        turn = self._turn
        if side == "next":
            questions = [s.strip() for s in re.findall(r"[^.!?…]+\?", turn.prospect)]
            return questions[-1] if questions and len(questions[-1].split()) <= 16 else None
        if side == "landed" and turn.talk != "change" and not turn.earned:
            return None
        return clause_of(rewrite.told_by(self._persona, turn))

    def _filled(self, line: str, side: str, found: Found | None) -> str | None:
        they, possessive, them = PRONOUNS[self._persona.pronoun]
        slots = {"name": self._persona.first_name, "they": they, "possessive": possessive, "them": them}
        quote = found.quote if found else None
        if quote:
            slots["quote"] = (quote if len(quote.split()) <= 22 else clause_of(quote, 20) or quote).rstrip(".,;")
        answer = (found.answer if found else None) or self._answer(side)
        if found and found.why:
            slots["why"] = found.why
        if answer:
            slots["answer"] = answer
        effect = effect_of(self._turn, found)
        if effect:
            slots["effect"] = effect
        return fill(line, slots) if set(SLOT.findall(line)) <= set(slots) else None


def told(feedback: Feedback | None) -> list[str]:
    """Every sentence of a feedback that a rep reads."""
    if feedback is None:
        return []
    notes = [note.what for note in (feedback.landed, feedback.fix) if note]
    return [text for text in (*notes, feedback.remark, feedback.rewrite, feedback.next_question) if text]


def effect_of(turn: Turn, found: Found | None) -> str | None:
    """What the move had a part in, in figures: "trust 30 → 34, tension 22 → 31", the two it moved most."""
    if found is None:
        return None
    totals = {gauge: sum(c.amount for c in turn.changes if c.gauge == gauge) for gauge in GAUGES if gauge != "patience"}
    own = {gauge: sum(c.amount for c in turn.changes if c.gauge == gauge and c.move == found.code) for gauge in totals}
    largest = [gauge for gauge in sorted(own, key=lambda gauge: -abs(own[gauge])) if abs(own[gauge]) >= 1][:2]
    after = turn.mind.model_dump()
    parts = [
        f"{gauge} {after[gauge] - totals[gauge]:.0f} → {after[gauge]:.0f}"
        for gauge in largest
        if abs(totals[gauge]) >= 1
    ]
    return ", ".join(parts) or None
