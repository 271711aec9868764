"""What expressions ask of results, the texts that they make, and faults as plain data."""

import json
import pickle
import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, strategies as st
from returns.result import Failure, Success

from fwf import (
    as_result,
    branch,
    const,
    dry_run,
    fail,
    failed,
    fault_of,
    from_result,
    identity,
    it,
    literal,
    load,
    pick,
    plan,
    pure,
    run,
    task,
    text,
    value_of,
)
from fwf.algebra.builder import expr_of
from fwf.algebra.evaluation import Undefined, evaluate
from fwf.algebra.plain_values import source
from fwf.faults import (
    BadInput,
    Both,
    Exhausted,
    Failed,
    Fault,
    Interrupted,
    PredicateDefect,
    Then,
    TimedOut,
    leaves,
)
from fwf.faults.fault_form import fault_from_json, fault_to_json
from fwf.faults.tracebacks import CodeLine, Traceback
from fwf.secrets import remember
from fwf.worlds.unknown import Unknown, guess
from tests.samples import Colour, Orders, namespace
from tests.sizes import sizes

LATE = TimedOut("a", timedelta(seconds=5))
KEY = Failed("b", ("KeyError", "LookupError"), "'k'")


def asked(expression: Any, value: Any = None) -> Any:
    return evaluate(expr_of(expression), value, {})


@task(effect="read")
def orders(*, day: date) -> Orders: ...


@task(effect="pure")
def to_text(n: int) -> str:
    return str(n)


class TestQuestions:
    def test_a_success_has_a_value_and_a_failure_a_fault(self) -> None:
        assert asked(failed(), Success(1)) is False and asked(value_of(), Success(1)) == 1
        assert asked(failed(), Failure(LATE)) is True and asked(fault_of(), Failure(LATE)) is LATE
        told = pick(fault_of().tags, fault_of().message, fault_of().path)
        assert asked(told, Failure(LATE)) == (LATE.tags, "not done within 5 s", "a")

    @pytest.mark.parametrize(
        ("on", "fault", "caught"),
        [
            ("Timeout", LATE, True),
            (LookupError, KEY, True),
            ("Timeout", KEY, False),
            ("Timeout", Both((LATE, KEY)), False),  # all single faults must match
            (("Timeout", "KeyError"), Both((LATE, KEY)), True),
            ((), BadInput("", ""), True),  # without a filter everything, defects too
        ],
    )
    def test_a_filter_means_what_it_means_in_a_fallback(
        self, on: Any, fault: Fault, caught: bool
    ) -> None:
        assert asked(failed(on=on), Failure(fault)) is caught
        assert asked(failed(on=on), Success(0)) is False

    @pytest.mark.parametrize(
        ("expression", "value", "said"),
        [
            (
                value_of(),
                Failure(LATE),
                "value_of(it): it failed (Timeout); choose by branch(failed",
            ),
            (fault_of(), Success(1), "fault_of(it): it is a success; choose by branch(failed"),
            (failed(), 3, "failed(it): a int is no result; put as_result(…) around"),
            (failed(), Failure("x"), "failed(it): a Failure of a str is no fault; put as_result"),
            (value_of(it[0]), (None,), "value_of(it[0]): None is no result"),
        ],
    )
    def test_what_can_t_be_asked_says_why(self, expression: Any, value: Any, said: str) -> None:
        with pytest.raises(Undefined, match=re.escape(said)):
            asked(expression, value)

    def test_wrong_questions_are_found_at_construction(self) -> None:
        with pytest.raises(TypeError, match=r"it is str: it is no result, so failed\(…\) can't"):
            to_text >> branch(failed(it), then=identity, otherwise=identity)
        with pytest.raises(TypeError, match=r"no field 'mesage'; did you mean 'message'\?"):
            as_result(to_text) >> pure(fault_of(it).mesage)
        with pytest.raises(TypeError, match=r"no field 'raw'"):
            as_result(orders) >> pure(value_of(it).raw)
        with pytest.raises(TypeError, match=r"to_text .* gives str, but from_result takes Result"):
            to_text >> from_result
        with pytest.raises(TypeError, match=r"failed\(on=3\): needs exception classes or error"):
            failed(it, on=3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]

    def test_types_come_through(self) -> None:
        assert (as_result(to_text) >> from_result).edge.gives is str
        assert (as_result(to_text) >> pure(value_of(it))).edge.gives is str
        assert (as_result(to_text) >> pure(failed(it))).edge.gives is bool
        assert (as_result(to_text) >> pure(fault_of(it).message)).edge.gives is str

    def test_of_what_is_unknown_the_answer_is_unknown(self) -> None:
        unknown = Unknown(as_result(to_text).edge.gives, "somewhere")
        answers = {
            str: guess(expr_of(value_of()), unknown, {}),
            bool: guess(expr_of(failed(on="Timeout")), unknown, {}),
            Fault: guess(expr_of(fault_of()), unknown, {}),
        }
        assert all(answer.type == kind for kind, answer in answers.items())
        inside = Success(Unknown(int, "t"))
        assert guess(expr_of(failed()), inside, {}) is False
        assert guess(expr_of(value_of()), inside, {}) == Unknown(int, "t")
        assert guess(expr_of(text("{}", it)), unknown, {}).type is str

    def test_a_dry_run_goes_on_with_what_it_doesn_t_know(self) -> None:
        w = as_result(to_text) >> branch(failed(it), then=const("no"), otherwise=from_result)
        assert dry_run(w, 1).result.unwrap() == Unknown(str, "to_text")
        told = dry_run(fail("Late", text("{}", it)), Unknown(int, "t")).result.failure()
        assert told.tags == ("Late",) and told.message == "text('{}', it)"


class TestTexts:
    @pytest.mark.parametrize(
        ("value", "told"),
        [
            ("a", "a"), (3, "3"), (1.5, "1.5"), (True, "True"), (None, "None"),
            (Decimal("1.10"), "1.10"), (date(2026, 7, 15), "2026-07-15"),
            (datetime(2026, 7, 15, 6, 30), "2026-07-15T06:30:00"),
            (timedelta(minutes=1), "0:01:00"),
            (Colour.RED, "RED"), (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
            (["T03", "T07"], "T03, T07"), ((1, [2, 3]), "1, [2, 3]"), ({"b", "a"}, "a, b"),
            ({"a": 1}, "a: 1"), (list(range(25)), ", ".join(map(str, range(20))) + " and 5 more"),
            (LATE, "a: Timeout: not done within 5 s"),
            ("x" * 300, "x" * 199 + "…"), (10**1000, "<int of 3,322 bits>"),
        ],
    )  # fmt: skip
    def test_a_value_is_told_plainly(self, value: Any, told: str) -> None:
        assert asked(text("<{}>", it), value) == f"<{told}>"

    @pytest.mark.parametrize("value", [object(), Orders(1, date(2026, 7, 15)), b"x", [object()]])
    def test_what_has_only_a_str_of_its_own_has_no_text(self, value: Any) -> None:
        with pytest.raises(Undefined, match="has no text: name a field of it, or write a named"):
            asked(text("{}", it), value)

    def test_braces_can_be_written(self) -> None:
        assert asked(text("{{}} {} }}{{", it), 1) == "{} 1 }{"
        assert asked(text("plain")) == "plain"

    @pytest.mark.parametrize(
        ("template", "values", "said"),
        [
            ("{day}", (1,), "'{day}' is no place for a value: write {}, and the values in their"),
            ("{0}", (1,), "'{0}' is no place for a value"),
            ("{:>5}", (1,), "'{:>5}' is no place for a value"),
            ("{!r}", (1,), "'{!r}' is no place for a value"),
            ("a { b", (), "a '{' stands alone: write {{ for the character itself"),
            ("a } b", (), "a '}' stands alone: write }} for the character itself"),
            ("{} {}", (1,), "it has 2 {} for 1 value: write one {} for each value"),
            ("", (1, 2), "it has 0 {} for 2 values"),
        ],
    )
    def test_what_is_no_template_is_refused(
        self, template: str, values: tuple[Any, ...], said: str
    ) -> None:
        with pytest.raises(ValueError, match=re.escape(f"text({template!r}, …): {said}")):
            text(template, *values)

    def test_an_expression_is_no_template(self) -> None:
        with pytest.raises(TypeError, match="needs the text first, such as"):
            text(it.day)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]

    def test_secrets_are_masked(self) -> None:
        remember([("hunter22", "<Secret>")])
        assert asked(text("{}: {}", it, "hunter22"), "x hunter22") == "x <Secret>: <Secret>"

    @pytest.mark.parametrize(
        "make",
        [
            lambda: f"no rows for {it.day}",
            lambda: str(it.day),
            lambda: "%s" % it.day,  # noqa: UP031
            lambda: "{}".format(it.day),  # noqa: UP032
            lambda: f"{it.day:>10}",
            lambda: fail("NoRows", f"no rows for {it.day}"),
        ],
    )
    def test_python_s_own_texts_say_what_to_write(self, make: Callable[[], object]) -> None:
        with pytest.raises(TypeError, match=r"write text\('… \{\} …', it\.day\)"):
            make()

    def test_the_source_can_still_be_shown(self) -> None:
        assert repr(it.day) == f"{it.day!r}" == "it.day"
        assert repr("on " + it.day) == "'on ' + it.day"

    def test_a_failure_says_what_data_it_met(self) -> None:
        w = fail("NoRows", text("no rows for {}", it.day))
        fault = run(w, SimpleNamespace(day=date(2026, 7, 15))).failure()
        assert str(fault) == "fail: NoRows: no rows for 2026-07-15"
        assert str(dry_run(w, SimpleNamespace(day=1)).result.failure()).endswith("rows for 1")
        assert run(fail("X", it), 7).failure().message == "7"

    def test_a_message_without_a_value_is_a_defect(self) -> None:
        fault = run(fail("NoRows", text("{}", it.dya)), SimpleNamespace(day=1)).failure()
        assert isinstance(fault, PredicateDefect) and "did you mean 'day'?" in fault.message
        fault = run(fail("NoRows", text("{}", it)), object()).failure()
        assert isinstance(fault, PredicateDefect) and "has no text" in fault.message

    def test_a_message_that_is_a_constant_is_a_text(self) -> None:
        assert fail("A", literal("b")) == fail("A", "b")
        with pytest.raises(TypeError, match=r"an error's message is a text; write text\("):
            fail("A", 3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]

    def test_a_message_s_fields_are_checked_where_it_stands(self) -> None:
        with pytest.raises(TypeError, match="no field 'dya'"):
            orders >> fail("NoRows", text("{}", it.dya))


# Faults as data

paths = st.sampled_from(["", "a > b", "tenants[T07] > load#2", "\ud800"])
tracebacks = st.none() | st.builds(
    Traceback, st.text(max_size=3), st.none() | st.just(CodeLine("f.py", 3, "read"))
)
single = st.one_of(
    st.builds(
        Failed, paths, st.lists(st.text(min_size=1, max_size=3), min_size=1, max_size=2).map(tuple),
        st.text(), st.none(), st.none() | st.integers(0, 10**12), tracebacks,
        st.none() | st.just(LATE),
    ),
    st.builds(TimedOut, paths, st.timedeltas(timedelta(0), timedelta(days=90_000))),
    st.builds(Exhausted, paths, st.integers(1, 10**6)),
    st.builds(PredicateDefect, paths, st.text(), tracebacks),
    st.builds(BadInput, paths, st.text()),
    st.builds(Interrupted, paths, st.sampled_from(["", "SIGINT"])),
)  # fmt: skip
faults: st.SearchStrategy[Any] = st.recursive(
    single,
    lambda inner: st.builds(
        lambda kind, causes: kind(tuple(causes)),
        st.sampled_from([Then, Both]),
        st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=5,
)


def seen(fault: Fault) -> Any:
    """All of a fault that is kept."""
    hidden = [
        (
            leaf.not_before,
            leaf.cause,
            leaf.traceback and (str(leaf.traceback), leaf.traceback.where),
        )
        for leaf in leaves(fault)
        if isinstance(leaf, Failed)
    ]
    return fault, hidden


class TestFaultsAsData:
    @given(faults)
    def test_json_holds_all_of_a_fault(self, fault: Fault) -> None:
        form = json.loads(json.dumps(fault_to_json(fault)))
        assert seen(fault_from_json(form)) == seen(fault)
        assert fault_to_json(fault_from_json(form)) == form

    @given(faults)
    def test_a_fault_says_what_it_says_everywhere(self, fault: Fault) -> None:
        form = fault_to_json(fault)
        assert (form["path"], tuple(form["tags"])) == (fault.path, fault.tags)
        assert form["message"] == fault.message
        assert [leaf["kind"] for leaf in form["leaves"]] == [
            type(leaf).__name__ for leaf in leaves(fault)
        ]

    @given(faults)
    def test_results_go_through_plans_pickles_and_runs(self, fault: Fault) -> None:
        w = const([Failure(fault), Success(fault)])
        assert load(plan(w)).unwrap() == w == pickle.loads(pickle.dumps(w))
        value: Any = run(load(plan(w)).unwrap()).unwrap()
        assert seen(value[0].failure()) == seen(fault) and value[1] == Success(fault)

    @given(single.filter(lambda fault: getattr(fault, "traceback", None) is None))
    def test_a_fault_s_source_makes_it(self, fault: Fault) -> None:
        there: Any = eval(source(Failure(Both((fault, LATE)))), namespace())
        assert seen(there.failure()) == seen(Both((fault, LATE)))

    def test_what_is_in_a_result_must_be_plain_and_is_copied(self) -> None:
        with pytest.raises(TypeError, match="a value in a workflow is plain data"):
            const(Success(object()))
        items = [1]
        w = const(Success(items))
        items.append(2)
        assert run(w).unwrap() == Success([1])
        assert const(Success(1)) != const(Success(True)) != const(Failure(LATE))

    @pytest.mark.parametrize(
        "form",
        [
            {}, {"leaves": [], "joined": []},
            {"leaves": [{"kind": "Odd", "path": ""}], "joined": []},
            {"leaves": [{"kind": "BadInput", "path": 3, "message": ""}], "joined": []},
            {"leaves": [], "joined": [{"kind": "Then", "causes": []}]},
            {"leaves": [{"kind": "Exhausted", "path": "", "rounds": 1}],
             "joined": [{"kind": "Both", "causes": [-1]}]},
            {"leaves": [{"kind": "Exhausted", "path": "", "rounds": 1}],
             "joined": [{"kind": "Both", "causes": [1]}]},
        ],
    )  # fmt: skip
    def test_what_is_no_fault_is_refused(self, form: Any) -> None:
        with pytest.raises(ValueError, match=r"fault"):
            fault_from_json(form)

    def test_a_plan_whose_fault_is_none_is_refused(self) -> None:
        text_ = plan(const(Failure(LATE))).replace('"TimedOut"', '"Odd"')
        assert "'Odd' is no kind of fault" in str(load(text_).failure())

    def test_secrets_in_faults_are_masked(self) -> None:
        remember([("hunter22", "<Secret>")])
        assert "hunter22" not in json.dumps(fault_to_json(Failed("hunter22", ("T",), "hunter22")))

    @sizes()
    def test_causes_of_any_depth_do_not_recurse(self, size: int) -> None:
        deep: Fault = KEY
        for n in range(size):
            deep = (Then if n % 2 else Both)((deep, LATE))
        form = fault_to_json(deep)
        assert len(form["leaves"]) == len(form["joined"]) + 1 == size + 1
        assert fault_to_json(fault_from_json(form)) == form
        assert str(deep).endswith(f"{size + 1 - 100:,} more")
        assert deep.path == "b" and len(deep.tags) == 2 * size + 2
