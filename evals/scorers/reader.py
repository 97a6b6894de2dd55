"""The reader: the table of docs/assessor.md, on the test set that was written apart.

Macro-F1 over the codes, F1 of the worst costly code, expected calibration error (Naeini and others 2015). Where the
labelled data are not installed, nothing is scored.
"""

from __future__ import annotations

from pathlib import Path

from bot.assessor import table
from bot.assessor.data import read_folder
from evals.scoring import Figure, Reach, Run, Scored

NAME = "reader"
TEST = Path(table.__file__).parent / "data" / "test"


def score(run: Run) -> Scored:
    """The three figures of the table."""
    if not TEST.exists():
        return Scored([Figure(NAME, "macro-F1", None, unscored=1, note="the labelled data are not installed")])
    found = table.measure(run.trainer.reader, read_folder(TEST))
    return Scored(
        [
            Figure(NAME, "macro-F1", found.macro_f1, n=found.messages, reach=Reach("at least", 0.80)),
            Figure(NAME, "worst costly code", found.worst_costly, n=found.messages, reach=Reach("at least", 0.75)),
            Figure(NAME, "calibration error", found.calibration_error, n=found.messages, reach=Reach("at most", 0.05)),
        ]
    )
