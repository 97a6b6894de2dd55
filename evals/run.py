"""A run: sessions played, scorers asked, figures written; resumable, for what is done is on disk."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from bot.build import Trainer, build
from bot.errors import UserError
from bot.settings import Settings
from evals.fan import Processes, errors_in, fan, played_in
from evals.judge import Judge
from evals.play import Played
from evals.policies.policy import POLICIES
from evals.scorers import SCORERS
from evals.scoring import Figure, Reach, Run, Worst
from evals.spec import FULL, QUICK, Change, Spec, plan

log = logging.getLogger(__name__)
SESSIONS, REPORT, PAGE, SPECS = "sessions.jsonl", "report.json", "report.html", "specs.json"
# Scorers that look at no session.
STANDING = frozenset({"retrieval", "reader"})


@dataclass(frozen=True)
class Asked:
    """What a run is asked for."""

    full: bool = False
    only: tuple[str, ...] = ()
    personas: tuple[str, ...] = ()
    policies: tuple[str, ...] = ()
    with_model: bool = False
    workers: int | None = None


@dataclass(frozen=True)
class Report:
    """A run's figures; `crashed` names scorers that failed, `failed` sessions that did, and either fails the run."""

    figures: list[Figure]
    worst: dict[str, list[Worst]]
    crashed: dict[str, str]
    failed: list[str]
    sessions: int
    seconds: float

    @property
    def is_whole(self) -> bool:
        """Whether every scorer scored and every session was played."""
        return not self.crashed and not self.failed

    def dump(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "sessions": self.sessions,
            "seconds": round(self.seconds, 1),
            "figures": [one.dump() for one in self.figures],
            "worst": {name: [vars(one) for one in rows] for name, rows in self.worst.items()},
            "crashed": self.crashed,
            "failed": self.failed,
        }


def specs_of(asked: Asked, settings: Settings) -> list[Spec]:
    """The sessions that a run takes; UserError for a persona, policy or scorer that is none."""
    known = build(settings, stored=False).persona_ids()
    for kind, chosen, among in (
        ("--persona", asked.personas, known),
        ("--policy", asked.policies, POLICIES),
        ("--only", asked.only, SCORERS),
    ):
        for name in chosen:
            if name not in among:
                raise UserError(f"{kind} {name!r}: is none of {', '.join(among)}")
    if asked.only and set(asked.only) <= STANDING:
        return []
    change: Change = "model" if asked.with_model else "none"
    specs = plan(
        asked.personas or tuple(known), asked.policies or POLICIES, FULL if asked.full else QUICK, change=change
    )
    purposes = {"resistance control": {"levels"}, "advice works": {"advice"}, "same again": {"again"}}
    if asked.only:
        wanted = {purpose for name in asked.only for purpose in purposes.get(name, {"main"})}
        specs = [spec for spec in specs if spec.purpose in wanted]
    if asked.policies:
        specs = [spec for spec in specs if spec.purpose == "main"]
    return specs


def perform(
    folder: Path,
    specs: Sequence[Spec],
    asked: Asked,
    settings: Settings,
    on_done: Callable[[Played], None] | None = None,
) -> Report:
    """Play what the folder does not hold yet, then score; what is there already is not played again."""
    began = time.monotonic()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / SPECS).write_text(json.dumps([spec.dump() for spec in specs]), encoding="utf-8")
    sessions = folder / SESSIONS
    sessions.touch()
    if specs:
        # The index and the buyers' vectors are made once here, not by every worker at the same time.
        ready(build(settings, stored=False))
        pool = Processes(asked.workers)
        try:
            fan(specs, pool, sessions, on_done)
        finally:
            pool.close()
    wanted = {spec.id for spec in specs}
    played = [one for one in played_in(sessions) if one.spec.id in wanted]
    report = scored(played, asked.only, settings, errors_in(sessions), began)
    (folder / REPORT).write_text(json.dumps(report.dump(), ensure_ascii=False, indent=1), encoding="utf-8")
    return report


def ready(trainer: Trainer) -> None:
    """Make what lies on disk for everybody: the index, and each buyer's vectors."""
    _ = trainer.index
    for name in trainer.persona_ids():
        trainer.ground(name)


def scored(played: list[Played], only: Sequence[str], settings: Settings, failed: list[str], began: float) -> Report:
    """Every scorer's figures; one that crashes is named and leaves the others alone."""
    trainer = build(settings, stored=False)
    run = Run(played, trainer, Judge(trainer.embedder))
    figures: list[Figure] = []
    worst: dict[str, list[Worst]] = {}
    crashed: dict[str, str] = {}
    for name, score in SCORERS.items():
        if only and name not in only:
            continue
        try:
            found = score(run)
        except Exception as error:
            log.exception("scorer %s crashed", name)
            crashed[name] = f"{type(error).__name__}: {error}"
            continue
        figures += found.figures
        worst[name] = found.worst
    return Report(figures, worst, crashed, failed, len(played), time.monotonic() - began)


class Bar(BaseModel):
    """What a figure has to come to."""

    model_config = ConfigDict(extra="forbid")

    scorer: str
    figure: str
    at_least: float | None = None
    at_most: float | None = None

    @property
    def reach(self) -> Reach:
        """As a reach."""
        if self.at_least is not None:
            return Reach("at least", self.at_least)
        return Reach("at most", self.at_most if self.at_most is not None else 0.0)


def gate(path: Path, report: Report) -> list[str]:
    """The lines of a gate that fell short; UserError where the file is no gate."""
    try:
        bars = [Bar.model_validate(one) for one in yaml.safe_load(path.read_text(encoding="utf-8"))["bars"]]
    except (OSError, yaml.YAMLError, KeyError, TypeError, ValidationError) as error:
        raise UserError(f"{path}: is no gate; give `bars:` with scorer, figure and at_least or at_most") from error
    short = [f"{name} crashed: {why}" for name, why in report.crashed.items()]
    short += [f"session failed: {one}" for one in report.failed[:5]]
    for bar in bars:
        found = next((f for f in report.figures if f.scorer == bar.scorer and f.name == bar.figure), None)
        if found is None:
            short.append(f"{bar.scorer}: {bar.figure}: was not measured")
        elif found.value is None or not bar.reach.holds(found.value):
            told = "unscored" if found.value is None else f"{found.value:.3f}"
            short.append(f"{bar.scorer}: {bar.figure}: {told}, wanted {bar.reach.way} {bar.reach.value:g}")
    return short
