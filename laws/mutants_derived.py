"""Small wrong interpreters that have handlers of their own for derived words."""

from __future__ import annotations

from typing import Any

from fwf.algebra.builder import it
from fwf.algebra.nodes import Extension
from fwf.combinators import const, par, pure
from fwf.derived.caching import Cached
from fwf.derived.choosing import When
from fwf.derived.gathering import KeepInput
from fwf.derived.handling import Bracket, Recover
from fwf.derived.polling import Poll
from fwf.records import changed

from . import derived
from .broken import Broken, Here, mutant
from .denotation import End, micros


@mutant(Extension, derived.when_is_a_branch)
def when_runs_anyway(m: Broken, w: Any, here: Here) -> End:
    """The handler for `when` runs its part whatever the predicate says."""
    return m.of(w.body, *here) if isinstance(w, When) else m.page(w, here)


@mutant(Extension, derived.asked_once)
def polls_wait_first(m: Broken, w: Any, here: Here) -> End:
    """The handler for `poll` waits before the first question, too."""
    late = micros(w.every) if isinstance(w, Poll) else 0
    return m.page(w, here._replace(s=here.s + late))


@mutant(Extension, derived.recover_is_a_fallback)
def recover_takes_every_error(m: Broken, w: Any, here: Here) -> End:
    """The handler for `recover` forgets which errors it is for."""
    return m.page(changed(w, on=()) if isinstance(w, Recover) else w, here)


@mutant(Extension, derived.bracket_is_always)
def brackets_release_what_was_used(m: Broken, w: Any, here: Here) -> End:
    """The handler for `bracket` releases only after success."""
    if not isinstance(w, Bracket):
        return m.page(w, here)
    acquired: Any = KeepInput(w.acquire)
    bracketed = (
        acquired >> KeepInput(w.use) >> par(pure(it[1]), pure(it[0]) >> w.release) >> pure(it[0])
    )
    return m.of(bracketed, *here)


@mutant(Extension, derived.nothing_known_is_no_change)
def what_is_looked_up_in_vain_is_a_result(m: Broken, w: Any, here: Here) -> End:
    """The handler for `cached` gives what was looked up, whether it was found or not."""
    nothing: Any = const(None)
    return m.of(nothing, *here) if isinstance(w, Cached) else m.page(w, here)
