"""What reading a session takes, turn by turn: done once, in the processes that play, for every scorer to count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

from bot.build import Trainer, build
from bot.contract import MOST_CITED, gives_away, unearned_runs
from bot.session import Note, Session, Turn
from bot.settings import Settings
from evals import role_errors
from evals.judge import Heard, Judge, Listener
from evals.play import Played
from evals.role_errors import RoleError
from knowledge.search import search

# A cited passage that is not on the move itself has to be among so many that a search for the rep's words finds.
TO_THE_POINT = 12
# The move that a note is on, where its subject is not called by it.
ON_THE_MOVE = {
    "missed": "reflection",
    "unspecific": "insight",
    "question_on_top": "insight",
    "contradicted": "tailoring",
    "vision_early": "vision",
    "next_step_early": "next_step",
    "meaningless": "tailoring",
}


@dataclass(frozen=True)
class Advice:
    """Whether a turn's feedback keeps what it promises; `better` is None where there is no rewrite that mends."""

    is_quoted: bool
    is_cited: bool
    is_earned: bool
    is_fresh: bool
    better: bool | None


@dataclass(frozen=True)
class Mark:
    """One turn: what the judge hears in the buyer's line, its role errors, and whether its feedback keeps its word."""

    heard: Heard | None
    errors: tuple[RoleError, ...]
    advice: Advice | None


def marks_of(played: Played, trainer: Trainer, judge: Judge) -> list[Mark]:
    """The marks of every turn of a session."""
    session = played.session
    persona = trainer.persona(session.persona)
    return [
        Mark(
            judge.hear(turn.prospect),
            tuple(role_errors.errors(turn, session.turns[: turn.number - 1], persona)),
            advice_of(trainer, session, turn),
        )
        for turn in session.turns
    ]


def heard_by(judge: Listener, played: Sequence[Played], marks: Mapping[str, Sequence[Mark]]) -> dict[str, list[Mark]]:
    """The marks of sessions with what another judge hears in place of what was heard."""
    heard = iter(judge.hear_all([turn.prospect for one in played for turn in one.session.turns]))
    return {one.spec.id: [replace(mark, heard=next(heard)) for mark in marks[one.spec.id]] for one in played}


def mark_here(played: Played) -> list[Mark]:
    """The marks of a session in a worker process, with a trainer and a judge that it keeps."""
    return marks_of(played, *_tools())


@cache
def _tools() -> tuple[Trainer, Judge]:
    return build(Settings(), stored=False), Judge()


def advice_of(trainer: Trainer, session: Session, turn: Turn) -> Advice | None:
    """What the turn's feedback keeps of its promises."""
    feedback = turn.feedback
    if feedback is None:
        return None
    notes = [note for note in (feedback.landed, feedback.fix) if note]
    hidden = unearned_runs(trainer.file_runs(session.persona), turn)
    texts = [*(note.what for note in notes), feedback.remark, feedback.rewrite, feedback.next_question]
    earlier = {before.feedback.rewrite for before in session.turns[: turn.number - 1] if before.feedback}
    return Advice(
        is_quoted=all(note.quote is None or note.quote in turn.rep for note in notes),
        is_cited=all(_is_to_the_point(trainer, note, turn) for note in notes),
        is_earned=not any(gives_away(text, hidden) for text in texts if text),
        is_fresh=feedback.rewrite is None or feedback.rewrite not in earlier,
        better=_is_better(trainer, turn) if feedback.rewrite and feedback.is_mending else None,
    )


def _is_to_the_point(trainer: Trainer, note: Note, turn: Turn) -> bool:
    """One to three passages, each on the move that the note is on, or found again by the words that it is on."""
    cited = {citation.id for citation in note.citations}
    codes = {passage.id: passage.codes for guide in trainer.guides for passage in guide.passages}
    move = ON_THE_MOVE.get(note.about, note.about)
    on_the_move = {name for name in cited if move in codes.get(name, ())}
    if cited == on_the_move:
        return 1 <= len(cited) <= MOST_CITED
    sources = [guide.source for guide in trainer.guides]
    text = note.quote or turn.rep[:300]
    found = {hit.id for hit in search(trainer.index, text, codes=(), k=TO_THE_POINT, sources=sources)}
    return 1 <= len(cited) <= MOST_CITED and cited <= on_the_move | found


def _is_better(trainer: Trainer, turn: Turn) -> bool:
    assert turn.feedback is not None
    assert turn.feedback.rewrite is not None
    line = trainer.reader.read(turn.feedback.rewrite, turn.prospect)
    mine, theirs = (
        (1 if reading.advancing else 0) - 2 * len({move.code for move in reading.costly})
        for reading in (line, turn.reading)
    )
    return mine > theirs or (mine == theirs and not turn.reading.costly and not line.costly)
