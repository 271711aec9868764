"""A control structure of your own: a word that is made of others, and is spoken everywhere."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from fwf import Extension, Workflow, fallback, minutes, pretty, run, seconds, task, timeout
from fwf.algebra.extensions import Arm


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Impatient(Extension[Any, Any]):
    """The slow way for a while, then the quick one."""

    slow: Workflow[Any, Any]
    quick: Workflow[Any, Any]
    patience: timedelta
    word = "impatient"

    def desugar(self) -> Workflow[Any, Any]:
        return fallback(timeout(self.slow, self.patience), self.quick, on="Timeout")

    def arms(self) -> tuple[Arm, ...]:  # the parts as people see them
        return (Arm(self.slow, segment=""), Arm(self.quick, "or else"))


@task(effect="read")
async def exact() -> str:
    return "the exact number"


@task(effect="read")
def estimate() -> str:
    return "an estimate"


workflow = Impatient(exact, estimate, minutes(1))

if __name__ == "__main__":
    print(pretty(workflow))
    print(run(workflow).unwrap())
    print(run(Impatient(exact, estimate, seconds(0))).unwrap())
