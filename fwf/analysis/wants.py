"""Which names the parts of a workflow want from outside, and where they stand."""

from collections.abc import Container, Iterable, Iterator
from datetime import date, datetime
from typing import Any, Literal, NamedTuple, TypeAlias, cast, final, get_args, get_origin

from fwf.algebra.contract import Kind
from fwf.algebra.expr import Const, Expr, Param, type_of
from fwf.algebra.nodes import Branch, Fail, InPool, LoopUntil, MapEach, Node, Pure, Task, WithParams
from fwf.algebra.plain_values import thaw
from fwf.algebra.subexpressions import expressions_of, subexpressions
from fwf.algebra.traverse import Visit, children, fold, visit
from fwf.algebra.workflow import AnyWorkflow, get_wants, set_wants
from fwf.records import record
from fwf.types import hints
from fwf.types.aliases import bare
from fwf.types.fitting import fits


class Want(NamedTuple):
    """One way in which a name is wanted, by a task or by a `param`."""

    name: str
    kind: Kind
    type: Any
    optional: bool


Free: TypeAlias = dict[object, Want]
"""The names that a part leaves open, each once, in the order of their first use."""


@final
class Collector:
    """Bottom-up, every distinct node once: what is still open above it."""

    __slots__ = ("bound", "facts", "free", "isolated", "misfits", "pools", "reads", "writes")

    def __init__(self) -> None:
        self.isolated: list[Task[Any, Any]] = []
        self.free: dict[int, Free] = {}
        self.misfits: list[Misfit] = []
        self.facts, self.reads, self.writes = (
            dict[str, None](),
            dict[str, None](),
            dict[str, None](),
        )
        self.pools, self.bound = dict[str, None](), dict[str, None]()

    def step(self, node: Node, parts: tuple[Free, ...]) -> Free:
        """A node, what its parts leave open ⟶ what it leaves open itself."""
        match node:
            case Task():
                self._touched(node)
            case WithParams():
                names = [want.name for want in parts[0].values() if binds(node, want)]
                self.bound.update(dict.fromkeys(names))
                self.misfits.extend(misfits_of(node, parts[0], self.bound))
            case InPool():
                self.pools[node.pool] = None
            case _:
                pass
        free = self.free[id(node)] = _left_open(node, parts)
        return free

    def _touched(self, task: Task[Any, Any]) -> None:
        contract = task.contract
        self.reads.update(dict.fromkeys(contract.reads))
        self.writes.update(dict.fromkeys(contract.writes))
        if contract.isolate:
            self.isolated.append(task)
        facts = [each.fact for each in contract.injected if each.kind == "fact"]
        self.facts.update(dict.fromkeys(facts))


def open_in(w: AnyWorkflow) -> Free:
    """Workflow ⟶ the names that it leaves open; kept on every node that it visits.

    So whoever wraps a part again and again asks for what is new alone.
    """

    def step(node: Node, parts: tuple[Free, ...]) -> Free:
        if not _is_known(node):
            set_wants(node, _left_open(node, parts))
        return get_wants(node)

    return fold(step, w, parts_of=lambda node: () if _is_known(node) else children(node))


def _is_known(node: Node) -> bool:
    return hasattr(node, "_wants")


def _left_open(node: Node, parts: tuple[Free, ...]) -> Free:
    """A node, what its parts leave open ⟶ what it leaves open itself."""
    match node:
        case Task():
            return _of_task(node)
        case Pure() | Fail() | Branch() | LoopUntil() | MapEach():
            return _merge((*parts, _of_expressions(node)))
        case WithParams():
            outside = _outside(node, parts[0])
            return _merge((outside, _of_expressions(node))) if node.computed else outside
        case _:
            return _merge(parts)


def _of_task(task: Task[Any, Any]) -> Free:
    free: Free = {}
    for each in task.contract.injected:
        if each.kind != "fact":
            _add(free, Want(each.name, each.kind, each.type, each.optional))
    return free


def _outside(node: WithParams[Any, Any], inside: Free) -> Free:
    """What is open inside of bindings ⟶ what of it is open outside, under the names there."""
    free: Free = {}
    for want in inside.values():
        if not binds(node, want):
            _add(free, _rename(node, want))
    return free


def binds(node: WithParams[Any, Any], want: Want) -> bool:
    """Whether a node gives its part, as a parameter, what is wanted there."""
    return want.name in node.params and want.kind in ("parameter", "unknown")


def _rename(node: WithParams[Any, Any], want: Want) -> Want:
    """The name outside of `using`; whatever it renames is a resource or a secret."""
    if want.kind == "parameter" or want.name not in node.resources:
        return want
    kind: Kind = "resource" if want.kind == "unknown" else want.kind
    return want._replace(name=node.resources[want.name], kind=kind)


def _add(free: Free, want: Want) -> None:
    try:
        free.setdefault(want, want)
    except TypeError:  # an annotation that can't be hashed
        free.setdefault((want.name, want.kind, want.optional, id(want.type)), want)


def _merge(parts: tuple[Free, ...]) -> Free:
    """What several parts leave open together; the first one's own if the others add nothing."""
    distinct = list(dict(zip(map(id, parts), parts, strict=True)).values())
    if len(distinct) == 1:
        return distinct[0]
    all_wants: Free = {}
    for part in distinct:
        all_wants.update(part)
    same = [part for part in distinct if len(part) == len(all_wants)]
    return same[0] if same else all_wants


def _of_expressions(node: Node) -> Free:
    free: Free = {}
    for expr in expressions_of(node):
        for part in subexpressions(expr):
            if isinstance(part, Param):
                _add(free, Want(part.name, "parameter", part.type, False))
    return free


def clash(one: Any, other: Any) -> bool:
    """Type, type ⟶ whether no value of a parameter fits both."""
    one, other = bare(one), bare(other)
    for this, that in ((one, other), (other, one)):
        if get_origin(this) is Literal:
            return not any(fits(value, that) for value in get_args(this))
        if (this, that) in _APART:
            return True
    return not hints.compatible(one, other)


_APART: tuple[tuple[Any, Any], ...] = ((date, datetime), (bool, int), (bool, float))
"""Pairs of which the one is a subclass of the other, but isn't taken for it."""


# Bindings


@final
@record()
class Misfit:
    """A `with_params` that binds a name to what is of the wrong type, or one that nobody takes.

    `want` is what the parts inside take; None where none takes the name. `inside` are the names
    that they leave open, `bound` whether one was bound before.
    """

    node: WithParams[Any, Any]
    name: str
    want: Want | None
    inside: tuple[Want, ...] = ()
    bound: bool = False


def misfits_of(node: WithParams[Any, Any], inside: Free, bound: Container[str]) -> Iterator[Misfit]:
    """What a node binds that doesn't fit what its part leaves open; `bound`: the names in there."""
    unused = dict.fromkeys([*node.params, *node.resources])
    for want in inside.values():
        if binds(node, want):
            unused.pop(want.name, None)
            if not _suits(node, want):
                yield Misfit(node, want.name, want)
        elif want.name in node.resources and want.kind != "parameter":
            unused.pop(want.name, None)
    for name in sorted(unused):
        yield Misfit(node, name, None, tuple(inside.values()), name in bound)


def _suits(node: WithParams[Any, Any], want: Want) -> bool:
    """Whether what a name is bound to may be of the type that is wanted."""
    expr = node.params[want.name]
    if isinstance(expr, Const):
        return fits(thaw(expr.value), want.type)
    return not clash(type_of_binding(node, expr), want.type)


def type_of_binding(node: WithParams[Any, Any], expr: Expr) -> Any:
    """The type that an expression has at a node's input, as far as that is known."""
    try:
        return type_of(expr, node.edge.accepts)
    except TypeError:  # a field that isn't there
        return hints.ANY


# Where


def path_of_use(w: AnyWorkflow, name: str, kind: Kind) -> str:
    """The path of the first part that wants a name."""
    collector = Collector()
    fold(collector.step, w)
    here = visit(w)
    while True:
        node = here.node
        parts = here.parts()
        below = [
            (part, inner)
            for part in parts
            for inner in _inside(node, name, collector.free[id(part.node)])
            if _wants(collector.free[id(part.node)], inner, kind)
        ]
        if not below or _wants(_of_expressions(node), name, kind):
            return here.path
        here, name = below[0]


def users(w: AnyWorkflow, name: str, kind: Kind, collector: Collector) -> tuple[str, ...]:
    """The tasks that want a name, and `branch` and the like where a `param` does, each once."""
    names: dict[str, None] = {}
    visited: set[tuple[int, str]] = set()
    todo: list[tuple[Node, str]] = [(cast(Node, w), name)]
    while todo:
        node, name = todo.pop()
        if (id(node), name) in visited or not _wants(collector.free[id(node)], name, kind):
            continue
        visited.add((id(node), name))
        if isinstance(node, Task):
            names[node.name] = None
        elif _wants(_of_expressions(node), name, kind):
            names[_EXPRESSIVE[type(node)]] = None
        below = [
            (part, inner)
            for part in children(node)
            for inner in _inside(node, name, collector.free[id(part)])
        ]
        todo.extend(reversed(below))
    return tuple(names)


_EXPRESSIVE: dict[type, str] = {
    Pure: "pure",
    Fail: "fail",
    Branch: "branch",
    LoopUntil: "loop_until",
    MapEach: "map_each",
    WithParams: "with_params",
}


def _inside(node: Node, name: str, free: Free) -> Iterable[str]:
    """What a name outside is called inside a node."""
    if not isinstance(node, WithParams):
        return (name,)
    return dict.fromkeys(
        want.name
        for want in free.values()
        if not binds(node, want) and _rename(node, want).name == name
    )


def _wants(free: Free, name: str, kind: Kind) -> bool:
    return any(
        want.name == name and (want.kind in (kind, "unknown") or kind == "unknown")
        for want in free.values()
    )


def path_of(w: AnyWorkflow, node: Node) -> str:
    """The path of the first place where a node stands."""
    return next(here.path for here in places(w) if here.node is node)


def places(w: AnyWorkflow) -> Iterator[Visit]:
    """Workflow ⟶ every distinct node at its first place, outermost and leftmost first."""
    visited: set[int] = set()
    todo = [visit(w)]
    while todo:
        here = todo.pop()
        if id(here.node) in visited:
            continue
        visited.add(id(here.node))
        yield here
        todo.extend(reversed(here.parts()))
