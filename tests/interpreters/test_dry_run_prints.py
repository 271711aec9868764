"""A dry run as a timeline, as JSON and as a picture."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pytest

from fwf import (
    Scenario,
    branch,
    const,
    delay,
    dry_run,
    fail,
    hours,
    it,
    map_each,
    milliseconds,
    minutes,
    named,
    par,
    pure,
    retry,
    seconds,
    seq,
    task,
    timeout,
)
from fwf.display.readable import clock, columns, few_words
from fwf.durations import in_words
from fwf.worlds.scenario import failing

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
        "  ✗ daily > par > visits: Timeout: not done within 30 s",
    ]
    assert "03:00:00.000 * daily > par > visits" in "\n".join(text)
    assert text[-1] == "critical path (*): visits 30 s"
    assumed = str(dry_run(orders >> map_each(load)))
    assert "assumed, since no scenario, example or type says more:\n  map_each: " in assumed


def test_a_long_timeline_says_what_it_leaves_out() -> None:
    many = const(list(range(1200))) >> map_each(load)
    text = str(dry_run(many, scenario=Scenario().task("load", gives=1)))
    assert "… and 200 attempts more" in text


def test_lines_tell_what_the_text_does_and_data_what_the_json_does() -> None:
    found = dry_run(DAILY, scenario=SCRIPT, start=MORNING)
    lines = list(found.lines())
    assert "\n".join(line.text for line in lines) == str(found)
    assert any(line.critical for line in lines) and any(line.failed for line in lines)
    assert found.data() == json.loads(found.json())


def test_json_holds_all_of_it() -> None:
    found = dry_run(DAILY, scenario=SCRIPT, start=MORNING)
    said = json.loads(found.json())
    assert (said["unit"], said["seconds"]) == ("seconds", 30)
    assert said["outcome"]["fault"]["tags"] == ["Timeout", "TimeoutError"]
    assert said["by_task"]["rates"] == {"attempts": 2, "failed": 1, "cut": 0, "busy": 3}
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
    nasty = '<script>alert("&")</script>\x00\ud800'
    w = const(["a]]><x", 'b" onload="y']) >> map_each(load, key=it)
    found = dry_run(w, scenario=Scenario().task("load", fails=failing("OSError", nasty)))
    svg = found.svg()
    ElementTree.fromstring(svg)
    assert "<script" not in svg
    assert any('onload="y' in each for each in texts(svg))
    json.loads(found.json())
    svg.encode("utf-8")


def of_class(svg: str, name: str) -> list[ElementTree.Element]:
    return [e for e in ElementTree.fromstring(svg).iter() if name in e.get("class", "").split()]


def test_a_long_name_is_clipped_where_it_stands_and_told_in_full_beside_the_pointer() -> None:
    wide, narrow = "W" * 100, "i" * 40
    w = const([wide, narrow]) >> map_each(load, key=it)
    svg = dry_run(w, scenario=Scenario().task("load", gives=1, takes=seconds(1))).svg()
    shown = [each.text or "" for each in of_class(svg, "name")]
    assert shown[0].startswith("…WWW") and shown[0].endswith("] > load")
    assert shown[1] == f"map_each[{narrow}] > load"
    assert any(said.startswith(f"map_each[{wide}] > load: ") for said in texts(svg))


def test_of_a_long_critical_path_every_task_is_named() -> None:
    chain = seq(*[task(effect="pure", name=n * 60, config={"n": n})(lambda: 1) for n in "abc"])
    said = next(each for each in texts(dry_run(chain).svg()) if each.startswith("Critical path"))
    assert said.count("→") == 2 and all(f"…{n * 9}" in said for n in "abc") and len(said) < 160


def test_ticks_stand_at_round_times_of_the_day_and_are_no_longer_than_need_be() -> None:
    def ticks(takes: timedelta, start: datetime) -> list[str]:
        script = Scenario().task("orders", gives=[], takes=takes)
        svg = dry_run(orders, scenario=script, start=start).svg()
        legend = ["critical path", "ok", "failed", "cut"]
        return [each.text or "" for each in of_class(svg, "tick") if each.text not in legend]

    evening = datetime(2026, 7, 15, 22, 31, 7, tzinfo=UTC)
    assert ticks(hours(40), evening)[:3] == ["07-16 00:00", "07-16 06:00", "07-16 12:00"]
    assert ticks(minutes(40), evening)[:3] == ["22:35", "22:40", "22:45"]
    assert ticks(seconds(40), evening)[:3] == ["22:31:10", "22:31:15", "22:31:20"]
    assert ticks(milliseconds(40), evening)[:3] == ["22:31:07.000", "22:31:07.005", "22:31:07.010"]


def test_what_stands_beside_a_bar_stays_in_the_picture() -> None:
    w = delay(seconds(99)) >> retry(rates, attempts=1)
    late = failing("OSError", "x" * 50)
    svg = dry_run(w, scenario=Scenario().task("rates", fails=late, takes=seconds(1))).svg()
    (note,) = of_class(svg, "note")
    bar = of_class(svg, "critical")[-1]
    assert note.get("text-anchor") == "end"
    assert float(note.get("x", 0)) < float(bar.get("x", 0))


def test_a_clock_that_is_put_back_meanwhile_is_told_as_people_there_see_it() -> None:
    start = datetime(2026, 10, 25, 1, 30, tzinfo=ZoneInfo("Europe/Paris"))
    hour = 3_600_000_000
    assert clock(start, 2 * hour, 3 * hour) == "02:30:00"
    assert clock(start.replace(tzinfo=None), 2 * hour, 3 * hour) == "03:30:00"


def test_columns_of_a_timeline_line_up_whatever_the_names_and_durations() -> None:
    w = const(["日本語", "né\u0301", "a\nb", "\x1b[31m"]) >> map_each(load, key=it)
    script = Scenario().task("load", gives=1, takes=minutes(83) + seconds(1))
    script = script.task("load", item="日本語", takes=hours(23) + minutes(59))
    text = str(dry_run(w, scenario=script))
    rows = [line for line in text.splitlines() if "load" in line and "→ 1" in line]
    assert len(rows) == 4
    assert len({columns(row[: row.index("→ 1")]) for row in rows}) == 1
    assert "\x1b" not in text


def test_a_message_of_many_lines_takes_one() -> None:
    script = Scenario().task("rates", fails=failing("OSError", "one\ntwo\x1b[2J"))
    lines = str(dry_run(rates, scenario=script)).splitlines()
    assert sum(r"one\ntwo\x1b[2J" in line for line in lines) == 2


def test_numbers_that_json_cannot_hold_are_told_as_texts() -> None:
    def refused(name: str) -> None:
        raise AssertionError(name)

    big = 10**5_000
    text = dry_run(const([float("nan"), float("-inf"), big])).json()
    value = json.loads(text, parse_constant=refused)["outcome"]["ok"]
    assert value[:2] == ["nan", "-inf"] and int(value[2], 16) == big
    assert few_words(big) == "int of 16,610 bits"
    assert "int of 16,610 bits" in str(dry_run(const(big)))


def test_durations_are_spoken_shortly() -> None:
    said: dict[Any, str] = {
        0: "0 s", 7: "7 µs", 1_500: "1.5 ms", 59_000_000: "59 s", 60_000_000: "1 min",
        90_000_000: "1 min 30 s", 3_600_000_000: "1 h", 90_000_000_000: "1 d 1 h",
    }  # fmt: skip
    assert {micros: in_words(micros) for micros in said} == said


@pytest.mark.deep
def test_a_dry_run_of_many_deep_unknowns_and_faults_is_told_in_part() -> None:
    @task
    def unsaid(x: object) -> Any: ...

    w: Any = fail("X")
    for _ in range(1_500):
        w = named("n", par(w, fail("Y"), unsaid >> branch(it.ok, then=it, otherwise=it)))
    found = dry_run(w, 1)
    assert len(str(found)) < 400_000 and len(found.svg()) < 2_000_000
    assert "… and 1,401 more" in str(found) and len(found.assumed) == 1_500
