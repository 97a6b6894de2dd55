"""Whatever a model's server does, the turn is whole, says what happened, keeps to its limits and tells no key."""

from __future__ import annotations

import logging
import threading
import time
import traceback
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest
from pydantic import SecretStr

from bot import calling
from bot.build import Trainer
from bot.calling import Trouble
from bot.models import ROLES, Role
from bot.session import Session, Turn
from bot.settings import Settings
from bot.store import Store
from bot.turn import Done, Event, TakenBack, Word, play_turn, run_turn
from bot.voice import draft
from tests.conftest import Play, with_settings
from tests.faulty import (
    MODEL,
    PROMPT_TOKENS,
    Behaviour,
    Faulty,
    breaks_off,
    closed_port,
    drips,
    ends_without_end,
    fails_in_the_stream,
    hangs_up,
    is_silent,
    refuses,
    refuses_shapes,
    says,
    says_nothing,
    says_the_draft,
    sends_a_page,
    sends_garbage,
    stalls,
)

KEY = "sk-secret-4f9a81c2d7"
LABEL = f"openai:{MODEL}"
PERSONA = "dentist-owner"
ASKS = "How does somebody new get in to see you today?"
ASKS_MORE = "And who picks up the telephone when the desk is busy?"
ASKS_TWO_THINGS = "How does it work today, and who would see that first, if not you?"
# What a machine that does other things as well may take beyond a limit.
SLACK_S = 3.0
LIMIT_S = 0.8
SHORT: dict[str, Any] = {"first_word_s": 0.5, "stall_s": 0.3, "reply_s": LIMIT_S, "feedback_s": LIMIT_S}
# For what ends by itself, so that a machine that does other things as well does not end it first.
AMPLE: dict[str, Any] = {"first_word_s": 8, "stall_s": 8, "reply_s": 8, "feedback_s": 8}
SHORT_STALL = SHORT | {"first_word_s": 8, "reply_s": 8}
SHORT_REPLY = SHORT | {"first_word_s": 8, "stall_s": 8}
LAVISH: dict[str, Any] = {"first_word_s": 60, "stall_s": 60, "reply_s": 60, "feedback_s": 60}
LONG_S = 20.0
NO_MOVES = '{"moves": []}'
HALF_A_READING = '{"moves": [{"code": "open_question", "quo'
HALF_A_NOTE = '{"landed": null, "fix": null, "rewri'

Making = Callable[..., Trainer]


@pytest.fixture(scope="module", autouse=True)
def is_loaded(trainer: Trainer) -> None:
    """All that a first turn and a first call load is loaded, so that limits of tenths of a second hold."""
    play_turn(trainer, trainer.start(PERSONA, seed=1), ASKS)
    with Faulty(says(NO_MOVES)) as server:
        once = with_models(trainer, server.url, LAVISH)
        play_turn(once, once.start(PERSONA, seed=1), ASKS)


@pytest.fixture
def make(trainer: Trainer) -> Making:
    """A trainer with models at an address, in every role or in one alone."""

    def made(
        url: str, limits: dict[str, Any] = SHORT, *, only: Role | None = None, store: Store | None = None, **more: Any
    ) -> Trainer:
        none = {f"{role}_model": "none" for role in ROLES if only and role != only}
        return with_models(trainer, url, none | limits | more, store)

    return made


def with_models(trainer: Trainer, url: str, more: dict[str, Any], store: Store | None = None) -> Trainer:
    """A trainer that shares what is loaded, but no model: each has failures of its own to remember."""
    given: dict[str, Any] = {"model": LABEL, "calls_at_once": 8, **more}
    settings = Settings(home=trainer.settings.home, base_url=url, api_key=SecretStr(KEY), **given)
    fresh = with_settings(trainer, settings, store)
    for role in ROLES:
        if role != "judge" and (caller := fresh.caller(role)):
            caller.chat()
    return fresh


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(f"sqlite:///{tmp_path / 'sessions.sqlite'}")


@pytest.fixture
def drafted(play: Play) -> str:
    """What the buyer says to the first question where no model speaks."""
    return play(PERSONA, [ASKS]).turns[0].prospect


@pytest.fixture(autouse=True)
def key_is_told_nowhere(caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]) -> Iterator[None]:
    """Neither the log down to its finest, nor what is printed, has the key in it."""
    caplog.set_level(logging.DEBUG)
    yield
    logged = [caplog.handler.format(record) for record in caplog.get_records("call")]
    printed = capsys.readouterr()
    assert KEY not in "\n".join((*logged, printed.out, printed.err))


@dataclass(frozen=True)
class Timed:
    """A session one turn on, and the seconds that it took."""

    session: Session
    took_s: float

    @property
    def turn(self) -> Turn:
        """The turn just played."""
        return self.session.turns[-1]

    @property
    def trouble(self) -> str:
        """What the turn says about the model that was to speak."""
        assert self.turn.spoken is not None
        return self.turn.spoken.trouble or ""

    @property
    def coach(self) -> str:
        """Whom the turn names as the one who coached."""
        assert self.turn.feedback is not None
        return self.turn.feedback.by

    @property
    def second(self) -> str:
        """What the turn says about the second reading."""
        assert self.turn.second is not None
        return self.turn.second.trouble or ""


def timed(trainer: Trainer, session: Session | None = None, message: str = ASKS) -> Timed:
    """Play a message, the first of a session where none is given; the turn is whole and holds no key."""
    session = session or trainer.start(PERSONA, seed=1)
    began = time.monotonic()
    played = Timed(play_turn(trainer, session, message), time.monotonic() - began)
    turn = played.turn
    assert turn.prospect.strip()
    assert turn.feedback is not None
    assert turn.feedback.next_question
    assert KEY not in turn.model_dump_json()
    return played


@dataclass(frozen=True)
class Fault:
    """What a server does to every call, and what the turn says of it: about the line, and about what is beside it."""

    does: Behaviour
    line: str
    beside: str
    limits: dict[str, Any] = field(default_factory=lambda: AMPLE)


def alike(does: Behaviour, sign: str) -> Fault:
    """A fault that is told of in the same words in every role."""
    return Fault(does, sign, sign)


WELL = "Well, now, the way that it"
ENDED_LATE = "had not ended after 0.8"
BROKE_OFF = "broke off in the middle of its answer"
TOO_MANY = "takes no more calls for now (429)"
FAULTS = [
    pytest.param(alike(refuses(401), "refused the key (401); check INERTIA_API_KEY"), id="401"),
    pytest.param(alike(refuses(403), "refused the key (403); check INERTIA_API_KEY"), id="403"),
    pytest.param(alike(refuses(404), "no such model or address; check INERTIA_MODEL"), id="404"),
    pytest.param(alike(refuses(400), "did not take the request (400)"), id="400"),
    pytest.param(alike(refuses(429), TOO_MANY), id="429"),
    pytest.param(alike(refuses(429, retry_after="30"), f"{TOO_MANY}; it asks for 30 s of rest"), id="429 for long"),
    pytest.param(alike(refuses(429, retry_after="Wed, 21 Oct 2065 07:28:00 GMT"), TOO_MANY), id="429 until a date"),
    pytest.param(alike(refuses(429, retry_after="-1"), TOO_MANY), id="429 until the past"),
    pytest.param(alike(refuses(429, retry_after="nan"), TOO_MANY), id="429 until no number"),
    pytest.param(alike(refuses(500), "failed on its side (500)"), id="500"),
    pytest.param(alike(refuses(503), "failed on its side (503)"), id="503"),
    pytest.param(Fault(is_silent(LONG_S), "had no first word within 0.5 s", ENDED_LATE, SHORT), id="no first word"),
    pytest.param(
        Fault(stalls(WELL, LONG_S), "said nothing more for 0.3 s", ENDED_LATE, SHORT_STALL), id="stalls midway"
    ),
    pytest.param(Fault(drips("and so on ", 0.05), ENDED_LATE, ENDED_LATE, SHORT_REPLY), id="drips for ever"),
    pytest.param(Fault(drips("", 0.05), "had no first word within 0.5 s", ENDED_LATE, SHORT), id="drips nothing"),
    pytest.param(alike(breaks_off(WELL), BROKE_OFF), id="cut midway"),
    pytest.param(alike(breaks_off(WELL, hard=True), BROKE_OFF), id="reset midway"),
    pytest.param(alike(ends_without_end(WELL), BROKE_OFF), id="ends without its end"),
    pytest.param(alike(fails_in_the_stream, BROKE_OFF), id="error midway"),
    pytest.param(alike(hangs_up, "cannot be reached at http://127.0.0.1"), id="hangs up"),
    pytest.param(alike(says_nothing, "answered with nothing"), id="empty"),
    pytest.param(alike(sends_a_page, "answered with something that is no reply"), id="a web page"),
    pytest.param(alike(sends_garbage, "answered with something that is no reply"), id="garbage"),
]


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_leaves_a_whole_turn_that_says_what_happened(fault: Fault, make: Making, drafted: str) -> None:
    with Faulty(fault.does) as server:
        played = timed(make(server.url, fault.limits))
    assert_all_drafted(played, drafted)
    assert fault.line in played.trouble
    assert fault.beside in played.coach
    assert fault.beside in played.second
    assert len(server.requests) >= 3
    assert played.took_s < LIMIT_S + SLACK_S


def test_a_server_that_is_not_there_leaves_a_whole_turn(make: Making, drafted: str) -> None:
    url = f"http://127.0.0.1:{closed_port()}/v1"
    played = timed(make(url, AMPLE))
    assert_all_drafted(played, drafted)
    assert all(f"cannot be reached at {url}" in told for told in (played.trouble, played.coach, played.second))
    assert played.took_s < SLACK_S


def assert_all_drafted(played: Timed, drafted: str) -> None:
    assert played.turn.prospect == drafted
    assert played.turn.spoken_by == draft.NAME
    assert played.coach.startswith("the embedded coach (")


@pytest.mark.parametrize("does", [refuses(401), refuses(500), fails_in_the_stream, sends_a_page, sends_garbage])
def test_an_error_as_it_is_raised_holds_no_key(does: Behaviour, make: Making) -> None:
    with Faulty(does) as server:
        caller = make(server.url, AMPLE, only="prospect").caller("prospect")
        assert caller
        with pytest.raises(Trouble) as caught:
            list(caller.stream([("user", "hello")], [], threading.Event()))
    assert KEY in server.requests[0].authorization
    assert KEY not in "".join(traceback.format_exception(caught.value)) + repr(caught.value)


def test_the_log_that_is_searched_for_the_key_is_written(make: Making, caplog: pytest.LogCaptureFixture) -> None:
    with Faulty(refuses(401)) as server:
        timed(make(server.url, only="prospect"))
    levels = {(record.name.split(".")[0], record.levelname) for record in caplog.records}
    assert {("openai", "DEBUG"), ("bot", "WARNING")} <= levels


def test_the_store_holds_no_key(make: Making, store: Store, tmp_path: Path) -> None:
    with Faulty(refuses(401)) as server:
        trainer = make(server.url, store=store)
        session = timed(trainer).session
    assert trainer.store
    assert KEY not in trainer.store.load(session.id).model_dump_json()
    assert not [file for file in tmp_path.iterdir() if KEY.encode() in file.read_bytes()]


@pytest.mark.parametrize("ends", [stalls, breaks_off, ends_without_end])
def test_what_was_said_before_a_fault_stays_and_the_rest_is_drafted(
    ends: Callable[..., Behaviour], make: Making, play: Play
) -> None:
    drafted = play(PERSONA, [ASKS_TWO_THINGS]).turns[0].prospect
    kept = drafted.partition(".")[0] + "."
    said = f"{kept} Sure I could not tell you"
    does = stalls(said, LONG_S) if ends is stalls else ends(said)
    with Faulty(does) as server:
        trainer = make(server.url, SHORT_STALL, only="prospect")
        shown, turn = watched(trainer, ASKS_TWO_THINGS)
    assert turn.spoken
    assert turn.spoken.trouble
    assert turn.spoken.from_draft
    assert turn.spoken.from_draft[-1] in drafted
    assert turn.prospect == " ".join((kept, *turn.spoken.from_draft))
    assert shown == turn.prospect


def watched(trainer: Trainer, message: str) -> tuple[str, Turn]:
    """What a person who watches the line come sees in the end, and the turn."""
    shown = ""
    for event in run_turn(trainer, trainer.start(PERSONA, seed=1), message):
        if isinstance(event, Word):
            shown += event.text
        elif isinstance(event, TakenBack):
            shown = event.kept
        elif isinstance(event, Done):
            return shown, event.turn
    raise AssertionError("a turn ends with Done")


@pytest.mark.parametrize("does", [is_silent(LONG_S), stalls(WELL, LONG_S), drips("and so on ", 0.05)])
def test_a_server_that_takes_one_call_at_a_time_holds_nothing_up(does: Behaviour, make: Making, drafted: str) -> None:
    with Faulty(does) as server:
        played = timed(make(server.url, calls_at_once=1))
    assert_all_drafted(played, drafted)
    assert all("openai:parrot" in told for told in (played.trouble, played.coach, played.second))
    assert played.took_s < 2 * LIMIT_S + SLACK_S


def test_a_short_rest_that_a_server_asks_for_is_waited_for(make: Making) -> None:
    with Faulty(refuses(429, retry_after="0.4"), says_the_draft) as server:
        played = timed(make(server.url, AMPLE, only="prospect"))
    assert played.trouble == ""
    assert len(server.requests) == 2
    assert 0.4 <= played.took_s < 0.4 + SLACK_S


def test_it_is_waited_for_once(make: Making, drafted: str) -> None:
    with Faulty(refuses(429, retry_after="0.2")) as server:
        played = timed(make(server.url, AMPLE, only="prospect"))
    assert TOO_MANY in played.trouble
    assert played.turn.prospect == drafted
    assert len(server.requests) == 2


@pytest.mark.parametrize(("retry_after", "first_word_s"), [("7", 60), ("3", 1)])
def test_a_rest_too_long_is_not_waited_for(retry_after: str, first_word_s: float, make: Making, drafted: str) -> None:
    with Faulty(refuses(429, retry_after=retry_after), says_the_draft) as server:
        trainer = make(server.url, AMPLE | {"first_word_s": first_word_s}, only="prospect")
        played = timed(trainer)
        again = timed(trainer, played.session, ASKS_MORE)
    assert played.turn.prospect == drafted
    assert f"it asks for {retry_after} s of rest" in played.trouble
    assert played.took_s < float(retry_after)
    assert "is left alone for" in again.trouble
    assert len(server.requests) == 1


@pytest.mark.parametrize(("role", "half"), [("coach", HALF_A_NOTE), ("reader", HALF_A_READING)])
def test_json_cut_in_half_is_repaired_once_and_then_done_without(role: Role, half: str, make: Making) -> None:
    with Faulty(says(half)) as server:
        played = timed(make(server.url, AMPLE, only=role))
    told = played.coach if role == "coach" else played.second
    assert "gave no answer that holds, even when asked again" in told
    assert played.coach.startswith("the embedded coach")
    assert len(server.requests) == 2
    assert "That does not hold" in server.requests[1].last
    assert len(played.turn.calls) == 2


@pytest.mark.parametrize(
    "reason",
    [
        "stop",
        "length",
    ],
)
def test_json_cut_in_half_that_is_repaired_is_taken(reason: str, make: Making) -> None:
    with Faulty(says(HALF_A_READING, reason=reason), says(NO_MOVES)) as reading:
        assert timed(make(reading.url, AMPLE, only="reader")).second == ""
    with Faulty(says(HALF_A_NOTE, reason=reason), says(A_NOTE)) as coaching:
        assert timed(make(coaching.url, AMPLE, only="coach")).coach == f"the model {LABEL}"
    assert len(reading.requests) == len(coaching.requests) == 2


A_NOTE = (
    '{"landed": null, "fix": null, "rewrite": "Who hears the telephone first on a Monday morning?",'
    ' "next_question": "What have you not asked about yet?"}'
)


@pytest.mark.parametrize(
    ("unknown", "asked"),
    [
        (("json_object",), ["json_object", "json_schema", "json_schema"]),
        (("json_object", "json_schema"), ["json_object", "json_schema", None, None]),
    ],
)
def test_a_server_that_knows_no_such_shape_is_asked_in_the_next_and_from_then_on(
    unknown: tuple[str, ...], asked: list[str | None], make: Making
) -> None:
    with Faulty(refuses_shapes(*unknown, otherwise=says(NO_MOVES))) as server:
        trainer = make(server.url, AMPLE, only="reader")
        first = timed(trainer)
        second = timed(trainer, first.session, ASKS_MORE)
    assert (first.second, second.second) == ("", "")
    assert [request.shape for request in server.requests] == asked


def test_a_passing_failure_leaves_the_way_to_ask_for_json_as_it_is(make: Making) -> None:
    with Faulty(refuses(500), refuses(500), refuses(500), says(NO_MOVES)) as server:
        trainer = make(server.url, AMPLE, only="reader")
        first = timed(trainer)
        again = timed(trainer, first.session, ASKS_MORE)
    assert "failed on its side" in first.second
    assert again.second == ""
    assert server.requests[-1].shape == "json_object"


def test_after_three_failures_the_model_is_left_alone_for_a_while(
    make: Making, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Faulty(refuses(500)) as server:
        trainer = make(server.url, AMPLE, only="prospect")
        played = timed(trainer)
        for number in (2, 3, 4):
            assert len(server.requests) == number - 1
            played = timed(trainer, played.session, ASKS_MORE)
        assert len(server.requests) == 3
        assert "is left alone for" in played.trouble
        assert "failed on its side (500)" in played.trouble
        now = time.monotonic
        monkeypatch.setattr(time, "monotonic", lambda: now() + calling.REST_S)
        timed(trainer, played.session, ASKS_MORE)
        assert len(server.requests) == 4


def test_the_coach_and_the_second_reading_are_left_alone_too(make: Making) -> None:
    with Faulty(refuses(429)) as server:
        trainer = make(server.url, AMPLE)
        played = timed(trainer)
        for _ in range(3):
            played = timed(trainer, played.session, ASKS_MORE)
    assert len(server.requests) == 9
    assert all("is left alone for" in told for told in (played.trouble, played.coach, played.second))


@pytest.mark.parametrize("status", [401, 404])
def test_what_does_not_heal_by_itself_is_left_alone_at_once(status: int, make: Making) -> None:
    with Faulty(refuses(status)) as server:
        trainer = make(server.url, AMPLE, only="prospect")
        again = timed(trainer, timed(trainer).session, ASKS_MORE)
        assert len(server.requests) == 1
        assert "is left alone for" in again.trouble
        trainer.callers.reset()
        timed(trainer, again.session, ASKS_MORE)
    assert len(server.requests) == 2


def test_the_spending_limit_stops_calls_with_a_clear_line_and_drafts_go_on(make: Making, store: Store) -> None:
    with Faulty(says_the_draft) as server:
        trainer = make(server.url, AMPLE, only="prospect", store=store, model="openai:gpt-4o-mini", spend_limit=0.0001)
        first = timed(trainer)
        sent = len(server.requests)
        second = timed(trainer, first.session, ASKS_MORE)
    assert first.trouble == ""
    assert store.spent().cost > 0.0001
    assert "this month's spending limit of 0.0001 is reached; drafts speak instead" in second.trouble
    assert second.turn.spoken_by == draft.NAME
    assert len(server.requests) == sent == 1
    assert store.load(second.session.id).turns == second.session.turns


def test_a_client_that_leaves_in_the_middle_stores_nothing_and_can_send_again(make: Making, store: Store) -> None:
    with Faulty(drips("About ", 0.1), says_the_draft) as server:
        trainer = make(server.url, AMPLE, only="prospect", store=store)
        session = trainer.start(PERSONA, seed=1)
        events = run_turn(trainer, session, ASKS)
        assert any(isinstance(event, Word) for event in events)
        began = time.monotonic()
        cast(Generator[Event], events).close()
        assert time.monotonic() - began < 1
        assert store.load(session.id).turns == ()
        assert store.spent().tokens == 0
        again = timed(trainer, session)
    assert again.trouble == ""
    assert [turn.number for turn in store.load(session.id).turns] == [1]


def test_nothing_more_is_asked_for_a_client_that_left(make: Making) -> None:
    with Faulty(drips("About ", 0.1), says(NO_MOVES)) as server:
        trainer = make(server.url, AMPLE, calls_at_once=1)
        events = run_turn(trainer, trainer.start(PERSONA, seed=1), ASKS)
        assert any(isinstance(event, Word) for event in events)
        cast(Generator[Event], events).close()
        time.sleep(0.3)
    assert len(server.requests) == 1


def test_a_good_server_leaves_no_trouble(make: Making, drafted: str) -> None:
    with Faulty(says_the_draft) as server:
        played = timed(make(server.url, AMPLE, only="prospect"))
    assert played.turn.prospect == drafted
    assert played.turn.spoken
    assert played.turn.spoken.trouble is None
    assert played.turn.spoken.removed == ()
    (call,) = played.turn.calls
    assert (call.role, call.prompt, call.counted_by) == ("prospect", PROMPT_TOKENS, "the server")
    assert len(server.requests) == 1


def test_tokens_of_an_answer_in_json_are_counted_by_the_server(make: Making) -> None:
    with Faulty(says(NO_MOVES)) as server:
        (call,) = timed(make(server.url, AMPLE, only="reader")).turn.calls
    assert (call.role, call.prompt, call.counted_by) == ("reader", PROMPT_TOKENS, "the server")


@pytest.mark.parametrize("role", ["prospect", "coach", "reader"])
@pytest.mark.parametrize(
    ("does", "is_paid"),
    [
        pytest.param(stalls(WELL, LONG_S), True, id="stalls midway"),
        pytest.param(is_silent(LONG_S), True, id="no first word"),
        pytest.param(breaks_off(WELL), True, id="cut midway"),
        pytest.param(refuses(429), False, id="refused"),
        pytest.param(hangs_up, False, id="hangs up"),
    ],
)
def test_what_a_server_began_on_counts_against_the_limit_even_where_nothing_came_of_it(
    role: Role, does: Behaviour, is_paid: bool, make: Making
) -> None:
    with Faulty(does) as server:
        calls = timed(make(server.url, SHORT, only=role)).turn.calls
    assert [call.role for call in calls] == [role] * is_paid
    assert all(call.prompt > 100 and call.counted_by != "the server" for call in calls)
