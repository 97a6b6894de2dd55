"""The mind: numbers within bounds, every change with a cause, changes that add up."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.assessor.reading import Move, Reading
from bot.build import Trainer
from bot.heard import Heard
from bot.memory import Memory
from bot.mind import GAUGES, MOST_A_TURN, Mind, Stance, step
from bot.moves import Code

numbers = st.floats(0, 100)
minds = st.builds(Mind, inertia=numbers, tension=numbers, trust=numbers, pressure=numbers, patience=numbers)
moves = st.builds(
    Move, code=st.sampled_from(list(Code)[:18]), quote=st.just("words"), start=st.just(0), confidence=st.floats(0.3, 1)
)
readings = st.builds(
    Reading, moves=st.lists(moves, max_size=6).map(tuple), specificity=st.floats(0, 1), talk_share=st.just(0.5),
    kind=st.none(), unread=st.none(), reader=st.just("test"),
)  # fmt: skip


@given(mind=minds, reading=readings)
@settings(max_examples=150, deadline=None)
def test_whatever_is_read_the_numbers_stay_in_bounds_and_the_changes_add_up(
    trainer: Trainer, mind: Mind, reading: Reading
) -> None:
    after, changes = step(mind, reading, Heard(text="words"), Memory(), trainer.persona("freight-vp"))
    for gauge in GAUGES:
        before, now = getattr(mind, gauge), getattr(after, gauge)
        assert 0 <= now <= 100
        assert abs(now - before) <= MOST_A_TURN[gauge] + 0.02
        assert abs(sum(c.amount for c in changes if c.gauge == gauge) - (now - before)) < 0.2
    assert all(change.why for change in changes)


@given(reading=readings)
@settings(max_examples=60, deadline=None)
def test_costly_moves_alone_never_raise_tension_or_lower_inertia(trainer: Trainer, reading: Reading) -> None:
    costly = reading.model_copy(update={"moves": reading.costly})
    start = Mind(inertia=60, tension=20, trust=40, pressure=10, patience=60)
    after, _ = step(start, costly, Heard(text="words"), Memory(), trainer.persona("freight-vp"))
    assert after.tension <= start.tension
    assert after.inertia >= start.inertia


def test_stances_follow_the_numbers() -> None:
    mind = Mind(inertia=70, tension=10, trust=30, pressure=10, patience=60)
    assert mind.stance == Stance.GUARDED
    assert mind.model_copy(update={"trust": 10.0}).stance == Stance.DISMISSIVE
    assert mind.model_copy(update={"tension": 28.0}).stance == Stance.CURIOUS
    assert mind.model_copy(update={"tension": 42.0, "trust": 40.0}).stance == Stance.CONCERNED
    assert mind.model_copy(update={"tension": 60.0, "trust": 50.0, "inertia": 40.0}).stance == Stance.READY


def test_whoever_has_insulted_the_buyer_wins_little_by_what_they_say_next(trainer: Trainer) -> None:
    buyer, start = trainer.persona("freight-vp"), Mind(inertia=60, tension=20, trust=20, pressure=10, patience=60)
    given_back = Move(code=Code.REFLECTION, quote="So it runs.", start=0, confidence=1.0)
    reading = Reading(moves=(given_back,), specificity=0.5, talk_share=0.5, kind=None, unread=None, reader="test")
    civil, hurt = (step(start, reading, Heard(text="So it runs."), Memory(abused=n), buyer)[0] for n in (0, 1))
    sorry = step(start, reading, Heard(text="So it runs.", is_apology=True), Memory(abused=1), buyer)[0]
    assert hurt.trust - start.trust < 0.5 * (civil.trust - start.trust)
    assert sorry.trust == civil.trust
