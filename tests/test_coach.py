"""Feedback: the contract holds, nothing is said twice, and a good turn is told so."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bot.build import Trainer
from bot.coach import holds, told
from bot.contract import Evidence, faults, unearned_runs
from bot.debrief import debrief
from bot.mind import Stance
from bot.moves import Code
from bot.session import Citation, Feedback, Note
from bot.settings import Settings
from bot.turn import play_turn
from tests.conftest import Play
from tests.scripts import PERSONAS, script

REPS = ("strong-1", "fair", "pitcher", "poor-honest", "fisher")


def name_of(persona: str, rep: str) -> str:
    return f"{persona}-{rep}" if rep in ("strong-1", "fair") else rep


@pytest.mark.parametrize("persona", PERSONAS)
@pytest.mark.parametrize("rep", REPS)
def test_every_note_quotes_the_rep_and_cites_one_to_three_passages(play: Play, persona: str, rep: str) -> None:
    for seed in range(3):
        for turn in play(persona, script(name_of(persona, rep)), seed).turns:
            assert turn.feedback is not None
            for note in (turn.feedback.landed, turn.feedback.fix):
                if note:
                    assert note.quote is None or note.quote in turn.rep
                    assert 1 <= len(note.citations) <= 3
                    assert note.what
            assert turn.feedback.next_question


@pytest.mark.parametrize("persona", PERSONAS)
@pytest.mark.parametrize("rep", REPS)
def test_no_two_turns_of_a_session_get_the_same_sentences(play: Play, persona: str, rep: str) -> None:
    for seed in range(3):
        said = [
            text for turn in play(persona, script(name_of(persona, rep)), seed).turns for text in told(turn.feedback)
        ]
        assert len(said) == len(set(said))


@pytest.mark.parametrize("persona", PERSONAS)
def test_nothing_unearned_is_in_the_feedback(trainer: Trainer, play: Play, persona: str) -> None:
    runs = trainer.file_runs(persona)
    for rep in ("strong-1", "fair", "pitcher"):
        for turn in play(persona, script(name_of(persona, rep)), 2).turns:
            assert turn.feedback is not None
            hidden = unearned_runs(runs, turn)
            assert not faults(turn.feedback, Evidence(turn, all_ids(turn.feedback), hidden))


def all_ids(feedback: Feedback) -> set[str]:
    return {c.id for note in (feedback.landed, feedback.fix) if note for c in note.citations}


@pytest.mark.parametrize("persona", PERSONAS)
@pytest.mark.parametrize("rep", ["pitcher", "claimer", "fisher", "pusher", "teller"])
def test_a_rewrite_reads_better_than_what_it_replaces(trainer: Trainer, play: Play, persona: str, rep: str) -> None:
    for turn in play(persona, script(rep), 1).turns:
        assert turn.feedback is not None
        if turn.feedback.rewrite:
            reading = trainer.reader.read(turn.feedback.rewrite, turn.prospect)
            assert len(reading.costly) < len(turn.reading.costly) or (not reading.costly and reading.advancing)


def test_a_simply_good_turn_is_told_so_and_has_nothing_to_fix(play: Play) -> None:
    turn = play("freight-vp", ["How does a pallet get from a maker to the supermarket on a Thursday?"], 1).turns[0]
    assert turn.feedback is not None
    assert turn.feedback.landed is not None
    assert turn.feedback.fix is None
    assert turn.feedback.remark


OPENS_UP = [
    "Craig, you added 14 trailers for three percent more pallets. Trailers usually run out at the dock and not on the "
    "road: each one stands while it waits for a door. May I ask about that, and you stop me if it's nothing?",
    "Who'd know how long one stands there?",
    "And how do you plan the dock on a busy Friday?",
    "What happens on the dock on a night when it goes wrong?",
    "How did the nine trunks come to be the nine you have?",
]


@pytest.mark.parametrize("seed", range(4))
def test_a_line_for_what_was_gone_past_goes_back_to_the_words_that_told_it(
    trainer: Trainer, play: Play, seed: int
) -> None:
    session = play("freight-vp", OPENS_UP, seed)
    needs = {need.id: need for need in trainer.persona("freight-vp").all_needs}
    for before, turn in zip(session.turns, session.turns[1:], strict=False):
        if turn.feedback and turn.feedback.fix and turn.feedback.fix.about == "missed":
            assert turn.feedback.rewrite
            back = turn.feedback.rewrite.split("“")[1].split("”")[0]
            told = [say for e in before.earned if e.id in needs for say in needs[e.id].says if say in before.prospect]
            assert any(back in say for say in told)
            return
    raise AssertionError("nothing was gone past")


def test_once_a_buyer_is_uneasy_no_line_gives_their_comfort_back(trainer: Trainer, play: Play) -> None:
    for persona in PERSONAS:
        reflections = {one.text: one for one in trainer.persona(persona).coaching.get(Code.REFLECTION, ())}
        for seed in range(3):
            for turn in play(persona, script(f"{persona}-strong-1"), seed).turns:
                given = reflections.get(turn.feedback.rewrite or "") if turn.feedback else None
                if given and turn.mind.stance in (Stance.CONCERNED, Stance.READY):
                    assert any(turn.memory.has_earned(use) for use in given.uses), given.text


@pytest.mark.parametrize("persona", PERSONAS)
def test_praise_says_nothing_of_a_turn_that_does_not_hold_of_it(trainer: Trainer, play: Play, persona: str) -> None:
    said = 0
    for seed in range(3):
        for turn in play(persona, script(f"{persona}-strong-1"), seed).turns:
            remark = (turn.feedback and turn.feedback.remark) or ""
            for key, lines in trainer.phrases.nothing_to_fix.items():
                if any(remark.startswith(line.partition("{")[0]) for line in lines if not line.startswith("{")):
                    said += 1
                    assert key in holds(turn), (remark, turn.rep)
    assert said >= 5


def test_without_evidence_it_says_not_evidenced(play: Play) -> None:
    turn = play("freight-vp", ["Morning Craig, is now still all right?"], 1).turns[0]
    assert turn.feedback is not None
    assert not turn.feedback.evidenced
    assert turn.feedback.remark is not None
    assert "not evidenced" in turn.feedback.remark


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"quote": "words nobody said"}, "quote"),
        ({"citations": (Citation(id="need-to-change/99", title="t", source="s"),)}, "not retrieved"),
        ({"what": "the hidden five meaningful words here"}, "not been earned"),
    ],
)
def test_feedback_that_breaks_the_contract_is_found_out(play: Play, change: dict[str, object], why: str) -> None:
    turn = play("freight-vp", ["How does a pallet get to the supermarket?"], 1).turns[0]
    note = Note(about="open_question", quote="How does a pallet", what="w", principle="p", citations=())
    feedback = Feedback(
        evidenced=True, landed=note.model_copy(update=change), fix=None, remark=None, rewrite=None, next_question="q"
    )
    hidden = frozenset({("hidden", "five", "meaningful", "words", "here")})
    assert why in " ".join(f.why for f in faults(feedback, Evidence(turn, set(), hidden)))


def test_the_debrief_tells_what_was_earned_missed_and_provoked(trainer: Trainer, play: Play) -> None:
    strong = debrief(trainer, play("freight-vp", script("freight-vp-strong-1"), 1))
    poor = debrief(trainer, play("freight-vp", script("pitcher"), 1))
    assert strong.outcome == "agreed_next_step"
    assert {item.layer for item in strong.earned} >= {"felt"}
    assert len(strong.points) == strong.points[-1].turn + 1
    assert poor.objections
    assert all(o.quote for o in poor.objections)
    assert {item.layer for item in poor.missed} >= {"felt", "unknown"}
    empty = debrief(trainer, play("freight-vp", ["Good morning."], 1))
    assert not any(one.evidenced for one in empty.principles)


def test_without_an_index_the_turn_goes_on_and_a_line_says_so(
    trainer: Trainer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("a file where the folder of the index should be")
    alone = replace(trainer, settings=Settings(home=blocked))
    session = play_turn(alone, alone.start("freight-vp", seed=1), "How does a pallet get to the supermarket?")
    feedback = session.turns[0].feedback
    assert feedback is not None
    assert feedback.landed is not None
    assert not feedback.landed.citations
    assert feedback.notice is not None
    assert "passages" in feedback.notice


@pytest.mark.parametrize("rep", ["............", "?!?!?! ;;; (((", "🙂📈🔥"])
def test_a_message_without_a_word_gets_a_passage_on_what_would_have_been_something(
    trainer: Trainer, play: Play, rep: str
) -> None:
    feedback = play("freight-vp", [rep]).turns[0].feedback
    assert feedback
    assert feedback.fix
    codes = {passage.id: passage.codes for guide in trainer.guides for passage in guide.passages}
    assert [Code.TAILORING in codes[cited.id] for cited in feedback.fix.citations] == [True]
