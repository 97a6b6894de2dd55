"""How a line lets one hear where the prospect stands: a last word for the stance, and a word for how things are."""

from __future__ import annotations

from dataclasses import replace

from bot import disclosure
from bot.mind import Stance
from bot.moment import Moment
from bot.moves import Code
from bot.persona import Occasion
from bot.plan import Plan
from bot.speech import Talk

LONG_ANSWER = 16
ASKS_INSTEAD: dict[Stance, float] = {
    Stance.DISMISSIVE: 0.1,
    Stance.GUARDED: 0.3,
    Stance.CURIOUS: 0.5,
    Stance.CONCERNED: 0.35,
    Stance.READY: 0.45,
}
TELLS: dict[Stance, tuple[Occasion, Talk]] = {
    Stance.DISMISSIVE: (Occasion.BRUSH_OFF, "sustain"),
    Stance.GUARDED: (Occasion.KEEP_CLOSE, "neutral"),
    Stance.CURIOUS: (Occasion.WONDER, "neutral"),
    Stance.CONCERNED: (Occasion.UNEASY, "change"),
    Stance.READY: (Occasion.READY, "change"),
}
HEARD_IN: dict[str, Stance] = {
    "brush_off": Stance.DISMISSIVE,
    "refuse": Stance.DISMISSIVE,
    "ask_who": Stance.DISMISSIVE,
    "losing_patience": Stance.DISMISSIVE,
    "doubt": Stance.GUARDED,
    "keep_close": Stance.GUARDED,
    "stay_put": Stance.GUARDED,
    "shrink": Stance.GUARDED,
    "deflect": Stance.GUARDED,
    "correct": Stance.GUARDED,
    "wont_say": Stance.GUARDED,
    "wonder": Stance.CURIOUS,
    "half_admit": Stance.CURIOUS,
    "take_in": Stance.CURIOUS,
    "echo_figure": Stance.CURIOUS,
    "uneasy": Stance.CONCERNED,
    "think": Stance.CONCERNED,
    "ready": Stance.READY,
}
# What somebody civil says; whoever wants to be rid of the caller leaves it out.
CIVIL = frozenset(
    f"lines.{occasion}"
    for occasion in (
        Occasion.GREET,
        Occasion.GO_AHEAD,
        Occasion.SMALL_TALK,
        Occasion.FLATTERED,
        Occasion.ECHO_FIGURE,
        Occasion.ECHO_WORDS,
    )
)
AGREEING = {"cost": Stance.CONCERNED, "why": Stance.CONCERNED, "who": Stance.CONCERNED, "yes": Stance.READY}
CLAIMS = (Code.INSIGHT, Code.TAILORING, Code.CONSEQUENCE, Code.VISION)
HURTS = frozenset(("felt", "unknown", "consequence"))


def heard_in(plan: Plan) -> Stance | None:
    """The stance that the line shows so far: what was said last that shows one."""
    for piece in reversed(plan.pieces):
        group, _, name = piece.source.partition(".")
        if group == "questions":
            return Stance(name)
        if group == "agrees_to":
            return AGREEING.get(name)
        if group == "consequences" or (group == "needs" and any(given.layer in HURTS for given in plan.given)):
            return Stance.CONCERNED
        if group == "status_quo":
            return Stance.GUARDED
        if group == "lines" and (name in HEARD_IN or name.startswith("object_")):
            return HEARD_IN.get(name, Stance.DISMISSIVE)
    return None


def stay_put(moment: Moment, plan: Plan) -> Plan:
    """A word for how things are, the likelier the more they are attached to that; none from those who are uneasy."""
    is_settled = moment.stance in (Stance.DISMISSIVE, Stance.GUARDED, Stance.CURIOUS)
    if not is_settled or plan.ending or plan.talk != "neutral" or not moment.speaker.chance(moment.attachment):
        return plan
    is_reaction = all(piece.source.startswith("lines.") for piece in plan.pieces)
    if is_reaction and heard_in(plan) == Stance.CURIOUS:
        # Whoever has only just been caught by it does not say in the same breath that nothing wants altering.
        return plan
    spoken = sum(len(piece.text.split()) for piece in plan.pieces)
    if spoken < LONG_ANSWER and moment.speaker.chance(0.5):
        return disclosure.holds_on(moment, plan) or plan.add(moment.speaker.at(Occasion.STAY_PUT, "sustain"))
    return plan.add(moment.speaker.at(Occasion.STAY_PUT, "sustain"))


def show(moment: Moment, plan: Plan) -> Plan:
    """The line with its last word, where it does not let one hear the stance yet: a question back, or a tell."""
    stance, shown = moment.stance, heard_in(plan)
    is_plain = stance == Stance.GUARDED and shown is None and bool(plan.pieces)
    if plan.ending or shown == stance:
        return plan
    has_asked = any(piece.text.endswith("?") for piece in plan.pieces)
    # Whoever has just agreed does not go on to dislike it: they ask how bad it is.
    agrees = any(piece.source in ("lines.confirm", "lines.quoted_back") for piece in plan.pieces)
    odds = 1.0 if agrees and not plan.given else ASKS_INSTEAD[stance] * (0.5 if is_plain else 1.0)
    occasion, talk = TELLS[stance]
    if stance == Stance.DISMISSIVE:
        plan = replace(plan, pieces=tuple(piece for piece in plan.pieces if piece.source not in CIVIL))
    # One is curious about what was said; where the rep has only asked, there is nothing to ask back about.
    has_matter = stance != Stance.CURIOUS or any(moment.has(code) for code in CLAIMS)
    if not has_asked and has_matter and moment.speaker.chance(odds):
        questions = getattr(moment.persona.questions, str(stance))
        asked = moment.speaker.pick(questions, "change" if stance == Stance.READY else "neutral", f"questions.{stance}")
        if asked:
            return _turned(moment, plan).add(asked)
    if is_plain:
        return plan
    tell = moment.speaker.at(occasion, talk)
    if tell and stance == Stance.CURIOUS and plan.given and shown is None:
        # Wonder is at what the rep said, so it comes before what they have to tell of their own.
        return replace(plan, pieces=(tell, *plan.pieces))
    return _turned(moment, plan).add(tell) if tell else plan


def _turned(moment: Moment, plan: Plan) -> Plan:
    """The line with a word that turns it, where it has just spoken for how things are and will not end on that."""
    is_sustaining = bool(plan.pieces) and plan.pieces[-1].talk == "sustain" and plan.objection is None
    return plan.add(moment.speaker.at(Occasion.TURN, "neutral")) if moment.is_open and is_sustaining else plan
