"""What does a type say of a table's columns: which there are, and that a task leaves them alone?"""

from typing import Any, final, get_args, get_origin

from fwf.records import record
from fwf.types import table_types
from fwf.types.aliases import UNIONS, notes


@final
@record()
class SameColumns:
    """`-> Annotated[T, SameColumns]`: what a task gives has the columns of what it is given.

    Each by its name, with the values as they were: the task leaves out rows, sorts them, puts
    tables together or writes them down in another form. Of a task that is given nothing, it has
    those of the only dataset that it reads. Where T declares columns, it has these. Lineage by
    column goes on behind it, as it otherwise doesn't behind Python. Nothing checks it.

    >>> from typing import Annotated
    >>> from fwf import lineage, task
    >>> @task(effect="read", reads=["pg://shop/orders"], config={"sql": "SELECT id FROM orders"})
    ... def orders() -> object: ...
    >>> @task(effect="pure")
    ... def newest(rows: object) -> Annotated[object, SameColumns]: ...
    >>> @task(effect="idempotent", writes=["s3://lake/newest"])
    ... def save(rows: object) -> None: ...
    >>> print(lineage(orders >> newest >> save))
    s3://lake/newest, written by save
      data from pg://shop/orders
    columns of save
      s3://lake/newest: id from pg://shop/orders: id (identity)
    """


def keeps_columns(annotation: Any) -> bool:
    """Whether a type says `SameColumns`."""
    return any(note is SameColumns or isinstance(note, SameColumns) for note in notes(annotation))


def columns_in(annotation: Any) -> tuple[str, ...] | None:
    """Type ⟶ the names of the columns that it declares, if it is a table, or None, and does."""
    if get_origin(annotation) in UNIONS:
        parts = [each for each in get_args(annotation) if each is not type(None)]
        return columns_in(parts[0]) if len(parts) == 1 else None
    table_type = table_types.table_type(annotation)
    return None if table_type is None else tuple(str(name) for name, _ in table_type.columns)
