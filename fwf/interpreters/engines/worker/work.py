"""From an order to its answer: what it names is looked up and compared, then run, once."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final, final

from fwf.algebra.nodes import AsResult, Fallback, Node, Retry
from fwf.faults import Failed, Fault, Interrupted, TimedOut, leaves, text, then
from fwf.forms.refusal import Refused, under
from fwf.interpreters.engines.worker.answer import Answer, Taker, Word
from fwf.interpreters.engines.worker.claimed import Claiming
from fwf.interpreters.engines.worker.claims import Claims, InObjects
from fwf.interpreters.engines.worker.loading import Loaded, Unloadable, loaded
from fwf.interpreters.engines.worker.objects import Objects, StoreError
from fwf.interpreters.engines.worker.order import Order
from fwf.interpreters.engines.worker.packed_values import Blobs, Packed, packed, read, values_of
from fwf.interpreters.run import Clock, Observe, SystemClock
from fwf.interpreters.run.local import Local
from fwf.interpreters.run.single_part import Ended, run_part
from fwf.journal.errors import JournalError
from fwf.journal.values import Unwritable, Values
from fwf.machine.part import NoPart, Part, part_at
from fwf.machine.world import World
from fwf.records import record

_SCHEMES: Final = ("postgresql://", "postgres://")


@final
@record(eq=False)
class Places:
    """Where claims and large values are kept, if anywhere."""

    claims: Claims | None
    blobs: Blobs | None


def work(
    order: Order,
    *,
    load: Callable[[str], Loaded] = loaded,
    places: Places | None = None,
    clock: Clock | None = None,
    observe: Observe | None = None,
) -> Answer:
    """Order ⟶ how the part ended that it asks for. Whatever a task raises is an answer, too.

    load: from the name of a workflow to it.
    places: where claims and large values are kept; if None, where the order says.
    """
    own: Places | None = None
    try:
        there = load(order.target)
        if places is None:
            own = places = places_at(order.store, order.claims)
        part = part_at(there.workflow, order.path, order.items, id=order.part)
        return worked(order, part, there, places, clock or SystemClock(), observe)
    except Refused as error:
        return Answer("refused", said=f"the order {error.pointer}: {error.message}")
    except (NoPart, StoreError, Unloadable) as error:
        return Answer("refused", said=f"{order.target}: {text(error)}")
    finally:
        if own is not None and own.claims is not None:
            own.claims.close()


def worked(
    order: Order,
    part: Part,
    there: Loaded,
    places: Places,
    clock: Clock,
    observe: Observe | None,
    *,
    again: int = 0,
) -> Answer:
    """The answer to an order for a part; what is raised is raised before anything is begun.

    again: how many times people have had it done anew.
    """
    blobs = places.blobs
    values = values_of(there.names, blobs)
    ended = run_part(
        part,
        read(values, order.value, blobs, "/value"),
        under=order.under,
        params=_read_all(values, order.params, blobs, "/params"),
        bindings=_read_all(values, order.bindings, blobs, "/bindings"),
        resources=there.resources,
        pools=there.pools,
        tries=order.tries,
        attempt=order.attempt,
        deadline=_deadline(order, clock),
        clock=clock,
        observe=observe,
        required=there.required,
        world=partial(_claiming, order, places.claims, values, again),
    )
    return _answer(order, part, ended, values, blobs)


def places_at(store: str, claims: str) -> Places:
    """The URLs of where large values and claims are kept; empty for nowhere. Raises `StoreError`.

    Claims are kept beside the values, unless they have a place of their own.
    """
    objects = Objects(store) if store else None
    if not claims:
        return Places(None if objects is None else InObjects(objects), objects)
    if not claims.startswith(_SCHEMES):
        return Places(InObjects(Objects(claims)), objects)
    from fwf.interpreters.engines.worker.claims_postgres import InPostgres

    return Places(InPostgres(claims), objects)


def _read_all(
    values: Values, given: Mapping[str, Packed], blobs: Blobs | None, at: str
) -> dict[str, Any]:
    return {name: read(values, each, blobs, under(at, name)) for name, each in given.items()}


def _claiming(
    order: Order, claims: Claims | None, values: Values, again: int, local: Local
) -> World:
    """The world of a part: that of a local run, and claims if there is a place for them."""
    if claims is None:
        return local
    ends = order.gone
    until = 0 if ends is None else round(ends.timestamp() * 1e6)
    key = order.under.key or order.under.id
    return Claiming(local, claims, values, key=key, until=until, again=again)


def _deadline(order: Order, clock: Clock) -> int | None:
    """The time on the clock at which the part is cut."""
    if order.deadline is None:
        return None
    left = order.deadline.at - datetime.fromtimestamp(time.time(), UTC)
    return clock.now() + round(left.total_seconds() * 1e6)


def _answer(order: Order, part: Part, ended: Ended, values: Values, blobs: Blobs | None) -> Answer:
    fault = ended.fault
    if ended.how == "ok":
        try:
            text, _ = values.settle(ended.value)
            found = packed(text, order.limit, blobs)
            return Answer("ok", found, degraded=ended.degraded)
        except Unwritable as error:
            fault = Failed(part.path, ("Unwritable", "Defect"), str(error))
        except (StoreError, JournalError) as error:
            said = f"it was done, and what it gave can't be kept: {error}"
            return Answer("held", fault=Failed(part.path, ("StoreError",), said))
    if ended.how == "cut":
        return Answer("cut", fault=_cut(order, fault))
    if ended.how == "held" or fault is None:
        return Answer("held", fault=fault)
    return Answer("failed", fault=fault, taker=_taker(part, fault))


def _cut(order: Order, fault: Fault | None) -> Fault:
    """What a part failed with that was cut."""
    deadline = order.deadline
    signalled = fault is not None and isinstance(leaves(fault)[0], Interrupted)
    if deadline is None or signalled:
        return fault or Interrupted()
    late = TimedOut(deadline.path, deadline.within)
    return late if fault is None else then(late, fault)


def _taker(part: Part, fault: Fault) -> Taker | None:
    found = part.taker(fault)
    return None if found is None else Taker(_word(found.node), found.path)


def _word(node: Node) -> Word:
    match node:
        case Retry():
            return "retry"
        case Fallback():
            return "fallback"
        case AsResult():
            return "as_result"
        case _:
            return "map_each"
