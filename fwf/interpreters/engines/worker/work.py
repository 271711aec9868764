"""How is a part run once, as a worker does it: with claims, a deadline, and values that travel?"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final, Literal, final

from pyrsistent import PMap

from fwf.faults import Failed, Fault, Interrupted, TimedOut, leaves, then
from fwf.forms.refusal import under
from fwf.interpreters.engines.worker.call_forms import Deadline
from fwf.interpreters.engines.worker.claimed import Claiming
from fwf.interpreters.engines.worker.claims import Claims, InObjects
from fwf.interpreters.engines.worker.loading import Loaded
from fwf.interpreters.engines.worker.objects import Objects, StoreError
from fwf.interpreters.engines.worker.packed_values import Blobs, Packed, packed, read, values_of
from fwf.interpreters.run import Clock, Observe
from fwf.interpreters.run.local import Local
from fwf.interpreters.run.single_part import PartEnd, Under, run_part
from fwf.journal.errors import JournalError
from fwf.journal.values import Unwritable, Values
from fwf.machine.part import Part
from fwf.machine.world import World
from fwf.records import record

_SCHEMES: Final = ("postgresql://", "postgres://")


@final
@record(eq=False)
class Places:
    """Where claims and large values are kept, if anywhere."""

    claims: Claims | None
    blobs: Blobs | None


@final
@record()
class Order:
    """What there is to know of a part that is to be run.

    value: what it is given; params: the run's parameters; bindings: the values of those that are
        computed around it.
    under: the run that it is done for.
    tries: the numbers of the attempts of the retries around it, the outermost first; attempt: how
        many times it was begun, with this one.
    deadline: of the timeouts around it that which strikes first.
    gone: when the worker is surely gone, such as the end of the time that the engine gives it.
    limit: so many bytes a value may take in the answer; larger ones are put into the store.
    again: how many times people have had it done anew.
    """

    under: Under
    value: Packed
    params: PMap[str, Packed]
    bindings: Mapping[str, Packed]
    tries: tuple[int, ...]
    attempt: int
    deadline: Deadline | None
    gone: datetime | None
    limit: int | None
    again: int


@final
@record()
class Answer:
    """How a part ended.

    how: "ok", with a value; "failed", with a fault that what is around the part may take up;
        "cut", by the deadline it was given or by a signal, which nothing between takes up; "held",
        until a person has decided, which nothing takes up at all.
    degraded: the paths where the value isn't what was meant.
    """

    how: Literal["ok", "failed", "cut", "held"]
    value: Packed | None = None
    fault: Fault | None = None
    degraded: tuple[str, ...] = ()


def run_order(
    order: Order, part: Part, there: Loaded, places: Places, clock: Clock, observe: Observe | None
) -> Answer:
    """Run a part; what is raised is raised before anything is begun.

    Whatever a task raises is an answer, too.
    """
    blobs = places.blobs
    values = values_of(there.names, blobs)
    ending = run_part(
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
        needs=there.required,
        world=partial(_claiming, order, places.claims, values),
    )
    return _answer(order, part, ending, values, blobs)


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
    values: Values, forms: Mapping[str, Packed], blobs: Blobs | None, at: str
) -> dict[str, Any]:
    return {name: read(values, each, blobs, under(at, name)) for name, each in forms.items()}


def _claiming(order: Order, claims: Claims | None, values: Values, local: Local) -> World:
    """The world of a part: that of a local run, and claims if there is a place for them."""
    if claims is None:
        return local
    ends = order.gone
    until = 0 if ends is None else round(ends.timestamp() * 1e6)
    key = order.under.key or order.under.id
    return Claiming(local, claims, values, key=key, until=until, again=order.again)


def _deadline(order: Order, clock: Clock) -> int | None:
    """The time on the clock at which the part is cut."""
    if order.deadline is None:
        return None
    left = order.deadline.at - datetime.fromtimestamp(time.time(), UTC)
    return clock.now() + round(left.total_seconds() * 1e6)


def _answer(
    order: Order, part: Part, ending: PartEnd, values: Values, blobs: Blobs | None
) -> Answer:
    fault = ending.fault
    if ending.how == "ok":
        try:
            text, _ = values.settle(ending.value)
            value = packed(text, order.limit, blobs)
            return Answer("ok", value, degraded=ending.degraded)
        except Unwritable as error:
            fault = Failed(part.path, ("Unwritable", "Defect"), str(error))
        except (StoreError, JournalError) as error:
            message = f"it was done, and what it gave can't be kept: {error}"
            return Answer("held", fault=Failed(part.path, ("StoreError",), message))
    if ending.how == "cut":
        return Answer("cut", fault=_cut(order, fault))
    if ending.how == "held" or fault is None:
        return Answer("held", fault=fault)
    return Answer("failed", fault=fault)


def _cut(order: Order, fault: Fault | None) -> Fault:
    """What a part failed with that was cut."""
    deadline = order.deadline
    signalled = fault is not None and isinstance(leaves(fault)[0], Interrupted)
    if deadline is None or signalled:
        return fault or Interrupted()
    late = TimedOut(deadline.path, deadline.within)
    return late if fault is None else then(late, fault)
