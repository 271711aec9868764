"""Signals to a run whose task waits in a library outside of Python: it ends, and at once."""

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli_support import ROOT, environment

pytestmark = pytest.mark.services
SOURCE = """
import os
from pathlib import Path
from fwf import const, fallback, named, par, retry, seconds, task, timeout
from fwf.connectors import objects, postgres
from fwf.connectors.postgres import Database
from fwf.connectors.shared.errors import Transient

SLOW = "SELECT pg_sleep(30)::text AS slept"
query = postgres.query(SLOW, database="shop_db")

@task(effect="read")
def own(*, shop_db: Database) -> int:
    return shop_db.read(SLOW).num_rows

@task(effect="read")
def went_on() -> int:
    Path("went on").touch()
    return 1

alone = named("w", query)
again = named("w", retry(query, attempts=3, on=Transient) >> went_on)
otherwise = named("w", fallback(query, const(None)) >> went_on)
beside = named("w", par(query, query) >> went_on)
ours = named("w", own >> went_on)
silent = named("w", objects.listing("a/", name="list", store="lake") >> went_on)
cut = named("w", timeout(query, seconds(1)))

resources = {
    "shop_db": lambda: postgres.database(os.environ["SHOP_DB_URL"]),
    "lake": lambda: objects.store(
        "s3://lake", endpoint=os.environ["SILENT"], allow_http=True, region="eu-central-1"
    ),
}
"""
SIGNALS = [signal.SIGINT, signal.SIGTERM]


@pytest.fixture(scope="module")
def silent() -> Iterator[str]:
    """The address of something that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def started(folder: Path, name: str, shop_url: str, silent: str) -> subprocess.Popen[str]:
    (folder / "jobs.py").write_text(SOURCE)
    keys = {"AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none", "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, "-m", "fwf", "run", f"jobs.py:{name}", "--key", "k"], cwd=folder,
        env=environment(SHOP_DB_URL=shop_url, SILENT=silent, **keys),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8",
    )  # fmt: skip


@pytest.mark.parametrize("sent", SIGNALS)
@pytest.mark.parametrize("name", ["alone", "again", "otherwise", "beside", "ours", "silent"])
def test_a_signal_ends_it_at_once(
    tmp_path: Path, shop_url: str, silent: str, name: str, sent: signal.Signals
) -> None:
    with started(tmp_path, name, shop_url, silent) as run:
        assert run.stderr is not None
        run.stderr.readline()  # the attempt has started
        time.sleep(0.7)
        run.send_signal(sent)
        _, said = run.communicate(timeout=25)  # the query takes thirty seconds, the store a minute
    assert run.returncode == 128 + sent, said
    assert not (tmp_path / "went on").exists()
    assert "will retry" not in said


def test_what_a_deadline_cuts_does_not_end_the_process_otherwise(
    tmp_path: Path, shop_url: str, silent: str
) -> None:
    with started(tmp_path, "cut", shop_url, silent) as run:
        _, said = run.communicate(timeout=25)
    assert run.returncode == 1, said
    assert said.splitlines()[-1].startswith("w: Timeout: not done within ")
