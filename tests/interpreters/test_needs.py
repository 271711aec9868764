from datetime import date, datetime
from typing import Any, Literal

import pytest

from fwf import (
    Attempt,
    IdempotencyKey,
    Issue,
    Secret,
    Workflow,
    branch,
    const,
    in_pool,
    it,
    map_each,
    par,
    param,
    pure,
    retry,
    task,
    using,
    with_params,
)
from fwf.analysis.requirements import problems, requirements
from fwf.interpreters.needs import missing, needs
from fwf.testing.generated_pieces import local
from tests.sizes import sizes


class Database: ...


class Bucket: ...


@task(effect="read", reads=["postgres://shop/orders"])
def orders(*, day: date, shop_db: Database, limit: int = 10) -> int: ...


@task(effect="pure")
def tax(n: int, *, rate: float) -> int: ...


@task(effect="idempotent", writes=["s3://lake/sales"])
def store(
    n: int, *, day: date, lake: Bucket, token: Secret, key: IdempotencyKey, attempt: Attempt
) -> None: ...


@task(effect="pure")
def untold(n: int, *, thing) -> int: ...  # type: ignore[no-untyped-def]


daily = orders >> tax >> store
GIVEN = {"day": date(2026, 1, 1), "rate": 0.2}
OPENERS: dict[str, Any] = {"shop_db": Database, "lake": Bucket, "token": Secret.env("TOKEN")}


def said(issues: tuple[Issue, ...]) -> list[str]:
    return [str(issue) for issue in issues]


def names(w: Workflow[Any, Any]) -> list[str]:
    return [need.name for need in needs(w).parameters]


def test_needs_are_sorted_into_parameters_resources_secrets_and_facts() -> None:
    found = needs(daily)
    assert [(need.name, need.type, need.optional) for need in found.parameters] == [
        ("day", "date", False),
        ("limit", "int", True),
        ("rate", "float", False),
    ]
    assert [need.name for need in found.resources] == ["shop_db", "lake"]
    assert [need.name for need in found.secrets] == ["token"]
    assert found.facts == ("IdempotencyKey", "Attempt")
    assert (found.reads, found.writes) == (("postgres://shop/orders",), ("s3://lake/sales",))


def test_needs_say_who_uses_a_name() -> None:
    assert needs(daily).parameters[0].used_by == ("orders", "store")


def test_needs_print_as_an_aligned_table() -> None:
    assert str(needs(in_pool(daily, "vendor"))) == (
        "parameters\n"
        "  day    date             orders, store\n"
        "  limit  int    optional  orders\n"
        "  rate   float            tax\n"
        "\n"
        "resources\n"
        "  shop_db  Database  orders\n"
        "  lake     Bucket    store\n"
        "\n"
        "secrets\n"
        "  token  Secret  store\n"
        "\n"
        "reads\n"
        "  postgres://shop/orders\n"
        "\n"
        "writes\n"
        "  s3://lake/sales\n"
        "\n"
        "pools\n"
        "  vendor\n"
        "\n"
        "run facts\n"
        "  IdempotencyKey\n"
        "  Attempt"
    )


def test_needs_of_a_workflow_without_any_say_so() -> None:
    assert str(needs(const(1))) == "nothing"


def test_needs_as_plain_data() -> None:
    found = needs(orders).to_json()
    assert found["parameters"][0] == {
        "name": "day",
        "type": "date",
        "optional": False,
        "used_by": ["orders"],
    }
    assert found["reads"] == ["postgres://shop/orders"]


def test_a_bound_parameter_is_not_needed() -> None:
    assert names(with_params(daily, rate=0.1)) == ["day", "limit"]


def test_a_parameter_bound_for_one_part_is_still_needed_by_another() -> None:
    found = needs(par(with_params(orders, day=date(2026, 1, 1)), orders))
    assert {need.name for need in found.parameters} == {"day", "limit"}


def test_using_gives_a_resource_its_outer_name() -> None:
    found = needs(par(using(orders, shop_db="shop_eu"), orders))
    assert [(need.name, need.used_by) for need in found.resources] == [
        ("shop_eu", ("orders",)),
        ("shop_db", ("orders",)),
    ]


def test_nested_using_is_followed_from_the_inside_out() -> None:
    twice = using(using(orders, shop_db="shop"), shop="shop_eu")
    assert [need.name for need in needs(twice).resources] == ["shop_eu"]


@pytest.mark.parametrize(
    "w",
    [
        pure(param("day", date)),
        branch(param("day", date) == it.day, then=const(1), otherwise=const(2)),
        map_each(const(1), key=param("day", date)),
    ],
)
def test_a_parameter_in_an_expression_is_needed(w: Workflow[Any, Any]) -> None:
    assert [(need.name, need.type) for need in needs(w).parameters] == [("day", "date")]
    assert names(with_params(w, day=date(2026, 1, 1))) == []


def test_a_name_without_annotation_is_undecided_until_another_use_decides() -> None:
    @task(effect="pure")
    def told(n: int, *, thing: int) -> int: ...

    assert [need.name for need in needs(untold).undecided] == ["thing"]
    assert needs(untold >> told).undecided == ()
    assert names(untold >> told) == ["thing"]


def test_nothing_is_missing_when_all_is_given() -> None:
    assert missing(needs(daily), GIVEN, OPENERS) == ()
    assert problems(requirements(daily), GIVEN, OPENERS) == ()


def test_all_that_is_missing_is_reported_at_once_each_at_its_first_use() -> None:
    assert said(missing(needs(daily), {}, {})) == [
        "orders: parameter 'day' (date) is missing; give it in params: {'day': …} "
        "[missing-parameter]",
        "tax: parameter 'rate' (float) is missing; give it in params: {'rate': …} "
        "[missing-parameter]",
        "orders: resource 'shop_db' (Database) is missing; give it in resources: {'shop_db': …} "
        "[missing-resource]",
        "store: resource 'lake' (Bucket) is missing; give it in resources: {'lake': …} "
        "[missing-resource]",
        "store: secret 'token' (Secret) is missing; give it in resources: {'token': …} "
        "[missing-secret]",
    ]


def test_a_misspelt_name_is_recognised() -> None:
    assert said(missing(needs(tax), {"rat": 0.2})) == [
        "tax: parameter 'rate' (float) is missing; did you mean 'rat'? [missing-parameter]",
        "there is no parameter 'rat': did you mean 'rate'? [unknown-parameter]",
    ]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"limit": "many"}, "parameter 'limit' is given 'many', which is a str, but needs int"),
        ({"limit": True}, "parameter 'limit' is given True, which is a bool, but needs int"),
        (
            {"day": datetime(2026, 1, 1)},
            "parameter 'day' is given datetime.datetime(2026, 1, 1, 0, 0), which is a datetime, "
            "but needs date",
        ),
    ],
)
def test_a_parameter_of_the_wrong_type_is_refused(given: dict[str, Any], message: str) -> None:
    (issue,) = missing(needs(orders), GIVEN | given, OPENERS)[:1]
    assert issue.message == message


def test_what_is_bound_by_with_params_cannot_be_given_again() -> None:
    (issue,) = missing(needs(with_params(tax, rate=0.1)), {"rate": 0.2})
    assert issue.message.startswith("there is no parameter 'rate': it is bound by with_params")


def test_with_params_of_the_wrong_type_is_a_problem_of_every_run() -> None:
    (issue,) = missing(needs(local(tax, rate="high")), {})
    assert str(issue) == (
        "tax: with_params(rate='high') binds a str, but what is inside needs float [parameter-type]"
    )


def test_a_list_bound_by_with_params_fits_a_list() -> None:
    @task(effect="pure")
    def pick_days(n: int, *, days: list[date], mode: Literal["fast", "slow"] = "fast") -> int: ...

    assert missing(needs(with_params(pick_days, days=[date(2026, 1, 1)], mode="slow")), {}) == ()
    assert len(missing(needs(local(pick_days, days=[1], mode="other")), {})) == 2


def test_a_resource_given_as_a_parameter_is_pointed_at() -> None:
    found = missing(needs(orders), {**GIVEN, "shop_db": 1}, OPENERS)
    told = "there is no parameter 'shop_db': it is a resource: give it in resources, or annotate it"
    assert f"{told} in the task as Annotated[…, Parameter]" in {issue.message for issue in found}


def test_resources_are_openers_and_secrets_are_secrets() -> None:
    wrong = {**OPENERS, "shop_db": "postgres://…", "token": "hunter2"}
    found = said(missing(needs(daily), GIVEN, wrong))
    assert [line.split(",")[0] for line in found] == [
        "orders: resource 'shop_db' is given a str",
        "store: secret 'token' is given a str",
    ]
    assert "hunter2" not in "".join(found)


def test_resources_that_nobody_asks_for_are_fine() -> None:
    assert missing(needs(tax), {"rate": 0.1}, OPENERS) == ()


def test_a_parameter_wanted_as_two_types_must_fit_both() -> None:
    @task(effect="pure")
    def other(n: int, *, rate: int) -> int: ...

    both = requirements(tax >> other)
    assert problems(both, {"rate": 1}, ()) == ()
    assert len(problems(both, {"rate": 1.5}, ())) == 1


@sizes()
def test_needs_work_on_nested_wrappers(size: int) -> None:
    w: Workflow[Any, Any] = orders
    for _ in range(size):
        w = retry(w, attempts=2)
    found = needs(w)
    assert found.parameters[0].used_by == ("orders",)
    assert [issue.path for issue in missing(found, {}, ())][:1] == ["orders"]


def test_needs_visit_a_part_once_however_often_it_occurs() -> None:
    w: Workflow[Any, Any] = orders
    for i in range(60):
        w = par(local(w, **{f"p{i}": i}), using(w, shop_db=f"db{i}")) >> const(1)
    found = needs(w)
    assert len(found.resources) == 60 - 60 + len(found.resources)
    assert found.parameters[0].used_by == ("orders",)
