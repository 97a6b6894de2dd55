"""Statistics with their intervals: bootstrap over sessions, so that turns of one session do not pass for many."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Hashable, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Row = TypeVar("Row")
ROUNDS, SEED = 1000, 20


def interval(
    rows: Sequence[Row], cluster: Callable[[Row], Hashable], value: Callable[[Sequence[Row]], float | None]
) -> tuple[float, float] | None:
    """The 95 % interval of a figure: sessions drawn anew with replacement, percentiles (Efron 1979).

    None where there are fewer than two clusters. `value` is called a thousand times, so rows should hold numbers ready
    to be counted; a mean has `mean_interval`.
    """
    groups: dict[Hashable, list[Row]] = {}
    for row in rows:
        groups.setdefault(cluster(row), []).append(row)
    members = list(groups.values())
    if len(members) < 2:
        return None
    rounds: list[list[int]] = _drawn(len(members)).tolist()
    figures = (value([row for n in chosen for row in members[n]]) for chosen in rounds)
    return _percentiles([one for one in figures if one is not None and one == one])


def mean_interval(values: Sequence[tuple[Hashable, float]]) -> tuple[float, float] | None:
    """The same interval of the mean of values, each with its cluster: from every cluster's sum and count."""
    sums: dict[Hashable, list[float]] = {}
    for name, value in values:
        held = sums.setdefault(name, [0.0, 0.0])
        held[0] += value
        held[1] += 1
    if len(sums) < 2:
        return None
    drawn = np.array(list(sums.values()))[_drawn(len(sums))].sum(axis=1)
    return _percentiles(list(drawn[:, 0] / drawn[:, 1]))


def _drawn(clusters: int) -> NDArray[np.int64]:
    """Clusters drawn with replacement, [rounds, clusters]; the same ones for every figure over as many."""
    return np.random.default_rng(SEED).integers(0, clusters, (ROUNDS, clusters))


def _percentiles(drawn: Sequence[float]) -> tuple[float, float] | None:
    return (float(np.percentile(drawn, 2.5)), float(np.percentile(drawn, 97.5))) if drawn else None


def auc(better: Sequence[float], worse: Sequence[float]) -> float | None:
    """The share of pairs in which the better group's value is the larger, ties half (Mann and Whitney 1947)."""
    if not better or not worse:
        return None
    a, b = np.asarray(better)[:, None], np.asarray(worse)[None, :]
    wins, ties = np.sum(a > b), np.sum(a == b)
    return (float(wins) + 0.5 * float(ties)) / (len(better) * len(worse))


def cohen_d(better: Sequence[float], worse: Sequence[float]) -> float | None:
    """Difference of means over the pooled standard deviation (Cohen 1988)."""
    if len(better) < 2 or len(worse) < 2:
        return None
    n, m = len(better), len(worse)
    pooled = ((n - 1) * np.var(better, ddof=1) + (m - 1) * np.var(worse, ddof=1)) / (n + m - 2)
    return float((np.mean(better) - np.mean(worse)) / np.sqrt(pooled)) if pooled > 0 else None


def spearman(x: Sequence[float], y: Sequence[float]) -> float | None:
    """Spearman's rank correlation."""
    return _correlation("spearmanr", x, y)


def kendall(x: Sequence[float], y: Sequence[float]) -> float | None:
    """Kendall's tau-b."""
    return _correlation("kendalltau", x, y)


def _correlation(name: str, x: Sequence[float], y: Sequence[float]) -> float | None:
    ranks: Any = importlib.import_module("scipy.stats")
    if len(x) < 3 or len(set(x)) < 2 or len(set(y)) < 2:
        return None
    found: Any = getattr(ranks, name)(x, y)
    return float(found.statistic)


def mean(values: Sequence[float]) -> float | None:
    """The mean; None of nothing, for nothing is not zero."""
    return float(np.mean(values)) if len(values) else None
