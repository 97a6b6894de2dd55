"""A Ray cluster of two nodes on this machine, sessions played and read over it; prints what came of it as JSON."""

from __future__ import annotations

import json
import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

SESSIONS = 4


def main(out: Path) -> None:
    """Two nodes with one core each, and a few short sessions."""
    # Nothing is reported to anybody, and no test leaves the loopback address.
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    from bot.settings import Settings
    from evals.cluster import pool_of
    from evals.fan import errors_in, fan, played_in
    from evals.spec import Spec

    node = {"num_cpus": 1, "object_store_memory": 100 * 2**20}
    cluster: Any = import_module("ray.cluster_utils").Cluster(
        initialize_head=True, head_node_args={**node, "include_dashboard": False}
    )
    cluster.add_node(**node)
    pool = pool_of(Settings(ray=cluster.address))
    nodes: list[Any] = import_module("ray").nodes()
    failed = fan([Spec("main", "freight-vp", "stonewaller", seed, turns=2) for seed in range(SESSIONS)], pool, out)
    marks = pool.mark(played_in(out))
    told = {"nodes": len(nodes), "workers": pool.workers, "failed": failed, "errors": errors_in(out)}
    print(json.dumps({**told, "played": len(list(played_in(out))), "marked": sum(map(len, marks.values()))}))
    pool.close()
    cluster.shutdown()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
