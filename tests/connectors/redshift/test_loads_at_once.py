"""Is a load whole where two are at once, one is cut in the middle, or an answer is lost?"""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from fwf.connectors.redshift import LEDGER, Loaded, Statement, Warehouse
from fwf.connectors.shared.errors import (
    MaybeDone,
    Missing,
    Overloaded,
    Transient,
)
from tests.connectors.redshift.shop import BUCKET, Shop, bucket, ended, sales, until
from tests.connectors.redshift.ways import (
    MONDAY,
    ROWS,
    TABLE,
    slowly_by_way,
)

pytestmark = pytest.mark.services  # half a minute


@pytest.fixture
def slow(shop: Shop, postgres_url: str, request: pytest.FixtureRequest) -> Any:
    """The same database, where statements take a while, twice."""
    from examples.services import redshift_api

    with redshift_api.serving(postgres_url, shop.s3, after=0.2) as endpoint:
        shop.sql(TABLE)
        yield Shop(endpoint, shop.s3, shop.url)


def test_two_that_give_the_same_at_once_have_one_statement(
    slow: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even where neither sees the other's: the token is the same."""
    monkeypatch.setattr(Warehouse, "_earlier", lambda self, name: (None, []))
    with slow.open() as opened, ThreadPoolExecutor(8) as pool:
        staged = opened.stage(sales((1, MONDAY, "a")))
        give = lambda _: opened.submit(staged, table="sales", idempotency_key="k")  # noqa: E731
        (statement,) = set(pool.map(give, range(8)))
        ended(opened, statement)
    assert slow.sql(ROWS) == [(1, MONDAY, "a", 7)]


def test_the_same_load_of_two_databases_is_two_loads(slow: Shop, shop_url: str) -> None:
    other = Shop(slow.api, slow.s3, shop_url)
    other.empty()
    other.sql(TABLE)
    with slow.open() as one, other.open() as two:
        staged = one.stage(sales((1, MONDAY, "a")))
        both = [
            (each, each.submit(staged, table="sales", idempotency_key="k")) for each in (one, two)
        ]
        for opened, statement in both:
            assert not opened.loaded(ended(opened, statement).statement).repeated
    assert slow.sql(ROWS) == other.sql(ROWS) == [(1, MONDAY, "a", 7)]


@slowly_by_way
def test_two_loads_with_one_key_at_once_load_once(
    shop: Shop, postgres_url: str, way: dict[str, Any]
) -> None:
    """Two that know nothing of one another, as two APIs don't: the ledger is locked first."""
    from examples.services import redshift_api

    shop.sql(TABLE)
    table = sales((1, MONDAY, "a"), (2, MONDAY, "b"))
    with (
        redshift_api.serving(postgres_url, shop.s3, after=0.1) as one,
        redshift_api.serving(postgres_url, shop.s3, after=0.1) as other,
        ThreadPoolExecutor() as pool,
    ):
        shops = [Shop(each, shop.s3, shop.url) for each in (one, other)]
        loads = list(pool.map(lambda each: each.load(table, **way), shops))
    assert sorted(each.repeated for each in loads) == [False, True]
    assert shop.sql(ROWS) == [(1, MONDAY, "a", 7), (2, MONDAY, "b", 7)]


def test_loads_of_one_partition_at_once_leave_the_rows_of_one_of_them(shop: Shop) -> None:
    shop.sql(TABLE)
    tables = [sales(*((each, MONDAY, f"{n}") for n in range(3))) for each in range(4)]

    def load(each: int) -> Loaded:
        day = {"day": MONDAY}
        return shop.load(tables[each], idempotency_key=f"{each}", partition=day)

    with ThreadPoolExecutor() as pool:
        loads = list(pool.map(load, range(4)))
    assert not any(each.repeated for each in loads)
    ids = [id for id, *_ in shop.sql(ROWS)]
    assert len(ids) == 3 and len(set(ids)) == 1


@slowly_by_way
def test_a_load_that_is_cut_in_the_middle_leaves_the_target_as_it_was(
    slow: Shop, way: dict[str, Any]
) -> None:
    slow.sql(f"INSERT INTO sales VALUES ('old', 1, '{MONDAY}')")
    with slow.open() as opened:
        staged = opened.stage(sales((1, MONDAY, "new"), (2, MONDAY, "new")))
        statement = opened.submit(staged, table="sales", idempotency_key="k", **way)
        until(lambda: _has_changed(slow))
        opened.cancel(statement)
        with pytest.raises(Transient, match="it was stopped from outside, and nothing is left"):
            ended(opened, statement)
        assert slow.sql(ROWS) == [(1, MONDAY, "old", 7)]
        assert slow.left() == [LEDGER, "sales"] and slow.sql(f"TABLE {LEDGER}") == []
        again = opened.submit(staged, table="sales", idempotency_key="k", **way)
        assert again.id != statement.id
        assert not opened.loaded(ended(opened, again).statement).repeated


def _has_changed(shop: Shop) -> bool:
    """Whether somebody else's transaction has written the target, and not committed."""
    rows = shop.sql(
        "SELECT 1 FROM pg_locks WHERE mode = 'RowExclusiveLock' AND relation = 'sales'::regclass"
    )
    return bool(rows)


def test_a_statement_that_has_ended_cannot_be_stopped_and_that_is_no_error(shop: Shop) -> None:
    shop.sql(TABLE)
    with shop.open() as opened:
        staged = opened.stage(sales((1, MONDAY, "a")))
        statement = opened.submit(staged, table="sales", idempotency_key="k")
        ended(opened, statement)
        assert opened.cancel(statement) == statement
        assert opened.status(statement).said == "FINISHED"
        with pytest.raises(Missing):
            opened.cancel(Statement("00000000-0000-0000-0000-000000000000"))


def test_where_the_answer_was_lost_the_next_attempt_finds_the_statement(
    slow: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask, given = Warehouse._ask, list[str]()

    def lossy(self: Warehouse, operation: str, **request: Any) -> dict[str, Any]:
        answer = ask(self, operation, **request)
        if operation == "batch_execute_statement" and not given:
            given.append(answer["Id"])
            raise MaybeDone("lost")
        return answer

    monkeypatch.setattr(Warehouse, "_ask", lossy)
    with slow.open() as opened:
        staged = opened.stage(sales((1, MONDAY, "a")))
        with pytest.raises(MaybeDone):
            opened.submit(staged, table="sales", idempotency_key="k")
        statement = opened.submit(staged, table="sales", idempotency_key="k")
        assert [statement.id] == given
        assert not opened.loaded(ended(opened, statement).statement).repeated


def test_too_many_statements_at_once_are_told_as_such(shop: Shop, postgres_url: str) -> None:
    from examples.services import redshift_api

    with (
        redshift_api.serving(postgres_url, shop.s3, most_active=0) as full,
        pytest.raises(Overloaded, match="ActiveStatementsExceededException"),
    ):
        Shop(full, shop.s3, shop.url).load(sales((1, MONDAY, "a")))


def test_a_warehouse_serves_many_threads(shop: Shop) -> None:
    shop.sql(TABLE)
    barrier = threading.Barrier(6)
    with shop.open() as opened, ThreadPoolExecutor(6) as pool:

        def load(n: int) -> Loaded:
            barrier.wait()
            staged = opened.stage(sales((n, MONDAY, "a")))
            statement = opened.submit(staged, table="sales", idempotency_key=f"{n}")
            return opened.loaded(ended(opened, statement).statement)

        assert [each.rows for each in pool.map(load, range(6))] == [1] * 6
    assert [id for id, *_ in shop.sql(ROWS)] == list(range(6))


def test_files_lie_under_the_digest_of_their_rows_and_are_put_once(shop: Shop) -> None:
    with shop.open(staging=f"s3://{BUCKET}/once") as opened, bucket(shop.s3) as s3:
        staged = [opened.stage(sales((1, MONDAY, "a"), (2, MONDAY, "b"))) for _ in range(3)]
        staged.append(opened.stage(sales((2, MONDAY, "b"), (1, MONDAY, "a"))))
        assert len(set(staged)) == 1
        listed = s3.list_objects_v2(Bucket=BUCKET, Prefix="once/")["Contents"]
        assert len(listed) == 2  # one of rows, and the manifest


def test_a_bucket_that_is_not_there_is_told(shop: Shop) -> None:
    with (
        shop.open(staging="s3://no-such-bucket") as opened,
        pytest.raises(Missing, match="there is no such bucket"),
    ):
        opened.stage(sales((1, MONDAY, "a")))
