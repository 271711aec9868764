"""What can Dask do, when our scheduler drives it from the client?"""

from typing import Final

from fwf.interpreters.engines.support import Row, Table

_OURS: Final = "our scheduler does it, where it is called"

TABLE: Final[Table] = {
    "value": Row("native", "bytes of our codecs, made and read by the worker"),
    "task": Row("native", "a future, with a key of run, path and attempt"),
    "unrepeatable task": Row(
        "emulated",
        "a worker's death starts it again: its start is claimed, and the second one is answered "
        "with InDoubt",
    ),
    "isolated task": Row(
        "emulated", "the worker starts and kills the process, also where it may have no children"
    ),
    "task with what a journal keeps": Row(
        "emulated", "it runs where the run is called, which has the journal"
    ),
    "identity": Row("native", _OURS),
    "constant": Row("native", _OURS),
    "expression": Row("native", _OURS),
    "fail": Row("native", _OURS),
    "fail with a computed message": Row("native", _OURS),
    "delay": Row("native", _OURS),
    "delay of a part of a second": Row("native", _OURS),
    "seq": Row("native", _OURS),
    "par": Row("native", _OURS),
    "par(fail_fast=True)": Row("native", f"{_OURS}; a future that has started is waited for"),
    "graph": Row("native", _OURS),
    "branch": Row("native", _OURS),
    "branch in an arm": Row("native", _OURS),
    "loop_until": Row("native", _OURS),
    "loop_until(within=…)": Row("native", _OURS),
    "map_each": Row("native", _OURS),
    "map_each over 40 at once": Row("native", "as many as the cluster has threads for"),
    "map_each(on_error='collect')": Row("native", _OURS),
    "map_each(on_error='fail_fast')": Row(
        "native", f"{_OURS}; a future that has started is waited for"
    ),
    "map in a map": Row("native", _OURS),
    "part for each item": Row("native", _OURS),
    "retry of a task": Row("native", f"{_OURS}; Dask's own retries are off"),
    "retry of a part": Row("native", _OURS),
    "retry(on=…)": Row("native", _OURS),
    "retry of a timed writer": Row("native", "the next attempt waits for the end of the future"),
    "wait of a part of a second": Row("native", _OURS),
    "wait in other words": Row("native", _OURS),
    "wait with jitter": Row("native", _OURS),
    "timeout of a task": Row("native", f"{_OURS}; what is cut keeps its slot until it has ended"),
    "timeout of a part": Row("native", _OURS),
    "timeout at the root": Row("native", _OURS),
    "timeout in a pool": Row("native", _OURS),
    "fallback": Row("native", _OURS),
    "fallback(on=…)": Row("native", _OURS),
    "always at the root": Row("native", _OURS),
    "always inside": Row("native", _OURS),
    "as_result": Row("native", _OURS),
    "from_result": Row("native", _OURS),
    "with_params": Row("native", _OURS),
    "with_params of expressions": Row("native", _OURS),
    "using": Row("native", "the worker opens the resource by that name"),
    "in_pool": Row("native", _OURS),
    "pool over several parts": Row("native", _OURS),
    "pool in a pool": Row("native", _OURS),
    "named": Row("native", _OURS),
    "extension": Row("native", "by its meaning"),
    "many events": Row("native", "no bound is known"),
    "large definition": Row("native", "nothing is written down"),
    "deep nesting": Row("native", "no bound is known"),
    "long in one task": Row("native", "no bound is known"),
}
