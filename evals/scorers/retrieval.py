"""Retrieval: is the passage that answers found?

Over gold queries written apart from the guides and labelled by reading (`datasets/queries.yaml`): recall@3, the share
of queries with a gold passage among the first three, and MRR, the mean of one over the rank of the first gold passage.
Queries that no passage answers are not scored, and counted.
"""

from __future__ import annotations

from pathlib import Path

import yaml

from evals.scoring import Reach, Run, Scored, Worst, mean_of
from knowledge.search import search

NAME = "retrieval"
QUERIES = Path(__file__).parents[1] / "datasets/queries.yaml"
DEEP = 10
Row = tuple[str, int | None]


def score(run: Run) -> Scored:
    """Recall@3 and MRR of the hybrid search."""
    queries: list[dict[str, object]] = yaml.safe_load(QUERIES.read_text(encoding="utf-8"))
    sources = [guide.source for guide in run.trainer.guides]
    rows: list[Row] = []
    worst: list[Worst] = []
    for one in queries:
        gold = {str(name) for name in one["gold"]}  # pyright: ignore[reportGeneralTypeIssues, reportUnknownVariableType, reportUnknownArgumentType]
        if not gold:
            continue
        found = [hit.id for hit in search(run.trainer.index, str(one["query"]), k=DEEP, sources=sources)]
        rank = next((n for n, name in enumerate(found, 1) if name in gold), None)
        rows.append((str(one["id"]), rank))
        if rank is None or rank > 3:
            worst.append(Worst(str(one["id"]), 0, f"{one['query']} (found at {rank or 'none of ten'})"))
    within = [(name, float(rank is not None and rank <= 3)) for name, rank in rows]
    ranks = [(name, 1 / rank if rank else 0.0) for name, rank in rows]
    empty = len(queries) - len(rows)
    return Scored(
        [
            mean_of(NAME, "recall@3", within, Reach("at least", 0.9), unscored=empty),
            mean_of(NAME, "MRR", ranks, Reach("at least", 0.8), unscored=empty),
        ],
        worst[:10],
    )
