"""From nothing to three loaded targets: make the inputs, start the services, show, check, run."""

import argparse
import os
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Final

import duckdb

from examples.daily.api import Api
from examples.daily.places import Places, here
from examples.daily.seed import BUSY_DAY, day, seed
from examples.daily.services import crm_service, services, serving

PROJECT: Final = Path(__file__).parents[2]
TARGET: Final = "examples.daily.workflow"


def main() -> int:
    """Do it all; the exit status is that of the first command that fails, or 0."""
    asked = arguments(sys.argv[1:])
    places = here()
    say(f"seed: inputs of {asked.day} in {places.folder}")
    seed(places, scale=asked.scale, days=[asked.day])
    with services(places):
        for words in commands(asked):
            say(" ".join(["fwf", *words]))
            status = fwf(places, words)
            if status:
                return status
        say(f"read back from the targets, {asked.day}")
    for target, count in counts(places, asked.day).items():
        print(f"{target:<40} {count:>6}")
    return 0


def commands(asked: argparse.Namespace) -> list[list[str]]:
    """What to ask of fwf. The job runs twice, to see that the second run adds nothing."""
    parameters = ["--param", f"day={asked.day}", "--param", f"min_amount={asked.min_amount}"]
    run = ["run", TARGET, *parameters]
    return [["show", TARGET], ["check", TARGET], run, run]


def fwf(places: Places, words: Sequence[str]) -> int:
    """Run one fwf command and give its exit status."""
    environment = {**os.environ, "DAILY_DATA": str(places.folder.resolve())}
    command = [sys.executable, "-m", "fwf", *words]
    return subprocess.run(command, cwd=PROJECT, env=environment, check=False).returncode


def counts(places: Places, day: date) -> dict[str, int]:
    """How much each target holds for a day, read from the targets themselves."""
    with (
        duckdb.connect(str(places.warehouse), read_only=True) as warehouse,
        closing(sqlite3.connect(places.profiles)) as profiles,
        serving(crm_service(places.crm)) as address,
        Api("CRM", address) as crm,
    ):
        rows = warehouse.execute("SELECT count(*) FROM sales WHERE day = ?", [day]).fetchone()
        items = profiles.execute("SELECT count(*) FROM items WHERE day = ?", (str(day),)).fetchone()
        assert rows is not None, "count(*) always answers"
        return {
            "warehouse: rows of the table sales": rows[0],
            "profiles: customer items": items[0],
            "CRM: contacts": crm.get(f"/days/{day}")["contacts"],
        }


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
    parser.add_argument("--scale", type=float, default=0.01, help="TPC-H scale factor")
    return parser.parse_args(words)


if __name__ == "__main__":
    sys.exit(main())
