"""The second reading: the rep's own words alone, nothing read up, and a mind put right within bounds."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import cast

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from benchmarks.model import SHARED
from bot import mind
from bot.assessor.reading import Move, Reading
from bot.build import Trainer
from bot.caller import Caller
from bot.calling import Message, Trouble
from bot.heard import Heard
from bot.memory import Memory
from bot.mind import GAUGES, Mind
from bot.models import ModelName
from bot.moves import ADVANCING, COSTLY, MEANINGLESS, Code, OtherKind
from bot.second import CONFIDENCE, MOST_MOVED, SURE, ReadMove, SecondReading, compare, corrected, read
from bot.session import Call, Correction
from bot.turn import play_turn

TEXT = "You added 14 trailers last year. Our platform fills them. If you sign by Friday I can hold the price. How so?"
WORDS = (
    "You added 14 trailers last year.",
    "Our platform fills them.",
    "If you sign by Friday",
    "How so?",
    "14 trailers",
)
LIKELY = dict.fromkeys(Code, 0.5)


class Answering:
    """A caller with one answer, or Trouble."""

    def __init__(self, answer: SecondReading | Trouble) -> None:
        self._answer = answer

    def ask(
        self,
        messages: Sequence[Message],
        schema: object,
        calls: list[Call],
        check: Callable[[SecondReading], object],
        left: threading.Event | None = None,
    ) -> SecondReading:
        if isinstance(self._answer, Trouble):
            raise self._answer
        check(self._answer)
        return self._answer


def seen(*moves: tuple[Code, str]) -> SecondReading:
    return SecondReading(moves=[ReadMove(code=code, quote=quote) for code, quote in moves])


def read_by(answer: SecondReading | Trouble, text: str = TEXT) -> list[tuple[Code, str]]:
    found = read(cast(Caller, Answering(answer)), {"insight": "x"}, text, "We're fine.", [])
    return [(move.code, move.quote) for move in found.moves]


def move(code: Code, quote: str, confidence: float = 0.8, text: str = TEXT) -> Move:
    return Move(code=code, quote=quote, start=text.index(quote), confidence=confidence)


def reading(*moves: Move, kind: OtherKind | None = None, unread: str | None = None) -> Reading:
    return Reading(moves=moves, specificity=0.5, talk_share=0.5, kind=kind, unread=unread, reader="test")


def codes(moves: Sequence[Move]) -> set[Code]:
    return {one.code for one in moves}


# --- the rep's own words ---


def test_a_quote_that_the_rep_did_not_say_is_dropped_with_its_move() -> None:
    answer = seen(
        (Code.INSIGHT, "You added 15 trailers last year."),
        (Code.PITCH, "Our platform fills them."),
        (Code.VISION, "Picture two planners seeing one board"),
        (Code.PRESSURE, "If you sign by Friday … hold the price"),
        (Code.REFLECTION, " "),
    )
    assert read_by(answer) == [(Code.PITCH, "Our platform fills them.")]


def test_a_quote_in_other_letters_or_with_white_space_around_it_is_kept_as_it_was_said() -> None:
    assert read_by(seen((Code.PITCH, "  OUR platform FILLS them.\n"))) == [(Code.PITCH, "Our platform fills them.")]


@given(
    quote=st.one_of(st.text(max_size=12), st.sampled_from([TEXT[a:b] for a in range(0, 60, 7) for b in (a + 4, 90)]))
)
@settings(max_examples=200)
def test_every_quote_that_is_left_stands_in_the_message_and_says_what_the_model_quoted(quote: str) -> None:
    assume(quote)
    for _, kept in read_by(seen((Code.INSIGHT, quote))):
        assert kept in TEXT
        assert kept.strip()
        assert kept.lower() == quote.strip().lower()


def test_a_quote_after_a_letter_that_grows_in_small_letters_is_the_one_that_was_said() -> None:
    assert read_by(seen((Code.OPEN_QUESTION, "who plans it?")), "From İzmir to İnegöl, who plans it?") == [
        (Code.OPEN_QUESTION, "who plans it?")
    ]


def test_trouble_goes_on_to_whoever_asked() -> None:
    with pytest.raises(Trouble, match="no reply"):
        read_by(Trouble("not understood", "no reply"))


# --- what is put right ---


@pytest.mark.parametrize("kind", list(OtherKind))
def test_a_message_that_the_first_reader_found_to_be_none_is_not_read_up(kind: OtherKind) -> None:
    correction = compare(reading(kind=kind), seen(*((code, "How so?") for code in ADVANCING)), TEXT, "m", LIKELY)
    assert not correction.differs
    assert set(OtherKind) >= MEANINGLESS


def test_a_message_that_could_not_be_read_is_not_read_up() -> None:
    assert not compare(reading(unread="too long"), seen((Code.INSIGHT, WORDS[0])), TEXT, "m", LIKELY).differs


@pytest.mark.parametrize("costly", sorted(COSTLY))
@pytest.mark.parametrize("better", [Code.INSIGHT, Code.NEXT_STEP, Code.PERMISSION])
def test_a_cost_that_the_first_was_sure_of_is_neither_taken_away_nor_made_an_advance(
    costly: Code, better: Code
) -> None:
    first = reading(move(costly, "If you sign by Friday I can hold the price.", SURE))
    for quote in ("If you sign by Friday I can hold the price.", "sign by Friday", TEXT):
        correction = compare(first, seen((better, quote)), TEXT, "m", LIKELY)
        assert not correction.removed
        assert not correction.added


def test_an_advance_that_the_first_was_sure_of_is_not_made_a_cost() -> None:
    first = reading(move(Code.TAILORING, WORDS[0], 0.97))
    assert not compare(first, seen((Code.FLATTERY, WORDS[4])), TEXT, "m", LIKELY).differs


def test_what_the_first_only_thought_gives_way_to_another_move_over_the_same_words() -> None:
    first = reading(move(Code.TAILORING, WORDS[0], 0.6), move(Code.PITCH, WORDS[1], 0.95))
    correction = compare(first, seen((Code.INSIGHT, WORDS[0]), (Code.PITCH, WORDS[1])), TEXT, "m", LIKELY)
    assert codes(correction.added) == {Code.INSIGHT}
    assert codes(correction.removed) == {Code.TAILORING}
    assert correction.differs


def test_silence_of_the_second_takes_nothing_away() -> None:
    first = reading(move(Code.TAILORING, WORDS[0], 0.4))
    assert not compare(first, seen(), TEXT, "m", LIKELY).differs
    assert not compare(first, seen((Code.OTHER, TEXT)), TEXT, "m", LIKELY).differs


def test_the_same_moves_again_put_nothing_right() -> None:
    first = reading(move(Code.TAILORING, WORDS[0], 0.4), move(Code.PITCH, WORDS[1], 0.95))
    assert not compare(first, seen((Code.PITCH, WORDS[3]), (Code.TAILORING, WORDS[2])), TEXT, "m", LIKELY).differs


def test_what_the_first_held_most_unlikely_weighs_less_than_what_it_only_doubted() -> None:
    one = seen((Code.INSIGHT, WORDS[0]))
    likely = compare(reading(), one, TEXT, "m", {Code.INSIGHT: 0.4}).added[0].confidence
    unlikely = compare(reading(), one, TEXT, "m", {Code.INSIGHT: 0.01}).added[0].confidence
    unknown = compare(reading(), one, TEXT, "m", {}).added[0].confidence
    assert unknown <= unlikely < likely <= CONFIDENCE


def test_a_move_that_is_turned_away_takes_nothing_away() -> None:
    first = reading(move(Code.PITCH, WORDS[1], 0.97), move(Code.TAILORING, WORDS[0], 0.5))
    correction = compare(first, seen((Code.INSIGHT, WORDS[0] + " " + WORDS[1])), TEXT, "m", LIKELY)
    assert not correction.added
    assert not correction.removed


numbers = st.floats(0, 100)
minds = st.builds(Mind, inertia=numbers, tension=numbers, trust=numbers, pressure=numbers, patience=numbers)
moves = st.builds(
    move, code=st.sampled_from([*ADVANCING, *COSTLY]), quote=st.sampled_from(WORDS), confidence=st.floats(0.3, 1)
)
firsts = st.lists(moves, max_size=4, unique_by=lambda one: one.code).map(lambda found: reading(*found))
seconds = st.lists(st.tuples(st.sampled_from(list(Code)), st.sampled_from(WORDS)), max_size=8).map(lambda s: seen(*s))
likelihoods = st.dictionaries(st.sampled_from(list(Code)), st.floats(0, 1))


@given(first=firsts, second=seconds, likelihood=likelihoods)
@settings(max_examples=300)
def test_whatever_the_second_says_a_correction_keeps_to_its_rules(
    first: Reading, second: SecondReading, likelihood: dict[Code, float]
) -> None:
    correction = compare(first, second, TEXT, "m", likelihood)
    assert codes(correction.added) <= {one.code for one in second.moves} - {Code.OTHER}
    assert not codes(correction.added) & codes(first.moves)
    assert len(codes(correction.added)) == len(correction.added)
    assert set(correction.removed) <= set(first.moves)
    assert all(one.confidence < SURE for one in correction.removed)
    assert all(one.confidence <= CONFIDENCE for one in correction.added)
    assert all(TEXT[one.start :].startswith(one.quote) for one in correction.added)


@given(start=minds, after=minds, first=firsts, second=seconds, specificity=st.floats(0, 1))
@example(
    start=Mind(inertia=0, tension=100, trust=100, pressure=0, patience=100),
    after=Mind(inertia=0, tension=100, trust=100, pressure=0, patience=100),
    first=reading(),
    second=seen((Code.INSIGHT, WORDS[0]), (Code.CONSEQUENCE, WORDS[3])),
    specificity=1.0,
)
@settings(max_examples=300, deadline=None)
def test_a_correction_moves_the_mind_within_its_cap_and_says_so(
    trainer: Trainer, start: Mind, after: Mind, first: Reading, second: SecondReading, specificity: float
) -> None:
    first = first.model_copy(update={"specificity": specificity})
    correction = compare(first, second, TEXT, "fake:one", LIKELY)
    assume(correction.differs)
    heard, persona = Heard(text=TEXT, relevance=0.6), trainer.persona("freight-vp")
    _, before = mind.step(start, first, heard, Memory(), persona)
    right, changes = corrected(start, after, before, first, correction, heard, Memory(), persona)
    assert changes[: len(before)] == before
    more = changes[len(before) :]
    own = {(one.code, one.quote) for one in (*correction.added, *correction.removed)}
    for gauge in GAUGES:
        value, moved = getattr(right, gauge), getattr(right, gauge) - getattr(after, gauge)
        assert 0 <= value <= 100
        assert abs(moved) <= MOST_MOVED + 0.01
        assert abs(sum(one.amount for one in more if one.gauge == gauge) - moved) < 0.02
    for change in more:
        assert "second reading" in change.why
        assert "fake:one" in change.why
        assert (change.move, change.quote) in own


@given(start=minds, first=firsts, added=st.lists(moves, min_size=1, max_size=3, unique_by=lambda one: one.code))
@settings(max_examples=150, deadline=None)
def test_costs_that_the_second_adds_never_help_the_rep(
    trainer: Trainer, start: Mind, first: Reading, added: list[Move]
) -> None:
    costly = tuple(one for one in added if one.code in COSTLY - {Code.FLATTERY} and one.code not in codes(first.moves))
    assume(costly)
    start = start.model_copy(update={"tension": min(start.tension, 50)})
    correction = Correction(model="m", added=tuple(m.model_copy(update={"confidence": CONFIDENCE}) for m in costly))
    heard, persona = Heard(text=TEXT, relevance=0.6), trainer.persona("freight-vp")
    after, changes = mind.step(start, first, heard, Memory(), persona)
    right, _ = corrected(start, after, changes, first, correction, heard, Memory(), persona)
    assert right.trust <= after.trust + 0.01
    assert right.tension <= after.tension + 0.01
    assert right.inertia >= after.inertia - 0.01
    assert right.patience <= after.patience + 0.01


class Broken:
    """A caller that fails in a way nobody foresaw."""

    model = ModelName("reader", "openai", "broken", None, None)

    def __getattr__(self, name: str) -> object:
        raise ZeroDivisionError(name)


class OnlyReader:
    """Stands where a trainer's callers do, with one that fails for the second reading."""

    def of(self, role: str) -> Broken | None:
        return Broken() if role == "reader" else None


def test_a_second_reading_that_fails_unforeseen_is_logged_and_the_turn_says_so(
    trainer: Trainer, caplog: pytest.LogCaptureFixture
) -> None:
    reading = replace(trainer)
    reading.__dict__.update({name: trainer.__dict__[name] for name in SHARED if name in trainer.__dict__})
    reading.__dict__["callers"] = OnlyReader()
    session = play_turn(reading, reading.start("freight-vp", seed=1), "How do you plan the nine trunks today?")
    second = session.turns[-1].second
    assert second is not None
    assert second.trouble == "failed; the cause was logged"
    assert "ZeroDivisionError" in caplog.text
