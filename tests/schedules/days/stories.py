"""Days on which single things go wrong: each is one that a mistake makes worse."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.schedules.days.world import World

Story = Callable[[World], None]


def stopped_at(world: World, at: str) -> None:
    """Let the newest process go on until it stands there."""
    each = world.processes[-1]
    while not each.over and each.at != at:
        each.step()


def by_hand(world: World, number: int, *, again: bool = False, anyway: bool = False) -> None:
    """`fwf run TARGET --param`, which isn't begun yet."""
    world.by_hand(world.runs[number], "1", again=again, anyway=anyway, accepts=False)


def undisturbed(world: World) -> None:
    """Nights on which all is well."""
    for run in world.runs[:3]:
        world.at, world.source = run.due_at + 1, world.source + 3
        world.plan("1", due=True)
        world.finish()


def fails_and_is_moved(world: World) -> None:
    """A run fails, and somebody moves its mark; then it is started again."""
    label = world.runs[0].label
    world.fails[label] = "load before"
    by_hand(world, 0)
    world.finish()
    world.set_mark(world.source)
    world.source += 3
    world.fails.clear()
    by_hand(world, 0)
    world.finish()


def is_early(world: World) -> None:
    """Somebody runs a day before it is over; then two start it at once."""
    by_hand(world, 0)
    world.finish()
    by_hand(world, 1, anyway=True)
    world.finish()
    world.at = world.runs[1].due_at + 1
    world.plan("1", start=world.runs[0].day)
    stopped_at(world, "waits")
    first = world.processes[-2]
    stopped_at(world, "claim")
    world.plan("1", due=True)
    while not world.processes[-1].over:
        world.alive()[-1].step()
    assert not first.over
    world.finish()


def is_planned_early(world: World) -> None:
    """The same, and one of both has planned it before the other begins."""
    by_hand(world, 0)
    world.finish()
    by_hand(world, 1, anyway=True)
    world.finish()
    world.at = world.runs[1].due_at + 1
    world.plan("1", start=world.runs[0].day)
    stopped_at(world, "look")
    by_hand(world, 1)
    while not world.processes[-1].over:
        world.processes[-1].step()
    world.finish()


def is_done_meanwhile(world: World) -> None:
    """Two do again what is complete, and one of both has planned it before the other begins."""
    by_hand(world, 0)
    world.finish()
    world.plan("1", again=True)
    stopped_at(world, "look")
    world.plan("1", again=True)
    while not world.processes[1].over and (after := world.alive()[1:]):
        after[-1].step()
    world.finish()


def is_given_up(world: World) -> None:
    """A run fails, and somebody gives it up."""
    label = world.runs[0].label
    world.fails[label] = "load before"
    by_hand(world, 0)
    world.finish()
    world.give_up(label)


def fails_again(world: World) -> None:
    """A day that is complete is done again, and fails."""
    by_hand(world, 0)
    world.finish()
    world.fails[world.runs[0].label] = "load before"
    by_hand(world, 0, again=True)
    world.finish()
    world.plan("1", due=True)
    world.finish()


def is_out_of_turn(world: World) -> None:
    """The first day fails; all that are due are started, and by hand one after the other."""
    world.at = world.runs[1].due_at + 1
    world.fails[world.runs[0].label] = "close before"
    world.plan("1", due=True)
    world.finish()
    by_hand(world, 1)
    by_hand(world, 2, anyway=True)
    world.finish()


def is_run_twice_at_once(world: World) -> None:
    """While a day is loaded it is started once more."""
    by_hand(world, 0)
    stopped_at(world, "in the load")
    by_hand(world, 0)
    while not world.processes[-1].over:
        world.processes[-1].step()
    world.finish()


def is_paused(world: World) -> None:
    """In a pause cron goes on."""
    world.at = world.runs[0].due_at + 1
    world.pause(ends=False)
    world.plan("1", due=True)
    world.finish()


def dies_everywhere(world: World) -> None:
    """A night dies at each of its points, is started again, and dies a point later."""
    for number in range(1, 60):
        world.plan("1", due=True)
        for _ in range(number):
            if world.alive():
                world.alive()[-1].step()
        world.close()


STORIES = (
    undisturbed, fails_and_is_moved, is_early, is_planned_early, is_done_meanwhile, is_given_up,
    fails_again, is_out_of_turn, is_run_twice_at_once, is_paused, dies_everywhere,
)  # fmt: skip


def told(story: Story, folder: Path, kind: str) -> list[str]:
    """A story, and all done that it leaves ⟶ what is wrong with what came of it."""
    folder.mkdir(exist_ok=True)
    world = World(folder, kind)
    try:
        story(world)
        if not world.model.wrong:
            world.settle()
    finally:
        world.close()
    return world.model.wrong
