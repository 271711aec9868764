"""The pytest plugin: the fixtures `dry_run` and `run`, and what the report of a failure shows."""

from __future__ import annotations

from collections.abc import Callable, Generator
from functools import wraps
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from returns.result import Result

    from fwf.interpreters.dry_run import DryRun

# Interpreters are imported by the fixture: this module is loaded in every pytest run.
_RUNS = pytest.StashKey["list[DryRun]"]()


@pytest.fixture
def dry_run(request: pytest.FixtureRequest) -> Generator[Callable[..., DryRun]]:
    """`fwf.dry_run`; if the test fails, its report shows the timelines of its dry runs."""
    from fwf.interpreters.dry_run import dry_run as original
    from fwf.worlds.scenario import ScenarioError

    runs: list[DryRun] = request.node.stash.setdefault(_RUNS, [])

    @wraps(original)
    def remembered(*args: Any, **kwargs: Any) -> DryRun:
        __tracebackhide__ = True
        try:
            runs.append(original(*args, **kwargs))
        except ScenarioError as error:
            raise error.with_traceback(None) from None  # it says all: the test's own line is enough
        return runs[-1]

    yield remembered
    runs.clear()


@pytest.fixture
def run() -> Callable[..., Result[Any, Any]]:
    """`fwf.run` that also watches inputs: a task that changes what it was given has failed."""
    from fwf.interpreters.run import run as original

    @wraps(original)
    def watching(*args: Any, **kwargs: Any) -> Result[Any, Any]:
        return original(*args, **{"watch_inputs": True, **kwargs})

    return watching


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[Any]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed:
        told_run = getattr(
            call.excinfo and call.excinfo.value, "run", None
        )  # a claim's own message
        for run in item.stash.get(_RUNS, ()):
            if run is not told_run:
                report.sections.append((f"dry run of {run.name}", str(run)))
    return report
