"""What stands below a line: parts with their labels, runs of equal ones, shared ones."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, cast, final

from fwf.algebra import extensions
from fwf.algebra.nodes import (
    Always,
    Branch,
    Extension,
    Fallback,
    Graph,
    Named,
    Node,
    Par,
    Seq,
    Step,
    Task,
)
from fwf.algebra.parts import arms_of, children, visible_parts
from fwf.algebra.traverse import wrapped
from fwf.algebra.workflow import AnyWorkflow
from fwf.analysis.identity import digest_of
from fwf.display.heads import predicate, tag_names
from fwf.printing import printable


class Arm(NamedTuple):
    """A part where its parent puts it: a label in front; what a graph's step takes, behind."""

    node: Node
    label: str = ""
    source: str = ""


def runs(parts: Iterable[Node]) -> Iterator[tuple[Node, int]]:
    """Parts ⟶ each with how many equal ones follow each other there."""
    last: Node | None = None
    n = 0
    for part in parts:
        if last is not None and part.digest != last.digest:
            yield last, n
            n = 0
        last = part
        n += 1
    if last is not None:
        yield last, n


def _printed_parts(node: Node) -> list[Node]:
    """The parts that are printed for a node: of a run of equal ones, which is a line, the first."""
    parts = visible_parts(node)
    return [part for part, _ in runs(parts)] if isinstance(node, Seq | Par) else list(parts)


@final
class Shape:
    """What must be known before the first line: how often each part occurs, and which are tall."""

    __slots__ = ("_count", "_tall", "names")

    def __init__(self, w: AnyWorkflow) -> None:
        digest_of(w)
        self._count = Counter[bytes]()
        self._tall: dict[bytes, bool] = {}
        self.names = Counter[str]()
        todo = [cast(Node, w)]
        while todo:
            node = todo[-1]
            if node.digest in self._tall:
                todo.pop()
                continue
            parts = _printed_parts(node)
            missing = [part for part in parts if part.digest not in self._tall]
            if missing:
                todo.extend(missing)
                continue
            todo.pop()
            self._count.update(part.digest for part in parts)
            self._tall[node.digest] = self._takes_lines(node, parts)
            if isinstance(node, Named):
                self.names[node.name] += 1

    def _takes_lines(self, node: Node, parts: list[Node]) -> bool:
        single = wrapped(node) is not None or (isinstance(node, Seq) and len(parts) == 1)
        return self._tall[parts[0].digest] if single else bool(parts)

    def shared(self, node: Node) -> bool:
        """Whether a part occurs more than once and is worth referring to."""
        return self._count[node.digest] > 1 and self._tall[node.digest]

    def hangs(self, body: Node) -> bool:
        """Whether a wrapper's part is a chain whose steps hang right below the wrapper."""
        return isinstance(body, Seq) and bool(body.parts) and not self.shared(body)

    def word_of_branch(self, node: Branch[Any, Any]) -> str:
        """A branch's line; with several arms the predicates stand before these."""
        several = self._goes_on(node.otherwise)
        return "branch" if several else f"branch({predicate(node.predicate)})"

    def arms(self, node: Node) -> list[Arm]:
        """Node ⟶ its parts, as they are listed below its line."""
        match node:
            case Seq() | Par():
                return [Arm(part, _times(n)) for part, n in runs(children(node))]
            case Branch():
                return self._branches(node)
            case Fallback():
                on = tag_names(node.on) if node.on else "failure"
                return [Arm(node.body), Arm(node.handler, f"on {on}: ")]
            case Always():
                return [Arm(node.body), Arm(node.finaliser, "finally: ")]
            case Graph():
                return _steps(node)
            case Extension():
                return [_with_label(arm) for arm in arms_of(node)]
            case _:
                return [Arm(part) for part in children(node)]

    def _goes_on(self, node: Node) -> bool:
        return isinstance(node, Branch) and not self.shared(node)

    def _branches(self, node: Branch[Any, Any]) -> list[Arm]:
        """Two arms or, where the second is again a branch, all arms of the whole row."""
        if not self._goes_on(node.otherwise):
            return [Arm(node.then, "then: "), Arm(node.otherwise, "otherwise: ")]
        arms: list[Arm] = []
        rest: Node = node
        while isinstance(rest, Branch) and (rest is node or self._goes_on(rest)):
            arms.append(Arm(rest.then, f"if {predicate(rest.predicate)}: "))
            rest = rest.otherwise
        return [*arms, Arm(rest, "otherwise: ")]


def _with_label(arm: extensions.Arm) -> Arm:
    label = f"{printable(arm.label)}: " if arm.label else ""
    return Arm(cast(Node, arm.node), label)


def _times(n: int) -> str:
    return f"{n:,} × " if n > 1 else ""


def _steps(graph: Graph[Any, Any]) -> list[Arm]:
    """The steps of a graph, each with the names of the steps that it feeds on."""
    uses = Counter[str]()
    names: list[str] = []
    for step in graph.steps:
        title, _ = _title(step.body)
        uses[title] += 1
        names.append(title if uses[title] == 1 else f"{title}#{uses[title]}")
    return [
        Arm(
            step.body,
            "" if _title(step.body) == (name, True) else f"{name}: ",
            _sources_text(graph, step, names),
        )
        for step, name in zip(graph.steps, names, strict=True)
    ]


def _sources_text(graph: Graph[Any, Any], step: Step, names: list[str]) -> str:
    def name(index: int) -> str:
        return names[index] if index >= 0 else input_name(graph, index)

    data = f" ← {', '.join(map(name, step.inputs))}" if step.inputs else ""
    order = f" after {', '.join(map(name, step.after))}" if step.after else ""
    return data + order


def input_name(graph: Graph[Any, Any], index: int) -> str:
    """What a graph's own input is called."""
    return "input" if graph.arity == 1 else f"input {-index}"


def outputs_of(graph: Graph[Any, Any]) -> str:
    """The names of the steps whose results a graph gives."""
    names = [arm.label.removesuffix(": ") or _title(arm.node)[0] for arm in _steps(graph)]
    outputs = graph.outputs if isinstance(graph.outputs, tuple) else (graph.outputs,)
    return ", ".join(names[each] if each >= 0 else input_name(graph, each) for each in outputs)


def _title(node: Node) -> tuple[str, bool]:
    """What a step is called, and whether its first line says so anyway."""
    while not isinstance(node, Named) and (body := wrapped(node)) is not None:
        node = body
    if isinstance(node, Task | Named):
        return printable(node.name), True
    if isinstance(node, Seq) and node.parts:
        last = node.parts[-1]
        return (printable(last.name) if isinstance(last, Task | Named) else "chain"), False
    return type(node).__name__.lower(), False


def gist(chain: Seq[Any, Any]) -> str:
    """A chain in a few words: `log_files >> … >> sessions`."""
    first, last = _title(chain.parts[0])[0], _title(chain.parts[-1])[0]
    match len(chain.parts):
        case 1:
            return first
        case 2:
            return f"{first} >> {last}"
        case _:
            return f"{first} >> … >> {last}"
