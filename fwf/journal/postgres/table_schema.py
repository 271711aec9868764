"""Which tables is a journal in PostgreSQL made of? A schema that is made at first use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, LiteralString

from fwf.journal.errors import JournalError

if TYPE_CHECKING:
    from fwf.journal.postgres.servers import Driver

FORMAT: Final = 1
"""The version of the tables."""
_LOCK: Final = 0x6677_665F_6A6F_7572
"""The advisory lock under which they are made: two first users come one after the other."""
# Texts that may hold any character are kept as UTF-8, lone surrogates as if they were characters: a
# text of PostgreSQL holds neither them nor NUL, and a database may be in another encoding.
_TABLES: Final[tuple[LiteralString, ...]] = (
    """
    CREATE TABLE fwf_journal.runs (
        number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        id text NOT NULL UNIQUE,
        key text NOT NULL,
        workflow bytea NOT NULL,
        generation bigint NOT NULL,
        state text NOT NULL,
        started bigint NOT NULL,
        changed bigint NOT NULL,
        ended bigint,
        tries bigint NOT NULL,
        count bigint NOT NULL,
        head bytea NOT NULL,
        about bytea NOT NULL,
        sum bytea NOT NULL,
        UNIQUE (key, generation)
    ) WITH (fillfactor = 70)
    """,
    """
    CREATE TABLE fwf_journal.records (
        run bigint NOT NULL,
        n bigint NOT NULL,
        kind text NOT NULL,
        path bytea NOT NULL,
        tries bytea NOT NULL,
        at bigint NOT NULL,
        body bytea NOT NULL,
        sum bytea NOT NULL,
        PRIMARY KEY (run, n)
    )
    """,
    # Which contents the records of a run name: what no run names may be dropped.
    """
    CREATE TABLE fwf_journal.named (
        run bigint NOT NULL,
        name text NOT NULL,
        PRIMARY KEY (name, run)
    )
    """,
    "CREATE INDEX ON fwf_journal.named (run)",
    """
    CREATE TABLE fwf_journal.contents (
        name text NOT NULL,
        part bigint NOT NULL,
        content bytea NOT NULL,
        added timestamptz NOT NULL DEFAULT pg_catalog.now(),
        PRIMARY KEY (name, part)
    )
    """,
    # Compressed already, or not worth it.
    "ALTER TABLE fwf_journal.contents ALTER COLUMN content SET STORAGE EXTERNAL",
    """
    CREATE TABLE fwf_journal.leases (
        key text PRIMARY KEY,
        fence bigint NOT NULL,
        token text NOT NULL,
        holder text NOT NULL,
        since timestamptz NOT NULL,
        seen timestamptz NOT NULL,
        until timestamptz NOT NULL
    ) WITH (fillfactor = 50)
    """,
    "CREATE TABLE fwf_journal.format (version bigint NOT NULL)",
)
_THERE: Final[LiteralString] = """
    SELECT coalesce(array_agg(c.relname::text) FILTER (WHERE c.relname IS NOT NULL), '{}')
    FROM pg_catalog.pg_namespace n
    LEFT JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relkind IN ('r', 'p', 'v')
    WHERE n.nspname = 'fwf_journal' GROUP BY n.oid
"""


def prepare(driver: Driver, where: str) -> None:
    """Make the tables where there are none; raises `JournalError` for those of another version."""
    if not _existing_tables(driver):
        with driver.transaction():
            driver.execute("SELECT pg_catalog.pg_advisory_xact_lock($1)", [_LOCK])
            tables = _existing_tables(driver)
            if tables is None:
                driver.execute("CREATE SCHEMA fwf_journal")
            if not tables:
                for table in _TABLES:
                    driver.execute(table)
                driver.execute("INSERT INTO fwf_journal.format VALUES ($1)", [FORMAT])
    _check(driver, where)


def _existing_tables(driver: Driver) -> list[str] | None:
    """The tables of the schema; None where there isn't any schema."""
    row = driver.execute(_THERE).fetchone()
    tables: list[str] | None = None if row is None else row[0]
    return tables


def _check(driver: Driver, where: str) -> None:
    if "format" not in (_existing_tables(driver) or ()):
        raise JournalError(
            f"{where}: its schema fwf_journal is no journal of fwf: name another database, or "
            "rename that schema"
        )
    versions = [version for (version,) in driver.execute("SELECT version FROM fwf_journal.format")]
    if versions == [FORMAT]:
        return
    if len(versions) == 1 and versions[0] > FORMAT:
        remedy = "use the fwf that wrote it, or a newer one: pip install --upgrade fwf"
    else:
        remedy = (
            "look at it with the fwf that wrote it; for new runs name another database, or rename "
            "that schema"
        )
    text = ", ".join(map(str, versions)) or "none"
    raise JournalError(
        f"{where}: the journal's format is {text}, and this fwf knows {FORMAT}: {remedy}"
    )
