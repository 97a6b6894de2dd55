"""Hybrid search: by meaning, by words, and by the move codes that a passage is for."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knowledge.encoder import Vectors
from knowledge.index import Index, source_filter
from knowledge.passages import Passage

CANDIDATES = 100
# Shares of the fused score, set on thirty plain queries over the guides (some stand in tests/test_search.py).
MEANING, WORDS, CODES = 0.65, 0.35, 0.45
# A BM25 score that counts half: about one rare word or two common ones shared.
HALF_WORDS = 6.0


@dataclass(frozen=True)
class Hit:
    """One result; `passage` is None for a piece of an added article."""

    id: str
    source: str
    title: str
    text: str
    score: float
    passage: Passage | None


def search(
    index: Index,
    text: str,
    *,
    codes: Sequence[str] = (),
    k: int = 3,
    sources: Collection[str] | None = None,
) -> list[Hit]:
    """The `k` best entries for a text and the moves at hand, best first, scores from 0 to 1.

    With neither text nor codes there is nothing to find.
    """
    if k < 1:
        raise ValueError(f"k is {k}; ask for at least one result")
    allowed = _allowed_rows(index, sources)
    if not allowed.any():
        return []
    weighted: list[tuple[float, NDArray[np.float32]]] = []
    if text.strip():
        meant = index.embedder.encode([text])[0]
        # Chroma filters slowly, so it is only asked to where there is something to leave out.
        weighted.append((MEANING, _score_meaning(index, meant, None if allowed.all() else sources)))
        weighted.append((WORDS, _score_words(index, text)))
    if codes:
        weighted.append((CODES, _score_codes(index, codes)))
    if not weighted:
        return []
    total = sum(weight for weight, _ in weighted)
    scores = np.sum([weight * part for weight, part in weighted], axis=0) / total
    return _best(index, np.where(allowed, scores, 0.0), k)


def _allowed_rows(index: Index, sources: Collection[str] | None) -> NDArray[np.bool_]:
    if sources is None:
        return np.ones(len(index.entries), dtype=np.bool_)
    return np.array([entry.source in sources for entry in index.entries], dtype=np.bool_)


def _score_meaning(index: Index, vector: Vectors, sources: Collection[str] | None) -> NDArray[np.float32]:
    scores = np.zeros(len(index.entries), dtype=np.float32)
    where = None if sources is None else source_filter(sources)
    for id_, similarity in index.query(vector, CANDIDATES, where):
        scores[index.rows[id_]] = min(max(similarity, 0.0), 1.0)
    return scores


def _score_words(index: Index, text: str) -> NDArray[np.float32]:
    scores = index.words.score(text)
    return np.divide(scores, scores + HALF_WORDS, dtype=np.float32)


def _score_codes(index: Index, codes: Sequence[str]) -> NDArray[np.float32]:
    """The cosine of two sets, so that a passage for everything does not beat one for just this."""
    wanted = set(codes)
    scores = np.zeros(len(index.entries), dtype=np.float32)
    for row, entry in enumerate(index.entries):
        if isinstance(entry, Passage) and entry.codes:
            scores[row] = len(wanted.intersection(entry.codes)) / (len(wanted) * len(entry.codes)) ** 0.5
    return scores


def _best(index: Index, scores: NDArray[np.float32], k: int) -> list[Hit]:
    hits: list[Hit] = []
    for row in np.argsort(-scores, kind="stable")[:k]:
        score = float(scores[row])
        if score <= 0.0:
            break
        entry = index.entries[int(row)]
        passage = entry if isinstance(entry, Passage) else None
        hits.append(Hit(entry.id, entry.source, entry.title, entry.text, round(score, 6), passage))
    return hits
