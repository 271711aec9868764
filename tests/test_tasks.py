import pickle
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Literal,
    NewType,
    TypeVar,
    get_args,
    get_origin,
)
from uuid import UUID

import pytest
from returns.result import Result, Success

from fwf import Attempt, IdempotencyKey, Resource, RunInfo, Secret, Task, seconds, task
from fwf.algebra.contract import contract_of, kind_of
from fwf.types.fitting import fits
from tests.samples import Colour, Orders, Visits, enrich, load, orders, ping, reader

if TYPE_CHECKING:
    from nowhere import Unresolved

Day = NewType("Day", date)
T = TypeVar("T")


class Database: ...


def test_positional_parameters_are_the_input() -> None:
    assert [each.name for each in enrich.contract.inputs] == ["orders", "visits"]
    assert enrich.contract.accepts == tuple[Orders, Visits]
    assert load.contract.inputs[0].name == "sales" and len(load.contract.inputs) == 1
    assert ping.contract.inputs == () and ping.contract.accepts is object


def test_the_bare_function_is_kept_for_tests() -> None:
    assert reader("ab", 2).fn() == [2, 2]
    assert orders.fn(day=date(2026, 7, 15)) == Orders(1, date(2026, 7, 15))


def test_a_task_is_annotated_with_or_without_the_type_of_its_function() -> None:
    of_any, of_one = Task[int, str], Task[int, str, Callable[[int], str]]
    assert get_args(of_any) == (int, str, Callable[..., Any])
    assert get_args(of_one) == (int, str, Callable[[int], str])
    assert get_origin(of_any) is get_origin(of_one) is Task


def test_what_no_type_checker_sees_of_several_anys_is_found_when_the_workflow_is_built() -> None:
    @task
    def two_of_anything(a: Any, b: Any) -> int:
        return 0

    with pytest.raises(TypeError, match=r"orders .* gives Orders, but two_of_anything .* takes"):
        orders >> two_of_anything


def test_keyword_only_parameters_are_injected_by_what_their_type_says() -> None:
    @task
    def all_of_them(
        *,
        day: date,
        birthday: Day,
        amount: Decimal | None,
        colour: Colour,
        mode: Literal["a", "b"],
        tags: list[str],
        run_id: UUID,
        wait: Annotated[timedelta, "at most"],
        db: Database,
        opener: Callable[[], int],
        settings: dict[str, int],
        client: Annotated[dict[str, int], Resource],
        password: Secret,
        token: Secret | None,
        key: IdempotencyKey,
        attempt: Attempt,
        run: RunInfo,
        mystery,
        flag=True,
        unresolved: "Unresolved",
    ) -> None: ...

    kinds = {each.name: each.kind for each in all_of_them.contract.injected}
    assert kinds == {
        **dict.fromkeys(
            [
                "day",
                "birthday",
                "amount",
                "colour",
                "mode",
                "tags",
                "run_id",
                "wait",
                "settings",
                "flag",
            ],
            "parameter",
        ),
        "flag": "parameter",
        **dict.fromkeys(["db", "opener", "client"], "resource"),
        **dict.fromkeys(["password", "token"], "secret"),
        **dict.fromkeys(["key", "attempt", "run"], "fact"),
        **dict.fromkeys(["mystery", "unresolved"], "unknown"),
    }
    assert [each.name for each in all_of_them.contract.injected if each.optional] == ["flag"]


def test_what_is_undeclared_counts_as_unrepeatable() -> None:
    assert not ping.contract.repeatable and ping.contract.effect is None
    assert orders.contract.repeatable and load.contract.repeatable
    assert ping.contract.may_write and load.contract.may_write and not orders.contract.may_write


def test_declarations_are_kept_and_can_be_given_in_steps() -> None:
    reading = task(effect="read", duration=seconds(5))

    @reading(name="rows", version="3", reads=["a"], writes=("b",), isolate=True)
    def fn() -> int:
        return 1

    contract = fn.contract
    assert (fn.name, fn.version, contract.effect, contract.isolate) == ("rows", "3", "read", True)
    assert (contract.reads, contract.writes, contract.duration) == (("a",), ("b",), seconds(5))
    assert repr(reading) == "task(effect='read', duration=datetime.timedelta(seconds=5))"
    assert repr(task) == "task"


def test_results_are_unwrapped_and_coroutines_noted() -> None:
    @task
    def maybe() -> Result[int, str]:
        return Success(1)

    @task
    async def later() -> Result[int, str]:
        return Success(1)

    assert maybe.contract.output is int and not maybe.contract.is_async
    assert later.contract.output is int and later.contract.is_async


def nine(a, b, c, d, e, f, g, h, i): ...


def eight(a, b, c, d, e, f, g, h): ...


def stars(*rows: int) -> None: ...


def double_stars(**rows: int) -> None: ...


def defaults(a: int, b: int = 3) -> None: ...


def variable(a: list[T]) -> T: ...


def injected_variable(*, a: T) -> None: ...


class Shop:
    def orders(self) -> int:
        return 1

    @classmethod
    def make(cls) -> None: ...

    @staticmethod
    def free(n: int) -> int:
        return n

    def __call__(self) -> None: ...


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (nine, "nine takes 9 positional parameters; a task takes at most 8: group them in a data"),
        (stars, r"stars\(\*rows\): a task's signature is its contract: name each input, or take"),
        (double_stars, r"double_stars\(\*\*rows\): .*: name each parameter after \*"),
        (defaults, r"defaults\(b=…\): positional .* no default; to inject b, put it after \*"),
        (variable, r"variable\(a\): a type variable says nothing about the data"),
        (injected_variable, r"injected_variable\(a\): a type variable says nothing"),
        (Shop.orders, r"Shop.orders is a method; a task is a function: take the object as a keyw"),
        (Shop.__dict__["make"], "is not a plain function; a task is written with def"),
        (Shop.__dict__["free"], "is not a plain function"),
        (Shop(), "is not a plain function"),
        (Shop, "is not a plain function"),
        (len, "is not a plain function"),
        (3, "@task: 3 is not a plain function"),
        (lambda: 1, "@task: a lambda has no name, so it can't be printed, compared or exported"),
        (ping, r"@task: ping \(samples.py:\d+\) is a task already"),
    ],
)
def test_functions_that_cannot_be_tasks_are_refused_with_the_remedy(
    function: Any, said: str
) -> None:
    with pytest.raises(TypeError, match=said):
        task(function)


def test_eight_positional_parameters_are_enough_and_static_methods_are_functions() -> None:
    assert len(task(eight).contract.inputs) == 8
    assert task(Shop.free).contract.inputs[0].name == "n"


def test_a_closure_needs_config_since_its_name_does_not_say_what_it_does() -> None:
    table = "orders"

    def read() -> str:
        return table

    with pytest.raises(TypeError, match="read is a closure, so its name doesn't say what it does"):
        task(read)
    assert task(config={"table": table})(read).config == {"table": "orders"}


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        (
            {"efect": "read"},
            r"task\(efect=…\): there is no such declaration; did you mean 'effect'",
        ),
        (
            {"effect": "reed"},
            r"task\(effect='reed'\): needs one of 'pure', .*; did you mean 'read'",
        ),
        ({"reads": "a"}, r"task\(reads='a'\): needs a list of dataset names"),
        ({"writes": [1]}, r"task\(writes=\[1\]\): needs a list of dataset names"),
        ({"writes": 3}, r"task\(writes=3\): needs a list of dataset names"),
        ({"name": ""}, r"task\(name=…\): '' is no name, which is a text that isn't empty"),
        ({"version": 2}, r"task\(version=2\): needs a text that isn't empty"),
        ({"duration": 5}, r"task\(duration=5\): needs a duration such as seconds\(5\)"),
        ({"duration": seconds(-5)}, "needs a duration such as"),
        ({"isolate": "yes"}, r"task\(isolate='yes'\): needs True or False"),
        ({"config": [1]}, r"task\(config=\[1\]\): needs a dictionary"),
        ({"config": {"db": object()}}, "is a object; a value in a workflow is plain data"),
    ],
)
def test_declarations_are_checked_where_they_are_written(
    declared: dict[str, Any], said: str
) -> None:
    with pytest.raises((TypeError, ValueError), match=said):
        task(**{"config": {}, **declared})(reader("t").fn)


def test_declarations_go_above_the_function() -> None:
    with pytest.raises(TypeError, match=r"write @task\(…\) above the function instead"):
        task(stars, effect="read")


def test_names_of_tasks_can_stand_in_paths() -> None:
    with pytest.raises(ValueError, match="can't stand in the name"):
        task(name="a > b")(Shop.free)


def test_a_factory_makes_tasks_that_print_compare_and_pickle_by_their_config() -> None:
    made = reader("orders", limit=3)
    assert repr(made) == "reader(limit=3, table='orders')"
    assert made == reader("orders", 3) != reader("orders", 4)
    again = pickle.loads(pickle.dumps(made))
    assert again == made and again.fn() == made.fn()


def test_a_nested_factory_prints_its_own_name() -> None:
    def factory(n: int) -> Task[Any, Any]:
        @task(config={"n": n})
        def made() -> int:
            return n

        return made

    assert repr(factory(3)) == "factory(n=3)"


def test_a_task_prints_as_its_function_and_says_where_it_stands() -> None:
    assert repr(orders) == "orders"
    assert orders.described().startswith("orders (samples.py:")


def test_values_fit_annotations() -> None:
    good: list[tuple[Any, Any]] = [
        (1, int), (1, float), (None, int | None), ("a", Literal["a"]), ([1], list[int]),
        (date(2026, 1, 1), Day), (Colour.RED, Colour), ((1, 2), tuple[int, int]), (1, Any),
        (object(), object), (1, Annotated[int, "x"]), (None, None), ("x", "Unresolved"),
        ({1}, set[int]),
    ]  # fmt: skip
    bad: list[tuple[Any, Any]] = [
        (True, int), (True, float), ("1", int), (1, Literal[True]), (["a"], list[int]),
        ("2026-01-01", Day), (3, int | float | str and str), (1.5, int), (1, Colour),
    ]  # fmt: skip
    assert all(fits(value, wanted) for value, wanted in good)
    assert not any(fits(value, wanted) for value, wanted in bad)
    assert kind_of(Day, None) == "parameter"


def test_only_the_first_parameter_tells_a_method() -> None:
    def fn(data: int, cls: str) -> None: ...

    assert len(contract_of(fn).inputs) == 2
