"""What to do when a part fails: another part, a value, a message to somebody, or a value of it."""

from fwf import (
    Fault,
    as_result,
    execute,
    fallback,
    fault_of,
    it,
    named,
    on_failure,
    par,
    pure,
    recover,
    task,
    text,
)  # fmt: skip


@task(effect="read", reads=["https://rates.example/latest"])
def rates() -> float:
    raise ConnectionError("the vendor is down")


@task(effect="read", reads=["s3://cache/rates"])
def last_known_rates() -> float:
    return 1.08


@task(effect="idempotent", writes=["https://chat.example/on-call"])
def tell(failed: tuple[object, Fault]) -> None:
    print(f"to the chat: {failed[1]}")


workflow = named(
    "rates",
    par(
        fallback(rates, last_known_rates, on=ConnectionError),  # another way
        recover(on_failure(rates, then=tell), 1.0),  # somebody is told; then a plain value
        as_result(rates) >> pure(text("no rates: {}", fault_of(it).message)),  # the failure is data
    ),
)

if __name__ == "__main__":
    ran = execute(workflow)
    print(*ran.result.unwrap(), sep="\n")
    print("degraded at", *ran.degraded, sep="\n  ")
