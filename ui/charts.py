"""The picture of the debrief: the line of the buyer's mind over the turns, with the rep's moves on it."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from bot.debrief import Point
from bot.moves import ADVANCING, COSTLY, Code
from ui.html import move_name

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

# Middle tones that are seen on both grounds; text takes its colour from the stylesheet.
LINES = {"inertia": "#8b7355", "tension": "#c2410c", "trust": "#3b7dc4"}
DASHES = {"inertia": "dot", "tension": "solid", "trust": "dash"}
ADVANCED, COST, GRID = "#0f8f83", "#d0453b", "rgba(128,128,128,0.25)"
HEIGHT_PX = 440


def mind_line(points: Sequence[Point]) -> Figure:
    """Inertia, tension and trust (0 to 100) by turn; on the tension line a mark for each turn's moves, named below."""
    from plotly import graph_objects

    figure: Any = graph_objects.Figure()
    turns = [point.turn for point in points]
    for gauge, colour in LINES.items():
        values = [round(getattr(point.mind, gauge), 1) for point in points]
        figure.add_scatter(
            x=turns,
            y=values,
            name=gauge.capitalize(),
            mode="lines",
            line={"color": colour, "width": 2.5, "dash": DASHES[gauge]},
            hovertemplate=f"{gauge} %{{y:.0f}}<extra></extra>",
        )
    _mark(
        figure,
        [point for point in points if _is(point, ADVANCING) and not _is(point, COSTLY)],
        "Moves that advance",
        "circle",
        ADVANCED,
    )
    _mark(figure, [point for point in points if _is(point, COSTLY)], "Moves that cost", "x", COST)
    figure.update_layout(**_layout(points))
    return figure


def _is(point: Point, codes: frozenset[Code]) -> bool:
    return any(code in codes for code in point.moves)


def _mark(figure: Any, points: Sequence[Point], name: str, symbol: str, colour: str) -> None:
    if not points:
        return
    figure.add_scatter(
        x=[point.turn for point in points],
        y=[round(point.mind.tension, 1) for point in points],
        name=name,
        mode="markers",
        marker={"symbol": symbol, "size": 12, "color": colour},
        hovertext=[_hover(point) for point in points],
        hoverinfo="text",
        cliponaxis=False,
    )


def _label(point: Point) -> str:
    """A turn's number and its first move, a costly one before the others, in words."""
    if not point.moves:
        return str(point.turn) if point.turn else "start"
    shown = next((code for code in point.moves if code in COSTLY), point.moves[0])
    more = f" +{len(point.moves) - 1}" if len(point.moves) > 1 else ""
    # Plotly reads a little markup in its texts.
    return html.escape(f"{point.turn}  {move_name(shown)}{more}")


def _hover(point: Point) -> str:
    moves = ", ".join(move_name(code) for code in point.moves)
    objection = f"<br>objection: {html.escape(point.objection.replace('_', ' '))}" if point.objection else ""
    return f"turn {point.turn}: {html.escape(moves)}<br>{point.stance.value.replace('_', ' ')}{objection}"


def _layout(points: Sequence[Point]) -> dict[str, Any]:
    last = max((point.turn for point in points), default=0)
    # Beyond some thirty turns the labels would touch, so only every second, third … is named.
    named = [point for point in points if point.turn % (1 + last // 30) == 0]
    ticks = {
        "tickvals": [point.turn for point in named],
        "ticktext": [_label(point) for point in named],
        "tickangle": -45,
    }
    axis = {"gridcolor": GRID, "zeroline": False, "linecolor": GRID, "fixedrange": True}
    return {
        "height": HEIGHT_PX,
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": "system-ui, sans-serif", "size": 13, "color": "#777777"},
        "margin": {"l": 44, "r": 24, "t": 70, "b": 110},
        "legend": {"orientation": "h", "y": 1.04, "yanchor": "bottom", "x": 0},
        "xaxis": {**axis, **ticks, "range": [-0.3, max(last, 1) + 0.4]},
        "yaxis": {**axis, "range": [0, 105], "dtick": 25},
        "hovermode": "closest",
        "dragmode": False,
    }
