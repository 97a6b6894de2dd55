"""Judging a buyer's line: does it stay a buyer, in this call, with only what this call has earned?

It knows nothing of how lines are made or mended, so that it can judge both.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.persona import Persona
from bot.session import Turn
from evals.role_errors.agreeing import early_agreement, premature_ending
from evals.role_errors.contradictions import contradictions
from evals.role_errors.fault import Kind, RoleError
from evals.role_errors.narration import leaks, narration
from evals.role_errors.on_file import on_file
from evals.role_errors.repeats import repeats
from evals.role_errors.seller import role_reversal, speaks_for_rep
from evals.role_errors.unearned import unearned

__all__ = ["Kind", "RoleError", "errors"]

QUOTED = re.compile(r'["“][^"”]*["”]')


def errors(turn: Turn, before: Sequence[Turn], persona: Persona) -> list[RoleError]:
    """Every fault of the turn's spoken line, given the turns before it; each kind and stretch once."""
    line = turn.prospect.replace("’", "'").strip()
    # What stands in quotation marks is somebody else's: usually the rep's own words given back.
    own = QUOTED.sub(' "…" ', line)
    reps = [*(one.rep for one in before), turn.rep]
    file = on_file(persona)
    found = [
        *narration(line, own, persona),
        *speaks_for_rep(line, reps),
        *role_reversal(own, reps, persona, file),
        *leaks(own),
        *early_agreement(own, turn, persona),
        *premature_ending(own, turn, persona),
        *repeats(line, [one.prospect for one in before]),
        *unearned(line, turn, before, file),
        *contradictions(line, turn, before, file),
    ]
    return list(dict.fromkeys(found))
