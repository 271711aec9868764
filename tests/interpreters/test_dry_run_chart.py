"""The Gantt chart of a dry run: bars, lines, notes and ticks stand where they should."""

import re
from datetime import timedelta
from typing import Any
from xml.etree import ElementTree

import pytest

from fwf import (
    Scenario,
    days,
    dry_run,
    fallback,
    hours,
    microseconds,
    milliseconds,
    minutes,
    par,
    seconds,
    task,
)
from fwf.display.ink import width_of
from fwf.interpreters.dry_run.chart import WIDTH, chart
from fwf.worlds.scenario import failing


@task(effect="pure")
def first(x: Any) -> Any: ...


@task(effect="pure")
def beside(x: Any) -> Any: ...


@task(effect="pure")
def second(x: Any) -> Any: ...


W = par(first, fallback(beside, first)) >> second
WORLD = Scenario().task("first", takes=seconds(4)).task("second", takes=seconds(2))


def picture(w: Any = W, scenario: Scenario = WORLD) -> ElementTree.Element:
    text = chart(dry_run(w, 0, scenario=scenario))
    return ElementTree.fromstring(re.sub(' xmlns="[^"]*"', "", text))


def bars(drawn: ElementTree.Element) -> list[tuple[float, float, float]]:
    """Of each bar, in order: where it begins and ends, and its middle."""
    found = [group.find("rect") for group in drawn.findall("g")]
    numbers = [{key: float(bar.get(key, 0)) for key in SIDES} for bar in found if bar is not None]
    return [(n["x"], n["x"] + n["width"], n["y"] + n["height"] / 2) for n in numbers]


SIDES = ("x", "y", "width", "height")


def test_a_bar_is_as_long_as_its_attempt_and_stands_at_its_time() -> None:
    drawn = picture(scenario=WORLD.task("beside", takes=seconds(1)))
    one, other, last = bars(drawn)
    a_second = (last[1] - one[0]) / 6
    assert one[0] == other[0] and one[1] == last[0]
    assert one[1] - one[0] == pytest.approx(4 * a_second, abs=0.2)
    assert other[1] - other[0] == pytest.approx(a_second, abs=0.2)
    assert one[2] < other[2] < last[2]


def test_bars_stand_below_the_head_and_above_the_end_of_the_picture() -> None:
    drawn = picture()
    head = [float(each.get("y", 0)) for each in drawn.findall("text")]
    groups = [group.find("rect") for group in drawn.findall("g")]
    tops = [float(bar.get("y", 0)) for bar in groups if bar is not None]
    assert max(head) < min(tops) and bars(drawn)[-1][2] < float(drawn.get("height", 0))


def test_lines_go_from_the_end_of_a_bar_to_the_start_of_the_next_one() -> None:
    drawn = picture()
    one, _, last = bars(drawn)
    (line,) = [each.get("d", "") for each in drawn.iter("path")]
    x1, y1, y2, x2 = map(float, re.findall(r"[\d.]+", line))
    assert (x1, y1) == (one[1], one[2]) and (x2, y2) == (last[0], last[2])


@pytest.mark.parametrize("long", [10, 60, 400])
@pytest.mark.parametrize("when", [0, 3, 50, 97])
def test_a_note_stands_beside_its_bar_and_within_the_picture(long: int, when: int) -> None:
    world = WORLD.task("first", takes=seconds(when)).task(
        "second", fails=failing("ValueError", "x" * long)
    )
    world = world.task("second", takes=seconds(1)).task("beside", takes=seconds(99))
    drawn = picture(par(first >> second, beside), world)
    for group, (start, end, _) in zip(drawn.findall("g"), bars(drawn), strict=True):
        name, note = group.findall("text")
        at, size = float(note.get("x", 0)), float(note.get("font-size", 0))
        wide = width_of(note.text or "", size)
        if note.get("text-anchor") == "start":
            assert end < at and at + wide <= WIDTH
        else:
            assert at < start and at - wide >= float(name.get("x", 0))


UNITS = [microseconds(1), milliseconds(1), seconds(1), minutes(1), hours(1), days(1)]
LENGTHS = [n * unit for unit in UNITS for n in (1, 2, 4, 7, 10, 16, 25, 40, 50, 99, 300, 700)]


@pytest.mark.parametrize("takes", LENGTHS, ids=str)
def test_ticks_are_few_and_stand_at_round_times(takes: timedelta) -> None:
    length = takes // microseconds(1)
    drawn = picture(first, Scenario().task("first", takes=takes))
    grid = [float(each.get("x1", 0)) for each in drawn.iter("line")]
    ((start, end, _),) = bars(drawn)
    assert 1 <= len(grid) <= 10 and grid[0] == pytest.approx(start, abs=0.1)
    if length < 10:
        return
    assert len(grid) >= 4
    step = (grid[-1] - grid[0]) / (len(grid) - 1) / (end - start) * length
    assert any(step == pytest.approx(each, rel=1e-3) for each in ROUND), step


def round_steps() -> list[float]:
    """1, 2 or 5 of a power of ten below a second; above, what a minute, hour or day is made of."""
    second = 10**6
    small = [n * 10**power for power in range(6) for n in (1, 2, 5)]
    round_ = [n * second for n in range(1, 86_401) if 86_400 % n == 0 and is_round(n)]
    return [*small, *round_, *range(0, 200 * 86_400 * second, 86_400 * second)]


def is_round(n: int) -> bool:
    return 60 % n == 0 or (n % 60 == 0 and 3_600 % n == 0) or n % 3_600 == 0


ROUND = round_steps()
