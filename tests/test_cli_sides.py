"""What two targets define themselves, under one name, is the same in a comparison of them."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fwf import diff
from fwf.cli.sides import sides

SOURCE = """
import enum
from dataclasses import dataclass
from typing import Any
from fwf import *
from fwf.algebra.nodes import Node
from fwf.records import record

class Trouble(Exception): ...
class Down(Trouble):
    class Worse(Exception): ...

class Colour(enum.Enum):
    RED = 1

@dataclass(frozen=True)
class Money:
    amount: int
register_codec(Money, name="test_cli_sides.Money", to_plain=lambda m: m.amount, from_plain=Money)

@dataclass
class Order:
    n: int

@record(eq=False, repr=False)
class Twice(Extension[Any, Any]):
    body: Node
    said: str
    def desugar(self): return seq(self.body, self.body)

def big(x: Any) -> bool: return True
def hue(x: Any) -> Any: return Colour.RED
class Rules:
    @staticmethod
    def odd(x: Any) -> bool: return True

@task(effect="read")
def orders() -> Order: ...
@task(effect="read")
def store(order: Order, *, colour: Colour = Colour.RED) -> Order: ...
@task(effect="read")
def other(x: Any) -> Any: ...

retried = retry(orders, attempts=2, on=(Down, OSError))
caught = fallback(orders, other, on=Down.Worse)
answered = as_result(orders) >> branch(failed(it, on=Down), then=other, otherwise=identity)
types = orders >> store
predicate = orders >> branch((it.n > 0) & apply(big, it), then=other, otherwise=identity)
method = orders >> branch(Rules.odd, then=other, otherwise=identity)
loop = orders >> loop_until(other, big, limit=3)
key = const([1]) >> map_each(other, key=big)
called = pure(big) >> retry(other, attempts=2, on=Trouble)
member = const(Colour.RED) >> other >> with_params(store, colour=Colour.RED)
computed = orders >> with_params(store, colour=apply(hue, it))
coded = const(Money(1)) >> other
extension = Twice(retry(other, attempts=2, on=Down), "so")
inside = Twice(Twice(pure(big), "in"), "out")
field = orders >> it.n
"""
NAMES = re.findall(r"^(\w+) = ", SOURCE, re.MULTILINE)
PLACES = {
    "two files": ("{name}_old.py", "{name}_new.py"),
    "two folders": ("old/{name}.py", "new/{name}.py"),
    "two packages": ("{name}_old/flow.py", "{name}_new/flow.py"),
    "names that are no identifiers": ("{name}-old.py", "{name}-new.py"),
}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    known = dict(sys.modules)
    yield tmp_path
    for name in sys.modules.keys() - known.keys():
        del sys.modules[name]


def written(here: Path, where: str, new: str) -> tuple[str, str]:
    """Both files, the second with another source ⟶ their places."""
    places = [each.format(name=f"sides_{where.replace(' ', '_')}") for each in PLACES[where]]
    for place, source in zip(places, (SOURCE, new), strict=True):
        file = here / place
        file.parent.mkdir(exist_ok=True)
        file.write_text(source)
        if where == "two packages":
            (file.parent / "__init__.py").touch()
    return places[0], places[1]


@pytest.mark.parametrize("where", PLACES)
def test_two_files_of_one_source_are_the_same(here: Path, where: str) -> None:
    old, new = written(here, where, SOURCE)
    for name in NAMES:
        found = diff(*sides(f"{old}:{name}", f"{new}:{name}"))
        assert (name, str(found)) == (name, "workflow: no change")


@pytest.mark.parametrize("where", PLACES)
def test_only_what_differs_besides_is_told(here: Path, where: str) -> None:
    changed = SOURCE.replace("attempts=2", "attempts=3")
    changed = changed.replace("limit=3", "limit=4").replace("(Down, OSError)", "(Trouble, OSError)")
    old, new = written(here, where, changed)

    def told(name: str) -> list[str]:
        return str(diff(*sides(f"{old}:{name}", f"{new}:{name}"))).splitlines()[1:]

    assert told("loop") == [
        "! loop_until: loop_until(big, limit=3) → loop_until(big, limit=4): more rounds at most"
    ]
    (retried,) = told("retried")
    assert "also retries Trouble, no longer retries Down" in retried
    for line in told("extension"):
        assert "retry(attempts=2, on=Down) → retry(attempts=3, on=Down): stronger" in line


def test_classes_of_one_name_from_two_modules_are_told_apart(here: Path) -> None:
    for name in ("sides_here", "sides_there"):
        (here / f"{name}.py").write_text(SOURCE)
    source = "from {} import *\nfrom {} import Down, Rules, big, orders, other\n"
    for name, home in (("sides_a", "sides_here"), ("sides_b", "sides_there")):
        (here / f"{name}.py").write_text(
            source.format("fwf", home)
            + "retried = retry(orders, attempts=2, on=Down)\n"
            + "called = pure(big)\n"
            + "asked = branch(big, then=other, otherwise=identity)\n"
        )

    def told(name: str) -> str:
        (line,) = str(diff(*sides(f"sides_a:{name}", f"sides_b:{name}"))).splitlines()[1:]
        return line

    assert told("retried") == (
        "! orders: also retries sides_there.Down, no longer retries sides_here.Down"
    )
    calls = "it calls sides_there.big now, was sides_here.big"
    assert told("called") == f"! pure: big: {calls}"
    assert told("asked") == f"! then: predicate big: {calls}"
