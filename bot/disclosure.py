"""What of the persona's file may come out now, and in what order."""

from __future__ import annotations

import re
from dataclasses import replace

from bot.memory import Memory
from bot.mind import Stance
from bot.moment import Moment
from bot.moves import Code
from bot.persona import Fact, Need, Occasion, Persona
from bot.plan import Given, Layer, Plan
from bot.speech import Talk

NEAR = 0.42
ASKED = 0.46
# A question after what nobody knows, or what staying costs, is seldom after a plain fact.
ASKED_BESIDE = 0.66
# A probe may ask who or how many; only one after a reason is answered with a reason.
AFTER_A_REASON = re.compile(
    r"\b(?:why|how come|what makes|what is it|what's it|behind|under(?:neath)?|matters?|important|reason|feels?)\b",
    re.IGNORECASE,
)
# How such things are decided is a narrow field, and so is what was just talked about: the nearest fact was meant.
ASKED_PLAINLY = 0.36
ASKED_AGAIN = 0.62
SIDE_ASKED = 0.55
# Small talk brings nothing deep out, however well the call goes.
ON_FILE = 0.4
WONT_SAY = "will not say yet"
TRUST_FOR = {"open": 0.0, "guarded": 30.0, "private": 46.0}


def is_opened(persona: Persona, memory: Memory) -> bool:
    """Whether something felt has come out: nobody agrees over what they have only said by habit."""
    return any(memory.has_earned(need.id) for need in (*persona.needs.felt, *persona.needs.unknown))


def content(moment: Moment, plan: Plan) -> Plan:
    """The plan with what the message brings out: an answer, a deeper need, what staying costs, who else is in it."""
    plan = plan if moment.heard.is_repeat else _why(moment, plan)
    plan = _answer(moment, plan)
    if plan.act == WONT_SAY or moment.heard.is_repeat:
        return plan
    plan = _cost(moment, plan)
    plan = _who(moment, plan)
    plan = _deeper(moment, plan)
    plan = _own_words(moment, plan)
    if moment.asks and not any(not p.source.startswith("lines.") for p in plan.pieces):
        return _cannot_answer(moment, plan)
    return plan


def is_about_a_fact(moment: Moment) -> bool:
    """Whether a question in which the reader saw no move is plainly after something on file."""
    found = moment.heard.best("fact")
    return moment.heard.is_question and found is not None and found.score >= ASKED + 0.06


def practised(moment: Moment, plan: Plan) -> Plan:
    """The top-of-mind answer that fishing earns, and nothing deeper."""
    for need in sorted(moment.persona.needs.said, key=lambda n: moment.memory.told.get(n.id, 0)):
        piece = moment.speaker.pick(need.says, "sustain", f"needs.{need.id}")
        if piece:
            return plan.add(piece, Given("said", need.id, need.what))
    return plan


def short_answer(moment: Moment, plan: Plan) -> Plan:
    """A curt true answer after an objection, where the thing asked is no secret."""
    fact = _fact_asked(moment)
    if fact is None or fact.guarded != "open" or not moment.speaker.chance(0.6):
        return plan
    shortest = sorted(fact.says, key=len)[:1]
    return plan.add(moment.speaker.pick(shortest, "neutral", f"facts.{fact.id}"), Given("fact", fact.id, fact.what))


def holds_on(moment: Moment, plan: Plan) -> Plan | None:
    """A side of the status quo that the message is near to, said in its defence."""
    sides = ("comfort", "today", "change_costs", "burned")
    ranked = sorted(sides, key=lambda side: -moment.heard.score(side))
    for side in ranked:
        says = getattr(moment.persona.status_quo, side).says
        piece = moment.speaker.pick(says, "sustain", f"status_quo.{side}")
        if piece:
            return plan.add(piece)
    return None


def _why(moment: Moment, plan: Plan) -> Plan:
    depth = moment.memory.why_depth
    if (
        not moment.has(Code.WHY_PROBE)
        or depth >= len(moment.persona.whys)
        or not AFTER_A_REASON.search(moment.heard.text)
    ):
        return plan
    if moment.after.trust < 20 + 5 * depth:
        return plan
    why = moment.persona.whys[depth]
    talk: Talk = "change" if depth >= 2 else "neutral"
    return plan.add(
        moment.speaker.pick(why.says, talk, f"whys.{depth}", ordered=True), Given("why", str(depth), why.what)
    )


def _fact_asked(moment: Moment) -> Fact | None:
    found = moment.heard.best("fact")
    nearest_need = moment.heard.best("need")
    beside = moment.has(Code.UNKNOWNS) or moment.has(Code.CONSEQUENCE)
    is_plain = moment.has(Code.BUYING_PROCESS) or moment.heard.leans
    bar = ASKED_BESIDE if beside else ASKED_PLAINLY if is_plain else ASKED
    if not found or found.score < bar:
        return None
    if nearest_need and nearest_need.score > found.score + 0.08 and _ripe(moment, nearest_need.id):
        return None
    return next(fact for fact in moment.persona.facts if fact.id == found.id)


def _side_asked(moment: Moment, nearest_fact: float) -> str | None:
    """The side of the status quo that a plain question is after, where it is nearer than any fact."""
    side = moment.heard.best("status_quo")
    is_plain = moment.has(Code.OPEN_QUESTION) or not moment.reading.moves
    if side and is_plain and moment.heard.is_question and side.score >= SIDE_ASKED and side.score > nearest_fact + 0.03:
        return side.id
    return None


def _ripe(moment: Moment, name: str) -> bool:
    need = next(need for need in moment.persona.all_needs if need.id == name)
    return _may_come_out(moment, need) and not moment.memory.has_earned(name)


def _answer(moment: Moment, plan: Plan) -> Plan:
    fact = _fact_asked(moment) if moment.asks else None
    side = _side_asked(moment, moment.heard.score(fact.id) if fact else 0.0)
    if side and not plan.given:
        says = getattr(moment.persona.status_quo, side).says
        return plan.add(moment.speaker.pick(says, "sustain", f"status_quo.{side}"))
    if fact is None or plan.given:
        return plan
    if moment.after.trust < TRUST_FOR[fact.guarded]:
        return replace(plan.add(moment.speaker.at(Occasion.WONT_SAY, "sustain")), act=WONT_SAY)
    curt = moment.stance == Stance.DISMISSIVE
    says = tuple(sorted(fact.says, key=len)) if curt else fact.says
    piece = moment.speaker.pick(says, "neutral", f"facts.{fact.id}", ordered=True)
    if piece is None:
        return plan.add(moment.speaker.at(Occasion.TOLD_YOU, "sustain"))
    return plan.add(piece, Given("fact", fact.id, fact.what))


def _cost(moment: Moment, plan: Plan) -> Plan:
    asked = moment.has(Code.CONSEQUENCE)
    if not asked or _is_full(plan) or moment.after.tension < 28 or moment.after.trust < 26:
        return plan
    ranked = sorted(
        moment.persona.consequences, key=lambda c: (moment.memory.told.get(c.id, 0), -moment.heard.score(c.id))
    )
    for one in ranked:
        piece = moment.speaker.pick(one.says, "change", f"consequences.{one.id}")
        if piece:
            return plan.add(piece, Given("consequence", one.id, one.what), voiced="cost")
    return plan


def _who(moment: Moment, plan: Plan) -> Plan:
    near = moment.heard.best("stakeholder")
    named = set(moment.heard.people)
    after_people = named or (near and near.score >= 0.5)
    to_the_matter = moment.heard.relevance >= ON_FILE
    asked = moment.has(Code.UNKNOWNS) or (moment.asks and not plan.given and after_people and to_the_matter)
    if not asked or _is_full(plan) or moment.after.trust < 24:
        return plan
    memory = moment.memory
    ranked = sorted(
        moment.persona.stakeholders,
        key=lambda s: (s.name not in named, memory.told.get(s.id, 0), -moment.heard.score(s.id)),
    )
    for one in ranked:
        piece = moment.speaker.pick(one.says, "neutral", f"stakeholders.{one.id}")
        if piece:
            voiced = "who" if moment.is_open else None
            return plan.add(piece, Given("stakeholder", one.id, one.what), voiced=voiced)
    return plan


def _may_come_out(moment: Moment, need: Need) -> bool:
    """In order, for one of its moves, once trust and tension allow; near its subject, or well past the bar."""
    rules, heard, memory = need.unlocked_by, moment.heard, moment.memory
    if need.id not in _next_layer(moment.persona, memory):
        return False
    if not any(moment.has(code) for code in rules.moves):
        return False
    trust, tension = moment.after.trust - rules.trust, moment.after.tension - rules.tension
    if trust < 0 or tension < 0:
        return False
    near = not rules.about or heard.score(need.id) >= NEAR
    if need in moment.persona.needs.said:
        # The practised answer answers what it is asked; it is no secret that slips out.
        return near and heard.score(need.id) >= ASKED
    is_to_the_matter = heard.relevance >= ON_FILE and not heard.strange
    return near or (trust >= 4 and tension >= 4 and is_to_the_matter)


def _next_layer(persona: Persona, memory: Memory) -> frozenset[str]:
    """Needs that the order allows: a layer opens when one need of the layer above has come out."""
    layers = (persona.needs.said, persona.needs.felt, persona.needs.unknown)
    allowed = {need.id for need in layers[0]}
    if any(memory.has_earned(need.id) for need in layers[0]) or memory.turns >= 2:
        allowed |= {need.id for need in layers[1]}
    if any(memory.has_earned(need.id) for need in layers[1]):
        allowed |= {need.id for need in layers[2]}
    return frozenset(allowed)


def _deeper(moment: Moment, plan: Plan) -> Plan:
    if _is_full(plan) or moment.has(Code.PAIN_FISHING) or any(g.layer in ("felt", "unknown") for g in plan.given):
        return plan
    layers = _layers(moment.persona)
    ripe = [need for need in moment.persona.all_needs if _may_come_out(moment, need)]
    ripe = [
        need
        for need in ripe
        if not moment.memory.has_earned(need.id) or (moment.asks and moment.heard.score(need.id) >= ASKED_AGAIN)
    ]
    rank = {"unknown": 0, "felt": 1, "said": 2}
    ripe.sort(key=lambda n: (moment.memory.has_earned(n.id), rank[layers[n.id]], -moment.heard.score(n.id)))
    for need in ripe:
        layer = layers[need.id]
        if layer == "said" and (plan.given or not moment.asks):
            continue
        talk: Talk = "sustain" if layer == "said" else "change" if moment.is_open else "neutral"
        piece = moment.speaker.pick(need.says, talk, f"needs.{need.id}")
        if piece:
            return plan.add(piece, Given(layer, need.id, need.what))
    return plan


def _layers(persona: Persona) -> dict[str, Layer]:
    needs = persona.needs
    groups: tuple[tuple[Layer, tuple[Need, ...]], ...] = (
        ("said", needs.said),
        ("felt", needs.felt),
        ("unknown", needs.unknown),
    )
    return {need.id: layer for layer, group in groups for need in group}


def _own_words(moment: Moment, plan: Plan) -> Plan:
    """Once convinced, the prospect says why, what it costs and who must be in it, one thing a turn."""
    if moment.stance != Stance.READY or _is_full(plan):
        return plan
    voiced = moment.memory.voiced | plan.voiced
    part = next((part for part in ("why", "cost", "who") if part not in voiced), None)
    if part is None:
        return plan
    return plan.add(
        moment.speaker.pick(getattr(moment.persona.agrees_to, part), "change", f"agrees_to.{part}"), voiced=part
    )


def _says_again(moment: Moment, plan: Plan) -> Plan | None:
    """Asked on about something already told: the same in other words, instead of knowing nothing of it."""
    told = [need for need in moment.persona.all_needs if moment.memory.has_earned(need.id)]
    near = max(told, key=lambda need: moment.heard.score(need.id), default=None)
    if near is None or moment.heard.score(near.id) < NEAR:
        return plan.add(moment.speaker.at(Occasion.WONDER, "neutral")) if moment.heard.quoted_back else None
    talk: Talk = "change" if moment.is_open else "neutral"
    piece = moment.speaker.pick(near.says, talk, f"needs.{near.id}")
    return plan.add(piece or moment.speaker.at(Occasion.WONDER, "neutral"))


def _cannot_answer(moment: Moment, plan: Plan) -> Plan:
    if moment.has(Code.BUYING_PROCESS) and moment.after.tension < 24:
        return plan.add(moment.speaker.at(Occasion.BUYING_EARLY, "sustain"))
    if moment.has(Code.CONSEQUENCE) or moment.has(Code.UNKNOWNS):
        if moment.stance in (Stance.GUARDED, Stance.DISMISSIVE):
            holds = moment.speaker.chance(moment.attachment)
            return (holds_on(moment, plan) if holds else None) or plan.add(
                moment.speaker.at(Occasion.DONT_KNOW, "neutral")
            )
        return plan.add(moment.speaker.at(Occasion.DONT_KNOW, "neutral"))
    again = _says_again(moment, plan)
    if again is not None:
        return again
    if any(moment.has(code) for code in (Code.OPEN_QUESTION, Code.WHY_PROBE)) or not moment.reading.moves:
        return plan.add(moment.speaker.at(Occasion.DONT_KNOW, "neutral"))
    return plan


def _is_full(plan: Plan) -> bool:
    """Two things of theirs are enough for one line."""
    return len(plan.given) >= 2 or sum(len(piece.text.split()) for piece in plan.pieces) > 55
