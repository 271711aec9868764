from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from fwf import (
    Fault,
    Pages,
    Workflow,
    always,
    as_pages,
    bracket,
    branch,
    const,
    delay,
    dry_run,
    fail,
    fallback,
    identity,
    it,
    join,
    keep_input,
    named,
    on_failure,
    optional,
    paginate,
    par,
    param,
    pick,
    poll,
    pure,
    recover,
    recursive,
    retry,
    run,
    seconds,
    switch,
    task,
    timeout,
    when,
    with_params,
)
from fwf.algebra.nodes import LoopUntil
from fwf.algebra.traverse import desugared, walk
from fwf.analysis.identity import normal_id
from fwf.arrows import dup, first, fst, second, snd, split, swap
from fwf.faults import Then
from tests.samples import (
    Colour,
    Level,
    Mood,
    anything,
    enrich,
    is_big,
    namespace,
    orders,
    ping,
    to_int,
    to_text,
    visits,
)


@task
def page(cursor):
    return {"items": [cursor], "next": None}


def mean_the_same(one: Workflow[Any, Any], other: Workflow[Any, Any]) -> bool:
    """One normal form, though they are written in other words."""
    return one != other and normal_id(one) == normal_id(other)


def test_derived_combinators_mean_others_and_print_as_they_were_written() -> None:
    for made, meaning, text in [
        (when(it > 9, it - 1), branch(it > 9, then=pure(it - 1), otherwise=identity),
         "when(it > 9, pure(it - 1))"),
        (recover(to_int, 0), fallback(to_int, const(0)), "recover(to_int, 0)"),
        (recover(to_int, 0, on=ValueError), fallback(to_int, const(0), on="ValueError"),
         "recover(to_int, 0, on='ValueError')"),
        (optional(to_int), fallback(to_int, const(None)), "optional(to_int)"),
        (keep_input(to_int), par(identity, to_int), "keep_input(to_int)"),
        (bracket(anything, anything, ping), par(identity, anything) >> always(anything, then=ping),
         "bracket(anything, anything, ping)"),
    ]:  # fmt: skip
        assert mean_the_same(made, meaning) and repr(made) == text
        assert eval(text, namespace()) == made


def test_switch_is_nested_branches_in_the_order_of_the_cases() -> None:
    made = switch(it.kind, {"a": const(1), "b": const(2)}, otherwise=const(0))
    inner = branch(it.kind == "b", then=const(2), otherwise=const(0))
    assert mean_the_same(made, branch(it.kind == "a", then=const(1), otherwise=inner))
    assert switch(it.kind, {}, otherwise=ping) is ping
    named_one = switch(is_big, {True: ping}, otherwise=ping)
    assert repr(named_one) == "switch(is_big, {True: ping}, otherwise=ping)"
    decided = switch(anything, {"a": ping}, otherwise=to_text)
    assert repr(decided) == "switch(anything, {'a': ping}, otherwise=to_text)"
    kept = branch(it[1] == "a", then=pick(0) >> ping, otherwise=pick(0) >> to_text)
    assert mean_the_same(decided, par(identity, anything) >> kept)


def test_cases_may_be_expressions() -> None:
    made = switch(it.kind, {"a": it.x}, otherwise=it.y)
    assert mean_the_same(made, branch(it.kind == "a", then=pure(it.x), otherwise=pure(it.y)))
    assert isinstance(switch(anything, {"a": it.x}, otherwise=it.y), Workflow)


CASES: list[list[Any]] = [
    [1, 2.5, Decimal(3), Level.LOW],
    ["a", "b", Mood.CALM],
    [True, False],
    [None, "a"],
    [None, 1],
    [Colour.RED, Colour.GREEN],
    [date(2026, 7, 15), date(2026, 7, 16)],
    [(1, "a"), (2, "b")],
]


@pytest.mark.parametrize("cases", CASES, ids=repr)
def test_every_case_of_a_switch_can_be_reached(cases: list[Any]) -> None:
    made = switch(it, {case: const(str(case)) for case in cases}, otherwise=const("other"))
    for case in cases:
        assert run(made, case).unwrap() == str(case) == dry_run(made, case).result.unwrap()


def test_join_puts_inputs_in_the_order_of_the_signature() -> None:
    made = join(enrich, visits=visits, orders=orders)
    assert mean_the_same(made, par(orders, visits) >> enrich)
    assert repr(made) == "join(enrich, orders=orders, visits=visits)"
    assert join(to_text, n=to_int) == to_int >> to_text


@pytest.mark.parametrize(
    ("misuse", "said"),
    [
        (
            lambda: join(enrich, orders=orders),
            r"join\(enrich, …\): its input 'visits' is missing; it t",
        ),
        (
            lambda: join(enrich, orders=orders, visit=visits),
            r"join\(enrich, visit=…\): it has no input 'visit'; did you mean 'visits'",
        ),
        (lambda: join(ping), r"join\(ping, …\): it takes no input"),
        (
            lambda: join(retry(enrich, attempts=2), a=ping),
            "needs a task first, whose inputs have n",
        ),
        (lambda: join(enrich, orders=visits, visits=orders), r"gives tuple\[Visits, Orders\], but"),
        (
            lambda: switch(it.a, [ping], otherwise=ping),
            r"switch\(…, \[ping\]\): needs a dictionary of",
        ),
        (
            lambda: switch(it.a, {1: 3}, otherwise=ping),
            r"switch\(…, \{1: …\}\): 3 is not a workflow",
        ),
        (
            lambda: switch(it.a, {1: ping, "a": ping}, otherwise=ping),
            r"switch\(…, \{1: …, 'a': …\}\): no selector can be compared with both, so",
        ),
        (
            lambda: switch(anything, {None: ping, "a": ping, True: ping}, otherwise=ping),
            r"switch\(…, \{'a': …, True: …\}\): no selector can be compared with both",
        ),
        (
            lambda: switch(is_big, {Colour.RED: ping, Level.LOW: ping}, otherwise=ping),
            "no selector can be compared with both",
        ),
        (lambda: switch(it.a, {Colour.RED: 3}, otherwise=ping), r"{Colour\.RED: …}\): 3 is not a"),
        (lambda: switch(it.a, {10**5000: 3}, otherwise=ping), "3 is not a workflow"),
        (lambda: switch(it.a, {}, otherwise=3), r"switch\(otherwise=…\): 3 is not a workflow"),
        (lambda: switch(lambda x: x, {}, otherwise=ping), "a lambda has no name"),
        (lambda: poll(to_text, it, every=5, limit=3), r"poll\(every=…\): 5 is not a duration"),
        (
            lambda: poll(to_text, it, every=seconds(5), limit=0),
            r"poll\(limit=0\): needs at least 1 round",
        ),
        (lambda: paginate(page, limit=0), r"paginate\(limit=0\): needs at least 1 page"),
        (
            lambda: paginate(page, limit=1, on_error="skip"),
            r"paginate\(on_error=…\): 'skip' is none of",
        ),
        (lambda: paginate(3, limit=1), "paginate: 3 is not a workflow"),
        (
            lambda: recursive(lambda again: again >> ping, limit=3),
            "recursive: `again` stands at again, w",
        ),
        (
            lambda: recursive(lambda again: retry(again, attempts=2), limit=3),
            "`again` stands at again",
        ),
        (
            lambda: recursive(lambda again: par(again, ping), limit=3),
            "`again` stands at par > again",
        ),
        (lambda: recursive(lambda again: 3, limit=3), "recursive: 3 is not a workflow"),
        (
            lambda: recursive(3, limit=3),
            r"recursive\(3, …\): needs a function that is given the wor",
        ),
        (lambda: recursive(ping, limit=3), r"recursive\(ping, …\): needs a function that is given"),
        (lambda: recursive([ping], limit=3), r"recursive\(\[ping\], …\): needs a function that is"),
        (lambda: recursive(lambda again: again, limit=0), r"limit=0\): needs at least 1 round"),
    ],
)
def test_misuse_is_refused_with_the_remedy(misuse: Any, said: str) -> None:
    with pytest.raises((TypeError, ValueError), match=said):
        misuse()


def test_recursion_in_tail_position_is_a_loop() -> None:
    made = recursive(
        lambda again: named(
            "round",
            branch(
                it > 3,
                then=to_text,
                otherwise=with_params(it + param("n", int) >> to_text >> to_int, n=1) >> again,
            ),
        ),
        limit=9,
    )
    assert eval(repr(made), namespace()) == made
    loops = [here.node for here in walk(made) if isinstance(here.node, LoopUntil)]
    assert [loop.limit for loop in loops] == [9]


def test_polling_waits_between_questions_and_asks_from_the_same_input() -> None:
    made = poll(to_int, it > 3, every=seconds(5), limit=4)
    assert repr(made) == "poll(to_int, it > 3, every=seconds(5), limit=4)"
    assert repr(desugared(made)) == (
        "(pure(pick(it, literal(None), literal(False))) >> loop_until((branch(it[2], "
        "then=delay(seconds(5)), otherwise=identity) >> par(it[0], (pure(it[0]) >> to_int), "
        "const(True))), it[1] > 3, limit=4) >> it[1])"
    )
    decided = poll(to_int, anything, every=seconds(5), limit=4, within=seconds(9), on_limit="stop")
    assert eval(repr(decided), namespace()) == decided
    by_function = poll(to_int, is_big, every=seconds(5), limit=4)
    assert "apply(is_big, it[1])" in repr(desugared(by_function))


def test_pages_say_whether_they_are_complete() -> None:
    assert as_pages((None, [1, 2], 2, True, True)) == Pages([1, 2], None, 2, True)
    assert as_pages(("c", [1], 1, True, False)) == Pages([1], "c", 1, False)
    for on_error in ("fail", "stop"):
        made: Any = paginate(timeout(page, seconds(1)), limit=9, on_limit="stop", on_error=on_error)
        assert eval(repr(made), {**namespace(), "page": page}) == made


def test_arrows_are_plumbing_over_pairs() -> None:
    assert fst == pure(pick(0)) and snd == pure(pick(1))
    assert repr(dup) == "pure(pick(it, it))" and repr(swap) == "pure(pick(it[1], it[0]))"
    assert first(to_text) == par(fst >> to_text, snd) and second(to_text) == par(
        fst, snd >> to_text
    )
    assert split(to_text, to_int) == par(fst >> to_text, snd >> to_int)


@task(effect="read")
def moody_page(cursor: int | None) -> dict[str, Any]:
    at = cursor or 0
    if at == 2:
        raise ConnectionError("the vendor is down")
    return {"items": [at], "next": at + 1 if at < 3 else None}


@pytest.mark.parametrize(
    ("stops", "on"), [(True, ()), (True, ConnectionError), (False, ValueError)]
)
def test_pages_that_were_read_before_a_failure_are_kept_and_said_to_be_incomplete(
    stops: bool, on: Any
) -> None:
    w = paginate(moody_page, limit=9, on_error="stop", on=on)
    if stops:
        assert run(w).unwrap() == ([0, 1], 2, 2, False)
    else:
        assert "ConnectionError" in run(w).failure().tags


def test_a_bound_keeps_the_pages_that_were_read_and_a_failure_loses_them() -> None:
    assert run(paginate(moody_page, limit=2, on_limit="stop")).unwrap() == ([0, 1], 2, 2, False)
    assert run(paginate(moody_page, limit=2)).failure().tags == ("Exhausted",)
    assert "ConnectionError" in run(paginate(moody_page, limit=9)).failure().tags


@task(effect="read")
def late(day: str) -> int:
    raise KeyError(day)


told: list[tuple[str, str, str]] = []


@task
def alert(day: str, fault: Fault) -> None:
    told.append((day, fault.tags[0], fault.message))


def test_what_fails_is_told_to_another_with_its_input_and_stays_failed() -> None:
    told.clear()
    fault = run(on_failure(late, then=alert), "15").failure()
    assert fault.tags[0] == "KeyError" and told == [("15", "KeyError", "'15'")]
    assert run(on_failure(to_int, then=alert), "3").unwrap() == 3 and len(told) == 1


def test_a_failure_of_who_is_told_comes_behind_the_first_one() -> None:
    fault = run(on_failure(late, then=fail("MailDown")), "15").failure()
    assert isinstance(fault, Then)
    assert [each.tags[0] for each in fault.causes] == ["KeyError", "MailDown"]


def test_what_cuts_the_part_tells_nobody_and_a_deadline_reaches_who_is_told() -> None:
    slow = timeout(on_failure(delay(seconds(3)), then=fail("Told")), seconds(1))
    assert dry_run(slow).result.failure().tags[0] == "Timeout"
    waits = timeout(on_failure(fail("Late"), then=delay(seconds(3))), seconds(1))
    assert dry_run(waits).result.failure().tags[0] == "Timeout" and dry_run(waits).end == 1_000_000
