"""Does a node take up a fault of its part: try again, fall back, or make a value of it?"""

from fwf.algebra.nodes import AsResult, Fallback, MapEach, Node, Retry
from fwf.faults import Fault, matches


def takes(node: Node, fault: Fault) -> bool:
    """Whether a node does, in the part that it looks after; a retry while it has attempts left."""
    match node:
        case Retry():
            return matches(node.on, fault, otherwise_all=False)
        case Fallback():
            return matches(node.on, fault, otherwise_all=True)
        case AsResult():
            return True
        case MapEach():
            return node.on_error == "collect"
        case _:
            return False
