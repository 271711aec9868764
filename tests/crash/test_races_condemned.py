"""Steps that kill their process on every start are given up, and what must not be repeated waits.

Poisoned after five starts that ended without a word, alone; stops in order aren't counted. In doubt
is what was started, may not be started again, and wasn't committed: a person decides.
"""

import json
import random
import re
import signal
import time
from pathlib import Path

import pytest

from tests.cli_support import Done
from tests.crash import figures
from tests.crash.kill_effects import PACE
from tests.crash.races import Site

IN_DOUBT = re.compile(r"(billed > (?:par > )?b\d): InDoubt")
MOST = 40
"""Starts after which a step that kills its process should have been given up."""


def given_up(site: Site, job: str) -> tuple[Done, int]:
    """Start a job until it isn't killed ⟶ how it ended, and how many starts were killed."""
    for kills in range(MOST):
        done = site.ended(job)
        if done.status != -signal.SIGKILL:
            return done, kills
    raise AssertionError(f"{job} is started for ever")


@pytest.fixture
def site(tmp_path: Path) -> Site:
    with Site(tmp_path) as made:
        yield made


def test_a_step_that_kills_its_process_is_given_up(site: Site) -> None:
    done, kills = given_up(site, "alone")
    assert done.status == 1, done
    assert "alone > bad: Poisoned: " in done.err
    assert (kills, site.did("bad")) == (5, 5)
    assert site.did("work") == 1
    figures.add("steps that kill their process", given_up=1, kills=kills)


@figures.only_full()
def test_its_siblings_finish_and_no_other_is_condemned(site: Site) -> None:
    done, kills = given_up(site, "beside")
    assert done.status == 1, done
    assert done.err.count("Poisoned") >= 1
    assert "beside > par > bad: Poisoned: " in done.err
    assert "good" not in "".join(line for line in done.err.splitlines() if "Poisoned" in line)
    for number in range(8):
        assert site.did(f"last{number}") >= 1
    figures.add(
        "steps that kill their process", given_up=1, kills=kills, zero={"innocent_condemned": 0}
    )


@figures.only_full()
def test_one_that_was_given_up_is_tried_again_when_a_person_says_so(site: Site) -> None:
    given_up(site, "alone")
    site.let_go()
    assert site.ended("alone").status == 1
    assert site.did("bad") == 5
    assert site.fwf("resolve", run_of(site), "alone > bad", "--again").status == 0
    assert site.ended("alone").status == 0
    assert site.did("bad") == 6


@figures.only_full()
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_stops_in_order_are_not_counted(site: Site, number: signal.Signals) -> None:
    for _ in range(6):
        job = site.run("held")
        site.waiting()
        job.send(number)
        assert job.done().status == 128 + number
    site.let_go()
    assert site.ended("held").status == 0
    assert site.did("first") == 1


# In doubt


def run_of(site: Site) -> str:
    """The only run of a journal."""
    done = site.fwf("runs", "--json")
    assert done.status == 0, done
    (found,) = json.loads(done.out)["runs"]
    return str(found["id"])


def in_doubt(site: Site, job: str = "paid") -> str:
    """Kill a payment in its middle ⟶ the run."""
    started = site.run(job)
    site.waiting()
    started.send(signal.SIGKILL)
    started.done()
    for _ in range(2):
        done = site.ended(job)
        assert done.status not in (0, -signal.SIGKILL), done
        assert f"{job} > pays: InDoubt: " in done.err
        assert "fwf resolve" in done.err
    assert (site.did("pays"), site.did("last")) == (1, 0)
    site.let_go()
    return run_of(site)


def test_a_payment_in_doubt_goes_on_with_the_value_that_a_person_gives(site: Site) -> None:
    run = in_doubt(site)
    value = json.dumps({"v": "x", "n": 7, "by": ""})
    assert site.fwf("resolve", run, "paid > pays", "--value", value).status == 0
    done = site.ended("paid", "--json")
    assert done.status == 0, done
    assert json.loads(done.out)["value"]["n"] == 8
    assert (site.did("first"), site.did("pays")) == (1, 1)


@figures.only_full()
def test_a_payment_in_doubt_is_done_again_when_a_person_says_so(site: Site) -> None:
    run = in_doubt(site)
    assert site.fwf("resolve", run, "paid > pays", "--again").status == 0
    assert site.ended("paid").status == 0
    assert (site.did("first"), site.did("pays"), site.did("last")) == (1, 2, 1)


@figures.only_full()
def test_a_payment_in_doubt_is_left_out_when_a_person_says_so(site: Site) -> None:
    run = in_doubt(site, "mailed")
    assert site.fwf("resolve", run, "mailed > pays", "--skip").status == 0
    assert site.ended("mailed").status == 0
    assert (site.did("first"), site.did("pays"), site.did("last")) == (1, 1, 1)


@figures.only_full()
@pytest.mark.parametrize("seed", range(40))
def test_a_person_who_looks_has_each_bill_sent_once(site: Site, seed: int) -> None:
    """Killed at random moments; what is in doubt is answered by what the log says."""
    chance = random.Random(f"bills {seed}")
    doubts = 0
    while (done := billed(site, chance)).status != 0:
        for path in sorted(set(IN_DOUBT.findall(done.err))):
            doubts += 1
            sent = any(line.path == path for line in site.lines())
            how = ["--value", json.dumps(path)] if sent else ["--again"]
            assert site.fwf("resolve", run_of(site), path, *how).status == 0
    times = [site.did(f"b{number}") for number in (1, 2, 3, 4)]
    lost, again = times.count(0), sum(each > 1 for each in times)
    zero = {"sent_twice": again, "not_sent": lost}
    figures.add("bills in doubt", runs=1, doubts=doubts, zero=zero)
    assert times == [1, 1, 1, 1]


def billed(site: Site, chance: random.Random) -> Done:
    """Start the job, and perhaps kill it at some moment."""
    started = site.run("billed", **{PACE: "0.05"})
    if chance.random() < 0.7:
        assert started.process.stderr is not None
        started.process.stderr.readline()
        time.sleep(chance.random() * 0.15)
        started.send(signal.SIGKILL)
    return started.done()


def test_what_others_need_is_not_left_out(site: Site) -> None:
    run = in_doubt(site)
    done = site.fwf("resolve", run, "paid > pays", "--skip")
    assert done.status == 2
    assert "--value" in done.err
    assert "InDoubt" in site.ended("paid").err
