"""Figures in words and digits: what a text names, and what of it contradicts a buyer's file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

import text_to_num

from bot.persona import Figure, Persona
from bot.words import STOP, words_of

CLAUSE = re.compile(r"[.!?;:\n]+(?:\s|$)|,\s")
NUMBER = re.compile(
    r"(?<![\w.])(?P<sign>[£$€])?(?P<value>\d+(?:[,.]\d+)*)(?:\s?(?P<scale>k|m|bn|thousand|million|hundred)\b)?"
    r"(?:\s?(?P<unit>%|per ?cent\b|percent\b))?(?P<rest>(?:\s[a-z'-]+){0,4})",
    re.IGNORECASE,
)
SCALES = {"k": 1e3, "thousand": 1e3, "m": 1e6, "million": 1e6, "bn": 1e9, "hundred": 1e2}
SPANS = frozenset("second seconds minute minutes hour hours day days week weeks month months year years".split())
NOT_ABOUT_NOW = re.compile(
    r"\b(?:if|imagine|picture|suppose|say|other|another|others|like you|typical|most|usually|target|could|would|might|"
    r"save|reduce|up to|they|their|client|customers?|hauliers|companies|firms|practices|hospitals|plants|banks)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Contradiction:
    """A number claimed of this buyer that is not so; `right` is what they would correct it to."""

    quote: str
    wrong: str
    right: str
    item: str


@lru_cache(maxsize=256)
def _digits(text: str) -> str:
    """The text with number words as digits; a scale after digits ("6.2 million") is left for the pattern to read."""
    kept = re.sub(r"(\d)\s+(?=(?:thousand|million|billion|hundred)\b)", r"\1_", text)
    return str(cast(Any, text_to_num).alpha2digit(kept, "en")).replace("_", " ")


def figures_in(text: str) -> list[re.Match[str]]:
    """The figures of a text, as matches of NUMBER."""
    return list(NUMBER.finditer(_digits(text)))


def numbers_in(text: str) -> frozenset[float]:
    """The numbers a text names, in digits or words."""
    values = (value_of(match) for match in figures_in(text))
    return frozenset(round(value, 4) for value in values if value == value)


def is_year(match: re.Match[str]) -> bool:
    """Whether a figure is the number of a year."""
    bare = not match.group("unit") and not match.group("scale") and not match.group("sign")
    return bare and bool(re.fullmatch(r"(?:19|20)\d\d", match.group("value")))


def value_of(match: re.Match[str]) -> float:
    """A figure as a number; NaN where it is none."""
    raw = match.group("value")
    raw = raw.replace(",", "") if re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d+)?", raw) else raw.replace(",", ".")
    try:
        number = float(raw)
    except ValueError:
        return float("nan")
    return number * SCALES.get((match.group("scale") or "").lower(), 1.0)


def shown(match: re.Match[str]) -> str:
    """A figure as it is said back, with what it counts."""
    unit = (match.group("unit") or "").strip()
    scale = match.group("scale") or ""
    number = f"{match.group('sign') or ''}{match.group('value')}{scale if len(scale) < 3 else ' ' + scale}"
    if unit:
        return f"{number}%" if unit == "%" else f"{number} percent"
    noun = next((w for w in match.group("rest").split() if w.lower() not in STOP and len(w) > 2), "")
    first = match.group("rest").split()[:1]
    return f"{number} {noun}" if noun and first == [noun] else number


def _known_figures(persona: Persona) -> list[tuple[str, Figure]]:
    groups = (persona.brief, persona.facts, persona.consequences)
    return [(item.id, figure) for group in groups for item in group for figure in item.figures]


def _counts(figure: Figure, match: re.Match[str]) -> bool:
    following = words_of(match.group("rest"))
    if following[:1] and following[0] in SPANS and not any(following[0] in noun.lower() for noun in figure.of):
        # So many minutes on the wards is no count of wards.
        return False
    after = " ".join(following)
    if match.group("unit"):
        after += " % percent"
    return any(re.search(rf"(?<!\w){re.escape(noun.lower())}(?!\w)", after) for noun in figure.of)


def same(one: float, other: float) -> bool:
    """Whether two numbers are told for the same: within three in a hundred."""
    return abs(one - other) <= 0.03 * max(abs(one), abs(other), 1e-9)


def contradictions_in(text: str, persona: Persona, figures: Sequence[re.Match[str]]) -> tuple[Contradiction, ...]:
    """The figures said of this buyer that stand otherwise on file."""
    known = _known_figures(persona)
    found: list[Contradiction] = []
    whole = _digits(text)
    for match in figures:
        clause = _clause_around(whole, match.start())
        if NOT_ABOUT_NOW.search(clause) or not re.search(r"\byou(?:r|'ve|'re)?\b", clause, re.IGNORECASE):
            continue
        same_thing = [(item, figure) for item, figure in known if _counts(figure, match) and not _is_percent(figure)]
        value = value_of(match)
        if same_thing and not any(same(figure.value, value) for _, figure in same_thing):
            item, figure = same_thing[0]
            right = f"{figure.value:,.10g} {figure.of[0]}"
            found.append(Contradiction(_in_text(text, match), match.group("value"), right, item))
    return tuple(found)


def _is_percent(figure: Figure) -> bool:
    return any(noun.strip().lower() in ("%", "percent", "per cent") for noun in figure.of)


def _in_text(text: str, match: re.Match[str]) -> str:
    words = match.group(0).strip()
    return words if words in text else text[:80]


def _clause_around(text: str, at: int) -> str:
    """What stands between the commas and stops on either side: a doubt in another clause is about something else."""
    start = max((m.end() for m in CLAUSE.finditer(text, 0, at)), default=0)
    end = next((m.start() for m in CLAUSE.finditer(text, at)), len(text))
    return text[start:end]
