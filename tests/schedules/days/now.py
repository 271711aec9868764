"""The world that is looked at now: tasks, stores and clocks of other threads find it here."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.schedules.days.world import World

_worlds: list[World] = []


def world() -> World:
    """The world."""
    return _worlds[-1]


def enter(world: World) -> None:
    """Let it be this one."""
    _worlds[:] = [world]
