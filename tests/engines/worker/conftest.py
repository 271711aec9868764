"""Where the claims of tests are kept: in a folder, in a bucket of moto, on a PostgreSQL server."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, final
from uuid import uuid4

import pytest
from pyrsistent import PMap, pmap

from fwf.algebra.nodes import MapEach
from fwf.faults import Fault
from fwf.interpreters.engines.worker.call import call_to_json
from fwf.interpreters.engines.worker.call_forms import fault_from_text
from fwf.interpreters.engines.worker.context import (
    Context,
    Outcome,
    RunFacts,
    context_from_json,
    context_to_json,
    slot_of,
)
from fwf.interpreters.engines.worker.packed_values import Inline, Packed, unpacked
from fwf.interpreters.engines.worker.verbs import answer_call
from fwf.interpreters.engines.worker.work import Places
from fwf.interpreters.run.single_part import Under
from fwf.machine.part import Part, part_at
from fwf.records import changed, record
from tests.cli_support import environment
from tests.connectors.conftest import aws_endpoint as aws_endpoint, postgres_url as postgres_url
from tests.crash.kill_effects import hear_signals
from tests.engines.worker import steps

ROOT = Path(__file__).parents[3]
MODULE = "tests.engines.worker.steps"


class Answer(NamedTuple):
    """How a part ended, as the context says that goes on."""

    how: str
    value: Packed | None
    fault: Fault | None

    @classmethod
    def of(cls, context: Any) -> Answer:
        out = context_from_json(context, "").out
        fault = None if out.fault is None else fault_from_text(unpacked(out.fault, None), 0)
        how = {"ok": "ok", "held": "held"}.get(out.word, "failed")
        return cls("cut" if out.cut else how, out.value, fault)


@final
@record()
class PartCall:
    """A call that has a part of a workflow of `steps` run, on a context that has come there."""

    target: str
    part: str
    path: str
    run: RunFacts
    scope: PMap[str, Any]
    value: Packed
    tries: tuple[int, ...] = ()
    limit: int | None = None

    def to_json(self) -> Any:
        more = {"tries": list(self.tries) or None, "limit": self.limit}
        context = context_to_json(Context(self.run, self.scope, Outcome(value=self.value)))
        call = call_to_json("run", self.target, self.part, self.path, **more)
        return json.loads(json.dumps({**call, "in": context}))

    def with_run(self, **facts: Any) -> PartCall:
        """The same in a run of which something else is so."""
        return changed(self, run=changed(self.run, **facts))


def call_of(attribute: str, path: str, value: object = 1, **more: Any) -> PartCall:
    """A call for a part of a workflow of `steps`."""
    part = part_at(getattr(steps, attribute), path)
    under = Under("run", b"", "11111111-0000-7000-8000-000000000000", datetime.now(UTC))
    where = {name: more.pop(name) for name in ("store", "claims") if name in more}
    maps = [each for each in part.inward if isinstance(each.node, MapEach)]
    items = zip(maps, part.items, strict=True)
    scope = pmap({slot_of(Part(each)): {"item": item} for each, item in items})
    run, target = RunFacts(under, pmap(), **where), f"{MODULE}:{attribute}"
    return PartCall(target, part.id, part.static_path, run, scope, Inline(str(value)), **more)


def work(call: PartCall, places: Places | None = None) -> Answer:
    """Do it here."""
    return Answer.of(answer_call(call.to_json(), places=places))


class Shop:
    """A place where claims are kept, and workers of processes of their own."""

    def __init__(self, folder: Path, store: str, claims: str = "", **env: str) -> None:
        self.folder = folder
        self.store = store
        self.claims = claims
        self.env = env
        self.log = folder / "log"

    def call(self, attribute: str, path: str, value: object = 1, **more: Any) -> PartCall:
        where = {"store": self.store, "claims": self.claims}
        return call_of(attribute, path, value, **where, **more)

    @contextmanager
    def started(
        self, call: PartCall, pause: str = "", begin: Callable[[], None] = hear_signals
    ) -> Iterator[subprocess.Popen[str]]:
        """A worker; stands still at a point if one is named.

        begin: what its process does before all else.
        """
        file = self.folder / f"call-{uuid4()}.json"
        file.write_text(json.dumps(call.to_json()))
        more = {"STEPS_LOG": str(self.log), "STEPS_PAUSE": pause, **self.env}
        with subprocess.Popen(
            [sys.executable, "-m", "fwf", "worker", "--call", str(file)],
            cwd=ROOT, env=environment(**more), encoding="utf-8", preexec_fn=begin,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        ) as worker:  # fmt: skip
            try:
                yield worker
            finally:
                worker.kill()

    def answer(self, call: PartCall) -> Answer:
        """What a worker says in the end."""
        with self.started(call) as worker:
            return said(worker)

    def killed(self, call: PartCall, pause: str) -> None:
        """Start a worker, and kill it at a point."""
        with self.started(call, pause) as worker:
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
    return Answer.of(json.loads(out))


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
