"""Small wrong interpreters, each killed by a law: what keeps the laws from saying too little.

Those that get failures, deadlines and finalisers wrong are in `mutants_failing.py`, those of
derived words in `mutants_derived.py`.
"""

from __future__ import annotations

from typing import Any

from fwf.algebra.builder import pick
from fwf.algebra.expr import IT
from fwf.algebra.nodes import (
    Branch,
    Delay,
    Extension,
    Fail,
    Graph,
    InPool,
    LoopUntil,
    MapEach,
    Named,
    Node,
    Par,
    Pure,
    Seq,
    Task,
    WithParams,
)  # fmt: skip
from fwf.combinators import fallback as either, identity
from fwf.durations import seconds
from fwf.records import changed
from fwf.testing.sample_tasks import Twice
from fwf.worlds.trace import parallel, series

from . import (
    branch,
    category,
    graph,
    loop,
    map_each,
    mutants_derived,
    mutants_failing,
    named,
    par,
    reader,
    retry,
    timeout,
)
from .broken import Broken, Here, Mutant, mutant
from .denotation import (
    FOREVER,
    End,
    Err,
    Ok,
    after,
    bindings,
    decided,
    micros,
    pause,
    valued,
)

SECOND = 1_000_000


# Leaves


@mutant(Task, par.symmetric)
def history_is_global(m: Broken, w: Task[Any, Any], here: Here) -> End:
    """Attempts are counted over the whole run, not in the causal past."""
    end = m.page(w, here._replace(h=m.memory.get("h", frozenset())))
    m.memory["h"] = end.h
    return end


@mutant(Task, timeout.ends_in_time)
def a_cut_is_late(m: Broken, w: Task[Any, Any], here: Here) -> End:
    """A task that is cut holds things up until its end."""
    end = m.page(w, here)
    return end._replace(e=end.e + SECOND) if not isinstance(end.o, Ok | Err) else end


@mutant(Task, timeout.a_cut_attempt_is_one)
def a_cut_leaves_no_event(m: Broken, w: Task[Any, Any], here: Here) -> End:
    """A task that is cut isn't told of."""
    end = m.page(w, here)
    return end if isinstance(end.o, Ok | Err) else end._replace(t=series([]))


@mutant(Pure, category.left_unit)
def expressions_take_time(m: Broken, w: Pure[Any, Any], here: Here) -> End:
    """An expression takes a second."""
    end = m.page(w, here)
    return end._replace(e=end.e + SECOND)


@mutant(Pure, category.nothing_after_a_defect)
def no_value_is_none(m: Broken, w: Pure[Any, Any], here: Here) -> End:
    """An expression that has no value gives None."""
    end = m.page(w, here)
    return end._replace(o=Ok(None)) if isinstance(end.o, Err) else end


@mutant(Fail, retry.every_delay_passes)
def failures_are_defects(m: Broken, w: Fail[Any, Any], here: Here) -> End:
    """A declared error counts as a mistake in the program."""
    end = m.page(w, here)
    assert isinstance(end.o, Err)
    return end._replace(o=Err(changed(end.o.cause, tags=(w.tag, "Defect"))))


@mutant(Delay, timeout.too_late)
def delays_take_no_time(m: Broken, w: Delay[Any, Any], here: Here) -> End:
    """A delay is over at once."""
    return End(Ok(here.x), series([]), here.s, here.h)


@mutant(Delay, timeout.just_in_time)
def delays_must_end_before(m: Broken, w: Delay[Any, Any], here: Here) -> End:
    """A delay that ends at its deadline is too late."""
    return pause(micros(w.duration), here.x, here.s, here.D - 1, here.h)


# One after the other, side by side


@mutant(Seq, category.nothing_after_failure)
def steps_follow_failures(m: Broken, w: Seq[Any, Any], here: Here) -> End:
    """The last step runs though the one before it failed."""
    end = m.page(w, here)
    last = len(w.parts) - 1
    if isinstance(end.o, Err):
        return after(end, m.part(w, last, here._replace(s=end.e, h=end.h)))
    return end


@mutant(Seq, category.pure_is_a_functor_on_numbers)
def steps_take_the_first_input(m: Broken, w: Seq[Any, Any], here: Here) -> End:
    """Every step gets what the first one got."""
    end = m.part(w, 0, here)
    for index in range(1, len(w.parts)):
        if isinstance(end.o, Ok):
            end = after(end, m.part(w, index, here._replace(s=end.e, h=end.h)))
    return end


@mutant(Par, par.symmetric)
def parts_wait_for_one_another(m: Broken, w: Par[Any, Any], here: Here) -> End:
    """Parts start one after the other."""
    ends, s = list[End](), here.s
    for index in range(len(w.parts)):
        ends.append(m.part(w, index, here._replace(s=s)))
        s = ends[-1].e
    return m.page(w, here)._replace(t=parallel([end.t for end in ends]), e=s)


@mutant(Par, par.unit)
def results_in_order_of_ending(m: Broken, w: Par[Any, Any], here: Here) -> End:
    """Results stand in the order in which the parts ended."""
    end = m.page(w, here)
    ends = sorted((m.part(w, i, here) for i in range(len(w.parts))), key=lambda part: part.e)
    values = [part.o.value for part in ends if isinstance(part.o, Ok)]
    return end._replace(o=Ok(tuple(values))) if isinstance(end.o, Ok) else end


@mutant(Par, graph.an_edge_that_only_orders)
def joins_forget(m: Broken, w: Par[Any, Any], here: Here) -> End:
    """What was attempted in parts isn't known after them."""
    return m.page(w, here)._replace(h=here.h)


@mutant(Par, par.of_none)
def no_parts_give_nothing(m: Broken, w: Par[Any, Any], here: Here) -> End:
    """Without parts the input is passed on."""
    return m.page(w, here) if w.parts else End(Ok(here.x), series([]), here.s, here.h)


# Choices and loops


@mutant(Branch, branch.constantly_true)
def arms_are_swapped(m: Broken, w: Branch[Any, Any], here: Here) -> End:
    """The other arm is taken."""
    return m.page(changed(w, then=w.otherwise, otherwise=w.then), here)


@mutant(Branch, branch.known_true)
def the_output_is_tested(m: Broken, w: Branch[Any, Any], here: Here) -> End:
    """The predicate is asked about what the first arm made of the value."""
    end = m.part(w, 0, here)
    seen_value = end.o.value if isinstance(end.o, Ok) else here.x
    decision = decided("", w.predicate, seen_value, here.p)
    return m.part(w, 0 if decision == Ok(True) else 1, here)


@mutant(Branch, branch.no_answer)
def no_answer_is_no(m: Broken, w: Branch[Any, Any], here: Here) -> End:
    """A predicate that has no answer counts as false."""
    decision = decided("", w.predicate, here.x, here.p)
    return m.part(w, 0 if decision == Ok(True) else 1, here)


@mutant(LoopUntil, loop.done_at_once)
def loops_test_first(m: Broken, w: LoopUntil[Any, Any], here: Here) -> End:
    """The condition is tested before the first round too."""
    again = Branch[Any, Any](w.done, Pure(IT), w.body)
    return m.of(again, *here) if w.limit == 1 else m.page(changed(w, body=again), here)


@mutant(LoopUntil, loop.one_round)
def loops_go_once_too_often(m: Broken, w: LoopUntil[Any, Any], here: Here) -> End:
    """There is one round more than the bound."""
    return m.page(changed(w, limit=w.limit + 1), here)


@mutant(LoopUntil, loop.unrolled)
def loops_forget_the_bound(m: Broken, w: LoopUntil[Any, Any], here: Here) -> End:
    """The bound isn't kept."""
    return m.page(changed(w, limit=9), here)


@mutant(LoopUntil, loop.one_round)
def loops_stop_silently(m: Broken, w: LoopUntil[Any, Any], here: Here) -> End:
    """A bound that is used up is no failure."""
    return m.page(changed(w, on_limit="stop"), here)


@mutant(LoopUntil, loop.no_round_starts_late)
def loops_ignore_the_time(m: Broken, w: LoopUntil[Any, Any], here: Here) -> End:
    """Rounds start though the time is over."""
    return m.page(changed(w, within=None), here)


@mutant(LoopUntil, loop.a_round_may_start_just_in_time)
def loops_stop_at_the_very_end(m: Broken, w: LoopUntil[Any, Any], here: Here) -> End:
    """No round starts at the very end of the time."""
    within = None if w.within is None else w.within - seconds(0.000001)
    return m.page(changed(w, within=within), here)


# Lists


@mutant(MapEach, map_each.of_nothing)
def an_empty_list_is_lost(m: Broken, w: MapEach[Any, Any], here: Here) -> End:
    """A list without items comes out as None."""
    end = m.page(w, here)
    return end if here.x else end._replace(o=Ok(None))


@mutant(MapEach, map_each.of_two_fast)
def maps_always_settle(m: Broken, w: MapEach[Any, Any], here: Here) -> End:
    """A failed item doesn't cut the others when it should."""
    return m.page(changed(w, on_error="settle") if w.on_error == "fail_fast" else w, here)


@mutant(MapEach, map_each.of_two)
def maps_reverse(m: Broken, w: MapEach[Any, Any], here: Here) -> End:
    """Results come in the opposite order."""
    end = m.page(w, here)
    return end._replace(o=Ok(end.o.value[::-1])) if isinstance(end.o, Ok) else end


@mutant(MapEach, map_each.one_at_a_time)
def maps_ignore_at_once(m: Broken, w: MapEach[Any, Any], here: Here) -> End:
    """All items start at once."""
    return m.page(changed(w, at_once=None), here)


@mutant(MapEach, map_each.keys_are_unique)
def keys_may_repeat(m: Broken, w: MapEach[Any, Any], here: Here) -> End:
    """Two items may have the same key."""
    return m.page(changed(w, key=None), here)


@mutant(MapEach, map_each.collecting_never_fails)
def collecting_fails(m: Broken, w: MapEach[Any, Any], here: Here) -> End:
    """A failed item fails a map that collects."""
    end = m.page(w, here)
    result = m.page(changed(w, on_error="settle"), here)
    return result if isinstance(result.o, Err) and w.on_error == "collect" else end


# Graphs


@mutant(Graph, graph.two_chains)
def steps_wait_for_all(m: Broken, w: Graph[Any, Any], here: Here) -> End:
    """A step waits for all that are written before it."""
    steps = [changed(step, after=tuple(range(at))) for at, step in enumerate(w.steps)]
    return m.page(changed(w, steps=tuple(steps)), here)


@mutant(Graph, graph.an_edge_that_only_orders)
def edges_without_data_are_ignored(m: Broken, w: Graph[Any, Any], here: Here) -> End:
    """A step doesn't wait for what gives it nothing."""
    steps = [changed(step, after=()) for step in w.steps]
    return m.page(changed(w, steps=tuple(steps)), here)


def _tolerant(w: Graph[Any, Any], at: frozenset[int]) -> Graph[Any, Any]:
    """The graph with some steps that never fail."""
    bodies: list[Any] = [
        either(step.body, identity) if index in at else step.body
        for index, step in enumerate(w.steps)
    ]
    steps = [changed(step, body=body) for step, body in zip(w.steps, bodies, strict=True)]
    return changed(w, steps=tuple(steps))


@mutant(Graph, graph.chain)
def skipped_steps_run(m: Broken, w: Graph[Any, Any], here: Here) -> End:
    """A step runs though one that it waited for failed."""
    end = m.page(w, here)
    ran = m.page(_tolerant(w, frozenset(range(len(w.steps)))), here)
    return ran._replace(o=end.o) if isinstance(end.o, Err) else end


@mutant(Graph, graph.a_step_that_leads_nowhere)
def dead_ends_may_fail(m: Broken, w: Graph[Any, Any], here: Here) -> End:
    """The failure of a step that doesn't lead to the output is dropped."""
    outputs = w.outputs if isinstance(w.outputs, tuple) else (w.outputs,)
    feeding = {at for step in w.steps for at in (*step.inputs, *step.after)}
    dead = frozenset(range(len(w.steps))) - feeding - set(outputs)
    return m.page(_tolerant(w, dead), here)


@mutant(Graph, graph.a_result_used_twice)
def results_are_made_again(m: Broken, w: Graph[Any, Any], here: Here) -> End:
    """A step runs again for each of its uses."""
    uses = [sum(step.inputs.count(at) for step in w.steps) for at in range(len(w.steps))]
    bodies: list[Any] = [
        Par((step.body, step.body), False) >> pick(0) if n > 1 else step.body
        for step, n in zip(w.steps, uses, strict=True)
    ]
    steps = [changed(step, body=body) for step, body in zip(w.steps, bodies, strict=True)]
    return m.page(changed(w, steps=tuple(steps)), here)


# What binds, bounds and names


@mutant(WithParams, reader.the_inner_one_wins)
def outer_bindings_win(m: Broken, w: WithParams[Any, Any], here: Here) -> End:
    """Of two bindings of one parameter the outer one wins."""
    outcome = bindings("", w, here.x, here.p)
    own: dict[str, Any] = outcome.value if isinstance(outcome, Ok) else {}
    bound = {**own, **m.memory}
    before, m.memory = m.memory, bound
    end = m.of(w.body, *here._replace(p={**here.p, **bound}))
    m.memory = before
    return end


@mutant(object, reader.bindings_end)
def bindings_leak(m: Broken, w: Node, here: Here) -> End:
    """What is bound for a part stays bound after it."""
    if isinstance(w, WithParams):
        bound = bindings("", w, here.x, here.p)
        m.memory |= bound.value if isinstance(bound, Ok) else {}
    return m.page(w, here._replace(p={**here.p, **m.memory}))


@mutant(WithParams, reader.all_at_once)
def bindings_see_one_another(m: Broken, w: WithParams[Any, Any], here: Here) -> End:
    """A binding is evaluated where those before it are bound already."""
    p = here.p
    for name in sorted(w.params):
        bound = valued("", w.params[name], here.x, p)
        if isinstance(bound, Err):
            return m.page(w, here)
        p = {**p, name: bound.value}
    return m.of(w.body, *here._replace(p=p))


@mutant(WithParams, reader.asking_in_items)
def bindings_are_made_once(m: Broken, w: WithParams[Any, Any], here: Here) -> End:
    """What was computed where a part was first entered holds for all that enter it later."""
    bound = m.memory.setdefault(str(id(w)), bindings("", w, here.x, here.p))
    if isinstance(bound, Err):
        return m.page(w, here)
    return m.of(w.body, *here._replace(p={**here.p, **bound.value}))


@mutant(WithParams, reader.nothing_starts)
def bindings_without_value_are_left_out(m: Broken, w: WithParams[Any, Any], here: Here) -> End:
    """A part starts though a parameter that is bound for it has no value."""
    ends = {name: valued("", expr, here.x, here.p) for name, expr in w.params.items()}
    bound = {name: end.value for name, end in ends.items() if isinstance(end, Ok)}
    return m.of(w.body, *here._replace(p={**here.p, **bound}))


@mutant(WithParams, reader.asking_what_was_computed)
def bindings_read_no_input(m: Broken, w: WithParams[Any, Any], here: Here) -> End:
    """A binding is evaluated without the part's input."""
    bound = bindings("", w, None, here.p)
    if isinstance(bound, Err):
        return m.page(w, here)
    return m.of(w.body, *here._replace(p={**here.p, **bound.value}))


@mutant(InPool, named.pools_without_end)
def slots_take_time(m: Broken, w: InPool[Any, Any], here: Here) -> End:
    """A slot of a pool is given after a second, though all are free."""
    return m.page(w, here._replace(s=here.s + SECOND))


@mutant(Named, named.names_are_erased)
def names_hide_deadlines(m: Broken, w: Named[Any, Any], here: Here) -> End:
    """A deadline doesn't reach into a named part."""
    return m.page(w, here._replace(D=FOREVER))


@mutant(Extension, named.an_extension_is_its_desugaring)
def a_native_handler_is_wrong(m: Broken, w: Any, here: Here) -> End:
    """The handler for `Twice` gives the input to the body both times."""
    end = m.of(w.body, *here) if isinstance(w, Twice) else m.page(w, here)
    if isinstance(w, Twice) and isinstance(end.o, Ok):
        return after(end, m.of(w.body, *here._replace(s=end.e, h=end.h)))
    return end


def catalogue() -> tuple[Mutant, ...]:
    """Every mutant, in the order they are written."""
    entries = [
        *globals().values(),
        *vars(mutants_failing).values(),
        *vars(mutants_derived).values(),
    ]
    return tuple(each for each in entries if isinstance(each, Mutant))
