"""Search by words: BM25 over stems."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")


class WordIndex:
    """BM25 scores of some texts; safe to share by threads once made."""

    def __init__(self, texts: Sequence[str]) -> None:
        import bm25s  # pyright: ignore[reportMissingTypeStubs]

        # The library sets its own logger to DEBUG, whatever the program that uses it wants.
        logging.getLogger("bm25s").setLevel(logging.WARNING)
        self._size = len(texts)
        self._bm25: Any = bm25s.BM25()
        self._bm25.index([split_words(text) for text in texts], show_progress=False)
        self._known: frozenset[str] = frozenset(self._bm25.vocab_dict)

    def score(self, text: str) -> NDArray[np.float32]:
        """One score a text, 0 where no word is shared; float32 of shape [number of texts]."""
        words = [word for word in split_words(text) if word in self._known]
        if not words:
            return np.zeros(self._size, dtype=np.float32)
        return np.asarray(self._bm25.get_scores(words), dtype=np.float32)


def split_words(text: str) -> list[str]:
    """The stems of a text's words, without the commonest ones."""
    import Stemmer as snowball
    from bm25s.stopwords import STOPWORDS_EN  # pyright: ignore[reportMissingTypeStubs]

    words = [word for word in _WORD.findall(text.lower().replace("’", "'")) if word not in STOPWORDS_EN]
    # A stemmer is not safe to share by threads, and costs next to nothing to make.
    stemmers: Any = snowball
    return list(stemmers.Stemmer("english").stemWords(words))
