"""Where a run is kept, so that another process can go on with it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast, final

from fwf.records import record

if TYPE_CHECKING:
    from fwf.interpreters.run.journaled.decisions import Again
    from fwf.journal.store import Store

Durability: TypeAlias = Literal["power", "process"]
"""What a step that is done survives: a power cut, or only the end of its process."""


@final
@record(hidden=("about", "take_back"))
class Journal:
    """Where a run is kept, and what is to become of one that is there already.

    where: a file, `postgresql://…`, or a store that is open, and then stays so.
    durability: whether a step that is done survives a "power" cut, or only the end of its
        "process"; on a server, that is the server's.
    again: do a complete run once more, as its next generation, with new idempotency keys; with an
        id, only if the last generation is that run.
    accept_changes: do steps anew whose task or input is another than when they were done.
    salvage: go on with a damaged run from its last good record, and lose what came after.
    take_back: the id of the run that is there, and what of it is to be done again. It is taken back
        when the try begins: a run that is refused has everything that it had.
    about: what else is to be known of the run, such as the target that it was started from.

    >>> Journal("runs.db")
    Journal(where='runs.db', durability='power', again=False, accept_changes=False, salvage=False)
    """

    where: str | Path | Store
    durability: Durability = "power"
    again: bool | str = False
    accept_changes: bool = False
    salvage: bool = False
    about: Mapping[str, Any] | None = None
    take_back: tuple[str, Again] | None = None


def as_journal(journal: Journal | str | Path) -> Journal:
    """A journal, or the file or address of one ⟶ a journal."""
    if isinstance(journal, Journal):
        return journal
    if isinstance(cast(object, journal), str | Path) and str(journal):
        return Journal(journal)
    raise TypeError(
        f"run(journal={journal!r}): needs a file, postgresql://…, or Journal(…, again=True)"
    )
