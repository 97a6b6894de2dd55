"""The moves a rep's message can make, by the codes of the field."""

from __future__ import annotations

from enum import StrEnum


class Code(StrEnum):
    """What a rep's words do; a message may carry several, `other` stands alone."""

    INSIGHT = "insight"
    TAILORING = "tailoring"
    CONSEQUENCE = "consequence"
    VISION = "vision"
    OPEN_QUESTION = "open_question"
    WHY_PROBE = "why_probe"
    UNKNOWNS = "unknowns"
    REFLECTION = "reflection"
    PERMISSION = "permission"
    BUYING_PROCESS = "buying_process"
    NEXT_STEP = "next_step"
    PITCH = "pitch"
    GENERIC_CLAIM = "generic_claim"
    PRESSURE = "pressure"
    TELLING = "telling"
    PAIN_FISHING = "pain_fishing"
    FLATTERY = "flattery"
    REBUTTAL = "rebuttal"
    OTHER = "other"


class OtherKind(StrEnum):
    """What a message that makes no move is instead."""

    GREETING = "greeting"
    OFFTOPIC = "offtopic"
    VAGUE = "vague"
    KEYWORDS = "keywords"
    GIBBERISH = "gibberish"
    INJECTION = "injection"
    FOREIGN = "foreign"
    ABUSE = "abuse"


ADVANCING = frozenset(list(Code)[:11])
COSTLY = frozenset(list(Code)[11:18])
# The moves that ask for something of the buyer's.
ASKING = frozenset({Code.OPEN_QUESTION, Code.WHY_PROBE, Code.UNKNOWNS, Code.CONSEQUENCE, Code.BUYING_PROCESS})

MEANINGLESS = frozenset(
    {
        OtherKind.VAGUE,
        OtherKind.KEYWORDS,
        OtherKind.GIBBERISH,
        OtherKind.INJECTION,
        OtherKind.FOREIGN,
        OtherKind.ABUSE,
    }
)
