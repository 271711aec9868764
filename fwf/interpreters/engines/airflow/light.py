"""What is done by whoever needs it: which parts cost nothing, and whose values only one reads?"""

from __future__ import annotations

from typing import Any

from fwf.algebra.expr import Input
from fwf.algebra.nodes import Delay, Fail, FromResult, Graph, Named, Node, Pure, Task


def is_light(node: Node, parts: tuple[bool, ...]) -> bool:
    """Whether a part does nothing but evaluate expressions."""
    if isinstance(node, Task | Fail | Delay | FromResult):
        return False
    return isinstance(node, Pure) or all(parts)


def is_identity(node: Node) -> bool:
    while isinstance(node, Named):
        node = node.body
    return isinstance(node, Pure) and isinstance(node.expr, Input)


def outputs(node: Graph[Any, Any]) -> tuple[int, ...]:
    return node.outputs if isinstance(node.outputs, tuple) else (node.outputs,)


def readers_of(node: Graph[Any, Any]) -> list[int]:
    """By how many each step's value is read; one that is waited for counts as read by several."""
    readers = [0] * len(node.steps)
    for step in node.steps:
        for n in {*step.inputs} - {*step.after}:
            if n >= 0:
                readers[n] += 1
        for n in step.after:
            if n >= 0:
                readers[n] += 2
    for n in {*outputs(node)}:
        if n >= 0:
            readers[n] += 1
    return readers
