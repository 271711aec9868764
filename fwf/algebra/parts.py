"""The direct parts of a node: those that are run, and those that people see."""

from typing import Any, assert_never, cast

from fwf.algebra.extensions import Arm
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


def children(node: Node) -> tuple[Node, ...]:
    """Node ⟶ its direct parts, in the order they are written; of an extension, its meaning."""
    match node:
        case Seq():
            return tuple(node.parts)
        case Task() | Pure() | Fail() | Delay() | FromResult():
            return ()
        case Par():
            return node.parts
        case Branch():
            return (node.then, node.otherwise)
        case Fallback():
            return (node.body, node.handler)
        case Always():
            return (node.body, node.finaliser)
        case Graph():
            return tuple(step.body for step in node.steps)
        case LoopUntil() | MapEach() | Retry() | Timeout() | AsResult():
            return (node.body,)
        case WithParams() | InPool() | Named():
            return (node.body,)
        case Extension():
            return (node.meaning,)
        case _:
            assert_never(node)


def arms_of(node: Extension[Any, Any]) -> tuple[Arm, ...]:
    """Extension ⟶ the parts that people see: of one without a word of its own, its meaning."""
    return node.arms() if node.word else (Arm(node.meaning, segment=""),)


def visible_parts(node: Node) -> tuple[Node, ...]:
    """Node ⟶ its direct parts as people see them."""
    if isinstance(node, Extension):
        return tuple(cast(Node, arm.node) for arm in arms_of(node))
    return children(node)
