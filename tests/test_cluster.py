"""Sessions over a Ray cluster: two nodes on this machine play and read, and what cannot be reached says so."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bot.errors import UserError
from bot.settings import Settings
from evals.cluster import pool_of

PATIENCE_S = 180


@pytest.mark.cluster
def test_two_nodes_of_a_ray_cluster_play_sessions_and_read_them(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.ray_cluster", str(tmp_path / "sessions.jsonl")],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        cwd=Path(__file__).parents[1],
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert told == {"nodes": 2, "workers": 2, "failed": 0, "errors": [], "played": 4, "marked": 8}


def test_without_ray_or_without_a_cluster_one_line_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(UserError, match=r"inertia\[cluster\]"):
        pool_of(Settings(ray="auto"))
