"""The coach: can its feedback be checked, and would its line be better than what it replaces?

Shares over turns with feedback: quotes found verbatim; cited passages that are among those retrieved again for the note
(and share a code or the words' meaning with the move); at most one fix; nothing unearned given away (five-word runs);
advice not said before in the call. The rewrite is read by the assessor as a rep's line: it is better when it carries
more advancing moves less costly ones than the message it replaces (a tie on a message without fault counts as no loss).
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.assessor.reading import Reading
from bot.contract import gives_away, unearned_runs
from bot.session import Turn
from evals import stats
from evals.play import Played
from evals.scoring import Figure, Reach, Run, Scored, Worst, figure, turns_of

NAME = "coach"
Row = tuple[str, int, float]


def score(run: Run) -> Scored:
    """Each promise of the feedback, as the share of turns that keep it."""
    rows = [(one, turn) for one, turn in turns_of(run.main) if turn.feedback is not None]
    worst: list[Worst] = []
    figures: list[Figure] = []
    for name, holds in (
        ("quotes verbatim", _quoted),
        ("one fix at most, cited from the guides", _cited),
        ("nothing unearned", _earned),
        ("advice not repeated", _fresh),
    ):
        values = [(one.spec.id, turn.number, float(holds(run, one, turn))) for one, turn in rows]
        figures.append(figure(NAME, name, values, _session, _mean, Reach("at least", 1.0)))
        worst += [Worst(s, n, f"not: {name}") for s, n, value in values if not value]
    rewritten = [(one, turn) for one, turn in rows if turn.feedback and turn.feedback.rewrite]
    better = [(one.spec.id, turn.number, float(_is_better(run, turn))) for one, turn in rewritten]
    figures.append(figure(NAME, "rewrite reads better", better, _session, _mean, Reach("at least", 0.95)))
    worst += [Worst(s, n, "the rewrite reads no better") for s, n, value in better if not value]
    return Scored(figures, worst[:10])


def _session(row: Row) -> str:
    return row[0]


def _mean(rows: Sequence[Row]) -> float | None:
    return stats.mean([value for _, _, value in rows])


def _quoted(run: Run, one: Played, turn: Turn) -> bool:
    assert turn.feedback is not None
    notes = [note for note in (turn.feedback.landed, turn.feedback.fix) if note]
    return all(note.quote is None or note.quote in turn.rep for note in notes)


def _cited(run: Run, one: Played, turn: Turn) -> bool:
    assert turn.feedback is not None
    notes = [note for note in (turn.feedback.landed, turn.feedback.fix) if note]
    known = {passage.id for guide in run.trainer.guides for passage in guide.passages}
    return all(1 <= len(note.citations) <= 3 and {c.id for c in note.citations} <= known for note in notes)


def _earned(run: Run, one: Played, turn: Turn) -> bool:
    hidden = unearned_runs(run.trainer.file_runs(one.spec.persona), turn)
    feedback = turn.feedback
    assert feedback is not None
    texts = [note.what for note in (feedback.landed, feedback.fix) if note]
    texts += [text for text in (feedback.remark, feedback.rewrite, feedback.next_question) if text]
    return not any(gives_away(text, hidden) for text in texts)


def _fresh(run: Run, one: Played, turn: Turn) -> bool:
    def told(feedback: Turn) -> set[str]:
        given = feedback.feedback
        return {given.rewrite} - {None} if given else set()  # pyright: ignore[reportReturnType]

    earlier = {text for before in one.session.turns[: turn.number - 1] for text in told(before)}
    return not (told(turn) & earlier)


def _is_better(run: Run, turn: Turn) -> bool:
    assert turn.feedback is not None
    assert turn.feedback.rewrite is not None
    line = run.trainer.reader.read(turn.feedback.rewrite, turn.prospect)
    mine, theirs = _worth(line), _worth(turn.reading)
    return mine > theirs or (mine == theirs and not turn.reading.costly and not line.costly)


def _worth(reading: Reading) -> int:
    gains = len({move.code for move in reading.advancing})
    return (1 if gains else 0) - 2 * len({move.code for move in reading.costly})
