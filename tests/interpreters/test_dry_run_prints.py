"""A dry run as a timeline, as JSON and as a picture."""

import json
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree

from fwf import (
    Scenario,
    const,
    dry_run,
    it,
    map_each,
    milliseconds,
    minutes,
    named,
    par,
    pure,
    retry,
    seconds,
    task,
    timeout,
)
from fwf.interpreters.dry_run.words import spoken

SVG = "{http://www.w3.org/2000/svg}"


@task
def orders() -> list[int]:
    raise AssertionError


@task
def rates() -> float:
    raise AssertionError


@task
def visits() -> str:
    raise AssertionError


@task
def load(n: object) -> int:
    raise AssertionError


SCRIPT = (
    Scenario()
    .task("orders", gives=[1, 2], takes=seconds(5))
    .task("rates", fails=["ConnectionError"], gives=1.1, takes=milliseconds(1500))
    .task("visits", takes=minutes(3))
    .task("load", gives=2, takes=seconds(20))
)
DAILY = named(
    "daily",
    par(orders, retry(rates, attempts=2, wait=seconds(2)), timeout(visits, seconds(30))) >> load,
)
MORNING = datetime(2026, 7, 15, 3, tzinfo=UTC)


def test_the_timeline_says_what_happens_when_and_why_it_takes_so_long() -> None:
    w = named("daily", par(orders, retry(rates, attempts=2, wait=seconds(2))) >> load)
    script = Scenario(tasks=SCRIPT.tasks.remove("visits"))
    assert (
        str(dry_run(w, scenario=script))
        == """\
daily: ok after 25 s, 4 attempts → 2

 0.000 * daily > par > orders         █████                           5 s  → list of 2
 0.000   daily > par > rates          ▓▓                            1.5 s  ✗ ConnectionError
 3.500   daily > par > rates · try 2     ██                         1.5 s  → 1.1
 5.000 * daily > load                     ████████████████████       20 s  → 2

critical path (*): orders 5 s → load 20 s"""
    )


def test_a_failure_is_told_first_and_what_was_assumed_last() -> None:
    text = str(dry_run(DAILY, scenario=SCRIPT, start=MORNING)).splitlines()
    assert text[:2] == [
        "daily: fails after 30 s, 4 attempts",
        "  ✗ daily > par > visits: Timeout: not done within 0:00:30",
    ]
    assert "03:00:00.000 * daily > par > visits" in "\n".join(text)
    assert text[-1] == "critical path (*): visits 30 s"
    assumed = str(dry_run(orders >> map_each(load)))
    assert "assumed, since no scenario, example or type says more:\n  map_each: " in assumed


def test_a_long_timeline_says_what_it_leaves_out() -> None:
    many = const(list(range(1200))) >> map_each(load)
    text = str(dry_run(many, scenario=Scenario().task("load", gives=1)))
    assert "… and 200 attempts more" in text


def test_json_holds_all_of_it() -> None:
    found = dry_run(DAILY, scenario=SCRIPT, start=MORNING)
    said = json.loads(found.json())
    assert said["end"] == 30_000_000
    assert said["outcome"]["faults"][0]["tags"] == ["Timeout"]
    assert said["by_task"]["rates"] == {"attempts": 2, "failed": 1, "cut": 0, "busy": 3_000_000}
    assert [said["events"][n]["task"] for n in said["critical_path"]] == ["visits"]
    assert [each["ending"] for each in said["events"]].count("failed") == 1
    unknown = json.loads(dry_run(rates).json())["outcome"]["ok"]
    assert unknown == {"unknown": "float", "path": "rates"}


def texts(svg: str) -> list[str]:
    root = ElementTree.fromstring(svg)
    return [each.text or "" for each in root.iter() if each.tag in (SVG + "text", SVG + "title")]


def test_the_chart_names_the_critical_path() -> None:
    found = dry_run(DAILY, scenario=SCRIPT, start=MORNING)
    said = texts(found.svg())
    assert "Critical path: visits" in said
    assert "daily > par > rates · try 2" in said
    assert any(each.startswith("daily > par > visits: 03:00:00.000 + 30 s, cut") for each in said)


def test_a_chart_of_nothing_and_one_of_a_thousand_bars_are_charts() -> None:
    assert "No task runs" in texts(dry_run(pure(it), 1).svg())
    many = const(list(range(1000))) >> map_each(load, at_once=20)
    svg = dry_run(many, scenario=Scenario().task("load", gives=1, takes=seconds(1))).svg()
    assert len(svg) < 1_000_000
    assert texts(svg).count("map_each[999] > load") == 1


def test_names_and_messages_are_escaped() -> None:
    from fwf.algebra.scenario import failing

    nasty = '<script>alert("&")</script>\x00\ud800'
    w = const(["a]]><x", 'b" onload="y']) >> map_each(load, key=it)
    found = dry_run(w, scenario=Scenario().task("load", fails=failing("OSError", nasty)))
    svg = found.svg()
    ElementTree.fromstring(svg)
    assert "<script" not in svg
    assert any('onload="y' in each for each in texts(svg))
    json.loads(found.json())
    svg.encode("utf-8")


def test_durations_are_spoken_shortly() -> None:
    said: dict[Any, str] = {
        0: "0 s", 7: "7 µs", 1_500: "1.5 ms", 59_000_000: "59 s", 60_000_000: "1 min",
        90_000_000: "1 min 30 s", 3_600_000_000: "1 h", 90_000_000_000: "1 d 1 h",
    }  # fmt: skip
    assert {micros: spoken(micros) for micros in said} == said
