"""The numbers of a text, in digits or in words, and what stands around them."""

from __future__ import annotations

import re
from typing import NamedTuple, cast

from text_to_num import alpha2digit  # pyright: ignore[reportMissingTypeStubs, reportUnknownVariableType]

from evals.role_errors.texts import Texts, remember, remember_group

NUMBER = re.compile(
    r"(?<![\w.,-])[£$€]?(\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)\s?(k|m|bn|thousand|million|lakh|"
    r"crore)?\b(?![-–]?[a-z]*\d)",
    re.IGNORECASE,
)
SCALE = {"k": 1e3, "thousand": 1e3, "m": 1e6, "million": 1e6, "bn": 1e9, "lakh": 1e5, "crore": 1e7}


class Figure(NamedTuple):
    """A number as it stands and scaled, with the words before and after it."""

    value: float
    scaled: float
    left: str
    right: str

    @property
    def is_odd(self) -> bool:
        """Small round numbers are too common in speech to prove anything."""
        return self.scaled >= 13 or bool(self.value % 1)


@remember
def figures(text: str) -> tuple[Figure, ...]:
    """Each number of a text."""
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
        found.append(Figure(value, value * scale, plain[max(0, match.start() - 40) : match.start()], rest))
    return tuple(found)


@remember_group
def values(texts: Texts) -> frozenset[float]:
    """Every number of theirs, as it stands and scaled."""
    return frozenset(number for text in texts for one in figures(text) for number in (one.value, one.scaled))
