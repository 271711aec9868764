"""What is told of an engine is all: a cut's parts are the whole, and nothing untold matters."""

from collections import Counter
from collections.abc import Iterator
from functools import cache

import pytest

from fwf.interpreters.engines import ENGINES, Cut, Engine, EngineTask, gaps_of
from fwf.interpreters.engines.sizes import OVER
from fwf.interpreters.engines.support import FEATURES, Row
from fwf.machine.part import Part
from fwf.records import changed
from tests.engines.cuts import tasks_in, tasks_of
from tests.engines.kit import Case, cases, how_many, options

COUNT = how_many(150)
NATIVE = Row("native", "so it is")
ALL = Engine("all", "All", dict.fromkeys(FEATURES, NATIVE))


@cache
def drawn() -> list[Case]:
    """Of every node, size and shape, also such as no engine stops by itself."""
    return [*cases(COUNT, options(fast=True, waits=(0, 0.25, 1, 70), size=16))]


def shape(cut: Cut) -> list[tuple[str, str, bool]]:
    """Which parts of a cut stand where, and which of them are engine tasks."""
    return [
        (here.path, type(here.piece.node).__name__, isinstance(here.piece, EngineTask))
        for here in cut.places()
    ]


@pytest.mark.parametrize("name", ENGINES)
def test_the_parts_of_a_cut_are_the_whole(name: str) -> None:
    for case in drawn():
        found = ENGINES[name].cut(case.workflow)
        assert tasks_in(found) == tasks_of(case.workflow), case


def test_parts_are_told_from_one_another_by_path_and_id() -> None:
    """A worker that is asked for one of them knows what is around it."""
    for case in drawn():
        parts = [Part(each.visit) for each in ALL.cut(case.workflow).places()]
        names = Counter((part.static_path, part.id) for part in parts)
        assert not [name for name, count in names.items() if count > 1], case


@pytest.mark.parametrize("name", ENGINES)
def test_what_is_not_told_of_decides_nothing(name: str) -> None:
    """Were all native of which no gap tells, the cut and its gaps would be the same.

    But for what is cut coarser because of its size: what is in such a block has one, too.
    """
    engine = ENGINES[name]
    for case in drawn():
        found = engine.cut(case.workflow)
        told = {gap.feature for gap in gaps_of(found, engine)}
        if not told.isdisjoint(OVER):
            continue
        table = {
            feature: row if feature in told or feature == "long in one task" else NATIVE
            for feature, row in engine.table.items()
        }
        other = changed(engine, table=table)
        assert shape(other.cut(case.workflow)) == shape(found), case
        assert [*gaps_of(other.cut(case.workflow), other)] == [*gaps_of(found, engine)], case


@pytest.mark.parametrize("name", ENGINES)
def test_a_block_is_one_because_of_something_that_is_told_at_its_path(name: str) -> None:
    engine = ENGINES[name]
    for case in drawn():
        found = engine.cut(case.workflow)
        told = [(gap.path, gap.feature) for gap in gaps_of(found, engine)]
        for here in found.pieces():
            if isinstance(here.piece, EngineTask) and here.piece.is_block:
                assert any((here.path, feature) in told for feature in here.piece.features), case


def test_the_cases_have_every_feature_that_is_not_of_size() -> None:
    """Else nothing here would say anything of it."""
    there = {each for case in drawn() for each in features_in(ALL.cut(case.workflow))}
    assert {*FEATURES} - there <= {
        "value", "isolated task", "task with what a journal keeps", "timeout in a pool",
        "many events", "large definition", "deep nesting", "long in one task",
    }  # fmt: skip


def features_in(cut: Cut) -> Iterator[str]:
    for here in cut.pieces():
        yield from here.piece.features
