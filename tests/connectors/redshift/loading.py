"""A run that loads a table, in a process that may be killed: what it ends, it says on a line."""

import sys
from datetime import date
from typing import Any

from fwf import Workflow, milliseconds, named, run
from fwf.connectors import redshift
from fwf.interpreters.run import Note
from tests.connectors.redshift.shop import SALES, Shop, sales

DAY = date(2026, 7, 15)
ROWS = [(n, DAY, f"n{n}") for n in range(200)]
WORKFLOW: Workflow[Any, Any] = named(
    "night",
    redshift.load(
        table="sales",
        schema=SALES,
        warehouse="dw",
        partition={"day": date},
        every=milliseconds(20),
    ),
)


def loads(shop: Shop, observe: Any = None) -> Any:
    """Run it, always under the same key."""
    return run(
        WORKFLOW,
        sales(*ROWS),
        key="2026-07-15",
        params={"day": DAY},
        resources={"dw": shop.open},
        observe=observe,
    )


def tell(note: Note) -> None:
    if note.kind == "ok":
        print(note.task, flush=True)


if __name__ == "__main__":
    print("begins", flush=True)
    api, s3, url = sys.argv[1:]
    loads(Shop(api, s3, url), tell).unwrap()
