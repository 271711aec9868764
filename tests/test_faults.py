import pickle
from datetime import timedelta

import pytest
from hypothesis import given, strategies as st

from fwf import Issue, RetryAfter, seconds
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
    both,
    carries,
    counted,
    leaves,
    near,
    tag_of,
    tags_of,
    then,
)

single: st.SearchStrategy[Fault] = st.one_of(
    st.builds(Failed, st.sampled_from("abc"), st.just(("KeyError",)), st.sampled_from("xy")),
    st.builds(TimedOut, st.sampled_from("abc"), st.just(seconds(1))),
    st.builds(Exhausted, st.sampled_from("abc"), st.just(3)),
    st.builds(Interrupted),
)
faults: st.SearchStrategy[Fault] = st.recursive(
    single,
    lambda inner: st.one_of(
        st.builds(then, inner, inner), st.lists(inner, min_size=1, max_size=3).map(both)
    ),
    max_leaves=6,
)


@given(faults, faults, faults)
def test_then_is_associative(a: Fault, b: Fault, c: Fault) -> None:
    assert then(then(a, b), c) == then(a, then(b, c))


@given(st.lists(faults, min_size=1, max_size=4), st.randoms())
def test_both_forgets_order_and_grouping(causes: list[Fault], random: object) -> None:
    shuffled = causes.copy()
    random.shuffle(shuffled)
    assert both(causes) == both(shuffled)
    assert both([both(causes[:1]), *causes[1:]]) == both(causes)


@given(faults)
def test_a_fault_pickles_and_says_where_it_is(fault: Fault) -> None:
    assert pickle.loads(pickle.dumps(fault)) == fault
    assert str(fault) and fault.tags
    assert all(not isinstance(leaf, Then | Both) for leaf in leaves(fault))


def test_both_of_one_is_itself() -> None:
    fault = Interrupted()
    assert both([fault]) is fault


def test_tags_are_the_names_of_the_class_and_its_bases_and_defect_for_wrong_programs() -> None:
    assert tags_of(FileNotFoundError()) == (
        "FileNotFoundError",
        "OSError",
        "Exception",
        "BaseException",
    )
    assert tags_of(ModuleNotFoundError())[-1] == "Defect"
    assert tag_of(RetryAfter) == "fwf.faults.RetryAfter"


def test_faults_and_issues_are_printed_with_path_cause_and_rule() -> None:
    fault = Failed("daily > load", ("OSError",), "disk full")
    assert str(fault) == "daily > load: OSError: disk full"
    assert str(Failed("", ("OSError",), "")) == "OSError"
    assert str(TimedOut("a", seconds(5))) == "a: Timeout: not done within 5 s"
    assert str(Exhausted("a", 1)) == "a: Exhausted: not done after 1 round"
    assert str(PredicateDefect("a", "it has no n")) == "a: PredicateDefect: it has no n"
    assert str(BadInput("a", "no")) == "a: no"
    assert str(then(fault, Interrupted())).endswith("; then Interrupted: stopped from outside")
    assert "; and " in str(both([fault, Interrupted()]))
    assert str(Issue("a", "some-rule", "is wrong")) == "a: is wrong [some-rule]"
    assert counted(1_000, "round") == "1,000 rounds"


def test_the_error_object_of_a_failure_is_not_part_of_its_value() -> None:
    one = Failed("a", ("OSError",), "x", OSError("x"), 5.0)
    assert one == Failed("a", ("OSError",), "x") and "error" not in repr(one)


def test_retry_after_says_when() -> None:
    assert RetryAfter("busy", after=seconds(3)).retry_after == timedelta(seconds=3)
    with pytest.raises(TypeError):
        RetryAfter("busy")


def test_a_script_s_errors_have_the_same_tag_in_the_processes_that_it_starts() -> None:
    there = type("Vendor", (Exception,), {"__module__": "__mp_main__"})
    here = type("Vendor", (Exception,), {"__module__": "__main__"})
    assert tag_of(there) == tag_of(here) == "__main__.Vendor"


def test_a_filter_takes_a_run_s_fault_if_it_takes_each_of_its_own() -> None:
    inner = both([Failed("x", ("A", "Top"), ""), Failed("y", ("B", "Top"), "")])
    outer = Failed("a", (*inner.tags, "Unwrap"), str(inner), cause=inner)
    deep = Failed("b", outer.tags, str(outer), cause=outer)
    for fault in (outer, deep):
        taken = [("A",), ("B",), ("A", "B"), ("Top",), ("Unwrap",), ("C",)]
        assert [carries(fault, on) for on in taken] == [False, False, True, True, True, False]
    assert str(outer) == f"a: a run in it failed: {inner}"


def test_a_fault_is_told_in_part_where_its_path_is_long_or_its_causes_are_many() -> None:
    deep = " > ".join(["n"] * 20_000)
    for fault in (TimedOut(deep, timedelta(1)), Failed(deep, ("X",), ""), BadInput(deep, "no")):
        assert len(str(fault)) < 300 and fault.path == deep
    assert len(str(Issue(deep, "rule", "no"))) < 300
    many = both(Failed(f"par > t#{n}", ("X",), "") for n in range(5_000))
    assert str(many).endswith("; and 4,900 more") and len(leaves(many)) == 5_000


def test_a_name_is_not_near_itself() -> None:
    assert near("orders", ["orders"]) == ""
    assert near("orders", ["orders", "order"]) == "; did you mean 'order'?"
