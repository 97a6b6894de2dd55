"""Persona files: those that ship, the one to fill in, and wrong ones."""

from __future__ import annotations

import os
from itertools import combinations
from pathlib import Path

import pytest

from bot.build import Trainer, build
from bot.errors import UserError
from bot.persona import Occasion, Persona, Scenario
from bot.persona_file import check_file, check_text, load_persona, shipped
from bot.persona_new import write_new
from bot.settings import Settings
from bot.turn import play_turn
from tests.scripts import PERSONAS

WRONG = """\
id: Not An Id
name: Somebody
role: 7
company: ""
industry: boats
invented: false
difficulty: murderous
journey_phase: discovery
card: c
practise: p
picks_up: hello
pronoun: it
nickname: Bo
voice: {manner: warm, describe: d, samples: [only one]}
dials: {start: {trust: 140}}
lines: {shrinc: [no], shrink: ["{person} says no"]}
"""


def test_six_buyers_ship_two_of_each_difficulty_over_four_phases(trainer: Trainer) -> None:
    buyers = [trainer.persona(name) for name in PERSONAS]
    assert sorted(b.difficulty for b in buyers).count("medium") >= 2
    assert {b.difficulty for b in buyers} == {"easy", "medium", "hard"}
    assert len({b.journey_phase for b in buyers}) >= 4
    assert {trainer.scenario(name).persona for name in PERSONAS} == set(PERSONAS)


@pytest.mark.parametrize("name", PERSONAS)
def test_a_buyer_that_ships_has_own_lines_for_every_moment(trainer: Trainer, name: str) -> None:
    lines = trainer.persona(name).lines
    assert set(lines) == set(Occasion)
    assert all(len(said) >= 5 for said in lines.values())


def test_no_line_of_one_buyer_is_a_line_of_another(trainer: Trainer) -> None:
    said = {name: {s for lines in trainer.persona(name).lines.values() for s in lines} for name in PERSONAS}
    assert all(not said[a] & said[b] for a, b in combinations(PERSONAS, 2))


def test_default_lines_know_every_moment_in_both_manners(trainer: Trainer) -> None:
    assert all(set(lines) == set(Occasion) for lines in trainer.default_lines.values())


def test_a_file_that_is_wrong_in_ten_ways_gets_ten_messages_with_line_field_and_fix() -> None:
    persona, faults = check_text(WRONG, "wrong.yaml", Persona)
    assert persona is None
    at = {fault.field: fault.line for fault in faults}
    expected = {
        "id": 1, "role": 3, "company": 4, "invented": 6, "difficulty": 7, "pronoun": 12, "nickname": 13,
        "voice.samples": 14, "dials.start.trust": 15, "lines.shrinc": 16, "brief": 1,
    }  # fmt: skip
    assert expected.items() <= at.items()
    assert all(fault.fix for fault in faults)
    assert len(faults) >= 10


def test_a_misspelt_field_is_told_the_name_it_is_near_to() -> None:
    faults = check_text("id: a\nindustri: boats\n", "f.yaml", Persona)[1]
    assert any("industry" in fault.fix for fault in faults if fault.field == "industri")


def test_a_field_that_stands_twice_is_a_fault() -> None:
    assert [f.line for f in check_text("id: a\nid: b\n", "f.yaml", Scenario)[1]] == [2]


@pytest.mark.parametrize(
    "text",
    [
        "a: &x [1,1]\nb: [*x, *x]\n",
        "- " * 3000 + "x",
        "!!python/object/apply:os.system ['true']\n",
        "a: [1, 2\n",
        "",
        "just words\n",
        "\x00",
    ],
)
def test_yaml_that_is_no_persona_is_refused_with_one_fault(text: str) -> None:
    persona, faults = check_text(text, "f.yaml", Persona)
    assert persona is None
    assert len(faults) >= 1


def test_a_file_that_is_too_large_or_no_text_is_refused(tmp_path: Path) -> None:
    large, binary = tmp_path / "large.yaml", tmp_path / "binary.yaml"
    large.write_text("a" * 1_000_001)
    binary.write_bytes(b"\xff\xfe\x00")
    assert "larger" in check_file(large, Persona)[1][0].fix
    assert "UTF-8" in check_file(binary, Persona)[1][0].fix


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "x/../../freight-vp", "freight-vp.yaml"])
def test_a_path_outside_the_folder_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such id"):
        load_persona(name, tmp_path)


def test_a_link_that_leads_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    inside, outside = tmp_path / "in", tmp_path / "out.yaml"
    inside.mkdir()
    outside.write_text((shipped("personas") / "freight-vp.yaml").read_text().replace("id: freight-vp", "id: linked"))
    os.symlink(outside, inside / "linked.yaml")
    with pytest.raises(UserError):
        load_persona("linked", inside)


def test_the_file_to_fill_in_is_a_whole_buyer_that_can_be_practised_on(tmp_path: Path) -> None:
    path = write_new("shop-owner", tmp_path / "mine")
    assert check_file(path, Persona)[1] == []
    trainer = build(Settings(home=tmp_path, personas=tmp_path / "mine"), stored=False)
    session = trainer.start("shop-owner", seed=1)
    for message in (
        "You opened a second site in March. How do you take an order today?",
        "What keeps you up at night?",
    ):
        session = play_turn(trainer, session, message)
    assert "telephone" in session.turns[0].prospect
    assert session.turns[1].feedback is not None
    assert session.turns[1].feedback.rewrite
    with pytest.raises(UserError, match="taken"):
        write_new("shop-owner", tmp_path / "mine")
    with pytest.raises(UserError, match="small letters"):
        write_new("../up", tmp_path / "mine")


def test_yes_and_no_are_words_in_a_persona_file() -> None:
    faults = check_text("id: a\npersona: no\ntitle: yes\n", "f.yaml", Scenario)[1]
    assert not [f for f in faults if f.field in ("persona", "title")]
