"""Which default has a parameter, of those that tasks may be called without?"""

from collections.abc import Callable, Collection
from typing import Any

from fwf.algebra.nodes import Node, Task
from fwf.algebra.parts import children
from fwf.algebra.plain_values import Coded, Member, encode, thaw
from fwf.algebra.traverse import fold
from fwf.algebra.workflow import AnyWorkflow


def common_defaults(
    w: AnyWorkflow,
    names: Collection[str],
    *,
    parts_of: Callable[[Node], tuple[Node, ...]] = children,
) -> dict[str, Any]:
    """Workflow, names of optional parameters ⟶ the default of each.

    Of those alone whose default is plain data, which a definition tells, and the same in all tasks.
    """
    defaults: dict[str, list[Any]] = {}

    def collect(node: Node, _parts: tuple[None, ...]) -> None:
        for each in node.contract.injected if isinstance(node, Task) else ():
            if each.name in names:
                defaults.setdefault(each.name, []).append(each.default)

    if names:
        fold(collect, w, parts_of=parts_of)
    return {
        name: thaw(each[0])
        for name, each in defaults.items()
        if not isinstance(each[0], Coded | Member) and len(set(map(encode, each))) == 1
    }
