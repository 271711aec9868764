"""Walking over workflows of any depth and size: children, rebuild, fold, walk, trampoline."""

from collections.abc import Callable, Generator, Hashable, Iterable, Iterator, Mapping
from typing import Any, TypeVar, assert_never, cast, final

from pyrsistent import PMap, pmap, pvector

from fwf.algebra.extensions import field_names, workflows_in
from fwf.algebra.nodes import (
    Always,
    AsResult,
    Branch,
    Delay,
    Extension,
    Fail,
    Fallback,
    FromResult,
    Graph,
    InPool,
    LoopUntil,
    MapEach,
    Named,
    Node,
    Par,
    Pure,
    Retry,
    Seq,
    Task,
    Timeout,
    WithParams,
)
from fwf.algebra.parts import arms_of, children as children, visible_parts
from fwf.algebra.paths import Paths, Spot
from fwf.algebra.pickling import fields
from fwf.algebra.workflow import AnyWorkflow
from fwf.records import changed, record

R = TypeVar("R")
T = TypeVar("T")
A = TypeVar("A")
Q = TypeVar("Q")


def parts_of(node: Node) -> tuple[Node, ...]:
    """Node ⟶ all workflows in it: an extension's are those in its fields, and its meaning."""
    if not isinstance(node, Extension):
        return children(node)
    own_parts = [each for value in fields(node) for each in workflows_in(value)]
    return (*cast("list[Node]", own_parts), node.meaning)


def wrapped(node: Node) -> Node | None:
    """The one part that a node is put around: of a retry, a name, a loop; None for others."""
    match node:
        case LoopUntil() | MapEach() | Retry() | Timeout() | AsResult():
            return node.body
        case WithParams() | InPool() | Named():
            return node.body
        case Extension():
            arms = arms_of(node)
            alone = len(arms) == 1 and not arms[0].label
            return cast(Node, arms[0].node) if alone else None
        case _:
            return None


def rebuild(node: Node, parts: tuple[Node, ...]) -> Node:
    """Node, new parts ⟶ the same node around them; itself if they are the old ones."""
    if all(new is old for new, old in zip(parts, children(node), strict=True)):
        return node
    match node:
        case Task() | Pure() | Fail() | Delay() | FromResult():
            return node
        case Seq():
            return Seq(pvector(parts))
        case Par():
            return Par(parts, node.fail_fast)
        case Branch():
            return Branch(node.predicate, *parts)
        case Fallback():
            return cast(Node, changed(node, body=parts[0], handler=parts[1]))
        case Always():
            return Always(*parts)
        case Graph():
            steps = tuple(
                changed(step, body=part) for step, part in zip(node.steps, parts, strict=True)
            )
            return Graph(steps, node.outputs, node.arity)
        case LoopUntil() | MapEach() | Retry() | Timeout() | AsResult():
            return cast(Node, changed(node, body=parts[0]))
        case WithParams() | InPool() | Named():
            return cast(Node, changed(node, body=parts[0]))
        case Extension():
            return parts[0]
        case _:
            assert_never(node)


def refilled(node: Extension[Any, Any], parts: Iterable[Node]) -> Extension[Any, Any]:
    """Extension, workflows ⟶ the same with these in its fields, in the place of those there."""
    left = iter(parts)
    fields: dict[str, Any] = {}
    for name in field_names(type(node)):
        value = fields[name] = getattr(node, name)
        several = workflows_in(value)
        if several:
            values = tuple(next(left) for _ in several)
            fields[name] = values if type(value) is tuple else values[0]
    return type(node)(**fields)


def rewritten(node: Node, parts: tuple[Node, ...]) -> Node:
    """Node, new `parts_of` it ⟶ the same node around them.

    An extension without a word of its own becomes what it means.
    """
    if not isinstance(node, Extension):
        return rebuild(node, parts)
    return refilled(node, parts[:-1]) if node.word else parts[-1]


def desugared(w: AnyWorkflow) -> Node:
    """Workflow ⟶ the same with the meanings of extensions in their places."""

    def step(node: Node, parts: tuple[Node, ...]) -> Node:
        return parts[0] if isinstance(node, Extension) else rebuild(node, parts)

    return fold(step, w)


def fold(
    step: Callable[[Node, tuple[R, ...]], R],
    w: AnyWorkflow,
    *,
    key: Callable[[Node], Hashable] = id,
    results: dict[Hashable, R] | None = None,
    parts_of: Callable[[Node], tuple[Node, ...]] = children,
) -> R:
    """Step, workflow ⟶ its meaning, bottom-up: a node's from those of its parts.

    Explicit stack; a part that occurs twice as the same object is folded once. O(size).

    key: what makes two parts the same; by default that they are one object.
    results: what earlier folds have found by that key, and where this one adds to it.
    parts_of: the parts that count; by default those that are run.
    """
    results = {} if results is None else results
    root = cast(Node, w)
    todo: list[tuple[Node, list[Hashable] | None]] = [(root, None)]
    while todo:
        node, keys = todo.pop()
        if key(node) in results:
            continue
        if keys is None:
            parts = parts_of(node)
            keys = [*map(key, parts)]
            if parts:
                todo.append((node, keys))
                if key is id:  # wide nodes often have one part many times
                    parts = tuple(dict(zip(keys, parts, strict=True)).values())
                todo.extend([(part, None) for part in reversed(parts)])
                continue
        results[key(node)] = step(node, tuple(map(results.__getitem__, keys)))
    return results[key(root)]


def trampoline(
    begin: Callable[[Q], Generator[Q, A, A]],
    first: Q,
    *,
    at_once: Callable[[Q], A | None] | None = None,
) -> A:
    """A question ⟶ its answer, of generators which ask for what they need of others.

    What would be a function that calls itself, on an explicit stack: where it would, it yields.

    at_once: the answer of a question that needs no generator; None for others.
    """
    stack = [begin(first)]
    answer: Any = None  # with which a generator starts
    while True:
        try:
            question = stack[-1].send(cast(Any, answer))
        except StopIteration as stop:
            stack.pop()
            answer = stop.value
            if not stack:
                return cast(A, answer)
        else:
            answer = None if at_once is None else at_once(question)
            if answer is None:
                stack.append(begin(question))


@final
@record(eq=False, derived=("_spot",))
class Visit:
    """A node where it stands, as part `at` of what is around it, and what it inherits from that.

    Of an extension's parts as people see them, the first is -1.

    Where that is, `spot`, is worked out when it is first asked for.
    """

    node: Node
    paths: Paths
    params: PMap[str, object]
    resources: PMap[str, str]
    around: "Visit | None"
    at: int

    @property
    def spot(self) -> Spot:
        """What its path is made of."""
        inward: list[Visit] = []
        here: Visit | None = self
        while here is not None and not hasattr(here, "_spot"):
            inward.append(here)
            here = here.around
        for each in reversed(inward):
            above = each.around
            if above is None:
                spot = each.paths.root(each.node)
            elif each.at >= 0:
                spot = each.paths.child(above.spot, above.node, each.at)
            else:
                spot = each.paths.arms(above.spot, above.node)[-1 - each.at]
            object.__setattr__(each, "_spot", spot)
        return cast(Spot, cast(Any, self)._spot)

    @property
    def path(self) -> str:
        """The node's path: `daily > par > visits`."""
        return self.paths.path(self.spot)

    def enclosing(self) -> Iterator["Visit"]:
        """The nodes around it, from the inside out."""
        visit = self.around
        while visit is not None:
            yield visit
            visit = visit.around

    def parts(self) -> "list[Visit]":
        """The node's direct parts where they stand."""
        return [self.part(at, part) for at, part in enumerate(children(self.node))]

    def arms(self) -> "list[Visit]":
        """Its direct parts as people see them."""
        return [self.arm(at, part) for at, part in enumerate(visible_parts(self.node))]

    def arm(self, at: int, part: Node) -> "Visit":
        """One of its direct parts as people see them: which one, and the part itself."""
        plain = not (isinstance(self.node, Extension) and self.node.word)
        return self.part(at if plain else -1 - at, part)

    def part(self, at: int, part: Node) -> "Visit":
        """One of the node's direct parts where it stands: which one, and the part itself."""
        params, resources = self.params, self.resources
        if isinstance(self.node, WithParams):
            params = merged(params, self.node.params)
            resources = renamed(resources, self.node.resources)
        return Visit(part, self.paths, params, resources, self, at)


def visit(w: AnyWorkflow) -> Visit:
    """Workflow ⟶ the visit of its outermost node."""
    return Visit(cast(Node, w), Paths(), pmap(), pmap(), None, 0)


def walk(w: AnyWorkflow) -> Iterator[Visit]:
    """Workflow ⟶ every node where it stands, outermost and leftmost first. Explicit stack."""
    todo = [visit(w)]
    while todo:
        here = todo.pop()
        yield here
        todo.extend(reversed(here.parts()))


def renamed(outer: PMap[str, str], inner: PMap[str, str]) -> PMap[str, str]:
    """Resource names under a renaming that stands inside another."""
    return merged(outer, {name: outer.get(other, other) for name, other in inner.items()})


def merged(outer: PMap[str, T], inner: Mapping[str, T]) -> PMap[str, T]:
    """Bindings, bindings that stand inside ⟶ all of them; the inner ones win."""
    return cast("PMap[str, T]", cast(Any, outer).update(inner))
