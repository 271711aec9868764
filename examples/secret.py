"""Resources and secrets: a task asks by name; what stands for the name is said beside it."""

import os
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

from fwf import Secret, named, run, task


class Billing:
    """A client of a service; here it only tells."""

    def post(self, token: str) -> str:
        return f"posted with a token of {len(token)} characters"


@task(effect="idempotent", writes=["https://billing.example/days"])
def close_day(*, billing: Billing, token: Secret) -> str:
    return billing.post(token.reveal())


@contextmanager
def open_billing() -> Generator[Billing]:
    yield Billing()  # opened for each attempt, closed however it ends


workflow = named("close", close_day)
resources: dict[str, Callable[[], Any] | Secret] = {
    "billing": open_billing,
    "token": Secret.env("BILLING_TOKEN"),
}

if __name__ == "__main__":
    os.environ["BILLING_TOKEN"] = "a-word-that-nobody-sees"
    print(resources["token"])
    print(run(workflow, resources=resources).unwrap())
