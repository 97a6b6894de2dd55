"""A second, independent labelling: `draw` picks messages without their labels, `compare` prints Cohen's κ a code.

κ = (p_o - p_e) / (1 - p_e), with p_o the share of messages on which both labellings agree that a code is or is not
there, and p_e the share expected by chance from each labelling's own frequency (Cohen 1960).
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path

from bot.assessor.data import Labelled, read_file, read_folder
from bot.moves import Code

HERE = Path(__file__).parent / "data"
FIRST, SECOND = HERE / "second/first.txt", HERE / "second/second.txt"
START, END = "<!-- agreement: made by `python -m bot.assessor.agreement compare` -->", "<!-- end of agreement -->"
PAGE = Path(__file__).parents[2] / "docs/assessor.md"


def draw(count: int, seed: int) -> list[Labelled]:
    """Messages drawn at random from every set, in a random order."""
    items = [item for name in ("train", "tune", "test") for item in read_folder(HERE / name)]
    return random.Random(seed).sample(items, count)


def kappa(first: list[bool], second: list[bool]) -> float:
    """Cohen's κ of two yes-or-no labellings of the same messages; 1 where both never say yes."""
    count = len(first)
    agreed = sum(a == b for a, b in zip(first, second, strict=True)) / count
    yes = sum(first) / count * sum(second) / count
    chance = yes + (1 - sum(first) / count) * (1 - sum(second) / count)
    return 1.0 if chance == 1 else (agreed - chance) / (1 - chance)


def compare(first: list[Labelled], second: list[Labelled]) -> str:
    """The agreement of two labellings of the same messages, as a Markdown table."""
    if [a.text for a in first] != [b.text for b in second]:
        raise ValueError("the two labellings are not of the same messages in the same order")
    rows: list[str] = []
    values: list[float] = []
    for code in Code:
        one, other = [code in a.codes for a in first], [code in b.codes for b in second]
        values.append(kappa(one, other))
        rows.append(f"| `{code}` | {values[-1]:.2f} | {sum(one)} | {sum(other)} |")
    same = sum(a.codes == b.codes for a, b in zip(first, second, strict=True))
    head = f"{len(first)} messages drawn at random, labelled twice; the same set of codes on {same} of them."
    table = [
        "| code | κ | first | second |",
        "|---|---|---|---|",
        *rows,
        f"| **mean** | **{sum(values) / len(values):.2f}** | | |",
    ]
    return "\n".join([START, head, "", *table, END])


def main() -> None:
    """Draw the messages, or compare the labellings and write the page."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("what", choices=["draw", "compare"])
    options.add_argument("--count", type=int, default=300)
    options.add_argument("--seed", type=int, default=20)
    chosen = options.parse_args()
    if chosen.what == "draw":
        FIRST.parent.mkdir(exist_ok=True)
        items = draw(chosen.count, chosen.seed)
        FIRST.write_text("\n".join(_lines(items, labelled=True)) + "\n", encoding="utf-8")
        SECOND.write_text("\n".join(_lines(items, labelled=False)) + "\n", encoding="utf-8")
        return
    page = PAGE.read_text(encoding="utf-8")
    head, tail = page.split(START)[0], page.split(END)[1]
    PAGE.write_text(head + compare(list(read_file(FIRST)), list(read_file(SECOND))) + tail, encoding="utf-8")


def _lines(items: list[Labelled], *, labelled: bool) -> list[str]:
    lines: list[str] = []
    for item in items:
        lines += [f"> {item.prospect or '(none)'}", _marked(item) if labelled else item.text]
    return lines


def _marked(item: Labelled) -> str:
    if item.kind:
        return f"{{other.{item.kind}:{item.text}}}"
    text, last = "", 0
    for start, end in sorted({(span.start, span.end) for span in item.spans}):
        codes = "+".join(sorted(str(s.code) for s in item.spans if (s.start, s.end) == (start, end)))
        text += f"{item.text[last:start]}{{{codes}:{item.text[start:end]}}}"
        last = end
    return text + item.text[last:]


if __name__ == "__main__":
    main()
