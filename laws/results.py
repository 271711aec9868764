"""Laws of `as_result` and `from_result`: faults as data, and what expressions ask of them."""

from __future__ import annotations

from typing import Any

from returns.result import Failure, Success

from fwf.algebra.builder import it, pick
from fwf.algebra.questions import failed, fault_of, text, value_of
from fwf.combinators import (
    always,
    as_result,
    branch,
    const,
    delay,
    fail,
    fallback,
    from_result,
    identity,
    map_each,
    pure,
    timeout,
)
from fwf.derived import keep_input, on_failure
from fwf.faults import Failed
from fwf.testing import sample_tasks

from .law import Filter, Flow, Function, OtherTag, Sides, Some, Tag, Test, law

PAGE = "semantics §8"
SUCCESS: Any = pure(sample_tasks.success)


@law("as_result(pure(f)) = pure(f) >> success", "D", PAGE)
def of_a_pure_function(f: Function) -> Sides:
    """What goes well is a success. †"""
    return as_result(pure(f)), pure(f) >> SUCCESS


@law("as_result(fail(z)) = const(Failure(z))", "D", PAGE)
def of_a_failure(z: Tag) -> Sides:
    """What fails is a failure, with the cause as it is. †"""
    return as_result(fail(z, "why")), const(Failure(Failed("", (z,), "why")))


@law("as_result(w) >> from_result = w", "D", PAGE)
def there_and_back(w: Flow) -> Sides:
    """A fault that becomes data and a fault again is the same fault. †"""
    return as_result(w) >> from_result, w


@law("const(Success(n)) >> from_result = const(n)", "D", PAGE)
def of_a_success() -> Sides:
    """The value of a success comes out. †"""
    return const(Success(1)) >> from_result, const(1)


@law("fallback(alone >> from_result, w, on=BadInput) = w", "D", PAGE)
def of_what_is_no_result(w: Flow) -> Sides:
    """What is no result is bad input. †"""
    alone: Any = pure(sample_tasks.alone)
    content: Any = alone >> from_result
    return fallback(content, w, on="BadInput"), w


@law("as_result(as_result(w)) = as_result(w) >> success", "D", PAGE)
def twice(w: Flow) -> Sides:
    """It never fails, so that doing it again says so. †"""
    return as_result(as_result(w)), as_result(w) >> SUCCESS


@law("timeout(as_result(delay(2d)), d) = delay(d) >> fail(Timeout)", "D", PAGE)
def a_cut_stays_cut(d: Some) -> Sides:
    """What a deadline around it cuts is no failure of its own. †"""
    return timeout(as_result(delay(2 * d)), d), delay(d) >> fail("Timeout")


@law("pure(f) >> as_result(w) = as_result(pure(f) >> w)", "D", PAGE)
def pure_before(f: Function, w: Flow) -> Sides:
    """A pure function before may be done within."""
    return pure(f) >> as_result(w), as_result(pure(f) >> w)


@law("as_result(a >> b) = as_result(a) >> branch(failed, identity, as_result(b))", "D", PAGE)
def over_seq(a: Flow, b: Flow) -> Sides:
    """The second is skipped when the first has failed."""
    rest: Any = branch(failed(it), then=identity, otherwise=pure(value_of(it)) >> as_result(b))
    return as_result(a >> b), as_result(a) >> rest


@law("as_result(branch(p, a, b)) = branch(p, as_result(a), as_result(b))", "D", PAGE)
def over_branch(p: Test, a: Flow, b: Flow) -> Sides:
    """It goes into the arms of a total predicate."""
    left = as_result(branch(p, then=a, otherwise=b))
    return left, branch(p, then=as_result(a), otherwise=as_result(b))


@law("fallback(a, b) = keep_input(as_result(a)) >> branch(failed, input >> b, value)", "D", PAGE)
def as_a_fallback(a: Flow, b: Flow) -> Sides:
    """A fallback is a branch on the result, so its handler can have the fault as well. †"""
    attempt: Any = keep_input(as_result(a))
    handled: Any = branch(failed(it[1]), then=pure(it[0]) >> b, otherwise=pure(value_of(it[1])))
    return fallback(a, b), attempt >> handled


@law(
    "fallback(a, b, on=f) = keep_input(as_result(a)) >> branch(failed(on=f), input >> b, result)",
    "D",
    PAGE,
)
def as_a_fallback_with_a_filter(a: Flow, b: Flow, on: Filter) -> Sides:
    """What `failed` is asked for is what `fallback` catches. †"""
    attempt: Any = keep_input(as_result(a))
    content: Any = pick(1) >> from_result
    handled: Any = branch(failed(it[1], on=on), then=pure(it[0]) >> b, otherwise=content)
    return fallback(a, b, on=on), attempt >> handled


@law("map_each(w, collect) = map_each(as_result(w))", "D", PAGE, on="list")
def collecting(w: Flow) -> Sides:
    """To collect is to map to results. †"""
    return map_each(w, on_error="collect"), map_each(as_result(w))


@law("as_result(fail(z)) >> failed(on=y) = const(False)", "D", PAGE)
def another_failure(z: Tag, y: OtherTag) -> Sides:
    """A failure that the filter doesn't name isn't asked for. †"""
    return as_result(fail(z)) >> pure(failed(it, on=y)), const(False)


@law("as_result(fail(z, m)) >> pick(tag, message) = const((z, m))", "D", PAGE)
def what_a_fault_says(z: Tag) -> Sides:
    """A fault's tags and message can be read. †"""
    facts = pick(fault_of(it).tags[0], fault_of(it).message)
    return as_result(fail(z, "why")) >> pure(facts), const((z, "why"))


# Texts


@law("pure(f) >> fail(z, text({}, it)) = fail(z, text({}, f))", "D", PAGE)
def what_data_it_met(f: Function, z: Tag) -> Sides:
    """A failure's message is made at the place, of what has come there. †"""
    return pure(f) >> fail(z, text("{} rows", it)), fail(z, text("{} rows", f))


@law("const(n) >> fail(z, text({}, it)) = fail(z, n)", "D", PAGE)
def said_plainly(z: Tag) -> Sides:
    """A number is told as it is written. †"""
    return const(7) >> fail(z, text("{} of {{}}", it)), fail(z, "7 of {}")


@law("fallback(fail(z, text({}, missing)), w, on=PredicateDefect) = w", "D", PAGE)
def nothing_to_say(z: Tag, w: Flow) -> Sides:
    """A message without a value is a defect, not the declared error. †"""
    return fallback(fail(z, text("{}", it.missing)), w, on="PredicateDefect"), w


# on_failure


@law("on_failure(w, pure(f)) = w", "D", PAGE)
def told_in_vain(w: Flow, f: Function) -> Sides:
    """A handler that does nothing changes nothing. †"""
    return on_failure(w, then=pure(pick(0)) >> pure(f)), w


@law("on_failure(w, h) = w, if it succeeds", "D", PAGE, "left succeeds")
def nothing_to_tell(w: Flow, h: Flow) -> Sides:
    """What goes well is not told."""
    return on_failure(w, then=pure(pick(0)) >> h), w


@law("on_failure(fail(z), h) = as_result(h) >> always(fail(z), from_result)", "D", PAGE)
def the_first_fault_first(z: Tag, h: Flow) -> Sides:
    """The handler is given the input; its fault comes behind the first one. †"""
    left = on_failure(fail(z), then=pure(pick(0)) >> h)
    return left, as_result(h) >> always(fail(z), then=from_result)


@law("on_failure(fail(z), fail(y, fault)) = always(fail(z), fail(y, z))", "D", PAGE)
def the_fault_is_told(z: Tag) -> Sides:
    """The handler is given the fault. †"""
    echo = fail("Told", text("{}: {}", it[1].tags[0], it[1].message))
    left = on_failure(fail(z, "why"), then=echo)
    return left, always(fail(z, "why"), then=fail("Told", f"{z}: why"))
