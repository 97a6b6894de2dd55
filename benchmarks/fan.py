"""Many drafted sessions fanned out over processes: `python -m benchmarks.fan --sessions 10000` (Linux).

Printed for each tenth of the run: sessions a second, a session's cost against the second tenth's (the first one loads),
how busy this machine's cores were, and the memory of the parent and of all workers against the second tenth's. Nothing
passes or fails.
"""

from __future__ import annotations

import argparse
import itertools
import multiprocessing
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.build import build
from bot.settings import Settings
from evals.fan import Processes, fan
from evals.play import Played
from evals.policies.policy import POLICIES
from evals.run import ready
from evals.spec import Spec

PAGE_BYTES = 4096
PARTS = 10


@dataclass(frozen=True)
class Gauge:
    """What the clock and the machine say: seconds, seconds the cores were busy and had, and bytes held."""

    at: float
    busy: float
    had: float
    parent: int
    workers: int


def main() -> None:
    """Play, and print a row a part."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--sessions", type=int, default=1000)
    options.add_argument("--turns", type=int, default=6, help="at most, of each session")
    chosen = options.parse_args()
    a_part = max(chosen.sessions // PARTS, 1)
    trainer = build(Settings(), stored=False)
    ready(trainer)
    pool = Processes()
    print(f"{chosen.sessions} sessions of at most {chosen.turns} turns over {pool.workers} processes\n")
    print("| sessions | a second | cost of one | cores busy | parent | workers |")
    print("|---|---|---|---|---|---|")
    gauges = [_gauge()]

    def note(_: Played, done: Iterator[int] = itertools.count(1)) -> None:
        number = next(done)
        if number % a_part == 0:
            gauges.append(_gauge())
            print(_row(number, a_part, gauges), flush=True)

    specs = itertools.islice(_specs(trainer.persona_ids(), chosen.turns), chosen.sessions)
    with tempfile.TemporaryDirectory() as name:
        try:
            failed = fan(specs, pool, Path(name) / "sessions.jsonl", note)
        finally:
            pool.close()
    print(f"\n{failed} failed")


def _specs(personas: list[str], turns: int) -> Iterator[Spec]:
    for seed in itertools.count(1):
        for policy in POLICIES:
            for who in personas:
                yield Spec("main", who, policy, seed, turns=turns)


def _row(number: int, a_part: int, gauges: list[Gauge]) -> str:
    before, now = gauges[-2], gauges[-1]
    base, first = gauges[max(0, min(1, len(gauges) - 2))], gauges[min(2, len(gauges) - 1)]
    cost, at_first = now.at - before.at, first.at - base.at
    busy = (now.busy - before.busy) / max(now.had - before.had, 1e-9)
    return (
        f"| {number:,} | {a_part / cost:.1f} | {cost / at_first:.2f} | {busy:.0%} | "
        f"{now.parent / 1e6:.0f} MB, {now.parent / first.parent:.2f} | "
        f"{now.workers / 1e6:.0f} MB, {now.workers / first.workers:.2f} |"
    )


def _gauge() -> Gauge:
    fields = [int(one) for one in Path("/proc/stat").read_text(encoding="utf-8").split("\n", 1)[0].split()[1:]]
    idle = fields[3] + fields[4]
    workers = sum(_held(str(one.pid)) for one in multiprocessing.active_children())
    return Gauge(time.perf_counter(), sum(fields) - idle, sum(fields), _held("self"), workers)


def _held(process: str) -> int:
    return int(Path(f"/proc/{process}/statm").read_text(encoding="utf-8").split()[1]) * PAGE_BYTES


if __name__ == "__main__":
    main()
