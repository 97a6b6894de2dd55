"""Fanning sessions out over a pool of workers; what is done is written down at once."""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from pathlib import Path
from typing import Any, Protocol

from bot.settings import Settings
from evals.marks import Mark, mark_here
from evals.play import Played, play
from evals.spec import Spec
from knowledge.encoder import cores

# So many sessions wait in the queue for each worker: enough to keep it busy, and no more in memory.
AHEAD = 3
# Stretches of sessions for each worker to read: few, so that each meets few buyers, and enough to end together.
STRETCHES = 6
Done = Callable[[Played], None]


class Pool(Protocol):
    """Workers that play sessions and read what was played."""

    @property
    def workers(self) -> int:
        """How many there are."""
        ...

    def submit(self, spec: Spec) -> Future[dict[str, Any]]:
        """Play a session."""
        ...

    def mark(self, sessions: Iterable[Played]) -> dict[str, list[Mark]]:
        """The marks of sessions, by id."""
        ...

    def close(self) -> None:
        """Let go of the workers."""
        ...


class Processes:
    """Worker processes on this machine, one a core."""

    def __init__(self, workers: int | None = None) -> None:
        self.workers = workers or cores()
        context = multiprocessing.get_context("spawn")
        self._pool = ProcessPoolExecutor(self.workers, mp_context=context, initializer=_quiet)

    def submit(self, spec: Spec) -> Future[dict[str, Any]]:
        """Play a session in one of them."""
        return self._pool.submit(play_in_place, spec.dump())

    def mark(self, sessions: Iterable[Played]) -> dict[str, list[Mark]]:
        """The marks of sessions, by id, read in all of them."""
        chunks = chunked(sessions, self.workers)
        read = self._pool.map(mark_in_place, chunks)
        return {
            one.spec.id: marks
            for chunk, found in zip(chunks, read, strict=True)
            for one, marks in zip(chunk, found, strict=True)
        }

    def close(self) -> None:
        """End them; what has not begun is dropped."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def fan(specs: Iterable[Spec], pool: Pool, out: Path, on_done: Done | None = None) -> int:
    """Play what the file does not hold yet and append it, a line a session; returns how many failed.

    Memory stays flat: a session is written and let go of.
    """
    known = done_in(out)
    failed = 0
    waiting: dict[Future[dict[str, Any]], Spec] = {}
    todo = iter([spec for spec in specs if spec.id not in known])
    out.parent.mkdir(parents=True, exist_ok=True)
    with out.open("a", encoding="utf-8") as file:
        while True:
            while len(waiting) < pool.workers * AHEAD and (spec := next(todo, None)):
                waiting[pool.submit(spec)] = spec
            if not waiting:
                return failed
            finished, _ = wait(waiting, return_when=FIRST_COMPLETED)
            for future in finished:
                spec = waiting.pop(future)
                error = future.exception()
                if error:
                    failed += 1
                    row: dict[str, Any] = {"spec": spec.dump(), "error": f"{type(error).__name__}: {error}"}
                else:
                    row = future.result()
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
                file.flush()
                if on_done and not error:
                    on_done(Played.parse(row))


def done_in(out: Path) -> set[str]:
    """Ids of the sessions that a file holds; half a line at its end is cut off, for that one was not done."""
    if not out.exists():
        return set()
    text = out.read_text(encoding="utf-8")
    whole = text[: text.rfind("\n") + 1]
    if len(whole) != len(text):
        out.write_text(whole, encoding="utf-8")
    rows = (json.loads(line) for line in whole.splitlines())
    return {Spec(**row["spec"]).id for row in rows if "session" in row}


def played_in(out: Path) -> Iterator[Played]:
    """The sessions of a file, one at a time."""
    with out.open(encoding="utf-8") as file:
        for line in file:
            row = json.loads(line)
            if "session" in row:
                yield Played.parse(row)


def errors_in(out: Path) -> list[str]:
    """What failed and was not played later."""
    with out.open(encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    done = {Spec(**row["spec"]).id for row in rows if "session" in row}
    return [f"{Spec(**r['spec']).id}: {r['error']}" for r in rows if "error" in r and Spec(**r["spec"]).id not in done]


def chunked(sessions: Iterable[Played], workers: int) -> list[list[Played]]:
    """Sessions in a few stretches for each worker."""
    # A buyer's calls stand together, for what is read of a file once serves all of them in one process.
    rows = sorted(sessions, key=lambda one: one.spec.persona)
    size = max(len(rows) // (STRETCHES * workers), 1)
    return [rows[at : at + size] for at in range(0, len(rows), size)]


def play_in_place(spec: dict[str, Any]) -> dict[str, Any]:
    """Play a session in a worker."""
    return play(Spec(**spec), Settings()).dump()


def mark_in_place(sessions: list[Played]) -> list[list[Mark]]:
    """Read sessions in a worker."""
    return [mark_here(one) for one in sessions]


def _quiet() -> None:
    import signal

    # Ctrl-C is the parent's to hear; the workers end with it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
