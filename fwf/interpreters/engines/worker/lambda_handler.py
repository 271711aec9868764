"""The worker as a function of AWS Lambda: `….engines.worker.lambda_handler.handler`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from fwf.interpreters.engines.worker.answer import Answer, answer_to_json
from fwf.interpreters.engines.worker.order import Order, Unclear, order_from_json
from fwf.interpreters.engines.worker.work import work
from fwf.interpreters.run import SystemClock
from fwf.records import changed


def handler(event: Any, context: Any = None) -> Any:
    """Order, as JSON ⟶ the answer, as JSON."""
    try:
        answer = work(_within(order_from_json(event), context))
    except Unclear as error:
        answer = Answer("refused", said=str(error))
    return answer_to_json(answer, SystemClock().now())


def _within(order: Order, context: Any) -> Order:
    """The order, with the end of the time that the function has: then its worker is gone."""
    if context is None or order.gone is not None:
        return order
    left = timedelta(milliseconds=context.get_remaining_time_in_millis())
    return changed(order, gone=datetime.now(UTC) + left)
