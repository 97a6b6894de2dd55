"""The call: what is known before it, the talk, the feedback beside each turn, and the buyer's mind."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from bot.mind import GAUGES, Mind, Stance
from bot.models_check import coach_signs, line_signs
from bot.persona import BriefItem, Persona, Scenario
from bot.session import Feedback, Note, Session, Turn
from ui.choose import level
from ui.html import STANCES, fill, join, move_name, render
from ui.passages import Passages, dialogs, opener

LONG_CHARACTERS = 1600

BRIEF = """
<details class="brief">
  <summary><span class="brief-who">{name}</span><span class="brief-where">{role}, {company}</span></summary>
  <div class="brief-body">
    <p class="brief-level">{level}</p>
    <p>{card}</p>
    <h3>The call</h3>
    <p>{how}</p>
    <p><b>You:</b> {rep_is}</p>
    <p><b>A good ending:</b> {good_ending}</p>
    <h3>What you can know beforehand</h3>
    <ul class="brief-items">{items}</ul>
  </div>
</details>"""

BRIEF_ITEM = '<li><span class="kind">{kind}</span>{text}<span class="found">Found in: {found}</span></li>'

ROW = """
<div class="turn{extra}" data-turn="{number}">
  <div class="said">
    <div class="line rep"><span class="who">You</span><p class="text{long}" dir="auto"{focus}>{rep}</p></div>
    <div class="line buyer"><span class="who">{name}</span><p class="text" dir="auto">{prospect}</p>{marks}</div>
  </div>
  <div class="coach">{feedback}{signs}</div>
</div>"""

SIGNS = '<p class="signs">{}</p>'

PICKS_UP = """
<div class="turn first"><div class="said">
  <div class="line buyer"><span class="who">{name}</span><p class="text" dir="auto">{line}</p></div>
</div><div class="coach">{hint}</div></div>"""

FEEDBACK = '<details class="feedback"{open}><summary>{head}</summary><div class="feedback-body">{body}</div></details>'

SAY = '<section class="note say"><h3>Say</h3><p class="rewrite">{}</p></section>'
GO_ON = '<details class="note say go-on"><summary>A line to go on with</summary><p class="rewrite">{}</p></details>'
NOTE = """
<section class="note {kind}">
  <h3>{label}{quote}</h3>
  <p>{what}</p>
  {cites}
</section>"""

MIND = """
<details class="mind-box"><summary>The buyer’s mind</summary>
<div class="mind"><p class="stance">{stance}</p>{bars}</div></details>"""

GAUGE = """
<div class="gauge gauge-{gauge}"><span class="gauge-name" id="gauge-{gauge}">{name}</span>
<span class="gauge-value">{value}</span>
<meter min="0" max="100" value="{value}" aria-labelledby="gauge-{gauge}">{value}</meter></div>"""


def brief(persona: Persona, scene: Scenario) -> str:
    """What a rep can know before the call."""
    return render(
        fill(
            BRIEF,
            name=persona.name,
            role=persona.role,
            company=persona.company,
            level=level(scene.difficulty),
            card=persona.card,
            how=scene.how_it_came_about,
            rep_is=scene.rep_is,
            good_ending=scene.good_ending,
            items=join(_brief_item(item) for item in persona.brief),
        )
    )


def _brief_item(item: BriefItem) -> Markup:
    return fill(BRIEF_ITEM, kind=item.kind, text=item.text, found=item.found)


def talk(session: Session, persona: Persona, passages: Passages) -> str:
    """The call so far, each turn with its feedback, and the passages that the feedback cites."""
    rows = [_picks_up(session, persona), *(turn_row(turn, session, persona, passages) for turn in session.turns)]
    return render(
        fill(
            '<div class="talk" role="log" aria-label="The call so far">{}</div>{}', join(rows), cited(session, passages)
        )
    )


def turns(session: Session, persona: Persona, passages: Passages) -> Markup:
    """The call for reading again, with every feedback folded."""
    rows = (turn_row(turn, session, persona, passages, is_folded=True) for turn in session.turns)
    return fill('<div class="talk">{}</div>{}', join(rows), cited(session, passages))


def live(persona: Persona, message: str, spoken: str) -> str:
    """The turn that runs: what the rep sent, and the buyer's words so far."""
    row = fill(
        ROW,
        extra=" running",
        number="",
        long="",
        focus="",
        rep=message,
        name=persona.first_name,
        prospect=spoken or "…",
        marks="",
        feedback=Markup('<p class="coach-hint">Listening …</p>'),
        signs="",
    )
    return render(fill('<div class="talk">{}</div>', row))


def _picks_up(session: Session, persona: Persona) -> Markup:
    hint = (
        "This run is assessed: what the coach noted comes with the debrief."
        if session.assessed
        else "What your words do will stand here, beside each turn."
    )
    return fill(
        PICKS_UP, name=persona.first_name, line=persona.picks_up, hint=fill('<p class="coach-hint">{}</p>', hint)
    )


def turn_row(turn: Turn, session: Session, persona: Persona, passages: Passages, *, is_folded: bool = False) -> Markup:
    """One turn, with its feedback beside it."""
    is_last = turn.number == len(session.turns)
    is_long = len(turn.rep) > LONG_CHARACTERS
    marks = (
        [fill('<span class="mark objection">objection: {}</span>', turn.objection.kind.replace("_", " "))]
        if turn.objection
        else []
    )
    return fill(
        ROW,
        extra=" last" if is_last and not is_folded else "",
        number=turn.number,
        long=" long" if is_long else "",
        focus=Markup(' tabindex="0"') if is_long else "",
        rep=turn.rep,
        name=persona.first_name,
        prospect=turn.prospect,
        marks=join(marks),
        feedback=feedback(turn, session, passages, is_open=is_last and not is_folded),
        signs=_signs(line_signs(turn)),
    )


def _signs(signs: Sequence[str]) -> Markup:
    return fill(SIGNS, " ".join(signs)) if signs else Markup("")


def feedback(turn: Turn, session: Session, passages: Passages, *, is_open: bool) -> Markup:
    """What the coach says to a turn, as deep as the session's dial asks; nothing in an assessed call that goes on."""
    said = turn.feedback
    if said is None or (session.assessed and not session.is_over):
        return Markup("")
    body = [_note("landed", "Landed", said.landed, session, passages), _note("fix", "Fix", said.fix, session, passages)]
    if said.remark:
        body.append(fill('<p class="remark">{}</p>', said.remark))
    if session.depth != "brief":
        body += _onward(said)
    if session.depth == "deep":
        body.append(_moved(turn))
    body.append(_signs(coach_signs(turn)))
    opened = Markup(" open") if is_open else ""
    return fill(FEEDBACK, open=opened, head=_head(turn, said), body=join(body))


def _head(turn: Turn, said: Feedback) -> Markup:
    kinds = [name for name, note in (("landed", said.landed), ("fix", said.fix)) if note]
    marks = join(fill('<span class="mark {}">{}</span>', kind, kind) for kind in kinds)
    moves = ", ".join(dict.fromkeys(move_name(move.code) for move in turn.reading.moves))
    return fill(
        '<span class="turn-number">Turn {}</span>{}<span class="moves">{}</span>',
        turn.number,
        marks,
        moves or "nothing read",
    )


def _note(kind: str, label: str, note: Note | None, session: Session, passages: Passages) -> Markup:
    if note is None:
        return Markup("")
    is_told = note.quote is None or note.quote.rstrip(".,;") in note.what
    quote = "" if is_told else fill(' <q dir="auto">{}</q>', note.quote)
    cites = join(opener(one, passages, is_deep=session.depth == "deep") for one in note.citations)
    return fill(NOTE, kind=kind, label=label, quote=quote, what=note.what, cites=cites)


def _onward(said: Feedback) -> list[Markup]:
    # Where nothing is to be mended the line stays folded: the rep's own next words come first.
    frame = SAY if said.is_mending else GO_ON
    say = [fill(frame, said.rewrite)] if said.rewrite else []
    return (
        [*say, fill('<section class="note next"><h3>Next</h3><p>{}</p></section>', said.next_question)]
        if said.next_question
        else say
    )


def _moved(turn: Turn) -> Markup:
    if not turn.changes:
        return Markup("")
    rows = join(
        fill('<li><span class="amount">{} {}</span> {}</li>', change.gauge, f"{change.amount:+.0f}", change.why)
        for change in turn.changes
        if abs(change.amount) >= 0.5
    )
    return fill('<section class="note moved"><h3>What moved, and why</h3><ul>{}</ul></section>', rows)


def cited(session: Session, passages: Passages) -> Markup:
    """Each passage that the session's feedback cites, once, to be opened by its button."""
    notes = (
        note for turn in session.turns if turn.feedback for note in (turn.feedback.landed, turn.feedback.fix) if note
    )
    return dialogs((one.id for note in notes for one in note.citations), passages)


def mind(now: Mind, stance: Stance) -> str:
    """The five numbers as bars under the stance in words, folded."""
    bars = join(
        fill(GAUGE, gauge=gauge, name=gauge.capitalize(), value=f"{getattr(now, gauge):.0f}") for gauge in GAUGES
    )
    return render(fill(MIND, stance=STANCES[stance], bars=bars))
