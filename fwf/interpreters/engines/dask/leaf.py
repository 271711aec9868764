"""One attempt of one task, on a worker: from an order to its answer.

Whatever a task raises is an answer, `SystemExit` too: an exception that left this function would
cross as a pickle, and a worker that ends takes others' results along.
"""

from __future__ import annotations

from typing import Any

from distributed import get_worker

from fwf.algebra.nodes import Task
from fwf.faults import named_text
from fwf.interpreters.engines.dask.calling import done
from fwf.interpreters.engines.dask.claiming import claimed
from fwf.interpreters.engines.dask.orders import (
    TOO_LATE,
    Answer,
    Blobs,
    Order,
    answer_to_bytes,
    order_from_bytes,
)
from fwf.interpreters.engines.dask.station import AtWork, Station


def leaf(content: bytes) -> bytes:
    """Order ⟶ how the attempt ended."""
    order, blobs = order_from_bytes(content)
    worker: Any = get_worker()
    station: Station | None = worker.plugins.get(order.station)
    if station is None:
        return answer_to_bytes(Answer("broken", "the worker doesn't know of the run"), {})
    key = str(worker.get_current_task())
    at_work = station.enter(key)
    try:
        if at_work.cut:
            return answer_to_bytes(TOO_LATE, {})
        return answer_to_bytes(*_answered(order, blobs, station, at_work))
    except BaseException as error:  # a mistake of ours: nobody knows what was begun
        return answer_to_bytes(Answer("doubt", named_text(error)), {})
    finally:
        station.leave(key)


def _answered(
    order: Order, blobs: Blobs, station: Station, at_work: AtWork
) -> tuple[Answer, Blobs]:
    task = station.task(order.task)
    if task is None or order.code != station.code(order.task):
        return Answer("refused", _another(order, station, task)), {}
    if not (task.contract.may_write or order.watched):
        return done(order, blobs, task, station, at_work)
    return claimed(order, blobs, task, station, at_work)


def _another(order: Order, station: Station, task: Task[Any, Any] | None) -> str:
    """Why an order is refused: what the worker has isn't what the client means."""
    seen = station.seen
    where = f"{seen.host} has {station.target} from {seen.file}"
    if seen.trouble:
        return f"on {seen.host}: {seen.trouble}"
    if task is None:
        return (
            f"{where}, in which there is no {order.name} of the definition {order.task}: have the "
            "same code there, and start the workers anew"
        )
    return (
        f"{where}, in which the code of {order.name} is another: start the workers anew, which "
        "keep what they have imported"
    )
