"""Tasks that fail, of each kind: called here, awaited, in a process of their own."""

import time

from fwf import task


@task(effect="read")
def here(i: int) -> int:
    raise ConnectionError(f"no route to {i} ü\n\x1b[2J")


@task(effect="read")
async def awaited(i: int) -> int:
    return here.fn(i)


@task(effect="read", isolate=True)
def apart(i: int) -> int:
    return here.fn(i)


@task(effect="read")
def fine(i: int) -> int:
    return i


@task(effect="read")
def naps(i: int) -> int:
    time.sleep(0.3)
    return i


KINDS = {"def": here, "async": awaited, "isolated": apart}
