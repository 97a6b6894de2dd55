"""A model finds the words for the plan, watched by the guard; what it cannot say well is said from the draft."""

from __future__ import annotations

import re
import threading
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bot import tokens
from bot.calling import Message, Trouble
from bot.contract import gives_away, unearned_runs
from bot.mind import Stance
from bot.moves import OtherKind
from bot.persona import Persona
from bot.plan import Plan
from bot.session import Call, Removed, Session, Spoken, Turn
from bot.voice import guard as guarding
from bot.voice.guard import Guard
from prompts.templates import Prompt, as_data, load

if TYPE_CHECKING:
    from bot.build import Trainer
    from bot.caller import Caller

MOODS: dict[Stance, str] = {
    Stance.DISMISSIVE: "curt, out of patience, wants off the telephone",
    Stance.GUARDED: "polite but closed; it all works as it is",
    Stance.CURIOUS: "drawn in a little against your will, thinking aloud",
    Stance.CONCERNED: "uneasy, for you have begun to see what it costs",
    Stance.READY: "made up in your mind that it cannot stay as it is, and plain about it",
}
ENDS = {
    "ended_call": "end the call, in your own way",
    "agreed_next_step": "agree to the small step, on your conditions",
}
DOES = {
    "objects": "object to what was just said, and hold on to how things are",
    "small talk": "answer the small talk and nothing more",
    "weighs the step": "weigh what was proposed, and do not agree to it yet",
    "will not say yet": "refuse to tell that yet",
    "gives the practised answer": "give the answer you give everyone who asks this",
    "hears a promise": "take note of what was promised",
    "answers": "answer",
}
# What makes no sense is not shown to the model: the plan has the answer to it, and it may be meant for the model.
UNSHOWN = frozenset({OtherKind.INJECTION, OtherKind.KEYWORDS, OtherKind.GIBBERISH, OtherKind.ABUSE, OtherKind.FOREIGN})
NO_SENSE = "(something that makes no sense to you)"
LOOK_AHEAD = 3
QUOTES = frozenset('"“”«»')
# A first word that a mark follows is whole before the next word begins; with a colon it would be a label.
MARKED = re.compile(r"\s*[^\W\d_]+(?:['’-][^\W\d_]+)*(?=[,.;!?…])")
MOST_REP_CHARACTERS = 1600
MOST_SAMPLES = 14
FOR_THE_REPLY = 224
# Most moments take less; a longer one pushes earlier turns out for its own call alone.
FOR_THE_MOMENT = 288


@dataclass(frozen=True)
class TakeBack:
    """Words already shown that were cut after all: the line so far is `kept`."""

    kept: str


def messages(
    trainer: Trainer,
    session: Session,
    persona: Persona,
    plan: Plan,
    stance: Stance,
    rep: str,
    kind: OtherKind | None,
    counter: tokens.Counter,
) -> list[Message]:
    """The call for a prospect's line: the stable part, the lines so far that fit, and the moment."""
    prompt = load("prospect")
    system = trainer.prompt_of(persona.id, lambda: stable(trainer, persona))
    shown = NO_SENSE if kind in UNSHOWN else _words(rep)
    moment = prompt.fill_moment(
        rep=shown,
        first_name=persona.first_name,
        mood=MOODS.get(stance, MOODS[Stance.GUARDED]),
        does=ENDS[plan.ending] if plan.ending else DOES.get(plan.act, "answer as yourself, and let none of it in"),
        draft=plan.draft,
        longest=str(max(guarding.LEAST_LONGEST, int(guarding.LONGEST_SHARE * len(plan.draft.split()))) - 6),
    )
    beside = trainer.settings.window - counter.count(system) - FOR_THE_REPLY
    kept = _fitting(trainer, session, rep, beside - FOR_THE_MOMENT, beside - counter.count(moment), counter)
    lines: list[Message] = []
    for turn in kept:
        lines += [("user", _shown(turn)), ("assistant", as_data(turn.prospect))]
    lines.insert(0, ("system", system))
    lines.append(("user", moment))
    return lines


def _shown(turn: Turn) -> str:
    return NO_SENSE if turn.reading.kind in UNSHOWN else _words(turn.rep)


def _words(rep: str) -> str:
    """A rep's words as data; one sign may become many, so they are cut before and after."""
    return as_data(rep[:MOST_REP_CHARACTERS])[:MOST_REP_CHARACTERS] or NO_SENSE


def _fitting(
    trainer: Trainer, session: Session, rep: str, steady: int, room: int, counter: tokens.Counter
) -> Sequence[Turn]:
    """The earlier turns to show: chosen by `steady`, which is the same for the whole call, and cut to `room`."""
    turns = session.turns
    lines_cost = sum(2 * tokens.FRAME + counter.count(_shown(turn)) + counter.count(turn.prospect) for turn in turns)
    if lines_cost <= min(steady, room):
        return turns
    vectors = trainer.vectors_of([said or "…" for said in (*(turn.rep for turn in turns), rep)])
    lines = [
        tokens.Line(_shown(turn), turn.prospect, bool(turn.earned or _promised(turn)), vector)
        for turn, vector in zip(turns, vectors[:-1], strict=True)
    ]
    kept = tokens.fit_by_steps(lines, list(vectors[1:]), steady, counter)
    fitting = tokens.fit([lines[number] for number in kept], vectors[-1], max(room, 0), counter)
    return [turns[kept[number]] for number in fitting]


def _promised(turn: Turn) -> bool:
    return any(number == turn.number for number, _ in turn.memory.rep_words)


def stable(trainer: Trainer, persona: Persona) -> str:
    """The part of the prompt that is the same for every call of a session: who they are, how they talk, the brief."""
    scene = trainer.scenario(persona.id)
    file = trainer.file_runs(persona.id)
    private = frozenset(run for runs in file.earned.values() for run in runs) - file.public
    samples = [line for line in persona.voice.samples if not gives_away(line, private)][:MOST_SAMPLES]
    call = " ".join(s for s in guarding.sentences(scene.how_it_came_about) if not gives_away(s, private))
    return load("prospect").fill_stable(
        name=persona.name,
        role=persona.role,
        company=persona.company,
        industry=persona.industry,
        describe=persona.voice.describe,
        samples="\n".join(f"- {as_data(line)}" for line in samples),
        known="\n".join(f"- {as_data(item.text)}" for item in persona.brief),
        call=as_data(call),
        rep_is=as_data(scene.rep_is),
        picks_up=as_data(persona.picks_up),
    )


def ground(trainer: Trainer, session: Session, persona: Persona, plan: Plan, turn: Turn) -> guarding.Ground:
    """What the guard holds a line against; `turn` is the one to come, with the draft as its line."""
    scene = trainer.scenario(persona.id)
    said = [earlier.prospect for earlier in session.turns]
    public = [item.text for item in persona.brief]
    about = [persona.name, persona.role, persona.company, persona.industry, scene.how_it_came_about, persona.picks_up]
    told = [earned.what for earlier in session.turns for earned in earlier.earned]
    reps = [earlier.rep for earlier in session.turns if earlier.reading.kind not in UNSHOWN]
    return guarding.Ground(
        draft=plan.draft,
        rep=turn.rep,
        known=" . ".join((*said, *public, *about, *told, *reps, *([] if turn.reading.kind in UNSHOWN else [turn.rep]))),
        prompt=load("prospect").stable.template + load("prospect").moment.template,
        hidden=unearned_runs(trainer.file_runs(persona.id), turn),
        said=tuple(s for line in said for s in guarding.sentences(line)),
        first_name=persona.first_name,
        agrees=plan.ending == "agreed_next_step",
        ends=plan.ending is not None,
    )


def speak(
    caller: Caller,
    asked: list[Message],
    plan: Plan,
    watch: Guard,
    alike: guarding.Alike,
    calls: list[Call],
    started: threading.Event,
) -> Generator[str | TakeBack, None, Spoken]:
    """The line's words as they come; returns how it came about. Never raises for what a model or a server does."""
    prompt: Prompt = load("prospect")
    line = _Line(watch)
    trouble: Trouble | None = None
    try:
        for text in caller.stream(asked, calls, started):
            yield from line.add(text)
            if line.is_done:
                break
    except Trouble as error:
        trouble = error
    finally:
        started.set()
    yield from line.end(is_whole=trouble is None)
    drafted = _drafted(plan, line.kept, alike, is_broken=trouble is not None)
    for text in drafted:
        yield from line.say(text)
    return Spoken(
        model=caller.model.label,
        prompt=prompt.hash,
        raw=line.raw,
        removed=tuple(Removed(kind=cut.kind, text=cut.text) for cut in line.cuts),
        from_draft=tuple(drafted),
        trouble=str(trouble) if trouble else None,
    )


def _drafted(plan: Plan, spoken: str, alike: guarding.Alike, *, is_broken: bool) -> list[str]:
    """What has still to be said of the draft: all of it, or what the model left out; a broken-off line by sentences."""
    if not spoken.strip():
        return [plan.draft]
    must = [piece.text for piece in plan.pieces if not _is_filler(piece.source, plan)]
    if is_broken:
        must = [sentence for piece in must for sentence in guarding.sentences(piece)]
    loose = () if is_broken else tuple(piece.text for piece in plan.pieces if piece.source.startswith("lines."))
    left = guarding.missing(must, spoken, alike, loose)
    # What of a piece has been said already is not said twice.
    fresh = (" ".join(guarding.not_said(piece, spoken, alike)) for piece in left)
    return [text for text in fresh if text]


def _is_filler(source: str, plan: Plan) -> bool:
    """Whether a piece may be left unsaid: a reaction beside something of substance."""
    if not source.startswith("lines."):
        return source.startswith("questions.")
    return any(not piece.source.startswith("lines.") for piece in plan.pieces) and plan.objection is None


class _Line:
    """A line as it is put together: what is kept, what is shown, and the sentence that is still coming."""

    def __init__(self, watch: Guard) -> None:
        self._watch = watch
        self.raw = ""
        self.kept = ""
        self.cuts: list[guarding.Cut] = []
        self.is_done = False
        self._coming = ""
        self._shown = 0
        self._is_wrapped = False
        self._was_quoted = False

    def add(self, text: str) -> Generator[str | TakeBack]:
        """Take the next stretch of the stream."""
        self.raw += text
        self._coming += text
        while not self.is_done and (end := _first_end(self._coming)):
            sentence, self._coming = self._coming[:end], self._coming[end:]
            yield from self._judge(sentence)
        if not self.is_done:
            yield from self._show_more()

    def end(self, *, is_whole: bool) -> Generator[str | TakeBack]:
        """The stream is over; half a sentence is kept only where the model ended there."""
        rest, self._coming = self._coming, ""
        if rest.strip() and is_whole and not self.is_done and re.search(r"[.!?…][\"”’)]*\s*$", rest):
            self._coming = rest
            yield from self._judge(rest)
        elif self._shown:
            yield from self._take_back()

    def say(self, text: str) -> Generator[str]:
        """Words of the draft, after what was kept."""
        joined = (" " if self.kept and not self.kept.endswith(" ") else "") + text
        self.kept += joined
        yield from re.findall(r"\s*\S+", joined)

    def _judge(self, sentence: str) -> Generator[str | TakeBack]:
        clean = self._unwrapped(sentence)
        if not re.search(r"\w", clean):
            self._shown = 0
            return
        cut = self._watch.whole(clean.strip(), guarding.sentences(self.kept))
        if cut:
            self.cuts.append(cut)
            self.is_done = cut.kind in ("speaks for the rep", "runs on", "role reversal", "leak")
            yield from self._take_back()
            return
        whole = _spaced(self.kept, clean)
        rest = whole[self._shown :]
        self.kept += whole
        self._shown = 0
        if rest:
            yield rest

    def _show_more(self) -> Generator[str | TakeBack]:
        """Show the coming sentence's words but the last few, so that most of what is cut was never shown."""
        clean = self._coming
        if not clean.strip() or ((not self.kept or self._was_quoted) and _opens_with_a_quote(clean)):
            return
        cut = self._watch.early(clean.strip())
        if cut:
            return
        words = re.findall(r"\S+\s+", clean)
        if not words and not self.kept and (marked := MARKED.match(clean)) and not self._watch.early(f"{clean} "):
            words = [marked.group(0)]
        free = (
            words
            if not self.kept and len(words) == 1
            else words[: max(len(words) - LOOK_AHEAD, 1 if not self.kept else 0)]
        )
        shown = _spaced(self.kept, "".join(free).rstrip()) if free else ""
        if len(shown) > self._shown:
            fresh, self._shown = shown[self._shown :], len(shown)
            yield fresh

    def _unwrapped(self, sentence: str) -> str:
        """The sentence without the marks that some models put around the whole line, or around each sentence of it."""
        text = sentence.strip()
        may_be = not self.kept or self._was_quoted
        if may_be and _opens_with_a_quote(text) and not any(mark in QUOTES for mark in text[1:-1]):
            self._was_quoted = True
            self._is_wrapped = text[-1:] not in QUOTES
            return text.strip("".join(QUOTES))
        if self._is_wrapped and text[-1:] in QUOTES and not any(mark in QUOTES for mark in text[:-1]):
            return text[:-1]
        return text

    def _take_back(self) -> Generator[str | TakeBack]:
        if self._shown:
            self._shown = 0
            yield TakeBack(self.kept)


def _spaced(kept: str, text: str) -> str:
    return (" " if kept and not kept.endswith(" ") else "") + text.strip()


def _opens_with_a_quote(text: str) -> bool:
    return text.lstrip()[:1] in QUOTES


def _first_end(text: str) -> int:
    """Where the first sentence ends, at a stop before more text or at a line's end; 0 where it has not ended."""
    start = len(text) - len(text.lstrip())
    broken = text.find("\n", start)
    ends = (m.end() for m in re.finditer(r"[.!?…]+[\"”’)]*\s+(?=\S)", text) if not _is_abbreviation(text[: m.end()]))
    ended = next(ends, 0)
    if broken >= 0 and (not ended or broken < ended):
        return broken + 1
    return ended


def _is_abbreviation(text: str) -> bool:
    return bool(re.search(r"\b(?:Mr|Mrs|Ms|Dr|St|Prof|e\.g|i\.e|vs|No|approx)\.\s*$", text))


def alike_by(trainer: Trainer) -> guarding.Alike:
    """Nearness in meaning, by the local encoder: the largest cosine with any of the others."""

    def alike(text: str, others: Sequence[str]) -> float:
        if not others:
            return 0.0
        mine = trainer.vectors_of([text])[0]
        return float(np.max(trainer.vectors_of(list(others)) @ mine))

    return alike
