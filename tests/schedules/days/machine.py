"""A state machine whose steps are what may happen on a day, in any order."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from tests.schedules.days.jobs import KINDS, VERSIONS
from tests.schedules.days.world import World

CODE = st.sampled_from(VERSIONS)
WHICH = st.integers(0, 4)
RARELY = st.integers(0, 4).map(lambda n: n == 4)
MOST = 3
"""So many processes at once that people or cron started."""
TRIES = Counter[str]()
"""What was counted, of all machines."""
QUICK = settings(
    max_examples=10, stateful_step_count=25, deadline=None, suppress_health_check=[*HealthCheck]
)


class Days(RuleBasedStateMachine):
    """Cron, people, processes and clocks."""

    kinds = KINDS

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(mkdtemp(prefix="fwf-days-"))
        self.world: Any = None

    @initialize(data=st.data())
    def begin(self, data: st.DataObject) -> None:
        self.world = World(self.folder, data.draw(st.sampled_from(self.kinds)))

    def _room(self) -> bool:
        return self.world is not None and sum(not each.over for each in self.world.processes) < MOST

    def _busy(self) -> bool:
        return self.world is not None and bool(self.world.alive())

    def _begun(self) -> bool:
        return self.world is not None and bool(self.world.model.began)

    # What is started

    @precondition(_room)
    @rule(code=CODE)
    def cron(self, code: str) -> None:
        self.world.plan(code, due=True)

    @precondition(_room)
    @rule(code=CODE, again=RARELY, newest=st.booleans(), at_once=st.integers(1, 2),
          stop=st.none() | st.just(1), first=st.integers(0, 2))  # fmt: skip
    def backfill(
        self, code: str, again: bool, newest: bool, at_once: int, stop: int | None, first: int
    ) -> None:
        world = self.world
        if "ordered" in world.kind or "marked" in world.kind:
            newest, at_once = False, 1
        start = world.runs[first].day
        world.plan(
            code, again=again, newest_first=newest, at_once=at_once, stop_after=stop, start=start
        )

    @precondition(_room)
    @rule(number=WHICH, code=CODE, again=RARELY, anyway=st.booleans(), accepts=RARELY)
    def by_hand(self, number: int, code: str, again: bool, anyway: bool, accepts: bool) -> None:
        world = self.world
        world.by_hand(world.runs[number], code, again=again, anyway=anyway, accepts=accepts)

    # How it goes on

    @precondition(_busy)
    @rule(number=WHICH, steps=st.integers(1, 30))
    def step(self, number: int, steps: int) -> None:
        alive = self.world.alive()
        each = alive[number % len(alive)]
        for _ in range(steps):
            if each.over or not each.ready():
                break
            each.step()

    @precondition(_busy)
    @rule()
    def finish(self) -> None:
        self.world.finish()

    @precondition(_busy)
    @rule(number=WHICH)
    def kill(self, number: int) -> None:
        alive = self.world.alive()
        alive[number % len(alive)].kill()
        TRIES["deaths"] += 1

    @rule(hours=st.sampled_from([1, 5, 12, 30]))
    def time(self, hours: int) -> None:
        world = self.world
        world.at += hours * (300 if world.hours else 3_600)
        world.at = min(world.at, world.model.parts[-1].over - 1)
        world.source += hours

    @rule(number=WHICH, how=st.sampled_from(["load before", "load after", "close before", ""]))
    def fail(self, number: int, how: str) -> None:
        self.world.fails[self.world.runs[number].label] = how

    # What people do

    @precondition(lambda self: self.world is not None and "marked" in self.world.kind)
    @rule(value=st.integers(0, 9))
    def set_mark(self, value: int) -> None:
        self.world.set_mark(value)

    @precondition(_begun)
    @rule(number=WHICH)
    def give_up(self, number: int) -> None:
        self.world.give_up(self.world.runs[number].label)

    @precondition(_begun)
    @rule(number=WHICH, start=st.sampled_from(["load", "close", "since", "whole"]))
    def rerun(self, number: int, start: str) -> None:
        self.world.rerun(self.world.runs[number].label, start)

    @rule(ends=st.booleans())
    def pause(self, ends: bool) -> None:
        self.world.pause(ends=ends)

    # What must be so

    @invariant()
    def nothing_is_wrong(self) -> None:
        if self.world is not None:
            assert not self.world.model.wrong, self.world.model.wrong

    def teardown(self) -> None:
        try:
            if self.world is not None and not self.world.model.wrong:
                self.world.settle()
                self.nothing_is_wrong()
        finally:
            if self.world is not None:
                self.world.close()
                TRIES["histories"] += 1
                TRIES["starts"] += self.world.count
                TRIES["effects"] += len(self.world.model.log)
            shutil.rmtree(self.folder, ignore_errors=True)
