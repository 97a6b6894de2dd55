"""Calling a model within limits: a first word, a stall, a whole reply, so many at once, and a rest after failures."""

from __future__ import annotations

import logging
import math
import queue
import threading
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from bot.models import ModelName

log = logging.getLogger(__name__)

Kind = Literal[
    "slow", "stalled", "too long", "key refused", "too many calls", "server error", "no connection", "broke off",
    "empty", "no such model", "not understood", "resting", "spending limit", "unusable", "busy",
]  # fmt: skip
FAILURES_TO_REST = 3
REST_S = 60.0
MOST_RESTS_DOUBLED = 4
# Neither a wrong key nor a wrong name heals by itself.
RESTS_AT_ONCE = frozenset({"key refused", "no such model"})
# What a server had begun to work on when it failed or was given up: the prompt is paid for.
TAKEN = frozenset({"slow", "stalled", "too long", "broke off", "empty", "not understood"})
MOST_RETRY_AFTER_S = 5.0
# How often a call looks up whether anybody still waits for it.
LOOK_UP_S, MOST_WAIT_S = 0.25, 3600.0
# Who speaks (system, user or assistant), and what.
Message = tuple[str, str]
# What a provider's client calls the reason why a stream ended; one that names none may have been cut.
ENDS = {"langchain_openai": "finish_reason", "langchain_anthropic": "stop_reason"}


class Trouble(Exception):
    """A call that gave nothing usable: of what kind, in one line that holds no key and no server's words.

    `said` is what the model had said by then.
    """

    def __init__(self, kind: Kind, text: str, retry_after_s: float | None = None) -> None:
        super().__init__(text)
        self.kind, self.retry_after_s = kind, retry_after_s
        self.said = ""

    @property
    def is_taken(self) -> bool:
        """Whether the server had begun to work, so that the tokens count."""
        return self.kind in TAKEN


@dataclass(frozen=True)
class Limits:
    """Seconds: until the first word, between words, and for all of it."""

    first_s: float
    stall_s: float
    whole_s: float


@dataclass
class Usage:
    """Tokens that the server says it counted; None where it does not say."""

    prompt: int | None = None
    completion: int | None = None
    cached: int | None = None


@dataclass
class Breaker:
    """Leaves a model alone for a while after it has failed again and again, each time for longer.

    `is_aside` is for what is not the prospect's line: one answer that came too late is enough.
    """

    is_aside: bool = False
    failures: int = 0
    rests: int = 0
    until: float = 0.0
    last: str = ""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def check(self, model: ModelName) -> None:
        """Trouble while the model is left alone."""
        left = self.until - time.monotonic()
        if left > 0:
            raise Trouble("resting", f"{model.label} is left alone for {left:.0f} s more: {self.last}", left)

    def note(self, trouble: Trouble | None) -> None:
        """A call went well (None) or did not."""
        with self._lock:
            if trouble is None:
                self.failures, self.rests, self.until = 0, 0, 0.0
                return
            if trouble.kind in ("resting", "spending limit", "busy"):
                return
            self.failures += 1
            self.last = str(trouble)
            # What is only said aside must not keep a slow server from the prospect's next line.
            is_too_slow = self.is_aside and trouble.kind in ("slow", "stalled", "too long")
            at_once = (
                trouble.kind in RESTS_AT_ONCE or (trouble.retry_after_s or 0.0) > MOST_RETRY_AFTER_S or is_too_slow
            )
            if self.failures >= FAILURES_TO_REST or at_once:
                self.until = time.monotonic() + max(REST_S * 2**self.rests, trouble.retry_after_s or 0.0)
                self.rests = min(self.rests + 1, MOST_RESTS_DOUBLED)
            elif trouble.retry_after_s:
                self.until = time.monotonic() + trouble.retry_after_s


def stream(
    chat: Any,
    messages: Sequence[Message],
    model: ModelName,
    limits: Limits,
    slots: threading.Semaphore,
    started: threading.Event | None = None,
    unwanted: threading.Event | None = None,
) -> Generator[str, None, Usage]:
    """The reply's stretches as they come; returns the usage. Raises Trouble; closing it leaves the call."""
    began = time.monotonic()
    if not slots.acquire(timeout=limits.first_s):
        raise Trouble("busy", f"{model.label} was busy with another call for {limits.first_s:.1f} s")
    if unwanted and unwanted.is_set():
        slots.release()
        raise _gone(model)
    if started:
        started.set()
    pipe: queue.Queue[object] = queue.Queue()
    left = threading.Event()
    threading.Thread(target=_pump, args=(chat, to_send(messages, model), pipe, left), daemon=True).start()
    usage, last, has_spoken = Usage(), time.monotonic(), False
    try:
        while True:
            if unwanted and unwanted.is_set():
                raise _gone(model)
            now = time.monotonic()
            waits = (
                began + limits.whole_s - now,
                (last + limits.stall_s if has_spoken else began + limits.first_s) - now,
            )
            try:
                got = pipe.get(timeout=max(min(*waits, LOOK_UP_S if unwanted else MOST_WAIT_S), 0.0))
            except queue.Empty:
                if min(waits) > 0:
                    continue
                raise _out_of_time(model, limits, has_spoken, is_whole=waits[0] <= waits[1]) from None
            if got is None:
                break
            if isinstance(got, BaseException):
                raise explain(got, model, has_spoken=has_spoken)
            text = _text(got)
            _add_usage(usage, got, is_running=_package(chat) == "langchain_openai")
            if text:
                has_spoken, last = True, time.monotonic()
                yield text
    finally:
        left.set()
        slots.release()
    if not has_spoken:
        raise Trouble("empty", f"{model.label} answered with nothing")
    return usage


def _gone(model: ModelName) -> Trouble:
    return Trouble("busy", f"{model.label} was not waited for: the turn was left")


def _out_of_time(model: ModelName, limits: Limits, has_spoken: bool, *, is_whole: bool) -> Trouble:
    if is_whole:
        return Trouble("too long", f"{model.label} had not ended after {limits.whole_s:.1f} s")
    if has_spoken:
        return Trouble("stalled", f"{model.label} said nothing more for {limits.stall_s:g} s")
    return Trouble("slow", f"{model.label} had no first word within {limits.first_s:.1f} s")


def to_send(messages: Sequence[Message], model: ModelName) -> list[Any]:
    """The messages as the client takes them; where caching is asked for by mark, what stays is marked."""
    if model.provider != "anthropic":
        return list(messages)
    # The lines before the last go into the next call as they are; the last one carries this turn's note.
    stays = {0, len(messages) - 2}
    return [(who, _marked(text) if at in stays else text) for at, (who, text) in enumerate(messages)]


def _marked(text: str) -> list[dict[str, Any]]:
    return [{"type": "text", "text": text, "cache_control": {"type": "ephemeral"}}]


def _pump(chat: Any, messages: list[Any], pipe: queue.Queue[object], left: threading.Event) -> None:
    """Read the model's stream in a thread of its own, so that no server can hold a turn up."""
    end = ENDS.get(_package(chat), "")
    has_ended = not end
    try:
        for chunk in chat.stream(messages):
            if left.is_set():
                return
            told: dict[str, object] = getattr(chunk, "response_metadata", None) or {}
            has_ended = has_ended or bool(told.get(end))
            pipe.put(chunk)
        pipe.put(None if has_ended else EOFError("the stream ended without its end"))
    except Exception as error:
        pipe.put(error)


def _package(chat: Any) -> str:
    # A model bound to a shape of answer is wrapped.
    return type(getattr(chat, "bound", chat)).__module__.partition(".")[0]


def _text(chunk: Any) -> str:
    content = getattr(chunk, "content", "")
    if isinstance(content, str):
        return content
    parts: list[Any] = list(content or [])
    return "".join(part if isinstance(part, str) else str(part.get("text", "")) for part in parts)


def _add_usage(usage: Usage, chunk: Any, *, is_running: bool) -> None:
    told: dict[str, Any] | None = getattr(chunk, "usage_metadata", None)
    if not told:
        return
    # LangChain's stretches carry parts of one sum; of OpenAI's protocol, each that tells it tells all so far.
    before = Usage() if is_running else usage
    usage.prompt = _sum(before.prompt, told.get("input_tokens"))
    usage.completion = _sum(before.completion, told.get("output_tokens"))
    details: dict[str, Any] = told.get("input_token_details") or {}
    usage.cached = _sum(before.cached, details.get("cache_read"))


def _sum(before: int | None, more: int | None) -> int | None:
    return before if more is None else (before or 0) + more


def ask(
    chat: Any,
    messages: Sequence[Message],
    model: ModelName,
    whole_s: float,
    slots: threading.Semaphore,
    unwanted: threading.Event | None = None,
) -> tuple[str, Usage]:
    """The whole reply as one text, and its usage. Raises Trouble."""
    running = stream(chat, messages, model, Limits(whole_s, whole_s, whole_s), slots, unwanted=unwanted)
    texts: list[str] = []
    while True:
        try:
            texts.append(next(running))
        except StopIteration as end:
            return "".join(texts), end.value
        except Trouble as trouble:
            trouble.said = "".join(texts)
            raise


def explain(error: BaseException, model: ModelName, *, has_spoken: bool = False) -> Trouble:
    """A client's error as trouble of our own words: a server's may hold a part of the key."""
    status = _status(error)
    # Logged by its kind alone, for a server's text may repeat the key or the prompt.
    log.warning("%s: %s%s", model.label, type(error).__name__, f" {status}" if status else "")
    name = type(error).__name__
    if isinstance(error, Trouble):
        return error
    if status in (401, 403):
        return Trouble(
            "key refused", f"{model.label} refused the key ({status}); check INERTIA_API_KEY or the role's own"
        )
    if status == 404:
        return Trouble("no such model", f"{model.label}: the server has no such model or address; check INERTIA_MODEL")
    if status == 429:
        wait = _retry_after(error)
        more = f"; it asks for {wait:.0f} s of rest" if wait else ""
        return Trouble("too many calls", f"{model.label} takes no more calls for now (429){more}", wait)
    if isinstance(status, int) and status >= 500:
        return Trouble("server error", f"{model.label} failed on its side ({status})")
    if isinstance(status, int):
        return Trouble("unusable", f"{model.label} did not take the request ({status})")
    if "Timeout" in name:
        return Trouble("stalled" if has_spoken else "slow", f"{model.label} did not answer in time")
    if has_spoken or isinstance(error, EOFError) or "Protocol" in name or "Read" in name:
        return Trouble("broke off", f"{model.label} broke off in the middle of its answer")
    if "Connect" in name or isinstance(error, OSError):
        return Trouble("no connection", f"{model.label} cannot be reached at {model.place}; is it running?")
    return Trouble("not understood", f"{model.label} answered with something that is no reply ({name})")


def _causes(error: BaseException | None) -> Generator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


def _status(error: BaseException) -> int | None:
    """The server's HTTP status: clients keep it in different places, or in the error that theirs was raised from."""
    for one in _causes(error):
        places = ((one, "status_code"), (getattr(one, "response", None), "status_code"), (one, "code"))
        for holder, name in places:
            said = getattr(holder, name, None)
            if isinstance(said, int):
                return said
    return None


def _retry_after(error: BaseException) -> float | None:
    for one in _causes(error):
        headers: Any = getattr(getattr(one, "response", None), "headers", None) or {}
        try:
            wait = float(headers.get("retry-after"))
        except (TypeError, ValueError):
            continue
        return wait if math.isfinite(wait) and wait > 0 else None
    return None
