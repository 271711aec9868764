"""Retries and timeouts: which errors are tried again, how long is waited, when it is given up."""

from fwf import (
    VirtualClock,
    backoff,
    execute,
    minutes,
    named,
    pretty,
    retry,
    seconds,
    task,
    timeout,
)  # fmt: skip

answers = iter([TimeoutError("too slow"), ConnectionError("reset"), None])


@task(effect="read", reads=["https://vendor.example/prices"])
def prices() -> list[float]:
    if (error := next(answers)) is not None:
        raise error
    return [12.5, 8.0]


workflow = named(
    "prices",
    timeout(  # of all attempts together; inside the retry it would be of each
        retry(
            prices,
            attempts=5,
            wait=backoff(seconds(2), cap=minutes(1)).jitter(7),
            on=[ConnectionError, TimeoutError],  # another error fails at once
        ),
        minutes(10),
    ),
)

if __name__ == "__main__":
    ran = execute(workflow, clock=VirtualClock())  # real tasks, and waits that take no time
    print(pretty(workflow))
    print(ran.result.unwrap(), f"after {(ran.end - ran.start) / 1e6:.1f} s that nobody waited")
