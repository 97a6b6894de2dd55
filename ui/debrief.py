"""The debrief: what the session showed."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from bot.debrief import Debrief, Item, Shown
from bot.persona import Persona
from bot.session import Objection, Session
from ui import practise
from ui.html import LAYERS, OUTCOMES, count, fill, join, moment, move_name, render
from ui.passages import Passages

HEAD = """
<header class="debrief-head">
  <p class="eyebrow">Debrief · {who} · {when}</p>
  <h1>{headline}</h1>
  <p class="outcome"><span class="mark outcome-{kind}">{outcome}</span><span>{turns}</span><span>{share}</span></p>
  {turning}
</header>"""

SECTION = '<section class="debrief-part {kind}"><h2>{title}</h2>{body}</section>'
LIST = '<ul class="plain-list">{}</ul>'
NONE = '<p class="none">{}</p>'
OBJECTION = (
    '<li><span class="turn-number">Turn {turn}</span> <b>{kind}</b>, provoked by {move}: <q dir="auto">{quote}</q></li>'
)
EARNED = '<li><span class="turn-number">Turn {turn}</span> <span class="kind">{layer}</span> {what}</li>'
MISSED = (
    '<li><span class="kind">{layer}</span> {what}<span class="found">Would have come out after: {moves}</span></li>'
)
PRINCIPLE = """
<li class="principle"><h3>{title}</h3><p class="asks">{asks}</p><div class="evidence">{showed}{broke}</div></li>"""
QUOTES = '<div class="quotes {kind}"><span class="quotes-name">{name}</span><ul>{quotes}</ul></div>'
QUOTE = '<li><q dir="auto">{}</q> <span class="turn-number">turn {}</span></li>'
MOST_QUOTES = 4


def head(debrief: Debrief, session: Session, persona: Persona) -> str:
    """Outcome and headline."""
    turning = fill('<p class="lead">{}</p>', debrief.turning_point) if debrief.turning_point else ""
    return render(
        fill(
            HEAD,
            who=persona.name,
            when=moment(session.started),
            headline=debrief.headline,
            kind=debrief.outcome,
            outcome=OUTCOMES[debrief.outcome],
            turns=count(len(session.turns), "turn"),
            share=f"{debrief.own_share:.0%} of the words were yours",
            turning=turning,
        )
    )


def body(debrief: Debrief, session: Session, persona: Persona, passages: Passages) -> str:
    """Everything below the picture."""
    parts = [
        _section("objections", "Objections, and the words that provoked them", _objections(debrief.objections)),
        fill('<div class="two">{}{}</div>', *_came_out(debrief)),
        _section(
            "principles",
            "The five principles",
            fill('<ul class="principles">{}</ul>', join(map(_principle, debrief.principles))),
        ),
    ]
    if debrief.unread:
        lines = join(
            fill('<li><span class="turn-number">Turn {}</span> {}</li>', turn, why) for turn, why in debrief.unread
        )
        parts.append(_section("unread", "Messages that could not be read", fill(LIST, lines)))
    parts.append(_section("next-practice", "What to practise next", _practise_next(debrief)))
    parts.append(_section("transcript", "The call, turn by turn", practise.turns(session, persona, passages)))
    return render(fill('<div class="debrief-body">{}</div>', join(parts)))


def _section(kind: str, title: str, inner: Markup) -> Markup:
    return fill(SECTION, kind=kind, title=title, body=inner)


def _objections(objections: Sequence[Objection]) -> Markup:
    if not objections:
        return fill(NONE, "None was provoked.")
    rows = (
        fill(OBJECTION, turn=o.turn, kind=o.kind.replace("_", " "), move=move_name(o.move), quote=o.quote)
        for o in objections
    )
    return fill(LIST, join(rows))


def _came_out(debrief: Debrief) -> tuple[Markup, Markup]:
    earned = join(fill(EARNED, turn=one.turn, layer=_layer(one), what=one.what) for one in debrief.earned)
    missed = join(
        fill(MISSED, layer=_layer(one), what=one.what, moves=" or ".join(move_name(code) for code in one.unlocked_by))
        for one in debrief.missed
    )
    return (
        _section(
            "earned",
            "What you earned",
            fill(LIST, earned) if earned else fill(NONE, "Nothing below the surface came out."),
        ),
        _section("missed", "What stayed hidden", fill(LIST, missed) if missed else fill(NONE, "Nothing.")),
    )


def _layer(one: Item) -> str:
    return LAYERS.get(one.layer, one.layer)


def _principle(one: Shown) -> Markup:
    if not one.evidenced:
        showed, broke = fill('<p class="none">Not evidenced.</p>'), Markup("")
    else:
        showed, broke = (
            _quotes("showed", "You showed it", one.showed),
            _quotes("broke", "You went against it", one.broke),
        )
    return fill(PRINCIPLE, title=one.title, asks=one.asks, showed=showed, broke=broke)


def _quotes(kind: str, name: str, quotes: Sequence[tuple[int, str]]) -> Markup:
    if not quotes:
        return Markup("")
    rows = [fill(QUOTE, quote, turn) for turn, quote in quotes[:MOST_QUOTES]]
    more = len(quotes) - len(rows)
    return fill(
        QUOTES, kind=kind, name=name, quotes=join([*rows, *([fill("<li>and {} more</li>", more)] if more else [])])
    )


def _practise_next(debrief: Debrief) -> Markup:
    one = next((shown for shown in debrief.principles if shown.source == debrief.practise_next), None)
    if one is None:
        return fill("<p>Nothing stands out. Take a harder buyer.</p>")
    return fill('<p class="lead"><b>{}.</b> {}</p>', one.title, one.asks)
