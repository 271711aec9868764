"""Two who want to go on with one run: one does, the other ends at once and says who does.

And what becomes of it when the one is killed, or stopped for a while.
"""

import os
import re
import signal
import threading
from pathlib import Path

import pytest

from fwf.journal.errors import Held
from fwf.journal.sqlite.locks import claim
from fwf.journal.store import Holder
from tests.crash import figures
from tests.crash.races import HELD, Site, Started

RACES = figures.amount(quick=2, full=200)


def refused(loser: Started, holder: int, *, sign: bool = True) -> None:
    """It ended at once, with a status of its own, and says who goes on.

    sign: whether the holder must have given one already.
    """
    done = loser.done()
    assert (done.status, done.out) == (HELD, ""), done
    assert "Traceback" not in done.err
    assert str(holder) in done.err
    assert re.search(r"since .*\d\d:\d\d", done.err), done.err
    assert not sign or re.search(r"last sign .*\d\d:\d\d", done.err), done.err


def test_of_two_runners_one_goes_on(tmp_path: Path) -> None:
    for number in range(RACES):
        folder = tmp_path / str(number)
        folder.mkdir()
        with Site(folder) as site:
            two = [site.run("held", gate=True) for _ in range(2)]
            for each in two:
                each.ready()
            for each in two[:: 1 if number % 2 else -1]:
                each.go()
            site.waiting()
            starter = site.lines()[-1].starter
            winner, loser = sorted(two, key=lambda each: each.process.pid != starter)
            assert winner.process.pid == starter
            refused(loser, starter, sign=False)
            assert winner.process.poll() is None
            site.let_go()
            done = winner.done()
            assert done.status == 0, done
            assert [site.did(name) for name in ("first", "waits", "last")] == [1, 1, 1]
            assert len({line.starter for line in site.lines()}) == 1
        figures.add("races of two runners", races=1, zero={"both_went_on": 0, "neither": 0})


@pytest.fixture
def site(tmp_path: Path) -> "Site":
    with Site(tmp_path) as made:
        yield made


def test_when_the_holder_is_killed_the_next_takes_over_at_once(site: Site) -> None:
    for done in range(1, 1 + figures.amount(quick=1, full=5)):
        held = "held", "--key", str(done)
        site.hold()
        for _ in range(figures.amount(quick=1, full=4)):  # at the fifth the step is given up
            holder = site.run(*held)
            site.waiting()
            refused(site.run(*held), holder.process.pid)
            holder.send(signal.SIGKILL)
            assert holder.done().status == -signal.SIGKILL
        site.let_go()
        assert site.ended(*held).status == 0
        (site.folder / "waiting").unlink()
        assert (site.did("first"), site.did("last")) == (done, done)


def test_a_holder_that_is_stopped_is_not_taken_over_and_goes_on(site: Site) -> None:
    holder = site.run("held")
    site.waiting()
    holder.send(signal.SIGSTOP)
    for _ in range(figures.amount(quick=1, full=5)):
        refused(site.run("held"), holder.process.pid)
    holder.send(signal.SIGCONT)
    site.let_go()
    assert holder.done().status == 0
    assert [site.did(name) for name in ("first", "waits", "last")] == [1, 1, 1]


@figures.only_full()
def test_runs_of_other_names_go_on_beside(site: Site) -> None:
    holder = site.run("held")
    site.waiting()
    other = site.run("held", "--key", "other")
    site.waiting()
    site.let_go()
    assert (holder.done().status, other.done().status) == (0, 0)


def test_a_complete_run_says_so_and_does_nothing(site: Site) -> None:
    site.let_go()
    first, second = site.ended("held"), site.ended("held")
    assert (first.status, second.status) == (0, 0)
    assert second.out == first.out
    assert site.did("first") == 1
    assert os.path.exists(site.journal)


def test_a_holder_that_has_just_begun_is_named(tmp_path: Path) -> None:
    """It has locked the file of a name, and writes its own into that a moment later."""
    me, other = Holder("here", 1, "etl", 1), Holder("there", 2, "ops", 2)
    claim(str(tmp_path), "k", me, lambda: ("this run", None))
    (file,) = tmp_path.iterdir()
    name, _ = file.read_bytes(), file.write_bytes(b"")
    writing = threading.Timer(0.05, file.write_bytes, (name,))
    writing.start()
    with pytest.raises(Held, match="process 1 on here") as caught:
        claim(str(tmp_path), "k", other, lambda: ("this run", None))
    writing.join()
    assert caught.value.holder == me
