"""`paginate`: page after page, until there is no next one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Generic, NamedTuple, Protocol, TypedDict, TypeVar, final, overload

from fwf.algebra import checked_fields
from fwf.algebra.builder import it, literal, pick
from fwf.algebra.extensions import as_piece, call
from fwf.algebra.nodes import Extension, Node, OnLimit
from fwf.algebra.workflow import AnyWorkflow, Workflow, as_workflow
from fwf.combinators import Error, fallback, loop_until, par, pure, tags
from fwf.derived.conditions import passing, retold
from fwf.derived.handling import caught, filter_of
from fwf.derived.limits import exhausted, limit_words, limits_of, source_of_limits
from fwf.faults import Fault
from fwf.records import record

T = TypeVar("T")
K = TypeVar("K")
T_co = TypeVar("T_co", covariant=True)
K_co = TypeVar("K_co", covariant=True)


class Pages(NamedTuple, Generic[T]):
    """What `paginate` read.

    `complete` says whether the last page was reached; if not, `next` is the cursor to go on from.
    """

    items: list[T]
    next: object
    pages: int
    complete: bool


class Page(TypedDict, Generic[T, K]):
    """One page as a dictionary: its items, and the cursor of the next page or None."""

    items: list[T]
    next: K | None


class HasPage(Protocol[T_co, K_co]):
    """One page as an object with the fields `items` and `next`."""

    @property
    def items(self) -> Sequence[T_co]: ...
    @property
    def next(self) -> K_co | None: ...


@final
@record(eq=False, repr=False)
class Paginate(Extension[Any, Any]):
    """`paginate`: a loop whose state is the cursor, the items, how many pages, and how it ended."""

    fetch: Node
    limit: int
    within: timedelta | None
    on_limit: OnLimit
    on_error: OnLimit
    on: tuple[str, ...]
    word = "paginate"

    def desugar(self) -> AnyWorkflow:
        fetched = par(passing(), pick(0) >> self.fetch)
        more = it[1]["next"].present()
        items = it[0][1] + it[1]["items"]
        read = pick(it[1]["next"].or_else(None), items, it[0][2] + 1, ~more, ~more)
        one: AnyWorkflow = fetched >> pure(read)
        if self.on_error == "stop":
            stopped = pure(pick(it[0], it[1], it[2], literal(True), literal(False)))
            one = fallback(one, stopped, on=self.on)
        loop = loop_until(one, it[3], **limits_of(self))
        start = pick(literal(None), literal([]), literal(0), literal(False), literal(False))
        return start >> loop >> pure(as_pages)

    def arguments(self) -> tuple[str, ...]:
        stops = [f"on_error={self.on_error!r}"] if self.on_error != "fail" else []
        return (*limit_words(self), *stops, *caught(self.on))

    def written(self) -> list[Any]:
        stops = repr(self.on_error) if self.on_error != "fail" else None
        bounds, on = source_of_limits(self), filter_of(self.on)
        return call(self.word, as_piece(self.fetch), **bounds, on_error=stops, on=on)

    def worded(self, fault: Fault) -> Fault:
        fault_in_words = retold(fault, items="it[0][1]", page="it[1]")
        return exhausted(fault_in_words, self.fetch, "not the last page", self.limit, self.within)


@overload
def paginate(
    fetch: Workflow[K | None, HasPage[T, K]],
    /,
    *,
    limit: int,
    within: timedelta | None = None,
    on_limit: OnLimit = "fail",
    on_error: OnLimit = "fail",
    on: Error | Sequence[Error] = (),
) -> Workflow[object, Pages[T]]: ...
@overload
def paginate(
    fetch: Workflow[K | None, Page[T, K]],
    /,
    *,
    limit: int,
    within: timedelta | None = None,
    on_limit: OnLimit = "fail",
    on_error: OnLimit = "fail",
    on: Error | Sequence[Error] = (),
) -> Workflow[object, Pages[T]]: ...
@overload
def paginate(
    fetch: Workflow[K | None, dict[str, Any]],
    /,
    *,
    limit: int,
    within: timedelta | None = None,
    on_limit: OnLimit = "fail",
    on_error: OnLimit = "fail",
    on: Error | Sequence[Error] = (),
) -> Workflow[object, Pages[Any]]: ...
def paginate(
    fetch: AnyWorkflow,
    /,
    *,
    limit: int,
    within: timedelta | None = None,
    on_limit: OnLimit = "fail",
    on_error: OnLimit = "fail",
    on: Error | Sequence[Error] = (),
) -> Workflow[object, Pages[Any]]:
    """(cursor | None → page) ⟶ _ → Pages: fetch page after page, following `next` from None.

    A page has `items`, a list, and `next`, a cursor or None. With `on_limit="stop"` (too many
    pages, or `within` is over) and `on_error="stop"` (a page failed) the pages read so far are
    kept, and `complete` is False: a timeout around the whole would lose them. `on` says which
    errors stop it; without it all do.
    """
    checked_fields.one_of(on_error, ("fail", "stop"), "paginate(on_error=…)")
    part = as_workflow(fetch, "paginate")
    checked_fields.at_least(limit, 1, "paginate", "limit", "page")
    return Paginate(part, limit, within, on_limit, on_error, tags(on, "paginate"))


def as_pages(state: tuple[object, list[T], int, bool, bool]) -> Pages[T]:
    """The last state of `paginate`'s loop ⟶ what it gives."""
    cursor, items, pages, _, complete = state
    return Pages(items, cursor, pages, complete)
