"""The daily example from the command line: what it loads, and what may go wrong."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from examples.daily.places import Places
from examples.daily.seed import BUSY_DAY, seed
from examples.daily.services import services
from tests.cli_support import ROOT, Done, environment, fwf

pytestmark = pytest.mark.services  # each command does a whole day

TARGET = "examples/daily/workflow.py"
DAY = f"day={BUSY_DAY}"


def run(places: Places, *params: str, key: str = "") -> Done:
    words = [word for param in params for word in ("--param", param)]
    env = environment(DAILY_DATA=str(places.folder))
    return fwf("run", TARGET, *words, *(["--key", key] if key else []), cwd=ROOT, env=env)


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Places:
    places = Places(tmp_path_factory.mktemp("daily"))
    seed(places, scale=0.01, days=[BUSY_DAY])
    return places


@contextmanager
def without(path: Path, content: bytes | None = None) -> Iterator[None]:
    """A file that isn't there for a while, or holds something else."""
    kept = path.read_bytes()
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    try:
        yield
    finally:
        path.write_bytes(kept)


def test_the_definition_fits_in_sixty_lines() -> None:
    lines = (ROOT / TARGET).read_text(encoding="utf-8").splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith("patience ="))
    last = next(i for i, line in enumerate(lines) if line.startswith("resources ="))
    assert last - first <= 60


def test_check_has_nothing_to_say_of_it() -> None:
    done = fwf("check", TARGET, "--strict", cwd=ROOT)
    assert (done.status, done.out) == (0, "daily: no issues\n")


def test_the_demo_loads_three_targets_and_the_same_again(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "examples.daily.demo"], cwd=ROOT,
        env=environment(DAILY_DATA=str(tmp_path)), capture_output=True, encoding="utf-8",
        timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    shown = done.stdout.splitlines()
    starts = [at for at, line in enumerate(shown) if line.startswith(f"{BUSY_DAY}: ")]
    reports = [shown[at : at + 6] for at in starts]
    assert len(reports) == 2 and reports[0] == reports[1]
    assert [line.split() for line in shown[-3:]] == [
        [*["warehouse:", "rows", "of", "the", "table", "sales"], "16"],
        [*["profiles:", "customer", "items"], "16"],
        [*["CRM:", "contacts"], "16"],
    ]


def test_parameters_change_what_is_loaded(seeded: Places) -> None:
    with services(seeded):
        every = run(seeded, DAY)
        large = run(seeded, DAY, "min_amount=30000", key="large orders")
    assert (every.status, large.status) == (0, 0), every.err + large.err
    kept = [
        int(found[1]) for done in (every, large) if (found := re.search(r": (\d+) of", done.out))
    ]
    assert kept[0] > kept[1] > 0


def test_other_data_under_the_key_of_a_run_is_refused(seeded: Places) -> None:
    with services(seeded):
        assert run(seeded, DAY).status == 0
        before = targets(seeded)["warehouse.duckdb"]
        done = run(seeded, DAY, "min_amount=40000")
    assert (done.status, done.out) == (1, "")
    assert "KeyReused: load of sales: its idempotency key was used for other data" in done.err
    assert targets(seeded)["warehouse.duckdb"] == before


def test_a_missing_or_wrong_parameter_is_misuse(seeded: Places) -> None:
    assert run(seeded) == Done(
        2,
        "",
        "fwf: daily > log > log_files: parameter 'day' (date) is missing; "
        "add --param day=2026-07-15\n",
    )
    assert run(seeded, "day=16.9.1995", "min_amount=lots") == Done(
        2,
        "",
        "fwf: --param day='16.9.1995': needs date, such as day=2026-07-15\n"
        "fwf: --param min_amount='lots': needs Decimal, such as min_amount=9.99\n",
    )


def targets(places: Places) -> dict[str, bytes | None]:
    each = (places.warehouse, places.profiles, places.crm)
    return {path.name: path.read_bytes() if path.exists() else None for path in each}


def failed(done: Done, path: str) -> str:
    """The only fault of a failed run, which is told last and in one line."""
    assert (done.status, done.out) == (1, "")
    *progress, fault = done.err.splitlines()
    assert " done   daily  failed in " in progress[-1]
    assert "Traceback" not in done.err
    assert fault.startswith(f"{path}: ")
    return fault


def test_an_unreachable_database_is_one_line_and_leaves_the_targets_alone(seeded: Places) -> None:
    with services(seeded):
        before = targets(seeded)
        with without(seeded.shop):
            fault = failed(run(seeded, DAY), "daily > orders")
        assert f"there is no shop database {seeded.shop}" in fault
        assert "make it with `python -m examples.daily.seed`" in fault
        with without(seeded.shop, b"this is no database" * 100):
            fault = failed(run(seeded, DAY), "daily > orders")
        assert "it is not a valid DuckDB database file" in fault
        assert targets(seeded) == before


def test_an_unreadable_log_is_one_line_and_leaves_the_targets_alone(seeded: Places) -> None:
    log = seeded.logs / str(BUSY_DAY) / "07.log.gz"
    with services(seeded):
        before = targets(seeded)
        with without(log, log.read_bytes()[:-50]):
            done = run(seeded, DAY)
        fault = failed(done, f"daily > log > map_each[{BUSY_DAY}/07.log.gz] > read_log")
        assert f"{BUSY_DAY}/07.log.gz" in fault.partition("BadData: ")[2]
        assert targets(seeded) == before


def test_services_that_do_not_answer_are_one_line_each(seeded: Places) -> None:
    seeded.addresses.unlink(missing_ok=True)
    seeded.last_rates.unlink(missing_ok=True)
    before = targets(seeded)
    done = run(seeded, DAY)
    assert done.status == 1
    assert "start the services with `python -m examples.daily.services`" in done.err
    assert targets(seeded) == before
