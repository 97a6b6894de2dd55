"""A role's model, ready to be called: made when first used, counted, kept within limits and left alone after faults."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Generator, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from bot import calling, models, tokens
from bot.calling import Breaker, Limits, Message, Trouble, Usage
from bot.errors import UserError
from bot.models import ModelName, Role
from bot.session import Call
from bot.settings import Settings

log = logging.getLogger(__name__)

MOST_TOKENS: dict[Role, int] = {"prospect": 160, "coach": 700, "reader": 500, "judge": 300}
Answer = TypeVar("Answer", bound=BaseModel)
# A server that counts what is left after a refusal of one shape of answer is asked for the next.
SHAPES = ("json_mode", "json_schema", "plain")


class Caller:
    """The model of one role; safe to share by threads. Every call is noted in the list that is passed."""

    def __init__(
        self, model: ModelName, settings: Settings, slots: threading.Semaphore, may_spend: Callable[[], None]
    ) -> None:
        self.model = model
        self._settings, self._slots, self._may_spend = settings, slots, may_spend
        self._breaker = Breaker(is_aside=model.role in ("coach", "reader"))
        self._chat: Any = None
        self._shape = 0
        self._making = threading.Lock()
        self.counter = tokens.counter_for(model.name)

    @property
    def limits(self) -> Limits:
        """How long a spoken reply may take."""
        return Limits(self._settings.first_word_s, self._settings.stall_s, self._settings.reply_s)

    def chat(self) -> Any:
        """The LangChain model, made at its first use."""
        with self._making:
            if self._chat is None:
                waits = max(self._settings.first_word_s, self._settings.stall_s)
                if self.model.role != "prospect":
                    waits = self._settings.feedback_s
                temperature = self._settings.temperature if self.model.role == "prospect" else 0.0
                self._chat = models.make(
                    self.model, temperature=temperature, most_tokens=MOST_TOKENS[self.model.role], timeout_s=waits + 1
                )
            return self._chat

    def stream(self, messages: Sequence[Message], calls: list[Call], started: threading.Event) -> Generator[str]:
        """The reply as it comes; `started` is set once the call has its slot.

        Raises Trouble; a refusal that names a short wait is waited for once.
        """
        self._ready()
        began = time.monotonic()
        limits = self.limits
        try:
            yield from self._streamed(messages, calls, limits, started)
        except Trouble as trouble:
            wait = trouble.retry_after_s
            left = limits.first_s - (time.monotonic() - began)
            if trouble.kind != "too many calls" or wait is None or wait > min(calling.MOST_RETRY_AFTER_S, left):
                raise
            time.sleep(wait)
            less = Limits(left - wait, limits.stall_s, limits.whole_s - wait)
            yield from self._streamed(messages, calls, less, started)

    def _streamed(
        self, messages: Sequence[Message], calls: list[Call], limits: Limits, started: threading.Event
    ) -> Generator[str]:
        began, first, said, is_taken = time.monotonic(), None, "", False
        usage = Usage()
        running = calling.stream(self.chat(), messages, self.model, limits, self._slots, started)
        try:
            while True:
                try:
                    text = next(running)
                except StopIteration as end:
                    usage = end.value
                    break
                first = first or time.monotonic() - began
                said += text
                yield text
            self._breaker.note(None)
        except Trouble as trouble:
            is_taken = trouble.is_taken
            self._breaker.note(trouble)
            raise
        finally:
            running.close()
            if said or is_taken:
                calls.append(self._call(messages, said, usage, first, time.monotonic() - began))

    def ask(
        self,
        messages: Sequence[Message],
        schema: type[Answer],
        calls: list[Call],
        check: Callable[[Answer], str | None],
        left: threading.Event | None = None,
    ) -> Answer:
        """An answer in the schema's shape that passes `check`, after one repair at most. Raises Trouble.

        `left` is set once nobody waits for it any more.
        """
        self._ready()
        deadline = time.monotonic() + self._settings.feedback_s
        asked = list(messages)
        for is_last in (False, True):
            text = self._asked(asked, schema, calls, deadline, left)
            answer, wrong = _parsed(text, schema)
            wrong = wrong or (check(answer) if answer is not None else None)
            if answer is not None and wrong is None:
                self._breaker.note(None)
                return answer
            if is_last:
                break
            asked = [
                *messages,
                ("assistant", text),
                ("user", f"That does not hold: {wrong}. Answer again, JSON alone."),
            ]
        raise Trouble("not understood", f"{self.model.label} gave no answer that holds, even when asked again")

    def _asked(
        self,
        messages: Sequence[Message],
        schema: type[BaseModel],
        calls: list[Call],
        deadline: float,
        left: threading.Event | None,
    ) -> str:
        # A count of its own: several threads may be finding out at once.
        shape = self._shape
        while True:
            began = time.monotonic()
            if deadline <= began:
                raise Trouble("too long", f"{self.model.label} had not ended after {self._settings.feedback_s:g} s")
            chat = _shaped(self.chat(), SHAPES[shape], schema)
            try:
                text, usage = calling.ask(chat, messages, self.model, deadline - began, self._slots, left)
            except Trouble as trouble:
                if trouble.is_taken:
                    calls.append(self._call(messages, trouble.said, Usage(), None, time.monotonic() - began))
                if trouble.kind in ("unusable", "server error") and shape + 1 < len(SHAPES):
                    # Not every server knows every way to ask for JSON.
                    shape += 1
                    continue
                # Where no shape helped, it was not the shape.
                self._breaker.note(trouble)
                raise
            self._shape = shape
            calls.append(self._call(messages, text, usage, None, time.monotonic() - began))
            return text

    def _ready(self) -> None:
        self._breaker.check(self.model)
        self._may_spend()
        try:
            self.chat()
        except UserError as error:
            raise Trouble("unusable", str(error)) from error

    def _call(self, messages: Sequence[Message], said: str, usage: Usage, first: float | None, whole: float) -> Call:
        prompt = self.counter.of_messages(messages) if usage.prompt is None else usage.prompt
        completion = self.counter.count(said) if usage.completion is None else usage.completion
        cached = min(usage.cached or 0, prompt)
        table = tokens.prices(self._settings.prices_file)
        return Call(
            role=self.model.role,
            model=self.model.label,
            prompt=prompt,
            cached=cached,
            completion=completion,
            counted_by="the server" if usage.prompt is not None else self.counter.name,
            cost=tokens.cost(self.model, table, prompt, cached, completion),
            first_s=round(first, 3) if first is not None else None,
            whole_s=round(whole, 3),
        )


def _shaped(chat: Any, shape: str, schema: type[BaseModel]) -> Any:
    """The model told to answer in JSON, as far as its server knows how."""
    if not type(chat).__module__.startswith("langchain_openai") or shape == "plain":
        return chat
    if shape == "json_mode":
        return chat.bind(extra_body={"response_format": {"type": "json_object"}})
    form = {"name": schema.__name__, "schema": schema.model_json_schema()}
    # In the body as it is: told of the format, the client would parse the answer itself and fail in its own way.
    return chat.bind(extra_body={"response_format": {"type": "json_schema", "json_schema": form}})


def _parsed(text: str, schema: type[Answer]) -> tuple[Answer | None, str | None]:
    start, end = text.find("{"), text.rfind("}")
    if start < 0 or end < start:
        return None, "there is no JSON object in it"
    try:
        return schema.model_validate_json(text[start : end + 1]), None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        return None, f"{'.'.join(str(part) for part in first['loc']) or 'the JSON'}: {first['msg']}"


class Callers:
    """The models of all roles, made from settings; one set of slots for each server."""

    def __init__(self, settings: Settings, may_spend: Callable[[], None]) -> None:
        self._settings, self._may_spend = settings, may_spend
        self._callers: dict[Role, Caller | None] = {}
        self._slots: dict[str, threading.Semaphore] = {}
        self._lock = threading.Lock()
        self.is_on = True

    def of(self, role: Role) -> Caller | None:
        """The caller of a role, None where drafts and embedded parts do it; UserError for a setting that is wrong."""
        if not self.is_on:
            return None
        with self._lock:
            if role not in self._callers:
                self._callers[role] = self._made(role)
            return self._callers[role]

    def configured(self, role: Role) -> ModelName | None:
        """The model set for a role, whether or not models are switched on."""
        return models.model_of(self._settings, role)

    def reset(self) -> None:
        """Forget what failed, for somebody has looked after it."""
        with self._lock:
            self._callers.clear()

    def _made(self, role: Role) -> Caller | None:
        model = models.model_of(self._settings, role)
        if model is None:
            return None
        slots = self._slots.setdefault(model.server, threading.Semaphore(models.at_once(self._settings, model)))
        return Caller(model, self._settings, slots, self._may_spend)
