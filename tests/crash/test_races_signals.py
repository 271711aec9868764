"""Runs that a signal stops in order, in every node and kind of task, end as if it had not come.

Finalisers ran before the process ended, and nothing is left of it.
"""

import json
import random
import signal
from pathlib import Path

import pytest

from tests.cli_support import Done
from tests.crash import figures
from tests.crash.races import Site
from tests.crash.races_jobs import KINDS, NODES

SIGNALS = [signal.SIGTERM, signal.SIGINT, signal.SIGHUP]
ALL = [(number, node, kind) for number in SIGNALS for node in NODES for kind in KINDS]
SOME = random.Random(1).sample(ALL, figures.amount(quick=3, full=len(ALL)))


def value(done: Done) -> object:
    """What a run gave, without the names of lines in a log."""
    assert done.status == 0, done
    given = json.loads(done.out)["value"]
    return [given["v"], given["n"]]


@pytest.mark.parametrize(
    ("number", "node", "kind"), SOME, ids=lambda each: getattr(each, "name", each)
)
def test_a_run_that_a_signal_stops_goes_on_later(
    tmp_path: Path, number: signal.Signals, node: str, kind: str
) -> None:
    job = f"{node}_{kind}"
    with Site(tmp_path) as site:
        stopped = site.run(job, "--json")
        site.waiting()
        stopped.send(number)
        done = stopped.done()
        assert done.status == 128 + number, done
        assert json.loads(done.out)["outcome"] == "interrupted"
        assert site.did("tidy") == 1
        site.nobody_left()
        site.let_go()
        resumed = value(site.ended(job, "--json"))
        before = site.did("a")
        assert resumed == value(site.ended(job, "--json", "--journal", "off", "--key", "k"))
        assert site.did("tidy") == 3  # once in each try
        assert before == 1 or node in ("par", "loop", "map")  # where it stands before the wait
    figures.add("runs stopped by a signal", runs=1, zero={"other_ends": 0, "left_behind": 0})
