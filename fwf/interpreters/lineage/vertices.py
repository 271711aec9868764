"""What does each vertex of a flow carry? Found from the sources on, once round where there is none.

Only what a step that tells of columns is made of is looked at. Where values go round, as in loops,
a vertex is looked at again whenever one that it is made of has more.
"""

from collections.abc import Iterable, Sequence
from heapq import heappop, heappush
from typing import final

from fwf.faults import shortened
from fwf.interpreters.lineage.carried_columns import (
    Carried,
    Mixed,
    Reason,
    Table,
    any_carried,
    field_of,
    item_of,
    items_of,
    record_of,
    size_of,
    spread,
)
from fwf.interpreters.lineage.column_lineage import Columns
from fwf.interpreters.lineage.dataflow import Follower, Stop
from fwf.interpreters.lineage.origins import (
    NOTHING,
    Computed,
    Field,
    Flow,
    Item,
    List,
    Tuple,
    whole,
)
from fwf.interpreters.lineage.sql import has_sql
from fwf.interpreters.lineage.task_columns import Steps, declares

MAX_CELLS = 10_000_000
"""Columns of tables, and those that they are made of, that are looked at."""
TOO_MANY = Reason(NOTHING, "too many columns to follow them all")


def columns_by_stop(follower: Follower) -> Sequence[Columns | None]:
    """Workflow that was followed ⟶ the columns that each of its tasks writes, as far as told."""
    stops = follower.stops
    tasks = {id(stop.task): stop.task for stop in stops}
    if not any(map(declares, tasks.values())):
        return [None] * len(stops)
    return _Vertices(follower).columns()


@final
class _Vertices:
    """What the vertices of a flow carry: the least that all of them agree on."""

    def __init__(self, follower: Follower) -> None:
        self.flow: Flow = follower.flow
        self.stops = follower.stops
        self.by_vertex = {stop.vertex: stop for stop in follower.stops}
        self.steps = Steps(self._path_of)
        self.carried: dict[int, Carried] = {NOTHING: None}
        """What is not in it isn't known yet."""
        self.cells = 0

    def _path_of(self, vertex: int) -> str:
        stop = self.by_vertex.get(vertex)
        return "" if stop is None else shortened(stop.visit.path)

    def columns(self) -> list[Columns | None]:
        """What each task writes."""
        loads = [stop for stop in self.stops if _may_write(stop)]
        self._fill(whole(stop.value) for stop in loads)
        return [self._columns_of(stop) if _may_write(stop) else None for stop in self.stops]

    def _columns_of(self, stop: Stop) -> Columns | None:
        self.cells += sum(map(size_of, values := self._inputs(stop)))
        if self.cells > MAX_CELLS:
            return Columns(problems=(TOO_MANY.text,))
        return self.steps.writes(stop, values)

    def _inputs(self, stop: Stop) -> Sequence[Carried]:
        """What a task's inputs carry; none that is known carries nothing."""
        carried = self.carried.get(whole(stop.value))
        return spread(carried, len(stop.task.contract.inputs))

    def _fill(self, targets: Iterable[int]) -> None:
        """Find what vertices carry, each behind what it is made of.

        What then is open goes round, and began with what carries nothing, such as a constant.
        """
        order = self._order(targets)
        rank = {at: number for number, at in enumerate(order)}
        users: dict[int, list[int]] = {}
        for at in order:
            for source in self._made_of(at):
                users.setdefault(source, []).append(rank[at])
        self._settle(order, users, list(range(len(order))))
        for at in order:
            if at not in self.carried and self._is_joined(at):
                self.carried[at] = None
                self._settle(order, users, sorted(users.get(at, ())))

    def _settle(self, order: list[int], users: dict[int, list[int]], todo: list[int]) -> None:
        """Look at vertices by their numbers, and again at whatever is made of one that changed."""
        waiting = set(todo)
        while todo:
            waiting.discard(number := heappop(todo))
            if self._update(at := order[number]):
                for user in users.get(at, ()):
                    if user not in waiting:
                        waiting.add(user)
                        heappush(todo, user)

    def _order(self, targets: Iterable[int]) -> list[int]:
        """All that vertices are made of, and they themselves, each behind as much as can be."""
        order, seen = list[int](), {NOTHING}
        for target in targets:
            stack = [(target, False)]
            while stack:
                at, done = stack.pop()
                if done:
                    order.append(at)
                elif at not in seen:
                    seen.add(at)
                    stack.append((at, True))
                    stack.extend((each, False) for each in self._made_of(at) if each not in seen)
        return order

    def _made_of(self, at: int) -> Sequence[int]:
        """The vertices that a vertex may have its tables from."""
        stop = self.by_vertex.get(at)
        if stop is not None:
            return (whole(stop.value),) if stop.task.contract.inputs else ()
        match self.flow.forms.get(at):
            case None:
                return self.flow.data[at]
            case Tuple(parts):
                return parts
            case Computed(of, by):
                return (of,) if by else ()
            case Field(of) | Item(of) | List(of):
                return (of,)

    def _update(self, at: int) -> bool:
        """Look at a vertex; whether it carries something else than before."""
        if self.cells > MAX_CELLS:
            value: Carried = Mixed(Table(reasons=(TOO_MANY,)))
        elif self._is_open(at):
            return False
        else:
            value = self._value(at)
        self.cells += 1 + size_of(value)
        if at in self.carried and self.carried[at] == value:
            return False
        self.carried[at] = value
        return True

    def _is_open(self, at: int) -> bool:
        """Whether it can't be said yet; of several ways to a vertex one is enough."""
        sources = self._made_of(at)
        certain = [source in self.carried for source in sources]
        return bool(sources) and not (any(certain) if self._is_joined(at) else all(certain))

    def _is_joined(self, at: int) -> bool:
        """Whether a vertex is any one of those that flow into it."""
        return at not in self.by_vertex and at not in self.flow.forms

    def _value(self, at: int) -> Carried:
        stop = self.by_vertex.get(at)
        if stop is not None:
            return self.steps.gives(stop, self._inputs(stop))
        carried_at = self.carried.get
        match self.flow.forms.get(at):
            case None:
                return any_carried(carried_at(each) for each in self.flow.data[at])
            case Tuple(parts, names):
                return record_of(map(carried_at, parts), names)
            case Field(of, key):
                return field_of(carried_at(of), key)
            case Item(of):
                return item_of(carried_at(of))
            case List(item):
                return items_of(carried_at(item))
            case Computed(of, by):
                if not by or carried_at(of) is None:
                    return None
                text = f"what {by} makes is not followed to columns"
                return Mixed(Table(reasons=(Reason(NOTHING, text),)))


def _may_write(stop: Stop) -> bool:
    return bool(stop.task.contract.writes) or has_sql(stop.task)
