"""Tokens: what counts them, what fits into the window, how much of a prompt is stable, and what a call costs."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from itertools import pairwise, takewhile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import tokens
from bot.build import Trainer
from bot.caller import MOST_TOKENS
from bot.calling import Message
from bot.errors import UserError
from bot.models import ModelName
from bot.plan import Plan
from bot.session import Session
from bot.speech import Piece
from bot.tokens import FRAME, LAST_LINES, OFFLINE, VOCABULARY, Counter, Line, Price, cost, counter_for, fit, prices
from bot.voice import model
from tests.conftest import Play
from tests.scripts import PERSONAS, script

COUNTER = counter_for("gpt-4")
HOME = "http://127.0.0.1:8091/v1"


def named(name: str = "gpt-4o-mini", base_url: str | None = None, provider: str = "openai") -> ModelName:
    return ModelName("prospect", provider, name, base_url, None)


# --- counting ---


def test_the_encoding_that_ships_is_the_models_own_where_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    assert counter_for.__wrapped__("gpt-4").is_own
    assert counter_for.__wrapped__("gpt-3.5-turbo").name == OFFLINE


@pytest.mark.parametrize("name", ["local", "llama3.1:8b", "gpt-4o", "gpt-5-mini", "", "../x"])
def test_a_stand_in_says_that_it_is_one_and_nothing_is_fetched(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    counter = counter_for.__wrapped__(name)
    assert not counter.is_own
    assert OFFLINE in counter.name
    assert "not the model's own" in counter.name
    assert counter.count("Nine trunks, the same since 2011.") > 5


def test_half_a_vocabulary_on_disk_is_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    (tmp_path / hashlib.sha1(VOCABULARY.format("o200k_base").encode()).hexdigest()).write_bytes(b"IQ== 0\nIg=")
    assert not counter_for.__wrapped__("gpt-4o").is_own


def test_special_tokens_in_a_text_count_as_the_characters_they_are() -> None:
    for special in COUNTER.encoding.special_tokens_set | {"<|im_start|>"}:
        assert COUNTER.count(special) > 1
        assert COUNTER.encoding.decode(COUNTER.encoding.encode(special, disallowed_special=())) == special
        assert COUNTER.count(f"a {special} b") >= COUNTER.count("a  b") + 2


@given(text=st.text(max_size=200))
@settings(max_examples=150, deadline=None)
def test_anything_can_be_counted(text: str) -> None:
    assert 0 <= COUNTER.count(text) <= len(text.encode("utf-8", "replace"))
    assert COUNTER.of_messages([("user", text), ("assistant", text)]) == 2 * (FRAME + COUNTER.count(text))


def test_nothing_said_is_nothing_counted_but_its_frame() -> None:
    assert COUNTER.count("") == 0
    assert COUNTER.of_messages([]) == 0
    assert COUNTER.of_messages([("user", "")]) == FRAME


# --- fitting ---

words = st.integers(0, 60).map(lambda n: "word " * n)
vectors = st.lists(st.floats(-1, 1), min_size=3, max_size=3).map(lambda v: np.array(v, dtype=np.float32))
lines = st.lists(st.builds(Line, rep=words, prospect=words, must_stay=st.booleans(), vector=vectors), max_size=12)


def weight(line: Line) -> int:
    return 2 * FRAME + COUNTER.count(line.rep) + COUNTER.count(line.prospect)


def group(number: int, history: list[Line]) -> int:
    return 0 if number >= len(history) - LAST_LINES else 1 if history[number].must_stay else 2


@given(history=lines, now=vectors, room=st.integers(-50, 900))
@settings(max_examples=300, deadline=None)
def test_what_is_kept_fits_in_order_and_gives_way_to_nothing_that_matters_less(
    history: list[Line], now: np.ndarray, room: int
) -> None:
    kept = fit(history, now, room, COUNTER)
    assert kept == sorted(set(kept))
    assert sum(weight(history[n]) for n in kept) <= max(room, 0)
    for lost in set(range(len(history))) - set(kept):
        before = [n for n in kept if group(n, history) <= group(lost, history)]
        # Beside what matters as much or more it had no room.
        assert weight(history[lost]) > room - sum(weight(history[n]) for n in before)


@given(history=lines, now=vectors)
@settings(max_examples=60, deadline=None)
def test_where_all_fits_nothing_is_lost(history: list[Line], now: np.ndarray) -> None:
    assert fit(history, now, sum(map(weight, history)), COUNTER) == list(range(len(history)))


def test_last_lines_then_what_was_earned_or_promised_then_the_nearest_in_meaning() -> None:
    near, far = np.array([1.0, 0.0], dtype=np.float32), np.array([0.0, 1.0], dtype=np.float32)
    history = [
        Line("a b", "c", False, far), Line("a b", "c", True, far), Line("a b", "c", False, near),
        Line("a b", "c", False, far), Line("a b", "c", False, far), Line("a b", "c", False, far),
    ]  # fmt: skip
    one = weight(history[0])
    for most, expected in enumerate(([], [5], [4, 5], [3, 4, 5], [1, 3, 4, 5], [1, 2, 3, 4, 5], [0, 1, 2, 3, 4, 5])):
        assert fit(history, near, most * one + one // 2, COUNTER) == expected


def prompts_of(trainer: Trainer, session: Session) -> list[list[Message]]:
    """The prompt of each turn of a played call, as it was with the draft as the line."""
    persona, asked = trainer.persona(session.persona), list[list[Message]]()
    for turn in session.turns:
        earlier = session.model_copy(update={"turns": session.turns[: turn.number - 1]})
        ending = turn.stance.value if turn.is_last else None
        piece = Piece(turn.prospect, turn.prospect, turn.talk, "facts.x")
        plan = Plan(turn.act, (piece,), ending=ending)  # pyright: ignore[reportArgumentType]
        kind = turn.reading.kind
        asked.append(model.messages(trainer, earlier, persona, plan, turn.stance, turn.rep, kind, COUNTER))
    return asked


def encoded(messages: list[Message]) -> list[int]:
    """A chat as servers lay it out: each message in a frame that tells who speaks."""
    text = "".join(f"<|im_start|>{role}\n{said}<|im_end|>\n" for role, said in messages)
    return COUNTER.encoding.encode(text, disallowed_special=())


def shared(before: list[Message], now: list[Message]) -> float:
    """The share of a prompt that the prompt before it begins with."""
    one, other = encoded(before), encoded(now)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))) / len(other)


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("persona", PERSONAS)
def test_four_fifths_of_a_prompt_are_the_beginning_of_the_one_before(
    trainer: Trainer, play: Play, persona: str, seed: int
) -> None:
    for name in (f"{persona}-strong-1", f"{persona}-fair", "pitcher"):
        asked = prompts_of(trainer, play(persona, script(name), seed))
        shares = [shared(one, other) for one, other in pairwise(asked)]
        print(f"{persona}, {name}: turn 2 {shares[0]:.1%}, then {[f'{share:.1%}' for share in shares[1:]]}")
        assert min(shares[1:], default=1.0) >= 0.8


def long_call(trainer: Trainer, play: Play, turns: int) -> Session:
    """A call that goes on, its lines those of a short one over and over."""
    short = play("plant-manager", script("plant-manager-strong-1"), 1)
    many = [short.turns[n % (len(short.turns) - 1)] for n in range(turns)]
    return short.model_copy(update={"turns": tuple(t.model_copy(update={"number": n + 1}) for n, t in enumerate(many))})


@pytest.mark.parametrize("window", [2048, 4096, 8192])
def test_a_long_call_stays_within_the_window_with_room_for_the_reply(trainer: Trainer, play: Play, window: int) -> None:
    small = replace(trainer, settings=trainer.settings.model_copy(update={"window": window}))
    session = long_call(trainer, play, 90)
    asked = prompts_of(small, session.model_copy(update={"turns": session.turns[:1]}))[0]
    persona, plan = trainer.persona(session.persona), Plan("answers", (Piece("Mm.", "Mm.", "neutral", "lines.x"),))
    messages = model.messages(small, session, persona, plan, session.turns[-1].stance, "And then?", None, COUNTER)
    assert COUNTER.of_messages(messages) + MOST_TOKENS["prospect"] <= window
    assert messages[0] == asked[0]
    last = [model._shown(turn) for turn in session.turns[-LAST_LINES:]]
    assert [said for role, said in messages[1:-1] if role == "user"][-LAST_LINES:] == last


@pytest.mark.parametrize("window", [2560, 3072, 4096])
def test_four_fifths_of_a_prompt_are_shared_in_three_of_four_turns_past_the_window_too(
    trainer: Trainer, play: Play, window: int
) -> None:
    small = replace(trainer, settings=trainer.settings.model_copy(update={"window": window}))
    asked = prompts_of(small, long_call(trainer, play, 60))
    past = next(n for n, messages in enumerate(asked) if len(messages) < 2 * n + 2)
    shares = [shared(one, other) for one, other in pairwise(asked[past:])]
    print(f"past {window}, from turn {past + 1}: {[f'{share:.0%}' for share in shares]}")
    assert len(shares) >= 20
    assert sum(share >= 0.8 for share in shares) >= 0.75 * len(shares)


@given(history=lines, now=vectors, room=st.integers(-50, 900))
@settings(max_examples=150, deadline=None)
def test_a_choice_stays_while_it_fits_and_the_last_lines_are_in_every_one(
    history: list[Line], now: np.ndarray, room: int
) -> None:
    chosen = [tokens.fit_by_steps(history[:n], [now] * n, room, COUNTER) for n in range(len(history) + 1)]
    for number, (before, after) in enumerate(pairwise(chosen)):
        stays = [*before, number]
        last = list(range(max(number + 1 - LAST_LINES, 0), number + 1))
        assert after[-len(last) :] == last
        if sum(weight(history[n]) for n in stays) <= room:
            assert after == stays
        else:
            least = sum(weight(history[n]) for n in last)
            assert sum(weight(history[n]) for n in after) <= max(tokens.KEPT_SHARE * room, least)


# --- cost ---

TABLE = {"a": Price(prompt=2.0, completion=10.0, cached=0.5), "b": Price(prompt=2.0, completion=10.0)}


def test_cached_tokens_cost_what_the_file_says_or_as_much_as_any() -> None:
    assert cost(named("a"), TABLE, 1_000_000, 0, 0) == pytest.approx(2.0)
    assert cost(named("a"), TABLE, 1_000_000, 400_000, 100_000) == pytest.approx(1.2 + 0.2 + 1.0)
    assert cost(named("b"), TABLE, 1_000_000, 400_000, 100_000) == pytest.approx(3.0)


def test_without_a_price_a_call_elsewhere_has_no_known_cost_and_one_here_costs_nothing() -> None:
    assert cost(named("nameless"), TABLE, 1000, 0, 1000) is None
    assert cost(named("nameless", "https://models.example/v1"), TABLE, 1000, 0, 1000) is None
    for here in (HOME, "http://localhost:1/v1", "http://[::1]:8080/v1"):
        assert cost(named("nameless", here), TABLE, 1000, 0, 1000) == 0.0


def test_a_host_whose_name_only_begins_like_this_machines_is_not_here() -> None:
    assert cost(named("nameless", "http://127.models.example/v1"), TABLE, 1000, 0, 1000) is None


def test_a_price_may_stand_under_the_providers_name_too_and_none_is_not_nothing() -> None:
    table = {"vllm:mine": Price(prompt=1.0, completion=1.0), "free": Price(prompt=0, completion=0)}
    assert cost(named("mine", "https://models.example/v1", "vllm"), table, 500_000, 0, 500_000) == pytest.approx(1.0)
    assert cost(named("free"), table, 1000, 0, 1000) == 0.0
    assert cost(named("mine", HOME, "vllm"), table, 1_000_000, 0, 0) == pytest.approx(1.0)


@given(prompt=st.integers(0, 10**7), share=st.floats(0, 1), completion=st.integers(0, 10**6))
def test_what_was_cached_never_costs_more(prompt: int, share: float, completion: int) -> None:
    cached = int(prompt * share)
    some, none = (cost(named("a"), TABLE, prompt, n, completion) for n in (cached, 0))
    assert some is not None
    assert none is not None
    assert 0 <= some <= none


def test_prices_of_ones_own_go_before_those_that_ship(tmp_path: Path) -> None:
    own = tmp_path / "prices.yaml"
    shipped = prices(own)
    assert "gpt-4o-mini" in shipped
    own.write_text(
        "currency: EUR\nmodels:\n  gpt-4o-mini: {prompt: 7, completion: 8}\n  mine: {prompt: 1, completion: 2}\n"
    )
    mine = prices(own)
    assert (mine["gpt-4o-mini"].prompt, mine["mine"].completion, mine["gpt-4o"]) == (7, 2, shipped["gpt-4o"])


@pytest.mark.parametrize(
    "text",
    [
        "models: [", "just words", "", "models: {a: {prompt: -1, completion: 1}}",
        "currency: USD\nmodels: {a: {prompt: 1}}",
        "currency: USD\nmodels: {a: {prompt: .nan, completion: 1}}", "currency: USD\nmodels: {a: {price: 1}}",
    ],
)  # fmt: skip
def test_a_file_that_is_no_price_file_says_which_and_what_it_should_hold(tmp_path: Path, text: str) -> None:
    own = tmp_path / "prices.yaml"
    own.write_text(text)
    with pytest.raises(UserError, match=r"prices\.yaml.*prompt and completion"):
        prices(own)


def test_every_price_that_ships_has_a_cached_one_that_is_no_dearer(tmp_path: Path) -> None:
    for price in prices(tmp_path / "none.yaml").values():
        assert 0 < (price.cached or 0) <= price.prompt < price.completion


def test_a_counter_is_a_counter_of_its_encoding() -> None:
    assert isinstance(COUNTER, Counter)
    assert COUNTER.name == tokens.OFFLINE
