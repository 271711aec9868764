"""The keeper: what it answers whoever is about to begin an attempt, and what it forgets."""

from __future__ import annotations

from typing import Any

from fwf.interpreters.engines.dask.keeper import MOST_STARTS, MOST_TEXT, Asking, Ledger


def asks(token: str, worker: str = "a", **more: Any) -> Asking:
    usual: dict[str, Any] = {
        "run": "r", "step": "s", "number": 1, "tries": [1], "given": "g", "token": token,
        "worker": worker, "once": False, "again": False,
    }  # fmt: skip
    return Asking(**{**usual, **more})  # type: ignore[typeddict-item]


def test_an_attempt_begins_once_while_it_is_at_work() -> None:
    ledger = Ledger()
    assert ledger.judged(asks("1")).do == "begin"
    assert ledger.judged(asks("1")).do == "begin", "the answer was lost, and is asked for again"
    assert ledger.judged(asks("2")).do == "wait"
    assert ledger.judged(asks("3", number=2, tries=[2])).do == "wait", "writers don't overlap"
    assert ledger.ended("s", 1, "outcome") == "outcome"
    assert ledger.judged(asks("2")) == ("outcome", "outcome")
    assert ledger.judged(asks("3", number=2, tries=[2])).do == "begin"


def test_what_a_worker_that_is_gone_was_at_begins_again_unless_it_is_unrepeatable() -> None:
    for once, wanted in ((False, "begin"), (True, "doubt")):
        ledger = Ledger()
        ledger.judged(asks("1", once=once))
        ledger.gone("b")
        assert ledger.judged(asks("2", "b", once=once)).do == "wait"
        ledger.gone("a")
        assert ledger.judged(asks("2", "b", once=once)).do == wanted
        assert ledger.judged(asks("3", "b", number=2, once=once)).do == (
            "doubt" if once else "wait"
        )


def test_an_unrepeatable_step_of_which_only_a_journal_knows_is_in_doubt() -> None:
    ledger = Ledger()
    assert ledger.judged(asks("1", once=True, again=True)).do == "doubt"
    assert ledger.judged(asks("1", again=True)).do == "begin"


def test_an_outcome_of_another_input_is_none() -> None:
    for once, wanted in ((False, "begin"), (True, "doubt")):
        ledger = Ledger()
        ledger.judged(asks("1"))
        ledger.ended("s", 1, "outcome")
        assert ledger.judged(asks("2", number=2, given="other", once=once)).do == wanted


def test_an_outcome_that_is_too_long_is_none() -> None:
    for once, wanted in ((False, "begin"), (True, "doubt")):
        ledger = Ledger()
        ledger.judged(asks("1"))
        long = "x" * (MOST_TEXT + 1)
        assert ledger.ended("s", 1, long) == long
        assert ledger.judged(asks("2", once=once)).do == wanted


def test_what_is_begun_without_a_question_is_known() -> None:
    ledger = Ledger()
    ledger.begun(asks("1"))
    assert ledger.judged(asks("2", number=2)).do == "wait"
    ledger.gone("a")
    ledger.begun(asks("3", "b"))
    assert ledger.judged(asks("4", "c", number=2)).do == "wait"
    assert ledger.ended("s", 1, "outcome") == "outcome"
    assert ledger.judged(asks("4", "c", number=2)) == ("outcome", "outcome")
    for n in range(MOST_STARTS):
        ledger.begun(asks(f"{n}", f"{n}", step="t"))
        ledger.gone(f"{n}")
    assert ledger.judged(asks("more", "b", step="t")).do == "killed"


def test_so_many_workers_may_die_in_an_attempt() -> None:
    ledger = Ledger()
    for n in range(MOST_STARTS):
        assert ledger.judged(asks(f"{n}", f"{n}")).do == "begin"
        ledger.gone(f"{n}")
    assert ledger.judged(asks("more", "b")) == ("killed", str(MOST_STARTS))
    assert ledger.judged(asks("next", "b", number=2, tries=[2])).do == "begin"


def test_nothing_is_kept_of_what_was_heard_or_of_runs_that_are_over() -> None:
    ledger = Ledger()
    for step in "abc":
        ledger.judged(asks(step, step=step))
    ledger.ended("a", 1, "outcome")
    ledger.heard([("a", 1), ("b", 1), ("unknown", 1)])
    assert len(ledger) == 2, "what is at work is known"
    ledger.ended("b", 1, "outcome")
    ledger.over("r")
    assert len(ledger) == 1
    assert ledger.judged(asks("2", step="c")).do == "wait"
    ledger.ended("c", 1, "outcome")
    assert len(ledger) == 0
    assert ledger.judged(asks("2", step="c")).do == "begin", "nobody asked for that outcome"


def test_who_is_gone_after_the_run_is_forgotten() -> None:
    ledger = Ledger()
    ledger.judged(asks("1"))
    ledger.over("r")
    ledger.gone("a")
    assert len(ledger) == 0
