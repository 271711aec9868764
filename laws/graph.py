"""Laws of `Graph`: each step starts when its own predecessors are done."""

from __future__ import annotations

from typing import cast

from fwf.algebra.nodes import Graph, Node, Step
from fwf.algebra.workflow import AnyWorkflow
from fwf.arrows import dup, fst, snd, split, swap
from fwf.combinators import always, identity, par, pure, timeout
from fwf.testing import sample_tasks
from fwf.testing.generated_pieces import local

from .law import Bindings, Duration, Flow, Sides, law

PAGE = "semantics §7"


def step(body: AnyWorkflow, *inputs: int, after: tuple[int, ...] = ()) -> Step:
    return Step(cast(Node, body), inputs, after)


def graph(*steps: Step, gives: int | tuple[int, ...]) -> AnyWorkflow:
    """Steps on one input, which is number -1."""
    return Graph(steps, gives, 1)


SUM = pure(sample_tasks.total)


@law("graph of one step = the step", "D", PAGE)
def of_one(w: Flow) -> Sides:
    """A step alone is its body."""
    return graph(step(w, -1), gives=0), w


@law("graph(a → b → c) = a >> b >> c", "D", PAGE)
def chain(a: Flow, b: Flow, c: Flow) -> Sides:
    """Steps in a row are `>>`."""
    return graph(step(a, -1), step(b, 0), step(c, 1), gives=2), a >> b >> c


@law("graph(a, b, c; (a, b, c)) = par(a, b, c)", "D", PAGE)
def edgeless(a: Flow, b: Flow, c: Flow) -> Sides:
    """Steps without edges are `par`."""
    return graph(step(a, -1), step(b, -1), step(c, -1), gives=(0, 1, 2)), par(a, b, c)


@law("graph(a → b, a → c, (b, c) → d) = a >> par(b, c) >> d", "D", PAGE)
def diamond(a: Flow, b: Flow, c: Flow, d: Flow) -> Sides:
    """A fork and a join are `>>` and `par`."""
    woven = graph(step(a, -1), step(b, 0), step(c, 0), step(SUM >> d, 1, 2), gives=3)
    return woven, a >> par(b, c) >> SUM >> d


@law("graph(a → c, b → d; (c, d)) = par(a >> c, b >> d)", "D", PAGE)
def two_chains(a: Flow, b: Flow, c: Flow, d: Flow) -> Sides:
    """A step waits for its own predecessors, and for no others. †"""
    woven = graph(step(a, -1), step(b, -1), step(c, 0), step(d, 1), gives=(2, 3))
    return woven, par(a >> c, b >> d)


@law("graph with its steps in another order = the graph", "D", PAGE)
def in_any_order(a: Flow, b: Flow, c: Flow, d: Flow) -> Sides:
    """Only edges count, not the order in which steps are written: an N, both ways."""
    one = graph(step(a, -1), step(b, -1), step(c, 0), step(SUM >> d, 0, 1), gives=(2, 3))
    other = graph(step(b, -1), step(a, -1), step(SUM >> d, 1, 0), step(c, 1), gives=(3, 2))
    return one, other


@law("graph(a, b after a; b) = par(identity, a) >> fst >> b", "D", PAGE)
def an_edge_that_only_orders(a: Flow, b: Flow) -> Sides:
    """An edge without data makes a step wait, and be skipped when the other failed."""
    return graph(step(a, -1), step(b, -1, after=(0,)), gives=1), par(identity, a) >> fst >> b


@law("graph(a, b; a) = par(a, b) >> fst", "D", PAGE)
def a_step_that_leads_nowhere(a: Flow, b: Flow) -> Sides:
    """Steps that don't lead to the output still run, and their errors count. †"""
    return graph(step(a, -1), step(b, -1), gives=0), par(a, b) >> fst


@law("graph(a → b → c, c after a) = graph(a → b → c)", "D", PAGE)
def an_edge_that_says_nothing(a: Flow, b: Flow, c: Flow) -> Sides:
    """An edge between steps that are in this order anyway changes nothing."""
    plain = graph(step(a, -1), step(b, 0), step(c, 1), gives=2)
    return graph(step(a, -1), step(b, 0), step(c, 1, after=(0,)), gives=2), plain


@law("graph(a → (b, b)) takes its input twice = a >> dup >> b", "D", PAGE)
def a_result_used_twice(a: Flow, b: Flow) -> Sides:
    """A result used twice is made once."""
    return graph(step(a, -1), step(SUM >> b, 0, 0), gives=1), a >> dup >> SUM >> b


@law("graph(a → b, (a, b) → c) = a >> par(identity, b) >> c", "D", PAGE)
def a_result_used_later(a: Flow, b: Flow, c: Flow) -> Sides:
    """A result may be used again further down."""
    woven = graph(step(a, -1), step(b, 0), step(SUM >> c, 0, 1), gives=2)
    return woven, a >> par(identity, b) >> SUM >> c


@law("graph of two inputs = split", "D", PAGE, on="pair")
def two_inputs(a: Flow, b: Flow) -> Sides:
    """A graph of several inputs takes a tuple of them."""
    return Graph((step(a, -1), step(b, -2)), (0, 1), 2), split(a, b)


@law("graph(…; (a, b)) = graph(…; (b, a)) >> swap", "D", PAGE)
def outputs_in_any_order(a: Flow, b: Flow) -> Sides:
    """Outputs stand in the order in which they are asked for."""
    steps = (step(a, -1), step(b, 0))
    return graph(*steps, gives=(0, 1)), graph(*steps, gives=(1, 0)) >> swap


@law("graph(a → b, a → c, …) in a graph = its steps in the outer graph", "D", PAGE)
def nested(a: Flow, b: Flow, c: Flow) -> Sides:
    """A graph that is a step with one output may be taken apart."""
    inner = graph(step(b, -1), step(c, 0), gives=1)
    outer = graph(step(a, -1), step(inner, 0), gives=1)
    return outer, graph(step(a, -1), step(b, 0), step(c, 1), gives=2)


@law("with_params(graph(a → b; …)) = graph(with_params(a) → with_params(b); …)", "D", PAGE)
def with_params_goes_to_steps(a: Flow, b: Flow, given: Bindings) -> Sides:
    """A binding goes to each step."""
    left = local(graph(step(a, -1), step(b, -1), gives=(0, 1)), **given)
    bound = (step(local(a, **given), -1), step(local(b, **given), -1))
    return left, graph(*bound, gives=(0, 1))


@law("timeout(graph(a → c, b → c), d) = timeout(par(a, b) >> c, d)", "D", PAGE)
def deadlines_go_down(a: Flow, b: Flow, c: Flow, d: Duration) -> Sides:
    """Deadlines go down to steps as to parts."""
    woven = graph(step(a, -1), step(b, -1), step(SUM >> c, 0, 1), gives=2)
    return timeout(woven, d), timeout(par(a, b) >> SUM >> c, d)


@law("always(graph(a, b; b), f) = always(par(a, b) >> snd, f)", "D", PAGE)
def finalised(a: Flow, b: Flow, f: Flow) -> Sides:
    """A finaliser waits for all steps of a graph, those that lead nowhere too."""
    woven = graph(step(a, -1), step(b, -1), gives=1)
    return always(woven, then=f), always(par(a, b) >> snd, then=f)
