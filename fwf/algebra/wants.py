"""Which names the parts of a workflow want from outside, and where they stand."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any, Literal, NamedTuple, TypeAlias, cast, final, get_args, get_origin

from fwf.algebra import types
from fwf.algebra.contract import Kind
from fwf.algebra.expr import Call, Expr, Get, Op, OrElse, Param, Present
from fwf.algebra.fitting import fits
from fwf.algebra.nodes import Branch, Limit, LoopUntil, MapEach, Node, Pure, Task, WithParams
from fwf.algebra.traverse import Visit, children, fold, visit
from fwf.algebra.values import thaw
from fwf.algebra.workflow import Workflow
from fwf.records import record


class Want(NamedTuple):
    """One way in which a name is wanted, by a task or by a `param`."""

    name: str
    kind: Kind
    type: Any
    optional: bool


Free: TypeAlias = dict[object, Want]
"""The names that a part leaves open, each once, in the order of their first use."""


@final
@record()
class Misfit:
    """A `with_params` that binds a name to a value of the wrong type, or one that nobody takes.

    `wanted` is what the parts inside take; None where none takes the name. `inside` are the names
    that they leave open, `bound` whether one was bound before.
    """

    node: WithParams[Any, Any]
    name: str
    wanted: Want | None
    inside: tuple[Want, ...] = ()
    bound: bool = False


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
                free = self._of_task(node)
            case WithParams():
                free = self._bind(node, parts[0])
            case Pure() | Branch() | LoopUntil() | MapEach():
                free = _merged((*parts, _of_expression(expression_of(node))))
            case _:
                free = _merged(parts)
                if isinstance(node, Limit):
                    self.pools[node.pool] = None
        self.free[id(node)] = free
        return free

    def _of_task(self, task: Task[Any, Any]) -> Free:
        contract = task.contract
        self.reads.update(dict.fromkeys(contract.reads))
        self.writes.update(dict.fromkeys(contract.writes))
        if contract.isolate:
            self.isolated.append(task)
        free: Free = {}
        for each in contract.injected:
            if each.kind == "fact":
                self.facts[types.name_of(each.type)] = None
            else:
                _add(free, Want(each.name, each.kind, each.type, each.optional))
        return free

    def _bind(self, node: WithParams[Any, Any], inside: Free) -> Free:
        free: Free = {}
        unused = dict.fromkeys([*node.params, *node.resources])
        for want in inside.values():
            if _binds(node, want):
                unused.pop(want.name, None)
                self.bound[want.name] = None
                if not fits(thaw(node.params[want.name]), want.type):
                    self.misfits.append(Misfit(node, want.name, want))
                continue
            if want.name in node.resources and want.kind != "parameter":
                unused.pop(want.name, None)
            _add(free, _renamed(node, want))
        for name in sorted(unused):
            known = name in self.bound
            self.misfits.append(Misfit(node, name, None, tuple(inside.values()), known))
        return free


def _binds(node: WithParams[Any, Any], want: Want) -> bool:
    return want.name in node.params and want.kind in ("parameter", "unknown")


def _renamed(node: WithParams[Any, Any], want: Want) -> Want:
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


def _merged(parts: tuple[Free, ...]) -> Free:
    """What several parts leave open together; the first one's own if the others add nothing."""
    distinct = list(dict(zip(map(id, parts), parts, strict=True)).values())
    if len(distinct) == 1:
        return distinct[0]
    merged: Free = {}
    for part in distinct:
        merged.update(part)
    same = [part for part in distinct if len(part) == len(merged)]
    return same[0] if same else merged


def expression_of(node: Node) -> Expr | None:
    """The expression that a node evaluates, if it has one."""
    match node:
        case Pure():
            return node.expr
        case Branch():
            return node.predicate
        case LoopUntil():
            return node.done
        case MapEach():
            return node.key
        case _:
            return None


def parts_of(expr: Expr) -> tuple[Expr, ...]:
    """Expression ⟶ the expressions that it is made of."""
    match expr:
        case Get() | Present() | Call():
            return (expr.of,)
        case OrElse():
            return (expr.of, expr.default)
        case Op():
            return expr.args
        case _:
            return ()


def subexpressions(expr: Expr) -> Iterator[Expr]:
    """Expression ⟶ itself and every expression in it, outermost and leftmost first."""
    todo = [expr]
    while todo:
        top = todo.pop()
        yield top
        todo.extend(reversed(parts_of(top)))


def _of_expression(expr: Expr | None) -> Free:
    free: Free = {}
    if expr is not None:
        for part in subexpressions(expr):
            if isinstance(part, Param):
                _add(free, Want(part.name, "parameter", part.type, False))
    return free


def clash(one: Any, other: Any) -> bool:
    """Type, type ⟶ whether no value of a parameter fits both."""
    for this, that in ((one, other), (other, one)):
        if get_origin(this) is Literal:
            return not any(fits(value, that) for value in get_args(this))
        if (this, that) in _APART:
            return True
    return not types.compatible(one, other)


_APART: tuple[tuple[Any, Any], ...] = ((date, datetime), (bool, int), (bool, float))
"""Pairs of which the one is a subclass of the other, but isn't taken for it."""


# Where


def path_of_use(w: Workflow[Any, Any], name: str, kind: Kind) -> str:
    """The path of the first part that wants a name."""
    found = Collector()
    fold(found.step, w)
    here = visit(w)
    while True:
        node = here.node
        parts = here.parts()
        below = [
            (part, inner)
            for part in parts
            for inner in _inside(node, name, found.free[id(part.node)])
            if _wants(found.free[id(part.node)], inner, kind)
        ]
        if not below or _wants(_of_expression(expression_of(node)), name, kind):
            return here.path
        here, name = below[0]


def users(w: Workflow[Any, Any], name: str, kind: Kind, found: Collector) -> tuple[str, ...]:
    """The tasks that want a name, and `branch` and the like where a `param` does, each once."""
    names: dict[str, None] = {}
    seen: set[tuple[int, str]] = set()
    todo: list[tuple[Node, str]] = [(cast(Node, w), name)]
    while todo:
        node, name = todo.pop()
        if (id(node), name) in seen or not _wants(found.free[id(node)], name, kind):
            continue
        seen.add((id(node), name))
        if isinstance(node, Task):
            names[node.name] = None
        elif _wants(_of_expression(expression_of(node)), name, kind):
            names[_EXPRESSIVE[type(node)]] = None
        below = [
            (part, inner)
            for part in children(node)
            for inner in _inside(node, name, found.free[id(part)])
        ]
        todo.extend(reversed(below))
    return tuple(names)


_EXPRESSIVE: dict[type, str] = {
    Pure: "pure",
    Branch: "branch",
    LoopUntil: "loop_until",
    MapEach: "map_each",
}


def _inside(node: Node, name: str, free: Free) -> Iterable[str]:
    """What a name outside is called inside a node."""
    if not isinstance(node, WithParams):
        return (name,)
    return dict.fromkeys(
        want.name
        for want in free.values()
        if not _binds(node, want) and _renamed(node, want).name == name
    )


def _wants(free: Free, name: str, kind: Kind) -> bool:
    return any(
        want.name == name and (want.kind in (kind, "unknown") or kind == "unknown")
        for want in free.values()
    )


def path_of(w: Workflow[Any, Any], node: Node) -> str:
    """The path of the first place where a node stands."""
    return next(here.path for here in places(w) if here.node is node)


def places(w: Workflow[Any, Any]) -> Iterator[Visit]:
    """Workflow ⟶ every distinct node at its first place, outermost and leftmost first."""
    seen: set[int] = set()
    todo = [visit(w)]
    while todo:
        here = todo.pop()
        if id(here.node) in seen:
            continue
        seen.add(id(here.node))
        yield here
        todo.extend(reversed(here.parts()))
