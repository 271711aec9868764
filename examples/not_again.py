"""Not again what was done before: a result is kept in the journal, for all runs after."""

from pathlib import Path
from tempfile import mkdtemp

from fwf import Journal, cached, it, map_each, named, run, task

LOGS = {"monday": ["a.log", "b.log"], "tuesday": ["b.log", "c.log"]}


@task(effect="read")
def logs(*, night: str) -> list[str]:
    return LOGS[night]


@task(effect="read", version="1")  # raise the version when the body does something else
def parsed(log: str) -> int:
    print(f"reading {log}")
    return len(log)


workflow = named("logs", logs >> map_each(cached(parsed), key=it, at_once=1))

if __name__ == "__main__":
    journal = Journal(Path(mkdtemp(), "runs.db"), durability="process")
    for night in LOGS:
        print(night, run(workflow, params={"night": night}, journal=journal).unwrap())
