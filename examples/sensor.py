"""A sensor: ask every five minutes whether the file is there, and give up after two hours."""

from datetime import date

from fwf import Scenario, dry_run, it, minutes, named, poll, retry, seconds, task


@task(effect="read", reads=["s3://drop/prices"])
def is_there(*, day: date) -> bool:
    return False


@task(effect="read", reads=["s3://drop/prices"])
def prices(*, day: date) -> list[float]:
    return [12.5, 8.0]


workflow = named(
    "prices",
    poll(retry(is_there, attempts=3, wait=seconds(1)), it, every=minutes(5), limit=24) >> prices,
)

if __name__ == "__main__":
    day = {"day": date(2026, 7, 15)}
    late = Scenario().task("is_there", gives_each=[False, False, True])
    print(dry_run(workflow, scenario=late, params=day))
    never = dry_run(workflow, scenario=Scenario().task("is_there", gives=False), params=day)
    print(never.result.failure(), "after", never.took)
