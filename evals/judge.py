"""The independent reader of the buyer's words: stance and talk off a line, by a classifier that drives nothing.

Learned from `datasets/stances-train.yaml` and `datasets/talk-train-*.yaml`, whose writers saw neither persona files nor
code; tried on
`datasets/stances-test.yaml`, other fields by another writer. It shares the sentence encoder with retrieval and nothing
with the reader that moves the mind.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from evals.lines import STANCES, Labelled
from knowledge.encoder import Encoder

DATA = Path(__file__).parent / "datasets"
Features = NDArray[np.float32]


def labelled(name: str) -> list[Labelled]:
    """The lines of a data set."""
    rows: list[dict[str, str]] = yaml.safe_load((DATA / f"{name}.yaml").read_text(encoding="utf-8"))
    return [Labelled(row["line"], row["stance"], row["talk"]) for row in rows]


def talk_lines(path: Path) -> list[tuple[str, str]]:
    """The lines of a data set for talk alone, each with its talk."""
    rows: list[dict[str, str]] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return [(row["line"], row["talk"]) for row in rows]


class Judge:
    """Reads stance and talk off buyers' lines."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder

    @cached_property
    def _models(self) -> tuple[Any, Any]:
        from sklearn.linear_model import LogisticRegression

        data = labelled("stances-train")
        more = [row for path in sorted(DATA.glob("talk-train-*.yaml")) for row in talk_lines(path)]
        stance: Any = LogisticRegression(C=4.0, max_iter=2000)
        talk: Any = LogisticRegression(C=4.0, max_iter=2000)
        stance.fit(self._features([row.line for row in data]), [row.stance for row in data])
        talk.fit(self._features([line for line, _ in more]), [kind for _, kind in more])
        return stance, talk

    def _features(self, lines: Sequence[str]) -> Features:
        """The sentence vector, length, and how many sentences ask."""
        vectors = self._encoder.encode(list(lines))
        more = [
            [min(len(line.split()), 40) / 40, float(line.rstrip().endswith("?")), line.count("?") / 2] for line in lines
        ]
        return np.hstack([vectors, np.array(more, dtype=np.float32)])

    def stances(self, lines: Sequence[str]) -> list[str]:
        """The stance that each line shows."""
        return [str(one) for one in self._models[0].predict(self._features(lines))] if lines else []

    def talks(self, lines: Sequence[str]) -> list[str]:
        """Whether each line is for how things are, against it, or neither."""
        return [str(one) for one in self._models[1].predict(self._features(lines))] if lines else []

    def levels(self, lines: Sequence[str]) -> list[float]:
        """How open each line sounds, from 0 (dismissive) to 4 (ready): the expected stance."""
        if not lines:
            return []
        model = self._models[0]
        order = np.array([STANCES.index(str(one)) for one in model.classes_])
        return [float(row @ order) for row in model.predict_proba(self._features(lines))]
