"""A Ray cluster of two nodes on this machine, sessions played over it; prints which nodes played. Run by a test."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, cast

import ray
from ray.cluster_utils import Cluster

from evals.fan import Ray, done_in, fan
from evals.spec import Spec

SESSIONS = 4


def main(out: Path) -> None:
    """Two nodes with one core each, and a few short sessions."""
    made: Any = Cluster
    cluster: Any = made(initialize_head=True, head_node_args={"num_cpus": 1, "node_ip_address": "127.0.0.1"})
    cluster.add_node(num_cpus=1, node_ip_address="127.0.0.1")
    pool = Ray(cluster.address)
    nodes: list[Any] = cast(Any, ray).nodes()
    failed = fan([Spec("main", "freight-vp", "stonewaller", seed, turns=2) for seed in range(SESSIONS)], pool, out)
    print(f"nodes {len(nodes)} workers {pool.workers} played {len(done_in(out))} failed {failed}")
    pool.close()
    cluster.shutdown()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
