"""Ten minutes of hostile plans, guided by coverage: `python -m tests.fuzz.fuzz_plan SECONDS`.

Whatever the bytes, `load` gives a workflow or a `PlanError`, in a second and 200 MB at most, and
an audit hook sees no import, exec, compile, open, socket or subprocess.
"""

import contextlib
import resource
import sys
import time
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import atheris

with atheris.instrument_imports(include=["fwf.interpreters.plan", "json"]):
    import fwf.interpreters.plan as plans

from returns.result import Failure, Success

from tests import samples
from tests.interpreters.plan.mutants import mutated

FORBIDDEN = ("import", "exec", "compile", "open", "socket", "subprocess", "os.", "ctypes", "pickle")
MOST_SECONDS, MOST_BYTES = 1.0, 200_000_000
MOST_INPUT = 20_000
WATCH: dict[str, Any] = {"on": False, "seen": []}


def audit(event: str, _: object) -> None:
    if WATCH["on"] and event.startswith(FORBIDDEN):
        WATCH["seen"].append(event)


def seeds() -> list[str]:
    """The plans of workflows that have everything."""
    return [plans.plan(w) for w in (samples.diamond, samples.load, *samples.KNOWN)]


def tried(known: plans.Registry, data: bytes) -> None:
    """Load one text, with the registry and without."""
    for registry in (None, known):
        start = time.process_time()
        WATCH["on"] = True
        found = plans.load(data, registry)
        WATCH["on"] = False
        took = time.process_time() - start
        assert isinstance(found, Success | Failure)
        assert took <= MOST_SECONDS, f"{took:.2f} s"
        assert not WATCH["seen"], WATCH["seen"]
        if isinstance(found, Failure):
            error = found.failure()
            assert isinstance(error, plans.PlanError) and str(error)
        else:
            again = plans.load(plans.plan(found.unwrap()), registry)
            assert again == found, "what was loaded is written as something else"


def mutate(data: bytes, most: int, seed: int) -> bytes:
    """Half of the time a plan spoilt by tokens, else by bytes."""
    random = Random(seed)
    with contextlib.suppress(UnicodeDecodeError):
        if random.random() < 0.5:
            return mutated(data.decode(), random).encode("utf-8", "surrogatepass")[:most]
    return bytes(atheris.Mutate(data, most))


def main() -> None:
    seconds = sys.argv[1] if len(sys.argv) > 1 else "600"
    known = plans.registry(samples, *samples.KNOWN)
    sys.addaudithook(audit)
    with TemporaryDirectory() as folder:
        for at, text in enumerate(seeds()):
            Path(folder, f"seed{at}").write_text(text)
        base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        options = [f"-max_total_time={seconds}", f"-max_len={MOST_INPUT}", "-print_final_stats=1"]
        limit = f"-rss_limit_mb={(base + MOST_BYTES) // 1_000_000}"
        atheris.Setup(
            [sys.argv[0], *options, limit, folder],
            lambda data: tried(known, data),
            custom_mutator=mutate,
        )
        atheris.Fuzz()


if __name__ == "__main__":
    main()
