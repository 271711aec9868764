"""What the tests of telling share: a try, made up."""

from datetime import UTC, datetime
from typing import Any

from fwf.interpreters.run import Try


def this(**more: Any) -> Try:
    given: dict[str, Any] = {
        "id": "019acd7a-41d0-7b51-a3c5-0d417c3a09e1", "workflow": "night", "key": "ab" * 16,
        "generation": 1, "number": 1, "started": datetime(2026, 6, 1, 2, 14, tzinfo=UTC),
        "start": 0, "params": {},
    }  # fmt: skip
    return Try(**(given | more))
