"""How is a table loaded into Redshift? A composition of tasks, and nothing else."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

import pyarrow as pa

from fwf.algebra.builder import it
from fwf.algebra.workflow import Workflow
from fwf.combinators import fallback, named
from fwf.connectors.redshift import tasks
from fwf.connectors.redshift.columns import Widths
from fwf.connectors.redshift.values import Loaded, Statement, Status
from fwf.connectors.shared.identifiers import TableName
from fwf.derived import poll
from fwf.durations import checked_duration, minutes, seconds

EVERY: Final = seconds(2)
WITHIN: Final = minutes(30)


def load(
    *,
    table: TableName,
    schema: pa.Schema,
    warehouse: str,
    key: Sequence[str] = (),
    partition: Mapping[str, Any] | None = None,
    varchar: Widths | None = None,
    name: str = "load",
    writes: Sequence[str] | None = None,
    every: timedelta = EVERY,
    within: timedelta = WITHIN,
) -> Workflow[pa.Table, Loaded]:
    """Table ⟶ Loaded: put rows into a table, once: merged by key, for a partition, or added.

    It stands for

        stage(…) >> submit(…) >> fallback(wait, stop, on="Exhausted") >> loaded(…)
        wait = poll(status(…), it.ended, every=every, limit=…, within=within)
        stop = cancel(…) >> wait

    so it has no retries: `retry(load(…), attempts=3, wait=…, on=Transient)` starts it again after a
    conflict, and finds the statement that goes on after a lost answer. Where it takes longer than
    `within`, the statement is stopped, and waited for as long again: one that had ended by then is
    loaded; one that was stopped fails as `Transient`, and has left nothing.

    table, key, partition, writes: see `submit`. schema, varchar: see `stage`.
    Values are cast to the target's columns as Redshift does it, which may round a number, cut
    blanks or a day's time without a word: declare the types that the target has.

    every, within: how often Redshift is asked, and for how long.

    Once before, beside the tables: `run(prepare(warehouse="dw"), …)`.

    >>> sales = pa.schema({"day": pa.date32(), "cents": pa.int64()})
    >>> load(table="sales", schema=sales, warehouse="dw", partition={"day": "date"}).edge.output
    <class 'fwf.connectors.redshift.values.Loaded'>
    """
    stage = tasks.stage(warehouse=warehouse, schema=schema, key=key, varchar=varchar)
    submit = tasks.submit(
        warehouse=warehouse, table=table, schema=schema, key=key, partition=partition, writes=writes
    )
    wait = ended(warehouse=warehouse, every=every, within=within)
    stop = tasks.cancel(warehouse=warehouse) >> wait
    whole = fallback(wait, stop, on="Exhausted")
    return named(name, stage >> submit >> whole >> tasks.loaded(warehouse=warehouse))


def ended(
    *, warehouse: str, every: timedelta = EVERY, within: timedelta = WITHIN
) -> Workflow[Statement, Status]:
    """Statement ⟶ Status: wait until it has ended; `Exhausted` where it takes longer."""
    checked_duration(every, "redshift.ended(every=…)")
    checked_duration(within, "redshift.ended(within=…)")
    if every <= timedelta(0):
        raise ValueError(f"redshift.ended(every={every}): needs more than no time")
    limit = within // every + 2
    return poll(
        tasks.status(warehouse=warehouse), it.ended, every=every, limit=limit, within=within
    )


def prepare(
    *, warehouse: str, every: timedelta = EVERY, within: timedelta = WITHIN
) -> Workflow[object, Status]:
    """_ ⟶ Status: make the table `fwf_ledger`, unless it is there; once, beside the targets.

    Not within a load, whose first statement has to be the lock.
    """
    make = tasks.ledger(warehouse=warehouse)
    return named("prepare", make >> ended(warehouse=warehouse, every=every, within=within))
