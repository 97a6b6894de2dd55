"""The independent reader of the buyer's words: stance and talk off a line, by a classifier that drives nothing.

Its model (`judge_model/judge.onnx`, made by `python -m evals.judge_train`) learned from `datasets/lines/train-*.tsv`,
whose writers saw neither persona files nor code, and from `own-train.tsv`, lines that the buyers said, labelled by
listeners who saw nothing but the line; all by the guide of `LABELLING.md`. It is tried on `test-*.tsv`, other fields by
other writers, and on `own-test.tsv`, other lines of the buyers, nearly half of them by a listener who labelled none of
the former. It shares a tokenizer with retrieval and nothing with the reader that moves the mind.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from evals.lines import STANCES, TALKS
from knowledge.encoder import TOKENIZER_FILE, default_folder, load_session, load_tokenizer

MODEL = Path(__file__).parent / "judge_model" / "judge.onnx"


@dataclass(frozen=True)
class Heard:
    """What one line shows: its likeliest stance and talk, and how open it sounds, 0 (dismissive) to 4 (ready)."""

    stance: str
    talk: str
    level: float


class Listener(Protocol):
    """Whoever tells what buyers' lines show: the classifier here, or a model."""

    @property
    def name(self) -> str:
        """What a person calls it."""
        ...

    def hear_all(self, lines: Sequence[str]) -> list[Heard | None]:
        """What each line shows; None where that could not be read."""
        ...


class Judge:
    """Reads stance and talk off buyers' lines, each on its own."""

    name = "the classifier of evals/judge.py"

    @cached_property
    def _model(self) -> Any:
        return load_session(MODEL, MODEL.read_bytes(), 1)

    @cached_property
    def _tokenizer(self) -> Any:
        return load_tokenizer(default_folder() / TOKENIZER_FILE)

    def hear(self, line: str) -> Heard:
        """What the line shows."""
        return _heard(self, line)

    def read(self, line: str) -> Heard:
        """The same, read anew."""
        ids = np.array([self._tokenizer.encode(line).ids], dtype=np.int64)
        logits = self._model.run(None, {"input_ids": ids, "attention_mask": np.ones_like(ids)})[0][0]
        stance, talk = logits[: len(STANCES)], logits[len(STANCES) :]
        odds = np.exp(stance - stance.max())
        level = float(odds @ np.arange(len(STANCES)) / odds.sum())
        return Heard(STANCES[int(stance.argmax())], TALKS[int(talk.argmax())], level)

    def hear_all(self, lines: Sequence[str]) -> list[Heard | None]:
        """What each of the lines shows."""
        return [self.hear(line) for line in lines]


@lru_cache(maxsize=20_000)
def _heard(judge: Judge, line: str) -> Heard:
    return judge.read(line)
