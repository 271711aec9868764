"""How does lineage read? Each product with its writers and sources, then the columns."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from fwf.faults import listed, shortened
from fwf.interpreters.lineage.column_lineage import Column
from fwf.printing import printable

if TYPE_CHECKING:
    from fwf.interpreters.lineage import Lineage

MAX_NAMES = 8
MAX_PRODUCTS = 100


def text_of(lineage: "Lineage") -> str:
    """Lineage ⟶ what a reader wants to know of it."""
    return "\n".join(map(printable, _lines(lineage))) or "no task declares a dataset"


def _lines(lineage: "Lineage") -> Iterator[str]:
    for product, writers, reach in islice(lineage.reaches(), MAX_PRODUCTS):
        again = ", read again" if product in lineage.intermediates else ""
        yield f"{product}, written by {_some([shortened(each.path) for each in writers])}{again}"
        if reach is None:
            yield "  data from too many to follow them all"
        else:
            yield f"  data from {_some(reach.data) or 'no dataset'}"
            if reach.control:
                yield f"  decided by {_some(reach.control)}"
    more = len(lineage.products) - MAX_PRODUCTS
    if more > 0:
        yield f"and {more:,} more"
    if lineage.unused:
        yield f"for no product: {_some(lineage.unused)}"
    yield from _of_columns(lineage)


def _of_columns(lineage: "Lineage") -> Iterator[str]:
    for each in lineage.tasks:
        if each.columns is None or not (each.columns.columns or each.columns.problems):
            continue
        yield f"columns of {shortened(each.path)}"
        for column in each.columns.columns:
            yield f"  {_column(column)}"
        for problem in each.columns.problems:
            yield f"  missing: {problem}"


def _column(column: Column) -> str:
    if not column.origins:
        return f"{column.dataset}: {column.name} from no column"
    origins = [
        f"{origin.dataset}: {origin.column} ({origin.kind.lower()})" for origin in column.origins
    ]
    return f"{column.dataset}: {column.name} from {_some(origins)}"


def _some(names: Sequence[str]) -> str:
    return listed(names, len(names), MAX_NAMES)
