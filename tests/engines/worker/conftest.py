"""Where the claims of tests are kept: in a folder, in a bucket of moto, on a PostgreSQL server."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from pyrsistent import pmap

from fwf.interpreters.engines.worker import Answer, Order
from fwf.interpreters.engines.worker.answer import answer_from_text
from fwf.interpreters.engines.worker.order import order_to_text
from fwf.interpreters.engines.worker.packed_values import Inline
from fwf.interpreters.run.single_part import Under
from fwf.machine.part import part_at
from fwf.records import changed
from tests.cli_support import environment
from tests.connectors.conftest import aws_endpoint as aws_endpoint, postgres_url as postgres_url
from tests.crash.kill_effects import hear_signals
from tests.engines.worker import steps

ROOT = Path(__file__).parents[3]
MODULE = "tests.engines.worker.steps"


def ordered(attribute: str, path: str, value: object = 1, **more: Any) -> Order:
    """An order for a part of a workflow of `steps`."""
    part = part_at(getattr(steps, attribute), path)
    under = Under("run", b"", "11111111-0000-7000-8000-000000000000", datetime.now(UTC))
    given = Inline(str(value))
    made = Order(f"{MODULE}:{attribute}", part.id, part.static_path, under, part.items, given)
    return changed(made, **{**more, "params": pmap(more.get("params", {}))})


class Shop:
    """A place where claims are kept, and workers of processes of their own."""

    def __init__(self, folder: Path, store: str, claims: str = "", **env: str) -> None:
        self.folder = folder
        self.store = store
        self.claims = claims
        self.env = env
        self.log = folder / "log"

    def order(self, attribute: str, path: str, value: object = 1, **more: Any) -> Order:
        where = {"store": self.store, "claims": self.claims}
        return ordered(attribute, path, value, **where, **more)

    @contextmanager
    def started(
        self, order: Order, pause: str = "", begin: Callable[[], None] = hear_signals
    ) -> Iterator[subprocess.Popen[str]]:
        """A worker; stands still at a point if one is named.

        begin: what its process does before all else.
        """
        file = self.folder / f"order-{uuid4()}.json"
        file.write_text(order_to_text(order))
        more = {"STEPS_LOG": str(self.log), "STEPS_PAUSE": pause, **self.env}
        with subprocess.Popen(
            [sys.executable, "-m", "fwf", "worker", "--order", str(file)],
            cwd=ROOT, env=environment(**more), encoding="utf-8", preexec_fn=begin,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        ) as worker:  # fmt: skip
            try:
                yield worker
            finally:
                worker.kill()

    def answer(self, order: Order) -> Answer:
        """What a worker says in the end."""
        with self.started(order) as worker:
            return said(worker)

    def killed(self, order: Order, pause: str) -> None:
        """Start a worker, and kill it at a point."""
        with self.started(order, pause) as worker:
            self.wait_for_pause(worker)
            worker.kill()
            worker.wait()

    def wait_for_pause(self, worker: subprocess.Popen[str]) -> None:
        paused = Path(f"{self.log}.paused")
        until = time.monotonic() + 60
        while not paused.exists():
            assert worker.poll() is None and time.monotonic() < until, worker.communicate()
            time.sleep(0.01)
        paused.unlink()

    def marks(self) -> Counter[str]:
        """How often each step was begun, and by how many keys, as `pay` and `pay keys`."""
        lines = self.log.read_text().split("\n")[:-1] if self.log.exists() else []
        names = Counter(line.split()[0] for line in lines)
        keys = Counter(line.split()[0] + " keys" for line in {*lines})
        return names + keys


def said(worker: subprocess.Popen[str]) -> Answer:
    """The answer of a worker that ends by itself."""
    out, err = worker.communicate(timeout=60)
    assert worker.returncode == 0 and out, err
    return answer_from_text(out)


@pytest.fixture
def folder(tmp_path: Path) -> Shop:
    return Shop(tmp_path, f"file://{tmp_path}/lake")


@pytest.fixture
def bucket(tmp_path: Path, aws_endpoint: str) -> Shop:
    import boto3

    keys: Any = {"aws_access_key_id": "AKIATEST", "aws_secret_access_key": "x"}
    client = boto3.client("s3", endpoint_url=aws_endpoint, region_name="us-east-1", **keys)
    name = f"b-{uuid4()}"
    client.create_bucket(Bucket=name)
    client.close()
    env = {"AWS_ACCESS_KEY_ID": "AKIATEST", "AWS_SECRET_ACCESS_KEY": "x", "AWS_REGION": "us-east-1"}
    at = {"AWS_ENDPOINT_URL": aws_endpoint, "AWS_ALLOW_HTTP": "true"}
    return Shop(tmp_path, f"s3://{name}/below", **env, **at)


@pytest.fixture
def server(tmp_path: Path, postgres_url: str) -> Iterator[Shop]:
    from examples.services import postgres

    with postgres.database(postgres_url) as url:
        yield Shop(tmp_path, f"file://{tmp_path}/lake", url)


@pytest.fixture(params=["folder", "bucket", "server"])
def shop(request: pytest.FixtureRequest) -> Shop:
    found: Shop = request.getfixturevalue(request.param)
    for name, value in found.env.items():
        request.getfixturevalue("monkeypatch").setenv(name, value)
    return found
