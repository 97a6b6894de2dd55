"""Providers that do not speak OpenAI's protocol play a turn, are counted, and fail in the same plain words."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from pydantic import SecretStr

from bot.build import Trainer
from bot.models import ROLES
from bot.session import Session, Turn
from bot.settings import Settings
from bot.turn import play_turn
from tests.conftest import with_settings
from tests.faulty import Behaviour, Exchange, Faulty, breaks_off, refuses, says_the_draft

KEY = "sk-secret-77aa09"
PERSONA = "dentist-owner"
ASKS = "How does somebody new get in to see you today?"
PROMPT, CACHED, SAID = 900, 700, 12
LIMITS: dict[str, Any] = {"first_word_s": 8, "stall_s": 8, "reply_s": 8, "feedback_s": 8, "calls_at_once": 8}
OTHER = ("anthropic", "mistralai")


def event(exchange: Exchange, kind: str, **told: object) -> None:
    """One event of the Messages API's stream."""
    exchange.raw(f"event: {kind}\ndata: {json.dumps({'type': kind, **told})}\n\n")


def begins(exchange: Exchange, text: str) -> None:
    """The stream of the Messages API up to the end of the text."""
    usage = {"input_tokens": PROMPT - CACHED, "cache_read_input_tokens": CACHED, "cache_creation_input_tokens": 0}
    message: dict[str, object] = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": []}
    message |= {"stop_reason": None, "stop_sequence": None, "usage": usage | {"output_tokens": 1}}
    event(exchange, "message_start", message=message)
    event(exchange, "content_block_start", index=0, content_block={"type": "text", "text": ""})
    for word in re.findall(r"\S+\s*", text):
        event(exchange, "content_block_delta", index=0, delta={"type": "text_delta", "text": word})


def says_the_draft_in_messages(exchange: Exchange) -> None:
    """Answers in the Messages API's way with the line that the plan drafted."""
    begins(exchange, re.findall(r"«([^»]+)»", str(exchange.request.body["messages"][-1]["content"]))[-1])
    usage = {"input_tokens": PROMPT - CACHED, "cache_read_input_tokens": CACHED, "output_tokens": SAID}
    event(exchange, "content_block_stop", index=0)
    event(exchange, "message_delta", delta={"stop_reason": "end_turn", "stop_sequence": None}, usage=usage)
    event(exchange, "message_stop")
    exchange.close_stream()


def is_cut_in_messages(exchange: Exchange) -> None:
    """Says half a line in the Messages API's way and closes in good order."""
    begins(exchange, "Well, now, the way that it")
    exchange.close_stream()


GOOD: dict[str, Behaviour] = {"anthropic": says_the_draft_in_messages, "mistralai": says_the_draft}


def played(trainer: Trainer, provider: str, does: Behaviour, turns: int = 1) -> tuple[Session, Faulty]:
    """A session whose buyer speaks through the provider's package, with a server that behaves so."""
    others = {f"{role}_model": "none" for role in ROLES if role != "prospect"}
    with Faulty(does) as server:
        settings = Settings(
            home=trainer.settings.home, model=f"{provider}:some-model", base_url=server.url, api_key=SecretStr(KEY),
            **others, **LIMITS,
        )  # fmt: skip
        fresh = with_settings(trainer, settings)
        session = fresh.start(PERSONA, seed=1)
        for _ in range(turns):
            session = play_turn(fresh, session, ASKS)
    assert KEY not in session.model_dump_json()
    return session, server


def trouble(turn: Turn) -> str:
    """What the turn says about the model that was to speak."""
    assert turn.spoken is not None
    assert turn.prospect.strip()
    return turn.spoken.trouble or ""


@pytest.mark.parametrize("provider", OTHER)
def test_its_words_are_the_buyers(provider: str, trainer: Trainer) -> None:
    session, server = played(trainer, provider, GOOD[provider])
    assert trouble(session.turns[-1]) == ""
    assert [call.role for call in session.turns[-1].calls] == ["prospect"]
    assert server.requests[0].body["model"] == "some-model"


def test_tokens_told_in_parts_are_summed_and_those_from_the_cache_are_told(trainer: Trainer) -> None:
    session, _ = played(trainer, "anthropic", says_the_draft_in_messages)
    call = session.turns[-1].calls[0]
    assert (call.prompt, call.cached, call.completion, call.counted_by) == (PROMPT, CACHED, SAID, "the server")


def test_what_the_next_call_repeats_is_marked_for_the_cache(trainer: Trainer) -> None:
    _, server = played(trainer, "anthropic", says_the_draft_in_messages, turns=2)
    first, second = (request.body for request in server.requests)
    assert first["system"][0]["cache_control"] == second["system"][0]["cache_control"] == {"type": "ephemeral"}
    assert first["system"][0]["text"] == second["system"][0]["text"]
    assert "cache_control" in json.dumps(second["messages"][-2])
    assert "cache_control" not in json.dumps(second["messages"][-1])


@pytest.mark.parametrize("provider", OTHER)
@pytest.mark.parametrize(
    ("does", "sign"),
    [
        pytest.param(refuses(401), "refused the key (401)", id="401"),
        pytest.param(refuses(404), "no such model or address", id="404"),
        pytest.param(refuses(429, retry_after="30"), "takes no more calls for now (429); it asks for 30 s", id="429"),
        pytest.param(refuses(500), "failed on its side (500)", id="500"),
    ],
)
def test_a_refusal_is_told_in_the_same_words(provider: str, does: Behaviour, sign: str, trainer: Trainer) -> None:
    session, _ = played(trainer, provider, does)
    assert sign in trouble(session.turns[-1])


@pytest.mark.parametrize(
    ("provider", "does"),
    [
        pytest.param("anthropic", is_cut_in_messages, id="anthropic, closed in good order"),
        pytest.param("mistralai", breaks_off("Well, now, the way that it"), id="mistralai, cut"),
    ],
)
def test_a_stream_that_dies_midway_is_told_as_one(provider: str, does: Behaviour, trainer: Trainer) -> None:
    session, _ = played(trainer, provider, does)
    assert "broke off in the middle of its answer" in trouble(session.turns[-1])


def test_a_provider_without_its_package_is_one_line_that_says_what_to_install(trainer: Trainer) -> None:
    session, _ = played(trainer, "cohere", says_the_draft)
    assert "install langchain-cohere" in trouble(session.turns[-1])
