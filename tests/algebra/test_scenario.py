"""Scenarios: built, merged, printed, read from files, refused."""

import json
import pickle
from datetime import timedelta
from pathlib import Path
from statistics import mean, median
from typing import Any

import pytest

from fwf import Scenario, const, dry_run, milliseconds, minutes, seconds
from fwf.algebra.scenario import (
    Distribution,
    Failing,
    ScenarioError,
    drawn,
    exponential,
    failing,
    lognormal,
    normal,
    uniform,
)
from fwf.algebra.scenario_form import duration_of


class VendorDown(ConnectionError):
    pass


def square(n: int) -> int:
    return n * n


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
        .at("p > a", gives=None, takes=seconds(0))
    )
    assert eval(repr(made)) == made


def test_a_later_entry_changes_what_it_names_and_leaves_the_rest() -> None:
    made = Scenario().task("a", gives=1, takes=seconds(1)).task("a", takes=seconds(2))
    assert made == Scenario().task("a", gives=1, takes=seconds(2))


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
        (lambda: uniform(seconds(2), seconds(1)), "low <= high"),
        (lambda: lognormal(seconds(2), -1), "0 <= sigma"),
    ],
)
def test_misuse_is_refused_where_it_is_written(wrong: object, said: str) -> None:
    with pytest.raises((TypeError, ValueError), match=said):
        wrong()  # type: ignore[operator]


@pytest.mark.parametrize(
    ("distribution", "centre"),
    [
        (uniform(seconds(1), seconds(3)), 2.0),
        (normal(seconds(10), seconds(1)), 10.0),
        (lognormal(seconds(5), 0.5), 5.0),
        (exponential(seconds(4)), 4.0),
    ],
)
def test_draws_follow_their_distribution(distribution: Distribution, centre: float) -> None:
    found = [drawn(distribution, 7, f"p > {n}", 0).total_seconds() for n in range(4_000)]
    assert min(found) >= 0
    middle = median(found) if "lognormal" in repr(distribution) else mean(found)
    assert abs(middle - centre) < 0.05 * centre


def test_a_draw_depends_on_seed_path_and_attempt_alone() -> None:
    d = normal(seconds(10), seconds(1))
    assert drawn(d, 1, "p", 0) == drawn(d, 1, "p", 0)
    assert len({drawn(d, s, p, n) for s in (1, 2) for p in "pq" for n in (0, 1)}) == 8


@pytest.mark.parametrize(
    ("distribution", "low", "high", "share"),
    [
        (uniform(seconds(1), seconds(3)), 1.5, 2.5, 0.5),
        (normal(seconds(10), seconds(2)), 8, 12, 0.683),
        (normal(seconds(10), seconds(2)), 6, 14, 0.954),
        (lognormal(seconds(10), 0.5), 6.07, 16.49, 0.683),
        (exponential(seconds(10)), 0, 10, 0.632),
    ],
)
def test_draws_spread_as_their_distribution_says(
    distribution: Distribution, low: float, high: float, share: float
) -> None:
    found = [drawn(distribution, 7, f"p > {n}", 0).total_seconds() for n in range(4_000)]
    assert abs(sum(low <= each <= high for each in found) / 4_000 - share) < 0.03


@pytest.mark.parametrize(
    ("distribution", "there"),
    [
        (uniform(seconds(1), seconds(3)), [1.252965, 1.174984, 2.048036]),
        (normal(seconds(10), seconds(2)), [11.032742, 9.172162, 12.231795]),
        (lognormal(seconds(10), 0.5), [12.94579, 8.130525, 17.470849]),
        (exponential(seconds(10)), [1.352273, 0.915582, 7.423751]),
    ],
)
def test_what_is_drawn_is_the_same_everywhere(
    distribution: Distribution, there: list[float]
) -> None:
    drawing = [(1, 1), (2, 1), (1, 2)]
    here = [drawn(distribution, seed, "a > b", n).total_seconds() for seed, n in drawing]
    assert here == pytest.approx(there, abs=2e-6)  # the last bit of `exp` is the system's


@pytest.mark.parametrize(
    ("told", "apart"),
    [
        ({"gives": 1, "takes": seconds(1)}, False),
        ({"gives_each": [1, 2]}, True),
        ({"takes": [seconds(1), seconds(2)]}, True),
        ({"fails": OSError}, False),
        ({"fails": [OSError]}, True),
        ({"fails": [OSError, None]}, True),
    ],
)
def test_attempts_are_told_apart_where_a_scenario_does_so(
    told: dict[str, Any], apart: bool
) -> None:
    assert Scenario().task("a", **told).tasks["a"].tells_attempts_apart is apart


TOML = """
seed = 7
[tasks.orders]
gives = {row_count = 3}
takes = "1m 30s"
[tasks.rates]
fails = ["shop.Down", "", {tag = "shop.Limited", message = "slow", retry_after = "30s"}]
takes = {normal = ["2s", 0.5]}
[tasks.load.items.acme]
fails = "shop.Down"
[paths."daily > par > visits"]
gives_each = [1, 2]
takes = ["1ms", 2]
"""
READ = (
    Scenario(seed=7)
    .task("orders", gives={"row_count": 3}, takes=seconds(90))
    .task(
        "rates",
        fails=["shop.Down", None, failing("shop.Limited", "slow", retry_after=seconds(30))],
        takes=normal(seconds(2), milliseconds(500)),
    )
    .task("load")
    .task("load", item="acme", fails="shop.Down")
    .at("daily > par > visits", gives_each=[1, 2], takes=[milliseconds(1), seconds(2)])
)


def test_toml_and_json_say_the_same(tmp_path: Path) -> None:
    import tomllib

    assert Scenario.from_toml(TOML) == READ
    text = json.dumps(tomllib.loads(TOML))
    assert Scenario.from_json(text) == READ
    for name, content in (("s.toml", TOML), ("s.json", text)):
        (tmp_path / name).write_text(content)
        assert Scenario.load(str(tmp_path / name)) == READ


def test_all_mistakes_of_a_file_are_told_at_once() -> None:
    with pytest.raises(ScenarioError) as caught:
        Scenario.from_json(
            '{"sed": 1, "tasks": {"a": {"take": 1, "takes": -3}, "b": {"fails": [3]},'
            ' "c": {"takes": {"norml": [1, 2]}}, "d": 4}}'
        )
    assert caught.value.problems == (
        "there is no key 'sed'; did you mean 'seed'?",
        "tasks.a: there is no key 'take'; did you mean 'takes'?",
        "tasks.a.takes: -3 is negative; a duration is 0 or more",
        "tasks.b.fails[1]: needs an error's tag, not 3",
        "tasks.c.takes: there is no key 'norml'; did you mean 'normal'?",
        "tasks.c.takes: needs one of uniform, normal, lognormal, exponential",
        "tasks.d: needs a table of keys and values, not 4",
    )


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("none.json", None, "can't be read: No such file"),
        ("s.yaml", b"", "a .json or a .toml file"),
        ("s.json", b"{", "isn't JSON"),
        ("s.json", b'{"seed": NaN}', "NaN is not a JSON number"),
        ("s.json", b'{"tasks": {"a": {}, "a": {}}}', "'a' stands twice"),
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
    with pytest.raises(ScenarioError, match=said):
        Scenario.load(str(tmp_path / name))


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


def test_failing_needs_a_tag() -> None:
    with pytest.raises(TypeError, match="needs an error's tag"):
        failing([])
    assert failing(["A", "B"]) == Failing(("A", "B"))
