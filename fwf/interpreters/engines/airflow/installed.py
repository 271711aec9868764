"""What of Airflow is needed, as it is installed here? Newer ones have moved things."""

from __future__ import annotations

from contextlib import suppress
from importlib import import_module
from typing import Any, NamedTuple


class Sdk(NamedTuple):
    """What of Airflow is needed, as it is installed; `policy` is None before 3.3.

    failed, skipped: the exceptions that end a task so; intervals: the class of timetables that
        count from one tick of a line of cron to the next.
    """

    sdk: Any
    failed: Any
    skipped: Any
    intervals: Any
    policy: Any

    @property
    def tries_again(self) -> bool:
        """Whether a policy may say whether a task is tried again, and when."""
        return self.policy is not None


def airflow() -> Sdk:
    """Airflow; raises `ImportError`, with the remedy, if it isn't there or is too old."""
    try:
        version = str(import_module("airflow").__version__)
    except ImportError as error:
        raise ImportError(
            f"a DAG needs Airflow, which can't be imported here ({error}): make it where Airflow "
            "3 is installed, from 3.3 on for retries by Airflow itself"
        ) from error
    if int(version.partition(".")[0]) < 3:
        raise ImportError(f"Airflow {version} is too old: needs 3.0, or 3.3 for its own retries")
    sdk = import_module("airflow.sdk")
    failed, skipped = map(_exception, ("AirflowFailException", "AirflowSkipException"))
    intervals = _found("CronDataIntervalTimetable", "airflow.sdk", "airflow.timetables.interval")
    return Sdk(sdk, failed, skipped, intervals, getattr(sdk, "RetryPolicy", None))


def _exception(name: str) -> Any:
    return _found(name, "airflow.sdk.exceptions", "airflow.exceptions")


def _found(name: str, *modules: str) -> Any:
    """What stands in the first of some modules that has it: newer Airflows have moved things."""
    for module in modules:
        with suppress(ImportError, AttributeError):
            return getattr(import_module(module), name)
    raise ImportError(f"this Airflow has no {name}: needs 3.0 or newer")
