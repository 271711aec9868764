"""What does a type say of a table's columns: which there are, and that a task leaves them alone?"""

from typing import Any, final

from fwf.algebra import tables
from fwf.algebra.aliases import notes
from fwf.records import record


@final
@record()
class SameColumns:
    """`-> Annotated[T, SameColumns]`: what a task gives has the columns of what it is given.

    Each by its name, and as it was: the task selects, sorts or joins rows, or writes them down in
    another form. Lineage by column goes on behind it, which it otherwise doesn't behind Python.

    >>> from typing import Annotated
    >>> from fwf import task
    >>> @task(effect="pure")
    ... def newest(rows: list[int]) -> Annotated[list[int], SameColumns]: ...
    """


def keeps_columns(annotation: Any) -> bool:
    """Whether a type says `SameColumns`."""
    return any(note is SameColumns or isinstance(note, SameColumns) for note in notes(annotation))


def columns_in(annotation: Any) -> tuple[str, ...] | None:
    """Type ⟶ the names of the columns that it declares, if it is a table and declares some."""
    known = tables.declared(annotation)
    return None if known is None else tuple(str(name) for name, _ in known.columns)
