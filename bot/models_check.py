"""Which models and parts are in use, whether each answers, and what models did in a turn, in words for a person."""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from bot.caller import Caller, Callers
from bot.calling import Message, Trouble
from bot.errors import Failure, UserError
from bot.models import ROLES, ModelName, Role
from bot.session import Call, Correction, Turn
from bot.store import Spent
from bot.voice import draft
from knowledge.errors import KnowledgeError

if TYPE_CHECKING:
    from bot.build import Trainer

log = logging.getLogger(__name__)

EMBEDDED = "the embedded coach"
INSTEAD: dict[Role, str] = {
    "prospect": "drafted lines",
    "coach": EMBEDDED,
    "reader": "the local reader alone",
    "judge": "the evals' own classifier",
}
# More than one word, so that a stream can be told from an answer in one piece.
ASKED: list[Message] = [("user", "Count from one to five, in words.")]
ASKED_JSON: list[Message] = [("user", 'Answer with this JSON alone: {"word": "yes", "number": 3}')]
# What to do, where the trouble's own line does not say it.
REMEDIES: dict[str, str] = {
    "slow": "take a smaller model, or set INERTIA_FIRST_WORD_S higher",
    "stalled": "take a smaller model, or set INERTIA_STALL_S higher",
    "too long": "take a smaller model, or set INERTIA_REPLY_S and INERTIA_FEEDBACK_S higher",
    "too many calls": "wait a while, or ask the provider for more",
    "server error": "look into the server's log",
    "broke off": "look into the server's log",
    "empty": "try another model",
    "not understood": "check that INERTIA_BASE_URL names an OpenAI-compatible server (most end in /v1)",
    "no connection": "start it, or set INERTIA_BASE_URL",
    "unusable": "check the model's name and settings",
    "busy": "check again when the call has ended",
    "spending limit": "set INERTIA_SPEND_LIMIT higher to go on",
}


class Counted(BaseModel):
    """The answer that the check asks for in JSON."""

    word: str
    number: int


@dataclass(frozen=True)
class Checked:
    """A role or a part: what does it, and whether that answers; None where it was not asked or does not apply."""

    part: str
    does: str
    is_set: bool
    server: str | None = None
    answers: bool | None = None
    problem: str | None = None
    first_s: float | None = None
    whole_s: float | None = None
    streams: bool | None = None
    structured: bool | None = None
    counted_by: str | None = None
    passages: int | None = None
    same_as: str | None = None


def check(trainer: Trainer) -> list[Checked]:
    """Every role, then the embedder, the index and the store, each asked once; never raises for what it finds."""
    callers = _callers(trainer)
    found: list[Checked] = []
    asked: dict[tuple[str, str, str], Checked] = {}
    for role in ROLES:
        try:
            model = callers.configured(role)
        except UserError as error:
            found.append(Checked(role, "a model", True, answers=False, problem=without_login(str(error))))
            continue
        if model is None:
            found.append(Checked(role, INSTEAD[role], False))
            continue
        if _which(model) not in asked:
            asked[_which(model)] = _called(callers, role, model)
            found.append(asked[_which(model)])
        else:
            first = asked[_which(model)]
            found.append(replace(first, part=role, same_as=first.part))
    return [*found, _embedder(trainer), _index(trainer), _store(trainer)]


def holds(found: Sequence[Checked]) -> bool:
    """Whether everything that is set answers."""
    return all(one.answers is not False for one in found)


def checked_json(found: Sequence[Checked]) -> dict[str, Any]:
    """The check in the words that scripts use."""
    return {one.part: {key: value for key, value in asdict(one).items() if key != "part"} for one in found}


def describe(one: Checked) -> str:
    """What was found about a role or a part, in one line."""
    if not one.is_set:
        return f"{one.does} (no model is set)" if one.part in ROLES else one.does
    what = f"{one.does} at {one.server}" if one.server else one.does
    if not one.answers:
        return f"{what}: does not answer. {_sentence(one.problem or '')}"
    told = [f"answers as for the {one.same_as}" if one.same_as else f"answers{_in_seconds(one)}"]
    if one.streams is not None and not one.same_as:
        told.append("streams" if one.streams else "does not stream")
        told.append("structured output" if one.structured else "no structured output")
        told.append(f"tokens counted by {one.counted_by}")
    if one.passages is not None:
        told.append(f"{one.passages} passages")
    return f"{what}: {'; '.join(told)}" + (f". {one.problem}" if one.problem and not one.same_as else "")


def _in_seconds(one: Checked) -> str:
    if one.first_s is not None:
        return f", first word in {one.first_s:.2f} s, whole in {one.whole_s or 0:.2f} s"
    return f" in {one.whole_s:.2f} s" if one.whole_s is not None else ""


def without_login(text: str) -> str:
    """The text with any name, password and query taken out of the addresses in it."""
    return re.sub(r"(//[^\s?]+)\?[^\s;]+", r"\1", re.sub(r"(?<=//)[^/@\s]+@", "", text))


def _callers(trainer: Trainer) -> Callers:
    # A model that is being left alone would answer for itself otherwise.
    trainer.callers.reset()
    if trainer.callers.is_on:
        return trainer.callers
    # Switched to drafts, the trainer's own give nobody; the check asks all the same.
    return Callers(trainer.settings, trainer._may_spend)


def _which(model: ModelName) -> tuple[str, str, str]:
    return model.label, model.server, model.key.get_secret_value() if model.key else ""


def _called(callers: Callers, role: Role, model: ModelName) -> Checked:
    one = Checked(role, model.label, True, server=without_login(model.base_url or "") or None, answers=False)
    calls: list[Call] = []
    try:
        caller = callers.of(role)
        assert caller is not None
        stretches = list(caller.stream(ASKED, calls, threading.Event()))
    except (Trouble, UserError) as trouble:
        return replace(one, problem=_advised(trouble))
    except Exception as error:
        # By its kind alone, for its text may repeat the key.
        log.warning("%s: %s", model.label, type(error).__name__)
        return replace(one, problem=f"it failed unforeseen ({type(error).__name__}); check the model's settings")
    structured, problem = _structured(caller, calls)
    return replace(
        one,
        answers=True,
        first_s=calls[0].first_s,
        whole_s=calls[0].whole_s,
        streams=len(stretches) > 1,
        structured=structured,
        counted_by=_counted_by(calls[0], caller),
        problem=problem,
    )


def _counted_by(call: Call, caller: Caller) -> str:
    own = caller.counter.name
    return own if call.counted_by == own else f"{call.counted_by}, beforehand with {own}"


def _structured(caller: Caller, calls: list[Call]) -> tuple[bool, str | None]:
    try:
        caller.ask(ASKED_JSON, Counted, calls, lambda answer: None)
    except Trouble as trouble:
        if trouble.kind == "not understood":
            return False, "Asked for JSON, it gave none that holds; embedded parts will coach and read instead."
        return False, f"Asked for JSON: {_advised(trouble)}."
    return True, None


def _advised(error: Trouble | UserError) -> str:
    # What a wrong setting says ends with what to do.
    is_told = isinstance(error.__cause__, UserError)
    remedy = REMEDIES.get(error.kind) if isinstance(error, Trouble) and not is_told else None
    text = str(error)
    if remedy:
        text = f"{text} {_begun(remedy)}" if text.endswith("?") else f"{text}; {remedy}"
    return without_login(text)


def _embedder(trainer: Trainer) -> Checked:
    return _asked(
        Checked("embedder", "the local encoder", True),
        lambda: trainer.embedder.encode(["one"]),
        lambda _: {"does": trainer.embedder.name},
    )


def _index(trainer: Trainer) -> Checked:
    def ask() -> int:
        trainer.index.query(trainer.index.embedder.encode(["one"])[0], 1)
        return len(trainer.index.entries)

    return _asked(
        Checked("index", f"Chroma in {trainer.settings.knowledge_folder / 'index'}", True),
        ask,
        lambda entries: {"passages": entries, "problem": trainer.index.stale},
    )


def _store(trainer: Trainer) -> Checked:
    if trainer.store is None:
        return Checked("store", "nothing is stored", False)
    store = trainer.store
    where = without_login(trainer.settings.database_url)
    return _asked(Checked("store", where, True), lambda: store.sessions(most=1), lambda _: {})


def _asked(one: Checked, ask: Callable[[], Any], tell: Callable[[Any], dict[str, Any]]) -> Checked:
    """A part of this machine, asked: how long it took, or one line that says what is wrong."""
    began = time.monotonic()
    try:
        got = ask()
    except (UserError, Failure, KnowledgeError) as error:
        return replace(one, answers=False, problem=without_login(str(error)))
    except Exception as error:
        log.warning("%s failed", one.part, exc_info=True)
        return replace(one, answers=False, problem=f"it failed unforeseen ({type(error).__name__}); the log says more")
    return replace(one, answers=True, whole_s=round(time.monotonic() - began, 3), **tell(got))


def speaking(trainer: Trainer) -> str:
    """What finds the prospect's words now: the drafts, or a model by its name."""
    try:
        caller = trainer.caller("prospect")
    except UserError as error:
        return f"nobody yet: {without_login(str(error))}"
    return caller.model.label if caller else draft.NAME


def elsewhere(trainer: Trainer) -> list[str]:
    """Servers off this machine that are sent what is said, in the settings as they are."""
    try:
        callers = [trainer.caller(role) for role in ("prospect", "coach", "reader")]
    except UserError:
        return []
    servers = (without_login(one.model.server) for one in callers if one and not one.model.is_here)
    return list(dict.fromkeys(servers))


def line_signs(turn: Turn) -> list[str]:
    """What became of a model's line; the words that were cut are not told, for they may give away what is unearned."""
    spoken = turn.spoken
    if spoken is None:
        return []
    cut = ", ".join(dict.fromkeys(one.kind for one in spoken.removed))
    signs = [_sentence(spoken.trouble)] if spoken.trouble else []
    signs += [f"Cut from the model's words: {cut}."] if cut else []
    if turn.spoken_by == draft.NAME:
        return [*signs, "Said from the draft."]
    return [*signs, "Partly said from the draft."] if spoken.from_draft else signs


def coach_signs(turn: Turn) -> list[str]:
    """Who coached, what a second reading put right, and what the turn's calls took."""
    by = turn.feedback.by if turn.feedback else EMBEDDED
    signs = [f"Feedback by {by}."] if by != EMBEDDED else []
    signs += [_second(turn.second)] if turn.second and (turn.second.differs or turn.second.trouble) else []
    return [*signs, f"This turn: {told(spent_on(turn.calls))}."] if turn.calls else signs


def _second(correction: Correction) -> str:
    if correction.trouble:
        return f"No second reading: {_ended(correction.trouble)}"
    moves = [f"also {one.code.replace('_', ' ')} “{one.quote}”" for one in correction.added]
    moves += [f"not {one.code.replace('_', ' ')} “{one.quote}”" for one in correction.removed]
    return f"On a second reading: {', '.join(moves)}."


def _sentence(text: str) -> str:
    # A model's name stays as it is written.
    return _ended(text if ":" in text.partition(" ")[0] else _begun(text))


def _begun(text: str) -> str:
    return text[:1].upper() + text[1:]


def _ended(text: str) -> str:
    return text if text.endswith((".", "?", "!")) else f"{text}."


def spent_on(calls: Sequence[Call]) -> Spent:
    """The tokens and cost of calls."""
    return Spent(
        tokens=sum(one.prompt + one.completion for one in calls),
        cost=sum(one.cost or 0.0 for one in calls),
        unpriced=sum(one.cost is None for one in calls),
    )


def told(spent: Spent) -> str:
    """Tokens and cost in words: "1,204 tokens, cost 0.0012"."""
    text = f"{spent.tokens:,} tokens, cost {spent.cost:.{2 if spent.cost >= 1 or not spent.cost else 4}f}"
    if not spent.unpriced:
        return text
    return f"{text} and that of {spent.unpriced} call{'s' * (spent.unpriced != 1)} with no price on file"
