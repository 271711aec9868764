"""What only a journal on a server can meet: lost connections, other clocks, rights, restarts."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import psycopg
import pytest

from examples.services import postgres as services
from fwf.journal.errors import Held, JournalCorrupt, JournalError, Replaced
from fwf.journal.opening import open_store
from fwf.journal.postgres import Postgres, rows as server_rows, servers
from fwf.journal.run_records import Record
from fwf.journal.store import Store
from fwf.secrets import masked
from tests.connectors.postgres.test_secrets import CANARY, FORMS, WRONG
from tests.connectors.postgres.wire import Wire
from tests.connectors.shared.test_aws import everything
from tests.journal.places import ME, OTHER, ROOT, TEXTS, Place, chain, filled, row, some, until


@pytest.fixture
def place(server_place: Place) -> Place:
    return server_place


@pytest.fixture
def store(place: Place) -> Store:
    return place.open()


@pytest.fixture
def database(postgres_url: str) -> Iterator[str]:
    """A database of its own, for settings of it."""
    with services.database(postgres_url) as url:
        yield url


@pytest.fixture
def wire(journal_url: str, place: Place, tmp_path: Path) -> Iterator[Wire]:
    (folder,) = parse_qs(urlsplit(journal_url).query)["host"]
    with Wire(folder, tmp_path, journal_url) as between:
        yield between


@contextmanager
def opened(url: str, **given: Any) -> Iterator[Postgres]:
    store = Postgres.open(url, **given)
    try:
        yield store
    finally:
        store.close()


def ask(url: str, sql: str) -> list[tuple[Any, ...]]:
    text: Any = sql
    with psycopg.connect(url, autocommit=True) as server:
        done = server.execute(text)
        return done.fetchall() if done.description else []


def read(store: Store, key: str = "k") -> list[Record]:
    return [record for run in store.generations(key) for record in store.records(run)]


# How it is reached


def test_a_missing_driver_is_told_with_what_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(JournalError, match=r"'psycopg' is not installed: pip install 'fwf\[post"):
        open_store("postgresql://h/db")


def test_the_driver_is_not_imported_before_something_is_opened() -> None:
    code = "import sys, fwf.journal.postgres; sys.exit('psycopg' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


@pytest.mark.parametrize("url", WRONG)
def test_what_is_no_url_is_refused_and_not_told(url: str) -> None:
    with pytest.raises(JournalError, match="a journal's URL reads postgresql://") as caught:
        Postgres.open(url)
    assert not any(form in everything(caught.value) for form in FORMS)


def test_a_password_is_in_no_text(journal_url: str, place: Place) -> None:
    secret = quote(CANARY, safe="")
    url = journal_url.replace("postgres@", f"postgres:{secret}@")
    with opened(url) as store:
        claim = store.claim("k", ME)
        with pytest.raises(Held) as caught:
            store.claim("k", OTHER)
        told = f"{store.where} {store!r} {claim!r} {everything(caught.value)}"
        ask(journal_url, "DROP TABLE fwf_journal.runs")
        with pytest.raises(JournalError) as broken:
            store.runs()
        told += everything(broken.value)
    assert not any(form in told for form in FORMS)
    assert CANARY not in masked(f"{CANARY} in a text")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("/fwf_", "/no_such_"), r"no such database.*createdb"),
        (("postgres:", "nobody:"), r"doesn't let this user in.*PGPASSWORD"),
        (("host=", "host=/nowhere&x="), "a journal's URL reads"),
        (("?host=", "?host=/nowhere&sslcert="), r"can't be reached"),
    ],
)
def test_a_server_that_lets_nobody_in_is_one_error_at_once(
    journal_url: str, change: tuple[str, str], said: str
) -> None:
    secret = quote(CANARY, safe="")
    url = journal_url.replace("postgres@", f"postgres:{secret}@").replace(*change)
    with pytest.raises(JournalError, match=said) as caught:
        Postgres.open(url)
    assert not any(form in everything(caught.value) for form in FORMS)


def test_a_port_where_nobody_listens_is_one_error() -> None:
    with pytest.raises(JournalError, match=r"postgresql://127.0.0.1:1/x: the server can't be"):
        Postgres.open("postgresql://etl:hunter2@127.0.0.1:1/x")


# What is there already


def test_tables_are_made_once_by_many_who_come_first_at_once(
    place: Place, journal_url: str
) -> None:
    ready = threading.Barrier(8)
    failed: list[BaseException] = []

    def first() -> None:
        ready.wait()
        try:
            Postgres.open(journal_url).close()
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=first) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert place.ask("SELECT version FROM @format") == [(1,)]


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE @format SET version = 2", r"is 2, and this fwf knows 1: use the fwf that wrote"),
        ("UPDATE @format SET version = 0", r"is 0, and this fwf knows 1: look at it with the fwf"),
        ("DELETE FROM @format", r"is none, and this fwf knows 1"),
        ("INSERT INTO @format VALUES (2)", r"is 1, 2, and this fwf knows 1"),
        ("DROP TABLE @format", "is no journal of fwf: name another database, or rename"),
    ],
)
def test_a_journal_of_another_version_is_refused_and_left_as_it_is(
    place: Place, store: Store, journal_url: str, statement: str, said: str
) -> None:
    filled(store, 3)
    place.ask(statement)
    with pytest.raises(JournalError, match=said):
        Postgres.open(journal_url)
    assert place.ask("SELECT count(*) FROM @records") == [(3,)]


def test_a_schema_of_that_name_that_is_no_journal_is_refused(
    place: Place, journal_url: str
) -> None:
    ask(journal_url, "CREATE SCHEMA fwf_journal CREATE TABLE runs (x int)")
    with pytest.raises(JournalError, match="is no journal of fwf"):
        Postgres.open(journal_url)


def test_an_administrator_may_make_the_schema_for_a_user_who_may_not(
    place: Place, journal_url: str
) -> None:
    with role(journal_url) as (name, url):
        with pytest.raises(JournalError, match=r"this user may not.*GRANT.*CREATE on the database"):
            Postgres.open(url)
        ask(journal_url, f"CREATE SCHEMA fwf_journal AUTHORIZATION {name}")
        with opened(url) as store:
            filled(store, 3)
            assert read(store) == some(3)


def test_who_may_only_read_can_look_and_not_claim(
    place: Place, store: Store, journal_url: str
) -> None:
    filled(store, 3)
    with role(journal_url) as (name, url):
        with pytest.raises(JournalError, match="this user may not"):
            Postgres.open(url)
        ask(journal_url, f"GRANT USAGE ON SCHEMA fwf_journal TO {name}")
        ask(journal_url, f"GRANT SELECT ON ALL TABLES IN SCHEMA fwf_journal TO {name}")
        with opened(url) as reader:
            assert read(reader) == some(3)
            assert reader.holder("k") is None
            with pytest.raises(JournalError, match=r"claiming a run: this user may not.*GRANT"):
                reader.claim("k", ME)


@contextmanager
def role(url: str) -> Iterator[tuple[str, str]]:
    name = f"fwf_role_{time.monotonic_ns()}"
    ask(url, f"CREATE ROLE {name} LOGIN")
    try:
        yield name, url.replace("postgres@", f"{name}@")
    finally:
        ask(url, f"DROP OWNED BY {name} CASCADE")
        ask(url, f"DROP ROLE {name}")


def test_a_read_only_server_can_be_looked_at(database: str) -> None:
    read_only = f"ALTER DATABASE {database.partition('?')[0].rpartition('/')[2]} SET "
    read_only += "default_transaction_read_only = "
    ask(database, f"{read_only} on")
    with pytest.raises(JournalError, match=r"opening: the server is read-only.*primary"):
        Postgres.open(database)
    writing = f"{database}&options=-c%20default_transaction_read_only%3Doff"
    ask(writing, f"{read_only} off")
    with opened(database) as store:
        filled(store, 3)
        ask(database, f"{read_only} on")
    with opened(database) as store:
        assert read(store) == some(3)
        with pytest.raises(JournalError, match="the server is read-only"):
            store.claim("k", ME)


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
def test_any_text_comes_back_from_a_database_in_any_encoding(
    postgres_url: str, encoding: str
) -> None:
    name = f"fwf_{encoding.lower()}"
    ask(
        postgres_url,
        f"CREATE DATABASE {name} ENCODING '{encoding}' TEMPLATE template0 LOCALE 'C'",
    )
    try:
        with opened(services.within(postgres_url, name)) as store:
            claim = store.claim("k", ME)
            records = chain(*(("ok", text, text, 1, text) for text in TEXTS))
            store.begin(row(workflow="ü\0\ud800", about="日"), records, claim)
            assert read(store) == records
            (run,) = store.runs(like="ü")
            assert (run.workflow, run.about) == ("ü\0\ud800", "日")
    finally:
        ask(postgres_url, f"DROP DATABASE {name} WITH (FORCE)")


def test_what_the_database_is_set_to_changes_nothing(database: str) -> None:
    name = database.partition("?")[0].rpartition("/")[2]
    for setting in (
        "synchronous_commit = off",
        "TimeZone = 'Asia/Tokyo'",
        "default_transaction_isolation = 'serializable'",
        "bytea_output = 'escape'",
        "search_path = 'other, public'",
        "statement_timeout = 0",
        "DateStyle = 'German'",
        "IntervalStyle = 'sql_standard'",
    ):
        ask(database, f"ALTER DATABASE {name} SET {setting}")
    with opened(database) as store:
        claim = store.claim("k", ME)
        with pytest.raises(Held, match=r"last sign of it was 0 s ago.*ends in 1 min"):
            store.claim("k", OTHER)
        run = store.begin(row(), some(1), claim)
        store.append(run, some(1, after=some(1)[-1]), claim)
        assert read(store) == some(2)
        names = ("synchronous_commit", "TimeZone", "statement_timeout", "lock_timeout")
        shown = {name: store._ask("asking", current, name) for name in names}
    assert shown == {
        "synchronous_commit": "on", "TimeZone": "UTC", "statement_timeout": "1min",
        "lock_timeout": "1min",
    }  # fmt: skip


def current(driver: psycopg.Connection[Any], name: str) -> object:
    (found,) = driver.execute("SELECT current_setting($1)", [name]).fetchall()
    return found[0]


# When the server is in trouble


@contextmanager
def failing(place: Place, state: str, where: str = "true") -> Iterator[None]:
    """The server answers to records that are added as if it had this trouble."""
    place.ask(
        "CREATE FUNCTION @fails() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN IF {where} THEN RAISE SQLSTATE '{state}'; END IF; RETURN NEW; END $$"
    )
    place.ask(
        "CREATE TRIGGER fails BEFORE INSERT ON @records FOR EACH ROW EXECUTE FUNCTION @fails()"
    )
    try:
        yield
    finally:
        place.ask("DROP FUNCTION @fails CASCADE")


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("53100", "the server's disk is full: make room there"),
        ("53200", "has no memory left"),
        ("58030", "can't use its disk"),
        ("25006", "is read-only"),
        ("42501", "this user may not do that"),
        ("42P01", "a table of the schema fwf_journal is gone"),
        ("57014", "took too long, or somebody cancelled"),
        ("XX001", "says that its files are damaged"),
        ("XX000", "refused .*SQLSTATE XX000.*the server's log says more"),
        ("P0001", "refused .*SQLSTATE P0001"),
    ],
)
def test_each_trouble_of_the_server_is_one_error_and_adds_nothing(
    place: Place, store: Store, state: str, said: str
) -> None:
    first = some(1)
    claim = store.claim("k", ME)
    run = store.begin(row(), first, claim)
    with failing(place, state):
        kind = JournalCorrupt if state == "XX001" else JournalError
        with pytest.raises(kind, match=f"postgresql://.*: adding records: .*{said}") as caught:
            store.append(run, some(2, after=first[-1]), claim, state="ok")
        assert caught.value.__cause__ is None
        assert caught.value.__context__ is None
    assert read(store) == first
    store.append(run, some(2, after=first[-1]), claim, state="ok")
    assert read(store) == some(3)


def test_records_too_large_to_be_sent_at_once_are_added_together_or_not_at_all(
    place: Place, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_rows, "_SENT", 1_000)
    records = chain(*(("try", "x", "1", n, "b" * 400) for n in range(20)))
    claim = store.claim("k", ME)
    with failing(place, "53100", "NEW.n = 19"):
        with pytest.raises(JournalError, match="disk is full"):
            store.begin(row(), records, claim)
        assert list(store.runs()) == []
        run = store.begin(row(), records[:5], claim)
        with pytest.raises(JournalError, match="disk is full"):
            store.append(run, records[5:], claim)
        assert read(store) == records[:5]
    with pytest.raises(ValueError, match="can't follow"):
        store.append(run, records[6:], claim)
    store.append(run, records[5:], claim, state="ok")
    assert read(store) == records
    (found,) = store.runs()
    assert (found.count, found.tries, found.state) == (20, 20, "ok")


@pytest.mark.services
def test_records_of_many_megabytes_come_back(store: Store) -> None:
    records = chain(*(("ok", "x", "1", n, f'"{n}' + "é" * 5_000_000) for n in range(6)))
    claim = store.claim("k", ME)
    run = store.begin(row(), records[:1], claim)
    store.append(run, records[1:], claim)
    assert read(store) == records


@pytest.mark.parametrize(("batch", "size"), [(1, 10**6), (3, 10**6), (100, 1), (100, 30)])
def test_records_are_read_in_parts_of_any_size(
    store: Store, monkeypatch: pytest.MonkeyPatch, batch: int, size: int
) -> None:
    monkeypatch.setattr(server_rows, "_BATCH", batch)
    monkeypatch.setattr(server_rows, "_BYTES", size)
    assert filled(store, 25) == read(store)
    asked = server_rows.records_after
    most = store._ask("reading", asked, 1, 0)  # type: ignore[attr-defined]
    assert len(most) == (min(batch, 25) if size > 100 else -(-size // 8))


def test_a_lock_that_others_hold_is_not_waited_for_for_ever(
    place: Place, store: Store, journal_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert servers.session(servers.WITHIN) == servers._SESSION
    monkeypatch.setattr(servers, "_SESSION", servers.session(timedelta(milliseconds=200)))
    with opened(journal_url) as other:
        claim = other.claim("k", ME)
        run = other.begin(row(), some(1), claim)
        with psycopg.connect(journal_url) as blocking:
            blocking.execute("SELECT FROM fwf_journal.leases FOR UPDATE")
            with pytest.raises(JournalError, match=r"a lock wasn't given in time.*|took too long"):
                other.append(run, some(1, after=some(1)[-1]), claim)
        other.append(run, some(1, after=some(1)[-1]), claim)
        assert read(other) == some(2)


# When a connection breaks


@pytest.mark.parametrize("what", ["question", "answer"])
@pytest.mark.parametrize(
    "at", [b"AS run SET", b"INSERT INTO fwf_journal.runs", b"fwf_journal.leases AS held"]
)
def test_what_was_sent_when_the_connection_broke_is_there_once(
    wire: Wire, store: Store, what: str, at: bytes
) -> None:
    with opened(wire.url) as cut:
        wire.cut_at = (at, 1, what)
        claim = cut.claim("k", ME)
        run = cut.begin(row(), some(2), claim)
        last = some(2)[-1]
        for _ in range(3):
            (last,) = some(1, after=last)
            cut.append(run, [last], claim)
        assert wire.cut_at is None
        assert read(store) == some(5)
        assert len(store.runs()) == 1
        assert store.holder("k") == ME


@pytest.mark.parametrize("what", ["append", "begin"])
def test_what_is_still_being_done_when_it_is_sent_again_is_there_once(
    place: Place, wire: Wire, store: Store, journal_url: str, what: str
) -> None:
    with opened(wire.url) as cut:
        claim = cut.claim("k", ME)
        records = some(3)
        run = cut.begin(row(), records, claim) if what == "append" else 1

        def send() -> None:
            if what == "append":
                cut.append(run, some(2, after=records[-1]), claim)
            else:
                cut.begin(row(), some(5), claim)

        def waiting(count: int) -> Callable[[], bool]:
            asked = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            return lambda: ask(journal_url, asked) == [(count,)]

        sending = threading.Thread(target=send)
        with psycopg.connect(journal_url) as blocking:
            blocking.execute("SELECT FROM fwf_journal.leases FOR UPDATE")
            wire.cut_at = (b"UPDATE fwf_journal.leases SET", 1, "answer")
            sending.start()
            until(waiting(2))
        sending.join()
    assert wire.cut_at is None
    assert read(store) == some(5)
    assert len(store.runs()) == 1


@pytest.mark.parametrize("sent", [1_000, 10**9])
@pytest.mark.parametrize("what", ["question", "answer"])
def test_a_transaction_that_broke_is_there_once(
    wire: Wire, store: Store, monkeypatch: pytest.MonkeyPatch, what: str, sent: int
) -> None:
    monkeypatch.setattr(server_rows, "_SENT", sent)
    records = chain(*(("ok", "x", "1", n, "b" * 400) for n in range(20)))
    with opened(wire.url) as cut:
        claim = cut.claim("k", ME)
        run = cut.begin(row(), records[:1], claim)
        wire.cut_at = (b"COMMIT" if sent < 10**6 else b"AS run SET", 1, what)
        cut.append(run, records[1:], claim, state="ok")
        assert wire.cut_at is None
    assert read(store) == records


def test_a_connection_that_broke_while_nothing_was_asked_is_opened_again(
    place: Place, store: Store, journal_url: str
) -> None:
    claim = store.claim("k", ME)
    run = store.begin(row(), some(1), claim)
    last = some(1)[-1]
    for _ in range(5):
        end_others(journal_url)
        (last,) = some(1, after=last)
        store.append(run, [last], claim)
        end_others(journal_url)
        assert store.runs()[0].count == last.n
    assert read(store) == some(6)


def test_a_forked_process_does_not_end_the_connection_of_its_parent(journal_url: str) -> None:
    with opened(journal_url) as store:
        before = store._ask("asking", backend)
        child = os.fork()
        if child == 0:
            try:
                store.close()
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        assert store._ask("asking", backend) == before


def backend(driver: psycopg.Connection[Any]) -> int:
    driver.execute("SELECT 1")
    return driver.info.backend_pid


def end_others(url: str) -> None:
    ask(
        url,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )


def test_sessions_that_are_ended_all_the_time_lose_nothing(
    place: Place, store: Store, journal_url: str
) -> None:
    done = threading.Event()
    ended = [0]

    def killing() -> None:
        while not done.wait(0.03):
            end_others(journal_url)
            ended[0] += 1

    claim = store.claim("k", ME)
    records = some(200)
    run = store.begin(row(), records[:1], claim)
    thread = threading.Thread(target=killing)
    thread.start()
    try:
        for record in records[1:]:
            store.append(run, [record], claim)
            time.sleep(0.002)
    finally:
        done.set()
        thread.join()
    assert ended[0] > 5
    assert read(store) == records


def test_a_server_that_does_not_come_back_is_given_up_and_may_come_back(
    wire: Wire, store: Store
) -> None:
    with opened(wire.url, patience=timedelta(seconds=0.5)) as cut:
        claim = cut.claim("k", ME)
        run = cut.begin(row(), some(1), claim)
        wire.closed = True
        wire.end()
        for use in (
            lambda: cut.append(run, some(1, after=some(1)[-1]), claim),
            lambda: cut.runs(),
            lambda: cut.claim("o", ME),
        ):
            with pytest.raises(JournalError, match=r"postgresql://\S+: .*(reached|lost)"):
                use()
        assert read(store) == some(1)
        wire.closed = False
        cut.append(run, some(1, after=some(1)[-1]), claim)
        assert read(store) == some(2)
        wire.closed = True
        wire.end()
        claim.release()  # of a server that is gone: its lease ends by itself


@pytest.mark.services
def test_a_server_that_restarts_in_the_middle_loses_nothing() -> None:
    records = some(400)
    with services.serving() as url, opened(url) as store:
        claim = store.claim("k", ME)
        run = store.begin(row(), records[:1], claim)
        restarts = threading.Thread(target=restart, args=(url,))
        restarts.start()
        for record in records[1:]:
            store.append(run, [record], claim)
            time.sleep(0.01)
        restarts.join()
        assert read(store) == records
        assert store.holder("k") == ME


def restart(url: str) -> None:
    """Restart a server twice: as if it had crashed, and in order."""
    pgserver: Any = import_module("pgserver")
    (folder,) = parse_qs(urlsplit(url).query)["host"]
    user = "pgserver" if os.geteuid() == 0 else None
    log = f"{folder}/log"
    for how in ("immediate", "fast"):
        words = ["-w", "-m", how, "-l", log, "restart"]
        pgserver.pg_ctl(words, pgdata=Path(folder), user=user, timeout=60)


@pytest.mark.services
def test_a_wrong_password_is_one_error_that_does_not_tell_it() -> None:
    with services.serving() as url:
        (folder,) = parse_qs(urlsplit(url).query)["host"]
        ask(url, f"CREATE ROLE etl LOGIN SUPERUSER PASSWORD '{CANARY}'")
        rules = Path(folder) / "pg_hba.conf"
        rules.write_text("local all etl scram-sha-256\n" + rules.read_text())
        ask(url, "SELECT pg_reload_conf()")
        right = url.replace("postgres@", f"etl:{quote(CANARY, safe='')}@")
        wrong = right.replace("hunter2", "hunter2x")
        with opened(right) as store:
            assert "hunter2" not in store.where
        for bad in (wrong, url.replace("postgres@", "etl@")):
            with pytest.raises(JournalError, match="doesn't let this user in") as caught:
                Postgres.open(bad)
            assert not any(form in everything(caught.value) for form in FORMS)


# Leases


@pytest.mark.parametrize("first", [-120, 120])
def test_a_lease_is_by_the_clock_of_the_server(
    place: Place, monkeypatch: pytest.MonkeyPatch, first: int
) -> None:
    real, real_ns = time.time, time.time_ns

    def clock(off: int) -> None:
        monkeypatch.setattr(time, "time", lambda: real() + off)
        monkeypatch.setattr(time, "time_ns", lambda: real_ns() + off * 10**9)

    one, two = place.open(lease=30), place.open(lease=30)
    clock(first)
    one.claim("k", ME)
    clock(-first)
    with pytest.raises(Held, match=r"last sign of it was \d s ago.*ends in (29|30) s"):
        two.claim("k", OTHER)
    (told,) = place.ask("SELECT until - clock_timestamp() FROM @leases")
    assert told[0] <= timedelta(seconds=30)
    place.ask("UPDATE @leases SET until = clock_timestamp() - interval '1 s'")
    two.claim("k", OTHER)
    clock(first)
    with pytest.raises(Held):
        one.claim("k", ME)


def test_a_lease_that_ran_out_is_renewed_by_who_had_it_unless_somebody_came(
    place: Place, store: Store
) -> None:
    claim = store.claim("k", ME)
    run = store.begin(row(), some(1), claim)
    other = place.open()
    place.ask("UPDATE @leases SET until = '-infinity'")
    assert other.holder("k") is None
    second = some(1, after=some(1)[-1])
    store.append(run, second, claim)
    assert other.holder("k") == ME
    with pytest.raises(Held):
        other.claim("k", OTHER)
    place.ask("UPDATE @leases SET until = '-infinity'")
    mine = other.claim("k", OTHER)
    third = some(1, after=second[-1])
    uses: list[Callable[[], object]] = [
        lambda: store.append(run, third, claim, state="ok"),
        lambda: store.append(run, [], claim, state="ok"),
        lambda: store.begin(row(generation=2), some(1), claim),
    ]
    for use in uses:
        with pytest.raises(Replaced, match="another process goes on with this run since"):
            use()
    place.change(run, 2, "body", "x")
    with pytest.raises(Replaced):
        store.salvage(store.generations("k")[0], claim)
    place.change(run, 2, "body", '{"v": 1}')
    claim.release()  # isn't its to give back
    assert other.holder("k") == OTHER
    assert read(other) == some(2)
    assert [found.state for found in other.runs()] == ["running"]
    other.append(run, third, mine)
    assert read(other) == some(3)


def test_who_was_replaced_and_who_came_never_both_add(place: Place) -> None:
    stores = [place.open(), place.open()]
    outcomes = set[str]()
    for round_ in range(50):
        key = f"race{round_}"
        claim = stores[0].claim(key, ME)
        run = stores[0].begin(row(key=key), some(1), claim)
        place.ask(f"UPDATE @leases SET until = '-infinity' WHERE key = '{key}'")
        ready, told = threading.Barrier(2), dict[str, object]()

        def old(key: str, run: int, claim: Any, ready: Any, told: dict[str, object]) -> None:
            last = some(1)[-1]
            ready.wait()
            try:
                for n in range(5):
                    stores[0].append(run, some(1, after=last), claim)
                    (last,) = some(1, after=last)
                    told["old"] = n + 1
            except Replaced:
                told["replaced"] = True

        def new(key: str, run: int, ready: Any, told: dict[str, object], late: float) -> None:
            ready.wait()
            time.sleep(late)
            try:
                mine = stores[1].claim(key, OTHER)
            except Held:
                told["held"] = True
                return
            found = stores[1].generations(key)[0].count
            told["new"] = found
            stores[1].append(run, some(1, after=some(found)[-1]), mine)

        threads = [
            threading.Thread(target=old, args=(key, run, claim, ready, told)),
            threading.Thread(target=new, args=(key, run, ready, told, (round_ % 5) * 0.0005)),
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        count = int(str(told.get("old", 0))) + 1
        if "new" in told:
            assert told["new"] == count
            assert told.get("replaced") is True
            assert read(stores[1], key) == some(count + 1)
            outcomes.add("replaced")
        else:
            assert told["held"] is True
            assert read(stores[1], key) == some(6)
            outcomes.add("held")
    assert outcomes == {"replaced", "held"}


def test_fencing_numbers_only_grow(place: Place, store: Store) -> None:
    seen = [0]
    for _ in range(3):
        claim = store.claim("k", ME)
        seen += [fence for (fence,) in place.ask("SELECT fence FROM @leases")]
        claim.release()
    assert seen == sorted(set(seen))


def test_a_lease_is_renewed_by_no_thread_after_it_was_given_back(place: Place) -> None:
    def threads() -> int:
        return sum(each.name.startswith("fwf lease") for each in threading.enumerate())

    store = place.open(lease=0.2)
    before = threads()
    claim, other = store.claim("k", ME), store.claim("o", ME)
    assert threads() == before + 2
    claim.release()
    until(lambda: threads() == before + 1)
    store.close()
    until(lambda: threads() == before)
    late = place.open()
    assert late.holder("k") is None
    assert late.holder("o") is None
    other.release()


def test_who_was_replaced_renews_nothing_any_more(place: Place, journal_url: str) -> None:
    store, other = place.open(lease=0.3), place.open()
    store.claim("k", ME)
    place.ask("UPDATE @leases SET until = '-infinity'")
    other.claim("k", OTHER)
    seen = place.ask("SELECT seen FROM @leases")
    until(lambda: not [each for each in threading.enumerate() if each.name == "fwf lease k 1"])
    assert place.ask("SELECT seen FROM @leases") == seen


def test_a_renewal_that_comes_after_a_release_renews_nothing(place: Place, store: Store) -> None:
    claim = store.claim("k", ME)
    ((fence,),) = place.ask("SELECT fence FROM @leases")
    claim.release()
    place.ask(f"UPDATE @leases SET until = 'infinity' WHERE key = 'k' AND fence = {fence}")
    place.open().claim("k", OTHER)


def test_a_lease_outlives_a_renewal_that_fails(wire: Wire, store: Store) -> None:
    with opened(wire.url, lease=timedelta(seconds=3)) as cut:
        cut.claim("k", ME)
        wire.closed = True
        wire.end()
        time.sleep(1.2)  # the thread's first renewal
        wire.closed = False
        ((since,),) = Place(wire.url).ask("SELECT seen FROM @leases")
        until(lambda: Place(wire.url).ask("SELECT seen FROM @leases") > [(since,)])
        assert store.holder("k") == ME


@pytest.mark.services
def test_a_hundred_thousand_records_are_read_in_bounded_memory(store: Store) -> None:
    import tracemalloc

    claim = store.claim("k", ME)
    told = [("ok", f"daily > s{n}", "1", n, '{"v": "' + "x" * 400 + '"}') for n in range(100_000)]
    records = chain(*told)  # type: ignore[arg-type]
    run = store.begin(row(), records[:1], claim)
    for start in range(1, len(records), 10_000):
        store.append(run, records[start : start + 10_000], claim)
    (found,) = store.runs()
    tracemalloc.start()
    count = sum(1 for _ in store.records(found))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 100_000
    assert peak < 20 * 2**20
