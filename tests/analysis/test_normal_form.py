"""The normal form: each rule both ways, and that nothing changes what happens."""

import operator
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, reject, settings, strategies as st
from pyrsistent import pvector
from returns.result import Failure

from fwf import (
    Workflow,
    apply,
    backoff,
    branch,
    const,
    definition_id,
    delays,
    dry_run,
    every,
    fail,
    fallback,
    identity,
    it,
    literal,
    loop_until,
    map_each,
    named,
    par,
    param,
    pick,
    pure,
    retry,
    run,
    seconds,
    seq,
    task,
    text,
    timeout,
    using,
)
from fwf.algebra.builder import It, expr_of
from fwf.algebra.expr import MAX_DEPTH
from fwf.algebra.nodes import Retry, Seq
from fwf.algebra.schedule import each
from fwf.algebra.traverse import walk
from fwf.analysis import normal_form as normal
from fwf.analysis.identity import normal_id
from fwf.analysis.normal_form import NormalForms, normal_form
from fwf.analysis.totality import decides, is_total
from fwf.faults import PredicateDefect
from fwf.testing import strategies as draw
from fwf.testing.generated_pieces import local, renaming
from fwf.testing.sample_tasks import Twice, a, b, c, is_odd, number
from fwf.worlds.scenario import Scenario
from laws import erased
from tests import samples
from tests.sizes import examples, sizes

DEEP = settings(suppress_health_check=list(HealthCheck), deadline=None)
P, Q = param("flag", bool), param("amount", int) > 1
PARTIAL = it.n > 1
TIMEOUT = ("Timeout",)
w: Workflow[Any, Any] = a >> b
Pair = tuple[Workflow[Any, Any], Workflow[Any, Any]]


@task
def either(given: object, *, source) -> int:  # type: ignore[no-untyped-def]
    """Whether `source` is a parameter or a resource depends on who binds it."""
    return 0


SAME: dict[str, Pair] = {
    "id >> w": (identity >> w, w),
    "w >> id": (w >> identity, w),
    "id >> id": (seq(identity, identity), identity),
    "brackets": (seq(a, named("x", b >> c)), a >> b >> c),
    "fail >> w": (a >> fail("Z") >> w >> c, a >> fail("Z")),
    "pures": (pure(it + 1) >> pure(it * 2), pure((it + 1) * 2)),
    "pures that read a field": (pure(it.x) >> pure(it.y > 1), pure(it.x.y > 1)),
    "a total pure that is dropped": (pure(pick(it, it)) >> const(1), const(1)),
    "a total pure that is forgiven": (
        pure(pick(it, it)) >> pure(it[0].present()),
        pure(pick(it, it)[0].present()),
    ),
    "a field read twice": (pure(it.x) >> pure(it > it), pure(it.x > it.x)),
    "branch true": (branch(literal(True), then=a, otherwise=b), a),
    "branch not true": (branch(~literal(True), then=a, otherwise=b), b),
    "same arms": (branch(P, then=w, otherwise=named("x", w)), w),
    "same arms, present": (branch(it.present(), then=w, otherwise=w), w),
    "negation": (branch(~PARTIAL, then=a, otherwise=b), branch(PARTIAL, then=b, otherwise=a)),
    "twice negated": (branch(~~PARTIAL, then=a, otherwise=b), branch(PARTIAL, then=a, otherwise=b)),
    "asked again": (
        branch(PARTIAL, then=branch(PARTIAL, then=a, otherwise=b), otherwise=c),
        branch(PARTIAL, then=a, otherwise=c),
    ),
    "denied and asked again": (
        branch(PARTIAL, then=a, otherwise=branch(~PARTIAL, then=b, otherwise=c)),
        branch(PARTIAL, then=a, otherwise=b),
    ),
    "one attempt": (retry(w, attempts=1, wait=seconds(9)), w),
    "no delays": (retry(w, attempts=9, wait=delays()), w),
    "a word by other means": (
        retry(w, attempts=3, wait=backoff(seconds(1))),
        retry(w, attempts=9, wait=delays(seconds(1), seconds(2))),
    ),
    "a word with a cap by other means": (
        retry(w, attempts=3, wait=backoff(seconds(1), cap=seconds(5))),
        retry(w, attempts=9, wait=backoff(seconds(1), cap=seconds(5)).times(2)),
    ),
    "nested retries": (
        retry(retry(w, attempts=2, wait=seconds(1)), attempts=2, wait=seconds(5)),
        retry(w, attempts=4, wait=delays(seconds(1), seconds(5), seconds(1))),
    ),
    "nested retries with one cap": (
        retry(
            retry(w, attempts=2, wait=backoff(seconds(1), cap=seconds(9))),
            attempts=2,
            wait=backoff(seconds(5), cap=seconds(9)),
        ),
        retry(
            w,
            attempts=4,
            wait=backoff(seconds(5), cap=seconds(9)).nest(
                backoff(seconds(1), cap=seconds(9)).times(1)
            ),
        ),
    ),
    "fallbacks": (fallback(fallback(a, b), c), fallback(a, fallback(b, c))),
    "fallbacks with a filter": (
        fallback(fallback(a, b, on=OSError), c, on=OSError),
        fallback(a, fallback(b, c, on=OSError), on=OSError),
    ),
    "fallback of a failure": (fallback(fail("Z"), w), w),
    "fallback of a failure that is told": (
        fallback(fail("Z", text("{}", param("n", int))), w, on="Z"),
        w,
    ),
    "fallback of a message that may be a defect": (fallback(fail("Z", text("{}", it.x)), w), w),
    "fallback to a failure and on": (fallback(fallback(a, fail("Z")), c), fallback(a, c)),
    "fallback of what is caught": (fallback(fail("Timeout"), w, on=TIMEOUT), w),
    "timeouts": (timeout(timeout(w, seconds(2)), seconds(1)), timeout(w, seconds(1))),
    "no timeout": (timeout(w, timedelta.max), w),
    "bindings": (
        local(local(w, n=1, k=2), n=3, m=4),
        local(w, n=1, k=2, m=4),
    ),
    "a computed binding inside": (local(local(w, n=it.x), k=1), local(w, n=it.x, k=1)),
    "computed bindings around": (
        local(local(w, n=1, m=2), n=it, k=it.x),
        local(w, n=1, m=2, k=it.x),
    ),
    "a computed binding that isn't seen": (local(local(w, n=it.x), n=it), local(w, n=it.x)),
    "... and a constant": (
        local(local(local(w, n=it), k=1), n=it),
        local(local(w, n=it), n=it, k=1),
    ),
    "a binding that isn't seen two deeper": (
        local(local(local(w, n=it.x), k=it.y), n=it),
        local(local(w, n=it.x), k=it.y),
    ),
    "a constant that isn't asked for around": (
        local(local(local(w, n=param("k")), m=1), k=it),
        local(local(w, n=param("k")), k=it, m=1),
    ),
    "a constant that goes two deeper": (
        local(local(local(w, n=it.x), k=it.y), m=1),
        local(local(local(w, n=it.x), m=1), k=it.y),
    ),
    "renamings": (renaming(renaming(w, db="x"), x="y", z="q"), renaming(w, db="y", x="y", z="q")),
    "names": (named("x", a >> named("y", b), owner="us"), w),
    "extensions": (Twice(w), w >> w),  # type: ignore[arg-type]
    "inside": (par(map_each(named("x", a)), identity), par(map_each(a), identity)),
}


@pytest.mark.parametrize("name", SAME)
def test_a_law_makes_two_workflows_one(name: str) -> None:
    left, right = SAME[name]
    assert normal_form(left) == normal_form(right)
    assert normal_id(left) == normal_id(right)
    assert definition_id(left) != definition_id(right)


DIFFERENT: dict[str, Pair] = {
    "w >> fail": (w >> fail("Z"), fail("Z")),
    "other failures": (fail("Y") >> w, fail("Z") >> w),
    "a field that may be missing, dropped": (pure(it.x) >> const(1), const(1)),
    "dropped by a shortcut": (
        pure(it.x) >> pure(P | (it > 1)),
        pure(P | (it.x > 1)),
    ),
    "dropped by a default": (
        pure(it.x) >> pure(P.or_else(it)),
        pure(P.or_else(it.x)),
    ),
    "a missing field, forgiven": (pure(it.x) >> pure(it.y.present()), pure(it.x.y.present())),
    "a function called twice": (
        pure(number) >> pure(it == it),
        pure(apply(number) == apply(number)),
    ),
    "a sum made twice": (pure(it + 1) >> pure(it == it), pure((it + 1) == (it + 1))),
    "same arms, maybe a defect": (branch(PARTIAL, then=a, otherwise=a), a),
    "same arms, a function": (branch(is_odd, then=a, otherwise=a), a),
    "same arms, wrongly typed": (branch(P > 1, then=a, otherwise=a), a),
    "no truth value": (branch(literal(1), then=a, otherwise=b), a),
    "another predicate": (
        branch(PARTIAL, then=branch(it.n > 2, then=a, otherwise=b), otherwise=c),
        branch(PARTIAL, then=a, otherwise=c),
    ),
    "another environment": (
        branch(P, then=local(branch(P, then=a, otherwise=b), flag=False), otherwise=c),
        branch(P, then=local(a, flag=False), otherwise=c),
    ),
    "a value in between": (
        branch(PARTIAL, then=a >> branch(PARTIAL, then=b, otherwise=c), otherwise=c),
        branch(PARTIAL, then=a >> b, otherwise=c),
    ),
    "nested retries with other filters": (
        retry(retry(w, attempts=2, on=OSError), attempts=2),
        retry(w, attempts=4),
    ),
    "nested retries with other caps": (
        retry(retry(w, attempts=2, wait=backoff(seconds(1), cap=seconds(9))), attempts=2),
        retry(w, attempts=4, wait=delays(seconds(1), seconds(0), seconds(1))),
    ),
    "a cap": (
        retry(w, attempts=2, wait=backoff(seconds(1), cap=seconds(5))),
        retry(w, attempts=2, wait=seconds(1)),
    ),
    "attempts": (retry(w, attempts=3), retry(w, attempts=2)),
    "fallbacks with other filters": (
        fallback(fallback(a, b, on=OSError), c),
        fallback(a, fallback(b, c), on=OSError),
    ),
    "a failure whose message may be a defect": (
        fallback(fail("Z", text("{}", it.x)), w, on="Z"),
        w,
    ),
    "a failure that isn't caught": (fallback(fail("Z"), w, on=TIMEOUT), w),
    "a fallback that fails": (fallback(w, fail("Z")), w),
    "a fallback to itself": (fallback(w, w), w),
    "timeout of a retry": (
        timeout(retry(w, attempts=2), seconds(1)),
        retry(timeout(w, seconds(1)), attempts=2),
    ),
    "bindings of another value": (local(w, n=1), local(w, n=True)),
    "a binding's defect": (local(local(w, n=1), n=it.x), local(w, n=1)),
    "a binding's defect, two deeper": (
        local(local(local(w, n=1), k=it), n=it.x),
        local(local(w, n=1), k=it),
    ),
    "what is asked for between": (
        local(local(local(w, n=1), k=param("n")), n=it),
        local(local(w, n=1), k=param("n")),
    ),
    "what is renamed between": (
        local(renaming(local(either, source=2), source="shop"), source=1),
        renaming(local(either, source=2), source="shop"),
    ),
    "what is asked for around": (local(local(w, n=param("k")), k=1), local(w, n=param("k"), k=1)),
    "two that compute": (local(local(w, n=it.x), k=it.y), local(w, n=it.x, k=it.y)),
    "computed of each step": (local(a >> b, n=it.x), local(a, n=it.x) >> local(b, n=it.x)),
    "a name that is bound and renamed": (
        local(using(either, source="shop"), source=1),
        local(either, source=1),
    ),
    "loops": (loop_until(w, PARTIAL, limit=2), loop_until(w, PARTIAL, limit=3)),
    "sides": (par(a, b), par(b, a)),
    "D only": (timeout(const(1), seconds(1)), const(1)),
}


@pytest.mark.parametrize("name", DIFFERENT)
def test_where_a_condition_fails_they_stay_two(name: str) -> None:
    left, right = DIFFERENT[name]
    assert normal_form(left) != normal_form(right)
    assert normal_id(left) != normal_id(right)


def test_a_name_that_is_bound_and_renamed_keeps_both_layers() -> None:
    nested = local(using(either, source="shop"), source=1)
    assert normal_form(nested) == nested


def test_total_predicates_are_those_of_the_page() -> None:
    total = [P, ~P, Q, P & Q, it.present(), it == None, literal(2) < 3.5]
    total += [param("s", str).is_in(["a", None]), literal(None).or_else(True) == True, P != False]
    partial = [it > 1, it.x, it, it == 1, apply(is_odd), P > 1, param("n") > 1, P & it, ~it.x]
    partial += [param("s", str).is_in([1]), it.x.or_else(True), it.is_in([1]), it.length() > 1]
    partial += [param("day", date) > date(2026, 1, 1), (it.x > 1).present(), Q + 1 == 2]
    partial += [it.x.present(), it.x.or_else(True) == None, literal(samples.Mood.CALM) == "calm"]
    assert [p for p in total if not decides(expr_of(p))] == []
    assert [p for p in partial if decides(expr_of(p))] == []
    assert is_total(expr_of(it.or_else(1)))
    assert not is_total(expr_of(it.x)) and not is_total(expr_of(it.x.or_else(1)))


class Hostile:
    """Raises whatever it is asked."""

    def _raises(self, *args: Any) -> Any:
        raise ConnectionError("down")

    __eq__ = __ne__ = __bool__ = __len__ = __getitem__ = __getattr__ = __contains__ = _raises
    __hash__ = __repr__ = __lt__ = __gt__ = __iter__ = __call__ = __add__ = __mul__ = _raises
    as_py = item = dtype = shape = property(_raises)


class Shut(Mapping[str, Any]):
    """A mapping that can't be read."""

    def __getitem__(self, key: str) -> Any:
        raise ConnectionError("down")

    def __iter__(self) -> Any:
        raise ConnectionError("down")

    def __len__(self) -> int:
        raise ConnectionError("down")


sure = st.recursive(
    st.sampled_from([it, P, Q, literal(None), literal("a"), literal(1.5), param("s", str)]),
    lambda inner: st.one_of(
        st.builds(lambda of, key: of[key], inner, st.sampled_from(["x", 0])),
        st.builds(lambda of: of.present(), inner),
        st.builds(lambda of: ~of, inner),
        st.builds(lambda of, other: of.or_else(other), inner, inner),
        st.builds(lambda of, one: of.is_in([one, None]), inner, st.sampled_from([1, "a", None])),
        *(st.builds(op, inner, inner) for op in (operator.eq, operator.and_, operator.lt, pick)),
    ),
)
"""Expressions of what may be total, which many of them are."""


@DEEP
@given(
    samples.expressions | sure,
    st.sampled_from([None, 1, "x", True, {"n": 1}, [1, "a"], (True, None), Hostile, Shut]),
)
def test_what_is_total_has_a_value_whatever_comes(expr: It, given: Any) -> None:
    from fwf.algebra.evaluation import evaluate, test

    value = given() if given in (Hostile, Shut) else given
    params = {"day": date(2026, 7, 15), "n": 1, "flag": True, "amount": 2, "s": "b"}
    if is_total(expr_of(expr)):
        evaluate(expr_of(expr), value, params)
    if decides(expr_of(expr)):
        test(expr_of(expr), value, params)


READS = [it.x.present(), it["x"].or_else(1) == 1, it.x.y.present(), it.length() > 1, it > 1]


@pytest.mark.parametrize("predicate", READS, ids=repr)
@pytest.mark.parametrize("made", [Hostile, Shut])
def test_what_reading_raises_is_a_defect_also_in_the_normal_form(predicate: It, made: Any) -> None:
    """A lost connection isn't a missing field: `.present()` must not answer False."""
    written = branch(predicate, then=identity, otherwise=identity)
    for w in (written, normal_form(written)):
        fault = run(w, made()).failure()
        assert isinstance(fault, PredicateDefect), w
        assert dry_run(w, made()).result == Failure(fault)


# Limits


def test_expressions_past_their_limits_stay_apart() -> None:
    steps = seq(*[pure(it + 1)] * 250)
    made = normal_form(steps)
    assert isinstance(made, Seq) and 2 < len(made.parts) < 10
    assert normal_form(made) == made
    assert all(here.node.expr.depth <= MAX_DEPTH for here in walk(made) if here.node is not made)  # type: ignore[union-attr]


def test_expressions_that_double_stay_apart() -> None:
    made = normal_form(seq(*[pure(pick(it, it))] * 40))
    assert isinstance(made, Seq) and normal_form(made) == made


def test_long_retries_keep_their_schedule() -> None:
    long = retry(a, attempts=1000, wait=backoff(seconds(1)))
    assert normal_form(long) == long
    short = normal_form(retry(a, attempts=64, wait=every(seconds(1))))
    assert isinstance(short, Retry) and len(list(each(short.wait))) == 63
    nested = retry(retry(a, attempts=9), attempts=9)
    assert [type(here.node) for here in walk(normal_form(nested))][:2] == [Retry, Retry]
    endless = retry(a, attempts=10**30)
    assert normal_form(endless) == endless


NESTINGS: dict[str, Callable[[Workflow[Any, Any], int], Workflow[Any, Any]]] = {
    "named": lambda w, i: named("x", w),
    "seq to the right": lambda w, i: named("x", b >> w),
    "seq to the left": lambda w, i: named("x", w >> b),
    "branch": lambda w, i: branch(it > 3, then=w, otherwise=b),
    "branch true": lambda w, i: branch(literal(True), then=b >> w, otherwise=a),
    "timeout": lambda w, i: timeout(w, seconds(i % 7)),
    "retry": lambda w, i: retry(w, attempts=2, wait=seconds(1)),
    "fallback": lambda w, i: fallback(w, b),
    "handler": lambda w, i: fallback(b, w),
    "with_params": lambda w, i: local(w, **{f"p{i % 9}": 1}),
    "pures": lambda w, i: named("x", w >> pure(it + 1)),
    "everything": lambda w, i: fallback(b >> timeout(w, seconds(i + 1)), par(a)),
}


@sizes(deep=10_000)
@pytest.mark.parametrize("nesting", NESTINGS)
def test_normal_forms_are_found_at_any_depth(nesting: str, size: int) -> None:
    n = 2_000 if nesting in ("retry", "branch", "pures", "everything") else size
    deep: Workflow[Any, Any] = a
    for i in range(n):
        deep = NESTINGS[nesting](deep, i)
    made = normal_form(deep)
    assert normal_form(made) == made


@sizes()
def test_many_wrappers_and_ten_times_as_many_steps(size: int) -> None:
    deep: Workflow[Any, Any] = a
    for i in range(size // 2):
        deep = named("x", timeout(b >> deep, seconds(size - i)))
    assert normal_form(deep) == normal_form(normal_form(deep))
    long: Workflow[Any, Any] = Seq(pvector([a] * 10 * size))
    assert normal_form(long) is long


def test_shared_parts_are_normalised_once() -> None:
    shared: Workflow[Any, Any] = named("x", a)
    for _ in range(100):
        shared = par(named("x", shared), shared) >> pure(is_odd)
    made = normal_form(shared)
    assert normal_form(made) == made


def test_a_chain_too_long_to_write_down_keeps_its_grouping(monkeypatch: Any) -> None:
    monkeypatch.setattr(normal, "MAX_PARTS", 1_000)
    doubled: Workflow[Any, Any] = a >> b
    for _ in range(60):
        doubled = named("x", doubled) >> named("y", doubled)  # 2**61 tasks
    made = normal_form(doubled)
    assert normal_form(made) == made


def test_chains_are_put_together_within_a_budget_and_each_of_them_once() -> None:
    forms = NormalForms(5)
    assert forms.of_part(a >> b) == forms.of_part(a >> b) == a >> b  # which costs 2
    assert forms.of_part(par(a >> b, named("x", c))) == par(a >> b, c)
    assert forms.of_part(b >> c >> a) == b >> c >> a
    assert forms.of_part(b >> a) is None
    assert forms.of(b >> a) == b >> a


# What happens is the same


def ran(w: Workflow[Any, Any], value: int, scenario: Any, params: Any) -> tuple[Any, ...]:
    found = dry_run(w, value, scenario=draw.known_to(w, scenario), params=draw.taken_by(w, params))
    return found.end, erased.result(found.result), erased.trace(found.trace, timed=True)


def respelt(found: Any) -> Any:
    """Without the wording of defects, which quote the expression as written."""
    if isinstance(found, tuple):
        defect = found[:2] == ("PredicateDefect", "Defect")
        return ("PredicateDefect",) if defect else tuple(map(respelt, found))
    return found


@settings(DEEP, max_examples=examples(300))
@given(st.data(), draw.workflows(max_leaves=6, without=["jitter"]), draw.numbers(), draw.params())
def test_a_normal_form_does_the_same(
    data: st.DataObject, w: Workflow[Any, Any], value: int, params: dict[str, object]
) -> None:
    scenario = data.draw(draw.scenarios(w))
    before = respelt(ran(w, value, scenario, params))
    assert respelt(ran(normal_form(w), value, scenario, params)) == before


CONSTANTS = st.dictionaries(st.sampled_from("kmn"), st.integers(0, 1), max_size=2)
TOTAL = st.sampled_from([it, param("k"), param("m"), pick(it, param("n")), literal(1)])
BOUND = st.dictionaries(st.sampled_from("kmn"), TOTAL | st.just(it.x), min_size=1, max_size=2)
NEVER_READ = st.sampled_from([it, it.x, literal(2)])


@st.composite
def layers(drawn: st.DrawFn) -> Workflow[Any, Any]:
    """Bindings right inside of each other."""
    asks = pure(pick(param("k").or_else(9), param("m").or_else(9), param("n").or_else(9)))
    made: Workflow[Any, Any] = drawn(st.sampled_from([asks, a >> asks, c >> asks >> fail("Z")]))
    for bound in drawn(st.lists(CONSTANTS | BOUND, max_size=4)):
        made = local(made, **bound)
    return made


@settings(DEEP, max_examples=examples(500))
@given(layers(), CONSTANTS, st.sampled_from("kmn"), TOTAL, NEVER_READ)
def test_bindings_are_put_together_in_any_order(
    w: Workflow[Any, Any], given: dict[str, object], name: str, total: It, apart: It
) -> None:
    one, other = {**given, name: apart}, {name: total, **given}
    assert normal_form(local(local(w, **{name: apart}), **given)) == normal_form(local(w, **one))
    assert normal_form(local(local(w, **given), **{name: total})) == normal_form(local(w, **other))


@settings(DEEP, max_examples=examples(500))
@given(layers(), st.sampled_from([1, {"x": 3}]))
def test_bindings_that_are_put_together_mean_the_same(w: Workflow[Any, Any], value: Any) -> None:
    params = {"k": 5, "m": 6, "n": 7}
    before = respelt(ran(w, value, Scenario(), params))
    made = normal_form(w)
    assert respelt(ran(made, value, Scenario(), params)) == before
    assert normal_form(made) == made


FUNCTIONS = st.one_of(
    st.sampled_from(
        [it.x, it[0], it.x.or_else(1), it + 1, it.present(), P, pick(it, it), it == it]
    ),
    samples.expressions,
)


@settings(DEEP, max_examples=examples(500))
@given(
    st.lists(FUNCTIONS, min_size=1, max_size=4),
    st.sampled_from([None, 1, True, "x", {"x": 1}, {"x": {"x": None}}, [1, 2], (True, "a")]),
    st.booleans(),
)
def test_pures_in_a_row_give_the_same_value_or_a_defect(
    functions: list[It], value: Any, flag: bool
) -> None:
    try:
        w = seq(*(pure(each) for each in functions))
    except TypeError:  # a field that a constant is known not to have is refused when it is built
        reject()
    params = {"flag": flag, "amount": 3, "n": value, "day": date(2026, 7, 15)}
    sides = [
        dry_run(side, value, params=draw.taken_by(side, params)).result
        for side in (w, normal_form(w))
    ]
    one, other = (respelt(erased.result(side)) for side in sides)
    assert repr(other) == repr(one)


@settings(DEEP, max_examples=examples(200))
@given(samples.workflows)
def test_a_normal_form_is_its_own(w: Workflow[Any, Any]) -> None:
    made = normal_form(w)
    assert normal_form(made) == made
    assert normal_id(w) == normal_id(made) == definition_id(made)
