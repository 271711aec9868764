"""The normal form behind law level S: one form for workflows that mean the same.

It is rewritten bottom-up with the rules of `fwf.analysis.rewrite_rules`, every distinct part once,
on an explicit stack. It is for comparison, never for running: names, paths and thereby idempotency
keys are those of the workflow *as written*.
"""

from collections.abc import Hashable, Iterable, Sequence
from operator import attrgetter, is_
from typing import Any, Final, TypeAlias, cast, final

from pyrsistent import pvector

from fwf.algebra.expr import IT
from fwf.algebra.nodes import Extension, Fail, Fallback, Named, Node, Pure, Seq
from fwf.algebra.traverse import children, fold, rebuild
from fwf.algebra.workflow import AnyWorkflow
from fwf.analysis.extent import MOST_SHARED, TooLarge, too_large
from fwf.analysis.identity import digest_of
from fwf.analysis.rewrite_rules import IN_FALLBACK, IN_SEQ, RULES, PairRule, stands_for

MAX_PARTS: Final = 2**20
"""A chain of more parts than this, which only sharing can write down, keeps its grouping."""


def normal_form(w: AnyWorkflow) -> Node:
    """Workflow ⟶ the same work written in the one way that level S has for it.

    Two workflows of one normal form mean the same (the other way round need not hold). Names and
    extensions are gone, chains are flat, fallbacks lean to the right, a retry of up to 64 attempts
    spells its delays out. Deterministic, idempotent, linear but for what its rules compare.

    Raises `TooLarge` where sharing alone makes chains too long to be put together.
    """
    rewriter = Rewriter()
    return rewriter.node_of(fold(rewriter.step, w))


@final
class NormalForms:
    """The normal forms of many workflows and of their parts, each distinct part rewritten once.

    A chain in a chain is put together for each of them that is asked for; `budget` bounds what
    this may cost in parts, and past it there is no answer.
    """

    __slots__ = ("_forms", "_rewriter", "budget")

    def __init__(self, budget: int) -> None:
        self._rewriter = Rewriter()
        self._forms: dict[Hashable, Node | Chain] = {}
        self.budget = budget

    def of(self, w: AnyWorkflow) -> Node:
        """Workflow ⟶ its normal form, whatever that costs; raises as `normal_form` does."""
        return self._rewriter.node_of(self._form_of(w))

    def of_part(self, node: Node) -> Node | None:
        """Part ⟶ its normal form; None past the budget."""
        if self.budget < 0:
            return None
        try:
            form = self._form_of(node)
            if isinstance(form, Chain) and form.node is None:
                self.budget -= form.size
            return self._rewriter.node_of(form) if self.budget >= 0 else None
        except TooLarge:
            self.budget = -1
            return None

    def _form_of(self, w: AnyWorkflow) -> "Node | Chain":
        form = self._forms.get(digest_of(w))
        if form is None:
            form = fold(self._rewriter.step, w, key=_DIGEST, results=self._forms)
        return form


_DIGEST: Final = attrgetter("digest")


Join: TypeAlias = tuple[type, tuple[str, ...]]
"""What a chain is made with: `>>`, or `fallback` with a filter."""
SEQ: Join = (Seq, ())


@final
class Chain:
    """Parts in a row, not put together yet, so that nesting costs nothing.

    A part is a rewritten node, or a chain with the same join; `size` is how many nodes that makes.
    """

    __slots__ = ("join", "node", "origin", "parts", "size")

    def __init__(self, join: Join, parts: "Sequence[Node | Chain]", origin: Node) -> None:
        self.join = join
        self.parts = parts
        self.origin = origin
        self.size: int = sum(part.size if isinstance(part, Chain) else 1 for part in parts)
        self.node: Node | None = None

    def nodes(self) -> list[Node]:
        """The nodes in a row."""
        flat: list[Node] = []
        todo: list[Node | Chain] = [self]
        while todo:
            part = todo.pop()
            if isinstance(part, Chain):
                todo.extend(reversed(part.parts))
            else:
                flat.append(part)
        return flat


@final
class Rewriter:
    """Applies rules until none applies; without names and extensions, fallbacks lean right."""

    def __init__(self) -> None:
        self._left = MOST_SHARED
        """So many parts may still be put together in chains, beside those that are written."""

    def step(self, node: Node, parts: "tuple[Node | Chain, ...]") -> "Node | Chain":
        """A step of `fold`: node, what its parts come to ⟶ what it comes to."""
        if not parts and type(node) is not Seq:
            return node
        if isinstance(node, Extension | Named):
            return parts[0]
        index = stands_for(node)
        if index is not None:
            return parts[index]
        if isinstance(node, Fallback):
            return self._chain((Fallback, tuple(sorted(set(node.on)))), parts, node)
        if isinstance(node, Seq):
            return self._chain(SEQ, parts, node)
        return _reduced(rebuild(node, tuple(map(self.node_of, parts))))

    # Chains

    def _chain(self, join: Join, parts: "tuple[Node | Chain, ...]", origin: Node) -> Chain:
        """A chain of chains with its own join and of nodes; a part of another join is made now."""
        links = [
            part if isinstance(part, Chain) and part.join == join else self.node_of(part)
            for part in parts
        ]
        self._left += len(parts)
        chain = Chain(join, links, origin)
        return (
            Chain(join, list(map(self.node_of, links)), origin) if chain.size > MAX_PARTS else chain
        )

    def node_of(self, part: "Node | Chain") -> Node:
        """A chain put together; a node as it is."""
        if not isinstance(part, Chain):
            return part
        if part.node is None:
            part.node = self._put_together(part)
        return part.node

    def _put_together(self, chain: Chain) -> Node:
        kind, on = chain.join
        self._left -= chain.size
        if self._left < 0:
            size = f"a chain of {min(chain.size, MAX_PARTS):,} parts and more"
            raise too_large("the normal form", size, "ask for that of what is shared in it alone")
        nodes = chain.nodes()
        while True:
            nodes = _without_pairs(nodes, chain.join)
            spliced = _splice(nodes, chain.join)
            if spliced is nodes:
                break
            nodes = spliced
        if kind is Fallback:
            return _leaning_right(nodes, on, chain.origin)
        if len(nodes) < 2:
            return nodes[0] if nodes else Pure(IT)
        before = cast("Seq[Any, Any]", chain.origin).parts
        return chain.origin if _same(nodes, before) else Seq(pvector(nodes))


def _reduced(node: Node) -> Node:
    """A node whose parts are rewritten, after its own rules."""
    while rules := RULES.get(type(node)):
        smaller = next((each for rule in rules if (each := rule.apply(node)) is not None), None)
        if smaller is None or any(smaller is part for part in children(node)):
            return node if smaller is None else smaller
        node = smaller
    return node


def _without_pairs(nodes: list[Node], join: Join) -> list[Node]:
    """The nodes with no two neighbours to which a rule applies."""
    kind, on = join
    rules = IN_SEQ if kind is Seq else IN_FALLBACK
    row = list[Node]()
    for node in nodes:
        row.append(node)
        while len(row) > 1 and not _TELLING.isdisjoint(map(type, row[-2:])):
            one = _one(row, rules, on)
            if one is None:
                break
            row[-2:] = [one]
    return row


def _one(nodes: list[Node], rules: Iterable[PairRule], on: tuple[str, ...]) -> Node | None:
    """The last two nodes as one, if a rule says so."""
    both = (rule.apply(nodes[-2], nodes[-1], on) for rule in rules)
    return next((one for one in both if one is not None), None)


_TELLING = frozenset({Pure, Fail})
"""Every rule about neighbours is about one of these."""


def _splice(nodes: list[Node], join: Join) -> list[Node]:
    """The nodes with those opened that came out as chains of the same join; themselves if none.

    Past `MAX_PARTS` they stay closed.
    """
    openings = [_bodies_and_end(node, join) for node in nodes]
    if all(each is None for each in openings):
        return nodes
    if sum(1 if each is None else len(each) for each in openings) > MAX_PARTS:
        return nodes
    return [
        part
        for node, each in zip(nodes, openings, strict=True)
        for part in ((node,) if each is None else each)
    ]


def _bodies_and_end(node: Node, join: Join) -> Sequence[Node] | None:
    kind, on = join
    if type(node) is not kind:
        return None
    if isinstance(node, Seq):
        return node.parts
    bodies: list[Node] = []
    while isinstance(node, Fallback) and node.on == on:
        bodies.append(node.body)
        node = node.handler
    return [*bodies, node] if bodies else None


def _leaning_right(nodes: list[Node], on: tuple[str, ...], origin: Node) -> Node:
    """`fallback(a, fallback(b, fallback(c, …)))`, as it was written if it was so."""
    originals, rest = list[Node](), origin
    while isinstance(rest, Fallback) and rest.on == on:
        originals.append(rest)
        rest = rest.handler
    result = nodes[-1]
    for at in range(len(nodes) - 2, -1, -1):
        again = originals[at] if at < len(originals) else None
        same = (
            again is not None and children(again)[0] is nodes[at] and children(again)[1] is result
        )
        result = cast(Node, again if same else Fallback(nodes[at], result, on))
    return result


def _same(nodes: Sequence[Node], others: Sequence[Node]) -> bool:
    return len(nodes) == len(others) and all(map(is_, nodes, others))
