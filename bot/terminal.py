"""The same session in the terminal."""

from __future__ import annotations

import time

from rich.console import Console
from rich.markup import escape

from bot.build import Trainer
from bot.debrief import Debrief, debrief
from bot.errors import Failure, UserError
from bot.models_check import coach_signs, line_signs, speaking, spent_on, told
from bot.session import Depth, Feedback, Note, Session, Turn
from bot.turn import Done, TakenBack, Word, run_turn

WORD_S = 0.02
HELP = "Say something and press Enter. /brief shows the brief again, /mind the buyer's mind, /end ends the call."


def practise(trainer: Trainer, persona: str | None, seed: int | None, depth: Depth, assessed: bool) -> None:
    """One session at the prompt, to its end or until the rep ends it."""
    console = Console(highlight=False)
    name = persona or _choose(trainer, console)
    session = trainer.start(name, seed=seed, depth=depth, assessed=assessed)
    print_brief(trainer, session, console)
    console.print(f"[dim]{HELP} Speaking: {escape(speaking(trainer))}. Session {session.id}.[/dim]\n")
    console.print(f"[bold]{escape(trainer.persona(name).first_name)}[/bold]  {escape(trainer.persona(name).picks_up)}")
    while not session.is_over:
        try:
            message = console.input("[bold cyan]You[/bold cyan]  ")
        except (EOFError, KeyboardInterrupt):
            break
        session = _heed(trainer, session, message, console)
    session = trainer.close(session)
    print_debrief(debrief(trainer, session), session, console)


def _heed(trainer: Trainer, session: Session, message: str, console: Console) -> Session:
    if message.strip() == "/end":
        return trainer.close(session)
    if message.strip() == "/brief":
        print_brief(trainer, session, console)
        return session
    if message.strip() == "/mind":
        console.print("  ".join(f"{k} {v:.0f}" for k, v in session.mind.model_dump().items()), style="dim")
        return session
    if not message.strip():
        console.print("Write something first, or /end.", style="dim")
        return session
    try:
        return _speak(trainer, session, message, console)
    except (UserError, Failure) as error:
        console.print(escape(str(error)), style="red")
        return session


def _speak(trainer: Trainer, session: Session, message: str, console: Console) -> Session:
    console.print(f"[bold]{escape(trainer.persona(session.persona).first_name)}[/bold]  ", end="")
    spoken = ""
    for event in run_turn(trainer, session, message):
        if isinstance(event, Word):
            console.print(escape(event.text), end="", soft_wrap=True)
            spoken += event.text
            time.sleep(WORD_S if console.is_terminal else 0)
        elif isinstance(event, TakenBack) and event.kept != spoken:
            # What is printed cannot be unsaid, but it can be broken off.
            console.print(" –" if event.kept else " – ", end="")
            spoken = event.kept
        elif isinstance(event, Done):
            session = event.session
    console.print()
    turn = session.turns[-1]
    if not session.assessed:
        print_feedback(turn, session.depth, console)
    print_signs(turn, console, is_assessed=session.assessed)
    return session


def _choose(trainer: Trainer, console: Console) -> str:
    names = trainer.persona_ids()
    for number, name in enumerate(names, 1):
        buyer = trainer.persona(name)
        who = f"[bold]{escape(buyer.name)}[/bold], {escape(buyer.role)} ({buyer.difficulty})"
        console.print(f"{number}. {who}. {escape(buyer.practise)}")
    while True:
        try:
            answer = console.input(f"Whom do you call? 1 to {len(names)}: ").strip()
        except (EOFError, KeyboardInterrupt):
            raise UserError("no buyer chosen; name one, as in `inertia practise " + names[0] + "`") from None
        if answer in names:
            return answer
        if answer.isdigit() and 1 <= int(answer) <= len(names):
            return names[int(answer) - 1]


def print_brief(trainer: Trainer, session: Session, console: Console) -> None:
    """What the rep can know before the call."""
    buyer, scenario = trainer.persona(session.persona), trainer.scenario(session.persona)
    console.print(f"\n[bold]{escape(buyer.name)}[/bold], {escape(buyer.role)}, {escape(buyer.company)}")
    console.print(escape(scenario.how_it_came_about))
    console.print(escape(f"You: {scenario.rep_is}\nYou offer: {scenario.rep_offers}"))
    for item in buyer.brief:
        console.print(f"- {escape(item.text)} [dim]({escape(item.found)})[/dim]")


def print_turn(trainer: Trainer, session: Session, turn: Turn, console: Console | None = None) -> None:
    """One turn as text: both lines, the stance, the feedback."""
    console = console or Console(highlight=False)
    console.print(f"[bold]Rep.[/bold] {escape(turn.rep)}")
    marks = ", ".join(filter(None, (str(turn.stance), turn.talk, "objection" if turn.objection else "")))
    console.print(
        f"[bold]{escape(trainer.persona(session.persona).first_name)}[/bold] ({marks}). {escape(turn.prospect)}"
    )
    print_feedback(turn, session.depth, console)
    print_signs(turn, console)


def print_signs(turn: Turn, console: Console, *, is_assessed: bool = False) -> None:
    """What models did in the turn, in one line; in an assessed run only what became of the buyer's words."""
    signs = [*line_signs(turn), *([] if is_assessed else coach_signs(turn))]
    if signs:
        console.print(escape(f"  {' '.join(signs)}\n"), style="dim")


def print_feedback(turn: Turn, depth: Depth, console: Console) -> None:
    """The coach's words after a turn."""
    feedback = turn.feedback
    if feedback is None:
        return
    for text in feedback_lines(feedback, depth):
        console.print(f"  [dim]>[/dim] {escape(text)}")
    if depth == "deep":
        for change in turn.changes:
            console.print(escape(f"    {change.gauge} {change.amount:+.1f}: {change.why}"), style="dim")
    console.print()


def feedback_lines(feedback: Feedback, depth: Depth) -> list[str]:
    """The feedback as lines of text, by depth."""
    lines = [f"Landed. {_cited(feedback.landed)}"] if feedback.landed else []
    lines += [f"Fix. {_cited(feedback.fix)}"] if feedback.fix else []
    lines += [feedback.remark] if feedback.remark else []
    if feedback.rewrite and (feedback.is_mending or depth == "deep"):
        lines.append(f"{'Say' if feedback.is_mending else 'Or go on with'}. {feedback.rewrite}")
    lines += [feedback.notice] if feedback.notice else []
    return lines if depth == "brief" else [*lines, f"Next. {feedback.next_question}"]


def _cited(note: Note) -> str:
    ids = ", ".join(citation.id for citation in note.citations)
    return f"{note.what} [{ids}]" if ids else note.what


def print_debrief(shown: Debrief, session: Session, console: Console) -> None:
    """The debrief as text."""
    console.print(f"\n[bold]{escape(shown.headline)}[/bold]")
    if shown.turning_point:
        console.print(escape(shown.turning_point))
    for objection in shown.objections:
        console.print(escape(f"- Objection at turn {objection.turn} ({objection.kind}): “{objection.quote}”"))
    for item in shown.earned:
        console.print(escape(f"+ {item.what} ({item.layer}, turn {item.turn})"))
    for item in shown.missed:
        console.print(escape(f"· missed: {item.what} ({item.layer}; {', '.join(item.unlocked_by)} would open it)"))
    for one in shown.principles:
        state = f"{len(one.showed)} shown, {len(one.broke)} broken" if one.evidenced else "not evidenced"
        console.print(escape(f"{one.title}: {state}"))
    for number, why in shown.unread:
        console.print(escape(f"Turn {number} could not be read: {why}."))
    if session.assessed:
        for turn in session.turns:
            console.print(f"Turn {turn.number}")
            print_feedback(turn, session.depth, console)
            print_signs(turn, console)
    calls = [call for turn in session.turns for call in turn.calls]
    if calls:
        console.print(f"This session: {told(spent_on(calls))}.", style="dim")
