"""What opens a Redshift warehouse, and how is it asked? By the Data API, which goes on by itself.

Nobody holds a connection: a statement is given to the API, has an id from then on, and runs to its
end whether somebody waits or not. So each method here asks once and comes back at once.

Never run on Redshift itself: tests have it on a stand-in that runs the statements on PostgreSQL,
and parse them in Redshift's dialect.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any, ClassVar, Final, TypeAlias, final

import pyarrow as pa

from fwf.connectors.redshift import staging as s3
from fwf.connectors.redshift.checks import check_batch, check_size
from fwf.connectors.redshift.columns import (
    Widths,
    check_key,
    check_texts,
    columns_of,
    parquet_table,
)
from fwf.connectors.redshift.failures import abort_error, failure_of
from fwf.connectors.redshift.results import page_of
from fwf.connectors.redshift.settings import (
    CONNECT_WITHIN,
    WITHIN,
    Settings,
    check_database,
    check_role,
    place_of,
)
from fwf.connectors.redshift.statements import READ_LEDGER, Value, steps_of
from fwf.connectors.redshift.targets import target_of
from fwf.connectors.redshift.values import Loaded, Rows, Staged, Statement, Status
from fwf.connectors.shared import aws
from fwf.connectors.shared.clients import SharedClient
from fwf.connectors.shared.declared_tables import declared_table
from fwf.connectors.shared.digest import digest
from fwf.connectors.shared.errors import Refused
from fwf.connectors.shared.identifiers import TableName
from fwf.connectors.shared.loads import checked_columns, checked_key
from fwf.durations import checked_delay
from fwf.secrets import Secret

ParameterValue: TypeAlias = str | int | Decimal | date | bool
"""What a parameter of a query is bound to."""

ENDS: Final = frozenset({"FINISHED", "FAILED", "ABORTED"})


@final
class Warehouse(SharedClient):
    """A database of Redshift, and a place in S3 for what is loaded; for many threads at once."""

    native: ClassVar[bool] = True

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._settings = settings
        self._api: Any = None
        self._store: Any = None

    def _begin(self) -> None:
        settings = self._settings
        self._store = settings.store()
        self._api = settings.api()

    def _end(self) -> None:
        api, self._api, self._store = self._api, None, None
        api.close()

    def __repr__(self) -> str:
        return f"<Redshift {self._settings.database} of {self._settings.place}>"

    def stage(
        self,
        table: pa.Table,
        *,
        schema: pa.Schema | None = None,
        key: Sequence[str] = (),
        varchar: Widths | None = None,
    ) -> Staged:
        """Put rows into S3, looked at first; rows that lie there already are left as they are.

        schema: that of the table if None; columns in another order are put in this one.
        key: columns of which no row may be NULL and no two rows alike.
        varchar: lengths of columns in bytes; 65,535 where none is given.

        Raises `BadData`, naming columns and counts.
        """
        schema, widths = schema or table.schema, varchar or {}
        columns = columns_of(schema, widths, "stage")
        rows = declared_table(table, schema, "stage")
        check_texts(rows, widths)
        check_key(rows, checked_columns(key, schema.names, "stage(key=…)"))
        own = digest(rows)
        if not rows.num_rows:
            return Staged(None, columns, 0, own)
        content = parquet_table(rows)
        manifest = s3.publish(self._store, self._settings.staging, content, own)
        return Staged(manifest, columns, rows.num_rows, own)

    def submit(
        self,
        source: Staged,
        *,
        table: TableName,
        idempotency_key: str,
        key: Sequence[str] = (),
        partition: Mapping[str, Value] | None = None,
    ) -> Statement:
        """Give Redshift the batch that loads what is staged; the one that goes on, if one does.

        The token of the batch is made of its text, in which the idempotency key stands, of the
        database, and of those of its kind that have ended: so a restart gets the statement that
        goes on, two that start at once get the same one, and after a failure there is a new one.
        Where an earlier one was finished, the ledger has the key, and the new one changes nothing.
        The API knows statements for a day, the ledger knows keys for ever.

        Raises `ValueError` for what can't be a batch, `Transient` (`MaybeDone`, `Overloaded`, …)
        where it is safe and useful to ask again.
        """
        target = target_of(source, table, key, partition or {})
        steps = steps_of(
            target, source, key=checked_key(idempotency_key), iam_role=self._settings.iam_role
        )
        sqls = [step.sql for step in steps]
        check_batch(sqls)
        place = sorted(self._settings.target().items())
        name = f"fwf {sha256(chr(0).join([str(place), *sqls]).encode()).hexdigest()}"
        statement_id, ended_ids = self._earlier(name)
        if statement_id is None:
            token = sha256(" ".join([name, *ended_ids]).encode()).hexdigest()
            statement_id = self._ask(
                "batch_execute_statement",
                wrote=True,
                expects="Id",
                Sqls=sqls,
                StatementName=name,
                ClientToken=token,
                **self._settings.target(),
            )["Id"]
        return Statement(str(statement_id), tuple(step.does for step in steps), target.name)

    def _earlier(self, name: str) -> tuple[str | None, list[str]]:
        """The statement of a name that goes on, if one does, and those that have ended."""
        answer = self._ask(
            "list_statements",
            expects="Statements",
            StatementName=name,
            Status="ALL",
            MaxResults=100,
        )
        statements = [each for each in answer["Statements"] if each.get("StatementName") == name]
        going = sorted(str(each["Id"]) for each in statements if each["Status"] not in ENDS)
        ended_ids = sorted(str(each["Id"]) for each in statements if each["Status"] in ENDS)
        return (going[0] if going else None), ended_ids

    def status(self, statement: Statement) -> Status:
        """Ask how a statement is doing.

        Raises for one that failed or was stopped: `KeyReused`, `BadData`, `Missing`, …, which
        asking again doesn't help, or `Conflict` or another `Transient`, after which the load may be
        started again. Nothing is left of it in either case.
        """
        answer = self._ask("describe_statement", expects="Status", Id=statement.id)
        state = str(answer["Status"])
        if state == "FAILED":
            raise failure_of(statement, answer)
        if state == "ABORTED":
            raise abort_error(statement)
        return Status(statement, state, state in ENDS)

    def cancel(self, statement: Statement) -> Statement:
        """Ask Redshift to stop a statement; whether it did, `status` tells. Gives it back."""
        try:
            self._ask("cancel_statement", expects="Status", Id=statement.id)
        except Refused as error:
            if type(error) is not Refused:  # no right, or no such statement
                raise
        return statement

    def loaded(self, statement: Statement) -> Loaded:
        """What the ledger says of a load that is finished."""
        rows = self.rows(Statement(f"{statement.id}:{statement.steps.index(READ_LEDGER) + 1}"))
        ((count, before),) = rows.items
        return Loaded(statement.table, int(count), bool(before))

    def execute(self, sql: str, params: Mapping[str, ParameterValue] | None = None) -> Statement:
        """Give Redshift one statement, with values bound by name: `:day`. It has no key."""
        check_size(sql, "execute(sql)")
        bound = [{"name": name, "value": _text(value)} for name, value in (params or {}).items()]
        answer = self._ask(
            "execute_statement",
            wrote=True,
            expects="Id",
            Sql=sql,
            **({"Parameters": bound} if bound else {}),
            **self._settings.target(),
        )
        return Statement(str(answer["Id"]))

    def rows(self, statement: Statement, cursor: str | None = None) -> Rows:
        """A page of what a finished statement gave: the first, or that behind a cursor."""
        more: dict[str, Any] = {} if cursor is None else {"NextToken": cursor}
        answer = self._ask("get_statement_result", expects="Records", Id=statement.id, **more)
        return page_of(answer)

    def _ask(
        self, operation: str, *, expects: str, wrote: bool = False, **request: Any
    ) -> dict[str, Any]:
        return aws.ask(self._api, operation, wrote=wrote, expects=expects, **request)


def _text(value: ParameterValue) -> str:
    """A value ⟶ the text that the API binds; Redshift finds the type by where it stands."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, date) else str(value)


def warehouse(
    *,
    database: str,
    workgroup: str | None = None,
    cluster: str | None = None,
    staging: str,
    iam_role: str = "default",
    region: str | None = None,
    endpoint: str | None = None,
    s3_endpoint: str | None = None,
    access_key: Secret | None = None,
    secret_key: Secret | None = None,
    secret_arn: str | None = None,
    connect_within: timedelta = CONNECT_WITHIN,
    within: timedelta = WITHIN,
) -> Warehouse:
    """A warehouse, opened where it is entered; nothing is asked of it before.

    workgroup, cluster: which warehouse: a serverless workgroup, or a cluster with nodes.
    staging: where rows are put for COPY, `s3://bucket/prefix`, in the warehouse's own region. A
        lifecycle rule of some days sweeps it, and parts of uploads that were never completed.
    iam_role: the role with which Redshift reads them, by its ARN; `default` is the warehouse's own.
    region, endpoint, s3_endpoint: those of the machine's settings if None.
    access_key, secret_key: where these are; if None, the machine's credentials.
    secret_arn: the database's user, in AWS Secrets Manager; if None, the credentials' own.
    connect_within, within: of one request: how long connecting, and how long an answer, may take.

    >>> warehouse(database="shop", workgroup="shop", staging="s3://shop-staging/loads")
    <Redshift shop of {'WorkgroupName': 'shop'}>
    """
    where = "redshift.warehouse"
    aws.check_settings(where, region, endpoint, access_key, secret_key)
    aws.check_settings(where, region, s3_endpoint)
    settings = Settings(
        check_database(where, database),
        place_of(where, workgroup, cluster, secret_arn),
        s3.place_of(staging, where),
        check_role(where, iam_role),
        region,
        endpoint,
        s3_endpoint,
        access_key,
        secret_key,
        _some_time(connect_within, f"{where}(connect_within={connect_within})"),
        _some_time(within, f"{where}(within={within})"),
    )
    return Warehouse(settings)


def _some_time(duration: timedelta, at: str) -> timedelta:
    time = checked_delay(duration, at)
    if time <= timedelta(0):
        raise ValueError(f"{at}: needs more than no time")
    return time
