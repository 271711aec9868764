"""Loads as workflows: bounded in time, tried again after a conflict, killed and started again."""

import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import psycopg
import pytest

from fwf import milliseconds, retry, run, seconds
from fwf.connectors import redshift
from fwf.connectors.redshift import LEDGER, Loaded, Statement, Warehouse
from fwf.connectors.shared import aws
from fwf.connectors.shared.errors import Conflict, Transient
from fwf.interpreters.run import Note
from tests.cli_support import environment
from tests.connectors.redshift.loading import DAY, ROWS, loads
from tests.connectors.redshift.shop import CANARY, SALES, Shop, sales, secret, until

pytestmark = pytest.mark.services  # half a minute

TABLE = "CREATE TABLE sales (id int8, day date, name varchar(30))"
DONE = [(id, day, name) for id, day, name in ROWS]


@contextmanager
def slow(shop: Shop, postgres_url: str, after: float) -> Iterator[Shop]:
    """The same shop, behind an API of its own."""
    from examples.services import redshift_api

    shop.sql(TABLE)
    with redshift_api.serving(postgres_url, shop.s3, after=after) as endpoint:
        yield Shop(endpoint, shop.s3, shop.url)


def statements(shop: Shop) -> list[dict[str, Any]]:
    """What the API was given."""
    client = aws.client(
        "redshift-data",
        region="us-east-1",
        endpoint=shop.api,
        access_key=secret("AKIATEST"),
        secret_key=secret(CANARY),
    )
    with closing(client):
        found: list[dict[str, Any]] = client.list_statements(Status="ALL")["Statements"]
    return found


def test_a_ledger_is_made_by_a_workflow_and_again_without_harm(shop: Shop) -> None:
    shop.sql(TABLE, f"DROP TABLE {LEDGER}")
    w = redshift.prepare(warehouse="dw", every=milliseconds(20))
    for _ in range(2):
        assert run(w, None, resources={"dw": shop.open}).unwrap().ended
    assert loads(shop).unwrap() == Loaded("sales", len(ROWS), repeated=False)
    run(w, None, resources={"dw": shop.open}).unwrap()
    assert loads(shop).unwrap() == Loaded("sales", len(ROWS), repeated=True)
    assert shop.sql("TABLE sales") == DONE


def test_a_statement_has_an_id_before_anybody_waits(shop: Shop) -> None:
    shop.sql(TABLE)
    notes: list[Note] = []
    loads(shop, notes.append).unwrap()
    told = [(each.task, each.detail) for each in notes if each.kind == "ok"]
    assert [name for name, _ in told[:2]] == ["stage", "submit"] and told[-1][0] == "loaded"
    assert isinstance(told[1][1], Statement) and told[1][1].id


def load(**more: Any) -> Any:
    return redshift.load(table="sales", schema=SALES, warehouse="dw", **more)


def test_what_takes_too_long_is_stopped_and_waited_for(shop: Shop, postgres_url: str) -> None:
    w = load(every=milliseconds(20), within=milliseconds(600))
    with slow(shop, postgres_url, after=2) as dw:
        fault: Any = run(w, sales(*ROWS), key="k", resources={"dw": dw.open}).failure()
        (statement,) = statements(dw)
    assert statement["Status"] == "ABORTED"
    assert isinstance(fault.error, Transient) and "nothing is left" in str(fault.error)
    assert shop.sql("TABLE sales") == shop.sql(f"TABLE {LEDGER}") == []


def test_what_was_done_when_it_was_to_be_stopped_is_done(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.sql(TABLE)
    status, asked = Warehouse.status, list[str]()

    def late(self: Warehouse, statement: Statement) -> Any:
        """As if it took a while longer, until somebody wants to stop it."""
        found = status(self, statement)
        return found if "cancel" in asked else found._replace(said="STARTED", ended=False)

    def noted(self: Warehouse, statement: Statement) -> Statement:
        while not status(self, statement).ended:
            time.sleep(0.01)
        asked.append("cancel")
        return cancel(self, statement)

    cancel = Warehouse.cancel
    monkeypatch.setattr(Warehouse, "status", late)
    monkeypatch.setattr(Warehouse, "cancel", noted)
    w = load(every=milliseconds(20), within=milliseconds(100))
    done = run(w, sales(*ROWS), key="k", resources={"dw": shop.open}).unwrap()
    assert asked and done == Loaded("sales", len(ROWS), repeated=False)


def test_a_conflict_is_tried_again_with_a_new_statement(shop: Shop, postgres_url: str) -> None:
    """Somebody outside changes the rows that the load changes, in between."""
    one = load(every=milliseconds(20), partition={"id": int})
    w = retry(one, attempts=9, wait=seconds(0.1), on=Conflict)
    kinds: list[str] = []
    with slow(shop, postgres_url, after=0) as dw, psycopg.connect(shop.url) as other:
        shop.sql(f"INSERT INTO sales VALUES (1, '{DAY}', 'old')")
        other.execute("UPDATE sales SET name = 'other'")

        def observe(note: Note) -> None:
            if note.kind == "ok" and note.task == "submit" and "retry" not in kinds:
                until(lambda: bool(shop.sql("SELECT 1 FROM pg_locks WHERE NOT granted")))
                other.commit()
            kinds.append(note.kind)

        given: dict[str, Any] = {"key": "k", "params": {"id": 1}, "resources": {"dw": dw.open}}
        done = run(w, sales(ROWS[1]), **given, observe=observe)
        said = sorted(each["Status"] for each in statements(dw))
    assert done.unwrap() == Loaded("sales", 1, repeated=False)
    assert said == ["FAILED", "FINISHED"] and kinds.count("retry") == 1
    assert shop.sql("TABLE sales") == [DONE[1]]


# Killed


@contextmanager
def process(shop: Shop) -> Iterator[Any]:
    words = [sys.executable, "-m", "tests.connectors.redshift.loading"]
    made = subprocess.Popen(
        [*words, shop.api, shop.s3, shop.url], env=environment(), stdout=subprocess.PIPE, text=True
    )
    try:
        yield made
    finally:
        made.kill()
        made.communicate()


def kill_after(shop: Shop, task: str) -> None:
    """SIGKILL a run as soon as it says that a task has ended."""
    with process(shop) as running:
        for line in running.stdout:
            if line.strip() == task:
                break
        running.kill()
        assert running.wait() == -9


@pytest.mark.services
@pytest.mark.parametrize(("task", "found"), [("stage", False), ("submit", True), ("status", True)])
def test_a_run_that_was_killed_finds_its_statement_when_started_again(
    shop: Shop, postgres_url: str, task: str, found: bool
) -> None:
    with slow(shop, postgres_url, after=2) as dw:
        kill_after(dw, task)
        before = [each["Id"] for each in statements(dw) if each["IsBatchStatement"]]
        assert len(before) <= 1 and (before or not found)
        assert loads(dw).unwrap() == Loaded("sales", len(ROWS), repeated=False)
        (after,) = statements(dw)
        assert before in ([], [after["Id"]])
    assert shop.sql("TABLE sales") == DONE


@pytest.mark.services
def test_what_was_done_after_a_run_was_killed_is_not_done_again(
    shop: Shop, postgres_url: str
) -> None:
    with slow(shop, postgres_url, after=0.5) as dw:
        kill_after(dw, "submit")
        while statements(dw)[0]["Status"] != "FINISHED":
            time.sleep(0.05)
        shop.sql("UPDATE sales SET name = 'changed since' WHERE id = 0")
        assert loads(dw).unwrap() == Loaded("sales", len(ROWS), repeated=True)
    assert shop.sql("SELECT name FROM sales WHERE id = 0") == [("changed since",)]


@pytest.mark.services
def test_however_often_and_wherever_it_is_killed_the_target_is_the_same(
    shop: Shop, postgres_url: str
) -> None:
    chance = random.Random(11)
    with slow(shop, postgres_url, after=0.1) as dw:
        shop.sql(f"INSERT INTO sales VALUES (1, '{DAY}', 'old'), (2, '2026-07-14', 'kept')")
        for _ in range(8):
            with process(dw) as running:
                running.stdout.readline()
                time.sleep(chance.uniform(0, 1.2))
        assert loads(dw).unwrap().rows == len(ROWS)
        assert not [each for each in statements(dw) if each["Status"] == "FAILED"]
    kept = shop.sql("SELECT id, name FROM sales WHERE day < '2026-07-15'")
    assert kept == [(2, "kept")] and shop.sql(f"SELECT count(*) FROM {LEDGER}") == [(1,)]
    assert sorted(shop.sql(f"SELECT * FROM sales WHERE day = '{DAY}'")) == DONE


@pytest.mark.services
def test_the_process_runs_what_is_run_here(shop: Shop) -> None:
    shop.sql(TABLE)
    with process(shop) as running:
        told = running.stdout.read().split()
        assert running.wait() == 0
    assert told[:3] == ["begins", "stage", "submit"] and told[-1] == "loaded"
    assert loads(shop).unwrap().repeated  # the same key
