"""The late file of `examples/late_file.py`: waited for, and a morning with a good and a bad one."""

from datetime import date
from pathlib import Path

import pytest
from returns.result import Failure

from examples import late_file
from examples.late_file import nightly, workflow
from fwf import Scenario, VirtualClock, check, dry_run, execute, hours, minutes
from fwf.testing import assert_ran

SUNDAY, MONDAY = date(2025, 6, 1), date(2025, 6, 2)


@pytest.fixture
def drop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(late_file, "DROP", tmp_path)
    return tmp_path


def test_a_file_that_comes_late_is_waited_for() -> None:
    late = Scenario().task("is_there", gives_each=[False] * 5 + [True])
    found = dry_run(workflow, scenario=late, params={"day": MONDAY})
    assert_ran(found, "poll > is_there").attempts(6)
    assert (found.took, found.degraded) == (minutes(25), ())


def test_a_file_that_never_comes_fails_the_run_long_after_it_was_late() -> None:
    never = Scenario().task("is_there", gives=False)
    found = dry_run(workflow, scenario=never, params={"day": MONDAY})
    assert isinstance(found.result, Failure) and found.took > hours(8)


def test_a_day_without_a_rate_is_degraded(drop: Path) -> None:
    (drop / "2025-06-01.csv").write_text("12.5, 8")
    ran = execute(workflow, params={"day": SUNDAY}, clock=VirtualClock())
    assert ran.result.unwrap() == "2025-06-01: 20.50"
    assert ran.degraded == ("prices > par > rate",)


def test_a_file_that_isnt_read_fails_the_run(drop: Path) -> None:
    (drop / "2025-06-02.csv").write_text("12.5, eight")
    ran = execute(workflow, params={"day": MONDAY}, clock=VirtualClock())
    assert ran.result.failure().path == "prices > par > prices" and not ran.degraded


def test_nothing_is_wrong_with_it_and_people_are_told() -> None:
    assert not check(workflow)
    assert nightly.notify is not None and nightly.notify.on_failure is late_file.tell
