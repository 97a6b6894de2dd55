"""What a text holds: its sentences, words, runs, names and meaning, each found once.

The checker asks the same of some hundred texts of a file at every turn. All that is kept here is kept by the texts
themselves, so that nothing of a file that was edited in between can come back.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TypeAlias

import numpy as np

from bot.words import STOP, runs_of, words_of
from knowledge.encoder import DIMENSIONS, Encoder, Vectors

Texts: TypeAlias = tuple[str, ...]
Run: TypeAlias = tuple[str, ...]

# A file has about a thousand texts, sentences counted, and a call adds some tens: room for every file, and an end to
# what a long run keeps.
remember = lru_cache(maxsize=1 << 14)
# Groups of texts are fewer: the parts of a file, and each thing said in the call at hand.
remember_group = lru_cache(maxsize=1 << 11)

SENTENCE = re.compile(r"(?<=[.!?…])[\"”']?\s+|\n+")
CAPITAL = re.compile(r"\b[A-Z][a-z]{2,}(?:'s)?")
NAME = re.compile(r"(?<=[a-z,;:] )[A-Z][a-z]{2,}(?:'s)?")


@remember
def sentences(text: str) -> Texts:
    """Its sentences, without the space around them."""
    return tuple(part.strip() for part in SENTENCE.split(text) if part.strip())


@remember
def words(text: str) -> Texts:
    """Its words in small letters."""
    return tuple(words_of(text))


@remember
def content(text: str) -> frozenset[str]:
    """Words with a meaning, cut to a stem that plural and tense do not change."""
    return frozenset(stem(word) for word in words(text) if word not in STOP and len(word) > 2)


@remember
def stem(word: str) -> str:
    """The word without its ending."""
    return re.sub(r"(?:'s|ies|ing|ed|es|s|y|e)$", "", word)[:7]


@remember
def has_meaning(text: str) -> bool:
    """Whether it says enough to be compared by its meaning."""
    return len(words(text)) >= 4 and len(content(text)) >= 2


@remember
def vector(text: str) -> Vectors:
    """Its meaning, as a row of length one."""
    return _encoder().encode([text])[0]


@cache
def _encoder() -> Encoder:
    return Encoder()


@remember_group
def units(texts: Texts) -> Texts:
    """The texts and the sentences in them that say something, each once."""
    parts = (part for text in texts for part in (text, *sentences(text)))
    return tuple(dict.fromkeys(part for part in parts if has_meaning(part)))


@remember_group
def vectors(texts: Texts) -> Vectors:
    """The meaning of their units, a row each."""
    rows = [vector(unit) for unit in units(texts)]
    return np.stack(rows) if rows else np.zeros((0, DIMENSIONS), dtype=np.float32)


@remember_group
def runs(texts: Texts) -> frozenset[Run]:
    """Runs of words that are hardly said twice by chance."""
    return frozenset(run for text in texts for run in runs_of(text, 5, 3))


@remember_group
def all_words(texts: Texts) -> frozenset[str]:
    """Every word of theirs."""
    return frozenset(word for text in texts for word in words(text))


@remember_group
def names(texts: Texts) -> frozenset[str]:
    """Words with a capital inside a sentence."""
    return frozenset(bare(name) for text in texts for name in NAME.findall(text))


@remember_group
def name_stems(texts: Texts) -> frozenset[str]:
    """Names in the form that they have among the words with a meaning."""
    return frozenset(stem(name.lower()) for name in names(texts))


def bare(name: str) -> str:
    """The name without the sign of what is theirs."""
    return name.removesuffix("'s")
