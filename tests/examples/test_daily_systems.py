"""The daily example on real systems, killed and started again."""

import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Any, NamedTuple

import boto3
import pytest

from examples.daily import demo
from examples.daily.places import Places
from examples.daily.seed import BUSY_DAY, seed
from examples.daily.systems import crm_of, held, systems
from fwf.connectors.postgres import database
from tests.cli_support import ROOT, environment

pytestmark = pytest.mark.services
KILLS = 30
_boto3: Any = boto3


class Night(NamedTuple):
    """The systems, and the folder of the inputs."""

    places: Places
    variables: Mapping[str, str]

    def start(self, key: str) -> subprocess.Popen[str]:
        """Start the job under an idempotency key."""
        words = ["run", demo.TARGET, "--param", f"day={BUSY_DAY}", *demo.ON_SERVICES, "--key", key]
        env = environment(**self.variables, DAILY_DATA=str(self.places.folder))
        return subprocess.Popen(
            [sys.executable, "-m", "fwf", *words], cwd=ROOT, env=env,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8",
        )  # fmt: skip

    def finish(self, key: str) -> list[str]:
        """Run the job to its end ⟶ the lines of its progress."""
        with self.start(key) as job:
            out, progress = job.communicate(timeout=120)
        assert job.returncode == 0, out + progress
        return progress.splitlines()

    def targets(self) -> dict[str, Any]:
        """All that the job has written."""
        s3 = _boto3.client("s3", endpoint_url=self.variables["DAILY_AWS_URL"])
        kept = s3.get_object(Bucket="shop-quarantine", Key=f"{BUSY_DAY}.jsonl")["Body"].read()
        with closing(sqlite3.connect(crm_of(self.places))) as crm:
            shown = "SELECT day, body FROM days JOIN batches USING (key) ORDER BY 1, 2"
            contacts = crm.execute(shown).fetchall()
        found = held(self.variables, BUSY_DAY)._asdict()
        return found | {"bad lines": kept, "contacts": contacts}

    def clear(self) -> None:
        """Take away what was loaded."""
        with database(self.variables["DAILY_WAREHOUSE_URL"]) as warehouse:
            warehouse.execute("DELETE FROM sales; DELETE FROM fwf_ledger")
        tables = _boto3.client("dynamodb", endpoint_url=self.variables["DAILY_AWS_URL"])
        for item in held(self.variables, BUSY_DAY).items:
            key = {name: item[name] for name in ("day", "customer_key")}
            tables.delete_item(TableName="customers", Key=key)
        with closing(sqlite3.connect(crm_of(self.places))) as crm, crm:
            crm.execute("DELETE FROM days")
            crm.execute("DELETE FROM batches")


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    places = Places(tmp_path_factory.mktemp("daily"))
    seed(places, scale=0.01, days=[BUSY_DAY])
    with systems(places) as variables:
        yield Night(places, variables)


@pytest.fixture(scope="module")
def whole(night: Night) -> tuple[dict[str, Any], int]:
    """What one run leaves, and how many lines of progress it writes."""
    lines = len(night.finish("uninterrupted"))
    found = night.targets()
    assert len(found["sales"]) == len(found["items"]) == 16
    return found, lines


@pytest.mark.parametrize("number", range(KILLS))
def test_killed_anywhere_and_started_again_it_leaves_what_one_run_leaves(
    night: Night, whole: tuple[dict[str, Any], int], number: int
) -> None:
    found, lines = whole
    chance = random.Random(f"kill {number}")
    night.clear()
    with night.start(f"killed {number}") as job:
        assert job.stderr is not None
        for _ in range(chance.randrange(1, lines - 6)):  # the last ones come all at once
            job.stderr.readline()
        time.sleep(chance.random() / 10)
        job.send_signal(signal.SIGKILL)
    assert job.returncode == -signal.SIGKILL
    night.finish(f"killed {number}")
    assert night.targets() == found


def test_both_demos_end_with_the_same_report(tmp_path: Any) -> None:
    own = {name: value for name, value in environment().items() if not name.startswith("DAILY_")}
    ends: list[list[str]] = []
    for words in ([], ["--services"]):
        done = subprocess.run(
            [sys.executable, "-m", "examples.daily.demo", *words], cwd=ROOT,
            env=own | {"DAILY_DATA": str(tmp_path)},
            capture_output=True, encoding="utf-8", timeout=300, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        shown = done.stdout.splitlines()
        report = next(at for at, line in enumerate(shown) if line.startswith(f"{BUSY_DAY}:"))
        ends.append(shown[report : report + 6] + shown[-3:])
    assert ends[0] == ends[1]
