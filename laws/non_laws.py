"""Tempting equations that don't hold, each with a small counterexample of what Hypothesis finds.

An entry claims that *not even* its level holds. Where the page says under which condition it does
hold after all, that condition is missing here. Those about failures are in `non_laws_failing.py`.
"""

from __future__ import annotations

from fwf.algebra.builder import it, param, pick
from fwf.algebra.schedule import delays
from fwf.arrows import dup, split
from fwf.combinators import (
    always,
    branch,
    const,
    delay,
    fail,
    fallback,
    identity,
    loop_until,
    map_each,
    par,
    pure,
    retry,
)  # fmt: skip
from fwf.durations import seconds
from fwf.testing import sample_tasks
from fwf.testing.generated_pieces import local
from fwf.testing.sample_tasks import a, b, c, d, e, f, g
from fwf.worlds.scenario import Scenario

from . import non_laws_failing
from .category import first, second
from .law import (
    AnyTest,
    Bindings,
    Computed,
    Count,
    Duration,
    Filter,
    Flow,
    FlowA,
    FlowB,
    FlowC,
    FlowD,
    Function,
    Sides,
    Tag,
    Test,
    Word,
)  # fmt: skip
from .reader import composed
from .tempting import NonLaw, on, tempting

FOUR = Scenario().task("a", gives=0).task("c", gives=0).task("e", gives=0).task("g", gives=0)
"""Four tasks that go well, after one second or more."""
GRAHAM = (
    Scenario()
    .task("a", gives=0, takes=seconds(0))
    .task("b", gives=0, takes=seconds(1))
    .task("c", gives=0, takes=seconds(1))
    .task("d", gives=0, takes=seconds(2))
    .task("e", gives=0, takes=seconds(2))
    .task("f", gives=0, takes=seconds(0))
)
"""Stages of 0, 1, 1 and of 2, 2, 0 seconds: whoever was ready first starts first."""
# One after the other, and side by side


@tempting("w >> fail(z) = fail(z)", "T", on(0, Scenario().task("a", gives=0), w=a, z="KeyError"))
def failure_undoes_nothing(w: Flow, z: Tag) -> Sides:
    """A failure later doesn't take back what was done."""
    return w >> fail(z), fail(z)


@tempting("w >> const(0) = const(0)", "T", on(0, Scenario().task("a", gives=0), w=a))
def effects_are_not_discarded(w: Flow) -> Sides:
    """Work whose result nobody uses is still done: the category isn't Cartesian."""
    return w >> const(0), const(0)


@tempting(
    "split(a, b) = first(a) >> second(b)",
    "T",
    on((0, 0), Scenario().task("a", gives=0), a=a, b=a),
    given="pair",
)
def split_is_not_sequential(a: Flow, b: Flow) -> Sides:
    """Side by side isn't one after the other: Hughes' *** is sequential, `par` isn't."""
    return split(a, b), first(a) >> second(b)


@tempting(
    "first(a) >> second(b) = second(b) >> first(a)",
    "T",
    on((0, 0), Scenario().task("a", gives=0).task("b", gives=0), a=a, b=b),
    given="pair",
)
def halves_do_not_commute(a: Flow, b: Flow) -> Sides:
    """Work on one half doesn't slide past work on the other: not monoidal."""
    return first(a) >> second(b), second(b) >> first(a)


@tempting("w >> dup = par(w, w)", "T", on(0, Scenario().task("a", gives=0), w=a))
def work_is_not_copied(w: Flow) -> Sides:
    """Doing work twice isn't doing it once: the category isn't Cartesian."""
    return w >> dup, par(w, w)


@tempting(
    "split(a, b) >> split(c, d) = split(a >> c, b >> d)",
    "T",
    on((0, 0), FOUR, a=a, b=c, c=e, d=g),
    "different tasks",
    given="pair",
)
def interchange_changes_the_order(a: FlowA, b: FlowB, c: FlowC, d: FlowD) -> Sides:
    """A barrier orders more than two chains side by side."""
    return split(a, b) >> split(c, d), split(a >> c, b >> d)


@tempting(
    "fallback(…, const(0), on=z) of both sides of interchange",
    "O",
    on(
        (0, 0),
        FOUR,
        a=a,
        b=fail("ConnectionError"),
        c=fail("KeyError"),
        d=g,
        on=("ConnectionError",),
    ),
    "different tasks",
    given="pair",
)
def interchange_changes_the_cause(a: FlowA, b: FlowB, c: FlowC, d: FlowD, on: Filter) -> Sides:
    """Without the barrier more may fail, so a handler may see another cause."""
    left, right = split(a, b) >> split(c, d), split(a >> c, b >> d)
    return fallback(left, const(0), on=on), fallback(right, const(0), on=on)


@tempting(
    "split(a >> c, b >> d) ≤ split(a, b) >> split(c, d)",
    "≤ time",
    on((0, 0), FOUR, a=a, b=fail("KeyError"), c=e, d=g),
    "different tasks",
    given="pair",
)
def fused_may_fail_later(a: FlowA, b: FlowB, c: FlowC, d: FlowD) -> Sides:
    """Without the barrier c keeps running after b has failed."""
    return split(a >> c, b >> d), split(a, b) >> split(c, d)


@tempting(
    "split(a >> c, b >> d) ≤ split(a, b) >> split(c, d)",
    "≤ attempts",
    on((0, 0), FOUR, a=a, b=fail("KeyError"), c=e, d=g),
    "different tasks",
    given="pair",
)
def fused_may_do_more(a: FlowA, b: FlowB, c: FlowC, d: FlowD) -> Sides:
    """Without the barrier c starts although b will fail."""
    return split(a >> c, b >> d), split(a, b) >> split(c, d)


@tempting(
    "par(a >> d, b >> e, c >> f) ≤ par(a, b, c) >> …, with 2 workers", "≤ time",
    on(0, GRAHAM), "both succeed", "different tasks", workers=2,
)  # fmt: skip
def fused_may_be_slower_with_few_workers() -> Sides:
    """With bounded workers a constraint less may take longer (Graham, 1969)."""
    barrier = par(a, b, c) >> par(pick(0) >> d, pick(1) >> e, pick(2) >> f)
    return par(a >> d, b >> e, c >> f), barrier


@tempting(
    "par(a, b, c, fail_fast) = par(par(a, b, fail_fast), c, fail_fast)",
    "D",
    on(
        0,
        Scenario().task("c", gives=0, takes=seconds(2)),
        a=fail("KeyError"),
        b=always(delay(seconds(5)), then=delay(seconds(3))),
        c=c,
    ),
)
def fast_is_not_associative_with_finalisers(a: Flow, b: Flow, c: Flow) -> Sides:
    """The finaliser of a part that is cut makes the inner failure come later."""
    nested = par(par(a, b, fail_fast=True), c, fail_fast=True)
    flat = nested >> pure(pick(it[0][0], it[0][1], it[1]))
    return par(a, b, c, fail_fast=True), flat


# Choices and loops


@tempting(
    "c >> branch(p, a, b) = branch(p, c >> a, c >> b)",
    "O",
    on(0, Scenario().task("a", gives=1), p=it > 0, a=const(1), b=const(2), c=a),
)
def a_test_does_not_move_before_work(p: Test, a: Flow, b: Flow, c: Flow) -> Sides:
    """What is tested after work is what the work made."""
    return c >> branch(p, then=a, otherwise=b), branch(p, then=c >> a, otherwise=c >> b)


@tempting("branch(p, a, a) = a", "O", on(0, p=it.missing > 1, a=identity))
def a_defect_is_not_dropped(p: AnyTest, a: Flow) -> Sides:
    """A predicate that may be a defect can't be left out."""
    return branch(p, then=a, otherwise=a), a


@tempting(
    "par(branch(p, a, b), c) = branch(p, par(a, c), par(b, c))",
    "T",
    on(0, Scenario().task("a", gives=0), p=it.missing > 1, a=a, b=a, c=a),
)
def a_defect_is_not_hoisted(p: AnyTest, a: Flow, b: Flow, c: Flow) -> Sides:
    """A defect before the parts start keeps them all from starting."""
    left = par(branch(p, then=a, otherwise=b), c)
    return left, branch(p, then=par(a, c), otherwise=par(b, c))


@tempting(
    "loop_until(a >> b, p) = loop_until(a, p) >> loop_until(b, p)",
    "O",
    on(0, f=it + 1, g=it + 1, p=it > 1, n=3),
)
def loops_do_not_split(f: Function, g: Function, p: Test, n: Count) -> Sides:
    """A loop over two steps isn't two loops."""
    a, b = pure(f), pure(g)
    left = loop_until(a >> b, p, limit=n)
    return left, loop_until(a, p, limit=n) >> loop_until(b, p, limit=n)


@tempting(
    "split(loop_until(a, p), loop_until(b, p)) = loop_until(split(a, b), p and p)",
    "O",
    on((0, 1), f=it + 1, g=it + 1, n=3),
    given="pair",
)
def loops_do_not_join(f: Function, g: Function, n: Count) -> Sides:
    """A loop that is done doesn't go round again with another that isn't."""
    a, b = pure(f), pure(g)
    left = split(loop_until(a, it > 1, limit=n), loop_until(b, it > 1, limit=n))
    return left, loop_until(split(a, b), (it[0] > 1) & (it[1] > 1), limit=n)


# Lists, parameters, schedules


@tempting(
    "map_each(a) >> map_each(b) = map_each(a >> b)",
    "T",
    on([0, 1], Scenario().task("a", gives=0).task("c", gives=0), a=a, b=c),
    "different tasks",
    given="list",
)
def fusion_changes_the_order(a: FlowA, b: FlowB) -> Sides:
    """A barrier between two maps orders more."""
    return map_each(a) >> map_each(b), map_each(a >> b)


@tempting(
    "map_each(a >> b) ≤ map_each(a) >> map_each(b)",
    "≤ attempts",
    on([0, 1], Scenario().task("a", gives_by=sample_tasks.unless_odd).task("c", gives=0), a=a, b=c),
    "different tasks",
    given="list",
)
def fused_maps_may_do_more(a: FlowA, b: FlowB) -> Sides:
    """Without the barrier b starts on items although a will fail on others."""
    return map_each(a >> b), map_each(a) >> map_each(b)


@tempting(
    "with_params(branch(p, a, b)) = branch(p, with_params(a), with_params(b))",
    "O",
    on(0, p=param("flag", bool), a=const(1), b=const(2), given={"flag": True}),
)
def bindings_do_not_pass_predicates(p: Test, a: Flow, b: Flow, given: Bindings) -> Sides:
    """A predicate that reads a parameter reads what is bound around it."""
    left = local(branch(p, then=a, otherwise=b), **given)
    return left, branch(p, then=local(a, **given), otherwise=local(b, **given))


@tempting(
    "with_params(a >> b, β) = with_params(a, β) >> with_params(b, β)",
    "O",
    on(0, a=const(1), b=pure(param("amount", int)), given={"amount": it}),
)
def what_is_computed_is_not_computed_again(a: Flow, b: Flow, given: Computed) -> Sides:
    """A later step would compute its parameters from what the step before it gives."""
    return local(a >> b, **given), local(a, **given) >> local(b, **given)


@tempting(
    "with_params(map_each(w), β) = map_each(with_params(w, β))",
    "O",
    on([0], w=pure(param("flag", bool)), given={"flag": it.length() > 0}),
    given="list",
)
def a_list_is_not_its_items(w: Flow, given: Computed) -> Sides:
    """In the items it would be computed from them."""
    return local(map_each(w), **given), map_each(local(w, **given))


@tempting(
    "pure(f) >> with_params(w, β) = with_params(pure(f) >> w, β∘f)",
    "O",
    on(1, f=it * 2 + param("amount", int), g=it, w=identity),
)
def functions_read_what_is_bound(f: Function, g: Function, w: Flow) -> Sides:
    """Where f asks for what β binds, it would be given that."""
    return pure(f) >> local(w, amount=g), local(pure(f) >> w, amount=composed(g, f))


@tempting(
    "with_params(with_params(w, k=v), k=f) = with_params(w, k=v), where f has no value",
    "O",
    on(0, w=identity, n=1),
)
def a_defect_does_not_vanish(w: Flow, n: Count) -> Sides:
    """A binding that isn't used but has no value is a defect."""
    return local(local(w, amount=n), amount=it.missing), local(w, amount=n)


@tempting(
    "s.then(t).within(d) = s.within(d).then(t.within(d))",
    "T",
    on(
        0,
        Scenario().task("a", fails="KeyError"),
        w=a,
        s=delays(seconds(2)),
        t=delays(seconds(2)),
        d=seconds(3),
    ),
)
def a_total_is_no_homomorphism(w: Flow, s: Word, t: Word, d: Duration) -> Sides:
    """A bound on the total isn't one on each part of a schedule."""
    left = s.then(t).within(d)
    return retry(w, attempts=9, wait=left), retry(w, attempts=9, wait=s.within(d).then(t.within(d)))


@tempting(
    "o.nest(i) = i.nest(o)",
    "D",
    on(0, w=fail("KeyError"), o=delays(seconds(1)), i=delays(seconds(2))),
)
def nest_is_not_commutative(w: Flow, o: Word, i: Word) -> Sides:
    """It matters which retry is inside."""
    return retry(w, attempts=9, wait=o.nest(i)), retry(w, attempts=9, wait=i.nest(o))


@tempting(
    "o.nest(s & t) = o.nest(s) & o.nest(t)",
    "D",
    on(
        0,
        w=fail("KeyError"),
        o=delays(seconds(0)),
        s=delays(seconds(3)),
        t=delays(seconds(1), seconds(1)),
    ),
)
def nest_does_not_distribute_inside(w: Flow, o: Word, s: Word, t: Word) -> Sides:
    """Nesting doesn't distribute in its inner argument."""
    left = o.nest(s & t)
    return retry(w, attempts=9, wait=left), retry(w, attempts=9, wait=o.nest(s) & o.nest(t))


@tempting(
    "o.nest(s | t) = o.nest(s) | o.nest(t)",
    "D",
    on(
        0,
        w=fail("KeyError"),
        o=delays(seconds(0)),
        s=delays(seconds(3)),
        t=delays(seconds(1), seconds(1)),
    ),
)
def nest_does_not_distribute_over_shorter(w: Flow, o: Word, s: Word, t: Word) -> Sides:
    """Nesting doesn't distribute in its inner argument: lengths differ, and delays shift."""
    left = o.nest(s | t)
    return retry(w, attempts=9, wait=left), retry(w, attempts=9, wait=o.nest(s) | o.nest(t))


@tempting(
    "o.nest(s.then(t)) = o.nest(s).then(o.nest(t))",
    "D",
    on(0, w=fail("KeyError"), o=delays(seconds(1)), s=delays(), t=delays()),
)
def nest_does_not_distribute_over_then(w: Flow, o: Word, s: Word, t: Word) -> Sides:
    """Nesting doesn't distribute in its inner argument: the outer delays come twice."""
    left = o.nest(s.then(t))
    return retry(w, attempts=9, wait=left), retry(w, attempts=9, wait=o.nest(s).then(o.nest(t)))


def catalogue() -> tuple[NonLaw, ...]:
    """Every non-law, in the order they are written."""
    entries = [*globals().values(), *vars(non_laws_failing).values()]
    return tuple(each for each in entries if isinstance(each, NonLaw))
