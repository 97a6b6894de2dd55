"""What can go wrong with what the coach knows."""

from __future__ import annotations


class KnowledgeError(Exception):
    """Something the user can fix; the message is one line: the thing, its value, what to do."""


class IndexMissing(KnowledgeError):
    """There is no index where one was looked for."""


class IndexCorrupt(KnowledgeError):
    """There is an index, but it cannot be read."""
