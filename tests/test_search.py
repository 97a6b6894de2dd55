"""Search finds the passage that a question, a rep's own line, or a move is about."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from knowledge.encoder import Encoder, finder_folder
from knowledge.index import Index, ensure_index
from knowledge.ingest import AddedSource
from knowledge.passages import Chunk, load_guides
from knowledge.search import search

SMALL = Path(__file__).parent / "data" / "small_guides"
BEES = AddedSource(
    "article-bees",
    "Bees",
    "bees.txt",
    "0",
    (Chunk("article-bees/001", "article-bees", "Bees", "Bees dance to show each other the way to flowers."),),
)

PLAIN_QUERIES = [
    ("What keeps you up at night?", {"mutual-exploration/01", "mutual-exploration/03"}),
    ("Companies like yours save 30 percent with us", {"need-to-change/03", "challenge-status-quo/03"}),
    ("Let me show you our dashboard and the features", {"need-to-change/02", "need-to-change/12"}),
    ("What you need is a proper system", {"mutual-exploration/02"}),
    ("who else should be in the conversation", {"mutual-exploration/06", "need-to-change/10"}),
    ("how did you buy something like this last time", {"guiding-not-getting/06"}),
    ("asking a question straight after giving a figure", {"challenge-status-quo/05"}),
    ("say nothing and wait after the buyer speaks", {"need-to-change/07", "mutual-exploration/14"}),
    ("I repeated the same insight and it did not work again", {"challenge-status-quo/06"}),
    ("the buyer says my fact is wrong", {"mutual-exploration/11", "challenge-status-quo/13"}),
    ("five whys without sounding like an interrogation", {"customer-journey-partner/10"}),
    ("empathy map of the buyer", {"customer-journey-partner/09"}),
    ("how to propose a small next step with a way out", {"guiding-not-getting/08"}),
    ("next step too early, the buyer sees no reason to meet", {"guiding-not-getting/09"}),
    ("ask permission before I give my view", {"guiding-not-getting/02"}),
    ("buyer is of two minds, wants to change and does not", {"need-to-change/08"}),
    ("after delivery, users slip back to the old habit", {"customer-journey-partner/06"}),
    ("the competition is doing nothing, not another vendor", {"challenge-status-quo/01"}),
    ("getting a colleague on our side", {"mutual-exploration/07"}),
    ("they are already comparing vendors and reading reviews", {"customer-journey-partner/04", "need-to-change/11"}),
]


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    opened = ensure_index(tmp_path_factory.mktemp("index"), load_guides(SMALL), (BEES,), Encoder(finder_folder()))
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("What is it that keeps you up at night?", "look-together/01"),
        ("which colleague would see it first", "look-together/02"),
        ("saying back what the buyer said", "look-together/03"),
        ("where does this lead if nothing changes", "cost-of-staying/01"),
        ("may I show you a demo of the features", "cost-of-staying/02"),
        ("pollinating insects", "article-bees/001"),
    ],
)
def test_the_passage_in_question_comes_first(index: Index, query: str, expected: str) -> None:
    assert search(index, query)[0].id == expected


def test_scores_fall_from_at_most_one_and_hits_are_whole(index: Index) -> None:
    hits = search(index, "buyer", k=20)
    scores = [hit.score for hit in hits]
    assert scores == sorted(scores, reverse=True)
    assert all(0.0 < score <= 1.0 for score in scores)
    first = next(hit for hit in hits if hit.passage is not None)
    assert first.passage is not None
    assert (first.id, first.source, first.text) == (first.passage.id, first.passage.source, first.passage.text)
    with pytest.raises(FrozenInstanceError):
        first.score = 1.0  # type: ignore[misc]


def test_an_article_is_a_hit_without_a_passage(index: Index) -> None:
    hit = search(index, "how bees dance", k=1)[0]
    assert (hit.source, hit.title, hit.passage) == ("article-bees", "Bees", None)


def test_codes_bring_up_the_passages_for_them(index: Index) -> None:
    line = "Our dashboard tracks every tray, and if you sign by Friday the price holds."
    assert search(index, line, codes=("pitch",))[0].id == "cost-of-staying/02"
    assert search(index, line, codes=("pressure",))[0].id == "cost-of-staying/03"


def test_codes_alone_are_enough(index: Index) -> None:
    assert [hit.id for hit in search(index, "", codes=("rebuttal",))] == ["look-together/03"]


def test_sources_bound_the_search(index: Index) -> None:
    hits = search(index, "buyer", k=20, sources=["look-together"])
    assert {hit.source for hit in hits} == {"look-together"}
    assert search(index, "buyer", sources=[]) == []
    assert search(index, "buyer", sources=["unheard-of"]) == []


def test_nothing_asked_finds_nothing(index: Index) -> None:
    assert search(index, "  \n") == []
    with pytest.raises(ValueError, match="at least one"):
        search(index, "buyer", k=0)


@pytest.mark.parametrize(
    "text", ["x" * 20_000, "🙂🙂", "\x00\x1b[31m", "{{braces}} %s <script>", "مرحبا", "a OR b NOT ("]
)
def test_any_text_can_be_asked(index: Index, text: str) -> None:
    assert len(search(index, text, k=2)) <= 2


def test_plain_queries_find_their_passage_in_the_guides(tmp_path: Path) -> None:
    index = ensure_index(tmp_path, load_guides(), (), Encoder(finder_folder()))
    found = [bool(expected & {hit.id for hit in search(index, query)}) for query, expected in PLAIN_QUERIES]
    firsts = [search(index, query, k=1)[0].id in expected for query, expected in PLAIN_QUERIES]
    index.close()
    assert sum(found) >= 17
    assert sum(firsts) >= 13
