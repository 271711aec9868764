"""What do objects cost, beside the bare library and beside a loop over lines?"""

import random
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from fwf.connectors.objects import ACCESS_LOG, AtMost, store
from fwf.connectors.objects.access_log import row

from .measure import PEAK, best as best_by, figures_of_process, report

best = partial(best_by, clock=time.process_time)  # the store's threads count, other programs don't

ROWS = 1_000_000
LINES = 100_000


def sales() -> pa.Table:
    """A million rows of six columns, some 80 MB."""
    numbers = range(ROWS)
    return pa.table(
        {
            "id": pa.array(numbers, pa.int64()),
            "customer": pa.array((n * 7919 % 100_003 for n in numbers), pa.int64()),
            "amount": pa.array((n % 10_007 / 7 for n in numbers), pa.float64()),
            "at": pa.array((n * 1_000_003 for n in numbers), pa.timestamp("us", "UTC")),
            "country": pa.array(("DE", "NA", "FR")[n % 3] for n in numbers),
            "note": pa.array(f"order {n * 7919 % 1_000_003}" for n in numbers),
        }
    )


def test_parquet_in_a_store() -> None:
    table = sales()
    with tempfile.TemporaryDirectory() as folder, store(Path(folder).as_uri()) as lake:
        plain = Path(folder) / "plain.parquet"
        ours = best(lambda: lake.write_parquet("sales", table, by="bench"), repeats=5)
        report(
            f"{ROWS:,} rows to Parquet in a folder", ours,
            best(lambda: pq.write_table(table, plain), repeats=5), unit="s",
        )  # fmt: skip
        key = lake.write_parquet("sales", table, by="bench").key
        report(
            f"{ROWS:,} rows from Parquet in a folder",
            best(lambda: lake.read_parquet(key, table.schema), repeats=5),
            best(lambda: pq.read_table(plain), repeats=5),
            unit="s",
        )


def log_lines() -> Iterator[bytes]:
    dice = random.Random(1)
    agents = [
        f"Mozilla/5.0 (X11; Linux x86_64; rv:{n}.0) Gecko/20100101 Firefox/{n}.0" for n in range(99)
    ]
    for n in range(LINES):
        yield (
            f"198.18.{n % 251}.{n % 241} - - [{1 + n % 28:02}/Jul/2026:{n % 24:02}:{n % 60:02}:"
            f'{n % 59:02} +0200] "GET /articles/{dice.randrange(10**6)}?page={n % 9} HTTP/1.1" 200 '
            f'{dice.randrange(10**5)} "http://x.example/?q={n % 997}" "{dice.choice(agents)}"'
        ).encode()


def by_hand(content: bytes) -> pa.Table:
    """A line, a match, a row."""
    rows = [row(line) for line in content.splitlines()]
    columns: Any = zip(*rows, strict=True)
    arrays = [pa.array(c, field.type) for c, field in zip(columns, ACCESS_LOG, strict=True)]
    return pa.table(arrays, schema=ACCESS_LOG)


def test_access_log() -> None:
    content = b"\n".join(log_lines())
    with store("memory://") as logs:
        logs.put("log", content)
        none = AtMost(0, 0)
        read: Callable[[], pa.Table] = lambda: logs.read_access_log("log", at_most=none).table  # noqa: E731
        assert read().equals(by_hand(content))
        report(
            f"{LINES:,} lines of an access log", best(read, repeats=5),
            best(lambda: by_hand(content), repeats=2), per=LINES,
        )  # fmt: skip


STREAMED = """
import sys, tempfile
from pathlib import Path
import numpy as np
import pyarrow as pa
from fwf.connectors.objects import store

SCHEMA = pa.schema([(name, pa.float64()) for name in "abcdef"])

def batches(size):
    dice = np.random.default_rng(1)
    while size > 0:
        made = pa.record_batch([dice.random(100_000) for _ in SCHEMA], schema=SCHEMA)
        size -= made.nbytes
        yield made

with tempfile.TemporaryDirectory() as folder, store(Path(folder).as_uri()) as lake:
    reader = pa.RecordBatchReader.from_batches(SCHEMA, batches(1 << 30))
    part = lake.write_parquet("big", reader, by="bench")
    print(part.rows, part.size, peak())
"""


def test_a_gigabyte_streams_through() -> None:
    rows, size, peak = figures_of_process(PEAK + STREAMED)
    print(
        f"\n1 GB of a reader to Parquet in a folder: {rows:,.0f} rows, {size / 1e6:,.0f} MB, "
        f"the process had {peak / 1e6:,.0f} MB at most",
        end="",
    )
    assert peak < 300e6
