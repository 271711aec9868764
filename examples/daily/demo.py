"""From nothing to three loaded targets: make the inputs, start the services, show, check, run.

On the stand-ins of one folder, or with `--services` on real systems: it is the same workflow.
"""

import argparse
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Generator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path
from typing import Final, NoReturn

import duckdb

from examples.daily.places import Places, here
from examples.daily.seed import BUSY_DAY, day, seed
from examples.daily.services import crm_service, services, serving
from fwf.connectors import http

PROJECT: Final = Path(__file__).parents[2]
TARGET: Final = "examples.daily.workflow"
ON_SERVICES: Final = ("--profiles", "examples/daily/fwf.toml", "--profile", "services")


def main() -> int:
    """Do it all; the exit status is that of the first command that fails, or 0."""
    signal.signal(signal.SIGTERM, _leave)  # in order: what was started for it is stopped
    asked = arguments(sys.argv[1:])
    places = here()
    say(f"seed: inputs of {asked.day} in {places.folder}")
    seed(places, scale=asked.scale, days=[asked.day])
    with started(places, asked.services) as variables:
        for words in commands(asked):
            say(" ".join(["fwf", *words]))
            status = fwf(places, words, variables)
            if status:
                return status
        say(f"read back from the targets, {asked.day}")
        for target, count in counts(places, variables, asked).items():
            print(f"{target:<40} {count:>6}")
    return 0


def _leave(number: int, frame: object) -> NoReturn:
    sys.exit(128 + number)


@contextmanager
def started(places: Places, on_services: bool) -> Generator[Mapping[str, str]]:
    """The variables that the job finds its systems by, while they run."""
    if on_services:
        from examples.daily.systems import systems

        say("start PostgreSQL, S3, DynamoDB, the warehouse's Data API and both services")
        with systems(places) as variables:
            yield variables
    else:
        with services(places):
            yield {}


def commands(asked: argparse.Namespace) -> list[list[str]]:
    """What to ask of fwf. The job runs twice, to see that the second run adds nothing."""
    parameters = ["--param", f"day={asked.day}", "--param", f"min_amount={asked.min_amount}"]
    where = [*ON_SERVICES] if asked.services else []
    run = ["run", TARGET, *parameters, *where]
    return [["show", TARGET], ["check", TARGET], run, run]


def fwf(places: Places, words: Sequence[str], variables: Mapping[str, str]) -> int:
    """Run one fwf command and give its exit status."""
    environment = {**os.environ, **variables, "DAILY_DATA": str(places.folder.resolve())}
    command = [sys.executable, "-m", "fwf", *words]
    return subprocess.run(command, cwd=PROJECT, env=environment, check=False).returncode


def counts(
    places: Places, variables: Mapping[str, str], asked: argparse.Namespace
) -> dict[str, int]:
    """How much each target holds for a day, read from the targets themselves."""
    if asked.services:
        from examples.daily import systems

        held, crm = systems.held(variables, asked.day), systems.crm_of(places)
        found = {"warehouse": len(held.sales), "profiles": len(held.items)}
    else:
        found, crm = counts_here(places, asked.day), places.crm
    with serving(crm_service(crm)) as address, http.client(address, allow_private=True) as client:
        contacts = client.get(f"/days/{asked.day}").content["contacts"]
    return {
        "warehouse: rows of the table sales": found["warehouse"],
        "profiles: customer items": found["profiles"],
        "CRM: contacts": contacts,
    }


def counts_here(places: Places, day: date) -> dict[str, int]:
    """The same of the stand-ins."""
    with (
        duckdb.connect(str(places.warehouse), read_only=True) as warehouse,
        closing(sqlite3.connect(places.profiles)) as profiles,
    ):
        rows = warehouse.execute("SELECT count(*) FROM sales WHERE day = ?", [day]).fetchone()
        items = profiles.execute("SELECT count(*) FROM items WHERE day = ?", (str(day),)).fetchone()
    assert rows is not None, "count(*) always answers"
    return {"warehouse": rows[0], "profiles": items[0]}


def say(line: str) -> None:
    """A headline between the parts."""
    print(f"\n── {line}", flush=True)


def arguments(words: Sequence[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m examples.daily.demo", description="Run the daily example from nothing."
    )
    parser.add_argument("--day", type=day, default=BUSY_DAY)
    parser.add_argument("--min-amount", default="0", help="leave out smaller orders (US dollars)")
    parser.add_argument(
        "--services", action="store_true", help="on real systems, which are started for it"
    )
    parser.add_argument("--scale", type=float, default=0.01, help="TPC-H scale factor")
    return parser.parse_args(words)


if __name__ == "__main__":
    sys.exit(main())
