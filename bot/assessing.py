"""`inertia assess`: a line of JSON in, the reading of it out."""

from __future__ import annotations

import json

from pydantic import BaseModel, ConfigDict, ValidationError

from bot.assessor.reader import specificity
from bot.assessor.weigh import weigh
from bot.build import Trainer
from bot.errors import UserError
from bot.figures import NUMBER
from bot.heard import hear
from bot.session import moves_json


class Asked(BaseModel):
    """One line of input."""

    model_config = ConfigDict(extra="ignore")

    text: str
    prospect: str | None = None
    persona: str | None = None


def assess_line(trainer: Trainer, raw: str, number: int) -> dict[str, object]:
    """The reading of one JSON line; UserError names the line that is wrong."""
    try:
        asked = Asked.model_validate(json.loads(raw))
    except ValidationError as error:
        first = error.errors()[0]
        raise UserError(f"line {number}: {'.'.join(map(str, first['loc'])) or 'it'}: {first['msg'].lower()}") from error
    except ValueError as error:
        raise UserError(f'line {number}: is no JSON object; write {{"text": …}}') from error
    return assess(trainer, asked)


def assess(trainer: Trainer, asked: Asked) -> dict[str, object]:
    """Moves with quotes and confidence, and the specificity: against the persona's file where one is named."""
    reading = trainer.reader.read(asked.text, asked.prospect, pasted_from=trainer.pasted_from)
    contradicts: list[str] = []
    if asked.persona:
        theirs = [asked.prospect] if asked.prospect else []
        persona, ground = trainer.persona(asked.persona), trainer.ground(asked.persona)
        heard = hear(
            asked.text, persona, ground, trainer.embedder, trainer.vectors_of([]), theirs, trainer.known(asked.persona)
        )
        reading = weigh(reading, heard)
        contradicts = [one.quote for one in heard.contradictions]
    else:
        figures = len(NUMBER.findall(asked.text))
        share = specificity(reading, touched=0, figures=figures, echoes=False, names=0, relevance=0.5)
        reading = reading.model_copy(update={"specificity": share})
    return {
        "moves": moves_json(reading, asked.text),
        "specificity": reading.specificity,
        "kind": reading.kind,
        "unread": reading.unread,
        "contradicts": contradicts,
        "reader": reading.reader,
    }
