"""What a part is called in a line: its words, the tasks in it, those that write."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from fwf.algebra.nodes import (
    Always,
    Branch,
    Fallback,
    Named,
    Node,
    Seq,
    Task,
)
from fwf.algebra.traverse import children, wrapped
from fwf.display.heads import head, predicate, tag_names
from fwf.faults import phrases
from fwf.printing import printable

MOST_PARTS: Final = 1_000
"""So many distinct parts are looked through for the tasks in them."""
MOST_LAYERS: Final = 64
MOST_NAMES: Final = 4
OTHER_KEYS: Final = "other idempotency keys"
"""What is said where a task's key changes."""


def words_of(node: Node) -> str:
    """Node ⟶ its word and arguments, and what it holds if they don't tell."""
    match node:
        case Branch():
            return f"branch({predicate(node.predicate)})"
        case Fallback():
            return f"fallback(on={tag_names(node.on)})" if node.on else "fallback"
        case Named():
            return repr(printable(node.name))
        case Seq():
            words = ["(…)" if isinstance(part, Seq) else words_of(part) for part in node.parts[:3]]
            return listed(words, len(node.parts), " >> ")
        case _:
            return head(node)


def listed(names: Iterable[str], total: int, between: str = ", ") -> str:
    """The first few names, and how many more there are."""
    return phrases.listed(names, total, MOST_NAMES, between) or "nothing"


def tasks_in(node: Node, without: Iterable[bytes] = ()) -> Iterator[Task[Any, Any]]:
    """The distinct tasks in a part, in order, but for those in the parts with these digests."""
    seen = set(without)
    todo, count = [node], 0
    while todo and count < MOST_PARTS:
        here = todo.pop()
        if here.digest in seen:
            continue
        seen.add(here.digest)
        count += 1
        if isinstance(here, Task):
            yield here
        todo.extend(reversed(children(here)[:MOST_PARTS]))


def names_of(tasks: Iterable[Task[Any, Any]]) -> str:
    """Tasks ⟶ `to_warehouse, to_profiles`."""
    names = list(dict.fromkeys(printable(task.name) for task in tasks))
    return listed(names, len(names))


def other_keys(node: Node) -> str:
    """What a change of paths means to a part: other idempotency keys.

    For those that ask for theirs or, if none does, for those that write, and might.
    """
    tasks = list(tasks_in(node))
    keyed = [task for task in tasks if task.contract.keyed]
    tasks_meant = keyed or [task for task in tasks if _writes(task)]
    return f"; {OTHER_KEYS} for {names_of(tasks_meant)}" if tasks_meant else ""


def _writes(task: Task[Any, Any]) -> bool:
    contract = task.contract
    return bool(contract.writes) or contract.effect in ("idempotent", "unrepeatable")


def name_of(node: Node) -> str | None:
    """What a reader would know a part by: its name, or that of its last task; None for others."""
    for _ in range(MOST_LAYERS):
        match node:
            case Task() | Named():
                return node.name
            case Seq() if node.parts:
                node = node.parts[-1]
            case _:
                body = body_of(node)
                if body is None:
                    return None
                node = body
    return None


def kind_of(node: Node) -> tuple[str, str]:
    """The class of a node by its name: of one in a plan only that is known."""
    return type(node).__module__, type(node).__qualname__


def core_of(node: Node) -> Node:
    """What stands in the layers around a part; or the last layer looked at, if they are many."""
    for _ in range(MOST_LAYERS):
        body = body_of(node)
        if body is None:
            break
        node = body
    return node


def body_of(node: Node) -> Node | None:
    """What a layer is put around; None for a node that is none."""
    return node.body if isinstance(node, Fallback | Always) else wrapped(node)
