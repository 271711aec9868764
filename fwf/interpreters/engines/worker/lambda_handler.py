"""The worker as a function of AWS Lambda: `….engines.worker.lambda_handler.handler`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from fwf.interpreters.engines.worker.answer import Answer, answer_to_json
from fwf.interpreters.engines.worker.call import is_call
from fwf.interpreters.engines.worker.order import Order, Unclear, order_from_json
from fwf.interpreters.engines.worker.verbs import answered
from fwf.interpreters.engines.worker.work import work
from fwf.interpreters.run import SystemClock
from fwf.records import changed


def handler(event: Any, context: Any = None) -> Any:
    """Call or order, as JSON ⟶ the context that goes on or the answer, as JSON.

    Raises `Unclear` for what is no call.
    """
    if is_call(event):
        return answered(event, gone=_gone(context))
    try:
        answer = work(_within(order_from_json(event), context))
    except Unclear as error:
        answer = Answer("refused", said=str(error))
    return answer_to_json(answer, SystemClock().now())


def _within(order: Order, context: Any) -> Order:
    """The order, with the end of the time that the function has: then its worker is gone."""
    return order if order.gone is not None else changed(order, gone=_gone(context))


def _gone(context: Any) -> datetime | None:
    """When the function's time is over."""
    if context is None:
        return None
    return datetime.now(UTC) + timedelta(milliseconds=context.get_remaining_time_in_millis())
