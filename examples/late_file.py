"""A late file: the prices of a vendor, waited for each night, and who is told when they don't come.

`fwf late examples/late_file.py:nightly` is the second line of cron: it needs no run to notice.
`python -m examples.late_file` is the vendor, who sends two files, of which one is bad.
"""

from datetime import date
from pathlib import Path
from tempfile import gettempdir

from fwf import Alert, every_day, it, minutes, named, notify, par, poll, recover, task

DROP = Path(gettempdir(), "fwf-example-drop")


@task(effect="read", reads=["s3://drop/prices"])
def is_there(*, day: date) -> bool:
    return (DROP / f"{day}.csv").exists()


@task(effect="read", reads=["s3://drop/prices"])
def prices(*, day: date) -> list[float]:
    return [float(price) for price in (DROP / f"{day}.csv").read_text().split(",")]


@task(effect="read", reads=["https://bank.example/rates"])
def rate(*, day: date) -> float:
    if day.weekday() == 6:
        raise LookupError(f"no rate on {day:%A}s")
    return 1.1


@task(effect="idempotent", writes=["redshift://dw/prices"])
def load(prices: list[float], rate: float, *, day: date) -> str:
    return f"{day}: {sum(prices) * rate:.2f}"


@task(effect="idempotent", writes=["https://chat.example/on-call"])
def tell(alert: Alert) -> None:
    print(f"to the chat: {alert}")


arrived = poll(is_there, it, every=minutes(5), limit=100)
workflow = named("prices", arrived >> par(prices, recover(rate, 1.0, on=LookupError)) >> load)
nightly = every_day(
    workflow,
    tz="Europe/Berlin",
    param="day",
    start=date(2025, 6, 1),
    end=date(2025, 6, 3),
    notify=notify(on_failure=tell, on_recovery=tell, on_degraded=tell, late_by="06:00"),
)

if __name__ == "__main__":
    DROP.mkdir(exist_ok=True)
    (DROP / "2025-06-01.csv").write_text("12.5, 8")
    (DROP / "2025-06-02.csv").write_text("12.5, eight")
