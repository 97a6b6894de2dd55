"""The policies: how each way of selling answers what the buyer says. They know the public brief and nothing else."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from bot.persona import Persona, Scenario
from evals.policies.hearing import Heard, hear, stretch
from evals.policies.wording import fill, offer_of, who_of, words_of

POLICIES: tuple[str, ...] = (
    "expert",
    "competent",
    "novice",
    "guide",
    "pitcher",
    "pusher",
    "charmer",
    "fisher",
    "teller",
    "stonewaller",
    "adversary",
)
GRADED: tuple[str, ...] = ("expert", "competent", "guide", "novice", "pitcher")
SKILLED: tuple[str, ...] = ("expert", "competent")
POOR: tuple[str, ...] = ("pitcher", "pusher", "charmer", "fisher", "teller", "stonewaller", "adversary")

DEEPER: tuple[str, ...] = ("reflect", "why", "consequence", "unknowns")
# Groups that are no stopgap when a policy has run through what it wanted to say.
NOT_ANY_TIME = frozenset({"open", "step", "ask", "goodbye", "close", "who", "answer", "sorry", "claim", "pitch"})


@dataclass(frozen=True)
class Buyer:
    """What a rep can know of a buyer before the call."""

    id: str
    first_name: str
    picks_up: str
    brief: tuple[str, ...]
    rep_is: str
    offer: str


def buyer_of(persona: Persona, scenario: Scenario) -> Buyer:
    """The public part of a persona and its scenario."""
    return Buyer(
        id=persona.id,
        first_name=persona.first_name,
        picks_up=persona.picks_up,
        brief=tuple(item.text for item in persona.brief),
        rep_is=scenario.rep_is,
        offer=offer_of(scenario.rep_offers),
    )


@dataclass
class Call:
    """What a rep keeps in mind during a call."""

    rng: random.Random
    turn: int = 0
    used: Counter[str] = field(default_factory=lambda: Counter[str]())
    last: str | None = None
    opened_up: int = 0
    has_heard_cost: bool = False
    others_named: bool = False
    asked_at: int | None = None
    ask_again_at: int = 0
    # The turn from which this rep thinks of a step at all: no two calls the same.
    patient_until: int = 0

    def take_in(self, heard: Heard) -> None:
        """Note what was heard, one turn on."""
        self.turn += 1
        self.opened_up += heard.opens_up
        # What the buyer tells at length when asked where it leads is their cost or worry, whatever the words.
        told = heard.costs or (self.last == "consequence" and heard.is_account)
        self.has_heard_cost |= told and not heard.refuses
        self.others_named |= heard.names and self.turn > 1

    def say_from(self, group: str) -> None:
        """Note the group that the message came from."""
        self.last = group
        self.used[group] += 1
        self.others_named |= group in {"unknowns", "buying"}
        if group in {"step", "ask"}:
            self.asked_at = self.turn

    def one_in(self, times: float) -> bool:
        """A chance of one in so many."""
        return self.rng.random() < 1 / times

    def ranked(self, weights: Mapping[str, float]) -> list[str]:
        """The groups in an order drawn by weight; a group fades with use, and the last one waits."""
        faded = {
            group: weight / (1 + self.used[group]) * (0.05 if group == self.last else 1)
            for group, weight in weights.items()
            if weight > 0
        }
        return sorted(faded, key=lambda group: self.rng.random() ** (1 / faded[group]), reverse=True)


Choose = Callable[[Call, Heard], list[str]]


class Rep:
    """A simulated rep in one call; the same policy, buyer and seed say the same to the same lines."""

    def __init__(self, policy: str, buyer: Buyer, seed: int) -> None:
        if policy not in POLICIES:
            raise ValueError(f"no policy {policy!r}; there are {', '.join(POLICIES)}")
        self.policy = policy
        self._words = words_of(policy, buyer.id, buyer.brief)
        self._slots = {"first_name": buyer.first_name, "offer": buyer.offer, "who": who_of(buyer.rep_is)}
        rng = random.Random(f"{policy}:{buyer.id}:{seed}")
        self._call = Call(rng, patient_until=_patience(policy, rng))
        self._drawn: set[str] = set()
        self._said: set[str] = set()
        self._given_back: set[str] = set()

    def say(self, heard: str) -> str:
        """The next message, given the buyer's last line."""
        ear = hear(heard)
        self._call.take_in(ear)
        wanted = ["open"] if self._call.turn == 1 else CHOOSE[self.policy](self._call, ear)
        theirs = stretch(ear.line, self._given_back)
        others = [group for group in self._words if group not in wanted and group not in NOT_ANY_TIME]
        for group in [*wanted, *others]:
            if line := self._draw(group, theirs):
                self._call.say_from(group)
                return line
        return self._pair()

    def _draw(self, group: str, theirs: str | None) -> str | None:
        """A line of the group not said yet; those that give something back only where there is something."""
        fresh = [line for line in self._words.get(group, ()) if line not in self._drawn]
        fresh = [line for line in fresh if theirs or "{theirs}" not in line]
        self._call.rng.shuffle(fresh)
        for line in fresh:
            message = fill(line, self._slots | {"theirs": theirs or ""})
            if message not in self._said:
                if theirs and "{theirs}" in line:
                    self._given_back.add(theirs)
                self._drawn.add(line)
                self._said.add(message)
                return message
        return None

    def _pair(self) -> str:
        """Two old lines in one message, when there is no new one left; more of them when the pairs run out too."""
        old = [line for group in self._words if group not in NOT_ANY_TIME for line in self._words[group]]
        old = [fill(line, self._slots) for line in old if "{theirs}" not in line]
        size, tries = 2, 0
        while (message := " ".join(self._call.rng.sample(old, min(size, len(old))))) in self._said:
            tries += 1
            size = 2 + tries // 50
        self._said.add(message)
        return message


def _patience(policy: str, rng: random.Random) -> int:
    return rng.choice({"expert": (10, 11, 11), "competent": (5, 5, 6), "guide": (7, 8, 9)}.get(policy, (4, 5, 6)))


def _may_propose(call: Call, heard: Heard) -> bool:
    """Whether the buyer has let out a cost or worry and turns to doing something; late on, that others came up does."""
    if heard.refuses:
        return False
    if heard.invites:
        return call.has_heard_cost or call.opened_up >= 2
    late = call.turn >= max(call.patient_until, call.ask_again_at)
    return call.has_heard_cost and call.others_named and late


def _after_a_step(call: Call, heard: Heard) -> list[str]:
    """The step was put off: back to what lies under it, and ask again two turns later (sooner after half a yes)."""
    call.ask_again_at = call.turn + (1 if heard.agrees else 2)
    if heard.refuses:
        return ["ease", *DEEPER]
    return call.ranked({"consequence": 3, "unknowns": 3, "reflect": 2})


def expert(call: Call, heard: Heard) -> list[str]:
    """Homework, an insight soon, then under what was said; the step only when the buyer has a reason for it."""
    if call.asked_at == call.turn - 1 and not heard.invites:
        return _after_a_step(call, heard)
    if heard.asks_of_us and not heard.invites and call.last != "answer":
        return ["answer", "explore"]
    if heard.refuses and call.last != "ease":
        return ["ease", "explore"]
    if _may_propose(call, heard):
        return ["step", *DEEPER]
    if call.used["insight"] == 0:
        return ["insight"]
    if heard.opens_up:
        late = 2.5 if call.opened_up >= 2 and call.turn >= 4 else 0
        deeper = {"reflect": 3.0, "why": 2.0, "consequence": 3.0, "unknowns": 3.0}
        return call.ranked({**deeper, "vision": late * (call.used["vision"] < 2), "buying": late / 2})
    if heard.asks:
        return call.ranked({"insight": 4, "consequence": 1, "answer": 0.5})
    early = call.used["insight"] < 2
    return call.ranked({"insight": 4 if early else 2, "explore": 2, "consequence": 3, "unknowns": 3, "reflect": 1})


def competent(call: Call, heard: Heard) -> list[str]:
    """The same shop with less craft: few insights, little given back, a step too early, and now and then a slip."""
    # One in five of those that may slip, never two in a row: about one message in six.
    if call.last not in {"claim", "pitch"} and call.one_in(5):
        return call.ranked({"claim": 1, "pitch": 1})
    if call.asked_at == call.turn - 1:
        return _after_a_step(call, heard)
    if heard.asks_of_us and call.last != "answer":
        return ["answer", "explore"]
    if heard.refuses and call.last != "ease":
        return ["ease", "explore"]
    reason = call.has_heard_cost or call.opened_up >= 2
    if reason and not heard.refuses and call.turn >= max(call.patient_until, call.ask_again_at):
        return ["step", "consequence"]
    insight = 3 if call.used["insight"] < 2 else 0
    if heard.opens_up:
        return call.ranked(
            {"explore": 2, "consequence": 3, "why": 1, "unknowns": 1, "reflect": 0.7, "insight": insight}
        )
    return call.ranked({"explore": 3, "insight": insight, "consequence": 2, "unknowns": 0.7, "buying": 0.7})


def novice(call: Call, heard: Heard) -> list[str]:
    """A willing beginner: sorry after pushback, simple questions, some product, an ask too soon."""
    if call.one_in(4):
        return call.ranked({"insight": 1, "their_explore": 1})
    if heard.asks_of_us and not call.one_in(4):
        return call.ranked({"who": 2, "pitch": 1})
    if heard.refuses and call.last != "sorry":
        return ["sorry", "explore"]
    reflect = 2 if heard.opens_up else 0.7
    ask = 1.5 if call.turn >= call.patient_until and call.last != "ask" else 0
    return call.ranked({"explore": 4, "fish": 2, "pitch": 1.5, "claim": 1, "praise": 1, "reflect": reflect, "ask": ask})


def guide(call: Call, heard: Heard) -> list[str]:
    """Curious and kind, and never challenges: asks, gives back, asks leave; late on a soft step."""
    if heard.asks_of_us and call.last != "who":
        return ["who", "leave"]
    if heard.refuses and call.last != "leave":
        return ["leave", "explore"]
    if call.asked_at == call.turn - 1:
        call.ask_again_at = call.turn + 3
    elif call.turn >= max(call.patient_until, call.ask_again_at) and not heard.pushes_back:
        return ["step", "explore"]
    if heard.opens_up:
        return call.ranked({"reflect": 3, "why": 2, "explore": 2, "leave": 0.5})
    return call.ranked({"explore": 5, "reflect": 1.5, "why": 1.5, "buying": 1 if call.turn >= 4 else 0, "leave": 0.5})


def pitcher(call: Call, heard: Heard) -> list[str]:
    """Presents: features and benefits, on through every objection, a demo and a close."""
    if heard.pushes_back and call.last != "push_on":
        return ["push_on", "features"]
    late = 1.5 if call.turn >= call.patient_until else 0
    return call.ranked({"features": 5, "benefits": 3, "demo": 1.5 if call.turn >= 3 else 0, "close": late})


def pusher(call: Call, heard: Heard) -> list[str]:
    """Pushes: a deadline, a discount, a yes taken for granted; guilt later; harder after a no."""
    if heard.pushes_back and not call.one_in(3):
        return call.ranked({"push_on": 4, "discount": 1.5, "guilt": 1.5 if call.turn >= 3 else 0})
    if heard.asks:
        return call.ranked({"discount": 3, "assume": 1, "urgency": 2})
    guilt = 1 if call.turn >= call.patient_until else 0
    return call.ranked({"urgency": 3, "discount": 2, "assume": 2, "guilt": guilt})


def charmer(call: Call, heard: Heard) -> list[str]:
    """Agrees warmly with whatever is said, praises, chats; takes a friendly leave when the buyer must go."""
    if heard.refuses and call.turn >= 3 and call.one_in(3):
        return ["goodbye", "agree"]
    if heard.pushes_back or heard.opens_up:
        return call.ranked({"agree": 4, "praise": 2, "rapport": 1})
    return call.ranked({"praise": 3, "rapport": 3, "agree": 1.5})


def fisher(call: Call, heard: Heard) -> list[str]:
    """Asks for a need, in every form, and again when there is none."""
    return call.ranked({"push_on": 4, "fish": 1}) if heard.pushes_back else call.ranked({"fish": 4, "push_on": 0.3})


def teller(call: Call, heard: Heard) -> list[str]:
    """Tells them what they need, and that they are wrong when they say otherwise."""
    return call.ranked({"push_on": 4, "tell": 2}) if heard.pushes_back else call.ranked({"tell": 1})


def stonewaller(call: Call, heard: Heard) -> list[str]:
    """Gives next to nothing; a bare why now and then, most of all when they were told something."""
    return call.ranked({"minimal": 3, "bare": 0.5 if heard.pushes_back else 1})


def adversary(call: Call, heard: Heard) -> list[str]:
    """Tries what is no selling at all; stays with one kind until the buyer pushes back."""
    if call.last in ADVERSE and not heard.pushes_back and not heard.asks and call.one_in(2):
        return [call.last]
    return call.ranked(ADVERSE)


ADVERSE = {"injection": 3.0, "keywords": 2.0, "gibberish": 2.0, "foreign": 2.0, "whys": 1.5, "pasted": 1.0}

CHOOSE: dict[str, Choose] = {
    "expert": expert,
    "competent": competent,
    "novice": novice,
    "guide": guide,
    "pitcher": pitcher,
    "pusher": pusher,
    "charmer": charmer,
    "fisher": fisher,
    "teller": teller,
    "stonewaller": stonewaller,
    "adversary": adversary,
}
