"""What a speaking model does to the prospect: four arms in one run, judged by a checker that is not the guard.

`python -m benchmarks.model play FILE` plays with the configured model and appends to FILE (and goes on where it was
left); `python -m benchmarks.model guard FILE` puts what the model said there through the guard as it is now;
`python -m benchmarks.model table FILE` prints the table and writes it into docs/model.md.
"""

from __future__ import annotations

import json
import re
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from bot import tokens
from bot.build import Trainer, build
from bot.calling import Message, Trouble
from bot.cli import read_script
from bot.mind import Stance
from bot.models import ModelName
from bot.session import Call, Session, Turn
from bot.settings import NO_MODEL, Settings
from bot.turn import Done, TakenBack, Word, play_turn, run_turn

ROOT = Path(__file__).parent.parent
SCRIPTS = ("strong-1", "pitcher", "pusher", "charmer", "abuse", "injection")
SEEDS = (1, 2, 3)
# The model speaks at these turns of a call, one a seed; what comes before is drafted.
AT = {1: 1, 2: 4, 3: 7}
ARMS = ("a", "b", "c", "d")
NAMES = {
    "a": "the model with a character description",
    "b": "the model with the plan",
    "c": "the model with the plan and the guard",
    "d": "drafted lines",
}
DESCRIPTION = (
    "You are {name}, {role} at {company}. {describe} You are on the telephone with somebody who sells: {rep_is} You "
    "are comfortable with how things are. Stay in character as {first_name} and answer as {first_name} would, briefly."
)


def main() -> None:
    """Play or print, as the arguments say."""
    if len(sys.argv) != 3 or sys.argv[1] not in ("play", "guard", "table"):
        sys.exit(__doc__)
    if sys.argv[1] == "play":
        play(Path(sys.argv[2]))
    elif sys.argv[1] == "guard":
        guard_again(Path(sys.argv[2]))
    else:
        from benchmarks.model_table import show

        show(Path(sys.argv[2]))


def play(out: Path) -> None:
    """Play what is not yet in the file; a line a turn and arm."""
    done: set[str] = {key(json.loads(line)) for line in out.read_text().splitlines()} if out.exists() else set()
    settings = Settings(coach_model=NO_MODEL, reader_model=NO_MODEL)
    speaking = build(settings, stored=False)
    drafted = replace(speaking, settings=settings.model_copy(update={"model": None, "prospect_model": None}))
    for persona in speaking.persona_ids():
        # One arm after the other, for a small server keeps the beginning of one prompt only.
        for arm in ("a", "c"):
            for script in SCRIPTS:
                for seed in SEEDS:
                    if key({"persona": persona, "script": script, "seed": seed, "arm": arm}) in done:
                        continue
                    rows = list(_session(speaking, drafted, persona, script, seed, arm))
                    with out.open("a", encoding="utf-8") as file:
                        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
                    print(persona, arm, script, seed, f"{len(rows)} rows", flush=True)


def key(row: dict[str, Any]) -> str:
    """What names a session of an arm; the guarded arm brings the one without the guard and the drafts with it."""
    arm = "a" if row["arm"] == "a" else "c"
    return f"{row['persona']} {row['script']} {row['seed']} {arm}"


def _session(
    speaking: Trainer, drafted: Trainer, persona: str, script: str, seed: int, arm: str
) -> Iterator[dict[str, Any]]:
    """One turn by the model, early in the call with one seed and late with another; the turns before are drafted."""
    name = f"{persona}-{script}" if script.startswith("strong") else script
    messages = read_script(ROOT / "tests" / "scripts" / f"{name}.txt")
    session = drafted.start(persona, seed=seed)
    first = min(AT[seed], len(messages)) - 1
    for message in messages[:first]:
        if len(session.turns) < first and not session.is_over:
            ahead = play_turn(drafted, session, message)
            session = session if ahead.is_over else ahead
    for message in messages[first : first + 1]:
        if session.is_over:
            return
        if arm == "a":
            session, rows = _described(speaking, drafted, session, message)
        else:
            session, rows = _planned(speaking, drafted, session, message)
        for row in rows:
            yield {"persona": persona, "script": script, "seed": seed} | row


def _described(
    speaking: Trainer, drafted: Trainer, session: Session, message: str
) -> tuple[Session, list[dict[str, Any]]]:
    persona, scene = drafted.persona(session.persona), drafted.scenario(session.persona)
    caller = speaking.caller("prospect")
    assert caller is not None
    system = DESCRIPTION.format(
        name=persona.name,
        role=persona.role,
        company=persona.company,
        describe=persona.voice.describe,
        rep_is=scene.rep_is,
        first_name=persona.first_name,
    )
    asked: list[Message] = [("system", system)]
    for turn in session.turns:
        asked += [("user", turn.rep), ("assistant", turn.prospect)]
    calls: list[Call] = []
    began, first, said = time.monotonic(), None, ""
    try:
        for text in caller.stream([*asked, ("user", message)], calls, threading.Event()):
            first = first or time.monotonic() - began
            said += text
    except Trouble as trouble:
        print("trouble:", trouble, flush=True)
    after = play_turn(drafted, session, message)
    turn = after.turns[-1].model_copy(update={"prospect": said.strip() or "…"})
    whole = time.monotonic() - began
    return session.with_turn(turn), [_row("a", turn, session, first, whole, cut=False)]


def _planned(
    speaking: Trainer, drafted: Trainer, session: Session, message: str
) -> tuple[Session, list[dict[str, Any]]]:
    began, first = time.monotonic(), None
    after = session
    for event in run_turn(speaking, session, message):
        if isinstance(event, (Word, TakenBack)):
            first = first or time.monotonic() - began
        elif isinstance(event, Done):
            after = event.session
    turn = after.turns[-1]
    whole = time.monotonic() - began
    assert turn.spoken is not None
    raw = turn.model_copy(update={"prospect": turn.spoken.raw.strip() or "…"})
    told = turn.calls[0].first_s if turn.calls else None
    is_cut = bool(turn.spoken.removed or turn.spoken.from_draft)
    rows = [
        _row("b", raw, session, told, turn.calls[0].whole_s if turn.calls else whole, cut=False),
        _row("c", turn, session, first, whole, cut=is_cut),
        _row("d", play_turn(drafted, session, message).turns[-1], session, None, 0.0, cut=False),
    ]
    return after, rows


def _row(arm: str, turn: Turn, before: Session, first: float | None, whole: float, *, cut: bool) -> dict[str, Any]:
    return {
        "arm": arm,
        "number": turn.number,
        "first_s": first,
        "whole_s": whole,
        "cut": cut,
        "agreed": turn.stance == Stance.AGREED_NEXT_STEP,
        "turn": turn.model_dump(mode="json"),
        "before": [earlier.model_dump(mode="json") for earlier in before.turns],
    }


class Replayed:
    """What a model said, said once more as it came; stands where a caller does."""

    def __init__(self, raw: str, label: str) -> None:
        self._raw = raw
        provider, _, name = label.partition(":")
        self.model = ModelName("prospect", provider, name, None, None)
        self.counter = tokens.counter_for(self.model.name)

    def stream(self, messages: Sequence[Message], calls: list[Call], started: threading.Event) -> Iterator[str]:
        """The stretches of the line."""
        started.set()
        yield from re.findall(r"\s*\S+|\s+$", self._raw)


def guard_again(path: Path) -> None:
    """Put every line of the model's that the file holds through the guard as it is now."""
    drafted = build(Settings(model=None), stored=False)
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    for row in rows:
        spoken = row["turn"].get("spoken")
        if row["arm"] != "c" or spoken is None:
            continue
        session = drafted.start(row["persona"], seed=row["seed"])
        for earlier in row["before"]:
            session = session.with_turn(Turn.model_validate(earlier))
        speaking = replace(drafted)
        speaking.__dict__.update({name: drafted.__dict__[name] for name in SHARED if name in drafted.__dict__})
        speaking.__dict__["callers"] = OnlyProspect(Replayed(spoken["raw"], spoken["model"]))
        turn = play_turn(speaking, session, row["turn"]["rep"]).turns[-1]
        assert turn.spoken is not None
        row["turn"] = turn.model_dump(mode="json")
        row["cut"] = bool(turn.spoken.removed or turn.spoken.from_draft)
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


SHARED = ("embedder", "reader", "guides", "pasted_from", "index", "phrases", "rubric", "default_lines", "codes")


class OnlyProspect:
    """Stands where a trainer's callers do, with one for the prospect."""

    def __init__(self, caller: Replayed) -> None:
        self._caller = caller

    def of(self, role: str) -> Replayed | None:
        """The caller of a role."""
        return self._caller if role == "prospect" else None


if __name__ == "__main__":
    main()
