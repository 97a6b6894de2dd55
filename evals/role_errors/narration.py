"""Falling out of the part: stage directions, labels, the third person, and the machinery behind it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from bot.persona import Persona
from evals.role_errors.fault import Kind, RoleError, matches, pattern
from evals.role_errors.texts import remember

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


def narration(line: str, own: str, persona: Persona) -> Iterator[RoleError]:
    """Acts told instead of words said, and the speaker named as somebody else would name them."""
    yield from _narrated(own)
    label, himself, acting, third = _third_person(_self_names(persona), persona.pronoun)
    yield from matches(Kind.NARRATION, label, line)
    yield from matches(Kind.NARRATION, himself, own)
    yield from matches(Kind.NARRATION, acting, own)
    yield from matches(Kind.NARRATION, third, line)


@remember
def _narrated(own: str) -> tuple[RoleError, ...]:
    return tuple(matches(Kind.NARRATION, NARRATION, own))


@lru_cache(maxsize=64)
def _third_person(self_names: tuple[str, ...], spoken_of: str) -> tuple[re.Pattern[str], ...]:
    """A label before the line, the name with an act, the name with any verb of motion, the pronoun with an act."""
    names = [re.escape(name) for name in self_names]
    label = re.compile(rf"(?:^|\n)\s*\**(?:{LABEL}|{'|'.join(names)})\**(?: \([^)]*\))?\s*:", re.IGNORECASE)
    himself = re.compile(
        rf"\b(?:{'|'.join(names)}|(?i:the (?:buyer|prospect|customer on the line)))(?:,[^,.]*,)? (?:\w+ly )?{ACTS}\b"
    )
    acting = re.compile(
        rf"(?:^|[.!?…\"”] )(?:{'|'.join(names)}) [a-z]+s (?:his|her|their|the|a|at|out|up|back|down|away|for|"
        rf"into|over)\b"
    )
    pronoun = {"she": "She", "he": "He", "they": "(?:They|She)"}[spoken_of]
    third = re.compile(
        rf"^{pronoun} (?:\w+ly )?{ACTS}\b|[\"”],? {pronoun.lower()} (?:says|said|mutters|replies|adds)\b"
        rf"|(?:^|[.!?…\"”] )(?:{pronoun}) (?:\w+ly )?(?:sighs|pauses|hesitates|leans back|shrugs|nods|chuckles|"
        rf"exhales|"
        r"goes quiet|falls silent|clears (?:his|her|their) throat|raises an eyebrow)\b"
    )
    return label, himself, acting, third


def _self_names(persona: Persona) -> tuple[str, ...]:
    """The names that are the speaker's alone: of a couple, the one who is nobody else's stakeholder."""
    others = {word for one in persona.stakeholders for word in one.name.split()}
    return tuple(name for name in (persona.name, *persona.name.split()) if name not in others and name[:1].isupper())


DIAL = r"(?:trust|tension|inertia|patience|pressure)"
LEAK = pattern(
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


@remember
def leaks(own: str) -> tuple[RoleError, ...]:
    """Words about the prompt, the model, the dials or the notes behind the buyer."""
    return tuple(matches(Kind.LEAK, LEAK, own))
