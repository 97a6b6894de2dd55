"""Does the mind still tell good reps from poor ones when the reader errs? `python -m benchmarks.noise`

A share of the moves is replaced at random: a move becomes another code, or is lost, with equal odds; a message without
a move gains one as often. Prints the AUC (Mann and Whitney's U over n1·n2) of the terminal state, strong against poor
reps, for the reader as it is and with 20 % of the moves wrong. State: tension + trust - inertia, an ended call last.
"""

from __future__ import annotations

import argparse
import random
from dataclasses import replace
from pathlib import Path

from bot.assessor.reader import Reader
from bot.assessor.reading import Move, Reading
from bot.assessor.screen import Shingles
from bot.build import Trainer, build
from bot.cli import read_script
from bot.moves import Code
from bot.session import Session
from bot.turn import play_turn

SCRIPTS = Path(__file__).parents[1] / "tests/scripts"
POOR = ("pitcher", "claimer", "teller", "pusher", "charmer", "fisher", "arguer", "poor-honest")
PAGE = Path(__file__).parents[1] / "docs/assessor.md"
START, END = "<!-- noise: made by `python -m benchmarks.noise` -->", "<!-- end of noise -->"


class NoisyReader(Reader):
    """The reader with a share of its moves replaced at random."""

    def __init__(self, reader: Reader, share: float, seed: int) -> None:
        self.__dict__.update(reader.__dict__)
        self._share, self._rng = share, random.Random(seed)

    def read(self, text: str, prospect: str | None, *, pasted_from: Shingles = frozenset()) -> Reading:
        """A reading, some of it wrong."""
        reading = super().read(text, prospect, pasted_from=pasted_from)
        codes = [code for code in Code if code != Code.OTHER]
        moves: list[Move] = []
        for move in reading.moves or (None,):
            if self._rng.random() >= self._share:
                moves += [move] if move else []
            elif move is None or self._rng.random() < 0.5:
                words = move.quote if move else text[:60]
                moves.append(Move(code=self._rng.choice(codes), quote=words, start=0, confidence=0.8))
        return reading.model_copy(update={"moves": tuple(moves), "kind": reading.kind if not moves else None})


def state(session: Session) -> float:
    """How far the call got."""
    mind = session.mind
    ended = {"ended_call": -300.0, "agreed_next_step": 300.0}.get(session.outcome, 0.0)
    return mind.tension + mind.trust - mind.inertia + ended


def auc(good: list[float], poor: list[float]) -> float:
    """The chance that a good one stands above a poor one, ties half."""
    return sum((g > p) + 0.5 * (g == p) for g in good for p in poor) / (len(good) * len(poor))


def play(trainer: Trainer, persona: str, name: str, seed: int) -> Session:
    """One scripted session."""
    session = trainer.start(persona, seed=seed)
    for message in read_script(SCRIPTS / f"{name}.txt"):
        if session.is_over:
            break
        session = play_turn(trainer, session, message)
    return session


def measure(trainer: Trainer, share: float, seeds: int) -> float:
    """The AUC at a share of wrong moves, over all personas."""
    good: list[float] = []
    poor: list[float] = []
    for seed in range(seeds):
        noisy = replace(trainer)
        noisy.__dict__.update({k: v for k, v in trainer.__dict__.items() if not k.startswith("_")})
        noisy.__dict__["reader"] = NoisyReader(trainer.reader, share, seed)
        for persona in (
            "dentist-owner",
            "freight-vp",
            "pharmacy-director",
            "plant-manager",
            "refinancing-couple",
            "software-cfo",
        ):
            good += [state(play(noisy, persona, f"{persona}-strong-{n}", seed)) for n in (1, 2)]
            poor += [state(play(noisy, persona, name, seed)) for name in POOR]
    return auc(good, poor)


def main() -> None:
    """Measure, print and write the page."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seeds", type=int, default=5)
    chosen = options.parse_args()
    trainer = build(stored=False)
    lines = ["| moves wrong | AUC, strong against poor reps |", "|---|---|"]
    lines += [f"| {share:.0%} | {measure(trainer, share, chosen.seeds):.3f} |" for share in (0.0, 0.2, 0.4)]
    lines.append("")
    lines.append(f"Six buyers, two strong and eight poor scripted reps each, {chosen.seeds} seeds.")
    print("\n".join(lines))
    page = PAGE.read_text(encoding="utf-8")
    head, tail = page.split(START)[0], page.split(END)[1]
    PAGE.write_text(head + "\n".join([START, *lines, END]) + tail, encoding="utf-8")


if __name__ == "__main__":
    main()
