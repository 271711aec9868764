"""The worker as a function of AWS Lambda: `….engines.worker.lambda_handler.handler`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from fwf.interpreters.engines.worker.verbs import answer_call


def handler(event: Any, context: Any = None) -> Any:
    """Call, as JSON ⟶ the context that goes on, as JSON; raises `Unclear` for what is no call."""
    return answer_call(event, gone=_gone(context))


def _gone(context: Any) -> datetime | None:
    """When the function's time is over."""
    if context is None:
        return None
    return datetime.now(UTC) + timedelta(milliseconds=context.get_remaining_time_in_millis())
