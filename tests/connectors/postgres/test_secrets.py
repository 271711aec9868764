"""Which URLs open a database, and is anything that is secret, or of a row, ever told?"""

import base64
import pickle
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pyarrow as pa
import pytest

from fwf.connectors.postgres import Database, database
from fwf.connectors.postgres.errors import class_of
from fwf.connectors.shared.errors import (
    BadData,
    Conflict,
    MaybeDone,
    Missing,
    Refused,
    Transient,
    Unauthorized,
    Unreachable,
)
from fwf.secrets import Secret, masked
from tests.connectors.postgres.conftest import rows
from tests.connectors.shared.test_aws import everything

CANARY = "hunter2-canary/ä@:+=%"
FORMS = (CANARY, quote(CANARY, safe=""), base64.b64encode(CANARY.encode()).decode(), "hunter2")


def secret(value: str) -> Secret:
    return Secret(lambda: value, where="a test")


WRONG = [
    "",
    "shop",
    "mysql://h/db",
    "host=h dbname=db password=hunter2",
    f"postgresql://u:{CANARY}@h/db",
    "postgresql://u:hunter2/x@h/db",
    "postgresql://u:12/hunter2@h/db",
    "postgresql://u:hunter2@x@h/db",
    "postgresql://u@h:hunter2/db",
    "postgresql://u:hunter2@h/db?nope=1",
    "postgresql://u:hunter2%zz@h/db",
    "postgresql://u:hunter2@h/db\0",
]


@pytest.mark.parametrize("url", WRONG)
def test_what_is_no_url_is_refused_and_not_told(url: str) -> None:
    with pytest.raises(ValueError, match=r"needs a URL such as .* in which @ : /") as caught:
        database(url)
    with pytest.raises(ValueError, match="needs a URL such as") as later, database(secret(url)):
        pass
    for error in (caught.value, later.value):
        assert not any(form in everything(error) for form in FORMS)


@pytest.mark.parametrize(
    ("given", "kind", "said"),
    [
        ({"url": None}, TypeError, "is not a URL"),
        ({"password": "hunter2"}, TypeError, "is not a Secret"),
        ({"within": 5}, TypeError, "is not a duration"),
        ({"within": timedelta(0)}, ValueError, "needs at least a millisecond"),
        ({"lock_within": timedelta(-1)}, ValueError, "is negative"),
    ],
)
def test_settings_are_checked_when_they_are_given(
    given: dict[str, Any], kind: type[Exception], said: str
) -> None:
    with pytest.raises(kind, match=said):
        database(**{"url": "postgresql://h/db", **given})


def spelt(url: str) -> str:
    """The same server with a user whose password is the canary."""
    name, _, query = url.partition("?")
    return f"postgresql://who:{quote(CANARY, safe='')}@/{name.rpartition('/')[2]}?{query}"


def test_a_password_is_told_by_no_error_of_connecting(shop_url: str) -> None:
    for url in (spelt(shop_url), "postgresql://who@127.0.0.1:1/x"):
        for given in (url, secret(url)):
            with (
                database(given, password=secret(CANARY)) as shop,
                pytest.raises((Unauthorized, Unreachable)) as caught,
            ):
                shop.read("SELECT 1")
            told = everything(caught.value) + repr(shop) + repr(database(given))
            assert not any(form in told for form in FORMS)
            assert CANARY not in masked(f"it is {CANARY}")


def test_the_password_in_a_url_is_hidden_once_it_is_opened(shop_url: str) -> None:
    with database(spelt(shop_url)):
        assert masked(f"it is {CANARY}").startswith("it is <password of ")


def test_a_password_of_any_signs_is_the_password(shop: Database, shop_url: str) -> None:
    shop.execute(f"CREATE ROLE who LOGIN PASSWORD '{CANARY}'")
    try:
        with database(spelt(shop_url)) as other:
            assert other.read("SELECT current_user::text AS x").to_pylist() == [{"x": "who"}]
        with (
            database(spelt(shop_url).replace("?", "no?")) as other,
            pytest.raises(Missing, match="no such database"),
        ):
            other.read("SELECT 1 AS x")
    finally:
        shop.execute("DROP ROLE who")


def test_no_value_of_a_row_or_a_parameter_is_told(shop: Database) -> None:
    shop.execute(
        "CREATE TABLE t (id text PRIMARY KEY, n int CHECK (n > 0)); "
        f"INSERT INTO t VALUES ('{CANARY}', 1); "
        "CREATE FUNCTION loud(x text) RETURNS int LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'it is %', x USING DETAIL = x, HINT = x; END $$"
    )
    one = pa.table({"id": [CANARY], "n": [1]})
    asked: list[Any] = [
        lambda: shop.execute("INSERT INTO t VALUES ($x, 1)", {"x": CANARY}),
        lambda: shop.execute("INSERT INTO t VALUES ($x, -1)", {"x": "b" + CANARY}),
        lambda: shop.execute("SELECT $x::int", {"x": CANARY}),
        lambda: shop.read("SELECT $x::int AS x", {"x": CANARY}),
        lambda: shop.read("SELECT id::int AS x FROM t"),
        lambda: shop.read("SELECT loud($x) AS x", {"x": CANARY}),
        lambda: shop.read("SELECT loud(id) AS x FROM t"),
        lambda: shop.read("SELECT id AS x FROM t", schema=pa.schema({"x": pa.int64()})),
        lambda: shop.load(one, table="t", idempotency_key="k"),
        lambda: shop.load(pa.concat_tables([one, one]), table="t", key=["id"], idempotency_key="k"),
        lambda: shop.load(one, table="t", partition={"id": "b"}, idempotency_key="k"),
    ]
    for ask in asked:
        with pytest.raises((BadData, Refused)) as caught:
            ask()
        told = everything(caught.value).replace(__file__, "")
        lines = [line for line in told.splitlines() if "CANARY" not in line]
        assert not any(form in "\n".join(lines) for form in FORMS)


def test_a_role_without_the_right_is_unauthorized(shop: Database, shop_url: str) -> None:
    shop.execute("CREATE TABLE t (n int); CREATE ROLE who LOGIN")
    try:
        with database(spelt(shop_url)) as other:
            for act in (
                lambda: other.read("SELECT * FROM t"),
                lambda: other.load(pa.table({"n": [1]}), table="t", idempotency_key="k"),
            ):
                with pytest.raises(Unauthorized, match="InsufficientPrivilege"):
                    act()
    finally:
        shop.execute("DROP ROLE who")
    assert rows(shop_url, "SELECT * FROM t") == []


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        ("08006", Unreachable),
        ("08007", MaybeDone),
        ("53100", Transient),
        ("53300", Unreachable),
        ("57014", Transient),
        ("57P01", Unreachable),
        ("57P03", Unreachable),
        ("40001", Conflict),
        ("40P01", Conflict),
        ("55P03", Conflict),
        ("28P01", Unauthorized),
        ("42501", Unauthorized),
        ("42P01", Missing),
        ("3D000", Missing),
        ("22012", BadData),
        ("23505", BadData),
        ("42601", Refused),
        ("XX000", Refused),
        ("P0001", Refused),
    ],
)
def test_a_state_says_whether_asking_again_helps(state: str, kind: type[Exception]) -> None:
    assert class_of(state) is kind


def test_errors_come_through_a_process(shop: Database) -> None:
    with pytest.raises(BadData) as caught:
        shop.read("SELECT 1/0 AS x")
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
