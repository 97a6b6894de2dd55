"""Exact quotes: the shortest stretch of a message that carries a move."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

CLAUSE_END = re.compile(r"[.!?…]+[\"'”’)]*(?=\s|$)|[;:\n]|,(?=\s)|\s[-–—]\s|\s(?=(?:and|but|so|because)\s)")
SENTENCE_END = re.compile(r"[.!?…]+[\"'”’)]*(?=\s|$)|\n")


def minimal_quote(text: str, scores: NDArray[np.float64], offsets: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """Start and end of the run of words that scores best for a code, stretched to whole words and trimmed."""
    if not len(offsets):
        return _trim(text, 0, len(text))
    peak = int(np.argmax(scores))
    floor = max(0.3 * float(scores[peak]), 0.08)
    low = high = peak
    stop = _sentence(text, offsets[peak][0])
    while low > 0 and offsets[low - 1][0] >= stop[0] and _goes_on(scores, low - 1, -1, floor):
        low -= 1
    while high + 1 < len(offsets) and offsets[high + 1][1] <= stop[1] and _goes_on(scores, high + 1, 1, floor):
        high += 1
    return _trim(text, *_whole_words(text, offsets[low][0], offsets[high][1]))


def _goes_on(scores: NDArray[np.float64], at: int, way: int, floor: float) -> bool:
    """Whether the run may take this token: it scores, or one of the next two does (a gap of a word is no end)."""
    ahead = scores[at : at + 3] if way > 0 else scores[max(0, at - 2) : at + 1]
    return bool(len(ahead)) and float(np.max(ahead)) >= floor


def _sentence(text: str, at: int) -> tuple[int, int]:
    start = 0
    for match in SENTENCE_END.finditer(text):
        if match.end() > at:
            return start, match.end()
        start = match.end()
    return start, len(text)


def _whole_words(text: str, start: int, end: int) -> tuple[int, int]:
    while start > 0 and not text[start - 1].isspace() and not text[start].isspace():
        start -= 1
    while end < len(text) and not text[end].isspace():
        end += 1
    return start, end


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and (text[start].isspace() or text[start] in ",;:-–—"):
        start += 1
    while end > start and (text[end - 1].isspace() or text[end - 1] in ",;:-–—"):
        end -= 1
    return (start, end) if start < end else (0, len(text))
