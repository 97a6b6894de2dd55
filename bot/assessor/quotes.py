"""Exact quotes: the shortest stretch of a message that carries a move."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SENTENCE_END = re.compile(r"[.!?…]+[\"'”’)]*(?=\s|$)|\n")
CLAUSE_END = re.compile(r"[.!?…]+[\"'”’)]*(?=\s|$)|\n|[;:](?=\s)|,(?=\s)|\s[-–—](?=\s)|\s(?=(?:and|but|so|because)\s)")
FEWEST_WORDS = 3
GOES_ON_FROM = 0.4


@dataclass(frozen=True)
class Clause:
    """A stretch of characters, and whether its sentence ends with it."""

    start: int
    end: int
    is_last: bool


def minimal_quote(text: str, scores: NDArray[np.float64], offsets: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """Start and end of the clause that scores best for a code, with its neighbours in the sentence that score too."""
    if not len(offsets):
        return _trim(text, 0, len(text))
    clauses = split_clauses(text)
    means = [_mean(clause, scores, offsets) for clause in clauses]
    low = high = int(np.argmax(means))
    floor = GOES_ON_FROM * means[low]
    while low > 0 and not clauses[low - 1].is_last and means[low - 1] >= floor:
        low -= 1
    while high + 1 < len(clauses) and not clauses[high].is_last and means[high + 1] >= floor:
        high += 1
    return _trim(text, clauses[low].start, clauses[high].end)


def split_clauses(text: str) -> list[Clause]:
    """The clauses of a text in order; one of fewer than three words belongs to the clause before it in its sentence."""
    found: list[Clause] = []
    start = 0
    for end in [*(match.end() for match in CLAUSE_END.finditer(text)), len(text)]:
        if not re.search(r"\w", text[start:end]):
            continue
        is_last = bool(SENTENCE_END.search(text[start:end])) or end == len(text)
        if found and not found[-1].is_last and len(text[start:end].split()) < FEWEST_WORDS:
            found[-1] = Clause(found[-1].start, end, is_last)
        else:
            found.append(Clause(start, end, is_last))
        start = end
    return found or [Clause(0, len(text), True)]


def _mean(clause: Clause, scores: NDArray[np.float64], offsets: Sequence[tuple[int, int]]) -> float:
    inside = [scores[n] for n, (start, end) in enumerate(offsets) if start < clause.end and end > clause.start]
    return float(np.mean(inside)) if inside else 0.0


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and (text[start].isspace() or text[start] in ",;:-–—"):
        start += 1
    while end > start and (text[end - 1].isspace() or text[end - 1] in ",;:-–—"):
        end -= 1
    return (start, end) if start < end else (0, len(text))
