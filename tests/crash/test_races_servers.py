"""Holders on machines that share a PostgreSQL server: killed, stopped, and replaced or not."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.connectors.conftest import postgres_url as postgres_url
from tests.crash import figures
from tests.crash.races import HELD, LEASE, Site, Started
from tests.crash.test_races import refused

SHORT = {LEASE: "1.5"}
"""So many seconds others wait for a holder that gives no sign."""


@pytest.fixture
def site(tmp_path: Path, postgres_url: str) -> Iterator[Site]:
    from examples.services import postgres

    with postgres.database(postgres_url) as url, Site(tmp_path, url) as made:
        yield made


def begun(site: Site) -> Started:
    """A runner with a short lease."""
    started = site.run("held", gate=True, **SHORT)
    started.ready()
    started.go()
    return started


def taken_over(site: Site) -> Started:
    """Start others until one of them is no longer refused."""
    for _ in range(100):
        other = begun(site)
        while other.process.poll() is None:
            if (site.folder / "waiting").exists():
                site.waiting()
                return other
        assert other.done().status == HELD
    raise AssertionError("nobody took over")


@figures.only_full()
def test_of_two_runners_one_goes_on(site: Site) -> None:
    for number in range(figures.amount(quick=1, full=50)):
        site.hold()
        key = f"race {number}"
        two = [site.run("held", "--key", key, gate=True) for _ in range(2)]
        for each in two:
            each.ready()
        for each in two:
            each.go()
        site.waiting()
        starter = site.lines()[-1].starter
        winner, loser = sorted(two, key=lambda each: each.process.pid != starter)
        refused(loser, starter, sign=False)
        site.let_go()
        assert winner.done().status == 0
        figures.add("races on PostgreSQL", races=1, zero={"both_went_on": 0})


@figures.only_full()
def test_a_holder_that_was_killed_is_followed_when_its_lease_has_run_out(site: Site) -> None:
    holder = begun(site)
    site.waiting()
    holder.send(signal.SIGKILL)
    holder.done()
    next_one = taken_over(site)
    site.let_go()
    assert next_one.done().status == 0
    assert (site.did("first"), site.did("waits"), site.did("last")) == (1, 2, 1)


def test_a_holder_that_was_replaced_while_it_slept_commits_nothing(site: Site) -> None:
    holder = begun(site)
    site.waiting()
    holder.send(signal.SIGSTOP)
    next_one = taken_over(site)
    site.let_go()
    assert next_one.done().status == 0
    holder.send(signal.SIGCONT)
    done = holder.done()
    assert done.status == HELD, done
    assert "Traceback" not in done.err
    assert (site.did("first"), site.did("waits"), site.did("last")) == (1, 2, 1)
    again = site.ended("held")
    assert again.status == 0
    assert site.did("last") == 1
    figures.add("holders that were stopped", replaced=1, zero={"committed_after": 0})


def test_a_holder_that_nobody_replaced_goes_on_when_it_wakes(site: Site) -> None:
    holder = begun(site)
    site.waiting()
    holder.send(signal.SIGSTOP)
    signal.sigtimedwait([], 3.0)  # twice as long as its lease
    holder.send(signal.SIGCONT)
    site.let_go()
    done = holder.done()
    assert done.status == 0, done
    assert (site.did("first"), site.did("waits"), site.did("last")) == (1, 1, 1)
    figures.add("holders that were stopped", not_replaced=1)
