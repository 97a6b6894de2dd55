"""A model that plays a policy: told how such a rep sells, the public brief and the call so far, and nothing else."""

from __future__ import annotations

import re
import threading
from functools import cache
from pathlib import Path

import yaml

from bot.caller import Caller
from bot.calling import Message, Trouble
from bot.session import Call
from evals.policies.policy import Buyer, Rep
from prompts.templates import as_data, load

WAYS = Path(__file__).parent / "by_model.yaml"
# Asked for, and what is let pass: a message that the limit of tokens cut off is longer than that.
LONGEST_WORDS, MOST_CHARACTERS = 45, 500
LAST_LINES = 16
NAMED = re.compile(r"^(?:rep|seller|you|me)\s*:\s*", re.I)
# A model may go on and speak for the buyer.
FOR_THE_BUYER = re.compile(r"\n\s*(?:the )?(?:buyer|prospect)\b[^:\n]{0,20}:.*", re.I | re.S)


@cache
def ways() -> dict[str, str]:
    """How each policy talks and reacts, in a paragraph."""
    return yaml.safe_load(WAYS.read_text(encoding="utf-8"))


class ModelRep:
    """A rep whose words a model finds; where it gives none, the policy's own next message is said instead."""

    def __init__(self, drafted: Rep, buyer: Buyer, caller: Caller) -> None:
        self._drafted, self._buyer, self._caller = drafted, buyer, caller
        self._lines: list[str] = []
        # Why a message of the model's was not said; None where it was.
        self.troubles: list[str | None] = []

    def say(self, heard: str) -> str:
        """The next message, given the buyer's last line."""
        # The policy hears every line, so that its own message fits whenever it is wanted.
        instead = self._drafted.say(heard)
        said, trouble = self._asked(heard)
        self.troubles.append(trouble)
        self._lines += [f"The buyer: {as_data(heard)}", f"You: {as_data(said or instead)}"]
        return said or instead

    def _asked(self, heard: str) -> tuple[str, str | None]:
        calls: list[Call] = []
        try:
            text = "".join(self._caller.stream(self.messages(heard), calls, threading.Event()))
        except Trouble as trouble:
            return "", trouble.kind
        said = tidied(text)
        if not said:
            return "", "empty"
        return ("", "too long") if len(said) > MOST_CHARACTERS else (said, None)

    def messages(self, heard: str) -> list[Message]:
        """The call for the next message."""
        prompt, buyer = load("rep"), self._buyer
        system = prompt.fill_stable(
            policy=ways()[self._drafted.policy],
            who=as_data(buyer.rep_is),
            offer=as_data(buyer.offer),
            first_name=as_data(buyer.first_name),
            brief="\n".join(f"- {as_data(item)}" for item in buyer.brief),
            longest=str(LONGEST_WORDS),
        )
        lines = "\n".join(self._lines[-LAST_LINES:]) or "nothing yet"
        return [("system", system), ("user", prompt.fill_moment(lines=lines, heard=as_data(heard)))]


def tidied(text: str) -> str:
    """The words that were said, without the name, quotation marks and buyer's answer that a model may put to them."""
    said = NAMED.sub("", FOR_THE_BUYER.sub("", "\n" + text).strip())
    if len(said) > 1 and said[0] in '"“' and said[-1] in '"”':
        said = said[1:-1]
    return " ".join(said.split())
