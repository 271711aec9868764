"""Who starts when workers and pools are few: who the list scheduler says, and never too many."""

from collections.abc import Callable
from typing import Any, TypeAlias

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings, strategies as st

from fwf.algebra.traverse import walk
from fwf.combinators import const, delay, fallback, in_pool, par, retry, timeout
from fwf.durations import minutes, seconds
from fwf.interpreters.run import Pool
from fwf.records import changed
from fwf.tasks import task
from fwf.testing import Disagreement, assert_agrees, sample_tasks
from fwf.testing.strategies import POOLS
from fwf.worlds.scenario import EMPTY, Scenario
from fwf.worlds.trace import events

from . import mutants_scheduling as wrong
from .agreement import Case, differences, explained, ran
from .law import Interpreter
from .limits import Limits, limited_cases
from .list_scheduler import ListScheduler, scheduled
from .model import ByPlace, meaning_by, model_of_places
from .occupancy import busy, constant, idle, prompt, stays_of, too_fast, too_many
from .test_agreement import dry, example_count, real

Limited: TypeAlias = tuple[Case, Limits]
EVERY_CHECK: list[Any] = list(HealthCheck)

A, B, C, D = sample_tasks.a, sample_tasks.b, sample_tasks.c, sample_tasks.d
SLOT_COMES_BACK = par(
    in_pool(A, "vendor"),
    in_pool(B, "warehouse"),
    in_pool(in_pool(C, "vendor"), "warehouse"),
    in_pool(D, "warehouse"),
)
WORKS_ON = in_pool(retry(timeout(par(C, A), seconds(2)), attempts=2, wait=seconds(1)), "warehouse")
LENGTHS = {"par > a": 4, "par > b": 0, "par > c": 0, "par > d": 0}
ONE_IN_FOUR = Pool(starts=1, per=seconds(4))


def script(lengths: dict[str, int]) -> Scenario:
    """Who gives 0 after so many seconds, by place."""
    scenario = EMPTY
    for path, length in lengths.items():
        scenario = scenario.at(path, gives=0, takes=seconds(length))
    return scenario


CUT = script({"par > a": 0}).at("par > c", gives=0, takes=seconds(4), when_cut="works on")
TIES: list[Limited] = [
    (
        Case(SLOT_COMES_BACK, 0, script(LENGTHS), {}),
        Limits(None, {"vendor": 1, "warehouse": ONE_IN_FOUR}),
    ),
    (Case(WORKS_ON, 0, CUT, {}), Limits(None, {"warehouse": ONE_IN_FOUR})),
]
"""A slot comes back, or a cut attempt's work ends, just when the rate lets somebody start."""
BOTH = pytest.mark.parametrize("interpreter", [dry, real])


def by(scheduler: type[ListScheduler]) -> Any:
    """The interpreter that goes by another list scheduler."""

    def interpreter(*args: Any, **limits: Any) -> Any:
        return scheduled(*args, **limits, by=scheduler)

    return interpreter


def every(cases: st.SearchStrategy[Limited], check: Callable[[Limited], None], n: int) -> None:
    """Check so many cases, or as many as the profile says."""
    many = settings(max_examples=example_count(n), deadline=None, suppress_health_check=EVERY_CHECK)
    many(given(cases)(check))()


def assert_found(cases: st.SearchStrategy[Limited], broken: Callable[[Limited], Any]) -> None:
    """There is a case in which something is broken, and it takes no luck to find it."""
    anywhere = settings(
        max_examples=20_000,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=EVERY_CHECK,
    )
    find(cases, lambda limited: bool(broken(limited)), settings=anywhere)


class TestAgreement:
    def test_without_limits_the_list_scheduler_says_what_the_page_says(self) -> None:
        page = meaning_by(ByPlace, model_of_places)
        assert_agrees(scheduled, expected=page, timed=True, max_examples=example_count(100))

    @BOTH
    def test_each_attempt_starts_when_the_list_scheduler_says(self, interpreter: Any) -> None:
        def check(limited: Limited) -> None:
            case, few = limited
            one, other = few(interpreter), few(scheduled)
            if differences(case, one, other, timed=True):
                raise Disagreement(f"{few}: {explained(case, one, other, timed=True)}")

        every(limited_cases(), check, 200)

    @BOTH
    @pytest.mark.parametrize("limited", TIES)
    def test_what_ends_has_ended_before_who_starts_at_that_instant(
        self, interpreter: Any, limited: Limited
    ) -> None:
        case, few = limited
        assert not differences(case, few(interpreter), few(scheduled), timed=True)

    @pytest.mark.deep
    @pytest.mark.parametrize("mutant", wrong.catalogue(), ids=lambda each: each.__name__)
    def test_a_wrong_scheduler_is_told_from_the_right_one(
        self, mutant: type[ListScheduler]
    ) -> None:
        def differs(limited: Limited) -> Any:
            case, few = limited
            return differences(case, few(by(mutant)), few(scheduled), timed=True)

        assert_found(limited_cases(), differs)
        assert (mutant.__doc__ or "").endswith(".")


def crowded(interpreter: Interpreter, limited: Limited) -> list[str]:
    """Where more attempts were at work, or started, than the limits allow."""
    case, few = constant(limited[0]), limited[1]
    stays = stays_of(case, ran(case, few(interpreter)))
    return too_many(few, stays) + too_fast(few, stays)


def idled(interpreter: Interpreter, limited: Limited) -> list[str]:
    """Where a busy workflow was idle, though something could start."""
    case, few = prompt(constant(limited[0])), limited[1]
    run = ran(case, few(interpreter))
    return idle(few, stays_of(case, run), run.trace)


@task
def probe() -> int:
    raise AssertionError("it is scripted")


PROBES = par(*[in_pool(in_pool(probe, POOLS[0]), POOLS[1])] * 5)


def starts(interpreter: Interpreter, w: Any, case: Case) -> list[int]:
    """When the probes start, from the first one on."""
    scenario = case.scenario
    for here in walk(w):
        if here.node is probe:
            scenario = scenario.at(here.path, gives=0, takes=seconds(10))
    run = ran(changed(case, w=w, scenario=scenario), interpreter)
    times = sorted(event.start for event in events(run.trace) if event.task == "probe")
    return [time - times[0] for time in times]


def worn(interpreter: Interpreter, limited: Limited) -> bool:
    """Whether after a run other starts are possible than before it."""
    case, few = limited
    after = fallback(case.w >> const(0), const(0)) >> delay(minutes(1)) >> PROBES
    alone = changed(case, scenario=EMPTY, params={})
    return starts(few(interpreter), after, case) != starts(few(interpreter), PROBES, alone)


class TestInvariants:
    @BOTH
    def test_there_are_never_more_at_work_nor_starts_than_the_limits_allow(
        self, interpreter: Any
    ) -> None:
        def check(limited: Limited) -> None:
            assert not crowded(interpreter, limited)

        every(limited_cases(), check, 100)

    @BOTH
    def test_nobody_who_can_start_is_kept_waiting(self, interpreter: Any) -> None:
        """Where time passes by work alone, since only there it is known who could start."""

        def check(limited: Limited) -> None:
            assert not idled(interpreter, limited)

        every(limited_cases(busy), check, 100)

    @BOTH
    def test_after_a_run_all_slots_are_free_again_and_none_twice(self, interpreter: Any) -> None:
        def check(limited: Limited) -> None:
            assert not worn(interpreter, limited)

        every(limited_cases(), check, 100)

    @pytest.mark.deep
    @pytest.mark.parametrize(
        "mutant",
        [
            wrong.OnePoolIsEnough,
            wrong.PoolsBringTheirWorkers,
            wrong.OneMoreFits,
            wrong.RatesCountByWindows,
            wrong.ACutGivesBackTheSlot,
        ],
    )
    def test_a_scheduler_that_lets_in_too_many_is_found(self, mutant: type[ListScheduler]) -> None:
        assert_found(limited_cases(), lambda limited: crowded(by(mutant), limited))

    @pytest.mark.parametrize(
        "mutant",
        [
            wrong.TheFirstHoldsUpTheOthers,
            wrong.RatesCountFromTheLatest,
            wrong.RatesRoundUp,
        ],
    )
    def test_a_scheduler_that_keeps_somebody_waiting_is_found(
        self, mutant: type[ListScheduler]
    ) -> None:
        assert_found(limited_cases(busy), lambda limited: idled(by(mutant), limited))

    @pytest.mark.parametrize("mutant", [wrong.SlotsComeBackLate, wrong.SlotsAreGivenBackTwice])
    def test_a_scheduler_that_miscounts_is_found(self, mutant: type[ListScheduler]) -> None:
        assert_found(limited_cases(), lambda limited: worn(by(mutant), limited))
