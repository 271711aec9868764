"""The tasks as values: pickled, planned, checked, and run with what they are to be given."""

import json
import pickle
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from fwf import backoff, it, load, par, param, plan, registry, retry, run, seconds
from fwf.connectors import http
from fwf.connectors.http.tasks import KEY
from fwf.connectors.shared.errors import Transient
from tests.connectors.http.moody import KEEP, answer, gives, in_turn

TASKS = [
    http.get("/rates", name="rates", client="bank"),
    http.get(
        "/rates/{day}/{kind}",
        name="rates",
        client="bank",
        params={"day": date, "kind": str, "least": Decimal("1.50")},
        query={"least": "{least}", "format": "{{json}}", "both": "{day}..{least}"},
        format="ndjson",
        numbers="decimal",
        content_type="text/plain",
        fails_when=it.errors.length() > 0,
        missing="none",
        reads=["https://bank.example/rates"],
    ),
    http.get_page("/x", name="page", client="shop", style=http.by_page(items=it.data)),
    http.get_page("/x", name="page", client="shop", style=http.by_offset(total="total")),
    http.get_page(
        "/x/{day}",
        name="page",
        client="shop",
        style=http.by_cursor(it.meta["next"].or_else(None), more=~(it.last == True)),
        params={"day": "date"},
        query={"size": "200"},
        format="json",
        numbers="decimal",
        fails_when="failed",
        reads=[],
    ),
    http.get_page("/x", name="page", client="shop", style=http.by_link(next=it.links["next"])),
    http.post("/orders", name="order", client="crm"),
    http.post(
        "/days/{day}",
        name="order",
        client="crm",
        params={"day": date},
        query={"dry": "true"},
        effect="unrepeatable",
        numbers="decimal",
        content_type="text/json",
        fails_when=it.ok.or_else(False) == False,
        writes=["https://crm.example/days"],
    ),
    http.post("/graphql", name="ask", client="api", effect="read", fails_when=it.errors.present()),
    http.distinct("id", name="orders"),
    http.distinct(it.key.id, name="orders"),
]


@pytest.mark.parametrize("t", TASKS, ids=lambda t: f"{t.name}-{len(t.config)}")
def test_a_task_is_the_same_when_it_is_pickled_planned_and_made_again(t: Any) -> None:
    made = pickle.loads(pickle.dumps(t))
    known = load(plan(t), registry(t)).unwrap()
    assert made == t == known and made.config == t.config == known.config
    blind = load(plan(t)).unwrap()  # without the code
    assert plan(made) == plan(known) == plan(blind) == plan(t)


def test_no_two_tasks_are_equal() -> None:
    assert len({plan(t) for t in TASKS}) == len(TASKS)
    assert len(set(TASKS)) == len(TASKS)


def test_a_pickled_task_runs_as_the_first_one_did(serve: Any) -> None:
    server = serve(gives(answer(body={"data": [1], "more": False})))
    resources = {"shop": lambda: http.client(server.url, allow_private=True)}
    t = http.get_page("/x", name="p", client="shop", style=http.by_page(items="data", more="more"))
    for each in (t, pickle.loads(pickle.dumps(t))):
        assert run(each, None, resources=resources).unwrap() == http.Page([1], None)


def test_what_a_task_says_of_itself() -> None:
    get, post = TASKS[0].contract, TASKS[6].contract
    assert (get.effect, get.reads, get.writes) == ("read", ("http://bank/rates",), ())
    assert (post.effect, post.reads, post.writes) == ("idempotent", (), ("http://crm/orders",))
    assert post.keyed and not TASKS[7].contract.keyed
    assert TASKS[8].contract.reads == ("http://api/graphql",) and not TASKS[8].contract.writes
    assert {each.name: each.kind for each in post.injected} == {"crm": "resource", KEY: "fact"}
    assert {each.name: each.optional for each in TASKS[1].contract.injected} == {
        "day": False, "kind": False, "least": True, "bank": False,
    }  # fmt: skip


def resources(server: Any) -> Any:
    return {
        each: lambda: http.client(f"{server.url}/v2/", allow_private=True)
        for each in ("bank", "crm", "shop")
    }


def test_parameters_fill_path_and_query(serve: Any) -> None:
    server = serve(gives(answer(body=[])))
    t = http.get(
        "/rates/{day}/of-{kind}.json", name="rates", client="bank",
        params={"day": date, "kind": str, "least": Decimal("1.50")},
        query={"least": "{least}", "q": "a={kind}", "brace": "{{}}"},
    )  # fmt: skip
    given: dict[str, object] = {"day": date(2026, 7, 15), "kind": "a/b?c=d&e#f%ü /.."}
    run(t, params=given, resources=resources(server)).unwrap()
    run(t, params={**given, "least": Decimal("1E+3")}, resources=resources(server)).unwrap()
    kind = "a%2Fb%3Fc%3Dd%26e%23f%25%C3%BC%20%2F.."
    query = "q=a%3Da%2Fb%3Fc%3Dd%26e%23f%25%C3%BC+%2F.."
    assert [each.target for each in server.asked] == [
        f"/v2/rates/2026-07-15/of-{kind}.json?brace=%7B%7D&least=1.50&{query}",
        f"/v2/rates/2026-07-15/of-{kind}.json?brace=%7B%7D&least=1000&{query}",
    ]


@pytest.mark.parametrize("value", ["", "..", ".", "\ud800"])
def test_a_value_that_would_lead_elsewhere_is_bad_data(serve: Any, value: str) -> None:
    server = serve(gives(answer(body=[])))
    t = http.get("/rates/{kind}/x", name="rates", client="bank", params={"kind": str})
    fault = run(t, params={"kind": value}, resources=resources(server)).failure()
    assert "BadData" in str(fault) and server.asked == []


def test_a_post_carries_the_key_of_its_step_on_every_attempt(serve: Any) -> None:
    server = serve(in_turn(answer(500), answer(429, retry_after="0"), answer(201, {"id": 7})))
    t = http.post("/orders", name="order", client="crm")
    patient = retry(t, attempts=3, wait=backoff(seconds(0.01)), on=Transient)
    found = run(patient, {"customer": "Łódź"}, resources=resources(server), key="run-1")
    assert found.unwrap() == {"id": 7}
    keys = {each.headers["idempotency-key"] for each in server.asked}
    assert len(server.asked) == 3 and len(keys) == 1
    assert {each.json["customer"] for each in server.asked} == {"Łódź"}
    assert {each.headers["content-type"] for each in server.asked} == {"application/json"}
    run(t, {"customer": "Łódź"}, resources=resources(server), key="run-2").unwrap()
    assert server.asked[-1].headers["idempotency-key"] not in keys


@pytest.mark.parametrize("effect", ["unrepeatable", "read"])
def test_a_post_that_is_not_idempotent_carries_none(serve: Any, effect: Any) -> None:
    server = serve(gives(answer(body=1)))
    t = http.post("/x", name="x", client="crm", effect=effect)
    assert run(t, [1], resources=resources(server)).unwrap() == 1
    assert "idempotency-key" not in server.asked[0].headers


@pytest.mark.parametrize(
    "value",
    [float("nan"), {"a": float("inf")}, "\ud800", Decimal("1"), date(2026, 7, 15), {1, 2}, b"x",
     {("canary",): 1}, {1: "canary", "1": 2}, json.loads("[" * 101 + "]" * 101)],
)  # fmt: skip
def test_what_json_cannot_say_is_refused_before_it_is_sent(serve: Any, value: Any) -> None:
    server = serve(gives(answer(body=1)))
    fault = run(TASKS[6], value, resources=resources(server), key="run-1").failure()
    assert "http post" in str(fault) and "canary" not in str(fault) and server.asked == []


@pytest.mark.parametrize("value", [None, True, 0, "", [], {}, 10**400, "\x00 ", [{"a": [1.5]}]])
def test_what_json_can_say_arrives_as_it_is(serve: Any, value: Any) -> None:
    server = serve(gives(answer(204, kind=None)))
    assert run(TASKS[6], value, resources=resources(server)).unwrap() is None
    assert server.asked[0].json == value


def test_retry_waits_as_long_as_the_service_asks(serve: Any) -> None:
    import time

    server = serve(in_turn(answer(503, retry_after="1"), answer(body="there")))
    patient = retry(TASKS[0], attempts=2, wait=backoff(seconds(0.01)), on=Transient)
    began = time.monotonic()
    assert run(patient, resources=resources(server)).unwrap() == "there"
    assert time.monotonic() - began >= 1


@pytest.mark.parametrize("status", [400, 401, 404, 422])
def test_retry_does_not_ask_again_where_that_cannot_help(serve: Any, status: int) -> None:
    server = serve(gives(answer(status)))
    for patient in (
        retry(TASKS[0], attempts=3, wait=backoff(seconds(0.01))),
        retry(TASKS[0], attempts=3, wait=backoff(seconds(0.01)), on=Transient),
    ):
        before = len(server.asked)
        run(patient, resources=resources(server)).failure()
        assert len(server.asked) == before + 1


ANY: Any = None


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: http.get("https://x/y", name="a", client="c"), "not a URL"),
        (lambda: http.get("/a?b=c", name="a", client="c"), "query="),
        (lambda: http.get("/a b", name="a", client="c"), "no spaces"),
        (lambda: http.get("/a/../b", name="a", client="c"), r"segments \. and \.\."),
        (lambda: http.get("/a/%2e%2E/b", name="a", client="c"), r"segments \. and \.\."),
        (lambda: http.get("/a\\b", name="a", client="c"), "backslashes"),
        (lambda: http.get("/{day}", name="a", client="c"), r"params=\{'day': date\}"),
        (lambda: http.get("/{dya}", name="a", client="c", params={"day": date}), "day"),
        (lambda: http.get("/{day!r}", name="a", client="c", params={"day": date}), "braces"),
        (lambda: http.get("/{day:%Y}", name="a", client="c", params={"day": date}), "braces"),
        (lambda: http.get("/{}", name="a", client="c"), "braces"),
        (lambda: http.get("/{day.year}", name="a", client="c", params={"day": date}), "braces"),
        (lambda: http.get("/a{", name="a", client="c"), "brace"),
        (lambda: http.get("/a", name="a", client="c", params={"day": date}), "stands nowhere"),
        (lambda: http.get("/{c}", name="a", client="c", params={"c": str}), "are both named 'c'"),
        (lambda: http.get("/{d}", name="a", client="c", params={"d": ANY}), "run parameter"),
        (lambda: http.get("/a", name="a", client="the client"), "Python"),
        (lambda: http.get("/a", name="a", client="c", format=ANY), "format"),
        (lambda: http.get("/a", name="a", client="c", numbers=ANY), "numbers"),
        (lambda: http.get("/a", name="a", client="c", missing=ANY), "missing"),
        (lambda: http.get("/a", name="a", client="c", fails_when=param("x")), "parameters"),
        (lambda: http.get("/a", name="a", client="c", fails_when=5), "expression"),
        (
            lambda: http.post("/{own_key}", name="a", client="c", params={KEY: str}),
            "of the task's own",
        ),
        (lambda: http.post("/a", name="a", client="c", effect=ANY), "effect"),
        (lambda: http.post("/v1/graphql", name="a", client="c"), "fails_when=it.errors"),
        (lambda: http.get("/GraphQL/", name="a", client="c"), "fails_when=it.errors"),
        (lambda: http.get_page("/a", name="a", client="c", style=ANY), "by_page"),
        (
            lambda: http.get_page(
                "/a", name="a", client="c", style=http.by_page(), query={"page": "2"}
            ),
            "for its own",
        ),
        (lambda: http.distinct(ANY, name="a"), "expression"),
    ],
)
def test_what_cannot_be_right_is_an_error_of_the_definition(make: Any, said: str) -> None:
    with pytest.raises((TypeError, ValueError), match=said):
        make()


def test_a_client_is_opened_once_for_a_run_and_closed_with_it(serve: Any) -> None:
    server = serve(gives(answer(body=[1], close=False), KEEP))
    opened: list[http.Client] = []

    def open_bank() -> http.Client:
        opened.append(http.client(server.url, allow_private=True))
        return opened[-1]

    several = TASKS[0] >> TASKS[0] >> par(TASKS[0], TASKS[0])
    assert run(several, resources={"bank": open_bank}).unwrap() == ([1], [1])
    assert len(opened) == 1 and server.connections <= 2
    with pytest.raises(RuntimeError, match="isn't open"):
        opened[0].get("/x")


def test_the_same_client_serves_a_plain_function_of_ones_own(serve: Any, opened: Any) -> None:
    client = opened(serve(gives(answer(body=[1], link="</y>; rel=next"))).url)
    found = client.get("/x", {"b": [1, 2], "a": None, "c": True, "d": date(2026, 7, 15)})
    assert found == http.Answer(200, [1], {"next": found.url.partition("/x")[0] + "/y"}, found.url)
    assert found.url.endswith("/x?b=1&b=2&c=true&d=2026-07-15")
