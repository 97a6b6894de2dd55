"""Whole articles are read, cut, cited and kept; what cannot be used costs one line and nothing else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pypdf import PdfWriter
from pypdf.generic import DictionaryObject, NameObject, StreamObject

from knowledge.errors import KnowledgeError
from knowledge.ingest import add_articles, load_added, split_chunks

PARAGRAPH = "The baker counts the loaves that come back, and nobody asks her why there are so many. "


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store"


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def write_pdf(path: Path, lines: list[str], title: str | None = None, password: str | None = None) -> Path:
    writer = PdfWriter()
    page = writer.add_blank_page(width=600, height=800)
    font = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Font"),
            NameObject("/Subtype"): NameObject("/Type1"),
            NameObject("/BaseFont"): NameObject("/Helvetica"),
        }
    )
    fonts = DictionaryObject({NameObject("/F1"): font})
    page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
    stream = StreamObject()
    shown = "".join(f"({line}) Tj 0 -20 Td " for line in lines)
    stream.set_data(f"BT /F1 12 Tf 40 700 Td {shown} ET".encode())
    page[NameObject("/Contents")] = stream
    if title:
        writer.add_metadata({"/Title": title})
    if password:
        writer.encrypt(password)
    writer.write(path)
    return path


def test_a_text_is_kept_with_its_title_and_stable_ids(tmp_path: Path, store: Path) -> None:
    path = write(tmp_path, "x1.txt", "Bread that comes back\n\n" + "\n\n".join([PARAGRAPH * 4] * 5))
    added = add_articles(store, [path]).sources[0]
    assert (added.source, added.title) == ("article-bread-that-comes-back", "Bread that comes back")
    assert [chunk.id for chunk in added.chunks] == [
        f"article-bread-that-comes-back/{number:03d}" for number in range(1, len(added.chunks) + 1)
    ]
    assert all(60 <= len(chunk.text.split()) <= 180 for chunk in added.chunks)
    assert load_added(store) == (added,)


def test_adding_again_changes_nothing(tmp_path: Path, store: Path) -> None:
    path = write(tmp_path, "bread.txt", PARAGRAPH)
    first = add_articles(store, [path])
    written = {file: file.stat().st_mtime_ns for file in store.iterdir()}
    again = add_articles(store, [path, path, write(tmp_path, "copy.txt", PARAGRAPH)])
    assert again.changed == ()
    assert set(again.sources) == set(first.sources)
    assert {file: file.stat().st_mtime_ns for file in store.iterdir()} == written


def test_a_changed_file_replaces_its_own(tmp_path: Path, store: Path) -> None:
    path = write(tmp_path, "bread.txt", "Loaves\n\n" + PARAGRAPH)
    other = write(tmp_path, "tea.txt", "Tea\n\nA cup of tea helps.")
    before = add_articles(store, [path, other])
    write(tmp_path, "bread.txt", "Rolls\n\n" + PARAGRAPH)
    after = add_articles(store, [path, other])
    assert [added.title for added in after.changed] == ["Rolls"]
    assert after.changed[0].source == before.sources[0].source
    assert len(load_added(store)) == 2


def test_two_articles_of_one_title_get_two_sources(tmp_path: Path, store: Path) -> None:
    one = write(tmp_path, "a.txt", "Bread\n\nOne text.")
    two = write(tmp_path, "b.txt", "Bread\n\nAnother text.")
    assert [added.source for added in add_articles(store, [one, two]).sources] == ["article-bread", "article-bread-2"]


def test_what_a_page_puts_around_an_article_is_dropped(tmp_path: Path, store: Path) -> None:
    noise = "No comments:\nPost a Comment\nLeave a Reply\n70 views\n0\nShare on LinkedIn\nPlease enter your name here"
    path = write(tmp_path, "a.txt", f"Bread\n{noise}\n{PARAGRAPH}\n{noise}\nI will leave a reply for you, she wrote.\n")
    text = add_articles(store, [path]).sources[0].chunks[0].text
    assert text == f"Bread\n{PARAGRAPH.strip()}\nI will leave a reply for you, she wrote."


def test_lines_broken_in_mid_sentence_are_joined(tmp_path: Path, store: Path) -> None:
    path = write(tmp_path, "a.txt", "The baker counts the loaves that come back,\nand nobody asks her why.\nTea helps.")
    text = add_articles(store, [path]).sources[0].chunks[0].text
    assert text == "The baker counts the loaves that come back, and nobody asks her why.\nTea helps."


def test_a_wall_of_text_is_no_title(tmp_path: Path, store: Path) -> None:
    path = write(tmp_path, "a.txt", "and so the baker counted " * 60)
    title = add_articles(store, [path]).sources[0].title
    assert title.startswith("and so the baker counted")
    assert len(title) <= 100


def test_html_is_text_without_scripts_and_styles(tmp_path: Path, store: Path) -> None:
    page = (
        "<html><head><title> Bread &amp; tea </title><style>p{color:red}</style></head><body><nav>Home</nav>"
        "<p>One <b>bold</b>\nloaf &lt;script&gt;alert(1)&lt;/script&gt;.</p><script>steal()</script><!-- note -->"
        "<p>Two loaves.</p><footer>Imprint</footer></body></html>"
    )
    added = add_articles(store, [write(tmp_path, "a.html", page)]).sources[0]
    assert added.title == "Bread & tea"
    assert added.chunks[0].text == "One bold loaf <script>alert(1)</script>.\nTwo loaves."


def test_markdown_takes_its_heading_or_its_head(tmp_path: Path, store: Path) -> None:
    plain = write(tmp_path, "a.md", "# Bread\n\nA **good** [loaf](https://example.org/x) ![x](y.png) rises.\n")
    headed = write(tmp_path, "b.md", '---\ntitle: "On tea"\n---\n# Other\n\nTea helps.\n')
    one, two = add_articles(store, [plain, headed]).sources
    assert (one.title, one.chunks[0].text) == ("Bread", "Bread\nA good loaf rises.")
    assert two.title == "On tea"


def test_a_pdf_is_read_with_the_title_it_carries(tmp_path: Path, store: Path) -> None:
    titled = write_pdf(tmp_path / "a.pdf", ["The baker counts the loaves."], title="Bread in print")
    untitled = write_pdf(tmp_path / "b.pdf", ["Tea and time.", "A cup of tea helps."])
    one, two = add_articles(store, [titled, untitled]).sources
    assert (one.title, one.chunks[0].text) == ("Bread in print", "The baker counts the loaves.")
    assert two.title == "Tea and time."


def test_what_cannot_be_used_costs_one_line_each_and_the_rest_goes_on(tmp_path: Path, store: Path) -> None:
    folder = tmp_path / "mixed"
    folder.mkdir()
    write(folder, "binary.txt", os.urandom(3000) + b"\0")
    write(folder, "broken.pdf", b"%PDF-1.7 nothing more")
    write(folder, "empty.md", "  \n")
    write(folder, "huge.txt", b"word " * 1_100_000)
    write(folder, "only-noise.html", "<script>x()</script>")
    write(folder, "sheet.xlsx", b"PK\3\4")
    write(folder, ".hidden.txt", "not looked at")
    write_pdf(folder / "locked.pdf", ["secret"], password="x")
    write(folder, "zz-good.txt", "Bread\n\n" + PARAGRAPH)
    done = add_articles(store, [folder, tmp_path / "missing.txt"])
    assert [added.title for added in done.sources] == ["Bread"]
    reasons = dict(line.split(": ", 1) for line in done.refused)
    assert reasons["binary.txt"].startswith("is binary")
    assert reasons["broken.pdf"].startswith("is no PDF that can be read")
    assert reasons["empty.md"].startswith("is empty")
    assert reasons["huge.txt"].startswith("5.5 MB is too large")
    assert reasons["only-noise.html"].startswith("holds no text")
    assert reasons["sheet.xlsx"].startswith("files of this kind are not read")
    assert reasons["locked.pdf"].startswith("is a protected PDF")
    assert reasons["missing.txt"].startswith("no such file")
    assert len(reasons) == 8
    assert all("\n" not in line for line in done.refused)


def test_an_empty_folder_is_said_to_be_so(tmp_path: Path, store: Path) -> None:
    folder = tmp_path / "none"
    folder.mkdir()
    assert "holds no file" in add_articles(store, [folder]).refused[0]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_older_encodings_are_read(tmp_path: Path, store: Path, encoding: str) -> None:
    path = write(tmp_path, "a.txt", "Café “bread”\n\nThe baker’s loaves.".encode(encoding))
    assert add_articles(store, [path]).sources[0].title == "Café “bread”"


def test_marks_that_disguise_text_are_dropped(tmp_path: Path, store: Path) -> None:
    path = write(tmp_path, "a.txt", "Bread \u202eesrever\u202c and\x07 tea.")
    assert add_articles(store, [path]).sources[0].chunks[0].text == "Bread esrever and tea."


def test_a_broken_store_names_the_file(tmp_path: Path, store: Path) -> None:
    add_articles(store, [write(tmp_path, "a.txt", "Bread\n\nText.")])
    (store / "article-bread.json").write_text("{}")
    with pytest.raises(KnowledgeError, match=r"article-bread\.json: cannot be read; delete the file and add"):
        load_added(store)


def test_nothing_added_is_nothing_loaded(tmp_path: Path) -> None:
    assert load_added(tmp_path / "nowhere") == ()


def test_chunks_keep_every_word_in_order() -> None:
    text = "\n\n".join([PARAGRAPH * 30, "Short.", "word " * 400, PARAGRAPH])
    chunks = split_chunks(text)
    assert " ".join(chunks).split() == text.split()
    assert max(len(chunk.split()) for chunk in chunks) <= 180


SHARED = Path(__file__).parents[2] / "shared" / "articles"


@pytest.mark.skipif(not SHARED.is_dir(), reason="the five articles are not beside this repository")
def test_the_five_articles_work(store: Path) -> None:
    done = add_articles(store, [SHARED])
    assert len(done.sources) == 5
    assert done.refused == ()
    assert all(len(added.title) <= 100 and added.chunks for added in done.sources)
    last_lines = [added.chunks[-1].text.splitlines()[-1].lower() for added in done.sources]
    assert not any("comment:" in line or "leave a reply" in line for line in last_lines)
