"""The command: what it prints, its exit status, and its one-line errors."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bot.cli import read_script
from bot.errors import UserError


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


def inertia(home: Path, *words: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "INERTIA_HOME": str(home)}
    command = [sys.executable, "-m", "bot.cli", *words]
    return subprocess.run(command, capture_output=True, text=True, input=given, env=environment, cwd=home)


def test_play_prints_one_json_document_in_the_words_of_the_domain(home: Path) -> None:
    script = home / "rep.txt"
    script.write_text(
        '"Morning Craig, is now all right?"\nHow do you plan the nine trunks?\n\n"What keeps you up?"\n',
        encoding="utf-8",
    )
    done = inertia(home, "play", "--persona", "freight-vp", "--script", str(script), "--seed", "3", "--json")
    assert done.returncode == 0, done.stderr
    played = json.loads(done.stdout)
    assert {"persona", "seed", "outcome", "objections", "turns"} <= set(played)
    assert len(played["turns"]) == 4
    keys = {"rep", "prospect", "talk", "objection", "stance", "mind", "moves", "changes", "earned", "feedback"}
    assert all(keys <= set(turn) for turn in played["turns"])
    assert set(played["turns"][0]["mind"]) == {"inertia", "tension", "trust", "pressure", "patience"}
    assert {"code", "quote", "confidence"} <= set(played["turns"][1]["moves"][0])


def test_assess_reads_a_json_object_a_line(home: Path) -> None:
    lines = [
        {
            "text": "How does a load get from the phone to a wagon today?",
            "prospect": "We manage.",
            "persona": "freight-vp",
        },
        {"text": "What keeps you up at night?", "prospect": None, "persona": None},
        {"text": ""},
    ]
    done = inertia(home, "assess", given="\n".join(map(json.dumps, lines)))
    assert done.returncode == 0, done.stderr
    read = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(read) == 3
    assert read[0]["moves"][0]["move"] == "open_question"
    assert read[0]["moves"][0]["quote"] in lines[0]["text"]  # type: ignore[operator]
    assert read[1]["moves"][0]["move"] == "pain_fishing"
    assert read[2]["moves"][0]["move"] == "other"
    assert all(0 <= one["specificity"] <= 1 for one in read)


@pytest.mark.parametrize(
    ("words", "given", "says"),
    [
        (["assess"], "not json\n", "line 1"),
        (["assess"], '{"txt": "x"}\n', "text"),
        (["assess", "nowhere.jsonl"], None, "nowhere.jsonl"),
        (["play", "--persona", "../../etc/passwd", "--script", "x"], None, ""),
        (["play", "--persona", "nobody", "--script", "script.txt"], None, "nobody"),
        (["personas", "show", "nobody"], None, "there are"),
        (["practise", "nobody"], None, "nobody"),
        (["knowledge", "add", "nowhere"], None, "nowhere"),
    ],
)
def test_what_the_user_can_fix_is_one_line_and_exit_status_two(
    home: Path, words: list[str], given: str | None, says: str
) -> None:
    (home / "script.txt").write_text("Hello\n", encoding="utf-8")
    done = inertia(home, *words, given=given)
    assert done.returncode == 2, done.stdout + done.stderr
    assert says in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert "Traceback" not in done.stderr


def test_personas_are_listed_shown_and_checked(home: Path) -> None:
    listed = json.loads(inertia(home, "personas", "list", "--json").stdout)
    assert {"freight-vp", "dentist-owner"} <= {one["id"] for one in listed}
    shown = inertia(home, "personas", "show", "freight-vp").stdout
    assert "84" in shown
    assert "bank holiday" not in shown
    made = inertia(home, "personas", "new", "a-shop").stdout.strip()
    assert inertia(home, "personas", "check", made).returncode == 0
    wrong = home / "wrong.yaml"
    wrong.write_text("id: x\nname: 7\n", encoding="utf-8")
    done = inertia(home, "personas", "check", str(wrong))
    assert done.returncode == 1
    assert "wrong.yaml:2: name" in done.stdout


def test_the_schema_for_editors_is_published(home: Path) -> None:
    assert "brief" in json.loads(inertia(home, "personas", "new", "--schema").stdout)["properties"]


def test_knowledge_is_built_searched_and_added_to(home: Path, tmp_path: Path) -> None:
    assert inertia(home, "knowledge", "build").returncode == 0
    again = json.loads(inertia(home, "knowledge", "build", "--json").stdout)
    assert again["rebuilt"] is None
    hits = json.loads(inertia(home, "knowledge", "search", "what keeps you up at night", "--k", "4", "--json").stdout)
    assert len(hits) == 4
    assert set(hits[0]) == {"id", "source", "title", "text", "score"}
    assert "mutual-exploration/01" in {hit["id"] for hit in hits}
    article = tmp_path / "pears.html"
    article.write_text(
        "<html><title>On pears</title><script>x()</script><p>" + "Pears ripen from inside. " * 30 + "</p></html>"
    )
    added = json.loads(inertia(home, "knowledge", "add", str(tmp_path), "--json").stdout)
    assert added["sources"][0]["title"] == "On pears"
    found = json.loads(inertia(home, "knowledge", "search", "do pears ripen from inside", "--json").stdout)
    assert found[0]["source"] == added["sources"][0]["source"]


def test_a_session_in_the_terminal_plays_to_its_end(home: Path) -> None:
    done = inertia(
        home, "practise", "freight-vp", "--seed", "2", given="How do you plan the nine trunks?\n\n/mind\n/end\n"
    )
    assert done.returncode == 0, done.stderr
    assert "drafted lines, no model" in done.stdout
    assert "Next." in done.stdout
    assert "not evidenced" in done.stdout


def test_a_script_without_a_message_says_so(tmp_path: Path) -> None:
    (tmp_path / "s.txt").write_text("\n\n")
    with pytest.raises(UserError, match="no message"):
        read_script(tmp_path / "s.txt")
