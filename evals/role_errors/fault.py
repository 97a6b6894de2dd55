"""What a fault of a line is, and how patterns find one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


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


DAY = r"(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday|tomorrow|next week|this afternoon|next month)"
PAPERS = (
    r"(?:brochures?|proposals?|contracts?|quotes?|quotation|details|information|info|materials?|decks?|case "
    r"stud(?:y|ies)|"
    r"invit(?:e|ation)s?|links?|slides|pricing|prices|e-?mail|agreement|paperwork|leaflets?|forms?|something|"
    r"calendar \w+|demo|trial|figures|numbers|it over|that over|one over)"
)


def pattern(*parts: str) -> re.Pattern[str]:
    """One pattern of many, in any case; `<day>` and `<papers>` stand for the words of their kind."""
    joined = "|".join(f"(?:{part})" for part in parts)
    return re.compile(joined.replace("<day>", DAY).replace("<papers>", PAPERS), re.IGNORECASE)


def matches(kind: Kind, found: re.Pattern[str], text: str) -> Iterator[RoleError]:
    """A fault for each stretch of the text that the pattern finds."""
    for match in found.finditer(text):
        yield RoleError(kind, match.group().strip())
