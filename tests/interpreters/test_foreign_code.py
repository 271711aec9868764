"""Whatever somebody's code raises in an expression is a defect of the run and of the dry run."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from returns.result import Failure

from fwf import (
    IdempotencyKey,
    RunInfo,
    Workflow,
    always,
    branch,
    const,
    dry_run,
    fallback,
    identity,
    it,
    loop_until,
    map_each,
    par,
    pure,
    register_codec,
    seconds,
    task,
    timeout,
)
from fwf.faults import BadInput, PredicateDefect
from fwf.interpreters.run import run
from fwf.worlds.scenario import Scenario
from tests.interpreters.run.support import doing, log


class Odd:
    """A value whose every method raises what it was made with."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    @property
    def n(self) -> Any:
        raise self.error

    def __str__(self) -> str:
        raise self.error

    def __len__(self) -> int:
        raise self.error

    def __add__(self, other: object) -> Any:
        raise self.error


class OddList(Sequence[Any]):
    def __init__(self, error: BaseException) -> None:
        self.error = error

    def __len__(self) -> int:
        return 1

    def __getitem__(self, index: Any) -> Any:
        raise self.error


def raises(x: Odd) -> Any:
    raise x.error


def first_raises(x: list[Odd]) -> Any:
    raise x[0].error


PLACES: dict[str, tuple[Workflow[Any, Any], Callable[[Any], Any]]] = {
    "pure of a function": (pure(raises), Odd),
    "a branch's predicate": (branch(raises, then=identity, otherwise=identity), Odd),
    "a loop's condition": (loop_until(identity, raises, limit=2), Odd),
    "a key": (map_each(identity, key=raises), lambda error: [Odd(error)]),
    "a key's text": (map_each(identity, key=it), lambda error: [Odd(error)]),
    "a property": (pure(it.n), Odd),
    "a property that may be missing": (pure(it.n.or_else(0)), Odd),
    "a length": (pure(it.length()), Odd),
    "arithmetic": (pure(it + 1), Odd),
    "a list's items": (map_each(identity), OddList),
    "inside a predicate": (branch((it.n > 1) | (it.n < 2), then=identity, otherwise=identity), Odd),
}
ERRORS: list[BaseException] = [
    SystemExit(3), GeneratorExit(), ValueError("bad"), RecursionError("deep"), MemoryError(),
    ExceptionGroup("several", [ValueError("bad")]), StopIteration(1), KeyboardInterrupt(),
]  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_whatever_is_raised_there_is_a_defect_and_finalisers_run(
    place: str, error: BaseException
) -> None:
    w, odd = PLACES[place]
    whole = always(w, then=doing("release", lambda x: log.append("released")))
    for each in (whole, timeout(whole, seconds(60)), par(whole)):
        log.clear()
        fault = run(each, odd(error)).failure()
        assert isinstance(fault, PredicateDefect) and "Defect" in fault.tags
        assert log == ["released"]
        assert run(fallback(each, const("caught")), odd(error)).unwrap() == "caught"
        if not isinstance(error, KeyboardInterrupt):
            assert dry_run(each, odd(error)).result == Failure(fault)


@pytest.mark.parametrize("error", ERRORS[:4], ids=lambda error: type(error).__name__)
def test_a_defect_names_the_function_or_the_field_that_raised(error: BaseException) -> None:
    said = str(run(pure(raises), Odd(error)).failure())
    assert said.startswith(f"pure: PredicateDefect: raises raised {type(error).__name__}")
    said = str(run(pure(it.n), Odd(error)).failure())
    assert said.startswith(f"pure: PredicateDefect: it: reading 'n' raised {type(error).__name__}")


@task(effect="pure")
def unknown() -> int:
    raise AssertionError


@pytest.mark.parametrize("place", PLACES)
def test_it_is_a_defect_of_a_dry_run_that_knows_little_too(place: str) -> None:
    w, odd = PLACES[place]
    outcome = dry_run(par(unknown, w), odd(SystemExit(3))).result
    assert isinstance(outcome, Failure) and isinstance(outcome.failure(), PredicateDefect)


@pytest.mark.parametrize("place", PLACES)
def test_ctrl_c_ends_a_dry_run_wherever_it_is(place: str) -> None:
    w, odd = PLACES[place]
    with pytest.raises(KeyboardInterrupt):
        dry_run(w, odd(KeyboardInterrupt()))


def test_a_scripted_function_may_raise_anything() -> None:
    def exits(x: Any) -> Any:
        raise SystemExit(x)

    outcome = dry_run(asks, 3, scenario=Scenario().task("asks", gives_by=exits)).result
    assert isinstance(outcome, Failure) and outcome.failure().tags[0] == "SystemExit"
    assert str(outcome.failure()) == "asks: SystemExit: 3"


@task(effect="pure")
def asks(x: int) -> int:
    raise AssertionError


# Codecs


class Money:
    def __init__(self, amount: int) -> None:
        self.amount = amount


broken: list[BaseException] = []


def to_plain(money: Money) -> int:
    for error in broken:
        raise error
    return money.amount


@pytest.fixture
def codec() -> Iterator[None]:
    register_codec(Money, name="money", to_plain=to_plain, from_plain=Money)
    yield
    broken.clear()


@task(effect="pure")
def named_by(x: Any, *, run: RunInfo, key: IdempotencyKey) -> int:
    return len(run.run_id) + len(key)


@pytest.mark.usefixtures("codec")
@pytest.mark.parametrize("error", ERRORS[:3], ids=lambda error: type(error).__name__)
def test_a_codec_that_raises_is_a_defect_where_a_value_is_needed(error: BaseException) -> None:
    broken.clear()
    prices = const({Money(1): "a", Money(2): "b"})
    needs_id = named_by >> prices
    broken.append(error)
    for w in (prices, timeout(prices, seconds(60)), par(prices)):
        fault = run(w, [1]).failure()
        assert isinstance(fault, PredicateDefect) and type(error).__name__ in str(fault)
        assert dry_run(w, [1]).result == Failure(fault)
    for w in (needs_id, timeout(needs_id, seconds(60))):
        fault = run(w, 1).failure()
        assert isinstance(fault, BadInput) and dry_run(w, 1).result == Failure(fault)
        raised = type(error).__name__
        assert f"its definition holds a value whose codec raised {raised}" in str(fault)


@pytest.mark.usefixtures("codec")
def test_an_input_whose_codec_raises_names_no_run() -> None:
    broken.append(SystemExit(3))
    said = str(run(named_by, Money(1)).failure())
    assert "the input is of the class Money, whose codec raised SystemExit" in said
    assert run(named_by, Money(1), key="2026-06-01").unwrap() == 36 + 32
