"""Taking the other side: selling as the rep does, or saying the rep's words for them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from bot.persona import Persona
from evals.role_errors.fault import Kind, RoleError, matches, pattern
from evals.role_errors.on_file import OnFile
from evals.role_errors.texts import remember

SHOW = r"(?:show|walk|offer|send|book|sign|set|demo)"
OURS = r"(?:platform|solution|software|product|app|tool|package|service|offering|demo|brochure|team)"
FIRMS = (
    r"(?:companies|businesses|firms|teams|clients|customers|practices|manufacturers|organi[sz]ations|people|"
    r"operators|owners|families)"
)
ROLE_REVERSAL = pattern(
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


def role_reversal(own: str, reps: Sequence[str], persona: Persona, file: OnFile) -> Iterator[RoleError]:
    """Words that only the seller says, and the seller's firm or the buyer's own name in their mouth."""
    yield from _reversed(own)
    for firm in _firms(reps[:2], file):
        yield from matches(Kind.ROLE_REVERSAL, _ours(firm), own)
    for called in _called_by_name(persona.first_name):
        yield from matches(Kind.ROLE_REVERSAL, called, own)


@remember
def _reversed(own: str) -> tuple[RoleError, ...]:
    return tuple(matches(Kind.ROLE_REVERSAL, ROLE_REVERSAL, own))


@remember
def _ours(firm: str) -> re.Pattern[str]:
    words = re.escape(firm)
    return pattern(
        rf"\b(?:we|us|here) at {words}\b",
        rf"\bour {words}\b",
        rf"\bat {words},? (?:we|our|I)\b",
        rf"\b(?:I'm|I am|this is|it's|my name is)(?: \w+){{0,3}}(?:,)? (?:from|with|at|of) {words}\b",
    )


@remember
def _called_by_name(first_name: str) -> tuple[re.Pattern[str], ...]:
    """Nobody calls themselves by name: it is the caller's voice that does."""
    name = re.escape(first_name)
    vocative = re.compile(
        rf"(?:\b(?:you|your|thanks|hi|hello|hear you|fair|enough|understood|great|sense|sorry|point)\b,? "
        rf"{name}[,.!?])",
        re.I,
    )
    opening = re.compile(rf"^{name}, (?=(?:I|we|you|let|what|how|can|could|would|if|that|may)\b)", re.I)
    return vocative, opening


def _firms(reps: Sequence[str], file: OnFile) -> list[str]:
    """What the rep says they ring from; never a name of the buyer's own world."""
    firms = list(dict.fromkeys(match.group(1) for rep in reps for match in FIRM.finditer(rep)))
    return [firm for firm in firms if firm.lower() not in _world(file) and firm.lower() != "i"]


@lru_cache(maxsize=64)
def _world(file: OnFile) -> str:
    return "\n".join(file.texts).lower()


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


def speaks_for_rep(line: str, reps: Sequence[str]) -> Iterator[RoleError]:
    """Both sides of the talk in one mouth."""
    yield from matches(Kind.SPEAKS_FOR_REP, REP_LABEL, line)
    said = " ".join(reps).lower()
    for match in YOU_SAY.finditer(line):
        if match.group(1).strip(" .,!?").lower() not in said:
            yield RoleError(Kind.SPEAKS_FOR_REP, match.group())
    names = {match.group(1) for rep in reps[:2] for match in INTRODUCED.finditer(rep)}
    for name in sorted(names):
        yield from matches(Kind.SPEAKS_FOR_REP, _label_of(name), line)
    if len(re.findall(r"(?:^|\n)\s*[-–—]\s+\S", line)) > 1:
        yield RoleError(Kind.SPEAKS_FOR_REP, line)


@remember
def _label_of(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?:^|\n|[.!?…\"”]\s+)\**{name}(?: [A-Z][a-z]+)?\**\s*:")
