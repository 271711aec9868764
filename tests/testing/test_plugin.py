"""The pytest plugin, in test runs of its own: the fixture, and the reports of tests that fail."""

import subprocess
import sys

import pytest

from tests.cli_support import ROOT

pytest_plugins = ["pytester"]

# An installed fwf loads the plugin by its entry point: under that name it is left out here.
PLUGIN = ("-p", "no:fwf", "-p", "fwf.testing.plugin", "-W", "error")
SOURCE = """
from fwf import Scenario, fallback, named, retry, task
from fwf.testing import assert_never_ran, assert_ran

@task
def orders() -> int: ...

@task
def yesterday() -> int: ...

daily = named("daily", fallback(retry(orders, attempts=3), yesterday))
down = Scenario().task("orders", fails="ConnectionError")
"""


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


def ran(pytester: pytest.Pytester, tests: str, *more: str) -> pytest.RunResult:
    pytester.makepyfile(SOURCE + tests)
    return pytester.runpytest_subprocess(*PLUGIN, *more)


def test_the_fixture_is_dry_run(pytester: pytest.Pytester) -> None:
    done = ran(
        pytester,
        """
def test_rates_down(dry_run):
    run = dry_run(daily, scenario=down)
    assert_ran(run, "orders").attempts(3).before("yesterday")

def test_all_well(dry_run):
    assert_never_ran(dry_run(daily), "yesterday")

def test_they_are_not_kept(request):
    from fwf.testing.plugin import _RUNS
    assert request.session.items[0].stash[_RUNS] == []
""",
    )
    done.assert_outcomes(passed=3)


def test_a_failing_test_shows_the_timelines_of_its_dry_runs_and_no_others(
    pytester: pytest.Pytester,
) -> None:
    done = ran(
        pytester,
        """
def test_before(dry_run):
    dry_run(retry(orders, attempts=1))

def test_red(dry_run):
    assert dry_run(daily, scenario=down).attempts == 2
    dry_run(daily)
""",
    )
    done.assert_outcomes(passed=1, failed=1)
    done.stdout.fnmatch_lines(["*- dry run of daily -*", "daily: ok after 0 s, 4 attempts*"])
    done.stdout.fnmatch_lines(["0.000 * orders*ConnectionError", "*critical path (?): orders*"])
    assert str(done.stdout).count("- dry run of") == 1


def test_a_claim_that_is_broken_shows_the_test_what_happened_and_one_timeline(
    pytester: pytest.Pytester,
) -> None:
    done = ran(
        pytester,
        """
def test_red(dry_run):
    assert_ran(dry_run(daily, scenario=down), "orders").attempts(2)
""",
    )
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(
        [
            '>*assert_ran(dry_run(daily, scenario=down), "orders").attempts(2)',
            "E*BrokenClaim: orders ran 3 times, not 2 times",
            "E*daily: ok after 0 s, 4 attempts*",
            "E*orders * try 3 *ConnectionError",
        ]
    )
    text = str(done.stdout)
    assert "claims.py" not in text and "- dry run of" not in text


def test_a_scenario_that_does_not_fit_shows_the_line_of_the_test(pytester: pytest.Pytester) -> None:
    done = ran(
        pytester,
        """
def test_red(dry_run):
    dry_run(daily, scenario=Scenario().task("ordres", gives=1))
""",
    )
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(
        [
            '>*dry_run(daily, scenario=Scenario().task("ordres", gives=1))',
            "E*ScenarioError: scenario: there is no task 'ordres'; did you mean 'orders'?",
        ]
    )
    text = str(done.stdout)
    assert "plugin.py" not in text and "dry_run/__init__.py" not in text


def test_the_fixture_run_watches_inputs(pytester: pytest.Pytester) -> None:
    done = ran(
        pytester,
        """
import fwf

@task(effect="pure")
def drain(rows: list[int]) -> int:
    return rows.pop()

def test_it_names_who_changed_them(run):
    fault = run(retry(drain, attempts=2), [1, 2]).failure()
    assert "rows had 2 items and has 1 while drain ran" in str(fault)

def test_it_can_be_told_not_to(run):
    assert run(drain, [1, 2], watch_inputs=False).unwrap() == 2

def test_it_is_fwf_s_own_otherwise(run):
    assert run.__doc__ == fwf.run.__doc__
    assert fwf.run(drain, [1, 2]).unwrap() == 2
""",
    )
    done.assert_outcomes(passed=3)


def test_reports_come_back_from_other_processes(pytester: pytest.Pytester) -> None:
    pytest.importorskip("xdist")
    done = ran(
        pytester,
        """
def test_red(dry_run):
    assert dry_run(daily, scenario=down).attempts == 2

def test_green(dry_run):
    assert dry_run(daily).attempts == 1
""",
        "-n", "2",
    )  # fmt: skip
    done.assert_outcomes(passed=1, failed=1)
    done.stdout.fnmatch_lines(["*- dry run of daily -*"])


def test_without_the_plugin_there_is_no_fixture(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_red(dry_run): ...")
    done = pytester.runpytest_subprocess("-p", "no:fwf", "-W", "error")
    done.assert_outcomes(errors=1)
    done.stdout.fnmatch_lines(["*fixture 'dry_run' not found*"])


def test_loading_the_plugin_loads_neither_hypothesis_nor_an_interpreter() -> None:
    code = (
        "import sys, fwf.testing.plugin\n"
        "print([m for m in sys.modules if m.startswith(('hypothesis', 'fwf.interpreters.'))])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, encoding="utf-8", timeout=60,
        check=False,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("[]\n", "")
