"""A run's report: a table for the terminal, one HTML page to look at, and the table of docs/evals.md."""

from __future__ import annotations

import html
import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from evals.play import Played
from evals.run import Report
from evals.scoring import Figure, terminal

START, END = "<!-- table: made by `inertia eval` -->", "<!-- end of table -->"
STYLE = """
:root{color-scheme:light dark;--line:#8884;--short:#b3261e}
body{font:16px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse;width:100%}td,th{padding:.3rem .6rem;border-bottom:1px solid var(--line);text-align:left}
td.n{text-align:right;font-variant-numeric:tabular-nums}.short{color:var(--short);font-weight:600}
details{margin:.5rem 0}summary{cursor:pointer}.who{opacity:.7;display:inline-block;min-width:5rem}
.turn{margin:.4rem 0;padding:.3rem .6rem;border-left:3px solid var(--line)}.turn:target{border-color:var(--short)}
.plot{width:100%;overflow-x:auto}
"""


def text_of(figure: Figure) -> str:
    """A figure's value with its interval."""
    if figure.value is None:
        return "unscored"
    shown = f"{figure.value:.3f}" if abs(figure.value) < 100 else f"{figure.value:,.0f}"
    return shown if figure.low is None or figure.high is None else f"{shown} [{figure.low:.3f}, {figure.high:.3f}]"


def reach_of(figure: Figure) -> str:
    """What it should come to, and whether it does."""
    if figure.reach is None:
        return figure.note
    sign = "≥" if figure.reach.way == "at least" else "≤"
    return f"{sign} {figure.reach.value:g}{'' if figure.holds else ' SHORT'}"


def table(report: Report) -> str:
    """The figures as Markdown, and what crashed or failed."""
    lines = ["| scorer | figure | value [95 %] | n | unscored | reach |", "|---|---|---|---|---|---|"]
    lines += [
        f"| {f.scorer} | {f.name} | {text_of(f)} | {f.n:,} | {f.unscored} | {reach_of(f)} |" for f in report.figures
    ]
    lines += [f"\nCRASHED {name}: {why}" for name, why in report.crashed.items()]
    lines += [f"\nFAILED {one}" for one in report.failed]
    return "\n".join(lines)


def differences(report: Report, other: Path) -> list[str]:
    """Each figure against another run's, where both have it."""
    before: dict[tuple[str, str], Any] = {
        (one["scorer"], one["name"]): one["value"] for one in json.loads(other.read_text(encoding="utf-8"))["figures"]
    }
    lines: list[str] = []
    for figure in report.figures:
        was = before.get((figure.scorer, figure.name))
        if was is not None and figure.value is not None:
            moved = figure.value - was
            lines.append(f"{figure.scorer}: {figure.name}: {was:.3f} -> {figure.value:.3f} ({moved:+.3f})")
    return lines


def page(report: Report, played: Sequence[Played], path: Path) -> None:
    """Write the page: table, distributions, mind lines by policy, the worst turns with links to their transcripts."""
    import plotly.graph_objects as go

    by_policy: dict[str, list[Played]] = defaultdict(list)
    for one in played:
        if one.spec.purpose == "main" and one.spec.change in ("none", "model"):
            by_policy[one.spec.policy].append(one)
    ends: Any = go.Figure(
        [go.Box(y=[terminal(one) for one in rows], name=name, boxpoints="all") for name, rows in by_policy.items()]
    )
    ends.update_layout(title="Where the calls ended, by policy", yaxis_title="terminal state, 0 to 5", showlegend=False)
    figures: list[Any] = [ends]
    for gauge in ("tension", "inertia", "trust"):
        lines: Any = go.Figure()
        for name, rows in by_policy.items():
            longest = max((len(one.session.turns) for one in rows), default=0)
            means: list[float] = []
            for turn in range(longest):
                values = [getattr(o.session.turns[turn].mind, gauge) for o in rows if turn < len(o.session.turns)]
                means.append(sum(values) / len(values))
            lines.add_scatter(x=list(range(1, longest + 1)), y=means, name=name, mode="lines")
        lines.update_layout(title=f"Mean {gauge} by turn and policy", xaxis_title="turn", yaxis_range=[0, 100])
        figures.append(lines)
    plots = "".join(
        f'<div class="plot">{one.to_html(full_html=False, include_plotlyjs="inline" if n == 0 else False)}</div>'
        for n, one in enumerate(figures)
    )
    linked = {worst.session for rows in report.worst.values() for worst in rows}
    path.write_text(
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<title>Inertia evals</title><style>{STYLE}</style><h1>Inertia evals</h1>"
        f"<p>{report.sessions:,} sessions in {report.seconds:.0f} s.</p>{_problems(report)}{_rows(report)}{plots}"
        f"{_worst(report)}<h2>Transcripts</h2>{''.join(_transcript(o) for o in played if o.spec.id in linked)}</html>",
        encoding="utf-8",
    )


def _problems(report: Report) -> str:
    lines = [f"{name} crashed: {why}" for name, why in report.crashed.items()] + report.failed
    return "".join(f'<p class="short">{html.escape(line)}</p>' for line in lines)


def _rows(report: Report) -> str:
    rows = "".join(
        f"<tr{' class=short' if f.holds is False else ''}><td>{html.escape(f.scorer)}<td>{html.escape(f.name)}"
        f"<td class=n>{html.escape(text_of(f))}<td class=n>{f.n:,}<td class=n>{f.unscored}"
        f"<td>{html.escape(reach_of(f))}"
        for f in report.figures
    )
    return f"<table><tr><th>scorer<th>figure<th>value [95 %]<th>n<th>unscored<th>reach</tr>{rows}</table>"


def _worst(report: Report) -> str:
    parts: list[str] = []
    for name, rows in report.worst.items():
        if rows:
            items = "".join(
                f'<li><a href="#{html.escape(w.session)}-{w.turn}">{html.escape(w.session)}, turn {w.turn}</a>: '
                f"{html.escape(w.what)}"
                for w in rows
            )
            parts.append(f"<details><summary>Worst of {html.escape(name)}</summary><ol>{items}</ol></details>")
    return "<h2>Worst turns</h2>" + "".join(parts)


def _transcript(one: Played) -> str:
    turns = "".join(
        f'<div class=turn id="{html.escape(one.spec.id)}-{t.number}"><span class=who>Rep</span>{html.escape(t.rep)}<br>'
        f"<span class=who>Buyer</span>{html.escape(t.prospect)} <small>({t.stance}, {t.talk})</small></div>"
        for t in one.session.turns
    )
    name = html.escape(one.spec.id)
    return f'<details id="{name}-0"><summary>{name}: {one.session.outcome}</summary>{turns}</details>'


def into_docs(report: Report, path: Path, how: str) -> None:
    """Put the table as printed into docs/evals.md, between its marks."""
    text = path.read_text(encoding="utf-8")
    head, tail = text.split(START)[0], text.split(END)[1]
    made = f"{report.sessions:,} sessions, {report.seconds:.0f} s, `{how}`"
    path.write_text(f"{head}{START}\n{made}\n\n{table(report)}\n{END}{tail}", encoding="utf-8")
