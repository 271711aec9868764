"""What do the steps of a load hand on to one another?"""

from typing import Any, NamedTuple

from fwf.connectors.redshift.columns import Column


class Staged(NamedTuple):
    """Rows that lie in S3 as Parquet.

    manifest: its address, `s3://bucket/…`; None where there are no rows, and so no file.
    columns: those of the file, in its order.
    digest: of the set of rows and of the columns: `fwf.connectors.shared.digest`.
    """

    manifest: str | None
    columns: tuple[Column, ...]
    rows: int
    digest: str


class Statement(NamedTuple):
    """A statement, or a batch of them, that Redshift was given, and which goes on by itself.

    steps: what the statements of a batch do, in words and in order; none for a single one.
    """

    id: str
    steps: tuple[str, ...] = ()
    table: str = ""


class Status(NamedTuple):
    """How a statement is doing: SUBMITTED, PICKED, STARTED or FINISHED, which is its end."""

    statement: Statement
    said: str
    ended: bool


class Loaded(NamedTuple):
    """What a load has left in its target; `repeated` if an earlier statement had done it."""

    table: str
    rows: int
    repeated: bool


class Rows(NamedTuple):
    """A page of a result: at most 1 MB or so; `next` leads to the page behind it."""

    columns: tuple[str, ...]
    items: list[tuple[Any, ...]]
    next: str | None
