"""Reading persona and scenario files: every fault with its line, field and fix."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from bot.errors import UserError
from bot.persona import Persona, Scenario

LARGEST = 1_000_000
Model = TypeVar("Model", bound=BaseModel)


class PlainLoader(yaml.CSafeLoader):
    """The safe loader, to which yes, no, on and off are words: a buyer's lines are full of them."""


PlainLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if tag != "tag:yaml.org,2002:bool" or first in "tTfF"]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


@dataclass(frozen=True)
class Fault:
    """One thing wrong in a file: where, what, and what to do."""

    file: str
    line: int
    field: str
    fix: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.field}: {self.fix}"


def check_file(path: Path, model: type[Model]) -> tuple[Model | None, list[Fault]]:
    """The model a file holds, or the faults that keep it from being one."""
    try:
        if path.stat().st_size > LARGEST:
            return None, [Fault(path.name, 1, "file", f"is larger than {LARGEST:,} bytes; shorten it")]
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None, [Fault(path.name, 1, "file", "is not UTF-8 text; save it as UTF-8")]
    except OSError as error:
        return None, [Fault(path.name, 1, "file", f"cannot be read ({error.strerror}); check the path")]
    return check_text(text, path.name, model)


def check_text(text: str, name: str, model: type[Model]) -> tuple[Model | None, list[Fault]]:
    """The model a text holds, or its faults in the order of the lines."""
    tree, faults = _compose(text, name)
    if tree is None:
        return None, faults
    lines, faults = _lines(tree, name)
    if faults:
        return None, faults
    data: Any = yaml.load(text, Loader=PlainLoader)
    if not isinstance(data, dict):
        return None, [Fault(name, 1, "file", "must be a mapping of fields; start with `id: …`")]
    try:
        return model.model_validate(data), []
    except ValidationError as error:
        found = [_fault(problem, name, lines, model) for problem in error.errors()]
        return None, sorted(found, key=lambda fault: (fault.line, fault.field))


def _compose(text: str, name: str) -> tuple[yaml.Node | None, list[Fault]]:
    try:
        for token in yaml.scan(text, Loader=PlainLoader):
            # An anchor and a few aliases can unfold into gigabytes; nobody needs them for a person.
            if isinstance(token, (yaml.AnchorToken, yaml.AliasToken, yaml.TagToken)):
                line = token.start_mark.line + 1
                return None, [
                    Fault(name, line, "file", "anchors (&), aliases (*) and tags (!) are not taken; write it out")
                ]
        node = yaml.compose(text, Loader=PlainLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        what = error.problem or "is no YAML"
        return None, [Fault(name, line, "YAML", f"{what}; check indentation, and quote text that holds a colon")]
    except yaml.YAMLError as error:
        return None, [Fault(name, 1, "YAML", f"{str(error).splitlines()[0]}; write plain text")]
    except RecursionError:
        return None, [Fault(name, 1, "file", "is nested too deeply; flatten it")]
    if node is None:
        return None, [Fault(name, 1, "file", "is empty; `inertia personas new` makes one to fill in")]
    return node, []


def _lines(node: yaml.Node, name: str) -> tuple[dict[tuple[str | int, ...], int], list[Fault]]:
    """The line of every field by its path, and a fault for each field that stands twice."""
    lines: dict[tuple[str | int, ...], int] = {}
    faults: list[Fault] = []
    todo: list[tuple[tuple[str | int, ...], yaml.Node]] = [((), node)]
    while todo:
        path, here = todo.pop()
        lines.setdefault(path, here.start_mark.line + 1)
        if isinstance(here, yaml.MappingNode):
            for key, value in here.value:
                child = (*path, str(key.value))
                if child in lines:
                    faults.append(Fault(name, key.start_mark.line + 1, _dotted(child), "stands twice; keep one"))
                lines[child] = key.start_mark.line + 1
                todo.append((child, value))
        elif isinstance(here, yaml.SequenceNode):
            todo += [((*path, number), value) for number, value in enumerate(here.value)]
    return lines, faults


def _dotted(path: Sequence[str | int]) -> str:
    return ".".join(str(part) for part in path) or "file"


def _fault(problem: Any, name: str, lines: dict[tuple[str | int, ...], int], model: type[BaseModel]) -> Fault:
    path = tuple(part for part in problem["loc"] if part != "[key]")
    known = path
    while known and known not in lines:
        known = known[:-1]
    return Fault(name, lines.get(known, 1), _dotted(path), _fix(problem, path, model))


def _fix(problem: Any, path: Sequence[str | int], model: type[BaseModel]) -> str:
    kind, given, context = problem["type"], problem.get("input"), problem.get("ctx", {})
    shown = repr(given)[:60] if isinstance(given, (str, int, float, bool)) else None
    if kind == "missing":
        return "is missing; add it"
    if kind == "extra_forbidden":
        near = difflib.get_close_matches(str(path[-1]), _field_names(model), 1)
        return f"is no field here; {f'did you mean {near[0]}?' if near else 'take it out'}"
    if kind in ("literal_error", "enum"):
        return f"{shown} is not one of: {context.get('expected', '')}; take one of those"
    if kind in ("greater_than_equal", "less_than_equal"):
        bound = context.get("ge", context.get("le"))
        word = "at least" if "ge" in context else "at most"
        return f"{shown} is out of range; it must be {word} {bound:g}"
    if kind == "string_pattern_mismatch":
        return f"{shown} is no id; use small letters, digits and hyphens, as in night-shift"
    if kind == "too_short":
        return f"needs at least {context['min_length']}; add more"
    if kind in ("string_type", "tuple_type", "dict_type", "model_type", "float_parsing", "int_parsing", "float_type"):
        wanted = {
            "string_type": "text",
            "tuple_type": "a list (lines that start with `- `)",
            "dict_type": "fields with values",
            "model_type": "fields with values",
        }
        return f"must be {wanted.get(kind, 'a number')}{f', not {shown}' if shown else ''}"
    return f"{str(problem['msg']).removeprefix('Value error, ')}{f' (it is {shown})' if shown else ''}"


def _field_names(model: type[BaseModel]) -> list[str]:
    names: set[str] = set()
    todo: list[dict[str, Any]] = [model.model_json_schema()]
    while todo:
        schema = todo.pop()
        names.update(schema.get("properties", {}))
        todo += list(schema.get("$defs", {}).values())
    return sorted(names)


def shipped(folder: str) -> Path:
    """A folder of the prompts package."""
    return Path(str(files("prompts").joinpath(folder)))


def persona_paths(own: Path) -> dict[str, Path]:
    """Every persona file by its id; a trainer's own come after those that ship and may not shadow them."""
    found: dict[str, Path] = {}
    for folder in (shipped("personas"), own):
        if folder.is_dir():
            for path in sorted(folder.glob("*.yaml")):
                # A link that leads out of the folder is somebody else's file.
                if path.resolve().is_relative_to(folder.resolve()):
                    found.setdefault(path.stem, path)
    return found


def load_persona(name: str, own: Path) -> Persona:
    """The persona of that id; UserError with every fault, or with the ids there are."""
    paths = persona_paths(own)
    if name not in paths:
        where = (
            f"put the file into {own} and name it by its id"
            if "/" in name or name.endswith(".yaml")
            else f"there are: {', '.join(paths)}"
        )
        raise UserError(f"persona {name[:80]!r}: no such id; {where}")
    persona, faults = check_file(paths[name], Persona)
    if persona is None:
        raise UserError("\n".join(str(fault) for fault in faults))
    if persona.id != name:
        raise UserError(
            f"{paths[name].name}:1: id: is {persona.id!r} but the file is called {name}; make them the same"
        )
    return persona


def load_scenario(persona: Persona, own: Path) -> Scenario:
    """The persona's scenario; a plain one made from its own card where there is none on file."""
    for folder in (shipped("scenarios"), own / "scenarios"):
        for path in sorted(folder.glob("*.yaml")) if folder.is_dir() else []:
            scenario, faults = check_file(path, Scenario)
            if scenario is None:
                raise UserError("\n".join(str(fault) for fault in faults))
            if scenario.persona == persona.id:
                return scenario
    return Scenario(
        id=f"{persona.id}-first-call",
        persona=persona.id,
        title=f"A first call with {persona.first_name}",
        journey_phase=persona.journey_phase,
        difficulty=persona.difficulty,
        how_it_came_about=f"You ring {persona.name}, {persona.role} at {persona.company}. They do not expect you.",
        rep_is=f"You sell to people in {persona.industry}.",
        rep_offers="what your own company offers",
        good_ending=persona.agrees_to.step,
    )
