"""Write the measured parts of the README anew: `python -m docs.regenerate` (some minutes)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from bot.build import build
from bot.cli import read_script
from bot.terminal import feedback_lines
from bot.turn import play_turn

ROOT = Path(__file__).parents[1]
TURNS = 3


def transcript() -> str:
    """The first turns of a strong and of a pitching rep with one buyer, as they come out."""
    trainer = build(stored=False)
    lines: list[str] = []
    for title, name in (
        ("A call that goes somewhere", "freight-vp-strong-1"),
        ("The same buyer, another rep", "pitcher"),
    ):
        lines += [f"**{title}**", ""]
        session = trainer.start("freight-vp", seed=4)
        for message in read_script(ROOT / f"tests/scripts/{name}.txt")[:TURNS]:
            session = play_turn(trainer, session, message)
            turn = session.turns[-1]
            assert turn.feedback
            mark = f"{turn.stance}, {turn.talk}{', objection' if turn.objection else ''}"
            lines += [f"> **Rep.** {turn.rep}", ">", f"> **Craig** *({mark})*. {turn.prospect}", ">"]
            lines += [f"> > {text}<br>" for text in feedback_lines(turn.feedback, "standard")]
            lines.append("")
    return "\n".join(lines).rstrip()


def put(page: str, name: str, text: str) -> str:
    """A page with the part between two marks replaced."""
    start, end = f"<!-- {name}: made by `python -m docs.regenerate` -->", f"<!-- end of {name} -->"
    return page.split(start)[0] + f"{start}\n{text}\n{end}" + page.split(end)[1]


def main() -> None:
    """Regenerate; the benchmark runs in a process of its own, as a user would run it."""
    readme = ROOT / "README.md"
    page = put(readme.read_text(encoding="utf-8"), "transcript", transcript())
    if "--no-benchmark" not in sys.argv:
        command = [sys.executable, "-m", "benchmarks.turns"]
        printed = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout
        page = put(page, "benchmark", printed.strip())
    readme.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
