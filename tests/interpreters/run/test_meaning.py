"""Every node means what semantics.md says, in virtual time: outcome, trace and end."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from returns.result import Failure, Success

from fwf import (
    RetryAfter,
    always,
    backoff,
    bracket,
    branch,
    const,
    delay,
    delays,
    fail,
    fallback,
    graph,
    identity,
    in_pool,
    it,
    keep_input,
    loop_until,
    map_each,
    named,
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
    seq,
    switch,
    task,
    timeout,
    when,
    with_params,
)
from fwf.algebra.nodes import Graph, Step
from fwf.faults import BadInput, Both, Failed, Interrupted, PredicateDefect, Then, TimedOut
from fwf.interpreters.run import run
from fwf.testing.generated_pieces import local, renaming
from fwf.worlds.trace import events
from tests.interpreters.run.support import (
    bad,
    doing,
    flaky,
    go,
    log,
    now,
    sleep,
    told,
    us,
    work,
    written,
)
from tests.samples import Twice

a, b, c = work("a", 2), work("b", 3), work("c", 5)
f, g = bad("F", 1), bad("G", 1)


@task(effect="pure")
def add(left: int, right: int) -> int:
    return left + right


@task(effect="pure")
def nothing() -> str:
    return "nothing"


def even(n: int) -> bool:
    return n % 2 == 0


def broken(n: int) -> bool:
    raise ValueError("broken")


Row = tuple[str, Any, str, str]

BASICS: list[Row] = [
    ("identity gives its input and takes no time", identity, "Ok 0 at 0", ""),
    ("const gives its value", const([1]), "Ok [1] at 0", ""),
    ("pure gives its expression's value", pure(it + 1), "Ok 1 at 0", ""),
    ("fail fails with its tag and message", fail("T", "why"), "fail: T: why at 0", ""),
    ("delay passes time and keeps the value", delay(us(4)), "Ok 0 at 4", ""),
    ("a delay of nothing takes no time", delay(us(0)), "Ok 0 at 0", ""),
    ("a task takes its time", a, "Ok 0 at 2", "a 0-2"),
    ("a failed task is a failed run", f, "F: F at 1", "F! 0-1"),
    (
        "seq feeds one part's output to the next",
        a >> pure(it + 1) >> b,
        "Ok 1 at 5",
        "a 0-2; b 2-5",
    ),
    ("seq stops at the first failure", a >> f >> b, "F: F at 3", "a 0-2; F! 2-3"),
    ("an empty seq is identity", seq(), "Ok 0 at 0", ""),
    ("par runs all at once and gives a tuple", par(a, b), "Ok (0, 0) at 3", "(a 0-2 | b 0-3)"),
    ("an empty par gives the empty tuple", par(), "Ok () at 0", ""),
    ("par of one gives a tuple of one", par(a), "Ok (0,) at 2", "a 0-2"),
    ("par settles: all run to their end", par(f, b), "par > F: F at 3", "(F! 0-1 | b 0-3)"),
    (
        "par reports the faults of all",
        par(f, b, bad("H", 2)),
        "par > F: F; and par > H: H at 3",
        "(F! 0-1 | b 0-3 | H! 0-2)",
    ),
    ("par hands its tuple to a join", par(a, b) >> add, "Ok 0 at 3", "(a 0-2 | b 0-3); add 3-3"),
    (
        "a task without inputs ignores what comes in",
        a >> nothing,
        "Ok 'nothing' at 2",
        "a 0-2; nothing 2-2",
    ),
    (
        "branch takes the first arm when it holds",
        branch(it == 0, then=a, otherwise=b),
        "Ok 0 at 2",
        "a 0-2",
    ),
    (
        "branch takes the other arm when not",
        branch(it > 0, then=a, otherwise=b),
        "Ok 0 at 3",
        "b 0-3",
    ),
    ("branch takes a named function", branch(even, then=a, otherwise=b), "Ok 0 at 2", "a 0-2"),
    (
        "branch takes a workflow that decides",
        branch(a >> pure(it > 0), then=b, otherwise=const("no")),
        "Ok 'no' at 2",
        "a 0-2",
    ),
    (
        "a predicate that can't be evaluated is a defect",
        branch(it.x > 0, then=a, otherwise=b),
        "PredicateDefect: it is a int: it has no field 'x' at 0",
        "",
    ),
    (
        "a predicate that isn't true or false is a defect",
        branch(it + 1, then=a, otherwise=b),
        "PredicateDefect: it + 1 is a int, not True or False; compare it, or use .present() at 0",
        "",
    ),
    (
        "a predicate that raises is a defect",
        branch(broken, then=a, otherwise=b),
        "PredicateDefect: broken raised ValueError: broken at 0",
        "",
    ),
    (
        "an expression's defect names path and field",
        named("daily", a >> pure(it.total)),
        "daily > pure: PredicateDefect: it is a int: it has no field 'total' at 2",
        "a 0-2",
    ),
    ("named means its body", named("n", a), "Ok 0 at 2", "a 0-2"),
    ("limit means its body where the pool is unbounded", in_pool(a, "p"), "Ok 0 at 2", "a 0-2"),
    ("an extension means its desugaring", Twice(a), "Ok 0 at 4", "a 0-2; a 2-4"),
    ("with_params binds a parameter", with_params(param("n", int), n=3), "Ok 3 at 0", ""),
    (
        "the innermost with_params wins",
        with_params(par(param("n", int), with_params(param("n", int), n=4)), n=3),
        "Ok (3, 4) at 0",
        "",
    ),
    (
        "a binding ends with its part",
        with_params(seq(local(identity, n=4), param("n", int)), n=3),
        "Ok 3 at 0",
        "",
    ),
    ("keep_input gives input and result", keep_input(a >> const(1)), "Ok (0, 1) at 2", "a 0-2"),
    ("when runs where the predicate holds", when(it > 0, fail("X")), "Ok 0 at 0", ""),
    (
        "switch takes the case that equals",
        switch(it, {1: a, 0: b}, otherwise=c),
        "Ok 0 at 3",
        "b 0-3",
    ),
    ("recover gives a value for a failure", recover(f, 7), "Ok 7 at 1", "F! 0-1"),
    ("optional gives None for a failure", optional(f), "Ok None at 1", "F! 0-1"),
    (
        "bracket releases what was acquired when its use fails",
        bracket(a, f, b),
        "bracket > F: F at 6",
        "a 0-2; F! 2-3; b 3-6",
    ),
    (
        "recursive starts again as its last step",
        recursive(
            lambda again: branch(it > 2, then=identity, otherwise=a >> pure(it + 1) >> again),
            limit=9,
        ),
        "Ok 3 at 6",
        "a 0-2; a 2-4; a 4-6",
    ),
    (
        "poll asks again after its wait",
        poll(
            flakily := doing("ask", lambda x: (sleep(1), log.append(1), len(log))[2]),
            it > 2,
            every=us(10),
            limit=5,
        ),
        "Ok 3 at 23",
        "ask 0-1; ask 11-12; ask 22-23",
    ),
]

DEADLINES: list[Row] = [
    ("a timeout that isn't needed changes nothing", timeout(a, us(9)), "Ok 0 at 2", "a 0-2"),
    ("a deadline is inclusive", timeout(a, us(2)), "Ok 0 at 2", "a 0-2"),
    (
        "a deadline cuts what is under way",
        timeout(b, us(2)),
        f"b: {TimedOut('', us(2))} at 2",
        "b~ 0-2",
    ),
    (
        "work of no time is done at a deadline of none",
        timeout(work("z"), us(0)),
        "Ok 0 at 0",
        "z 0-0",
    ),
    (
        "work of some time is cut at a deadline of none",
        timeout(a, us(0)),
        f"a: {TimedOut('', us(0))} at 0",
        "a~ 0-0",
    ),
    (
        "a task that would start at the deadline is cut there",
        timeout(a >> b, us(2)),
        f"a: {TimedOut('', us(2))} at 2",
        "a 0-2; b~ 2-2",
    ),
    (
        "a task of no time starts at the deadline and ends there",
        timeout(a >> work("z"), us(2)),
        "Ok 0 at 2",
        "a 0-2; z 2-2",
    ),
    (
        "a delay is cut at the deadline",
        timeout(delay(us(3)), us(2)),
        f"delay: {TimedOut('', us(2))} at 2",
        "",
    ),
    ("a delay may end at the deadline", timeout(delay(us(2)), us(2)), "Ok 0 at 2", ""),
    ("pure work passes no deadline", timeout(a >> pure(it + 1), us(2)), "Ok 1 at 2", "a 0-2"),
    (
        "the deadline goes down to every part",
        timeout(par(a, b >> a, delay(us(9))), us(4)),
        f"par: {TimedOut('', us(4))} at 4",
        "(a 0-2 | b 0-3; a~ 3-4)",
    ),
    (
        "the nearer of nested deadlines strikes: the inner",
        timeout(timeout(c, us(2)), us(3)),
        f"c: {TimedOut('', us(2))} at 2",
        "c~ 0-2",
    ),
    (
        "the nearer of nested deadlines strikes: the outer",
        timeout(fallback(timeout(c, us(3)), a), us(2)),
        f"c: {TimedOut('', us(2))} at 2",
        "c~ 0-2",
    ),
    (
        "of equal deadlines the inner catches, and nothing of any length runs after it",
        timeout(fallback(timeout(c, us(2)), a), us(2)),
        f"c: {TimedOut('', us(2))} at 2",
        "c~ 0-2; a~ 2-2",
    ),
    (
        "of equal deadlines the inner catches, and a delay is cut by the outer",
        timeout(fallback(timeout(c, us(2)), delay(us(1))), us(2)),
        f"c: {TimedOut('', us(2))} at 2",
        "c~ 0-2",
    ),
    (
        "of equal deadlines the inner catches, and what takes no time runs after it",
        timeout(fallback(timeout(c, us(2)), work("z")), us(2)),
        "Ok 0 at 2",
        "c~ 0-2; z 2-2",
    ),
    (
        "a cut passes through a fallback",
        timeout(fallback(c, a), us(3)),
        f"c: {TimedOut('', us(3))} at 3",
        "c~ 0-3",
    ),
    (
        "a cut passes through a retry",
        timeout(retry(c, attempts=3), us(3)),
        f"c: {TimedOut('', us(3))} at 3",
        "c~ 0-3",
    ),
    (
        "a timeout is a failure to what is around it",
        fallback(timeout(c, us(3)), a),
        "Ok 0 at 5",
        "c~ 0-3; a 3-5",
    ),
    (
        "the delay between attempts is cut by a deadline",
        timeout(retry(f, attempts=3, wait=us(5)), us(3)),
        f"F: {TimedOut('', us(3))} at 3",
        "F! 0-1",
    ),
    (
        "a sibling's failure is lost when a deadline cuts par",
        timeout(par(f, c), us(3)),
        f"par: {TimedOut('', us(3))} at 3",
        "(F! 0-1 | c~ 0-3)",
    ),
    (
        "timeouts run side by side",
        par(timeout(c, us(1)), timeout(c, us(3)), timeout(c, us(5))),
        f"par > c: {TimedOut('', us(1))}; and par > c#2: {TimedOut('', us(3))} at 5",
        "(c~ 0-1 | c~ 0-3 | c 0-5)",
    ),
    (
        "a timeout further down starts when its part starts",
        a >> timeout(b, us(2)),
        f"b: {TimedOut('', us(2))} at 4",
        "a 0-2; b~ 2-4",
    ),
    (
        "an endless timeout is no timeout",
        timeout(a, timedelta.max),
        "Ok 0 at 2",
        "a 0-2",
    ),
]

FINALISERS: list[Row] = [
    ("a finaliser runs after success", always(a, then=b), "Ok 0 at 5", "a 0-2; b 2-5"),
    ("a finaliser runs after failure", always(f, then=b), "F: F at 4", "F! 0-1; b 1-4"),
    (
        "a finaliser gets the input",
        always(a >> const(9), then=doing("see", log.append)),
        "Ok 9 at 2",
        "a 0-2; see 2-2",
    ),
    (
        "a failing finaliser fails what succeeded",
        always(a, then=f),
        "always > F: F at 3",
        "a 0-2; F! 2-3",
    ),
    (
        "causes of body and finaliser combine",
        always(f, then=g),
        "F: F; then always > G: G at 2",
        "F! 0-1; G! 1-2",
    ),
    (
        "a finaliser runs after a cut, past the deadline",
        timeout(always(c, then=b), us(2)),
        f"c: {TimedOut('', us(2))} at 5",
        "c~ 0-2; b 2-5",
    ),
    (
        "a finaliser that passes the deadline of a success leaves it a success",
        timeout(always(a, then=c), us(3)),
        "Ok 0 at 7",
        "a 0-2; c 2-7",
    ),
    (
        "what follows a finaliser that passed the deadline doesn't start",
        timeout(always(a, then=c) >> b, us(3)),
        f"a: {TimedOut('', us(3))} at 7",
        "a 0-2; c 2-7",
    ),
    (
        "a delay after a finaliser that passed the deadline doesn't start",
        timeout(always(a, then=c) >> delay(us(1)), us(3)),
        f"a: {TimedOut('', us(3))} at 7",
        "a 0-2; c 2-7",
    ),
    (
        "a timeout whose finaliser fails is Then",
        timeout(always(c, then=f), us(2)),
        f"c: {TimedOut('', us(2))}; then always > F: F at 3",
        "c~ 0-2; F! 2-3",
    ),
    (
        "finalisers run from the inside out",
        timeout(always(always(c, then=a), then=b), us(2)),
        f"c: {TimedOut('', us(2))} at 7",
        "c~ 0-2; a 2-4; b 4-7",
    ),
    (
        "faults of all finalisers combine",
        timeout(always(always(c, then=f), then=g), us(2)),
        f"c: {TimedOut('', us(2))}; then always > F: F; then always#2 > G: G at 4",
        "c~ 0-2; F! 2-3; G! 3-4",
    ),
    (
        "a finaliser's own timeout holds",
        timeout(always(c, then=timeout(b, us(1))), us(2)),
        f"c: {TimedOut('', us(2))}; then always > b: {TimedOut('', us(1))} at 3",
        "c~ 0-2; b~ 2-3",
    ),
    (
        "a finaliser may run parts side by side",
        timeout(always(c, then=par(a, b)), us(1)),
        f"c: {TimedOut('', us(1))} at 4",
        "c~ 0-1; (a 1-3 | b 1-4)",
    ),
    (
        "a finaliser may retry, past the deadline",
        timeout(always(c, then=retry(flaky("x", 1, 1), attempts=2, wait=us(4))), us(2)),
        f"c: {TimedOut('', us(2))} at 8",
        "c~ 0-2; x! 2-3; x 7-8",
    ),
    (
        "finalisers side by side end when the last does",
        timeout(par(always(c, then=a), always(c, then=b)), us(1)),
        f"par: {TimedOut('', us(1))} at 4",
        "(c~ 0-1; a 1-3 | c~ 0-1; b 1-4)",
    ),
    (
        "faults of finalisers side by side are Both, after the timeout",
        timeout(par(always(c, then=f), always(c, then=g)), us(1)),
        f"par: {TimedOut('', us(1))}; then par > always > F: F; and par > always#2 > G: G at 2",
        "(c~ 0-1; F! 1-2 | c~ 0-1; G! 1-2)",
    ),
    (
        "the finaliser of a part that isn't reached doesn't run",
        f >> always(a, then=b),
        "F: F at 1",
        "F! 0-1",
    ),
]

FAIL_FAST: list[Row] = [
    (
        "the first failure cuts the others",
        par(c, f, b, fail_fast=True),
        "par > F: F at 1",
        "(c~ 0-1 | F! 0-1 | b~ 0-1)",
    ),
    (
        "failures at one instant are all reported",
        par(f, c, g, fail_fast=True),
        "par > F: F; and par > G: G at 1",
        "(F! 0-1 | c~ 0-1 | G! 0-1)",
    ),
    (
        "a failure that is over later, since its finaliser takes time, is not reported",
        par(f, always(g, then=b), fail_fast=True),
        "par > F: F at 4",
        "(F! 0-1 | G! 0-1; b 1-4)",
    ),
    (
        "what ends at the instant of the failure has ended",
        par(f, work("d", 1), fail_fast=True),
        "par > F: F at 1",
        "(F! 0-1 | d 0-1)",
    ),
    (
        "work of no time at that instant still counts",
        par(f, work("d", 1) >> work("z") >> work("z"), work("d", 1) >> bad("Z"), fail_fast=True),
        "par > F: F; and par > Z: Z at 1",
        "(F! 0-1 | d 0-1; z 1-1; z 1-1 | d 0-1; Z! 1-1)",
    ),
    (
        "work of some time that starts at that instant is cut there",
        par(f, work("d", 1) >> a, fail_fast=True),
        "par > F: F at 1",
        "(F! 0-1 | d 0-1; a~ 1-1)",
    ),
    (
        "an instant failure lets nothing of any length run",
        par(a, fail("X"), delay(us(3)) >> b, fail_fast=True),
        "par > fail: X at 0",
        "a~ 0-0",
    ),
    (
        "a cut part's finaliser runs to its end",
        par(f, always(c, then=b), fail_fast=True),
        "par > F: F at 4",
        "(F! 0-1 | c~ 0-1; b 1-4)",
    ),
    (
        "a cut part's failing finaliser is told",
        par(f, always(c, then=g), fail_fast=True),
        "par > F: F; then par > always > G: G at 2",
        "(F! 0-1 | c~ 0-1; G! 1-2)",
    ),
    (
        "nested: the inner failure ends the inner first and cuts the outer's others",
        par(c, par(b, f, fail_fast=True), fail_fast=True),
        "par > par > F: F at 1",
        "(c~ 0-1 | b~ 0-1 | F! 0-1)",
    ),
    (
        "nested: an outer failure cuts the inner parts",
        par(f, par(b, c, fail_fast=True), fail_fast=True),
        "par > F: F at 1",
        "(F! 0-1 | b~ 0-1 | c~ 0-1)",
    ),
    (
        "a failure that is caught cuts nobody",
        par(recover(f, 7), a, fail_fast=True),
        "Ok (7, 0) at 2",
        "(F! 0-1 | a 0-2)",
    ),
    (
        "a timeout within fails fast too",
        par(timeout(c, us(1)), b, fail_fast=True),
        f"par > c: {TimedOut('', us(1))} at 1",
        "(c~ 0-1 | b~ 0-1)",
    ),
    (
        "a timeout at the instant of the failure is a failure of that instant",
        par(timeout(c, us(1)), f, fail_fast=True),
        f"par > F: F; and par > c: {TimedOut('', us(1))} at 1",
        "(c~ 0-1 | F! 0-1)",
    ),
    (
        "a deadline around it cuts all",
        timeout(par(b, c, fail_fast=True), us(1)),
        f"par: {TimedOut('', us(1))} at 1",
        "(b~ 0-1 | c~ 0-1)",
    ),
    (
        "a fallback around it catches",
        fallback(par(c, f, fail_fast=True), a),
        "Ok 0 at 3",
        "(c~ 0-1 | F! 0-1); a 1-3",
    ),
    (
        "a retry of the cut part stops",
        par(bad("H", 2), retry(f, attempts=9, wait=us(4)), fail_fast=True),
        "par > H: H at 2",
        "(H! 0-2 | F! 0-1)",
    ),
]

LOOPS: list[Row] = [
    ("a loop runs its body at least once", loop_until(a, it == 0, limit=3), "Ok 0 at 2", "a 0-2"),
    (
        "each round is fed the last one's output",
        loop_until(pure(it + 1) >> a, it >= 3, limit=5),
        "Ok 3 at 6",
        "a 0-2; a 2-4; a 4-6",
    ),
    (
        "a loop that reaches its limit is Exhausted",
        loop_until(a, it > 0, limit=2),
        "loop_until: Exhausted: not done after 2 rounds at 4",
        "a 0-2; a 2-4",
    ),
    (
        "a limit of one is one round",
        loop_until(a, it > 0, limit=1),
        "loop_until: Exhausted: not done after 1 round at 2",
        "a 0-2",
    ),
    (
        "on_limit=stop gives the last value",
        loop_until(pure(it + 1), it > 9, limit=2, on_limit="stop"),
        "Ok 2 at 0",
        "",
    ),
    (
        "no round starts later than within; one may start just then",
        loop_until(a, it > 0, limit=9, within=us(4)),
        "loop_until: Exhausted: not done after 3 rounds at 6",
        "a 0-2; a 2-4; a 4-6",
    ),
    (
        "within with on_limit=stop gives the last value",
        loop_until(a, it > 0, limit=9, within=us(3), on_limit="stop"),
        "Ok 0 at 4",
        "a 0-2; a 2-4",
    ),
    (
        "a failing round fails the loop",
        loop_until(f, it > 0, limit=3),
        "loop_until[1] > F: F at 1",
        "F! 0-1",
    ),
    (
        "a condition that can't be evaluated is a defect",
        loop_until(a, it.done, limit=3),
        "loop_until: PredicateDefect: it is a int: it has no field 'done' at 2",
        "a 0-2",
    ),
    (
        "a condition may be a workflow",
        loop_until(pure(it + 1), a >> pure(it > 1), limit=5),
        "Ok 2 at 4",
        "a 0-2; a 2-4",
    ),
    (
        "loops nest",
        loop_until(loop_until(pure(it + 1), it > 0, limit=9) >> a, it > 1, limit=9),
        "Ok 2 at 4",
        "a 0-2; a 2-4",
    ),
]

RETRIES: list[Row] = [
    ("a success isn't repeated", retry(a, attempts=3), "Ok 0 at 2", "a 0-2"),
    ("one attempt is no retry", retry(f, attempts=1), "F: F at 1", "F! 0-1"),
    ("attempts count the first", retry(f, attempts=3), "F: F at 3", "F! 0-1; F! 1-2; F! 2-3"),
    ("the last cause counts", retry(flaky("x", 2, 1), attempts=2), "x: x at 2", "x! 0-1; x! 1-2"),
    ("a success ends it", retry(flaky("x", 1, 1), attempts=3), "Ok 0 at 2", "x! 0-1; x 1-2"),
    (
        "attempts start after the wait",
        retry(f, attempts=3, wait=us(5)),
        "F: F at 13",
        "F! 0-1; F! 6-7; F! 12-13",
    ),
    (
        "a schedule gives each wait",
        retry(f, attempts=4, wait=backoff(us(2), cap=us(4))),
        "F: F at 14",
        "F! 0-1; F! 3-4; F! 8-9; F! 13-14",
    ),
    (
        "a schedule that ends, ends the attempts",
        retry(f, attempts=9, wait=delays(us(3))),
        "F: F at 5",
        "F! 0-1; F! 4-5",
    ),
    (
        "an error that on= doesn't name isn't repeated",
        retry(f, attempts=3, on="G"),
        "F: F at 1",
        "F! 0-1",
    ),
    (
        "an error that on= names is repeated",
        retry(f, attempts=2, on=("G", "F")),
        "F: F at 2",
        "F! 0-1; F! 1-2",
    ),
    (
        "all of a compound cause must match on=",
        retry(par(f, g), attempts=2, on="F"),
        "par > F: F; and par > G: G at 1",
        "(F! 0-1 | G! 0-1)",
    ),
    (
        "a compound cause all of which matches is repeated",
        retry(par(f, g), attempts=2, on=("F", "G")),
        "par > F: F; and par > G: G at 2",
        "(F! 0-1 | G! 0-1); (F! 1-2 | G! 1-2)",
    ),
    (
        "a timeout is repeated",
        retry(timeout(c, us(1)), attempts=2, on="Timeout"),
        f"c: {TimedOut('', us(1))} at 2",
        "c~ 0-1; c~ 1-2",
    ),
    (
        "every attempt gets the same input",
        retry(pure(it + 1) >> flaky("x", 1), attempts=2),
        "Ok 1 at 0",
        "x! 0-0; x 0-0",
    ),
    (
        "retries nest: attempts multiply",
        retry(retry(f, attempts=2, wait=us(1)), attempts=2, wait=us(10)),
        "F: F at 16",
        "F! 0-1; F! 2-3; F! 13-14; F! 15-16",
    ),
    (
        "a whole chain is repeated",
        retry(a >> flaky("x", 1), attempts=2),
        "Ok 0 at 4",
        "a 0-2; x! 2-2; a 2-4; x 4-4",
    ),
    (
        "a fault of a finaliser is repeated",
        retry(always(a, then=f), attempts=2, on="F"),
        "always > F: F at 6",
        "a 0-2; F! 2-3; a 3-5; F! 5-6",
    ),
]

FALLBACKS: list[Row] = [
    ("a success needs no handler", fallback(a, b), "Ok 0 at 2", "a 0-2"),
    (
        "the handler gets the same input",
        fallback(pure(it + 1) >> f, b),
        "Ok 0 at 4",
        "F! 0-1; b 1-4",
    ),
    ("the handler's fault counts", fallback(f, g), "fallback > G: G at 2", "F! 0-1; G! 1-2"),
    ("on= lets others through", fallback(f, a, on="G"), "F: F at 1", "F! 0-1"),
    ("on= catches its own", fallback(f, a, on="F"), "Ok 0 at 3", "F! 0-1; a 1-3"),
    ("defects are caught without on=", fallback(pure(it.x), a), "Ok 0 at 2", "a 0-2"),
    ("defects are caught by their tag", fallback(pure(it.x), a, on="Defect"), "Ok 0 at 2", "a 0-2"),
    (
        "all of a compound cause must match",
        fallback(par(f, g), a, on="F"),
        "par > F: F; and par > G: G at 1",
        "(F! 0-1 | G! 0-1)",
    ),
    (
        "fallbacks nest to the right",
        fallback(f, fallback(g, a)),
        "Ok 0 at 4",
        "F! 0-1; G! 1-2; a 2-4",
    ),
]


@pytest.mark.parametrize(
    "row",
    [*BASICS, *DEADLINES, *FINALISERS, *FAIL_FAST, *LOOPS, *RETRIES, *FALLBACKS],
    ids=lambda row: row[0],
)
def test_it_means_what_the_contract_says(row: Row) -> None:
    _, w, outcome, trace = row
    ran = go(w)
    assert (told(ran), written(ran.trace)) == (outcome, trace)


@pytest.mark.parametrize(
    "row",
    [*BASICS, *DEADLINES, *FINALISERS, *FAIL_FAST, *LOOPS, *RETRIES, *FALLBACKS],
    ids=lambda row: row[0],
)
def test_it_means_the_same_later_and_within_more(row: Row) -> None:
    _, w, outcome, _ = row
    for around in (timeout(w, us(1000)), par(w, delay(us(0)))):
        ran = go(around, start=100)
        assert isinstance(ran.result, Success) == outcome.startswith("Ok")
        assert str(ran.end - ran.start) == outcome.rpartition(" ")[2]


# map_each

items = [1, 2, 3]


@task(effect="pure")
def nap(n: int) -> int:
    sleep(n)
    return n


@task(effect="pure")
def odd(n: int) -> Any:
    sleep(n)
    return n if n % 2 else Failure(f"E{n}")


MAPS: list[tuple[str, Any, Any, str, str]] = [
    (
        "the results stand in the order of the items",
        map_each(nap),
        [3, 1, 2],
        "Ok [3, 1, 2] at 3",
        "(nap 0-3 | nap 0-1 | nap 0-2)",
    ),
    ("an empty list gives an empty list", map_each(fail("X")), [], "Ok [] at 0", ""),
    ("a tuple and a range will do", map_each(pure(it + 1)), range(3), "Ok [1, 2, 3] at 0", ""),
    (
        "at_once=1 is one after another",
        map_each(nap, at_once=1),
        [3, 1, 2],
        "Ok [3, 1, 2] at 6",
        "(nap 0-3 | nap 3-4 | nap 4-6)",
    ),
    (
        "the next item starts when a slot is free, leftmost first",
        map_each(nap, at_once=2),
        [3, 1, 2, 1],
        "Ok [3, 1, 2, 1] at 4",
        "(nap 0-3 | nap 0-1 | nap 1-3 | nap 3-4)",
    ),
    (
        "settle runs all and reports every fault",
        map_each(odd, at_once=1),
        [2, 1, 4],
        "map_each[0] > odd: E2; and map_each[2] > odd: E4 at 7",
        "(odd! 0-2 | odd 2-3 | odd! 3-7)",
    ),
    (
        "fail_fast cuts the others",
        map_each(odd, on_error="fail_fast"),
        [3, 2, 5],
        "map_each[1] > odd: E2 at 2",
        "(odd~ 0-2 | odd! 0-2 | odd~ 0-2)",
    ),
    (
        "fail_fast with at_once=1 whose first item fails starts one",
        map_each(odd, on_error="fail_fast", at_once=1),
        [2, 1, 3],
        "map_each[0] > odd: E2 at 2",
        "odd! 0-2",
    ),
    (
        "a timeout of 5 over items of 2, one at a time, starts three and cuts one",
        timeout(map_each(a, at_once=1), us(5)),
        list(range(1000)),
        f"map_each: {TimedOut('', us(5))} at 5",
        "(a 0-2 | a 2-4 | a~ 4-5)",
    ),
    (
        "map_each nests",
        map_each(map_each(nap)),
        [[1], [2, 3], []],
        "Ok [[1], [2, 3], []] at 3",
        "(nap 0-1 | nap 0-2 | nap 0-3)",
    ),
    (
        "keys name the items",
        map_each(fail("X"), key=it.id, at_once=1),
        [{"id": "acme"}],
        "map_each[acme] > fail: X at 0",
        "",
    ),
    (
        "keys that repeat are bad input",
        map_each(work("any"), key=pick(0)),
        [(1,), (2,), (1,)],
        "map_each: items 0 and 2 have the same key '1' at 0",
        "",
    ),
    (
        "a key that can't be read is a defect",
        map_each(work("any"), key=it.id),
        [{"id": 1}, {}],
        "map_each: PredicateDefect: key of item 1: it is a dict: it has no field 'id' at 0",
        "",
    ),
    *(
        (
            f"a {type(wrong).__name__} is no list",
            map_each(nap),
            wrong,
            f"map_each: map_each takes a list but is given {given}; make a list of it first at 0",
            "",
        )
        for wrong, given in (
            (None, "None"),
            (3, "an int (3)"),
            ("abc", "a str ('abc')"),
            (b"abc", "a bytes"),
            ({1: 2}, "a dict of 1 item"),
            ({1}, "a set of 1 item"),
        )
    ),
]


@pytest.mark.parametrize("row", MAPS, ids=lambda row: row[0])
def test_map_each_means_what_the_contract_says(row: tuple[str, Any, Any, str, str]) -> None:
    _, w, value, outcome, trace = row
    ran = go(w, value)
    assert (told(ran), written(ran.trace)) == (outcome, trace)


def test_collect_gives_results_and_never_fails() -> None:
    ran = go(map_each(odd, on_error="collect", at_once=1), [1, 2])
    assert isinstance(ran.result, Success)
    fine, failed = ran.result.unwrap()
    assert fine == Success(1)
    assert failed.failure().tags == ("E2",) and failed.failure().path == "map_each[1] > odd"


def test_collect_is_cut_by_a_deadline_all_the_same() -> None:
    ran = go(timeout(map_each(nap, on_error="collect"), us(2)), [1, 5])
    assert told(ran) == f"map_each: {TimedOut('', us(2))} at 2"


def test_an_item_of_which_the_timeout_is_its_own_frees_its_slot() -> None:
    ran = go(map_each(timeout(nap, us(2)), at_once=1, on_error="collect"), [5, 1])
    assert written(ran.trace) == "(nap~ 0-2 | nap 2-3)"


# Graph


@graph
def diamond(x: Any) -> Any:
    first = a(x)
    left, right = work("l", 1)(first), work("r", 4)(first)
    early = work("e", 1)(left)
    return add(early, right)


def test_a_graph_s_step_starts_when_the_last_it_waits_for_ends() -> None:
    ran = go(diamond, 4)
    assert told(ran) == "Ok 8 at 6"
    shown = {each.task: (each.start, each.end) for each in events(ran.trace)}
    assert shown == {"a": (0, 2), "l": (2, 3), "r": (2, 6), "e": (3, 4), "add": (6, 6)}


def test_a_graph_s_trace_says_what_each_step_waited_for() -> None:
    assert written(go(diamond).trace) == (
        "[a 0-2 after () | l 2-3 after (0,) | r 2-6 after (0,) | e 3-4 after (1,) "
        "| add 6-6 after (2, 3)]"
    )


def test_steps_after_a_failed_one_are_skipped_and_the_others_run() -> None:
    @graph
    def torn(x: Any) -> Any:
        failed = f(x)
        lost = a(failed)
        kept = b(x)
        return add(lost, kept)

    ran = go(torn)
    assert told(ran) == "torn > F: F at 3"
    assert written(ran.trace) == (
        "[F! 0-1 after () |  after (0,) | b 0-3 after () |  after (1, 2)]"
    )


def test_a_step_that_leads_to_no_output_runs_and_its_fault_counts() -> None:
    @graph
    def aside(x: Any) -> Any:
        f(x)
        return a(x)

    assert told(go(aside)) == "aside > F: F at 2"


def test_a_graph_reports_the_faults_of_all_that_failed() -> None:
    @graph
    def twice(x: Any) -> Any:
        return add(f(x), g(x))

    assert told(go(twice)) == "twice > F: F; and twice > G: G at 1"


def test_a_graph_may_give_a_tuple() -> None:
    @graph
    def two(x: Any) -> Any:
        first = a(x)
        return b(first), first

    assert told(go(two, 7)) == "Ok (7, 7) at 5"


def test_a_graph_without_inputs_and_one_with_several() -> None:
    @graph
    def none() -> Any:
        return add(const(1)(), const(2)())

    @graph
    def several(x: Any, y: Any) -> Any:
        return add(y, x), y

    assert told(go(none, None)) == "Ok 3 at 0"
    assert told(go(several, (1, 2))) == "Ok (3, 2) at 0"
    assert told(go(several, 1)).startswith("several: takes a tuple of 2 inputs but is given an int")
    assert "tuple of 3" in told(go(several, (1, 2, 3)))


def test_a_graph_may_give_its_input_and_nothing_else() -> None:
    assert told(go(Graph((), -1, 1), 5)) == "Ok 5 at 0"
    assert told(go(Graph((Step(a, (-1,)),), (-1, 0), 1), 5)) == "Ok (5, 5) at 2"


def test_an_ordering_edge_makes_a_step_wait() -> None:
    @graph
    def ordered(x: Any) -> Any:
        first = a(x)
        return nothing(first)

    ran = go(ordered)
    assert written(ran.trace) == "[a 0-2 after () | nothing 2-2 after (0,)]"


def test_a_deadline_goes_down_into_a_graph() -> None:
    ran = go(timeout(diamond, us(3)))
    assert told(ran).endswith(f"{TimedOut('', us(3))} at 3")
    assert {each.task: each.ending for each in events(ran.trace)} == {
        "a": "ok", "l": "ok", "r": "cut", "e": "cut",
    }  # fmt: skip


def test_a_graph_s_step_that_takes_the_same_result_twice_starts_once() -> None:
    @graph
    def same(x: Any) -> Any:
        once = a(x)
        return add(once, once)

    assert told(go(same, 3)) == "Ok 6 at 2"


# Errors that say when to try again


def _hinted(after: Any, failures: int = 1) -> Any:
    def act(x: Any) -> Any:
        log.append(now())
        if len(log) <= failures:
            error = RetryAfter("later", after=timedelta(0))
            error.retry_after = after
            raise error
        return list(log)

    return doing("hinted", act)


HINTS = [
    ("a hint makes the retry wait", us(7), us(0), [0, 7]),
    ("the later of hint and schedule counts", us(7), us(9), [0, 9]),
    ("the schedule's cap bounds the hint", us(7), backoff(us(1), cap=us(4)), [0, 4]),
    ("a schedule without cap doesn't", us(7), backoff(us(1)), [0, 7]),
    ("a hint of the past changes nothing", timedelta(seconds=-5), us(2), [0, 2]),
    ("a hint that is a number is in seconds", 30, us(2), [0, 30 * 10**6]),
    ("a hint may be a fraction of a second", Decimal("0.5"), us(2), [0, 500_000]),
    ("a hint of text is none", "30", us(2), [0, 2]),
]


@pytest.mark.parametrize("row", HINTS, ids=lambda row: row[0])
def test_retry_after(row: tuple[str, Any, Any, list[int]]) -> None:
    _, after, wait, expected = row
    assert go(retry(_hinted(after), attempts=2, wait=wait)).result == Success(expected)


def test_the_latest_hint_of_a_compound_cause_counts() -> None:
    ran = go(retry(par(_hinted(us(5), 2), _hinted(us(9), 2)), attempts=2))
    assert ran.end == 9


def test_a_hint_is_cut_by_a_deadline() -> None:
    assert told(go(timeout(retry(_hinted(us(7)), attempts=2), us(3)))).endswith("at 3")


DEFECTS = [TypeError, NameError, AttributeError, ImportError, AssertionError, ModuleNotFoundError]


@pytest.mark.parametrize("cls", DEFECTS)
def test_a_defect_is_not_retried_unless_asked(cls: type[Exception]) -> None:
    def act(x: Any) -> Any:
        log.append(1)
        raise cls("x")

    go(retry(doing("d", act), attempts=3))
    assert len(log) == 1
    go(retry(doing("d", act), attempts=3, on="Defect"))
    assert len(log) == 3
    go(retry(doing("d", act), attempts=3, on=cls))
    assert len(log) == 3
    go(retry(par(doing("d", act), f), attempts=3))
    assert len(log) == 1


def test_bad_input_and_predicate_defects_are_not_retried() -> None:
    ran = go(retry(work("n") >> add, attempts=3))
    assert written(ran.trace) == "n 0-0"
    ran = go(retry(work("n") >> pure(it.x), attempts=3))
    assert written(ran.trace) == "n 0-0"


def test_an_error_is_caught_by_a_base_class_of_its_own() -> None:
    def act(x: Any) -> Any:
        raise ConnectionResetError("gone")

    w = fallback(doing("d", act), const("caught"), on=OSError)
    assert go(w).result == Success("caught")
    assert "gone" in told(go(fallback(doing("d", act), const("caught"), on=KeyError)))


# The shapes of faults


def test_faults_side_by_side_are_both_and_one_is_itself() -> None:
    both = run(par(fail("A"), fail("B"))).failure()
    assert isinstance(both, Both) and [cause.tags for cause in both.causes] == [("A",), ("B",)]
    assert isinstance(run(par(fail("A"), identity)).failure(), Failed)


def test_both_of_both_is_flat_and_then_of_then_is_flat() -> None:
    both = run(par(par(fail("A"), fail("B")), fail("C"))).failure()
    assert isinstance(both, Both) and len(both.causes) == 3
    after = run(always(always(fail("A"), then=fail("B")), then=fail("C"))).failure()
    assert isinstance(after, Then) and len(after.causes) == 3


def test_a_value_that_doesn_t_fit_a_task_is_bad_input_that_names_what_it_takes() -> None:
    for value, given in [
        (3, "an int (3)"),
        ((1,), "a tuple of 1 item"),
        ([1, 2], "a list of 2 items"),
        (None, "None"),
    ]:
        fault = run(named("daily", work("x") >> add), value).failure()
        assert isinstance(fault, BadInput)
        said = f"daily > add: add takes (left: int, right: int) but is given {given}"
        assert str(fault) == said


def test_a_fault_of_the_expression_in_a_task_s_way_is_not_an_exception() -> None:
    class Spiteful:
        def __getattr__(self, name: str) -> Any:
            raise RuntimeError("no")

        def __len__(self) -> int:
            raise RuntimeError("no")

        def __eq__(self, other: object) -> Any:
            raise RuntimeError("no")

        __hash__ = None  # type: ignore[assignment]

        def __str__(self) -> str:
            raise RuntimeError("no")

    for w in (
        pure(it.x),
        pure(it.length()),
        pure(it == 3),
        pure(it.is_in([1])),
        branch(it == 3, then=identity, otherwise=identity),
        loop_until(identity, it > 3, limit=2),
        pure(broken),
    ):
        assert isinstance(run(w, Spiteful()).failure(), PredicateDefect)
    assert isinstance(run(map_each(identity, key=it), [Spiteful()]).failure(), PredicateDefect)


def test_pages_read_before_a_failure_are_kept() -> None:
    def fetch(cursor: Any) -> Any:
        at = cursor or 0
        if at == 2:
            raise ConnectionError("gone")
        return {"items": [at], "next": at + 1}

    pages = run(paginate(doing("fetch", fetch), limit=9, on_error="stop")).unwrap()
    assert (pages.items, pages.next, pages.pages, pages.complete) == ([0, 1], 2, 2, False)


def test_interrupted_is_a_leaf_of_its_own() -> None:
    assert Interrupted().tags == ("Interrupted",)


def test_using_ends_with_its_part() -> None:
    w = par(renaming(identity, db="other"), identity)
    assert run(w, 1).unwrap() == (1, 1)
