"""Judging a buyer's line: does it stay a buyer, in this call, with only what this call has earned?

It knows nothing of how lines are made or mended, so that it can judge both.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import TypeAlias, cast

import numpy as np
from text_to_num import alpha2digit  # pyright: ignore[reportMissingTypeStubs, reportUnknownVariableType]

from bot.mind import Stance
from bot.persona import SLOT, Persona
from bot.session import Turn
from bot.words import STOP, runs_of, words_of
from knowledge.encoder import Encoder, Vectors


class Kind(StrEnum):
    """The ways in which a buyer's line can fall out of its part."""

    ROLE_REVERSAL = "role_reversal"
    NARRATION = "narration"
    SPEAKS_FOR_REP = "speaks_for_rep"
    LEAK = "leak"
    UNEARNED = "unearned"
    CONTRADICTION = "contradiction"
    EARLY_AGREEMENT = "early_agreement"
    PREMATURE_ENDING = "premature_ending"
    REPEAT = "repeat"


@dataclass(frozen=True)
class RoleError:
    """A fault of a line and the words that show it."""

    kind: Kind
    words: str


def errors(turn: Turn, before: Sequence[Turn], persona: Persona) -> list[RoleError]:
    """Every fault of the turn's spoken line, given the turns before it; each kind and stretch once."""
    line = turn.prospect.replace("’", "'").strip()
    # What stands in quotation marks is somebody else's: usually the rep's own words given back.
    own = QUOTED.sub(' "…" ', line)
    reps = [*(one.rep for one in before), turn.rep]
    found = [
        *_narration(line, own, persona),
        *_speaks_for_rep(line, reps),
        *_role_reversal(own, reps, persona),
        *_matches(Kind.LEAK, LEAK, own),
        *_early_agreement(own, turn, persona),
        *_premature_ending(own, turn, persona),
        *_repeats(line, [one.prospect for one in before]),
        *_unearned(line, turn, before, persona),
        *_contradictions(line, turn, before, persona),
    ]
    return list(dict.fromkeys(found))


QUOTED = re.compile(r'["“][^"”]*["”]')
SENTENCE = re.compile(r"(?<=[.!?…])[\"”']?\s+|\n+")


def _sentences(text: str) -> list[str]:
    return [part.strip() for part in SENTENCE.split(text) if part.strip()]


DAY = r"(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday|tomorrow|next week|this afternoon|next month)"
PAPERS = (
    r"(?:brochures?|proposals?|contracts?|quotes?|quotation|details|information|info|materials?|decks?|case "
    r"stud(?:y|ies)|"
    r"invit(?:e|ation)s?|links?|slides|pricing|prices|e-?mail|agreement|paperwork|leaflets?|forms?|something|"
    r"calendar \w+|demo|trial|figures|numbers|it over|that over|one over)"
)


def _pattern(*parts: str) -> re.Pattern[str]:
    joined = "|".join(f"(?:{part})" for part in parts)
    return re.compile(joined.replace("<day>", DAY).replace("<papers>", PAPERS), re.IGNORECASE)


def _matches(kind: Kind, pattern: re.Pattern[str], text: str) -> Iterator[RoleError]:
    for match in pattern.finditer(text):
        yield RoleError(kind, match.group().strip())


# Role reversal

SHOW = r"(?:show|walk|offer|send|book|sign|set|demo)"
OURS = r"(?:platform|solution|software|product|app|tool|package|service|offering|demo|brochure|team)"
FIRMS = (
    r"(?:companies|businesses|firms|teams|clients|customers|practices|manufacturers|organi[sz]ations|people|"
    r"operators|owners|families)"
)
ROLE_REVERSAL = _pattern(
    r"\bhow (?:can|may|could|might) (?:I|we) (?:best )?(?:help|assist|support|serve|be of)\b(?! you,? (?:if|when)\b)",
    r"\bwhat can (?:I|we) (?:help|assist) you with\b",
    r"\b(?:I'm|I am|we're|we are) here to (?:help|support|assist|answer|make)\b",
    r"\b(?:happy|glad|delighted|love|pleased) to (?:help (?:you|with that|out|if|however|in any)|assist|answer "
    r"any|support|show|walk you|demo|set up|send you"
    r"|tell you (?:more|about (?:our|what we|how we))|offer you)\b",
    r"\blet me know (?:if|when|how) you (?:have|need|would|'d|want|like)\b",
    r"\bfeel free to\b",
    r"\banything else (?:I|we) can\b",
    r"\bthank(?:s| you)(?: so much| very much| again)? for (?:your (?:time|interest|patience|business|inquiry|"
    r"enquiry|"
    r"question|feedback|understanding|consideration|trust|openness|candou?r)|reaching out|contacting|choosing|"
    r"considering|taking (?:my|this|the) (?:call|time)|sharing|speaking with|giving (?:me|us) (?:a|your|some))\b",
    r"\b(?:appreciate|grateful for) your (?:time|interest|patience|business|openness|candou?r|sharing|being so "
    r"open)\b",
    rf"\b{FIRMS} (?:just )?like (?:yours|you)\b",
    rf"\bour {OURS} (?:can|could|will|would|helps?|lets?|gives?|makes?|offers?|saves?|takes?|has|is|integrates?)\b"
    r"[^.!?]*\byou",
    r"\bour (?:clients|customers) (?:typically |usually |often )?(?:see|save|report|find|get|cut) ",
    r"\bour (?:platform|solution|offering|demo|brochure)\b",
    rf"\b(?:I|we)(?:'d| would| could| can|'ll| will)(?: also| just| gladly| love to| like to| happily)* {SHOW} you "
    r"(?:how (?:it|our|we|this|that)\b|what (?:it|our|we|this)\b|through\b|up (?:with|for)\b|our\b|(?:(?:a|an|"
    r"the|some) )?"
    r"(?:[\w-]+ )?(?:demo|trial|quote|brochure|walkthrough|presentation|sample|proposal|case stud\w+|invite|"
    r"link|slot|"
    r"meeting|dashboard|savings)\b)",
    r"\bwe (?:help|work with|specialise in helping|specialize in helping|partner with|support) [^.!?]*"
    r"\b(?:like you|like yours|such as yours|your|you)\b",
    r"\bwe (?:offer|provide|deliver) (?:you|your|a (?:full|range|free|complete|suite))\b",
    r"\bwould you (?:like|want) (?:me|us) to\b(?! (?:say|ring|repeat|spell|shut|stop|go on|lie|clap))",
    r"\bwould you (?:like|be (?:open|interested|willing)) (?:to|in) (?:see|seeing|hear|hearing|try|trying|schedul\w+|"
    r"book\w*|learn\w*|a |have|get|explor\w+|meet\w*)",
    r"\b(?:would you like|can I (?:offer|interest) you|fancy) (?:in )?(?:a|our) (?:\w+ )?(?:demo|trial|quote|"
    r"brochure|"
    r"walkthrough|discount|pilot|consultation)\b",
    r"\b(?:shall|can|could|should) (?:I|we) (?:schedule|book|arrange|set up|put) (?:a|you|some)\b",
    r"\bI(?:'m| am) (?:calling|ringing|phoning|reaching out) (?:from|about|because|to (?:ask|see|talk|tell|find|"
    r"offer|"
    r"introduce|discuss)|on behalf)\b(?! (?:the dock|my))",
    r"\bI(?:'m| am) reaching out\b",
    r"\bthe reason (?:for my call|I'm (?:calling|ringing))\b",
    r"\bwhat (?:are|would you say are) your (?:\w+ )?(?:challenges|pain points|priorities|goals|needs|concerns)\b",
    r"\bwhat keeps you (?:up|awake)\b",
    r"\btell me (?:more |a (?:bit|little) )?(?:more )?about your (?:business|company|needs|operation|team|process|"
    r"current|challenges|situation|setup)\b",
    r"\bhow (?:does|do) your (?:team|company|business|firm|people) (?:currently|handle|manage|deal)\b",
    r"\bwhat(?: \w+)? (?:are|do) you (?:currently using|currently use|using (?:today|at the moment|right now))\b",
    r"\b(?:we|our team) (?:can|will|could) (?:have you|get you|take (?:all )?(?:that|this|the whole thing) off "
    r"your|save "
    r"you|help you|cut your|tailor|onboard|integrate)\b",
    r"\b(?:limited|special|introductory) (?:time )?(?:offer|price|discount|rate)\b[^.!?]*\byou\b",
    r"\bI (?:completely |totally |fully )?understand your (?:concern|hesitation|situation|position|frustration)",
    r"\bI can (?:do|offer|give) you (?:[\w%-]+ ){0,4}(?:discount|special price|free trial)\b",
)
FIRM = re.compile(
    r"(?:\bfrom|\bwith|\bat|\bfor|,) ((?:the |a )?(?:[A-Z][\w&']+)(?: (?:&|and )?[A-Z][\w&']+){0,3})(?=[.,;!?]| "
    r"here| and |$)"
)


def _role_reversal(own: str, reps: Sequence[str], persona: Persona) -> Iterator[RoleError]:
    yield from _matches(Kind.ROLE_REVERSAL, ROLE_REVERSAL, own)
    for firm in _firms(reps[:2], persona):
        words = re.escape(firm)
        ours = _pattern(
            rf"\b(?:we|us|here) at {words}\b",
            rf"\bour {words}\b",
            rf"\bat {words},? (?:we|our|I)\b",
            rf"\b(?:I'm|I am|this is|it's|my name is)(?: \w+){{0,3}}(?:,)? (?:from|with|at|of) {words}\b",
        )
        yield from _matches(Kind.ROLE_REVERSAL, ours, own)
    # Nobody calls themselves by name: it is the caller's voice that does.
    name = re.escape(persona.first_name)
    vocative = re.compile(
        rf"(?:\b(?:you|your|thanks|hi|hello|hear you|fair|enough|understood|great|sense|sorry|point)\b,? "
        rf"{name}[,.!?])",
        re.I,
    )
    opening = re.compile(rf"^{name}, (?=(?:I|we|you|let|what|how|can|could|would|if|that|may)\b)", re.I)
    for pattern in (vocative, opening):
        yield from _matches(Kind.ROLE_REVERSAL, pattern, own)


def _firms(reps: Sequence[str], persona: Persona) -> list[str]:
    """What the rep says they ring from; never a name of the buyer's own world."""
    known = _all_text(persona).lower()
    firms = [match.group(1) for rep in reps for match in FIRM.finditer(rep)]
    return [firm for firm in dict.fromkeys(firms) if firm.lower() not in known and firm.lower() != "i"]


# Narration

STAGE = (
    r"(?:sigh|paus|lean|laugh|chuckl|smil|frown|nod|shrug|hesitat|glanc|grunt|snort|mutter|grin|wave|glare|"
    r"raise|cough|"
    r"click|exhal|inhal|clear|scratch|groan|growl|tap|rub|look|gaz|stare|think|long|silen|beat|quiet|soft|dry|flat|"
    r"warm|cold|annoy|irritat|skeptic|sceptic|curious|thoughtful|amused|impatient|guarded|in a|after a|with a|to "
    r"(?:him|her|them)self|voice|tone|background|hang|takes?|puts?|shift|stir|sip)"
)
ACTS = (
    r"(?:sighs|pauses|leans|laughs|chuckles|smiles|frowns|nods|shrugs|hesitates|glances|grunts|snorts|mutters|grins|"
    r"raises|coughs|exhales|inhales|clears|scratches|groans|stares|gazes|shifts|softens|stiffens|bristles|considers|"
    r"crosses|rubs|taps|folds|falls silent|goes quiet|thinks for|looks (?:at|out|up|down|away|over)|takes a "
    r"(?:breath|"
    r"moment|sip|second)|puts down|sits back|hangs up|sounds (?:\w+)|seems (?:\w+)|says|replies|answers|"
    r"responds|asks|"
    r"adds|remains|feels|continues)"
)
MOTIONS = (
    r"(?:sighs|pauses|leans (?:back|in|forward)|laughs|chuckles|smiles|frowns|nods|shrugs|hesitates|grunts|"
    r"snorts|mutters|"
    r"exhales|clears (?:his|her|their) throat|goes quiet|falls silent|hangs up)"
)
NARRATION = re.compile(
    rf"(?<!\*)\*(?!\*)[^*\n]{{2,}}\*|(?<!\w)_[a-z][^_\n]+_(?!\w)|\(\s*{STAGE}[^)]*\)|\[[^\]\n]+\]|<[a-z/][^>\n]*>"
    rf"|^(?:(?:long |short |a |brief )*pause|sighs?|silence|beat|laughs?|chuckles?)\s*[.:…—-]"
    rf"|(?:^|\n)\s*{MOTIONS}\b",
    re.IGNORECASE,
)
LABEL = r"(?:prospect|buyer|customer|client|cfo|vp|owner|me|character|response|reply)"


def _narration(line: str, own: str, persona: Persona) -> Iterator[RoleError]:
    yield from _matches(Kind.NARRATION, NARRATION, own)
    names = [re.escape(name) for name in _self_names(persona)]
    label = re.compile(rf"(?:^|\n)\s*\**(?:{LABEL}|{'|'.join(names)})\**(?: \([^)]*\))?\s*:", re.IGNORECASE)
    yield from _matches(Kind.NARRATION, label, line)
    himself = re.compile(
        rf"\b(?:{'|'.join(names)}|(?i:the (?:buyer|prospect|customer on the line)))(?:,[^,.]*,)? (?:\w+ly )?{ACTS}\b"
    )
    yield from _matches(Kind.NARRATION, himself, own)
    acting = re.compile(
        rf"(?:^|[.!?…\"”] )(?:{'|'.join(names)}) [a-z]+s (?:his|her|their|the|a|at|out|up|back|down|away|for|"
        rf"into|over)\b"
    )
    yield from _matches(Kind.NARRATION, acting, own)
    pronoun = {"she": "She", "he": "He", "they": "(?:They|She)"}[persona.pronoun]
    third = re.compile(
        rf"^{pronoun} (?:\w+ly )?{ACTS}\b|[\"”],? {pronoun.lower()} (?:says|said|mutters|replies|adds)\b"
        rf"|(?:^|[.!?…\"”] )(?:{pronoun}) (?:\w+ly )?(?:sighs|pauses|hesitates|leans back|shrugs|nods|chuckles|"
        rf"exhales|"
        r"goes quiet|falls silent|clears (?:his|her|their) throat|raises an eyebrow)\b"
    )
    yield from _matches(Kind.NARRATION, third, line)


def _self_names(persona: Persona) -> list[str]:
    """The names that are the speaker's alone: of a couple, the one who is nobody else's stakeholder."""
    others = {word for one in persona.stakeholders for word in one.name.split()}
    return [name for name in (persona.name, *persona.name.split()) if name not in others and name[:1].isupper()]


# Speaking for the rep

REP_LABEL = re.compile(
    r"(?:^|\n|[.!?…\"”]\s+)\**(?:(?:sales ?)?rep(?:resentative)?|salesperson|sales ?man|seller|caller|agent|you|"
    r"vendor|"
    r"interviewer|user|human)\**\s*:",
    re.IGNORECASE,
)
YOU_SAY = re.compile(
    r"\byou (?:then )?(?:say|reply|answer|respond|ask|go on)\b[,:]?\s*[\"“']([^\"”]+)[\"”']?", re.IGNORECASE
)
INTRODUCED = re.compile(r"(?:\bI'm|\bI am|\bthis is|\bit's|\bname is|\bname's|, )\s*([A-Z][a-z]+)(?: [A-Z][a-z]+)?\b")


def _speaks_for_rep(line: str, reps: Sequence[str]) -> Iterator[RoleError]:
    yield from _matches(Kind.SPEAKS_FOR_REP, REP_LABEL, line)
    said = " ".join(reps).lower()
    for match in YOU_SAY.finditer(line):
        if match.group(1).strip(" .,!?").lower() not in said:
            yield RoleError(Kind.SPEAKS_FOR_REP, match.group())
    names = {match.group(1) for rep in reps[:2] for match in INTRODUCED.finditer(rep)}
    for name in sorted(names):
        yield from _matches(
            Kind.SPEAKS_FOR_REP, re.compile(rf"(?:^|\n|[.!?…\"”]\s+)\**{name}(?: [A-Z][a-z]+)?\**\s*:"), line
        )
    if len(re.findall(r"(?:^|\n)\s*[-–—]\s+\S", line)) > 1:
        yield RoleError(Kind.SPEAKS_FOR_REP, line)


# Leaks

DIAL = r"(?:trust|tension|inertia|patience|pressure)"
LEAK = _pattern(
    r"\b(?:system|hidden|original|initial|my) (?:prompts?|message)\b(?=[^.!?]*\b(?:say|tell|ask|instruct|not|is|"
    r"to)\b)",
    r"\bsystem prompts?\b",
    r"\b(?:the|this|that|your|a) prompt (?:says|tells|asks|told|doesn't|does|I was|I've|given|you gave)\b",
    r"\b(?:as|I'm|I am|being|just|only|really) an? (?:\w+ )?(?:AI|A\.I\.|language model|chat ?bot|bot|assistant|"
    r"machine|"
    r"model|program|simulation|simulated \w+|persona|fictional \w+|virtual \w+|invented \w+)\b(?! (?:railway|citizen|"
    r"pupil|student|of (?:a )?|patient|employee))",
    r"\b(?:large )?language models?\b",
    r"\bAI (?:model|assistant|system prompt)\b",
    r"\bmy (?:system )?instructions\b",
    r"\b(?:the|these) instructions (?:say|tell|I (?:was|have|got)|given|don't|forbid|for this)\b",
    r"\bI(?:'ve| have| was| am|'m)(?: been)? (?:told|instructed|programmed|designed|configured|prompted|trained|"
    r"set up|"
    r"supposed|meant|asked) (?:to|not to) (?:act|play|pretend|stay|remain|respond|role|portray|simulate|resist|"
    r"object|be "
    r"(?:guarded|difficult|sceptical|skeptical|dismissive)|reveal|give (?:away|out)|not|keep (?:this|it|that) "
    r"(?:hidden|"
    r"back until)|answer as)\b",
    r"\b(?:not (?:allowed|permitted|supposed|meant)|can't|cannot|mustn't) (?:to )?(?:reveal|disclose|give away)\b",
    r"\b(?:in|out of|break|breaking|stay in) character\b(?! (?:for|with))",
    r"\bmy character(?:'s)?\b(?! (?:reference|is my own))",
    r"\b(?:role|rôle)[- ]?play\w*",
    r"\b(?:this|the|our) (?:simulation|training (?:session|exercise|scenario)|practice (?:call|session|conversation)|"
    r"scenario|exercise)\b",
    r"\b(?:simulat(?:ed|ion)|sim) (?:buyer|prospect|customer|call)\b",
    r"\bmy persona\b|\bpersona (?:file|sheet|card)\b|\bthe persona\b",
    rf"\b(?:my|the) (?:\w+ )?{DIAL}(?: \w+)? (?:score|level|meter|value|number|dial|points?|rating)\b",
    rf"\b{DIAL} (?:is (?:at |now )?|at |of |to |has (?:gone|risen|dropped) to |now |stands at |went (?:up|down) "
    rf"(?:by|to) |= ?|: ?)"
    r"(?:now |about |only )?\d+",
    rf"\b(?:raised|lowered|moved|dropped) (?:my|the) {DIAL} (?:by|to)\b",
    r"\b(?:my|the) stance\b(?=[^.!?]*\b(?:guarded|dismissive|curious|concerned|ready|changed|moved|is)\b)",
    r"\byou(?:'ve| have)?(?: not| n't|n't)?(?: yet)? (?:unlocked|earned (?:that|this|the) (?:fact|need|layer|"
    r"information))\b",
    r"\b(?:haven't|have not|hasn't) (?:yet )?(?:been )?(?:unlocked|earned (?:that|this|the|any) (?:fact|need|layer|"
    r"information|detail))\b",
    r"\b(?:unknown|felt|said|hidden|deeper) (?:needs?|layer)\b(?= (?:is|layer|that|comes|in|of|yet|list))",
    r"\b(?:guarded|private|unearned) facts?\b",
    r"\bmy notes (?:say|tell|here say|don't|for this|on how)\b|\b(?:according to|looking at|in) my (?:notes|"
    r"brief|file|"
    r"sheet|script)[, ]+(?:it says |I (?:should|must|am to|'m to|can't|mustn't))",
    r"\bthe (?:draft|notes) (?:says?|tells?|I was given|line)\b",
    r"\b(?:JSON|tokens?|temperature setting|training data|context window|OpenAI|ChatGPT|GPT-?\d*)\b(?! (?:of|"
    r"gesture))",
    r"\b(?:next|this) (?:line|reply|response) (?:should|must|is meant to)\b",
    r"\bsustain talk\b|\bchange talk\b",
)


# Agreeing too early, leaving too early

AGREEMENT = _pattern(
    r"\b(?:let's|let us) (?:meet|do (?:it|that|this)|book|schedule|set (?:it|that|this|something|a|up)|go ahead|"
    r"arrange|"
    r"get (?:it|that|something|started|going)|put (?:it|that|something) in|make it|fix (?:a|it)|try it|start "
    r"(?:on|with "
    r"(?:the|a) (?:trial|pilot))|sign|say (?:<day>|two|ten|eleven|half))\b",
    r"\byou're on(?=[.!,]|$)",
    r"\b(?:you've got a deal|you have a deal|it's a deal|it's a date|we have a deal|count (?:me|us) in|sign "
    r"(?:me|us) up|"
    r"where do (?:I|we) sign|put (?:me|us) down for|book (?:me|us) in|pencil (?:me|us|you) in|I'm sold|I'm "
    r"convinced)\b",
    r"^(?:[\w' ]+, )?(?:I'm|we're) in(?=[.!,]|$)",
    r"\b(?:shall|should) we say (?:<day>|one|two|three|nine|ten|eleven|half)\b",
    r"^(?:(?:right|aye|yes|done|agreed|approved|go on|very well|all right|good|okay|ok|fine|sure|then|so|an "
    r"hour|one hour|"
    r"two hours|this|next)[,.:]? )*<day>(?=,| at | after | week\b)",
    r"\b(?:send|email|e-mail|mail|post|forward) (?:me|us|over|through|across) (?:(?:the|a|an|your|some|that|"
    r"over|what "
    r"you have|everything|more|any|along|with|of|on)\b\s*)*(?:\w+ ){0,2}?<papers>\b",
    r"\bsend (?:it|that|them|those) (?:over|across|through|to me|my way|to us)\b",
    r"\bsend (?:me|us) (?:what|everything|whatever) you\b",
    r"\b(?:on |this |next )?<day> (?:at \w+(?: \w+)? )?(?:works|suits|is (?:fine|good|best|free)|will do|would "
    r"(?:work|suit|"
    r"do)|it is|then)\b",
    r"\b(?:see|meet|expect) you (?:on |at |then|there|next )(?:<day>|\w+)?",
    r"(?:^|[.;!,] |\band |\bthen )(?:come|pop|drop) (?:by|in|over|round|down|up|and (?:see|show|"
    r"meet))\b[^.!?]*\b(?:<day>|o'clock|at (?:one|two|three|"
    r"nine|ten|eleven|noon|half))\b",
    r"\bI(?:'d| would)?(?: be)? (?:happily |gladly )?agree (?:to|that we should) (?:a|the|an|meet|that|it|this|"
    r"go|your)\b",
    r"\bI accept\b",
    r"\b(?:we|I)(?:'ll| will) (?:take|buy|order|sign|go with|have) (?:the (?:package|trial|demo|pilot|"
    r"offer|deal|contract|basic|full|top|middle)|your|up|with you)\b",
    r"\b(?:I|we)(?:'d| would) (?:like|love|be happy|be glad) (?:to (?:go ahead|meet|sign|book|schedule|set up|"
    r"take (?:it|you)|"
    r"buy (?:it|one)|try it)|(?:to (?:see|have|try) )?(?:a|that|the|your) (?:demo|trial|meeting|pilot|quote|"
    r"proposal))\b",
    r"\b(?:happy|glad|willing|ready|keen) to (?:meet|sign|book|go ahead|buy|take the meeting|set (?:up|"
    r"something)|give it "
    r"a (?:go|try)|do (?:that|it|the)|try (?:it|the)|commit|host you)\b",
    r"\b(?:I|we) (?:can|could) (?:do|manage|make|meet(?: you)?|fit you in|see you|give you (?:an hour|half an "
    r"hour|two "
    r"hours)) (?:on |next |this )?(?:<day>|then|at)\b",
    r"\b(?:when|what time) (?:can|could|do|shall|should) (?:you (?:come|start|install|visit|begin)|we (?:meet|start|"
    r"begin|sit down|do it))\b",
    r"\b(?:can|could|would) you (?:send|email|e-mail|forward|post) (?:me|us|over|it|that|through)\b",
    r"\b(?:put|get) (?:it|that|something|an hour|half an hour|a meeting|you) in (?:the|my|our) (?:diary|calendar)\b",
    r"\b(?:I'll|I will|we'll|we will) (?:meet you|see you|bring (?:\w+ ){1,3}(?:to the meeting|along)|clear "
    r"(?:the|my|an) "
    r"(?:diary|hour|afternoon|morning)|block out|set aside (?:an|two|half))\b",
    r"\byes,? (?:please )?(?:to )?(?:the|that|a) (?:meeting|demo|trial|pilot|visit|step|hour|session)\b",
    r"\b(?:go on|all right|okay|ok|right|fine|yes|sure)[,.]? (?:then[,.]? )?(?:an hour|two hours|one hour|half "
    r"an hour|"
    r"<day>)[,.]",
)
NOT_AGREED = _pattern(
    r"\b(?:not|never|no(?! (?:trouble|problem|bother))|nobody|don't|won't|wouldn't|can't|couldn't|didn't|isn't|"
    r"doesn't|cannot|nor|neither|hardly|rather|"
    r"before|until|till|unless|if|suppose|when|whenever|why|every|each|always|used to|once|last|instead|without|"
    r"nothing)\b"
)


def _early_agreement(own: str, turn: Turn, persona: Persona) -> Iterator[RoleError]:
    if turn.stance == Stance.AGREED_NEXT_STEP:
        return
    for sentence in _sentences(own):
        for match in AGREEMENT.finditer(sentence):
            # "If it's free, count me in" is a joke or a condition; so is all that comes after a denial.
            if not NOT_AGREED.search(sentence[: match.end()]):
                yield RoleError(Kind.EARLY_AGREEMENT, sentence)
                break
    spoken = set(_sentences(turn.prospect))
    for yes in persona.agrees_to.yes:
        if yes in turn.prospect or spoken & {s for s in _sentences(yes) if len(s.split()) > 4}:
            yield RoleError(Kind.EARLY_AGREEMENT, yes)


ENDING = _pattern(
    r"(?:^|[.!?…,;] |\bso |\bsay |\band |\bthen )(?:good ?bye|bye(?: for now|[- ]bye)?|cheerio|ta-?ra|good day|"
    r"good night|namaste|"
    r"farewell)(?: (?:now|then|to you|and good luck))?\s*(?=[.!,…]|$)",
    r"\b(?:I'm|I am|I'll|I will|we'll|I'm going to|I shall)(?: just| now)?(?: be)? (?:hang(?:ing)? up|"
    r"put(?:ting)? (?:the|this) "
    r"phone down|ring(?:ing)? off|end(?:ing)? (?:this|the) (?:call|conversation)|let(?:ting)? you go)\b",
    r"\b(?:I've|I have)(?: really)? (?:got )?to (?:go|run|dash|be off|get (?:on|going|off|back))(?: now| to a "
    r"\w+)?\s*[.!,]",
    r"\bI (?:really )?(?:must|need to|should) (?:go|run|dash|be off|be going|get off the phone)(?: now)?\s*[.!,]",
    r"\b(?:I'm|we're) (?:done|finished|through)(?: here| with this| talking| with you)?\s*[.!]",
    r"\bthis (?:call|conversation)(?: is|'s) (?:over|finished|done)\b",
    r"\b(?:I'm|I am) (?:going|off|leaving|away) now\b",
    r"(?:^|[,;] )(?:I'm (?:off|gone|away|ending this)|must go)(?=[.!,]|$)",
    r"\bI (?:now )?(?:put the phone down|put down the (?:phone|receiver)|hang up)(?: now)?(?=[.!,]|$)",
    r"\b(?:I'm|I am) (?:putting (?:down )?the (?:phone|receiver)|disconnecting|simply disconnecting)\b",
    r"\b(?:take|strike|remove|delete) (?:out |off )?(?:me|(?:my|our|this|the) (?:number|extension))(?: (?:off|"
    r"from) your list)?\b",
    r"\bI(?:'ll| really must| must) (?:leave you to it|get on|let you get on|take myself off)\b",
    r"\bwe(?:'re| are)? (?:done|finished?)(?: here)?(?=[.!,]|$)|\bwe finish here\b",
    r"\b(?:have|enjoy) (?:a|the rest of your|your) (?:good|nice|lovely|great|pleasant|day|week|evening|weekend)\b",
    r"(?:^|[.!?…,;] )(?:take care|talk soon|speak soon|all the best|so long|cheers,? bye|look after "
    r"yourself)\s*[.!,]",
    r"\b(?:let's|we'll|I'll) (?:call it a day|leave it (?:there|at that)(?! for)|stop (?:it )?(?:there|here)|"
    r"end (?:it|this) "
    r"(?:here|there))\b",
    r"\b(?:don't|please don't|do not|you needn't) (?:call|ring|phone) (?:me |us |here |this number )?(?:again|"
    r"back|any ?more)\b",
    r"\bI won't keep you\b|\bI'll (?:say|wish you) good(?:bye| day)\b",
    r"\bthe call (?:ends|is over|ended)\b|\*?(?:hangs up|click)\*?\.?$",
)
NOT_ENDING = _pattern(
    r"\b(?:if|unless|or|before|when|whenever|one more|almost|nearly|every time|could|would|might|not|never|"
    r"until|till|"
    r"after|why don't|once|last|he|she|they|used to)\b"
)


GREETING = re.compile(r"(?:good (?:day|evening|night)|namaste)\b", re.IGNORECASE)


def _premature_ending(own: str, turn: Turn, persona: Persona) -> Iterator[RoleError]:
    if turn.stance in (Stance.ENDED_CALL, Stance.AGREED_NEXT_STEP):
        return
    ending = {said for name, says in persona.lines.items() if name.startswith("end_") for said in says}
    for line in ending:
        if line in turn.prospect:
            yield RoleError(Kind.PREMATURE_ENDING, line)
    sentences = _sentences(own)
    for number, sentence in enumerate(sentences, 1):
        # "Good day" opens a call as well as it closes one.
        if number == 1 < len(sentences) and GREETING.match(sentence):
            continue
        for match in ENDING.finditer(sentence):
            before = NOT_ENDING.search(sentence[: match.start() + 1])
            threat = re.search(r"\b(?:if|unless|when)\b", sentence[match.end() :])
            if not before and not threat:
                yield RoleError(Kind.PREMATURE_ENDING, sentence)
                break


# Saying it twice

SAME = 0.82
SAME_WORDS = 5


def _repeats(line: str, earlier: Sequence[str]) -> Iterator[RoleError]:
    said = [words for one in earlier for s in _sentences(one) if len(words := words_of(s)) >= SAME_WORDS]
    for sentence in _sentences(line):
        # "You said …" with the rep's words in it may well come twice; the frame around it may not.
        words = words_of(sentence)
        if len(words) < SAME_WORDS:
            continue
        if any(_is_same(words, one) for one in said):
            yield RoleError(Kind.REPEAT, sentence)
        said.append(words)


def _is_same(one: list[str], other: list[str]) -> bool:
    short, long = sorted((one, other), key=len)
    # The whole of it said again, with an "as I say" before it.
    if len(short) >= 0.6 * len(long) and f" {' '.join(short)} " in f" {' '.join(long)} ":
        return True
    # The same words around another figure are another statement.
    if {word for word in one if word[0].isdigit()} != {word for word in other if word[0].isdigit()}:
        return False
    matcher = difflib.SequenceMatcher(None, one, other, autojunk=False)
    if matcher.ratio() < SAME:
        return False
    changed = (set(one) ^ set(other)) - STOP
    return len(changed) <= max(2, len(set(one) - STOP) // 3)


# What has not been earned

Figure: TypeAlias = tuple[float, float, str, str]

MEANT = 0.6
AHEAD = 0.06
SURELY_MEANT = 0.75
ALSO_MEANT = 0.5
ALSO_AHEAD = 0.1
STEP_STANCES = (Stance.CONCERNED, Stance.READY, Stance.AGREED_NEXT_STEP)


@cache
def _encoder() -> Encoder:
    return Encoder()


@cache
def _vector(text: str) -> Vectors:
    return _encoder().encode([text])[0]


def _vectors(texts: Sequence[str]) -> Vectors:
    return np.stack([_vector(text) for text in texts])


def _units(texts: Iterable[str]) -> list[str]:
    """The texts and the sentences in them that say something."""
    parts = (part for text in texts for part in (text, *_sentences(text)))
    return list(dict.fromkeys(part for part in parts if _has_meaning(part)))


def _has_meaning(text: str) -> bool:
    words = words_of(text)
    return len(words) >= 4 and len(_content(text)) >= 2


def _content(text: str) -> set[str]:
    """Words with a meaning, cut to a stem that plural and tense do not change."""
    return {_stem(word) for word in words_of(text) if word not in STOP and len(word) > 2}


def _stem(word: str) -> str:
    return re.sub(r"(?:'s|ies|ing|ed|es|s|y|e)$", "", word)[:7]


def _secrets(persona: Persona) -> dict[str, list[str]]:
    """Everything that must be earned, under the id by which the memory knows it."""
    guarded = [fact for fact in persona.facts if fact.guarded != "open"]
    needs = (*persona.needs.felt, *persona.needs.unknown)
    items = (*needs, *guarded, *persona.consequences, *persona.stakeholders)
    found = {item.id: [item.what, *item.says] for item in items}
    return found | {f"why:{n}": [why.what, *why.says] for n, why in enumerate(persona.whys)}


def _public(persona: Persona) -> list[str]:
    """Everything that may be said from the first word."""
    quo = persona.status_quo
    texts = [item.text for item in persona.brief]
    for side in (quo.today, quo.comfort, quo.change_costs, quo.burned):
        texts += [side.what, *side.says]
    for item in (*persona.needs.said, *(fact for fact in persona.facts if fact.guarded == "open")):
        texts += [item.what, *item.says]
    asked = persona.questions
    texts += [*asked.dismissive, *asked.guarded, *asked.curious, *asked.concerned, *asked.ready]
    texts += [said for trigger in persona.triggers for said in trigger.says]
    texts += [SLOT.sub("it", said) for says in persona.lines.values() for said in says]
    role = f"{persona.name}, {persona.role}, {persona.company}, {persona.industry}"
    return [*texts, *persona.voice.samples, persona.voice.describe, persona.card, persona.picks_up, role]


def _step_lines(persona: Persona) -> list[str]:
    step = persona.agrees_to
    return [step.step, step.condition, *step.why, *step.cost, *step.who, *step.yes, *step.not_yet]


def _allowed(turn: Turn, before: Sequence[Turn], persona: Persona) -> list[str]:
    """What the line may draw on: the public side, what was said in the call, and what has been earned."""
    earned = set(turn.memory.earned)
    texts = _public(persona)
    texts += [text for name, says in _secrets(persona).items() if name in earned for text in says]
    if turn.stance in STEP_STANCES:
        texts += _step_lines(persona)
    texts += [said for one in before for said in (one.rep, one.prospect)]
    return [*texts, turn.rep]


def _unearned(line: str, turn: Turn, before: Sequence[Turn], persona: Persona) -> Iterator[RoleError]:
    earned = set(turn.memory.earned)
    hidden = [text for name, says in _secrets(persona).items() if name not in earned for text in says]
    if not hidden:
        return
    allowed = _allowed(turn, before, persona)
    flagged = [*_hidden_words(line, hidden, allowed), *_hidden_meaning(line, hidden, allowed)]
    for words in dict.fromkeys(flagged):
        yield RoleError(Kind.UNEARNED, words)


def _hidden_meaning(line: str, hidden: Sequence[str], allowed: Sequence[str]) -> Iterator[str]:
    secret, known = _units(hidden), _units(allowed)
    secret_rows, known_rows = _vectors(secret), _vectors(known)
    people = {_stem(_bare(name).lower()) for text in (*hidden, *allowed) for name in NAME.findall(text)}
    for unit in (unit for unit in _sentences(line) if _has_meaning(unit)):
        row = _vector(unit)
        near, free = secret_rows @ row, known_rows @ row
        best, ahead = float(near.max()), float(near.max() - free.max())
        # A question touches on a matter more often than it gives it away.
        strict = 0.06 if unit.endswith("?") else 0.0
        # Two sentences on the same person are alike whatever they say: something else must be shared too.
        shared = (_content(unit) & _content(secret[int(near.argmax())])) - people
        sure = best >= MEANT + strict and ahead >= AHEAD and (len(shared) >= 2 or best >= SURELY_MEANT)
        if sure or (best >= ALSO_MEANT + strict and ahead >= ALSO_AHEAD and len(shared) >= 3):
            yield unit


def _hidden_words(line: str, hidden: Sequence[str], allowed: Sequence[str]) -> Iterator[str]:
    free_runs = {run for text in allowed for run in runs_of(text, 5, 3)}
    runs = {run for text in hidden for run in runs_of(text, 5, 3)} - free_runs
    free_names = {_bare(name) for text in allowed for name in NAME.findall(text)}
    free_words = {word for text in allowed for word in words_of(text)}
    names = {_bare(name) for text in hidden for name in NAME.findall(text)} - free_names
    names = {name for name in names if name.lower() not in free_words}
    told = {value for text in allowed for value in _values(text)}
    figures = [found for text in hidden for found in _figures(text) if _is_telling(found, told)]
    for sentence in _sentences(line):
        if (
            runs_of(sentence, 5, 3) & runs
            or {_bare(name) for name in CAPITAL.findall(sentence)} & names
            or any(_counts_alike(mine, theirs) for mine in _figures(sentence) for theirs in figures)
        ):
            yield sentence


def _is_telling(figure: Figure, told: set[float]) -> bool:
    """Whether a figure is odd enough to give its matter away, and has not been said."""
    value, scaled, _, _ = figure
    return (scaled >= 13 or bool(value % 1)) and not {value, scaled} & told


def _counts_alike(mine: Figure, theirs: Figure) -> bool:
    """The same number of the same thing: a word near one stands near the other."""
    if mine[1] != theirs[1]:
        return False
    near = [_content(" ".join([*words_of(one[2])[-5:], *words_of(one[3])[:5]])) for one in (mine, theirs)]
    return bool(near[0] & near[1])


CAPITAL = re.compile(r"\b[A-Z][a-z]{2,}(?:'s)?")
NAME = re.compile(r"(?<=[a-z,;:] )[A-Z][a-z]{2,}(?:'s)?")


def _bare(name: str) -> str:
    return name.removesuffix("'s")


# Figures

NUMBER = re.compile(
    r"(?<![\w.,-])[£$€]?(\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)\s?(k|m|bn|thousand|million|lakh|"
    r"crore)?\b(?![-–]?[a-z]*\d)",
    re.IGNORECASE,
)
SCALE = {"k": 1e3, "thousand": 1e3, "m": 1e6, "million": 1e6, "bn": 1e9, "lakh": 1e5, "crore": 1e7}
ABOUT = re.compile(
    r"\b(?:about|nearly|near|almost|around|over|roughly|some|shy of|under|best part of|close to|-odd)\b", re.I
)


@cache
def _figures(text: str) -> tuple[Figure, ...]:
    """Each number of a text: itself, scaled, and the words before and after it."""
    spelled = re.sub(r"(?<=[a-z])-(?=[a-z])", " ", text)
    plain = cast(str, alpha2digit(spelled, "en"))
    found: list[Figure] = []
    for match in NUMBER.finditer(plain):
        value = float(match.group(1).replace(",", ""))
        scale = SCALE.get((match.group(2) or "").lower(), 1.0)
        rest = plain[match.end() : match.end() + 60]
        glued = re.match(r"\s*(\d{4,7})\b", rest)
        # "1.1 million" comes out of the words as two numbers.
        if glued and glued.group(1) in ("1000", "1000000", "100000"):
            scale = float(glued.group(1))
            rest = rest[glued.end() :]
        found.append((value, value * scale, plain[max(0, match.start() - 40) : match.start()], rest))
    return tuple(found)


def _values(text: str) -> list[float]:
    return [number for value, scaled, _, _ in _figures(text) for number in {value, scaled}]


def _all_text(persona: Persona) -> str:
    return "\n".join(
        [*_public(persona), *(t for says in _secrets(persona).values() for t in says), *_step_lines(persona)]
    )


def _contradictions(line: str, turn: Turn, before: Sequence[Turn], persona: Persona) -> Iterator[RoleError]:
    said = [*(text for one in before for text in (one.rep, one.prospect)), turn.rep]
    known = _known(persona) | {number for text in said for number in _values(text)}
    nouns = _counted(persona)
    spoken = " ".join(said)
    for sentence in _sentences(line):
        if sentence.endswith("?") or SUPPOSED.search(sentence) or CALLERS.search(sentence):
            continue
        for value, scaled, left, right in _figures(sentence):
            if _is_idle(value, scaled, left, right):
                continue
            near = _leeway(value, scaled, left)
            elsewhere = not any(abs(number - one) <= near * one for one in known for number in (value, scaled))
            if (elsewhere and _is_big(value, scaled, left, right)) or _miscounts(value, scaled, right, nouns, spoken):
                yield RoleError(Kind.CONTRADICTION, sentence)
                break


def _leeway(value: float, scaled: float, left: str) -> float:
    """By what part a number may be rounded; a year never is."""
    if 1900 <= value <= 2099 and value == scaled:
        return 0.0
    if ABOUT.search(left[-25:]):
        return 0.1
    return 0.015 if scaled >= 1000 else 0.0


SUPPOSED = re.compile(
    r"\b(?:suppose|imagine|if|for argument's sake|let's say|you'd need|even at|as though|as if)\b", re.I
)
# "A dozen people have rung me with that": a grumble about callers, not a count.
CALLERS = re.compile(r"\b(?:rung|rings?|called|calls?|callers?|salesm[ae]n|reps?|brochures?|leaflets?)\b", re.I)
IDLE_AFTER = re.compile(
    r"^[\s-]*(?:%?\s*(?:times|ways|reasons|words|sentences|questions|things|minds|to one|of you|people like|"
    r"calls|callers|"
    r"voices|salesmen|reps|o'clock|a\.?m|p\.?m|seconds|second|sugars|degrees|percent sure|cups|feet|foot))\b",
    re.I,
)
IN_TALK = re.compile(r"^\s*(?:more |whole |spare )?(?:minutes?|mins?)\b", re.I)
YOURS = re.compile(r"\b(?:give|got|gave|have|take|spare|you've|you|another|in|next|last|only)\b(?: \w+){0,2}\s*$", re.I)
ROUND = {100.0, 1000.0, 10000.0, 1_000_000.0}


def _is_idle(value: float, scaled: float, left: str, right: str) -> bool:
    """Numbers that count nothing of theirs: manners of speaking, the time this call may take."""
    if IDLE_AFTER.match(right) or re.search(r"(?:\bA|\bM)$|\b(?:route|room|channel|chapter|page|number) $", left):
        return True
    if IN_TALK.match(right) and YOURS.search(left):
        return True
    return scaled in ROUND and not re.search(r"[£$€]\s*$", left) and not MONEY.match(right)


MONEY = re.compile(r"^\s*(?:%|percent|per cent|pounds?|quid|euros?|dollars?|zloty|rupees|lakh|crore|grand|k\b)", re.I)


def _is_big(value: float, scaled: float, left: str, right: str) -> bool:
    """Small bare numbers are too common in speech to prove anything."""
    return scaled >= 13 or bool(value % 1) or bool(MONEY.match(right)) or bool(re.search(r"[£$€]\s*$", left))


@cache
def _numbers(text: str) -> frozenset[float]:
    return frozenset(number for line in text.split("\n") for number in _values(line))


def _known(persona: Persona) -> set[float]:
    items = (*persona.brief, *persona.facts, *persona.consequences)
    return set(_numbers(_all_text(persona))) | {figure.value for item in items for figure in item.figures}


def _counted(persona: Persona) -> dict[str, set[float]]:
    """The nouns that the file counts, and every count of them."""
    items = (*persona.brief, *persona.facts, *persona.consequences)
    nouns: dict[str, set[float]] = {}
    for figure in (figure for item in items for figure in item.figures):
        for phrase in figure.of:
            head = re.split(r" (?:a|an|in|on|of|for|from|the|each|per|last|before|to)\b", phrase)[0].split()[-1].lower()
            nouns.setdefault(_stem(head), set()).add(figure.value)
    for text in _all_text(persona).split("\n"):
        for value, scaled, _, right in _figures(text):
            for word in words_of(right)[:3]:
                if _stem(word) in nouns:
                    nouns[_stem(word)] |= {value, scaled}
    return nouns


def _miscounts(value: float, scaled: float, right: str, nouns: dict[str, set[float]], spoken: str) -> bool:
    """Whether the file counts this thing and never so; only the whole of it, never some of them."""
    if value < 4 or re.match(r"\s*(?:of|or|out of)\b", right):
        return False
    words = words_of(right)[:2]
    for word in words:
        counts = nouns.get(_stem(word)) if len(word) > 3 and word not in STOP else None
        if counts:
            heard = any(
                number in (value, scaled) and _stem(word) in {_stem(w) for w in words_of(after)[:3]}
                for number, _, _, after in _figures(spoken)
            )
            close = any(abs(number - one) <= 0.02 * one for one in counts for number in (value, scaled))
            return not close and not heard and scaled >= 4
    return False
