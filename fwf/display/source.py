"""Workflows as the Python source that makes them: `eval(repr(w)) == w`."""

from collections.abc import Iterable
from typing import Any, assert_never, cast

from fwf.algebra import expr
from fwf.algebra.expr import Const, Get, Param, expression_source, show
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
    config_source,
)
from fwf.algebra.plain_values import keywords, source
from fwf.algebra.schedule import Constant
from fwf.algebra.traverse import children
from fwf.algebra.workflow import AnyWorkflow
from fwf.durations import duration_source

MAX_DEPTH = 60
MAX_CHARS = 100_000
"""Past either, `repr` elides with …; CPython's parser reads about 200 nested parentheses."""


def source_of(w: AnyWorkflow, most: int = MAX_CHARS) -> str:
    """Workflow ⟶ its source on one line; elided with … past 60 levels. Never raises."""
    out: list[str] = []
    size = 0
    todo: list[tuple[Node, int] | str] = [(cast(Node, w), 0)]
    if isinstance(w, Pure):
        return _call_source(w)
    while todo:
        top = todo.pop()
        if isinstance(top, str):
            out.append(top)
            size += len(top)
            if size > most:
                out.append("…")
                break
            continue
        node, depth = top
        pieces: list[Node | str] = ["…"] if depth > MAX_DEPTH else layout(node)
        todo.extend(
            piece if isinstance(piece, str) else (piece, depth + 1) for piece in reversed(pieces)
        )
    return "".join(out)


def layout(node: Node) -> list["Node | str"]:
    """Node ⟶ its source as text pieces, with its parts where theirs goes."""
    match node:
        case Task() | Pure() | Fail() | Delay() | FromResult():
            return [leaf_source(node)]
        case Seq():
            return _chain(node)
        case Graph():
            return _graph(node)
        case Extension():
            return cast("list[Node | str]", node.written())
        case _:
            word, before, after = call_of(node)
            return [f"{word}(", *_spaced([*before, *_labelled(node), *after]), ")"]


def leaf_source(
    node: Task[Any, Any] | Pure[Any, Any] | Fail[Any, Any] | Delay[Any, Any] | FromResult[Any, Any],
) -> str:
    """A leaf's source."""
    match node:
        case Task():
            by_factory = "<locals>" in node.fn.__qualname__ and node.config
            if by_factory:
                outer = node.fn.__qualname__.rpartition(".<locals>.")[0]
                factory = outer.rpartition("<locals>.")[2]
                return f"{factory}({config_source(node)})"
            return node.fn.__name__
        case Pure():
            if isinstance(node.expr, Const):
                return f"const({source(node.expr.value)})"
            text = show(node.expr)
            plain = isinstance(node.expr, Get | Param)
            return "identity" if text == "it" else text if plain else f"pure({text})"
        case Fail():
            own_message = (
                repr(node.message)
                if isinstance(node.message, str)
                else expression_source(node.message)
            )
            return f"fail({node.tag!r}, {own_message})" if node.message else f"fail({node.tag!r})"
        case Delay():
            return f"delay({duration_source(node.duration)})"
        case FromResult():
            return "from_result"


def call_of(node: Node) -> tuple[str, list[str], list[str]]:
    """A combinator's word, the arguments before its parts, and those after."""
    match node:
        case Par():
            return "par", [], ["fail_fast=True"] if node.fail_fast else []
        case Branch():
            return "branch", [show(node.predicate)], []
        case LoopUntil():
            return "loop_until", [], _loop_arguments(node)
        case MapEach():
            return "map_each", [], _map_arguments(node)
        case Retry():
            return "retry", [], _retry_arguments(node)
        case Timeout():
            return "timeout", [], [duration_source(node.within)]
        case Fallback():
            return "fallback", [], _filter(node.on)
        case Always():
            return "always", [], []
        case AsResult():
            return "as_result", [], []
        case WithParams() if node.resources:
            return "using", [], [keywords(node.resources)]
        case WithParams():
            return "with_params", [], [keywords(node.params, expr.argument)]
        case InPool():
            return "in_pool", [], [repr(node.pool)]
        case Named():
            return "named", [repr(node.name)], [keywords(node.notes)] if node.notes else []
        case Task() | Pure() | Fail() | Delay() | FromResult() | Seq() | Graph() | Extension():
            raise TypeError(f"{type(node).__name__} is not written as a call on its parts")
        case _:
            assert_never(node)


def _labelled(node: Node) -> list["Node | str | tuple[str, Node]"]:
    parts: list[Any] = list(children(node))
    match node:
        case Branch():
            return [("then=", parts[0]), ("otherwise=", parts[1])]
        case Always():
            return [parts[0], ("then=", parts[1])]
        case _:
            return parts


def _call_source(node: Node) -> str:
    """The source of a leaf where only a workflow will do, and `it.total` alone is none."""
    if isinstance(node, Pure) and isinstance(node.expr, Get | Param):
        return f"pure({show(node.expr)})"
    return leaf_source(cast(Any, node))


def _spaced(arguments: Iterable[Any]) -> list["Node | str"]:
    pieces: list[Any] = []
    for argument in arguments:
        if pieces:
            pieces.append(", ")
        pieces.extend(cast(Any, argument) if isinstance(argument, tuple) else [argument])
    return pieces


def _chain(node: Seq[Any, Any]) -> list["Node | str"]:
    if len(node.parts) < 2 or any(isinstance(part, Seq) for part in node.parts):
        return ["seq(", *_spaced(node.parts), ")"]
    first, *others = node.parts
    pieces: list[Any] = ["(", _call_source(first) if isinstance(first, Pure) else first]
    for part in others:
        pieces.extend((" >> ", part))
    return [*pieces, ")"]


def _graph(node: Graph[Any, Any]) -> list["Node | str"]:
    steps: list[Any] = []
    for step in node.steps:
        after = f", {step.after!r}" if step.after else ""
        body = _call_source(step.body) if isinstance(step.body, Pure) else step.body
        steps.append(["Step(", body, f", {step.inputs!r}{after})"])
    pieces: list[Any] = ["Graph(("]
    for step in steps:
        pieces.extend([*step, ", "])
    return [*pieces, f"), {node.outputs!r}, {node.arity})"]


def _loop_arguments(node: LoopUntil[Any, Any]) -> list[str]:
    within = [] if node.within is None else [f"within={duration_source(node.within)}"]
    on_limit = [] if node.on_limit == "fail" else [f"on_limit={node.on_limit!r}"]
    return [show(node.done), f"limit={node.limit}", *within, *on_limit]


def _map_arguments(node: MapEach[Any, Any]) -> list[str]:
    key = [] if node.key is None else [f"key={show(node.key)}"]
    at_once = [] if node.at_once is None else [f"at_once={node.at_once}"]
    on_error = [] if node.on_error == "settle" else [f"on_error={node.on_error!r}"]
    return [*key, *at_once, *on_error]


def _retry_arguments(node: Retry[Any, Any]) -> list[str]:
    wait = node.wait
    plain = duration_source(wait.delay) if isinstance(wait, Constant) else repr(wait)
    waits = [] if plain == "seconds(0)" else [f"wait={plain}"]
    return [f"attempts={node.attempts}", *waits, *_filter(node.on)]


def _filter(tags: tuple[str, ...]) -> list[str]:
    if not tags:
        return []
    return [f"on={tags[0]!r}" if len(tags) == 1 else f"on={tags!r}"]
