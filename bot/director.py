"""The director: decides the prospect's next line and drafts it in their voice."""

from __future__ import annotations

from dataclasses import replace

from bot import disclosure, tells
from bot.assessor.reading import Move
from bot.heard import HOW_ARE_YOU
from bot.mind import Stance, is_early
from bot.moment import Moment
from bot.moves import ASKING, COSTLY, Code, OtherKind
from bot.persona import Occasion
from bot.plan import Plan, Provoked
from bot.speech import Piece, short_words
from bot.words import is_question, words_of

OBJECTS: dict[Code, tuple[Occasion, str]] = {
    Code.PRESSURE: (Occasion.OBJECT_PRESSURE, "pushed"),
    Code.PITCH: (Occasion.OBJECT_PITCH, "product before a reason"),
    Code.GENERIC_CLAIM: (Occasion.OBJECT_CLAIM, "proof that is nobody's"),
    Code.TELLING: (Occasion.OBJECT_TELLING, "told what to need"),
    Code.REBUTTAL: (Occasion.OBJECT_REBUTTAL, "argued with"),
    Code.VISION: (Occasion.OBJECT_VISION, "a picture before a reason"),
    Code.NEXT_STEP: (Occasion.OBJECT_STEP, "a next step before a reason"),
}
# What one can doubt and stay civil; whoever is pushed or argued with says so.
DOUBTED = frozenset({Code.PITCH, Code.GENERIC_CLAIM, Code.TELLING, Code.VISION, Code.NEXT_STEP})
CIVIL = 0.75
NONSENSE: dict[OtherKind, Occasion] = {
    OtherKind.VAGUE: Occasion.VAGUE,
    OtherKind.KEYWORDS: Occasion.KEYWORDS,
    OtherKind.GIBBERISH: Occasion.GIBBERISH,
    OtherKind.INJECTION: Occasion.INJECTION,
    OtherKind.FOREIGN: Occasion.FOREIGN,
    OtherKind.ABUSE: Occasion.ABUSE,
}
MILD = (Occasion.DEFLECT, Occasion.SHRINK, Occasion.CHANGE_SUBJECT, Occasion.DELEGATE)
FIRM = (Occasion.ASK_WHO, Occasion.REFUSE, Occasion.DELEGATE, Occasion.DEFLECT)
SURE_ENOUGH_TO_OBJECT = 0.55
MOST_ELSEWHERE = 2
# From so much tension on a guarded prospect may grant half a point.
NEARLY_CURIOUS = 17
REACTS_TO_A_QUESTION = 0.45
NOTHING_OF_THEIRS = 0.3


def decide(moment: Moment) -> Plan:
    """The plan for the next line; pure but for the speaker's seeded choices."""
    for rule in (_ends, _makes_no_sense, _takes_the_step, _objects, _answers):
        plan = rule(moment)
        if plan:
            return plan
    raise AssertionError("the last rule always answers")


def _ends(moment: Moment) -> Plan | None:
    reason = moment.after.is_done
    if not reason:
        return None
    abused = moment.reading.kind == OtherKind.ABUSE
    occasion = Occasion.END_ABUSED if abused else Occasion.END_PUSHED if reason == "pushed" else Occasion.END_BORED
    plan = Plan("ends", objection=_provoked(moment), ending="ended_call")
    return plan.add(moment.speaker.at(occasion, "sustain"))


def _makes_no_sense(moment: Moment) -> Plan | None:
    heard, kind = moment.heard, moment.reading.kind
    if heard.is_silence:
        occasion = Occasion.SILENCE
    elif heard.is_too_long:
        occasion = Occasion.TOO_LONG
    elif kind is not None and kind in NONSENSE and not moment.reading.moves:
        # "Why is that?" has a meaning, if no merit.
        occasion = Occasion.DONT_KNOW if kind == OtherKind.VAGUE and moment.asks_on else NONSENSE[kind]
    else:
        return None
    plan = Plan(str(occasion)).add(moment.speaker.at(occasion, "sustain"))
    if moment.after.patience < 25:
        return plan.add(moment.speaker.at(Occasion.LOSING_PATIENCE, "sustain"))
    return plan


def _takes_the_step(moment: Moment) -> Plan | None:
    if not moment.has(Code.NEXT_STEP) or _is_costly(moment) or is_early(moment.before, Code.NEXT_STEP):
        return None
    agreement = moment.persona.agrees_to
    missing = [part for part in ("why", "cost", "who") if part not in moment.memory.voiced]
    ripe = moment.after.is_convinced and disclosure.is_opened(moment.persona, moment.memory)
    # Nobody agrees with a rep who has talked of somebody else's place all along.
    ripe = ripe and moment.memory.elsewhere < MOST_ELSEWHERE
    plan = Plan("weighs the step")
    for part in missing[: 2 if ripe else 1]:
        lines = getattr(agreement, part)
        plan = plan.add(moment.speaker.pick(lines, "change", f"agrees_to.{part}"), voiced=part)
    if ripe and len(missing) <= 2:
        yes = plan.add(moment.speaker.pick(agreement.yes, "change", "agrees_to.yes"))
        return replace(yes, act="agrees", ending="agreed_next_step")
    if not ripe and moment.stance not in (Stance.CONCERNED, Stance.READY):
        plan = Plan("weighs the step")
    not_yet = moment.speaker.pick(agreement.not_yet, "neutral", "agrees_to.not_yet")
    return plan.add(not_yet) if not_yet else plan.let_hear()


def _objects(moment: Moment) -> Plan | None:
    provoked = _provoked(moment)
    if provoked is None:
        return None
    occasion = OBJECTS[provoked.move][0]
    if moment.stance == Stance.GUARDED and provoked.move in DOUBTED and moment.speaker.chance(CIVIL):
        # Whoever is only guarded doubts it and does not take it up: the objection stands, and nothing is slammed.
        occasion = Occasion.DOUBT
    # A question said back reads as a quote where it is fended off, and as nothing where its truth is weighed.
    is_weighed = occasion == Occasion.DOUBT and is_question(provoked.quote)
    words = None if is_weighed else short_words(provoked.quote)
    plan = Plan("objects", objection=provoked).add(moment.speaker.at(occasion, "sustain", words=words))
    if moment.after.patience < 22:
        return plan.add(moment.speaker.at(Occasion.LOSING_PATIENCE, "sustain"))
    if moment.is_open:
        # Whoever has begun to doubt goes back to the matter once the objection is made.
        return plan.let_hear()
    if moment.has(Code.PAIN_FISHING):
        return disclosure.practised(moment, plan)
    if _asked_plainly(moment):
        plan = disclosure.short_answer(moment, plan)
        return plan if plan.given or moment.stance == Stance.DISMISSIVE else plan.let_hear()
    if moment.speaker.chance(0.6):
        # Whoever is only guarded has a reason of their own to stay as they are, and would sooner name it than slam.
        names_it = moment.stance == Stance.GUARDED and moment.speaker.chance(0.5)
        held = disclosure.holds_on(moment, plan) if names_it else None
        return held or _resist(moment, plan)
    return plan.let_hear() if moment.stance == Stance.GUARDED else plan


def _answers(moment: Moment) -> Plan:
    if _only_fishes(moment):
        plan = Plan("gives the practised answer").add(moment.speaker.at(Occasion.FISHING, "sustain"))
        return disclosure.practised(moment, plan).let_hear()
    if _is_small_talk(moment):
        return _small_talk(moment)
    plan = _react(moment, Plan("answers"))
    plan = disclosure.content(moment, plan)
    plan = plan if _has_content(plan) else _without_content(moment, plan)
    return tells.stay_put(moment, plan).let_hear()


def _only_fishes(moment: Moment) -> bool:
    """Whether there is nothing but fishing: a question as which the same words may be read makes it no better."""
    fishing = moment.reading.best(Code.PAIN_FISHING)
    asked = [move for move in moment.reading.advancing if move.code in (Code.OPEN_QUESTION, Code.WHY_PROBE)]
    if fishing is None or len(asked) < len(moment.reading.advancing):
        return False
    surer = all(fishing.confidence >= move.confidence for move in asked)
    return surer or moment.heard.fishing is not None or moment.reading.specificity < NOTHING_OF_THEIRS


def _is_small_talk(moment: Moment) -> bool:
    """Whether the message makes no move and is not to the matter either, as far as one can hear."""
    if moment.reading.moves or disclosure.is_about_a_fact(moment):
        return False
    heard = moment.heard
    is_of_theirs = heard.people or heard.figures or heard.touched_brief or heard.quoted_back
    return not (moment.memory.turns and is_of_theirs) and not moment.asks_on


def _small_talk(moment: Moment) -> Plan:
    if moment.heard.promise:
        words = short_words(moment.heard.promise, 9)
        promised = moment.speaker.at(Occasion.PROMISED, "neutral", words=words)
        return Plan("hears a promise").add(promised).let_hear()
    if moment.heard.is_apology and moment.memory.turns:
        # Who owns to it is let go on: no more is said, and nothing is slammed on top of it.
        return Plan("hears an apology").add(moment.speaker.at(Occasion.FORGIVE, "neutral"))
    if moment.heard.is_farewell and moment.memory.turns:
        return Plan("says goodbye").add(moment.speaker.at(Occasion.FAREWELL, "neutral"))
    if moment.heard.goes_on and moment.memory.turns:
        # Asked for no more than to go on, they say where they stand and wait.
        occasion, talk = tells.TELLS[moment.stance]
        return Plan("is let go on").add(moment.speaker.at(occasion, talk))
    return Plan("small talk").add(moment.speaker.at(_chat(moment), "neutral")).let_hear()


def _chat(moment: Moment) -> Occasion:
    if moment.reading.kind == OtherKind.OFFTOPIC:
        return Occasion.SMALL_TALK
    # Thanks and agreement in the middle of a call are no hello.
    is_hello = not moment.memory.turns or HOW_ARE_YOU.search(moment.heard.text)
    return Occasion.GREET if is_hello else Occasion.GO_AHEAD


def _react(moment: Moment, plan: Plan) -> Plan:
    """What was said is answered to first, where it must be or there is something to answer to."""
    must, may = (_corrects, _is_set_off, _heard_it), (_takes_leave, _to_what_was_said, _to_a_name, _to_charm)
    also = not moment.asks or moment.speaker.chance(REACTS_TO_A_QUESTION)
    for reaction in (*must, *(may if also else ())):
        piece = reaction(moment)
        if piece:
            return plan.add(piece)
    return plan


def _corrects(moment: Moment) -> Piece | None:
    if not moment.heard.contradictions:
        strange = next((one for one in moment.heard.strange if one[:1].isdigit() or one[:1] in "£$€"), None)
        return moment.speaker.at(Occasion.CONTRADICTED, "sustain", wrong=strange) if strange else None
    wrong = moment.heard.contradictions[0]
    known = {item.id for item in moment.persona.brief} | set(moment.memory.earned)
    right = wrong.right if wrong.item in known else None
    return moment.speaker.at(Occasion.CONTRADICTED, "sustain", wrong=wrong.wrong, right=right)


def _is_set_off(moment: Moment) -> Piece | None:
    for trigger in moment.heard.triggers:
        talk = "sustain" if trigger.effect.trust < 0 else "neutral"
        piece = moment.speaker.pick(trigger.says, talk, f"triggers.{trigger.id}")
        if piece:
            return piece
    return None


def _heard_it(moment: Moment) -> Piece | None:
    if moment.heard.is_repeat:
        return moment.speaker.at(Occasion.HEARD_BEFORE, "sustain")
    return None


def _takes_leave(moment: Moment) -> Piece | None:
    asked_leave = moment.has(Code.PERMISSION)
    says_something = any(moment.has(c) for c in (Code.INSIGHT, Code.REFLECTION, Code.CONSEQUENCE, Code.VISION))
    if asked_leave and not says_something:
        return moment.speaker.at(Occasion.GO_AHEAD, "neutral")
    return None


def _to_what_was_said(moment: Moment) -> Piece | None:
    speaker, heard = moment.speaker, moment.heard
    if moment.has(Code.REFLECTION):
        return _to_reflection(moment)
    if moment.has(Code.VISION) and not is_early(moment.before, Code.VISION):
        return speaker.at(Occasion.WELCOME_VISION, "neutral")
    if moment.has(Code.PITCH) and not is_early(moment.before, Code.PITCH):
        return speaker.at(Occasion.WELCOME_PITCH, "neutral")
    claim = (
        moment.reading.best(Code.INSIGHT)
        or moment.reading.best(Code.TAILORING)
        or (moment.reading.best(Code.CONSEQUENCE) if not heard.is_question else None)
    )
    # What is only asked is no claim that one could take in.
    is_asked = claim is not None and moment.is_open and is_question(claim.quote)
    return _to_claim(moment, claim) if claim and not is_asked else _recalls(moment)


def _to_reflection(moment: Moment) -> Piece | None:
    if moment.heard.quoted_back and moment.speaker.chance(0.5):
        talk = "change" if moment.is_open else "neutral"
        return moment.speaker.at(Occasion.QUOTED_BACK, talk, words=moment.heard.quoted_back)
    if moment.is_open or moment.after.trust >= 30:
        return moment.speaker.at(Occasion.CONFIRM, "change" if moment.after.tension >= 30 else "neutral")
    return moment.speaker.at(Occasion.CORRECT, "sustain")


def _to_claim(moment: Moment, claim: Move) -> Piece | None:
    speaker, heard = moment.speaker, moment.heard
    figure = next((shown for shown in heard.figures if shown.split()[0].rstrip("%") in claim.quote), None)
    if figure and not heard.quoted_back and speaker.chance(0.55):
        return speaker.at(Occasion.ECHO_FIGURE, "neutral", figure=figure)
    if claim.code == Code.TAILORING:
        return (
            speaker.at(Occasion.ECHO_WORDS, "neutral", words=short_words(claim.quote)) if speaker.chance(0.6) else None
        )
    if moment.stance == Stance.DISMISSIVE:
        return speaker.at(Occasion.SHRINK, "sustain")
    if moment.stance == Stance.GUARDED:
        if speaker.chance(moment.attachment):
            return speaker.at(Occasion.SHRINK, "sustain")
        return speaker.at(Occasion.HALF_ADMIT, "neutral") if moment.after.tension >= NEARLY_CURIOUS else None
    if moment.stance == Stance.CURIOUS:
        return speaker.at(Occasion.HALF_ADMIT if speaker.chance(0.5) else Occasion.TAKE_IN, "neutral")
    return speaker.at(Occasion.TAKE_IN, "change")


def _recalls(moment: Moment) -> Piece | None:
    """Words of the rep's from at least three turns ago, now and then, once the prospect is interested."""
    old = [words for turn, words in moment.memory.rep_words if moment.memory.turns - turn >= 2]
    if old and moment.is_open and moment.speaker.chance(0.3):
        return moment.speaker.at(Occasion.RECALL, "neutral", words=old[-1])
    return None


def _to_a_name(moment: Moment) -> Piece | None:
    known = set(_nameable(moment))
    named = next((name for name in moment.heard.people if name.split()[0] not in known), None)
    if named and not moment.has(Code.UNKNOWNS):
        return moment.speaker.at(Occasion.PERSON_NAMED, "neutral", person=named.split()[0])
    return None


def _to_charm(moment: Moment) -> Piece | None:
    if moment.heard.promise:
        return moment.speaker.at(Occasion.PROMISED, "neutral", words=short_words(moment.heard.promise, 9))
    return moment.speaker.at(Occasion.FLATTERED, "neutral") if moment.has(Code.FLATTERY) else None


def _has_content(plan: Plan) -> bool:
    return any(not piece.source.startswith("lines.") for piece in plan.pieces)


def _without_content(moment: Moment, plan: Plan) -> Plan:
    """Nothing of theirs came out: hold on to how things are, as far as they are attached to that."""
    only_leave = moment.has(Code.PERMISSION) and not moment.asks
    is_closed = moment.stance in (Stance.DISMISSIVE, Stance.GUARDED)
    if not is_closed or (plan.pieces and (only_leave or moment.has(Code.FLATTERY))):
        return plan
    if not moment.speaker.chance(moment.attachment):
        return plan
    return disclosure.holds_on(moment, plan) or _resist(moment, plan)


def _resist(moment: Moment, plan: Plan) -> Plan:
    firm = moment.stance == Stance.DISMISSIVE or moment.after.pressure >= 40
    people = _nameable(moment)
    kept = {*moment.memory.resisted[-2:], *(() if people else (Occasion.DELEGATE,))}
    chosen = moment.speaker.one_of([o for o in (FIRM if firm else MILD) if o not in kept])
    person = moment.speaker.one_of(people) if chosen == Occasion.DELEGATE else None
    piece = moment.speaker.at(chosen, "sustain", person=person)
    return replace(plan.add(piece), resisted=str(chosen))


def _nameable(moment: Moment) -> list[str]:
    """First names of colleagues that anybody may know of, or that the buyer has said: the others must be earned."""
    texts = (*(item.text for item in moment.persona.brief), *moment.memory.used)
    known = {word for text in texts for word in words_of(text)}
    firsts = [one.name.split()[0] for one in moment.persona.stakeholders]
    return [first for first in firsts if first.lower() in known]


def _is_costly(moment: Moment) -> bool:
    cost = max((m.confidence for m in moment.reading.moves if m.code in COSTLY - {Code.FLATTERY}), default=0.0)
    return cost >= SURE_ENOUGH_TO_OBJECT


def _provoked(moment: Moment) -> Provoked | None:
    """The objection that the rep's own words provoked, the gravest first; none where it was hardly one."""
    for code, (_, kind) in OBJECTS.items():
        move = moment.reading.best(code)
        if not move or move.confidence < SURE_ENOUGH_TO_OBJECT:
            continue
        if code in (Code.PITCH, Code.VISION, Code.NEXT_STEP) and not is_early(moment.before, code):
            continue
        if moment.reading.is_doubtful_cost(move):
            continue
        return Provoked(kind, code, move.quote)
    return None


def _asked_plainly(moment: Moment) -> bool:
    return any(moment.has(code) for code in ASKING)
