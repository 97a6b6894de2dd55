"""`inertia eval`: play, score, report, compare, gate."""

from __future__ import annotations

import json
import secrets
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from bot.build import read_settings
from bot.errors import UserError
from evals import report as reporting
from evals.fan import done_in, played_in
from evals.judge import Judge
from evals.marks import Mark
from evals.play import Played
from evals.run import PAGE, REPORT, SESSIONS, SPECS, Asked, gate, judge_of, perform, specs_of
from evals.spec import Spec


def evaluate(
    asked: Asked, *, compare: Path | None, gate_file: Path | None, resume: bool, as_json: bool, docs: Path | None = None
) -> int:
    """Do a run, or go on with the last one; returns the exit status: 1 where a gate or the run itself fell short."""
    settings = read_settings()
    if compare is not None and not (compare / REPORT).exists():
        raise UserError(f"{compare}: holds no {REPORT}; name the folder of a finished run")
    specs, judge = specs_of(asked, settings), judge_of(settings)
    folder = _folder(settings.home / "evals", specs, resume)
    done = done_in(folder / SESSIONS)
    sys.stderr.write(f"{len(specs)} sessions in {folder}{f', {len(done)} there already' if done else ''}\n")
    if specs and not isinstance(judge, Judge):
        sys.stderr.write(f"buyers' lines are heard by {judge.name}, a call a line, when all is played\n")
    try:
        found = perform(folder, specs, asked, settings, _progress(len(specs), len(done)), judge)
    except KeyboardInterrupt:
        sys.stderr.write("\nstopped; what was played is kept: go on with `inertia eval --resume`\n")
        return 130
    wanted = {spec.id for spec in specs}
    played = [one for one in played_in(folder / SESSIONS) if one.spec.id in wanted]
    reporting.page(found, played, folder / PAGE)
    _log(folder, specs, found.marks)
    if docs is not None:
        reporting.into_docs(found, docs, "inertia eval --full" if asked.full else "inertia eval")
    short = gate(gate_file, found) if gate_file else []
    if as_json:
        differs = reporting.differences(found, compare / REPORT) if compare else []
        shown = found.dump() | {"folder": str(folder), "gate": short, "differences": differs}
        sys.stdout.write(json.dumps(shown, ensure_ascii=False, indent=1) + "\n")
    else:
        _tell(reporting.table(found))
        if compare:
            _tell("\n" + "\n".join(reporting.differences(found, compare / REPORT)))
        _tell(f"\n{found.sessions:,} sessions in {found.seconds:.0f} s; look at {folder / PAGE}")
        _tell(f"every transcript: inspect view --log-dir {folder / 'logs'}")
    for line in short:
        sys.stderr.write(f"gate: {line}\n")
    return 1 if short or not found.is_whole else 0


def _tell(text: str) -> None:
    sys.stdout.write(text + "\n")


def _folder(home: Path, specs: list[Spec], resume: bool) -> Path:
    """A new run's folder, or the last one that was to play the same sessions."""
    if resume:
        for folder in sorted(home.glob("*"), reverse=True):
            if (folder / SPECS).exists() and _specs_in(folder) == specs:
                return folder
        raise UserError(f"{home}: holds no run of these sessions to go on with; leave out --resume")
    return home / f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


def _specs_in(folder: Path) -> list[Spec]:
    return [Spec(**one) for one in json.loads((folder / SPECS).read_text(encoding="utf-8"))]


def _log(folder: Path, specs: list[Spec], marks: Mapping[str, Sequence[Mark]]) -> None:
    """Inspect's log of the sessions; without Inspect the run stands, and a line says what is missing."""
    shown = [spec for spec in specs if spec.purpose in ("main", "advice")]
    if not shown:
        return
    try:
        from evals.tasks import write_log
    except ImportError:
        sys.stderr.write("Inspect AI is not installed, so there are no logs for its viewer; install inertia[evals]\n")
        return
    write_log(folder / SESSIONS, folder / "logs", shown, marks)


def _progress(total: int, done: int) -> Callable[[Played], None]:
    began, count = time.monotonic(), done

    def tell(played: Played) -> None:
        nonlocal count
        count += 1
        spent = time.monotonic() - began
        left = spent / max(count - done, 1) * (total - count)
        sys.stderr.write(f"\r{count}/{total} sessions, about {left:.0f} s left   ")
        if count == total:
            sys.stderr.write("\n")
        sys.stderr.flush()

    return tell
