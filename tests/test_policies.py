"""Simulated reps: they hear the buyer, know the brief only, do not repeat themselves and are never twice the same."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from bot.assessor.data import read_folder
from bot.assessor.reader import default_folder
from bot.persona import Persona, Scenario
from bot.persona_file import load_persona, load_scenario
from evals.policies.hearing import hear, stretch
from evals.policies.policy import GRADED, POLICIES, POOR, SKILLED, Buyer, Rep, buyer_of
from evals.policies.wording import WORDS, load_words, offer_of, who_of
from tests.scripts import PERSONAS

NONE = Path("no-such-folder")

# A buyer who is curt, asks, tells, opens up, worries, names people and puts things off.
LINES = (
    "Hello? Be quick, I have people waiting.",
    "And what are you selling?",
    "We do it by hand, the way we always have. It works.",
    "Twice a week, on a Monday and a Thursday, and somebody writes it in the book.",
    "Not interested, thank you.",
    "Hm.",
    "Nobody has ever counted those, now you mention it.",
    "It cost us two thousand last month, and that worries me more than I let on.",
    "My brother would know. I never asked him.",
    "I'm not sure about that yet.",
    "Where did you hear that?",
    "It gets worse every spring, to be honest with you.",
)


def _pair(name: str) -> tuple[Persona, Scenario]:
    persona = load_persona(name, NONE)
    return persona, load_scenario(persona, NONE)


BUYERS = {name: buyer_of(*_pair(name)) for name in PERSONAS}
STRANGER = Buyer(
    id="ferry-owner",
    first_name="Ida",
    picks_up="Sund ferries.",
    brief=(
        "The ferry makes eleven crossings a day, as it did in 1998",
        "The bridge upstream opens in May.",
        "Two of five deckhands left last year.",
        "Fuel was 31 % of costs, up from 24 %.",
    ),
    rep_is="You sell to people in boats.",
    offer="what our own company offers",
)


def _play(policy: str, buyer: Buyer, seed: int, turns: int = len(LINES)) -> list[str]:
    rep = Rep(policy, buyer, seed)
    return [rep.say(LINES[turn % len(LINES)]) for turn in range(turns)]


def _lines() -> Iterator[tuple[str, str]]:
    for path in sorted(WORDS.glob("*.yaml")):
        for lines in load_words(path.stem).values():
            for line in lines:
                yield path.stem, line


def test_there_are_eleven_policies_the_graded_ones_best_first() -> None:
    assert len(set(POLICIES)) == 11
    assert GRADED == ("expert", "competent", "guide", "novice", "pitcher")
    assert {*GRADED, *SKILLED, *POOR} <= set(POLICIES)
    assert not set(SKILLED) & set(POOR)
    with pytest.raises(ValueError, match="there are expert, competent"):
        Rep("hypnotist", STRANGER, 1)


@pytest.mark.parametrize("policy", POLICIES)
def test_thirty_seeds_are_thirty_sessions(policy: str) -> None:
    for buyer in (*BUYERS.values(), STRANGER):
        assert len({tuple(_play(policy, buyer, seed)) for seed in range(30)}) == 30


@pytest.mark.parametrize("policy", POLICIES)
def test_one_seed_is_one_session(policy: str) -> None:
    assert _play(policy, STRANGER, 7) == _play(policy, STRANGER, 7)


@pytest.mark.parametrize("policy", POLICIES)
def test_nothing_is_said_twice_however_long_the_call(policy: str) -> None:
    for buyer in (BUYERS["freight-vp"], STRANGER):
        said = _play(policy, buyer, 3, turns=200)
        assert len(set(said)) == 200


@pytest.mark.parametrize("policy", POLICIES)
def test_every_slot_is_filled(policy: str) -> None:
    for buyer in (*BUYERS.values(), STRANGER):
        for seed in range(4):
            said = " ".join(_play(policy, buyer, seed, turns=40))
            assert not re.search(r"\{[a-z_]+\}|''", said)


@pytest.mark.parametrize("policy", POLICIES)
def test_what_the_buyer_says_changes_what_the_rep_says(policy: str) -> None:
    cold = [_second(policy, seed, "Not interested. Stop selling.") for seed in range(30)]
    warm = [_second(policy, seed, "It cost us two thousand last month, and I worry about it.") for seed in range(30)]
    assert cold != warm


def _second(policy: str, seed: int, line: str) -> str:
    rep = Rep(policy, STRANGER, seed)
    rep.say(STRANGER.picks_up)
    rep.say("We do it twice a week, and somebody writes it in the book.")
    return rep.say(line)


def test_a_rep_knows_the_public_part_and_nothing_else() -> None:
    persona, scenario = _pair("freight-vp")
    mine, theirs = persona.model_dump(), load_persona("dentist-owner", NONE).model_dump()
    public = {"id", "name", "picks_up", "brief"}
    swapped = Persona.model_validate({**theirs, **{key: mine[key] for key in public}, "coaching": {}})
    other = scenario.model_copy(update={"good_ending": "x", "how_it_came_about": "x", "title": "x"})
    assert buyer_of(swapped, other) == buyer_of(persona, scenario)


def test_no_sentence_of_the_words_is_in_what_the_reader_learned_from() -> None:
    learned = {
        one for message in read_folder(default_folder().parent / "data" / "train") for one in _long(message.text)
    }
    assert len(learned) > 1000
    shared = {(name, one) for name, line in _lines() for one in _long(line) if one in learned}
    assert not shared


def _long(text: str) -> set[str]:
    """Its sentences of four words or more, in small letters and without signs."""
    words = [re.sub(r"[^\w\s']", " ", one.lower()).split() for one in re.split(r"[.!?]+", text.replace("’", "'"))]
    return {" ".join(one) for one in words if len(one) >= 4}


def test_no_line_stands_twice_in_the_words() -> None:
    for path in WORDS.glob("*.yaml"):
        lines = [line for lines in load_words(path.stem).values() for line in lines]
        assert len(set(lines)) == len(lines), path.name
        assert set(yaml.safe_load(path.read_text(encoding="utf-8"))) - {"persona"} == set(load_words(path.stem))


def test_the_expert_waits_for_a_reason_and_somebody_else_before_a_step() -> None:
    for buyer in (*BUYERS.values(), STRANGER):
        steps = _steps(buyer)
        for seed in range(10):
            assert not steps & set(_steady("expert", buyer, seed, "It leaves on a Monday, nine of them, all year."))
            said = _steady("expert", buyer, seed, "It cost us two thousand, and my brother worries about it.")
            first = next(turn for turn, message in enumerate(said, 1) if message in steps)
            assert 10 <= first <= 11
            again = next(turn for turn, message in enumerate(said, 1) if message in steps and turn > first)
            assert again == first + 3


def _steps(buyer: Buyer) -> set[str]:
    rep = Rep("expert", buyer, 0)
    return set(rep._words["step"])


def _steady(policy: str, buyer: Buyer, seed: int, line: str) -> list[str]:
    rep = Rep(policy, buyer, seed)
    return [rep.say(buyer.picks_up), *(rep.say(line) for _ in range(15))]


def test_the_expert_answers_a_question_and_gives_ground_when_refused() -> None:
    buyer = BUYERS["freight-vp"]
    words = load_words("freight-vp")
    for seed in range(10):
        rep = Rep("expert", buyer, seed)
        assert rep.say(buyer.picks_up) in words["open"]
        assert rep.say("Who are you, and what are you selling?") in words["answer"]
        assert rep.say("Not interested, thanks.") in words["ease"]
        assert rep.say("They go out every night at ten, nine of them.") in words["insight"]


def test_the_competent_slip_about_one_message_in_six_and_the_expert_never() -> None:
    novice = load_words("novice")
    slips = {*novice["claim"], *novice["pitch"]}
    buyer = BUYERS["plant-manager"]
    shares: dict[str, float] = {}
    for policy in SKILLED:
        said = [message for seed in range(60) for message in _play(policy, buyer, seed)[1:]]
        shares[policy] = sum(message in slips or buyer.offer in message for message in said) / len(said)
    assert 0.1 < shares["competent"] < 0.23
    assert shares["expert"] == 0


@pytest.mark.parametrize(
    ("line", "cue"),
    [
        ("Not interested, thanks.", "refuses"),
        ("Is this a sales call?", "refuses"),
        ("We're fine as we are, and it works.", "is_content"),
        ("Hm.", "is_short"),
        ("What do you want, exactly?", "asks_of_us"),
        ("That worries me, I'll be frank.", "costs"),
        ("We lost two loads in August.", "costs"),
        ("Nobody has ever counted them.", "admits"),
        ("You would want Priya for that.", "names"),
        ("My husband does the money.", "names"),
        ("Yes. Thursday would do.", "agrees"),
        ("All right, where would we start?", "invites"),
        ("So what does one do with that?", "invites"),
    ],
)
def test_a_rep_hears(line: str, cue: str) -> None:
    assert getattr(hear(line), cue)


@pytest.mark.parametrize(
    ("line", "given_back"),
    [
        ("Well, the cards go out in the spring, and that's that.", "the cards go out in the spring"),
        ("Such a thing you will find in every house on this coast.", "Such a thing you will find"),
        ("Where did you get that?", None),
        ("Hm. Right.", None),
        ("Not interested, thank you very much.", None),
        ("It runs itself, mostly. It cost us two thousand last month.", "It cost us two thousand last month"),
    ],
)
def test_a_stretch_is_a_clause_of_three_to_eight_words(line: str, given_back: str | None) -> None:
    assert stretch(line) == given_back


def test_the_buyers_braces_fill_no_slot() -> None:
    rep = Rep("guide", STRANGER, 1)
    said = [rep.say("You would say {offer} and {first_name} to everybody here, I worry.") for _ in range(20)]
    assert all("{" not in message for message in said)


def test_phrases_for_the_middle_of_a_sentence() -> None:
    assert offer_of("A recall service for dentists, which keeps track.") == "a recall service for dentists"
    assert who_of("Account partner at Tidewell, an invented firm.") == "an account partner at Tidewell"
    assert who_of("A seller at Hill, a small invented firm.") == "a seller at Hill"
    assert who_of("An invented lender's man from an old bank.") == "a lender's man from an old bank"
    assert who_of("You sell to people in boats.") == "somebody who sells to people in boats"


def test_what_a_buyer_quotes_is_not_given_back_to_them_as_theirs() -> None:
    assert stretch('I stopped at "a third of your pallets are turned round twice". My men load by habit.') == (
        "My men load by habit"
    )
    assert stretch('You said "a third of the pallets".') is None


@pytest.mark.parametrize(
    ("line", "invites"),
    [
        ("Right, this can't go on like that. What comes first?", True),
        ("Who would have to be in the room?", True),
        ("I'd sooner know than not.", True),
        ("How small could one make it?", True),
        ("Something has to change, I see it.", True),
        ("Where have you seen that happen?", False),
        ("It worries me more than I let on.", False),
        ("We're fine as we are.", False),
        ("This can't go on like that, stop selling.", False),
    ],
)
def test_a_rep_hears_when_a_buyer_turns_to_doing_something(line: str, invites: bool) -> None:
    assert hear(line).invites == invites


def test_the_expert_proposes_a_step_once_the_buyer_turns_to_doing_something() -> None:
    def after(last: str) -> str:
        rep = Rep("expert", STRANGER, 4)
        for line in (LINES[0], LINES[3], LINES[7], LINES[8]):
            rep.say(line)
        return rep.say(last)

    assert after("It can't stay like this. What comes first?") in _steps(STRANGER)
    assert after("It worries me, that is all.") not in _steps(STRANGER)
