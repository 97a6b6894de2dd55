"""The two families of error: what the user can fix, and what failed."""

from __future__ import annotations


class UserError(Exception):
    """Something the user can fix; its text is one line: the thing, its value, what to do."""


class Failure(Exception):
    """Something that failed on our side; its text is short, the cause is logged whole."""


class StoreBusy(Failure):
    """The database is locked by somebody else; nothing was written."""


class StoreFull(Failure):
    """The disk is full; nothing was written."""
