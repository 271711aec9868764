"""AWS is asked once, and errors say whether to ask again and hold nothing of what was sent."""

import base64
import json
import pickle
import threading
import traceback
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from datetime import timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import quote

import pytest

from examples.services.aws import serving
from fwf import seconds
from fwf.connectors.shared import aws
from fwf.connectors.shared.errors import (
    BadData,
    Conflict,
    MaybeDone,
    Missing,
    Overloaded,
    Refused,
    Transient,
    Unauthorized,
    Unreachable,
)
from fwf.faults import Permanent
from fwf.secrets import Secret, masked

CANARY = "hunter2-canary/ä+="


def known(value: str) -> Secret:
    return Secret(lambda: value, where="a test")


def client(endpoint: str, service: str = "dynamodb", **settings: Any) -> Any:
    given = {"access_key": known("AKIATEST"), "secret_key": known(CANARY), **settings}
    return aws.client(service, region="eu-central-1", endpoint=endpoint, **given)


@contextmanager
def answering(
    status: int, body: object = "", kind: str = "application/x-amz-json-1.0", **headers: str
) -> Generator[tuple[str, list[bytes]]]:
    """A server that answers each request so; its address, and the bodies that came."""
    came: list[bytes] = []
    content = (body if isinstance(body, str) else json.dumps(body)).encode()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            came.append(self.rfile.read(int(self.headers["Content-Length"])))
            if status == 0:  # as if the line was cut
                return
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content) + (9 if "cut" in headers else 0)))
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", came
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def put(endpoint: str, wrote: bool = True, **settings: Any) -> dict[str, Any]:
    request: dict[str, Any] = {"TableName": "t", "Item": {"id": {"S": CANARY}}}
    with closing(client(endpoint, **settings)) as dynamodb:
        return aws.ask(dynamodb, "put_item", wrote=wrote, expects="Attributes", **request)


def told(code: str) -> dict[str, str]:
    return {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": f"item {CANARY}"}


ANSWERS: list[tuple[int, str, type[Exception]]] = [
    (400, "ProvisionedThroughputExceededException", Overloaded),
    (400, "ThrottlingException", Overloaded),
    (400, "RequestLimitExceeded", Overloaded),
    (400, "ActiveStatementsExceededException", Overloaded),
    (429, "Unheard", Overloaded),
    (400, "TransactionConflictException", Conflict),
    (500, "InternalServerError", MaybeDone),
    (503, "ServiceUnavailable", MaybeDone),
    (400, "AccessDeniedException", Unauthorized),
    (400, "ExpiredTokenException", Unauthorized),
    (400, "UnrecognizedClientException", Unauthorized),
    (403, "Unheard", Unauthorized),
    (400, "ResourceNotFoundException", Missing),
    (404, "Unheard", Missing),
    (400, "ValidationException", Refused),
    (400, "Unheard", Refused),
]


@pytest.mark.parametrize(("status", "code", "kind"), ANSWERS)
def test_what_aws_says_decides_whether_to_ask_again_and_it_is_asked_once(
    status: int, code: str, kind: type[Exception]
) -> None:
    with (
        answering(status, told(code)) as (endpoint, came),
        pytest.raises(kind, match=code) as caught,
    ):
        put(endpoint)
    assert type(caught.value) is kind
    assert issubclass(kind, Transient) != issubclass(kind, Permanent)
    assert len(came) == 1
    assert "dynamodb put_item" in str(caught.value)


def test_the_environment_cannot_switch_retries_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "5")
    monkeypatch.setenv("AWS_RETRY_MODE", "adaptive")
    with answering(500, told("InternalServerError")) as (endpoint, came):
        with pytest.raises(MaybeDone):
            put(endpoint)
        assert len(came) == 1


def test_a_read_of_which_the_answer_was_lost_changed_nothing() -> None:
    with answering(500, told("InternalServerError")) as (endpoint, _):
        with pytest.raises(Transient) as caught:
            put(endpoint, wrote=False)
        assert type(caught.value) is Transient


@pytest.mark.parametrize(
    "answer",
    [
        lambda: answering(0),
        lambda: answering(200, '{"Attributes": {"id": {"S"', cut="short"),
        lambda: answering(200, "<html>Please log in</html>", "text/html"),
        lambda: answering(200, '["a list"]'),
    ],
)
def test_an_answer_that_is_lost_or_none_of_aws_leaves_open_whether_it_was_done(
    answer: Callable[[], Any],
) -> None:
    with answer() as (endpoint, came):
        with pytest.raises(MaybeDone):
            put(endpoint, within=seconds(1))
        assert len(came) == 1


def test_silence_ends_after_the_time_that_is_given() -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(MaybeDone, match="ReadTimeoutError"):
            put(f"http://127.0.0.1:{port}", within=timedelta(milliseconds=100))


def test_what_cannot_be_connected_to_is_unreachable() -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(Unreachable):
        put(f"http://127.0.0.1:{port}")


@pytest.mark.parametrize(("said", "after"), [("7", 7), ("-1", 0), ("1.5", 0), ("99999999999", 0)])
def test_a_wait_that_aws_asks_for_is_kept_if_it_is_one(said: str, after: int) -> None:
    with answering(503, told("SlowDown"), Retry_After=said) as (endpoint, _):
        with pytest.raises(Overloaded) as caught:
            put(endpoint)
        assert caught.value.retry_after == timedelta(seconds=after)


def test_who_may_not_do_what_is_told() -> None:
    said = {**told("AccessDeniedException"), "message": "User: ann may not: dynamodb:PutItem"}
    with answering(400, said) as (endpoint, _), pytest.raises(Unauthorized, match="User: ann may"):
        put(endpoint)


def test_an_error_that_is_asked_for_is_an_answer_and_others_are_raised() -> None:
    request: dict[str, Any] = {"TableName": "t", "Item": {"id": {"S": CANARY}}}
    also = ("ConditionalCheckFailedException",)
    for code in (*also, "ValidationException"):
        said = {**told(code), "Item": {"id": {"S": "held"}}}
        with answering(400, said) as (endpoint, _), closing(client(endpoint)) as dynamodb:
            ask = partial(aws.ask, dynamodb, "put_item", wrote=True, expects="", also=also)
            if code in also:
                answer = ask(about="table 't'", **request)
                assert answer["Item"] == {"id": {"S": "held"}}
                assert answer["Error"]["Code"] == code
                continue
            with pytest.raises(Refused, match="dynamodb put_item of table 't': Validation"):
                ask(about="table 't'", **request)


def everything(error: BaseException) -> str:
    """All that an error and the errors behind it show."""
    texts, todo, seen = [], [error], set[int]()
    while todo:
        each = todo.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        texts += [str(each), repr(each), repr(each.__dict__), *map(str, each.args)]
        todo += [other for other in (each.__cause__, each.__context__) if other]
    return "\n".join([*texts, *traceback.format_exception(error)])


@pytest.mark.parametrize(("status", "code"), [(400, "ValidationException"), (500, "X"), (0, "")])
def test_values_and_keys_are_in_no_error_nor_behind_it(status: int, code: str) -> None:
    problem = pytest.raises((Refused, MaybeDone))
    with answering(status, told(code)) as (endpoint, _), problem as caught:
        put(endpoint)
    for form in (CANARY, quote(CANARY), base64.b64encode(CANARY.encode()).decode()):
        assert form not in everything(caught.value)


def test_what_boto3_refuses_to_send_is_told_without_its_value() -> None:
    with closing(client("http://127.0.0.1:9")) as dynamodb, pytest.raises(Refused) as caught:
        aws.ask(dynamodb, "put_item", wrote=True, expects="", TableName="t", Item={"id": CANARY})
    assert CANARY not in everything(caught.value)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"region": "eu central"}, "region"),
        ({"region": ""}, "region"),
        ({"region": "eu.evil.example/"}, "region"),
        ({"endpoint": f"http://user:{quote(CANARY)}@127.0.0.1"}, "endpoint"),
        ({"endpoint": "ftp://127.0.0.1"}, "endpoint"),
        ({"endpoint": "127.0.0.1:80"}, "endpoint"),
        ({"endpoint": "http://127.0.0.1:99999"}, "endpoint"),
        ({"endpoint": "http://127.0.0.1/path"}, "endpoint"),
        ({"endpoint": "http://[::1"}, "endpoint"),
        ({"access_key": known("AKIA")}, "go together"),
        ({"session_token": known("AKIA")}, "go together"),
        ({"access_key": CANARY, "secret_key": CANARY}, "Secret"),
        ({"within": timedelta(0)}, "within"),
        ({"within": 10**9}, "within"),
        ({"connect_within": -1}, "connect_within"),
    ],
)
def test_settings_that_cannot_be_are_refused_without_showing_them(
    settings: dict[str, Any], says: str
) -> None:
    with pytest.raises((TypeError, ValueError), match=says) as caught:
        aws.client("dynamodb", **{"region": "eu-central-1", **settings})
    assert quote(CANARY) not in everything(caught.value)
    assert CANARY not in everything(caught.value)


def test_no_region_at_all_is_an_error_that_says_where_to_give_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    with pytest.raises(ValueError, match="give region="):
        aws.client("dynamodb")


def test_without_credentials_nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    with answering(200, {}) as (endpoint, came):
        with pytest.raises(Unauthorized, match="access_key="):
            put(endpoint, access_key=None, secret_key=None)
        assert not came


# Secrets Manager


@pytest.fixture(scope="module")
def manager() -> Generator[tuple[str, Any]]:
    with serving() as endpoint, closing(client(endpoint, "secretsmanager")) as made:
        made.create_secret(Name="plain", SecretString=CANARY)
        fields = {"user": "ann", "password": CANARY, "port": 5432, "deep": {"a": 1}, "on": True}
        made.create_secret(Name="shop/db", SecretString=json.dumps(fields))
        made.create_secret(Name="bytes", SecretBinary=b"\x00\x01")
        yield endpoint, made


def secret(manager: tuple[str, Any], name: str, **settings: Any) -> Secret:
    keys: dict[str, Any] = {
        "access_key": Secret.env("FWF_TEST_KEY"),
        "secret_key": Secret.env("FWF_TEST_KEY"),
    }
    return aws.secret(name, region="eu-central-1", endpoint=manager[0], **keys, **settings)


@pytest.fixture(autouse=True)
def _keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FWF_TEST_KEY", "some-key-for-tests")


def test_a_secret_is_read_when_it_is_revealed_and_hidden_from_then_on(
    manager: tuple[str, Any],
) -> None:
    made = secret(manager, "plain")
    assert made.reveal() == CANARY
    assert CANARY not in masked(f"it is {CANARY}")
    assert repr(made) == "<Secret from AWS Secrets Manager, plain>"


def test_a_field_of_a_secret_is_hidden_by_itself(manager: tuple[str, Any]) -> None:
    assert secret(manager, "shop/db", field="password").reveal() == CANARY
    assert secret(manager, "shop/db", field="port").reveal() == "5432"
    assert CANARY not in masked(f"it is {CANARY}")


def test_passwords_within_a_whole_secret_are_hidden_by_themselves(
    manager: tuple[str, Any],
) -> None:
    assert CANARY in json.loads(secret(manager, "shop/db").reveal()).values()
    assert masked(f"it is {CANARY}") == "it is <password of AWS Secrets Manager, shop/db>"


@pytest.mark.parametrize(
    ("name", "field", "kind", "says"),
    [
        ("shop/db", "pasword", Missing, "did you mean 'password'"),
        ("shop/db", "deep", Missing, "'deep'"),
        ("shop/db", "on", Missing, "'on'"),
        ("plain", "password", Missing, "'password'"),
        ("bytes", None, BadData, "bytes"),
        ("nothing", None, Missing, "ResourceNotFoundException"),
    ],
)
def test_a_secret_that_is_not_there_is_an_error_without_the_others(
    manager: tuple[str, Any], name: str, field: str | None, kind: type[Exception], says: str
) -> None:
    with pytest.raises(kind, match=says) as caught:
        secret(manager, name, field=field).reveal()
    assert CANARY not in everything(caught.value)


def test_a_secret_goes_to_another_process_as_its_reference(manager: tuple[str, Any]) -> None:
    sent = pickle.dumps(secret(manager, "shop/db", field="password"))
    assert CANARY.encode() not in sent
    assert pickle.loads(sent).reveal() == CANARY


@pytest.mark.parametrize("name", ["", "a\nb", "a\x00"])
def test_a_secret_without_a_name_that_can_be_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"aws\.secret"):
        aws.secret(name)
