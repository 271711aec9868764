"""What a status means, with its headers and its body: whether, and when, to ask again."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from fwf import Permanent, it
from fwf.connectors import http
from fwf.connectors.shared import errors
from tests.connectors.http.moody import answer, caught, gives, in_turn

NOW = datetime(2026, 7, 15, 12, tzinfo=UTC)


def date_of(moment: datetime) -> str:
    return format_datetime(moment, usegmt=True)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (500, errors.Transient),
        (502, errors.Transient),
        (504, errors.Transient),
        (501, errors.Refused),
        (505, errors.Refused),
        (408, errors.Transient),
        (425, errors.Transient),
        (429, errors.Overloaded),
        (503, errors.Overloaded),
        (400, errors.Refused),
        (401, errors.Unauthorized),
        (403, errors.Unauthorized),
        (404, errors.Missing),
        (410, errors.Refused),
        (206, errors.Refused),
        (300, errors.Refused),
        (304, errors.Refused),
    ],
)
def test_a_status_is_an_error_of_its_class(ask: Any, status: int, kind: type) -> None:
    error = caught(ask, gives(answer(status, {"secret": "of the body"})))
    assert type(error) is kind
    assert str(status) in str(error) and "of the body" not in str(error)


@pytest.mark.parametrize(
    ("values", "wait"),
    [
        ("120", 120),
        ("0", 0),
        (" 7 ", 7),
        ("00120", 120),
        ("-5", 0),
        ("1.5", 0),
        ("120junk", 0),
        ("soon", 0),
        ("", 0),
        ("١٢", 0),
        (date_of(NOW + timedelta(seconds=90)), 90),
        (date_of(NOW - timedelta(days=1)), 0),
        ("Wednesday, 15-Jul-26 12:01:00 GMT", 60),
        ("Wed Jul 15 12:01:00 2026", 60),
        (["3", "200"], 200),
        (["junk", "4"], 4),
    ],
)
def test_retry_after_has_two_forms_and_junk_is_none(
    ask: Any, values: str | list[str], wait: int
) -> None:
    said = [values] if isinstance(values, str) else values
    given = [each.encode().decode("latin-1") for each in said]
    lines = [f"Retry-After: {each}" for each in [*given]]
    head = "\r\n".join(["HTTP/1.1 429 -", f"Date: {date_of(NOW)}", "Content-Length: 0", *lines])
    error = caught(ask, gives(head.encode("latin-1") + b"\r\n\r\n"))
    assert isinstance(error, errors.Overloaded)
    assert error.retry_after == timedelta(seconds=wait)


def test_a_date_is_measured_by_the_clock_of_the_service(ask: Any) -> None:
    long_ago = datetime(1999, 1, 1, tzinfo=UTC)
    reply = answer(
        503, date=date_of(long_ago), retry_after=date_of(long_ago + timedelta(seconds=9))
    )
    error = caught(ask, gives(reply))
    assert isinstance(error, errors.Overloaded) and error.retry_after == timedelta(seconds=9)


def test_a_date_without_the_services_own_is_measured_by_ours(ask: Any) -> None:
    reply = answer(503, retry_after=date_of(datetime.now(UTC) + timedelta(seconds=100)))
    error = caught(ask, gives(reply))
    assert isinstance(error, errors.Overloaded)
    assert timedelta(seconds=95) < error.retry_after <= timedelta(seconds=100)


@pytest.mark.parametrize("wait", ["999999", "9" * 5000, date_of(NOW + timedelta(days=11))])
def test_a_wait_that_is_too_long_is_a_failure_at_once(ask: Any, wait: str) -> None:
    error = caught(ask, gives(answer(429, date=date_of(NOW), retry_after=wait)))
    assert type(error) is errors.Refused and "longest_wait=" in str(error)


# Keys


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (answer(400, {"error": {"type": "idempotency_error"}}), errors.KeyReused),
        (answer(409, {"error": {"type": "idempotency_error"}}), errors.KeyReused),
        (answer(409, {"error": "busy"}), http.InProgress),
        (answer(500, idempotent_replayed="true"), errors.Refused),
        (answer(402, idempotent_replayed="true"), errors.Refused),
        (answer(500), errors.Transient),
        (answer(422, {"error": "no such customer"}), errors.Refused),
        (answer(400, b"<html>"), errors.Refused),
    ],
)
def test_what_a_service_says_to_a_key_is_told_apart(
    serve: Any, opened: Any, reply: bytes, kind: type
) -> None:
    with pytest.raises((errors.Transient, Permanent)) as found:
        opened(serve(gives(reply)).url).post("/x", {}, "key-1")
    assert type(found.value) is kind


def test_a_replayed_success_is_a_success(serve: Any, opened: Any) -> None:
    client = opened(serve(gives(answer(200, {"id": 1}, idempotent_replayed="true"))).url)
    assert client.post("/x", {}, "key-1").content == {"id": 1}


def test_services_have_names_of_their_own_for_the_key(serve: Any, opened: Any) -> None:
    server = serve(gives(answer(422, {"code": "reused"})))
    client = opened(server.url, key_header="X-Request-Id", reused_when=it.code == "reused")
    with pytest.raises(errors.KeyReused):
        client.post("/x", {}, "key-1")
    assert server.asked[0].headers["x-request-id"] == "key-1"


@pytest.mark.parametrize("key", ["", "a\r\nb", "schlüssel", " a"])
def test_a_key_that_no_header_can_have_is_refused(opened: Any, key: str) -> None:
    with pytest.raises(ValueError, match="key"):
        opened("http://127.0.0.1:1").post("/x", {}, key)


# Good statuses that say no


def test_a_body_can_say_that_it_failed(serve: Any, opened: Any) -> None:
    client = opened(serve(in_turn(
        answer(body={"errors": ["of the body"]}), answer(body={"data": 1}), answer(body={"ok": 3}),
    )).url)  # fmt: skip
    failed = it.errors.present()
    with pytest.raises(errors.Refused, match=r"it\.errors\.present\(\)") as found:
        client.get("/x", fails_when=failed)
    assert "of the body" not in str(found.value)
    assert client.get("/x", fails_when=failed).content == {"data": 1}
    with pytest.raises(errors.BadData, match="neither true nor false"):
        client.get("/x", fails_when=it.ok)


def test_missing_may_be_a_value(serve: Any, opened: Any) -> None:
    client = opened(serve(gives(answer(404, b"<html>", kind="text/html"))).url)
    assert client.get("/x", missing="none") == http.Answer(404, None, {}, f"{client_url(client)}/x")


def client_url(client: http.Client) -> str:
    return repr(client).removeprefix("<http.client of ").removesuffix(">")
