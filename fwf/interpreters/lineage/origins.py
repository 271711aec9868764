"""Where can a value come from? A graph of vertices, and values that are one of them or a tuple."""

from collections.abc import Callable, Collection, Iterable
from typing import NamedTuple, TypeAlias, final

from pyrsistent import PMap, pmap

from fwf.algebra.expr import (
    Call,
    Const,
    Expr,
    Get,
    Input,
    Key,
    Op,
    Operator,
    OrElse,
    Param,
    Present,
    name_of_function,
)
from fwf.derived.paging import Pages, as_pages
from fwf.records import record

MAX_WIDTH, MAX_DEPTH = 16, 3
"""Tuples up to this size keep their parts apart where two ways meet; larger ones become one."""


@final
@record(eq=False)
class Several:
    """A tuple whose parts are known one by one; `vertex` is all of it."""

    parts: "tuple[Value, ...]"
    vertex: int


Value: TypeAlias = int | Several
"""A vertex, or a tuple of values. Vertex 0 is what no task has made: a constant, a parameter."""
NOTHING = 0
Bound: TypeAlias = PMap[str, int]
"""The vertices of the parameters that are computed around a place, by name."""
UNBOUND: Bound = pmap({})


class Tuple(NamedTuple):
    """A tuple of values, each in its place; `names` are those of its fields, if it has some."""

    parts: tuple[int, ...]
    names: tuple[str, ...] = ()


class Field(NamedTuple):
    """A field or an item of a value."""

    of: int
    key: Key


class Item(NamedTuple):
    """Any item of a list, or of a tuple."""

    of: int


class List(NamedTuple):
    """A list of such values."""

    item: int


class Computed(NamedTuple):
    """What a function makes of a value; what has no name has nothing of the value's tables."""

    of: int
    by: str = ""


Form: TypeAlias = Tuple | Field | Item | List | Computed
"""How a vertex is made of others, where it isn't any one of those that flow into it."""


@final
class Flow:
    """Vertices, and for each those whose data may be in it, or may have decided about it."""

    __slots__ = ("control", "data", "forms")

    def __init__(self) -> None:
        self.data: list[list[int]] = [[]]
        self.control: dict[int, list[int]] = {}
        self.forms: dict[int, Form] = {}

    def blank(self, *data: int, control: int = NOTHING) -> int:
        """A new vertex, whatever flows into it."""
        self.data.append([at for at in data if at])
        at = len(self.data) - 1
        if control:
            self.control[at] = [control]
        return at

    def vertex(self, *data: int, control: int = NOTHING) -> int:
        """A vertex that data flows into; an old one where a new one would tell nothing."""
        sources = [at for at in dict.fromkeys(data) if at]
        if control:
            return self.blank(*sources, control=control)
        return self.blank(*sources) if len(sources) > 1 else sources[0] if sources else NOTHING

    def vertex_of(self, form: Form, control: int = NOTHING) -> int:
        """A vertex of this form; none where nothing flows into it."""
        data = [*form.parts] if isinstance(form, Tuple) else [form[0]]
        if not any(data):
            return self.vertex(control=control)
        at = self.blank(*dict.fromkeys(data), control=control)
        self.forms[at] = form
        return at

    def several(self, parts: Iterable[Value], names: tuple[str, ...] = ()) -> Several:
        """Values ⟶ the tuple of them."""
        values = tuple(parts)
        return Several(values, self.vertex_of(Tuple(tuple(map(whole, values)), names)))

    def either(self, a: Value, b: Value, depth: int = MAX_DEPTH) -> Value:
        """A value that is the one or the other; tuples of one size meet part by part."""
        if a is b or not whole(b):
            return a
        if not whole(a):
            return b
        if isinstance(a, int) or isinstance(b, int) or not depth:
            return self.vertex(whole(a), whole(b))
        if not len(a.parts) == len(b.parts) <= MAX_WIDTH:
            return self.vertex(a.vertex, b.vertex)
        pairs = zip(a.parts, b.parts, strict=True)
        return self.several([self.either(one, two, depth - 1) for one, two in pairs])

    def choice(self, value: Value, control: int) -> Value:
        """A value whose choice, or whose length, is decided by what flows into `control`."""
        return self._each(value, lambda at: self.vertex(at, control=control)) if control else value

    def entry(self, value: Value) -> Value:
        """What goes into a loop's body: the value at first, later what is fed back."""
        return self._each(value, self.blank)

    def feed(self, entry: Value, back: Value) -> None:
        """Let what a loop's body gives flow into what goes into it."""
        todo = [(entry, back)]
        while todo:
            into, value = todo.pop()
            if isinstance(into, int):
                self.data[into].append(whole(value))
            elif isinstance(value, Several) and len(into.parts) == len(value.parts):
                todo.extend(zip(into.parts, value.parts, strict=True))
            else:
                at = whole(value)
                fields = [self.vertex_of(Field(at, key)) for key in range(len(into.parts))]
                todo.extend(zip(into.parts, fields, strict=True))

    def _each(self, value: Value, derived: Callable[[int], int], depth: int = MAX_DEPTH) -> Value:
        if isinstance(value, Several) and depth and len(value.parts) <= MAX_WIDTH:
            return self.several([self._each(part, derived, depth - 1) for part in value.parts])
        return derived(whole(value))

    def origins(self, starts: Iterable[int], ends: Collection[int] = ()) -> "Origins":
        """Vertices ⟶ all that flows into them; the search goes no further than `ends`."""
        data = self._closure(starts, set(), False, ends)
        deciding = [by for at in data for by in self.control.get(at, ())]
        return Origins(data, self._closure(deciding, set(data), True, ends) - data)

    def _closure(
        self, starts: Iterable[int], seen: set[int], deciding: bool, ends: Collection[int]
    ) -> set[int]:
        todo = [at for at in starts if at not in seen]
        seen.update(todo)
        while todo:
            at = todo.pop()
            if at in ends:
                continue
            before = [*self.data[at], *self.control.get(at, ())] if deciding else self.data[at]
            for source in before:
                if source not in seen:
                    seen.add(source)
                    todo.append(source)
        return seen


@final
@record(eq=False)
class Origins:
    """The vertices that data comes from, and those that only decided about it."""

    data: set[int]
    control: set[int]


def whole(value: Value) -> int:
    """The vertex of all of a value."""
    return value if isinstance(value, int) else value.vertex


def evaluate(expr: Expr, value: Value, flow: Flow, bound: Bound = UNBOUND) -> Value:
    """Expression, value of `it` ⟶ its value; a `pick` takes a tuple apart or makes one."""
    match expr:
        case Input():
            return value
        case Const():
            return NOTHING
        case Param(name):
            return bound.get(name, NOTHING)
        case Get(of, key):
            holder = evaluate(of, value, flow, bound)
            if isinstance(holder, Several) and isinstance(key, int):
                count = len(holder.parts)
                return holder.parts[key] if -count <= key < count else NOTHING
            return flow.vertex_of(Field(whole(holder), key))
        case Call(function, of) if function is as_pages:
            page = evaluate(of, value, flow, bound)
            parts = [flow.vertex_of(Field(whole(page), at)) for at in (1, 0, 2, 4)]
            return flow.several(parts, Pages._fields)
        case Call(function, of):
            return flow.vertex_of(
                Computed(whole(evaluate(of, value, flow, bound)), name_of_function(function))
            )
        case Present(of):
            return flow.vertex_of(Computed(whole(evaluate(of, value, flow, bound))))
        case OrElse(of, default):
            one = evaluate(of, value, flow, bound)
            return flow.either(one, evaluate(default, value, flow, bound))
        case Op(symbol, args):
            values = [evaluate(part, value, flow, bound) for part in args]
            return _of_operator(symbol, values, flow)


def _of_operator(symbol: Operator, parts: list[Value], flow: Flow) -> Value:
    """Lists are joined by `+`, and results hold values; what else operators give has no tables."""
    if symbol == "tuple":
        return flow.several(parts)
    joint = flow.vertex(*map(whole, parts))
    return joint if symbol in ("+", "value_of") else flow.vertex_of(Computed(joint))
