"""Inspect AI tasks over the sessions of a run: `inspect view` opens every transcript with its scores.

`inspect eval evals/tasks.py@practice` plays from Inspect's own command; `inertia eval` is the short way in.
"""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from inspect_ai import Task, task
from inspect_ai.dataset import Sample
from inspect_ai.model import ChatMessageAssistant, ChatMessageUser, ModelOutput
from inspect_ai.scorer import Score, Scorer, Target, mean, scorer, stderr
from inspect_ai.solver import Generate, Solver, TaskState, solver

from bot.build import build
from bot.session import Turn
from evals import role_errors
from evals.fan import Processes, done_in, played_in
from evals.marks import Mark
from evals.play import Played
from evals.scorers import repetition
from evals.scoring import terminal
from evals.spec import QUICK, Spec, plan

OUTCOMES = {"agreed_next_step": 1.0, "open": 0.5, "ended_call": 0.0}


@task
def practice(sessions: str | None = None) -> Task:
    """Policies against buyers; `sessions` is the file of a run already played, else the quick run is played."""
    known = {one.spec.id: one for one in played_in(Path(sessions))} if sessions else {}
    specs = [one.spec for one in known.values()] or plan(tuple(build(stored=False).persona_ids()), size=QUICK)
    return task_of(specs, known)


def task_of(
    specs: Sequence[Spec], known: dict[str, Played], marks: Mapping[str, Sequence[Mark]] = MappingProxyType({})
) -> Task:
    """A task with a sample a session; what is known or marked is shown, the rest is played and marked."""
    samples = [
        Sample(
            id=spec.id, input=f"{spec.policy} against {spec.persona}, seed {spec.seed}", metadata={"spec": spec.dump()}
        )
        for spec in specs
    ]

    # Inspect writes what these are called with into every log, so they take nothing and share the sessions.
    @solver
    def call() -> Solver:
        return _call(known)

    @scorer(metrics=[mean(), stderr()])
    def outcome() -> Scorer:
        return _outcome(known)

    @scorer(metrics=[mean(), stderr()])
    def reached() -> Scorer:
        return _reached(known)

    @scorer(metrics=[mean(), stderr()])
    def role() -> Scorer:
        return _role(known, marks)

    @scorer(metrics=[mean(), stderr()])
    def repeats() -> Scorer:
        return _repeats(known)

    return Task(
        dataset=samples,
        solver=call(),
        scorer=[outcome(), reached(), role(), repeats()],
        name="practice",
        display_name="Inertia practice sessions",
    )


def _call(known: dict[str, Played]) -> Solver:
    """Play the sample's session, or take it from those already played, and lay it out as a conversation."""
    pool: list[Processes] = []

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        spec = Spec(**state.metadata["spec"])
        played = known.get(spec.id)
        if played is None:
            if not pool:
                pool.append(Processes())
            played = Played.parse(await asyncio.wrap_future(pool[0].submit(spec)))
        state.messages = []
        for turn in played.session.turns:
            state.messages.append(ChatMessageUser(content=turn.rep))
            state.messages.append(ChatMessageAssistant(content=turn.prospect, metadata=_shown(turn)))
        last = played.session.turns[-1].prospect if played.session.turns else ""
        state.output = ModelOutput.from_content("inertia", last)
        # Kept here for the scorers; the log has the conversation, and the run's own file every turn whole.
        known[spec.id] = played
        state.completed = True
        return state

    return solve


def _shown(turn: Turn) -> dict[str, Any]:
    mind = {gauge: round(value) for gauge, value in turn.mind.model_dump().items()}
    moves = [f"{m.code} {m.confidence:.2f}: {m.quote}" for m in turn.reading.moves]
    return {"turn": turn.number, "stance": str(turn.stance), "mind": mind, "moves": moves, "act": turn.act}


def _outcome(known: dict[str, Played]) -> Scorer:
    """1 for an agreed next step, 0 for a call that was ended, a half for one that stayed open."""

    async def score(state: TaskState, target: Target) -> Score:
        ended = known[str(state.sample_id)].session.outcome
        return Score(value=OUTCOMES[ended], answer=ended)

    return score


def _reached(known: dict[str, Played]) -> Scorer:
    """How far the buyer came: the last stance on its ladder with the tension behind it."""

    async def score(state: TaskState, target: Target) -> Score:
        return Score(value=terminal(known[str(state.sample_id)]))

    return score


def _role(known: dict[str, Played], marks: Mapping[str, Sequence[Mark]]) -> Scorer:
    """The share of turns in which the buyer fell out of the part; `marks` by session, where they were read before."""
    trainer = build(stored=False)

    async def score(state: TaskState, target: Target) -> Score:
        played = known[str(state.sample_id)]
        turns = played.session.turns
        if played.spec.id in marks:
            found = [list(mark.errors) for mark in marks[played.spec.id]]
        else:
            persona = trainer.persona(played.spec.persona)
            found = [role_errors.errors(turn, turns[: turn.number - 1], persona) for turn in turns]
        told = "; ".join(
            f"turn {t.number}: {e.kind}: {e.words}" for t, errors in zip(turns, found, strict=True) for e in errors
        )
        return Score(value=sum(bool(one) for one in found) / max(len(turns), 1), explanation=told or None)

    return score


def _repeats(known: dict[str, Played]) -> Scorer:
    """The share of the buyer's 4-grams that came before in the call."""

    async def score(state: TaskState, target: Target) -> Score:
        return Score(value=repetition.fours(known[str(state.sample_id)]))

    return score


def write_log(sessions: Path, folder: Path, specs: Sequence[Spec], marks: Mapping[str, Sequence[Mark]]) -> Path | None:
    """Write Inspect's log of a run that was played and marked; returns its file."""
    inspect_ai: Any = importlib.import_module("inspect_ai")
    wanted = {spec.id for spec in specs} & done_in(sessions)
    known = {one.spec.id: one for one in played_in(sessions) if one.spec.id in wanted}
    logs: list[Any] = inspect_ai.eval(
        task_of([one.spec for one in known.values()], known, marks),
        model="mockllm/model",
        log_dir=str(folder),
        display="none",
        log_samples=True,
        max_samples=64,
        fail_on_error=False,
    )
    return Path(logs[0].location) if logs else None
