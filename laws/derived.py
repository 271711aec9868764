"""Laws of the words that stand for compositions: each is what it stands for."""

from __future__ import annotations

from typing import Any

from fwf.algebra.builder import It, expr_of, it, pick
from fwf.algebra.expr import substitute
from fwf.algebra.workflow import AnyWorkflow
from fwf.combinators import always, branch, const, delay, fail, fallback, identity, par, pure
from fwf.derived import (
    bracket,
    cached,
    join,
    keep_input,
    optional,
    paginate,
    poll,
    recover,
    recursive,
    switch,
    when,
)
from fwf.testing import sample_tasks
from fwf.testing.generated_pieces import local

from .law import AnyTest, Bindings, Count, Duration, Filter, Flow, Reading, Sides, Tag, law

PAGE = "architecture, The algebra"
_TOTAL: Any = pure(sample_tasks.total)


@law("when(p, w) = branch(p, w, identity)", "S", PAGE)
def when_is_a_branch(p: AnyTest, w: Flow) -> Sides:
    """Where the predicate doesn't hold, the input passes."""
    return when(p, w), branch(p, then=w, otherwise=identity)


@law("switch(it, {1: a, 2: b}, c) = branch(it == 1, a, branch(it == 2, b, c))", "S", PAGE)
def switch_is_branches(a: Flow, b: Flow, c: Flow) -> Sides:
    """The cases are tried in their order."""
    rest = branch(it == 2, then=b, otherwise=c)
    return switch(it, {1: a, 2: b}, otherwise=c), branch(it == 1, then=a, otherwise=rest)


@law("branch(q, a, b) = keep_input(q) >> branch(it[1], it[0] >> a, it[0] >> b)", "S", PAGE)
def a_workflow_decides(q: Flow, a: Flow, b: Flow) -> Sides:
    """A workflow that decides is run first, and the arms are given what it was given."""
    decides: Any = q >> pure(sample_tasks.is_odd)
    choice = branch(it[1], then=pick(0) >> a, otherwise=pick(0) >> b)
    return branch(decides, then=a, otherwise=b), keep_input(decides) >> choice


@law("keep_input(w) = par(identity, w)", "S", PAGE)
def keep_input_is_par(w: Flow) -> Sides:
    """The input beside the result."""
    return keep_input(w) >> _TOTAL, par(identity, w) >> _TOTAL


@law("join(task, left=a, right=b) = par(a, b) >> task", "S", PAGE)
def join_is_par(a: Flow, b: Flow) -> Sides:
    """In the order of the signature, however they are given."""
    return join(sample_tasks.add, right=b, left=a), par(a, b) >> sample_tasks.add


@law("recover(w, v, on=e) = fallback(w, const(v), on=e)", "S", PAGE)
def recover_is_a_fallback(w: Flow, on: Filter) -> Sides:
    """A plain value instead, after a matching failure."""
    return recover(w, 2, on=on), fallback(w, const(2), on=on)


@law("optional(w) = recover(w, None)", "S", PAGE)
def optional_is_recover(w: Flow) -> Sides:
    """None is a value like others."""
    number: Any = pure(sample_tasks.number)
    return optional(w) >> number, recover(w, None) >> number


@law("bracket(a, u, r) = keep_input(a) >> always(u, r)", "S", "semantics §1")
def bracket_is_always(a: Flow, u: Flow, r: Flow) -> Sides:
    """What was acquired is released, however use ended; if it wasn't, nothing is."""
    use, release = _TOTAL >> u, _TOTAL >> r
    return bracket(a, use, release), keep_input(a) >> always(use, then=release)


@law("cached(w) = w, where no result is known", "O", PAGE)
def nothing_known_is_no_change(w: Reading) -> Sides:
    """A run that is in no journal finds nothing, and keeps nothing."""
    return cached(w), w


@law("cached(cached(w)) = cached(w)", "O", PAGE)
def cached_twice(w: Reading) -> Sides:
    """What is cached only reads, and may be cached again."""
    return cached(cached(w)), cached(w)


@law("with_params(cached(w), β) = cached(with_params(w, β))", "O", PAGE)
def bindings_of_what_is_cached(w: Reading, given: Bindings) -> Sides:
    """The values of parameters are looked up, wherever they are bound."""
    return local(cached(w), **given), cached(local(w, **given))


@law(
    "s.moved_by(w, to=e) = par(e, w) >> par(it[0] >> s.move, it[1]) >> it[1]",
    "S",
    PAGE,
)
def moved_by_is_a_load_and_then_a_move(w: Flow) -> Sides:
    """The mark moves when the load is done, to what its input says; the load's result is given."""
    loaded: Any = par(pure(it), w)
    both: Any = par(pick(0) >> sample_tasks.seen.move, pure(pick(1)))
    return sample_tasks.seen.moved_by(w, to=it), loaded >> both >> pure(pick(1))


@law("s.moved_by(fail(t), to=e) = fail(t)", "D", PAGE)
def what_fails_moves_nothing(t: Tag) -> Sides:
    """The mark of a load that failed stays where it is."""
    failing: Any = fail(t)
    return sample_tasks.seen.moved_by(failing, to=it), failing


@law("poll(w, p, d, 1) = w >> branch(p, identity, fail(Exhausted))", "D", PAGE)
def asked_once(w: Flow, p: AnyTest, d: Duration) -> Sides:
    """There is no wait before the first question. †"""
    once = w >> branch(p, then=identity, otherwise=fail("Exhausted"))
    return poll(w, p, every=d, limit=1), once


@law(
    "poll(w, p, d, n + 1) = keep_input(w) >> branch(p on it[1], it[1], it[0] >> delay(d) >> "
    "poll(w, p, d, n))",
    "D",
    PAGE,
)
def asked_again(w: Flow, p: AnyTest, d: Duration, n: Count) -> Sides:
    """A question, and then maybe the others, from the same input."""
    rest: Any = pick(0) >> delay(d) >> poll(w, p, every=d, limit=n)
    answer: Any = pure(it[1])
    decided: Any = branch(_at_answer(p), then=answer, otherwise=rest)
    return poll(w, p, every=d, limit=n + 1), keep_input(w) >> decided


@law("paginate(page, n) of a page without a next one is that page", "D", PAGE)
def one_page(w: Flow, n: Count) -> Sides:
    """The first page is asked for with None, and its items are the result. †"""
    fetch: Any = pure(sample_tasks.number) >> w >> pure(sample_tasks.last_page)
    pages: Any = pure(sample_tasks.total_of_pages)
    first: AnyWorkflow = const(None) >> fetch >> pure(sample_tasks.total_of_page)
    return paginate(fetch, limit=n) >> pages, first


@law(
    "recursive(again: branch(p, a, b >> again), 1) = branch(p, a, b >> fail(Exhausted))", "D", PAGE
)
def started_once(p: AnyTest, a: Flow, b: Flow) -> Sides:
    """Starting again once too often fails. †"""
    left = branch(p, then=a, otherwise=b >> fail("Exhausted"))
    return _recursive(p, a, b, 1), left


@law("recursive(…, n + 1) = its body, with recursive(…, n) in place of again", "D", PAGE)
def started_again(p: AnyTest, a: Flow, b: Flow, n: Count) -> Sides:
    """Elgot iteration, written as recursion."""
    rest = _recursive(p, a, b, n)
    return _recursive(p, a, b, n + 1), branch(p, then=a, otherwise=b >> rest)


def _recursive(p: It, a: Flow, b: Flow, n: int) -> Flow:
    def build(again: Flow) -> Flow:
        return branch(p, then=a, otherwise=b >> again)

    return recursive(build, limit=n)


def _at_answer(p: It) -> It:
    return It(substitute(expr_of(p), expr_of(it[1])))
