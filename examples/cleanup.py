"""Finalisers: what is done however a part ended, and what was acquired is given back."""

from fwf import always, bracket, minutes, named, run, task, timeout


@task(effect="idempotent", writes=["emr://clusters"])
def start_cluster(_: object) -> str:
    return "cluster-7"


@task(effect="read")
def count(asked: tuple[object, str]) -> int:
    raise RuntimeError(f"{asked[1]} has no memory left")


@task(effect="idempotent", writes=["emr://clusters"])
async def stop_cluster(asked: tuple[object, str]) -> None:
    print(f"{asked[1]} is stopped")


@task(effect="idempotent", writes=["redshift://dw/staging"])
async def drop_staging() -> None:
    print("staging is dropped")


counted = bracket(start_cluster, count, timeout(stop_cluster, minutes(5)))
workflow = named("night", always(counted, then=timeout(drop_staging, minutes(1))))

if __name__ == "__main__":
    print(run(workflow).failure())
