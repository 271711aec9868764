import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from os import environ
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from fwf import (
    IdempotencyKey,
    Issue,
    Ref,
    Secret,
    Task,
    Workflow,
    always,
    apply,
    as_result,
    backoff,
    branch,
    const,
    definition_id,
    delay,
    delays,
    diff,
    every,
    fail,
    fallback,
    from_result,
    graph,
    identity,
    in_pool,
    it,
    join,
    literal,
    load,
    loop_until,
    map_each,
    minutes,
    named,
    par,
    param,
    pick,
    plan,
    pretty,
    pure,
    recover,
    registry,
    retry,
    seconds,
    state,
    task,
    text,
    timeout,
    using,
    when,
    with_params,
)
from fwf.algebra.nodes import Graph, Step
from fwf.analysis.identity import normal_id
from fwf.interpreters.check import RULES, check as check_of
from fwf.testing.generated_pieces import local, renaming
from tests.sizes import sizes

GOLDEN = Path(__file__).parents[1] / "golden" / "check.txt"


SERVER = "postgresql://etl@db/runs"


def check(w: Workflow[Any, Any], **more: Any) -> tuple[Issue, ...]:
    """What is wrong where runs are kept on a server, so that all rules are asked."""
    return check_of(w, **{"journal": SERVER, **more})


@dataclass
class Orders:
    row_count: int


@dataclass
class Visits: ...


class Database: ...


@task(effect="read")
def orders(*, day: date) -> Orders: ...


@task(effect="read")
def visits() -> Visits: ...


@task(effect="read")
def today() -> Orders: ...


@dataclass
class Download:
    took: float
    files: "list[Path] | None"
    before: "Download | None"


@task(effect="read")
def half() -> Fraction: ...


@task(effect="read")
def halves() -> list[Fraction]: ...


@task(effect="idempotent")
def fetch() -> Path: ...


@task(effect="idempotent")
def fetch_all() -> Download: ...


@task(effect="read")
def named_path() -> PurePosixPath: ...


@task(effect="pure")
def merge(orders: Orders, visits: Visits) -> Orders: ...


@task(effect="pure")
def compare(today: Orders, yesterday: Orders) -> Orders: ...


@task(effect="pure")
def loose(orders: Any, visits: Any) -> Any: ...


@task(effect="pure")
def summary(orders: Any, *, day: str) -> Any: ...


@task(effect="pure")
def clean(x: Any) -> Any: ...


@task(effect="idempotent", writes=["dw/sales"])
def write(x: Any) -> int: ...


@task(effect="idempotent", writes=["dw/sales"])
def rewrite(x: Any) -> int: ...


@task(effect="unrepeatable", writes=["dw/sales"])
def append(x: Any) -> int: ...


@task(effect="idempotent", writes=["dw/sales"], isolate=True)
def isolated(x: Any) -> int: ...


@task(effect="idempotent", writes=["dw/sales"])
async def awaited(x: Any) -> int: ...


@task(effect="unrepeatable")
def pay(x: Any) -> int: ...


@task
def plain(x: Any) -> Any: ...


@task(effect="idempotent")
def ping() -> None: ...


seen = state("seen", int, first=0)
again = retry(plain, attempts=1)


@task(effect="idempotent")
def keyed(x: Any, *, key: IdempotencyKey) -> Any: ...


@task(effect="pure")
def untyped(x: Any, *, thing) -> int: ...  # type: ignore[no-untyped-def]


@task(effect="read")
def from_db(*, db: Database) -> None: ...


@task(effect="read")
def from_secret(*, db: Secret) -> None: ...


@task(effect="pure")
def at_time(x: Any, *, day: datetime) -> Any: ...


def namesake(version: str = "1") -> Task[Any, Any]:
    @task(name="clean", effect="pure", version=version, config={})
    def other(x: Any) -> Any: ...

    return other


def made(table: str) -> Task[Any, Any]:
    @task(effect="read", config={"table": table})
    def load(x: Any) -> Any: ...

    return load


@graph
def unordered() -> Ref[Any]:
    x = visits()
    write(x)
    return rewrite(x)


@graph
def ordered() -> Ref[Any]:
    return rewrite(write(visits()))


@graph
def crossed() -> Ref[Any]:
    return loose(visits(), today())


@graph
def straight() -> Ref[Any]:
    return compare(today(), today())


waiting = Graph((Step(write, (-1,)), Step(clean, (-1,), (0,)), Step(rewrite, (-1,), (1,))), 2, 1)
"""Each step after the last, though none takes what another gives."""


FIRES: list[tuple[str, str, Workflow[Any, Any]]] = [
    ("parameter-type", "error", orders >> summary),
    ("parameter-type", "error", par(orders, at_time)),
    ("parameter-type", "error", local(orders, day="today")),
    ("parameter-type", "error", par(pure(param("n", int)), pure(param("n", str)))),
    ("parameter-type", "warning", par(from_db, pure(param("db", int)))),
    ("untyped-parameter", "warning", untyped),
    ("untyped-parameter", "warning", pure(param("n"))),
    ("unused-binding", "warning", local(orders, dya=date(2026, 1, 1))),
    ("unused-binding", "warning", local(local(orders, day=date.min), day=date.max)),
    ("unused-binding", "warning", renaming(orders, shop_db="eu")),
    ("unused-binding", "warning", local(from_db, db=1)),
    ("two-functions", "error", clean >> namesake()),
    ("unreachable-arm", "warning", branch(literal(1) > 2, then=clean, otherwise=identity)),
    ("unreachable-arm", "warning", branch(~literal(False), then=clean, otherwise=identity)),
    ("unreachable-arm", "warning", loop_until(clean, literal(False), limit=3)),
    (
        "unreachable-arm",
        "warning",
        branch(it.a, then=timeout(branch(it.a, then=clean, otherwise=identity), seconds(1)),
               otherwise=clean),
    ),
    (
        "unreachable-arm",
        "warning",
        branch(it.a & it.b, then=branch(~it.b, then=clean, otherwise=identity), otherwise=clean),
    ),
    (
        "unreachable-arm",
        "warning",
        branch(it.a | it.b, then=clean, otherwise=branch(it.b, then=clean, otherwise=identity)),
    ),
    (
        "unreachable-arm",
        "warning",
        branch(it.a, then=delay(seconds(1)) >> branch(it.a, then=clean, otherwise=identity),
               otherwise=clean),
    ),
    (
        "unreachable-arm",
        "warning",
        branch(param("n", int) > 1, then=clean >> branch(param("n", int) > 1, then=clean,
               otherwise=identity), otherwise=clean),
    ),
    ("unreachable-handler", "warning", fallback(const(1), clean)),
    ("unreachable-handler", "warning", fallback(recover(clean, 1), clean)),
    ("unreachable-handler", "warning", recover(fail("Empty"), 0, on="Late")),
    ("unreachable-handler", "warning", recover(pure(it.or_else(0)), 0)),
    ("unreachable-handler", "warning", recover(when(param("p", int) > 1, const(1)), 0)),
    ("unreachable-handler", "warning", recover(pure(param("n", int)), 0)),
    ("unreachable-handler", "warning", recover(as_result(clean), 0)),
    (
        "unreachable-handler",
        "warning",
        recover(fail("Empty", text("{}", param("n", int))), 0, on="Late"),
    ),
    ("unreachable-handler", "warning", recover(pure(~literal(True)), 0)),
    ("misspelt-tag", "error", retry(clean, attempts=2, on="TimeoutEror")),
    ("misspelt-tag", "error", fallback(clean, clean, on=["OSError", "exausted"])),
    ("misspelt-tag", "error", fallback(fail("VendorDown"), clean, on="VendorDwon")),
    ("misspelt-tag", "error", retry(clean, attempts=2, on="IOError")),
    ("misspelt-tag", "error", retry(clean, attempts=2, on="JSONDecodeError")),
    ("misspelt-tag", "error", retry(clean, attempts=2, on="json.decoder.JSONDecodError")),
    ("misspelt-tag", "error", retry(clean, attempts=2, on="json.JSONDecodeError")),
    (
        "waits-exceed-timeout",
        "warning",
        timeout(retry(clean, attempts=5, wait=seconds(20)), minutes(1)),
    ),
    (
        "waits-exceed-timeout",
        "warning",
        timeout(retry(clean, attempts=4, wait=every(seconds(41)).jitter(1)), minutes(1)),
    ),
    (
        "waits-exceed-timeout",
        "warning",
        timeout(clean >> retry(retry(clean, attempts=3, wait=seconds(20)), attempts=2), minutes(1)),
    ),
    ("short-schedule", "warning", retry(clean, attempts=10, wait=delays(seconds(0)))),
    ("short-schedule", "warning", retry(clean, attempts=4, wait=backoff(seconds(1)).times(2))),
    ("short-schedule", "warning", retry(clean, attempts=3, wait=delays().within(seconds(9)))),
    (
        "short-schedule",
        "warning",
        retry(clean, attempts=9, wait=every(seconds(1)) & delays(seconds(2))),
    ),
    ("repeated-unrepeatable", "error", retry(clean >> pay, attempts=2)),
    ("repeated-unrepeatable", "error", retry(plain, attempts=2)),
    ("repeated-unrepeatable", "error", retry(always(clean, then=pay), attempts=2)),
    ("repeated-unrepeatable", "warning", loop_until(pay, it > 3, limit=3)),
    ("repeated-unrepeatable", "warning", map_each(pay)),
    ("repeated-unrepeatable", "note", map_each(pay, key=it.id)),
    ("cut-writer", "warning", timeout(clean >> write, seconds(1))),
    ("cut-writer", "warning", timeout(pay, seconds(1))),
    ("cut-writer", "warning", par(clean, write, fail_fast=True)),
    ("cut-writer", "warning", always(clean, then=timeout(write, seconds(1)))),
    ("concurrent-writes", "warning", par(write, clean >> rewrite)),
    ("concurrent-writes", "warning", par(write, write)),
    ("concurrent-writes", "warning", unordered),
    ("concurrent-writes", "note", map_each(write)),
    ("concurrent-writes", "note", map_each(append, key=it.id)),
    ("concurrent-writes", "note", map_each(map_each(write, key=it.id))),
    ("concurrent-writes", "warning", map_each(par(write, rewrite), key=it.id)),
    ("untimed-finaliser", "warning", always(clean, then=clean >> write)),
    ("loose-mark", "warning", seen.moved_by(clean >> append, to=it)),
    ("loose-mark", "warning", named("night", plain >> seen.moved_by(again, to=it))),
    ("loose-mark", "warning", clean >> timeout(append, seconds(1)) >> named("x", seen.move)),
    ("undeclared-effect", "note", plain),
    ("positional-join", "warning", par(orders, orders) >> compare),
    ("positional-join", "warning", named("two", par(orders, orders)) >> retry(compare, attempts=2)),
    ("positional-join", "warning", par(orders, orders) >> retry(compare >> clean, attempts=2)),
    ("positional-join", "warning", named("two", clean >> par(orders, orders)) >> compare),
    ("crossed-join", "warning", par(visits, today >> orders) >> loose),
    ("crossed-join", "warning", crossed),
    ("dropped-value", "warning", orders >> visits),
    ("dropped-value", "warning", orders >> delay(seconds(1)) >> retry(par(visits), attempts=2)),
    ("dropped-value", "note", clean >> write >> ping),
    ("unnamed-keys", "warning", clean >> keyed),
    ("unnamed-keys", "warning", retry(par(keyed, named("x", keyed)), attempts=2)),
    ("unnamed-keys", "warning", clean >> named("x", map_each(keyed, key=it.id))),
    ("local-file", "error", fetch >> clean),
    ("local-file", "error", map_each(retry(fetch_all, attempts=2)) >> clean),
    ("local-file", "error", par(orders, fetch)),
    ("unkept-result", "error", half >> clean),
    ("unkept-result", "error", named("n", par(orders, retry(halves, attempts=2)))),
    ("unknown-rule", "warning", named("daily", clean, silence="droped-value")),
    ("unknown-rule", "warning", clean >> named("daily", clean, silence=["cut-writer", 3])),
]  # fmt: skip

SILENT: list[tuple[str, Workflow[Any, Any]]] = [
    ("parameter-type", orders >> with_params(summary, day="today")),
    ("parameter-type", par(pure(param("n", int)), pure(param("n", float)))),
    ("parameter-type", with_params(orders, day=date(2026, 1, 1))),
    ("parameter-type", par(from_db, using(from_secret, db="key"))),
    ("untyped-parameter", with_params(untyped, thing=1)),
    ("untyped-parameter", par(pure(param("n")), pure(param("n", int)))),
    ("misspelt-tag", retry(clean, attempts=2, on=["TimeoutError", "Timeout", "Defect", OSError])),
    ("misspelt-tag", fallback(clean, fail("VendorDown"), on="VendorDown")),
    (
        "misspelt-tag",
        fallback(clean, clean, on=["VendorDown", "RateError", "shop.ConnectionError"]),
    ),
    ("misspelt-tag", retry(clean, attempts=2, on=[json.JSONDecodeError, "zlib.error"])),
    ("unused-binding", par(with_params(orders, day=date(2026, 1, 1)), using(from_db, db="eu"))),
    ("two-functions", clean >> namesake("2")),
    ("two-functions", made("a") >> made("a") >> made("b")),
    ("unnamed-keys", named("daily", clean >> keyed)),
    ("unnamed-keys", timeout(retry(named("daily", clean >> keyed), attempts=2), seconds(60))),
    ("unnamed-keys", keyed),
    ("unnamed-keys", clean >> ping),
    ("unreachable-arm", branch(param("n", int) > 1, then=clean, otherwise=identity)),
    (
        "unreachable-arm",
        branch(it.a, then=clean >> branch(it.a, then=clean, otherwise=identity), otherwise=clean),
    ),
    (
        "unreachable-arm",
        branch(it.a & it.b, then=clean, otherwise=branch(it.a, then=clean, otherwise=identity)),
    ),
    (
        "unreachable-arm",
        branch(it.a, then=map_each(branch(it.a, then=clean, otherwise=identity)), otherwise=clean),
    ),
    (
        "unreachable-arm",
        branch(
            param("n", int) > 1,
            then=with_params(branch(param("n", int) > 1, then=clean, otherwise=identity), n=0),
            otherwise=clean,
        ),
    ),
    ("unreachable-arm", branch(literal(1) == "1", then=clean, otherwise=identity)),
    ("unreachable-handler", fallback(clean, const(1))),
    ("unreachable-handler", recover(as_result(clean) >> from_result, 0)),
    ("unreachable-handler", recover(fail("Empty", text("{}", it.n)), 0, on="Defect")),
    ("unreachable-handler", fallback(pure(it.a), const(1))),
    ("unreachable-handler", recover(pure(it.a.or_else(0)), 0)),
    ("unreachable-handler", recover(when(it.a.present(), identity), 0)),
    ("unreachable-handler", fallback(pure(~literal(1)), const(1))),
    ("unreachable-handler", fallback(pure(literal(False) | it.a), const(1))),
    ("unreachable-handler", fallback(fallback(clean, const(1), on="Late"), const(2))),
    ("unreachable-handler", recover(timeout(const(1), seconds(1)), 0, on="Timeout")),
    ("unreachable-handler", recover(loop_until(identity, it > 1, limit=2), 0, on="Exhausted")),
    ("waits-exceed-timeout", timeout(retry(clean, attempts=3, wait=seconds(20)), minutes(1))),
    ("waits-exceed-timeout", retry(timeout(clean, seconds(1)), attempts=9, wait=minutes(1))),
    (
        "waits-exceed-timeout",
        timeout(retry(clean, attempts=4, wait=every(seconds(39)).jitter(1)), minutes(1)),
    ),
    (
        "waits-exceed-timeout",
        timeout(always(clean, then=retry(clean, attempts=3, wait=minutes(9))), seconds(1)),
    ),
    ("short-schedule", retry(clean, attempts=10, wait=seconds(1))),
    ("short-schedule", retry(clean, attempts=3, wait=delays(seconds(1), seconds(2)))),
    ("short-schedule", retry(clean, attempts=99, wait=backoff(seconds(1)).within(minutes(1)))),
    ("short-schedule", retry(clean, attempts=5, wait=delays(seconds(1)).then(every(seconds(5))))),
    ("repeated-unrepeatable", retry(pay, attempts=1)),
    ("repeated-unrepeatable", retry(write, attempts=3) >> pay),
    ("repeated-unrepeatable", map_each(plain)),
    ("cut-writer", par(write, fail_fast=True)),
    ("cut-writer", map_each(write, at_once=1, on_error="fail_fast")),
    ("cut-writer", timeout(isolated, seconds(1))),
    ("cut-writer", timeout(awaited, seconds(1))),
    ("cut-writer", timeout(clean, seconds(1))),
    ("cut-writer", timeout(always(clean, then=write), seconds(1))),
    ("concurrent-writes", write >> rewrite),
    ("concurrent-writes", branch(it.a, then=write, otherwise=rewrite)),
    ("concurrent-writes", ordered),
    ("concurrent-writes", map_each(write, at_once=1)),
    ("concurrent-writes", map_each(write, key=it.id)),
    ("concurrent-writes", map_each(map_each(clean >> write, key=it.id), key=it.name)),
    ("concurrent-writes", waiting),
    ("untimed-finaliser", always(clean, then=timeout(write, seconds(1)))),
    ("untimed-finaliser", always(write, then=clean)),
    ("loose-mark", append >> seen.moved_by(clean >> write, to=it)),
    ("loose-mark", clean >> seen.moved_by(keyed, to=it) >> append),
    ("loose-mark", append >> write >> seen.move),
    ("undeclared-effect", clean >> write),
    ("positional-join", par(today, named("yesterday", orders)) >> compare),
    ("positional-join", par(today, orders) >> compare),
    ("positional-join", par(orders, visits) >> merge),
    ("positional-join", par(today, visits) >> loose),
    ("positional-join", par(today, today) >> loose),
    ("positional-join", straight),
    ("crossed-join", join(merge, visits=visits, orders=orders)),
    ("crossed-join", par(orders, visits) >> merge),
    ("dropped-value", visits >> clean),
    ("dropped-value", ping >> visits),
    ("dropped-value", const(1) >> visits),
    ("dropped-value", par(ping, ping) >> visits),
    ("local-file", clean >> named("last", retry(fetch, attempts=2))),
    ("local-file", named_path >> clean),
    ("unkept-result", named("half", half >> clean, silence="unkept-result")),
    ("unkept-result", orders >> visits),
    ("unknown-rule", named("daily", clean, silence=["dropped-value", "cut-writer"])),
]


def rules(w: Workflow[Any, Any]) -> set[str]:
    return {issue.rule for issue in check(w)}


@pytest.mark.parametrize(("rule", "severity", "w"), FIRES)
def test_a_rule_fires(rule: str, severity: str, w: Workflow[Any, Any]) -> None:
    assert severity in [issue.severity for issue in check(w) if issue.rule == rule]


@pytest.mark.parametrize("w", [w for _, _, w in FIRES])
def test_nothing_is_said_twice(w: Workflow[Any, Any]) -> None:
    assert len(set(check(w))) == len(check(w))


@pytest.mark.parametrize(("rule", "w"), SILENT)
def test_a_rule_does_not_fire(rule: str, w: Workflow[Any, Any]) -> None:
    assert rule not in rules(w)


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_is_tried_in_both_directions(rule: str) -> None:
    assert rule in {fired for fired, _, _ in FIRES}
    assert rule in {kept for kept, _ in SILENT}


@pytest.mark.parametrize(("rule", "severity", "w"), FIRES)
def test_a_rule_can_be_silenced_by_its_name(
    rule: str, severity: str, w: Workflow[Any, Any]
) -> None:
    assert rule not in {issue.rule for issue in check(w, silence=rule)}
    assert rule not in {issue.rule for issue in check(w, silence=[rule])}


WHOLE = {"undeclared-effect", "parameter-type", "untyped-parameter"}
"""Rules about a name or the workflow as a whole, told of where it is first used."""


@pytest.mark.parametrize(("rule", "w"), [(rule, w) for rule, _, w in FIRES if rule not in WHOLE])
def test_a_rule_can_be_silenced_for_one_part(rule: str, w: Workflow[Any, Any]) -> None:
    """And not where the same part also stands elsewhere; a name changes nothing else."""
    quiet, loud = named("x", w, silence=rule), named("x", w)
    kept = {issue for issue in check(pure(it) >> loud) if issue.rule != rule}
    assert set(check(pure(it) >> quiet)) == kept
    for both in (par(quiet, named("y", w)), par(named("y", w), quiet)):
        paths = [issue.path for issue in check(both) if issue.rule == rule]
        assert paths and not [path for path in paths if path.startswith("par > x")]


@pytest.mark.parametrize("silence", [3, None, True, [3], ["cut-writer", None]])
def test_what_is_no_rule_is_refused_whatever_it_is(silence: Any) -> None:
    with pytest.raises((TypeError, ValueError), match=r"^check\(silence=.*(needs|there is no)"):
        check(const(1), silence=silence)


def test_at_the_root_a_rule_is_silenced_for_all() -> None:
    assert rules(named("daily", plain, silence="undeclared-effect")) == set()


def test_what_is_silenced_is_for_people_and_goes_where_notes_go() -> None:
    w = named("loads", par(write, rewrite), silence="concurrent-writes", owner="sales")
    bare = named("loads", par(write, rewrite), owner="sales")
    again = load(plan(w), registry(w)).unwrap()
    assert again == w and check(again) == check(w) == ()
    assert definition_id(w) == definition_id(bare) and normal_id(w) == normal_id(bare)
    assert "silence='concurrent-writes'" in pretty(w)
    assert diff(bare, w).level == "none"


NAMES = [
    "PageError", "RateError", "DataError", "TaskError", "VendorError", "OrderError", "LoadError",
    "NoOrders", "VendorDown", "RateLimited", "TooLate", "Empty", "NotFound", "Locked", "Busy",
    "QuotaError", "ServiceTrouble", "NoRates", "DiskFull", "Stale", "Conflict", "Throttled",
]  # fmt: skip
"""Tags as people make them up."""


@pytest.mark.parametrize("tag", NAMES)
def test_a_tag_of_one_s_own_is_no_slip(tag: str) -> None:
    assert "misspelt-tag" not in rules(retry(clean, attempts=2, on=tag))


@pytest.mark.parametrize("known", ["TimeoutError", "ConnectionError", "Exhausted", "KeyError"])
def test_one_letter_wrong_is_a_slip(known: str) -> None:
    slips = [known[:i] + known[i + 1 :] for i in range(1, len(known))]
    slips += [known[:i] + "x" + known[i:] for i in range(1, len(known))]
    for tag in {*slips, known.upper()} - {known}:
        found = [each for each in check(retry(clean, attempts=2, on=tag)) if "on=" in each.message]
        assert [each.severity for each in found] == ["error"], tag
        assert f"did you mean {known!r}?" in found[0].message, tag


def test_a_plan_s_stand_ins_know_what_was_declared() -> None:
    w = fallback(fail("VendorDown"), clean, on="VendorDwon")
    for known in (w, load(plan(w)).unwrap()):
        assert "misspelt-tag" in rules(known)


def test_messages_are_as_reviewed() -> None:
    """`FWF_GOLDEN=write pytest` writes them anew."""
    lines: list[str] = []
    for rule, _, w in FIRES:
        lines += [f"{issue.severity}: {issue}" for issue in check(w) if issue.rule == rule]
    text = re.sub(r"\.py:\d+", ".py:N", "\n".join(dict.fromkeys(lines)) + "\n")
    if environ.get("FWF_GOLDEN") == "write":
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8")


def test_of_an_arm_that_is_never_taken_only_the_nearest_branch_is_believed() -> None:
    inner = branch(it.a, then=clean, otherwise=identity)
    w = branch(it.a, then=branch(it.a, then=clean, otherwise=inner), otherwise=clean)
    assert [(each.path, each.message.split(",")[0]) for each in check(w)] == [
        ("then > otherwise > then", "it.a is True wherever this is reached"),
        ("then > otherwise > then > clean", "it.a is False wherever this is reached"),
    ]


@pytest.mark.parametrize(("length", "shown"), [(60, "x" * 57), (61, "x" * 56 + "…")])
def test_of_a_long_predicate_sixty_characters_are_shown(length: int, shown: str) -> None:
    w = branch(it["x" * (length - 3)], then=clean, otherwise=identity)
    (issue,) = check(branch(it["x" * (length - 3)], then=w, otherwise=clean))
    assert issue.message.startswith(f"it.{shown} is True")


def test_a_sound_workflow_has_no_issues() -> None:
    assert check(join(merge, orders=retry(orders, attempts=3), visits=visits) >> write) == ()


def test_all_issues_come_at_once_ordered_by_path() -> None:
    w = named("daily", retry(plain >> pay, attempts=2) >> always(clean, then=write))
    paths = [issue.path for issue in check(w)]
    assert paths == sorted(paths)
    assert paths == ["", "daily > always > write", "daily > pay", "daily > plain"]


def test_an_unknown_rule_cannot_be_silenced() -> None:
    with pytest.raises(ValueError, match="did you mean 'dropped-value'"):
        check(clean, silence=["droped-value"])


def test_strict_makes_an_error_of_undeclared_effects() -> None:
    (issue,) = check(plain, strict=True)
    assert (issue.rule, issue.severity) == ("undeclared-effect", "error")


calls: list[object] = []


def counting(x: object) -> bool:
    calls.append(x)
    return True


@pytest.mark.parametrize("predicate", [counting, apply(counting, literal(1))])
def test_no_function_of_the_workflow_is_called(predicate: Any) -> None:
    w = branch(predicate, then=loop_until(clean, predicate, limit=2), otherwise=pure(predicate))
    assert check(w) == () and calls == []


def test_waits_without_end_are_summed_in_no_time() -> None:
    w = timeout(retry(clean, attempts=10**12, wait=seconds(1)), minutes(1))
    assert rules(w) == {"waits-exceed-timeout"}


NESTS: list[Callable[[Workflow[Any, Any], int], Workflow[Any, Any]]] = [
    lambda w, i: retry(w >> write, attempts=2),
    lambda w, i: branch(it.a > i % 3, then=w, otherwise=in_pool(plain, "p")),
]


@sizes()
@pytest.mark.parametrize("nest", NESTS)
def test_many_levels_are_checked(
    nest: Callable[[Workflow[Any, Any], int], Workflow[Any, Any]], size: int
) -> None:
    w: Workflow[Any, Any] = clean
    for i in range(size):
        w = nest(w, i)
    assert "two-functions" not in rules(w)


def test_a_part_that_occurs_exponentially_often_is_checked_once() -> None:
    w: Workflow[Any, Any] = pay
    for i in range(100):
        w = par(retry(w, attempts=2), map_each(w), timeout(w, seconds(i + 1))) >> pick(0)
    assert len(check(w)) < 2000


@pytest.mark.parametrize("journal", [None, "off", ".fwf/runs.db", Path("runs.db")])
def test_files_may_be_left_where_the_journal_is(journal: Any) -> None:
    assert not [issue for issue in check_of(fetch >> clean, journal=journal) if issue.rule]


def test_of_one_rule_a_hundred_issues_are_enough() -> None:
    w = par(*(local(clean, **{f"p{i}": i}) for i in range(120)))
    issues = check(w)
    assert len(issues) == 101
    assert str(issues[0]) == "there are more than 100 of these [unused-binding]"
