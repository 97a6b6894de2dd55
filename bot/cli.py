"""`inertia`: the command."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.errors import Failure, UserError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="A sparring partner for people who sell.",
)
personas_app = typer.Typer(no_args_is_help=True, help="The buyers on file.")
knowledge_app = typer.Typer(no_args_is_help=True, help="The guides and the index over them.")
models_app = typer.Typer(no_args_is_help=True, help="The models that speak, coach and read.")
app.add_typer(personas_app, name="personas")
app.add_typer(knowledge_app, name="knowledge")
app.add_typer(models_app, name="models")

AsJson = Annotated[bool, typer.Option("--json", help="One JSON document instead of text.")]


def main() -> None:
    """Run the command; an error that the user can fix is one line and exit status 2, anything else exit status 1."""
    logging.basicConfig(level=logging.ERROR, format="%(levelname)s %(name)s: %(message)s")
    with fixable():
        app()


@contextmanager
def fixable() -> Generator[None]:
    """Say in one line what the user can fix (status 2) or what failed (status 1)."""
    from knowledge.errors import KnowledgeError

    try:
        yield
    except (UserError, KnowledgeError) as error:
        sys.stderr.write(f"inertia: {error}\n")
        raise SystemExit(2) from error
    except Failure as error:
        sys.stderr.write(f"inertia: {error}\n")
        raise SystemExit(1) from error
    except BrokenPipeError as error:
        raise SystemExit(1) from error


def show(document: object) -> None:
    """Print one JSON document."""
    sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=1) + "\n")


def line(text: str = "") -> None:
    """Print a line for a person."""
    sys.stdout.write(text + "\n")


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.", min=0, max=65535)] = 7860,
) -> None:
    """Serve the web page."""
    from bot.build import build
    from ui.app import serve as serve_page

    serve_page(build(), host, port)


@app.command()
def practise(
    persona: Annotated[str | None, typer.Argument(help="Id of a persona; asked for when left out.")] = None,
    seed: Annotated[int | None, typer.Option(help="The same seed and messages give the same session.")] = None,
    depth: Annotated[str, typer.Option(help="brief, standard or deep feedback.")] = "standard",
    assessed: Annotated[bool, typer.Option(help="No feedback until the end.")] = False,
) -> None:
    """Practise in the terminal."""
    from bot.build import build
    from bot.terminal import practise as in_terminal

    in_terminal(build(), persona, seed, _depth(depth), assessed)


@app.command()
def play(
    persona: Annotated[str, typer.Option(help="Id of a persona.")],
    script: Annotated[Path, typer.Option(help="One rep message a line, JSON strings or plain text.")],
    seed: Annotated[int, typer.Option(help="Every random choice comes from it.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Play a scripted rep against a persona; nothing is stored."""
    from bot.build import build
    from bot.session import session_json
    from bot.terminal import print_turn
    from bot.turn import play_turn

    messages = read_script(script)
    trainer = build(stored=False)
    session = trainer.start(persona, seed=seed)
    for message in messages:
        if session.is_over:
            break
        session = play_turn(trainer, session, message)
        if not as_json:
            print_turn(trainer, session, session.turns[-1])
    if as_json:
        show(session_json(session))
    else:
        line(f"outcome: {session.outcome}")


def read_script(path: Path) -> list[str]:
    """The messages of a script; UserError when it cannot be read or holds a broken JSON string."""
    messages: list[str] = []
    for raw in _read_text(path).splitlines():
        if raw.startswith('"') and raw.rstrip().endswith('"') and len(raw.strip()) > 1:
            try:
                value = json.loads(raw)
            except ValueError:
                # A spoken line may start and end in quotation marks and be no JSON at all.
                value = raw
            messages.append(str(value))
        elif raw.strip() or messages:
            messages.append(raw)
    while messages and not messages[-1].strip():
        messages.pop()
    if not messages:
        raise UserError(f"{path}: holds no message; write one a line")
    return messages


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: is not UTF-8 text; save it as UTF-8") from error
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}); check the path") from error


@app.command()
def assess(
    file: Annotated[Path | None, typer.Argument(help="JSON objects a line; standard input when left out.")] = None,
) -> None:
    """Read rep messages: one JSON object a line in, one a line out."""
    from bot.assessing import assess_line
    from bot.build import build

    trainer = build(stored=False)
    lines = _read_text(file).splitlines() if file and str(file) != "-" else sys.stdin
    for number, raw in enumerate(lines, 1):
        if raw.strip():
            sys.stdout.write(json.dumps(assess_line(trainer, raw, number), ensure_ascii=False) + "\n")


def _depth(value: str) -> Any:
    if value not in ("brief", "standard", "deep"):
        raise UserError(f"--depth {value!r}: is none of brief, standard, deep")
    return value


def _reps(value: str) -> Any:
    if value not in ("drafted", "model"):
        raise UserError(f"--reps {value!r}: is none of drafted, model")
    return value


@app.command("eval")
def eval_(
    full: Annotated[bool, typer.Option("--full", help="More seeds, and what is lost without each part.")] = False,
    only: Annotated[list[str] | None, typer.Option(help="A scorer; may be given again.")] = None,
    persona: Annotated[list[str] | None, typer.Option(help="A buyer; may be given again.")] = None,
    policy: Annotated[list[str] | None, typer.Option(help="A simulated rep; may be given again.")] = None,
    model: Annotated[bool, typer.Option("--model", help="With the configured model instead of drafts.")] = False,
    reps: Annotated[str, typer.Option(help="drafted, or model: a model plays the policies.")] = "drafted",
    compare: Annotated[Path | None, typer.Option(help="Folder of an earlier run.")] = None,
    gate: Annotated[Path | None, typer.Option(help="What the figures have to come to; exit status 1 if not.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the last run of the same sessions.")] = False,
    docs: Annotated[Path | None, typer.Option(help="A page between whose marks the table is put.")] = None,
    as_json: AsJson = False,
) -> None:
    """Score how the bot behaves, with simulated reps."""
    try:
        from evals.command import evaluate
        from evals.run import Asked
    except ImportError as error:
        raise UserError(f"the evals need {error.name}; install inertia[evals]") from error

    chosen = tuple(only or ()), tuple(persona or ()), tuple(policy or ())
    asked = Asked(full, *chosen, model, reps=_reps(reps))
    status = evaluate(asked, compare=compare, gate_file=gate, resume=resume, as_json=as_json, docs=docs)
    if status:
        raise typer.Exit(status)


@personas_app.command("list")
def personas_list(as_json: AsJson = False) -> None:
    """Who can be practised on."""
    from bot.build import build

    trainer = build(stored=False)
    buyers = [trainer.persona(name) for name in trainer.persona_ids()]
    if as_json:
        show(
            [
                {
                    "id": b.id,
                    "name": b.name,
                    "role": b.role,
                    "company": b.company,
                    "industry": b.industry,
                    "difficulty": b.difficulty,
                    "journey_phase": b.journey_phase,
                    "practise": b.practise,
                }
                for b in buyers
            ]
        )
        return
    for b in buyers:
        line(f"{b.id:22} {b.difficulty:7} {b.journey_phase:10} {b.name}, {b.role}, {b.company}")


@personas_app.command("show")
def personas_show(persona: str, as_json: AsJson = False) -> None:
    """What a rep can know before the call (the whole file with --json)."""
    from bot.build import build

    trainer = build(stored=False)
    buyer, scenario = trainer.persona(persona), trainer.scenario(persona)
    if as_json:
        show({"persona": buyer.model_dump(mode="json"), "scenario": scenario.model_dump(mode="json")})
        return
    line(f"{buyer.name}, {buyer.role}, {buyer.company} ({buyer.industry}; {buyer.difficulty})")
    line(f"{buyer.card}\n\n{scenario.title}: {scenario.how_it_came_about}")
    line(f"You: {scenario.rep_is}\nYou offer: {scenario.rep_offers}\nA good ending: {scenario.good_ending}\n")
    for item in buyer.brief:
        line(f"- {item.text} [{item.found}]")


@personas_app.command("check")
def personas_check(files: list[Path], as_json: AsJson = False) -> None:
    """Check persona or scenario files: every fault with line, field and fix; exit status 1 when there is one."""
    from bot.persona import Persona, Scenario
    from bot.persona_file import Fault, check_file

    found: list[Fault] = []
    for path in files:
        model = Scenario if path.parent.name == "scenarios" else Persona
        found += check_file(path, model)[1]
    if as_json:
        show([{"file": f.file, "line": f.line, "field": f.field, "fix": f.fix} for f in found])
    else:
        for fault in found:
            line(str(fault))
        if not found:
            line(f"{len(files)} file{'s' * (len(files) != 1)}, no fault")
    if found:
        raise typer.Exit(1)


@personas_app.command("new")
def personas_new(
    name: Annotated[str, typer.Argument(help="Id of the new persona.")] = "my-buyer",
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON Schema for editors instead.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write a persona file to fill in, and say where it lies."""
    from bot.persona import Persona
    from bot.persona_new import write_new
    from bot.settings import Settings

    if schema:
        show(Persona.model_json_schema())
        return
    path = write_new(name, Settings().own_personas)
    if as_json:
        show({"id": name, "file": str(path)})
    else:
        line(str(path))


@knowledge_app.command("build")
def knowledge_build(as_json: AsJson = False) -> None:
    """Build the index anew where it is missing, damaged or out of date."""
    from bot.build import build

    index = build(stored=False).index
    if as_json:
        show({"entries": len(index.entries), "rebuilt": index.rebuilt, "stale": index.stale})
    else:
        line(f"{len(index.entries)} passages; {f'built: {index.rebuilt}' if index.rebuilt else 'already up to date'}")


@knowledge_app.command("search")
def knowledge_search(query: str, k: Annotated[int, typer.Option(min=1, max=50)] = 3, as_json: AsJson = False) -> None:
    """Search guides and added articles by meaning and words."""
    from bot.build import build
    from knowledge.search import search

    hits = search(build(stored=False).index, query, k=k)
    if as_json:
        show([{"id": h.id, "source": h.source, "title": h.title, "text": h.text, "score": h.score} for h in hits])
        return
    for hit in hits:
        line(f"{hit.score:.2f}  {hit.id}  {hit.title}\n{hit.text}\n")


@knowledge_app.command("add")
def knowledge_add(paths: list[Path], as_json: AsJson = False) -> None:
    """Index whole articles (txt, md, html, pdf; files or folders) as further sources."""
    from bot.build import build
    from knowledge.ingest import add_articles

    trainer = build(stored=False)
    addition = add_articles(trainer.settings.knowledge_folder / "added", paths)
    index = trainer.index
    if as_json:
        added = [{"source": s.source, "title": s.title, "passages": len(s.chunks)} for s in addition.sources]
        show({"sources": added, "refused": list(addition.refused), "entries": len(index.entries)})
    else:
        for source in addition.sources:
            line(f"{source.source}: {source.title} ({len(source.chunks)} passages)")
    for refused in addition.refused:
        sys.stderr.write(f"inertia: {refused}\n")
    if addition.refused and not addition.sources:
        raise typer.Exit(2)


@models_app.command("check")
def models_check(as_json: AsJson = False) -> None:
    """Which models, embedder, index and store are in use, and whether each answers; exit status 1 when one does not."""
    from bot.build import build
    from bot.models_check import check, checked_json, describe, holds

    found = check(build())
    if as_json:
        show(checked_json(found))
    else:
        for one in found:
            line(f"{one.part:9} {describe(one)}")
    if not holds(found):
        raise typer.Exit(1)


if __name__ == "__main__":
    main()
