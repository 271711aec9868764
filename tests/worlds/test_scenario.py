"""Scenarios: built, merged, printed, read from files, refused."""

import json
import pickle
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from returns.result import Success

from fwf import Scenario, const, dry_run, identity, milliseconds, minutes, seconds, task
from fwf.forms.duration_text import duration_of
from fwf.worlds.scenario import (
    ScenarioError,
    failing,
    lognormal,
    normal,
    uniform,
)


class VendorDown(ConnectionError):
    pass


def square(n: int) -> int:
    return n * n


@task(duration=seconds(5), example=1)
def load(n: int) -> int:
    raise AssertionError("a scenario calls no task")


def test_a_scenario_is_a_value() -> None:
    one = Scenario().task("a", gives=1, takes=seconds(1)).task("b", fails=["X", None])
    two = Scenario().task("b", fails=["X", None]).task("a", gives=1, takes=seconds(1))
    assert one == two
    assert hash(one) == hash(two)
    assert pickle.loads(pickle.dumps(one)) == one
    assert one != one.seeded(3)


def test_a_scenario_prints_as_its_source() -> None:
    made = (
        Scenario(seed=3)
        .task("a", gives_by=square, takes=[seconds(1), minutes(1)])
        .task("a", item="x", fails=failing("T", "so", retry_after=seconds(2)))
        .task("b", gives_each=[1, 2], fails=["X", None], takes=normal(seconds(2), seconds(1)))
        .at("p > a", gives=None, takes=seconds(0), when_cut="works on")
        .task("c", when_cut="stops")
    )
    assert eval(repr(made)) == made


def test_a_later_entry_changes_what_it_names_and_leaves_the_rest() -> None:
    made = Scenario().task("a", gives=1, takes=seconds(1)).task("a", takes=seconds(2))
    assert made == Scenario().task("a", gives=1, takes=seconds(2))


def test_what_a_task_usually_does_is_what_is_said_of_it_over_what_it_declares() -> None:
    said = Scenario().task("load", gives=2).task("load", item="x", gives=3).at("load", gives=4)
    assert said.usual(load).outputs == (2,)
    assert said.usual(load).durations == (seconds(5),)
    assert Scenario().usual(load).outputs == (1,)
    assert {item: script.outputs for item, script in said.in_items("load").items()} == {"x": (3,)}
    assert said.in_items("other") == {}


def test_exception_classes_carry_the_tags_of_their_bases() -> None:
    (failure,) = Scenario().task("a", fails=VendorDown).tasks["a"].fails or ()
    assert failure is not None
    assert failure.tags[1:3] == ("ConnectionError", "OSError")
    assert failing(VendorDown("gone")).message == "gone"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda: Scenario().task("a", takes=seconds(-1)), "is negative"),
        (lambda: Scenario().task("a", takes=5), "needs a duration"),  # type: ignore[arg-type]
        (lambda: Scenario().task("a", takes=lambda n: seconds(n)), "a lambda has no name"),
        (lambda: Scenario().task("a", gives=1, gives_by=square), "not several"),
        (lambda: Scenario().task("a", gives_each=[]), "at least one output"),
        (lambda: Scenario().task("a", fails=[3]), "an error's tag or class"),  # type: ignore[list-item]
        (
            lambda: Scenario().task("a", fails=3),
            r"fails=…\): 3 (needs an error's tag or class|is not a list with an error or None)",
        ),
        (lambda: Scenario().task("a", fails=0), "0 is not a list with an error or None for each"),
        (lambda: Scenario().task("a", fails=VendorDown("x")), "is not a list with an error or No"),
        (
            lambda: Scenario().task("a", fails=square),
            "is not a list with an error or None for each",
        ),
        (lambda: Scenario().task("a", gives_each=3), "3 is not a list with an output for each"),
        (lambda: Scenario().task("a", gives_each="ab"), "'ab' is not a list with an output for"),
        (lambda: Scenario().at("a", gives_each={"a": 1}), "is not a list with an output for each"),
        (lambda: dry_run(const(1), scenario={"a": 1}), r"dry_run\(scenario={'a': 1}\): needs a Sc"),
        (
            lambda: Scenario().task("a", when_cut="stop"),  # type: ignore[arg-type]
            r"task\('a'\)\(when_cut='stop'\): needs 'stops' or 'works on'; did you mean 'stops'\?",
        ),
        (
            lambda: Scenario().at("p > a", when_cut=True),  # type: ignore[arg-type]
            r"^at\('p > a'\)\(when_cut=True\): needs 'stops' or 'works on'$",
        ),
        (lambda: Scenario().at("a", when_cut=""), "needs 'stops' or 'works on'$"),  # type: ignore[arg-type]
        (lambda: uniform(seconds(2), seconds(1)), "low <= high"),
        (lambda: lognormal(seconds(2), -1), "0 <= sigma"),
    ],
)
def test_misuse_is_refused_where_it_is_written(wrong: object, said: str) -> None:
    with pytest.raises((TypeError, ValueError), match=said):
        wrong()  # type: ignore[operator]


TOML = """
seed = 7
[tasks.orders]
gives = {row_count = 3}
takes = "1m 30s"
[tasks.rates]
fails = ["shop.Down", "", {tag = "shop.Limited", message = "slow", retry_after = "30s"}]
takes = {normal = ["2s", 0.5]}
when_cut = "stops"
[tasks.load.items.acme]
fails = "shop.Down"
when_cut = "stops"
[paths."daily > par > visits"]
gives_each = [1, 2]
takes = ["1ms", 2]
when_cut = "works on"
"""
READ = (
    Scenario(seed=7)
    .task("orders", gives={"row_count": 3}, takes=seconds(90))
    .task(
        "rates",
        fails=["shop.Down", None, failing("shop.Limited", "slow", retry_after=seconds(30))],
        takes=normal(seconds(2), milliseconds(500)),
        when_cut="stops",
    )
    .task("load")
    .task("load", item="acme", fails="shop.Down", when_cut="stops")
    .at(
        "daily > par > visits",
        gives_each=[1, 2],
        takes=[milliseconds(1), seconds(2)],
        when_cut="works on",
    )
)


def test_toml_and_json_say_the_same(tmp_path: Path) -> None:
    import tomllib

    assert Scenario.from_toml(TOML) == Success(READ)
    text = json.dumps(tomllib.loads(TOML))
    assert Scenario.from_json(text) == Success(READ)
    for name, content in (("s.toml", TOML), ("s.json", text)):
        (tmp_path / name).write_text(content)
        assert Scenario.load(str(tmp_path / name)) == Success(READ)


def test_all_mistakes_of_a_file_are_told_at_once() -> None:
    error = Scenario.from_json(
        '{"sed": 1, "tasks": {"a": {"take": 1, "takes": -3}, "b": {"fails": [3]},'
        ' "c": {"takes": {"norml": [1, 2]}}, "d": 4, "e": {"when_cut": "stop"},'
        ' "f": {"items": {"x": {"when_cut": 1}}}}}'
    ).failure()
    assert error.problems == (
        "there is no key 'sed'; did you mean 'seed'?",
        "tasks.a: there is no key 'take'; did you mean 'takes'?",
        "tasks.a.takes: -3 is negative; a duration is 0 or more",
        "tasks.b.fails[1]: needs an error's tag, not 3",
        "tasks.c.takes: there is no key 'norml'; did you mean 'normal'?",
        "tasks.c.takes: needs one of uniform, normal, lognormal, exponential",
        "tasks.d: needs a table of keys and values, not 4",
        "tasks.e: task('e')(when_cut='stop'): needs 'stops' or 'works on'; did you mean 'stops'?",
        "tasks.f.items.x: task('f', item='x')(when_cut=1): needs 'stops' or 'works on'",
    )


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("none.json", None, "can't be read: No such file"),
        ("s.yaml", b"", "a .json or a .toml file"),
        ("s.json", b"{", "isn't JSON"),
        ("s.json", b'{"seed": NaN}', "NaN is not JSON; a finite number is expected"),
        ("s.json", b'{"tasks": {"a": {}, "a": {}}}', "'a' is given twice"),
        ("s.json", b"[" * 100_000, "isn't JSON"),
        ("s.toml", b"= 3", "isn't TOML"),
        ("s.toml", b"\xff", "UTF-8"),
        ("s.json", b"[]", "needs a table"),
        ("s.json", b'{"tasks": {"a": {"takes": 1%s}}}' % (b"0" * 400), "longer than a duration"),
        ("s.json", b'{"tasks": {"a": {"takes": -1%s}}}' % (b"0" * 400), "is negative"),
        ("s.toml", b"[tasks.a]\ntakes = nan", "longer than a duration"),
        ("a\0b.json", None, "can't be read: embedded null byte"),
        ("s.json", b'{"seed": 1.5}', "not a whole number"),
    ],
)
def test_unreadable_files_give_one_clear_error(
    tmp_path: Path, name: str, content: bytes | None, said: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    error = Scenario.load(str(tmp_path / name)).failure()
    assert isinstance(error, ScenarioError) and said in str(error)


def test_a_scenario_that_nobody_unwrapped_is_told_what_to_write() -> None:
    with pytest.raises(TypeError, match=r"of what Scenario\.load\(…\) gives write \.unwrap\(\)"):
        dry_run(identity, 1, scenario=Scenario.from_json("{}"))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("5s", seconds(5)),
        ("1h 2m3.5s", timedelta(hours=1, minutes=2, seconds=3.5)),
        ("250 ms", milliseconds(250)),
        (2.5, milliseconds(2500)),
        (0, seconds(0)),
    ],
)
def test_durations_are_texts_or_numbers_of_seconds(text: object, found: timedelta) -> None:
    assert duration_of(text) == found


@pytest.mark.parametrize(
    "wrong", ["-5s", -1, "", "5 parsec", "s5", True, None, 1e300, float("nan")]
)
def test_other_durations_are_refused(wrong: object) -> None:
    assert isinstance(duration_of(wrong), str)


@pytest.mark.parametrize("wrong", [VendorDown("gone"), 3, [VendorDown("gone")], [3], ""], ids=repr)
def test_what_a_task_fails_with_is_a_tag_or_a_class(wrong: Any) -> None:
    told = r"task\('a'\)\(fails=.*\): .*(needs an error's tag or class|is not a list with an error)"
    with pytest.raises(TypeError, match=told):
        Scenario().task("a", fails=wrong)
