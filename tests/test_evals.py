"""The evals: figures that can be trusted, runs that lose nothing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.build import build
from bot.errors import UserError
from bot.settings import Settings
from evals import report as reporting
from evals import stats
from evals.fan import Processes, done_in, errors_in, fan, played_in
from evals.judge import Judge
from evals.lines import DATA, labelled
from evals.marks import Mark, marks_of
from evals.play import Played, play
from evals.run import Asked, Report, gate, perform, scored, specs_of
from evals.scorers import SCORERS
from evals.scoring import Figure, Reach, Run, Scored
from evals.spec import LEVELS, Spec, plan

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(home=tmp_path_factory.mktemp("evals"))


@pytest.fixture(scope="module")
def played(settings: Settings) -> list[Played]:
    policies = ("expert", "competent", "novice", "guide", "pitcher", "pusher")
    main = [play(Spec("main", "freight-vp", policy, seed, turns=5), settings) for policy in policies for seed in (1, 2)]
    again = [play(Spec("again", "freight-vp", "competent", 7, turns=3, run=run), settings) for run in (1, 2)]
    levels = [play(Spec("levels", "freight-vp", "guide", 1, turns=3, inertia=level), settings) for level in LEVELS]
    return [*main, *again, *levels]


@pytest.fixture(scope="module")
def marks(played: list[Played], settings: Settings) -> dict[str, list[Mark]]:
    trainer, judge = build(settings, stored=False), Judge()
    return {one.spec.id: marks_of(one, trainer, judge) for one in played}


@pytest.mark.parametrize(
    ("better", "worse", "expected"),
    [((3, 4), (1, 2), 1.0), ((1, 2), (3, 4), 0.0), ((1, 2), (1, 2), 0.5), ((2,), (1, 2, 3), 0.5)],
)
def test_auc_is_the_share_of_pairs_won(better: Sequence[float], worse: Sequence[float], expected: float) -> None:
    assert stats.auc(better, worse) == expected


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=30), st.lists(st.floats(-5, 5), min_size=1, max_size=30))
def test_auc_of_both_sides_adds_up_to_one(a: list[float], b: list[float]) -> None:
    one, other = stats.auc(a, b), stats.auc(b, a)
    assert one is not None
    assert other is not None
    assert one + other == pytest.approx(1.0)


def test_nothing_is_unscored_and_not_zero() -> None:
    assert stats.mean([]) is None
    assert stats.auc([], [1.0]) is None
    assert stats.cohen_d([1.0], [2.0]) is None
    assert stats.spearman([1.0, 1.0, 1.0], [1.0, 2.0, 3.0]) is None


def test_the_interval_is_drawn_over_sessions_and_not_over_turns() -> None:
    rows = [(session, float(session % 2)) for session in range(6) for _ in range(50)]
    apart = stats.interval(rows, lambda row: row[0], lambda chosen: stats.mean([value for _, value in chosen]))
    as_many = stats.interval(
        list(enumerate(rows)), lambda row: row[0], lambda chosen: stats.mean([value for _, (_, value) in chosen])
    )
    assert apart is not None
    assert as_many is not None
    assert apart[1] - apart[0] > 3 * (as_many[1] - as_many[0])


def test_every_scorer_scores_a_small_run_and_says_what_it_could_not(
    played: list[Played], marks: dict[str, list[Mark]], settings: Settings
) -> None:
    report = scored(played, marks, [name for name in SCORERS if name != "reader"], settings, [], 0.0)
    assert not report.crashed
    assert {figure.scorer for figure in report.figures} == set(SCORERS) - {"reader"}
    advice = [figure for figure in report.figures if figure.scorer == "advice works" and "lower" not in figure.name]
    assert all(figure.value is None and figure.holds is not True for figure in advice)
    same = next(figure for figure in report.figures if figure.scorer == "same again")
    assert same.value == 1.0


def test_a_scorer_that_crashes_is_named_and_fails_the_run(
    played: list[Played], marks: dict[str, list[Mark]], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(run: Run) -> Scored:
        raise ZeroDivisionError("no turns")

    monkeypatch.setitem(SCORERS, "manner", broken)
    report = scored(played, marks, ["manner", "same again"], settings, [], 0.0)
    assert list(report.crashed) == ["manner"]
    assert not report.is_whole
    assert [figure.scorer for figure in report.figures] == ["same again"]


def test_what_was_played_is_not_played_again_and_half_a_line_is(settings: Settings, tmp_path: Path) -> None:
    out = tmp_path / "sessions.jsonl"
    specs = [Spec("main", "freight-vp", "stonewaller", seed, turns=1) for seed in (1, 2)]
    whole = [json.dumps(play(spec, settings).dump()) for spec in specs]
    out.write_text(whole[0] + "\n" + whole[1][:200], encoding="utf-8")
    assert done_in(out) == {specs[0].id}
    assert out.read_text(encoding="utf-8") == whole[0] + "\n"


def test_sessions_fan_out_over_processes_and_a_failure_is_kept_beside_them(tmp_path: Path) -> None:
    out = tmp_path / "sessions.jsonl"
    specs = [Spec("main", "freight-vp", "stonewaller", 1, turns=1), Spec("main", "nobody", "pitcher", 1, turns=1)]
    pool = Processes(1)
    try:
        assert fan(specs, pool, out) == 1
    finally:
        pool.close()
    assert [one.spec.id for one in played_in(out)] == [specs[0].id]
    assert "nobody" in errors_in(out)[0]


def test_a_gate_names_what_fell_short_and_what_was_not_measured(tmp_path: Path) -> None:
    path = tmp_path / "gate.yaml"
    path.write_text(
        "bars:\n- {scorer: a, figure: x, at_least: 0.5}\n- {scorer: a, figure: y, at_most: 0.5}\n"
        "- {scorer: a, figure: z, at_least: 1}\n- {scorer: a, figure: none, at_least: 0}\n"
    )
    figures = [Figure("a", "x", 0.6), Figure("a", "y", 0.6), Figure("a", "none", None)]
    short = gate(path, Report(figures, {}, {}, [], 0, 0.0))
    assert [line.split(":")[1].strip() for line in short] == ["y", "z", "none"]


def test_the_projects_own_gate_names_figures_that_are_measured(
    played: list[Played], marks: dict[str, list[Mark]], settings: Settings
) -> None:
    report = scored(played, marks, [name for name in SCORERS if name != "reader"], settings, [], 0.0)
    short = gate(HERE.parent / "evals" / "gate.yaml", report)
    assert not [line for line in short if "was not measured" in line]


def test_unknown_names_are_refused_before_anything_is_played(settings: Settings) -> None:
    with pytest.raises(UserError, match="--policy 'closer'"):
        specs_of(Asked(policies=("closer",)), settings)


def test_only_a_scorer_plays_only_what_it_needs(settings: Settings) -> None:
    assert specs_of(Asked(only=("retrieval",)), settings) == []
    assert {spec.purpose for spec in specs_of(Asked(only=("same again",)), settings)} == {"again"}


def test_no_session_is_planned_twice() -> None:
    names = [spec.id for spec in plan(("a", "b", "c"))]
    assert len(names) == len(set(names))


def test_the_report_is_one_page_that_asks_no_other_machine(
    played: list[Played], marks: dict[str, list[Mark]], settings: Settings, tmp_path: Path
) -> None:
    report = scored(played, marks, ["repetition", "same again"], settings, [], 0.0)
    reporting.page(report, played, tmp_path / "report.html")
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "<script src=" not in text
    assert "<link" not in text
    assert all(worst.session in text for rows in report.worst.values() for worst in rows)


def test_a_run_that_asks_for_nothing_played_still_scores(settings: Settings, tmp_path: Path) -> None:
    report = perform(tmp_path, [], Asked(only=("retrieval",)), settings)
    assert report.is_whole
    assert json.loads((tmp_path / "report.json").read_text())["figures"]


def test_the_judge_is_worth_something_on_lines_of_other_hands() -> None:
    test = [row for path in sorted(DATA.glob("test-*.tsv")) for row in labelled(path)]
    judge = Judge()
    heard = [judge.read(row.line) for row in test]
    assert sum(row.stance == one.stance for row, one in zip(test, heard, strict=True)) / len(test) >= 0.8
    assert sum(row.talk == one.talk for row, one in zip(test, heard, strict=True)) / len(test) >= 0.75


def test_the_judges_lines_are_none_of_the_buyers_own() -> None:
    own = " ".join(path.read_text(encoding="utf-8") for path in (HERE.parent / "prompts").rglob("*.yaml"))
    lines = [row.line for path in sorted(DATA.glob("t*-*.tsv")) for row in labelled(path)]
    assert len(lines) > 1000
    # Five words and fewer ("How bad does it get?") are everybody's.
    assert not [line for line in lines if len(line.split()) > 5 and line in own]


def test_no_line_that_tries_the_judge_is_one_that_it_learned_from() -> None:
    sets = {
        kind: {row.line for path in DATA.glob(f"{kind}-*.tsv") for row in labelled(path)} for kind in ("train", "test")
    }
    assert not sets["train"] & sets["test"]


def test_the_interval_of_a_mean_is_the_one_that_is_drawn_row_by_row() -> None:
    rows = [(str(n % 7), float((n * 37) % 11)) for n in range(60)]
    slow = stats.interval(rows, lambda row: row[0], lambda chosen: stats.mean([value for _, value in chosen]))
    assert stats.mean_interval(rows) == pytest.approx(slow)


def test_the_fixed_mind_moves_nothing_and_a_noisy_reader_misreads(settings: Settings) -> None:
    still = play(Spec("main", "freight-vp", "pitcher", 1, turns=3, change="no mind"), settings)
    assert all(turn.mind == still.session.start for turn in still.session.turns)
    spec = Spec("main", "freight-vp", "expert", 1, turns=6)
    plain, noisy = play(spec, settings), play(replace(spec, change="noisy reader"), settings)
    assert plain.session.turns[0].rep == noisy.session.turns[0].rep
    assert [t.reading.moves for t in plain.session.turns] != [t.reading.moves for t in noisy.session.turns]


def test_figures_hold_only_where_they_were_scored() -> None:
    bar = Reach("at least", 0.5)
    assert Figure("a", "x", 0.5, reach=bar).holds
    assert Figure("a", "x", None, reach=bar).holds is False
    assert Figure("a", "x", 0.1).holds is None
