"""An interpreter of one's own, held to the laws: an engine that has no loops gets them unrolled.

Many engines run graphs without cycles and nothing else. Since a loop's bound is mandatory, each
loop is so many rounds, one in the otherwise of another; the laws say whether that is so:

    assert_lawful(unrolled, laws=catalogue("loop", "retry", "always"))

`python -m examples.own_interpreter` prints a loop of three rounds, unrolled.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, cast

from fwf import (
    Scenario,
    Workflow,
    branch,
    dry_run,
    fail,
    identity,
    it,
    loop_until,
    pretty,
    pure,
)
from fwf.algebra.builder import It
from fwf.algebra.nodes import LoopUntil, Node
from fwf.algebra.traverse import fold, rebuild
from fwf.testing import Interpreter, Run
from fwf.testing.strategies import known_to, taken_by

Rewrite: TypeAlias = Callable[[Node, tuple[Node, ...]], Node]


def unroll(node: Node, parts: tuple[Node, ...]) -> Node:
    """Node, its parts without loops ⟶ the node without loops."""
    match node:
        case LoopUntil(within=None):
            done, rest = It(node.done), identity if node.on_limit == "stop" else fail("Exhausted")
            for _ in range(node.limit):
                rest = parts[0] >> branch(done, then=identity, otherwise=rest)
            return cast(Node, rest)
        case _:  # loops that are bounded by time stay: a graph can't ask what time it is
            return rebuild(node, parts)


def engine(rewrite: Rewrite) -> Interpreter:
    """Rewrite ⟶ the interpreter that runs what it makes of a workflow; here in a dry run."""

    def interpreter(
        w: Workflow[Any, Any], value: Any, scenario: Scenario, params: Mapping[str, object]
    ) -> Run:
        plain = fold(rewrite, w)
        return dry_run(
            plain, value, scenario=known_to(plain, scenario), params=taken_by(plain, params)
        )

    return interpreter


unrolled = engine(unroll)

if __name__ == "__main__":
    halves: Any = loop_until(pure(it * 0.5), it < 1, limit=3)
    shown: Node = fold(unroll, halves)
    print(pretty(shown))
