"""Behaviour by a function: a factory makes tasks, another function makes a part of a workflow."""

from fwf import Task, Workflow, named, par, pretty, retry, run, seconds, task


def table(name: str) -> Task[object, str]:
    """A task that loads one table; what makes it another task stands in its config."""

    @task(effect="idempotent", name=f"load_{name}", writes=[f"redshift://dw/{name}"],
          config={"table": name})  # fmt: skip
    def load() -> str:
        return f"{name} is loaded"

    return load


def stubborn(w: Workflow[object, str]) -> Workflow[object, str]:
    """The house's way to be patient with the warehouse."""
    return retry(w, attempts=4, wait=seconds(30))


workflow = named("dimensions", par(*(stubborn(table(name)) for name in ("days", "shops", "items"))))

if __name__ == "__main__":
    print(pretty(workflow))
    print(run(workflow).unwrap())
