"""Reading one file of a kind we know into a title and plain paragraphs; markup is only ever text here."""

from __future__ import annotations

import io
import re
import unicodedata
from dataclasses import dataclass
from pathlib import PurePath

SUFFIXES = (".txt", ".md", ".html", ".htm", ".pdf")
MAX_BYTES = 5_000_000
MAX_CHARACTERS = 5_000_000
TITLE_CHARACTERS = 100

# fmt: off
_BLOCKS = ["p", "li", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "div", "section", "article", "tr",
           "td", "th", "dt", "dd", "br", "figcaption"]
_NOT_TEXT = ["script", "style", "noscript", "template", "nav", "footer", "aside", "form", "svg", "iframe", "button",
             "select"]
# fmt: on
_BOILERPLATE = re.compile(
    r"(leave a (reply|comment)|post a comment|(no|\d+) (comments?|replies|views|shares|likes)|(comments?|reply|replies)"
    r"|please enter your .{1,30}|save my name.*|share( this)?( (on|via|with) .{1,30})?|tweet( this)?|print( this)?"
    r"|the post .{1,200} appeared first on .{1,100}|(related|recent|previous|next|older|newer) (posts?|articles?)"
    r"|subscribe.{0,60}|sign up.{0,60}|read more.{0,20}|back to top|all rights reserved\.?|©.{0,80}"
    r"|page \d+( of \d+)?|\d+)[:.!]?",
    re.IGNORECASE,
)
_PARAGRAPH_END = (".", "!", "?", "…", ":", "”", '"', ")")
# Marks that turn the direction of the text around them would disguise what a citation says.
_TURNING = {*range(0x202A, 0x202F), *range(0x2066, 0x206A)}


class Unreadable(Exception):
    """A file that cannot be used; the message says why and what to do."""


@dataclass(frozen=True)
class Document:
    """A title of at most 100 characters, and paragraphs with an empty line between them."""

    title: str
    text: str


def read_document(name: str, content: bytes) -> Document:
    """Read a file by the ending of its name; raises Unreadable where there is no text to be had."""
    suffix = PurePath(name).suffix.lower()
    if suffix not in SUFFIXES:
        raise Unreadable(f"files of this kind are not read; use {', '.join(SUFFIXES)}")
    if not content.strip():
        raise Unreadable("is empty; add a file with text in it")
    if suffix == ".pdf":
        title, text = _read_pdf(content)
    elif suffix in (".html", ".htm"):
        title, text = _read_html(_decode(content))
    elif suffix == ".md":
        title, text = _read_markdown(_decode(content))
    else:
        title, text = "", _decode(content)
    paragraphs = _paragraphs(_clean(text)[:MAX_CHARACTERS])
    if not paragraphs:
        raise Unreadable("holds no text; add a file with text in it")
    return Document(_choose_title(title, paragraphs), "\n\n".join(paragraphs))


def _decode(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = content.decode("utf-16", errors="replace")
    else:
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = content.decode("cp1252", errors="replace")
    sample = text[:20_000]
    odd = sum(1 for character in sample if character == "\ufffd" or _is_control(character))
    if "\0" in sample or odd > max(2, len(sample) / 100):
        raise Unreadable("is binary, not text; save it as UTF-8 text")
    return text


def _is_control(character: str) -> bool:
    return unicodedata.category(character) == "Cc" and character not in "\n\r\t\f"


def _clean(text: str) -> str:
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n\n"))
    return "".join(c for c in text if c in "\n\t" or not (_is_control(c) or ord(c) in _TURNING))


def _paragraphs(text: str) -> list[str]:
    """Join lines that were broken in mid-sentence, and drop what a page puts around an article."""
    paragraphs: list[str] = []
    is_open = False
    for raw in text.split("\n"):
        line = " ".join(raw.split())
        if not line or _BOILERPLATE.fullmatch(line):
            is_open = False
            continue
        if is_open:
            paragraphs[-1] += " " + line
        else:
            paragraphs.append(line)
        # A short line under no sentence is a heading or a by-line, not the start of a broken sentence.
        is_open = not line.endswith(_PARAGRAPH_END) and len(line) > 40
    return paragraphs


def _choose_title(given: str, paragraphs: list[str]) -> str:
    given = " ".join(_clean(given).split())
    if given and given.lower() not in ("untitled", "none", "title"):
        return _shorten(given)
    first = paragraphs[0]
    sentence = re.split(r"(?<=[.!?])\s", first)[0]
    before, quote, _ = sentence.rpartition("“")
    if before and quote and sentence.count("“") > sentence.count("”"):
        return _shorten(before.rstrip(" ,:;") + "…")
    return _shorten(sentence)


def _shorten(title: str) -> str:
    if len(title) <= TITLE_CHARACTERS:
        return title
    return title[: TITLE_CHARACTERS - 30].rsplit(" ", 1)[0].rstrip(",;:- ") + "…"


def _read_html(markup: str) -> tuple[str, str]:
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(markup, "html.parser")
    for tag in soup.find_all(_NOT_TEXT):
        tag.decompose()
    heading = soup.find("h1")
    title = soup.title.get_text() if soup.title else ""
    title = title.strip() or (heading.get_text(" ") if heading else "")
    if soup.title:
        soup.title.decompose()
    for tag in soup.find_all(_BLOCKS):
        tag.insert_before("\n\n")
        tag.insert_after("\n\n")
    root = soup.find("article") or soup.find("main") or soup.body or soup
    # Line breaks inside a paragraph of HTML mean nothing; only blocks part the text.
    blocks = re.split(r"\n{2,}", root.get_text())
    return title, "\n\n".join(" ".join(block.split()) for block in blocks)


def _read_markdown(text: str) -> tuple[str, str]:
    title = ""
    head = re.match(r"---\s*\n(.*?)\n---\s*\n", text, re.DOTALL)
    if head:
        found = re.search(r"^title:\s*[\"']?(.*?)[\"']?\s*$", head[1], re.MULTILINE)
        title = found[1] if found else ""
        text = text[head.end() :]
    heading = re.search(r"^#{1,2}\s+(.+?)\s*#*$", text, re.MULTILINE)
    title = title or (heading[1] if heading else "")
    text = re.sub(r"!\[[^\]]*\]\([^)]*\)", "", text)
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    text = re.sub(r"^\s{0,3}(#{1,6}\s+|>\s?|[-*+]\s+)", "", text, flags=re.MULTILINE)
    return title, text.replace("**", "").replace("`", "")


def _read_pdf(content: bytes) -> tuple[str, str]:
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    try:
        reader = PdfReader(io.BytesIO(content))
        if reader.is_encrypted:
            raise Unreadable("is a protected PDF; save a copy without a password")
        title = str((reader.metadata and reader.metadata.title) or "")
        pages: list[str] = []
        for page in reader.pages:
            pages.append(page.extract_text())
            if sum(map(len, pages)) > MAX_CHARACTERS:
                break
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError, OSError) as error:
        raise Unreadable("is no PDF that can be read; save it anew or as text") from error
    return title, "\n\n".join(pages)
