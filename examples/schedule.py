"""A schedule: the takings of each day of a sale, in the night after it, by the shop's clock.

`fwf run examples/schedule.py:nightly --due` is what cron wakes; `fwf backfill` does a choice of
days. `python -m examples.schedule down` has the tills of June 3 not answer, `up` mends them.
"""

import sys
from datetime import date
from pathlib import Path
from tempfile import gettempdir

from fwf import IdempotencyKey, every_day, named, task

DOWN = Path(gettempdir(), "fwf-example-tills-are-down")


@task(effect="read", reads=["postgres://shop/tills"])
def takings(*, day: date) -> list[int]:
    if day == date(2025, 6, 3) and DOWN.exists():
        raise ConnectionError("the tills don't answer")
    return [120 * day.day, 80]


@task(effect="idempotent", writes=["redshift://dw/takings"])
def load(amounts: list[int], *, day: date, key: IdempotencyKey) -> str:
    return f"{day}: {sum(amounts)}"


workflow = named("sale", takings >> load)
nightly = every_day(
    workflow,
    at="02:00",  # by the clock of Berlin, of the day after
    tz="Europe/Berlin",
    param="day",
    start=date(2025, 6, 1),
    end=date(2025, 6, 5),
)

if __name__ == "__main__":
    DOWN.touch() if sys.argv[1:] == ["down"] else DOWN.unlink(missing_ok=True)
