"""Nothing that a plan says is imported, run, or allowed to take long."""

import json
import random
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from returns.result import Failure, Success

from fwf import const, par, pure, seq
from fwf.algebra.builder import It, it
from fwf.interpreters.plan import PlanError, load, plan, registry
from tests import samples
from tests.cli_support import ROOT, environment
from tests.counting import MOST_CALLS, counted
from tests.interpreters.plan.mutants import mutated

KNOWN = registry(samples, *samples.KNOWN)
PLANS = [plan(w) for w in (samples.diamond, samples.load, *samples.KNOWN)]
NAMES = [
    "os.system", "os:system", "builtins.eval", "builtins:eval", "builtins:exec", "builtins:open",
    "__import__", "builtins:__import__", "subprocess:Popen", "subprocess.Popen", "posix:system",
    "importlib:import_module", "pickle:loads", "marshal:loads", "ctypes:CDLL", "sys:exit",
    "shutil:rmtree", "socket:socket", "../../etc/passwd", "/etc/passwd", "file:///etc/passwd",
    "http://127.0.0.1/x", "C:\\Windows", "a\u202eb", "a > b", "a\x00b", "a\nb", "a[0]", "a#2",
    "x" * 1_000_000, "", " ", ".", "..", ":", "a:", ":a", "tests.samples:is_big ", "${HOME}",
    "{0.__class__}", "%s", "'; drop table orders; --", "<script>", "\ufeffload", "ｌｏａｄ",
    "().__class__.__bases__", "lambda: 0", "a:<lambda>", "\u0000",
]  # fmt: skip


def of_task(name: str) -> str:
    said = json.loads(plan(samples.load))
    said["tasks"][0]["task"] = name
    return json.dumps(said)


def of_function(name: str) -> str:
    return _of_node({"node": "pure", "expr": {"call": name, "of": "it"}})


def of_type(name: str) -> str:
    return _of_node({"node": "pure", "expr": {"param": "day", "type": name}})


def of_extension(name: str) -> str:
    said = json.loads(plan(samples.Twice(samples.anything)))
    said["nodes"][-1]["class"] = name
    return json.dumps(said)


def of_codec(name: str) -> str:
    return _of_node({"node": "pure", "expr": {"const": {"coded": name, "plain": ["rm"]}}})


def of_enum(name: str) -> str:
    return _of_node({"node": "pure", "expr": {"const": {"enum": name, "member": "RED"}}})


def of_zone(name: str) -> str:
    moment = {"datetime": "2026-01-01T00:00:00+00:00", "zone": name}
    return _of_node({"node": "pure", "expr": {"const": moment}})


def _of_node(node: Any) -> str:
    return json.dumps({"plan": 1, "tasks": [], "nodes": [node]})


KINDS = [of_task, of_function, of_type, of_extension, of_codec, of_enum, of_zone]


@pytest.mark.parametrize("of", KINDS)
def test_fifty_hostile_names_are_not_in_a_registry(of: Callable[[str], str]) -> None:
    modules = set(sys.modules)
    for name in NAMES:
        assert isinstance(load(of(name), KNOWN), Failure), name
        assert isinstance(load(of(name)), Failure | Success), name
    assert set(sys.modules) == modules


@pytest.mark.parametrize("of", [of_task, of_function, of_extension])
@pytest.mark.parametrize(
    "name", ["a\u202eb", "a\x00b", "x" * 1_000_000, "", "a > b", "a[0]", "a#2"]
)
def test_what_can_not_be_a_name_is_refused_even_as_a_stand_in(
    of: Callable[[str], str], name: str
) -> None:
    error = load(of(name)).failure()
    assert error.pointer.startswith(("/tasks/0/task", "/nodes/"))
    assert len(str(error)) < 500


def test_ten_thousand_spoilt_plans_are_loaded_or_refused_within_bounds() -> None:
    chance, most, outcomes = random.Random(7), 0, set[type]()
    for at in range(10_000):
        text = mutated(PLANS[at % len(PLANS)], chance)
        found, calls = counted(lambda text=text, at=at: load(text, KNOWN if at % 2 else None))
        most = max(most, calls)
        outcomes.add(type(found))
        if isinstance(found, Failure):
            assert type(found.failure()) is PlanError
    assert outcomes == {Failure, Success}
    assert most <= MOST_CALLS


def test_what_is_loaded_of_spoilt_plans_is_written_as_it_was_loaded() -> None:
    chance = random.Random(11)
    for at in range(1_000):
        found = load(mutated(PLANS[at % len(PLANS)], chance))
        if isinstance(found, Success):
            assert load(plan(found.unwrap())) == found


def test_an_audit_hook_sees_no_import_exec_open_or_socket(tmp_path: Path) -> None:
    chance, names = random.Random(3), list[str]()
    hostile = [of(name) for of in KINDS for name in NAMES]
    spoilt = [mutated(PLANS[at % len(PLANS)], chance) for at in range(300)]
    for at, text in enumerate([*PLANS, *hostile, *spoilt]):
        path = tmp_path / f"{at}.json"
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
        names.append(str(path))
    command = [sys.executable, "-m", "tests.interpreters.plan.watched", *names]
    done = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, check=True)
    assert done.stdout == b""


def doubled(levels: int) -> Any:
    w: Any = samples.anything
    for _ in range(levels):
        w = par(w, w)
    return w


def bomb_of_parts(levels: int) -> str:
    """A workflow of 2 ** levels tasks, in a few lines."""
    task = json.loads(plan(samples.anything))["tasks"][0]
    nodes: list[Any] = [{"node": "task", "task": 0}]
    nodes += [{"node": "par", "parts": [at, at], "fail_fast": False} for at in range(levels)]
    return json.dumps({"plan": 1, "tasks": [task], "nodes": nodes})


def bomb_of_wide_types(width: int, users: int) -> str:
    """A type of many parts, compared again and again."""
    task = json.loads(plan(samples.to_text))["tasks"][0]
    nodes: list[Any] = [{"node": "task", "task": 0}]
    nodes.append({"node": "par", "parts": [0] * width, "fail_fast": False})
    nodes += [{"node": "seq", "parts": [1, 0]} for _ in range(users)]
    return json.dumps({"plan": 1, "tasks": [task], "nodes": nodes})


def bomb_of_nested_types(width: int, users: int) -> str:
    task = json.loads(plan(samples.to_text))["tasks"][0]
    nodes: list[Any] = [{"node": "task", "task": 0}]
    nodes.append({"node": "par", "parts": [0] * width, "fail_fast": False})
    nodes += [{"node": "par", "parts": [1], "fail_fast": False} for _ in range(users)]
    return json.dumps({"plan": 1, "tasks": [task], "nodes": nodes})


def bomb_of_expressions(users: int) -> str:
    """A long expression, checked wherever its input is known."""
    long: It = it.a + 0
    for _ in range(6):
        long = long.or_else(long)
    said = json.loads(plan(pure(long)))["nodes"][0]
    nodes = [said, {"node": "pure", "expr": {"const": "x"}}]
    nodes += [{"node": "seq", "parts": [1, 0]} for _ in range(users)]
    return json.dumps({"plan": 1, "tasks": [], "nodes": nodes})


def bomb_of_inputs(graphs: int) -> str:
    """Graphs of as many inputs as there may be."""
    wide = {"node": "graph", "steps": [], "outputs": -1, "arity": 10_000}
    return json.dumps({"plan": 1, "tasks": [], "nodes": [wide] * graphs})


def bomb_of_names(n: int) -> str:
    values = [{"enum": f"E{at}", "member": "A"} for at in range(n)]
    return _of_node({"node": "pure", "expr": {"const": values}})


BOMBS = {
    "parts": bomb_of_parts(1_000),
    "wide types": bomb_of_wide_types(50_000, 5_000),
    "nested types": bomb_of_nested_types(20_000, 2_000),
    "expressions": bomb_of_expressions(20_000),
    "inputs": bomb_of_inputs(5_000),
    "names": bomb_of_names(3_000),
    "brackets": "[" * 1_000_000 + "]" * 1_000_000,
    "open brackets": "[" * 1_000_000,
    "quotes": '"' + '\\"' * 500_000,
    "digits": "9" * 1_000_000,
    "fraction": "0." + "1" * 1_000_000,
    "exponent": "1e" + "9" * 100_000,
    "key": '{"' + "k" * 1_000_000 + '":1}',
    "arity": _of_node({"node": "graph", "steps": [], "outputs": 0, "arity": 10**9}),
    "injected": of_task("x").replace('"injected": [', '"injected": [' + "{}," * 50_000),
    "delays": _of_node({"node": "delay", "duration": "9" * 1_000_000 + "s"}),
    "decimal": _of_node({"node": "pure", "expr": {"const": {"decimal": "1e999999999999999"}}}),
    "uuid": _of_node({"node": "pure", "expr": {"const": {"uuid": "{" * 100_000}}}),
}
LONG = ("nested types",)
"""Half a minute each, because all calls are counted."""


@pytest.mark.parametrize(
    "bomb", [pytest.param(each, marks=pytest.mark.deep) if each in LONG else each for each in BOMBS]
)
def test_a_small_text_never_takes_long_or_much(bomb: str) -> None:
    found, calls = counted(lambda: load(BOMBS[bomb]))
    assert calls <= MOST_CALLS, f"{calls:,} calls: {found}"[:300]
    tracemalloc.start()
    load(BOMBS[bomb])
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most <= 200_000_000
    if isinstance(found, Failure):
        assert len(str(found.failure())) < 1_000


@pytest.mark.parametrize("bomb", ["wide types", "expressions"])
def test_what_would_be_compared_for_too_long_is_refused(bomb: str) -> None:
    assert "comparing types takes too long" in load(BOMBS[bomb]).failure().message


def test_a_workflow_of_a_thousand_doublings_is_loaded_node_by_node() -> None:
    text = bomb_of_parts(1_000)
    assert plan(load(text).unwrap()).count('"node":') == 1_001
    assert load(plan(doubled(50))).unwrap() == doubled(50)


def test_a_loader_for_strangers_can_be_given_tighter_bounds() -> None:
    text = plan(seq(const(1), pure(it + 1)))
    assert isinstance(load(text, max_bytes=10_000, max_nodes=10), Success)
    assert str(load(text, max_bytes=10).failure()) == "the plan: is longer than 10 bytes"
    assert str(load(text, max_nodes=1).failure()) == "/nodes: holds 3; at most 1 are expected"
