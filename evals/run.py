"""A run: sessions played, scorers asked, figures written; resumable, for what is done is on disk."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from bot.build import Trainer, build
from bot.errors import UserError
from bot.models import at_once
from bot.settings import Settings
from evals.cluster import pool_of
from evals.fan import errors_in, fan, played_in
from evals.judge import Judge, Listener
from evals.marks import Mark, heard_by
from evals.model_judge import ModelJudge
from evals.play import Played
from evals.policies.policy import POLICIES
from evals.scorers import SCORERS
from evals.scoring import Figure, Reach, Run, Worst
from evals.spec import FULL, QUICK, Change, Reps, Spec, plan

log = logging.getLogger(__name__)
SESSIONS, REPORT, PAGE, SPECS = "sessions.jsonl", "report.json", "report.html", "specs.json"
# Scorers that look at no session.
STANDING = frozenset({"retrieval", "reader"})
# Scorers that ask what the judge hears.
HEARING = frozenset({"known groups", "resistance control", "state shown"})


@dataclass(frozen=True)
class Asked:
    """What a run is asked for."""

    full: bool = False
    only: tuple[str, ...] = ()
    personas: tuple[str, ...] = ()
    policies: tuple[str, ...] = ()
    with_model: bool = False
    workers: int | None = None
    reps: Reps = "drafted"


@dataclass(frozen=True)
class Report:
    """A run's figures; `crashed` names scorers that failed, `failed` sessions that did, and either fails the run.

    `marks` are what the figures were counted from, by session; they are not dumped.
    """

    figures: list[Figure]
    worst: dict[str, list[Worst]]
    crashed: dict[str, str]
    failed: list[str]
    sessions: int
    seconds: float
    marks: Mapping[str, Sequence[Mark]] = field(default_factory=lambda: dict[str, Sequence[Mark]]())

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
    """The sessions that a run takes; UserError for a persona, policy or scorer that is none, or a model not set."""
    trainer = build(settings, stored=False)
    known = trainer.persona_ids()
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
    if asked.reps == "model":
        _must_speak(trainer)
    change: Change = "model" if asked.with_model else "none"
    size = FULL if asked.full else QUICK
    specs = plan(asked.personas or tuple(known), asked.policies or POLICIES, size, change=change, reps=asked.reps)
    purposes = {"resistance control": {"levels"}, "advice works": {"advice"}, "same again": {"again"}}
    if asked.only:
        wanted = {purpose for name in asked.only for purpose in purposes.get(name, {"main"})}
        specs = [spec for spec in specs if spec.purpose in wanted]
    if asked.policies:
        specs = [spec for spec in specs if spec.purpose == "main"]
    return specs


def _must_speak(trainer: Trainer) -> None:
    caller = trainer.caller("prospect")
    if caller is None:
        raise UserError(
            "--reps model: no model is set that could speak; set INERTIA_MODEL or INERTIA_PROSPECT_MODEL, "
            "for example to openai:gpt-4o-mini"
        )
    caller.chat()


def judge_of(settings: Settings) -> Listener:
    """Whoever hears the buyers' lines: the judge's model where one is set; UserError for one that cannot be used."""
    caller = build(settings, stored=False).caller("judge")
    if caller is None:
        return Judge()
    caller.chat()
    return ModelJudge(caller, at_once(settings, caller.model))


def perform(
    folder: Path,
    specs: Sequence[Spec],
    asked: Asked,
    settings: Settings,
    on_done: Callable[[Played], None] | None = None,
    judge: Listener | None = None,
) -> Report:
    """Play what the folder does not hold yet, then score; what is there already is not played again.

    `judge` hears the buyers' lines in place of the classifier.
    """
    began = time.monotonic()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / SPECS).write_text(json.dumps([spec.dump() for spec in specs]), encoding="utf-8")
    sessions = folder / SESSIONS
    sessions.touch()
    played: list[Played] = []
    marks: dict[str, list[Mark]] = {}
    if specs:
        # The index and the buyers' vectors are made once here, not by every worker at the same time.
        ready(build(settings, stored=False))
        pool = pool_of(settings, asked.workers)
        try:
            fan(specs, pool, sessions, on_done)
            wanted = {spec.id for spec in specs}
            played = [one for one in played_in(sessions) if one.spec.id in wanted]
            marks = pool.mark(played)
        finally:
            pool.close()
    if isinstance(judge, ModelJudge) and HEARING & set(asked.only or SCORERS):
        marks = heard_by(judge, played, marks)
    report = scored(played, marks, asked.only, settings, errors_in(sessions), began, judge)
    (folder / REPORT).write_text(json.dumps(report.dump(), ensure_ascii=False, indent=1), encoding="utf-8")
    return report


def ready(trainer: Trainer) -> None:
    """Make what lies on disk for everybody: the index, and each buyer's vectors."""
    _ = trainer.index
    for name in trainer.persona_ids():
        trainer.ground(name)


def scored(
    played: list[Played],
    marks: Mapping[str, Sequence[Mark]],
    only: Sequence[str],
    settings: Settings,
    failed: list[str],
    began: float,
    judge: Listener | None = None,
) -> Report:
    """Every scorer's figures; one that crashes is named and leaves the others alone."""
    run = Run(played, marks, build(settings, stored=False), judge or Judge())
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
    return Report(figures, worst, crashed, failed, len(played), time.monotonic() - began, marks)


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
