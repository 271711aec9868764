"""Who asks: secrets in headers, tokens that one renews for all, and none of it is told."""

import base64
import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

import pytest

from fwf import Permanent, Secret, hours
from fwf.connectors import http
from fwf.connectors.http import auth
from fwf.connectors.shared import errors
from fwf.secrets import masked
from tests.connectors.http.moody import Asked, Server, answer, gives, serving

Serve = Callable[[Any], Server]
CANARY = "canary-s3cr3t/+=&%"


def chained(error: BaseException | None) -> str:
    """All that an error and those behind it say and hold, also those that no traceback shows."""
    said: list[str] = []
    while error is not None:
        said.append(f"{error} {error!r} {vars(error)!r}")
        assert error.__cause__ is None
        error = error.__context__
    return "\n".join(said)


def secret(value: str = CANARY) -> Secret:
    return Secret(lambda: value, where="the test")


def token_service(life: object = 3600) -> Callable[[Asked], list[bytes]]:
    """Gives token-1, token-2, …; whoever asks with another than the last one is unauthorized."""
    given: list[str] = []

    def service(asked: Asked) -> list[bytes]:
        if asked.target == "/token":
            given.append(f"token-{len(given) + 1}")
            body = {"access_token": given[-1], "token_type": "Bearer", "expires_in": life}
            return [answer(body=body)]
        good = given and asked.headers.get("authorization") == f"Bearer {given[-1]}"
        return [answer(body=asked.headers.get("authorization")) if good else answer(401)]

    return service


def tokens(server: Server, **settings: Any) -> http.Auth:
    return http.client_credentials(f"{server.url}/token", "me & you", secret(), **settings)


def test_a_header_and_a_bearer_carry_their_secret(serve: Serve, opened: Any) -> None:
    server = serve(gives(answer(body=1)))
    opened(server.url, auth=http.header("X-Api-Key", secret())).get("/x")
    opened(server.url, auth=http.bearer(secret())).post("/x", {})
    assert server.asked[0].headers["x-api-key"] == CANARY
    assert server.asked[1].headers["authorization"] == f"Bearer {CANARY}"


def test_a_secret_is_revealed_when_the_client_opens_and_not_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client = http.client("https://api.example", auth=http.bearer(Secret.env("NOT_SET")))
    with pytest.raises(LookupError, match="NOT_SET"):
        client.__enter__()
    monkeypatch.setenv("NOT_SET", "now it is")
    with client:
        pass


@pytest.mark.parametrize(
    "value", ["", "canary\n", " canary", "canary\r\nX: y", "canaryü", "canary\x00"]
)
def test_a_secret_that_no_header_can_have_is_refused_without_its_value(value: str) -> None:
    client = http.client("https://api.example", auth=http.bearer(secret(value)))
    with pytest.raises(ValueError, match="Secret from the test") as found:
        client.__enter__()
    assert "canary" not in chained(found.value)


@pytest.mark.parametrize(
    "make",
    [
        lambda: http.header("X Api", secret()),
        lambda: http.header("", secret()),
        lambda: http.header("A:\r\n", secret()),
        lambda: http.client_credentials("ftp://x/t", "me", secret()),
        lambda: http.client_credentials("https://u:canary@x/t", "me", secret()),
        lambda: http.client_credentials("https://x/t", "me", secret(), by="query"),
        lambda: http.client("https://api.example", headers={"Authorization": "Bearer canary"}),
        lambda: http.client("https://api.example", headers={"Cookie": "canary"}),
        lambda: http.client("https://api.example", headers={"Host": "other.example"}),
        lambda: http.client("https://api.example", headers={"X": "a\r\nY: canary"}),
        lambda: http.client("https://me:canary@api.example"),
        lambda: http.client("https://canary@api.example"),
        lambda: http.client("https://api.example?key=canary"),
        lambda: http.client("https://api.example#canary"),
        lambda: http.client("canary"),
        lambda: http.client("https://api.example", max_bytes=0),
        lambda: http.client("https://api.example", proxy="socks5://proxy.example"),
    ],
)
def test_what_cannot_be_right_is_refused_at_once_and_not_repeated(make: Any) -> None:
    with pytest.raises(ValueError, match="http") as found:
        make()
    assert "canary" not in chained(found.value)


@pytest.mark.parametrize("make", [http.bearer, lambda it: http.header("X", it)])
def test_a_bare_value_is_no_secret_and_is_not_told(make: Any) -> None:
    with pytest.raises(TypeError, match="needs a Secret") as found:
        make("canary")
    assert "canary" not in str(found.value)


# Tokens


def test_a_token_is_got_once_for_many_requests(serve: Serve, opened: Any) -> None:
    server = serve(token_service())
    client = opened(server.url, auth=tokens(server, scope="read write", fields={"audience": "a"}))
    assert [client.get("/x").content for _ in range(3)] == ["Bearer token-1"] * 3
    asked = server.asked[0]
    assert [each.target for each in server.asked] == ["/token", "/x", "/x", "/x"]
    assert parse_qs(asked.body.decode()) == {
        "grant_type": ["client_credentials"], "scope": ["read write"], "audience": ["a"],
    }  # fmt: skip
    pair = base64.b64decode(asked.headers["authorization"].removeprefix("Basic ")).decode()
    assert pair == "me+%26+you:canary-s3cr3t%2F%2B%3D%26%25"


def test_a_secret_may_stand_in_the_body_of_the_request_for_a_token(
    serve: Serve, opened: Any
) -> None:
    server = serve(token_service())
    opened(server.url, auth=tokens(server, by="body")).get("/x")
    said = parse_qs(server.asked[0].body.decode())
    assert (said["client_id"], said["client_secret"]) == (["me & you"], [CANARY])
    assert "authorization" not in server.asked[0].headers


def test_a_token_is_renewed_early_by_a_margin(
    serve: Serve, opened: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.monotonic()
    passed = [0.0]
    monkeypatch.setattr(auth, "monotonic", lambda: now + passed[0])
    server = serve(token_service(3600))
    client = opened(server.url, auth=tokens(server), within=hours(9))
    client.get("/x")
    for seconds, n in ((3500, 1), (3541, 2)):
        passed[0] = seconds
        assert client.get("/x").content == f"Bearer token-{n}"


@pytest.mark.parametrize("life", [None, "soon", -5, True, [], "3600", 3600.5, 10**400])
def test_a_life_that_is_no_number_is_one_without_end(
    serve: Serve, opened: Any, life: object
) -> None:
    client_of = serve(token_service(life))
    client = opened(client_of.url, auth=tokens(client_of))
    assert client.get("/x").content == client.get("/y").content == "Bearer token-1"


def test_a_refused_token_is_renewed_once(serve: Serve, opened: Any) -> None:
    """It was revoked, or ended early; who is refused with a new one is unauthorized."""
    given: list[int] = []

    def service(asked: Asked) -> list[bytes]:
        if asked.target == "/token":
            given.append(1)
            return [answer(body={"access_token": f"token-{len(given)}"})]
        good = asked.headers["authorization"] == "Bearer token-2" and asked.target == "/x"
        return [answer(body=len(given)) if good else answer(401)]

    server = serve(service)
    client = opened(server.url, auth=tokens(server))
    assert client.get("/x").content == 2
    with pytest.raises(errors.Unauthorized):
        client.get("/never")
    assert len(given) == 3


def test_eight_threads_renew_a_token_once(serve: Serve, opened: Any) -> None:
    server = serve(token_service())
    client = opened(server.url, auth=tokens(server))

    def at_once() -> list[object]:
        found: list[object] = []
        start = threading.Barrier(8)

        def ask() -> None:
            start.wait()
            found.append(client.get("/x").content)

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        return found

    def renewals() -> int:
        return sum(each.target == "/token" for each in server.asked)

    assert at_once() == ["Bearer token-1"] * 8 and renewals() == 1
    with http.client(server.url, allow_private=True, auth=tokens(server)) as other:
        other.get("/x")  # which revokes the one that the eight have
    assert at_once() == ["Bearer token-3"] * 8 and renewals() == 3


@pytest.mark.parametrize(
    ("reply", "kind", "said"),
    [
        (answer(400, {"error": "invalid_client"}), errors.Unauthorized, "invalid_client"),
        (answer(401, {"error": CANARY}), errors.Unauthorized, "401"),
        (answer(401, b"<html>"), errors.Unauthorized, "401"),
        (answer(500, {"error": CANARY}), errors.Transient, "500"),
        (answer(429, retry_after="3"), errors.Overloaded, "429"),
        (answer(302, location="/other"), errors.Refused, "302"),
        (answer(200, {"token": CANARY}), errors.BadData, "access_token"),
        (answer(200, {"access_token": "a\r\nb"}), errors.BadData, "access_token"),
        (answer(200, {"access_token": 5}), errors.BadData, "access_token"),
        (answer(200, [CANARY]), errors.BadData, "access_token"),
        (answer(200, kind=None), errors.BadData, "access_token"),
        (answer(200, b"<html>", kind="text/html"), errors.BadData, "text/html"),
        (answer(200, {"access_token": CANARY, "token_type": "mac"}), errors.Unauthorized, "bearer"),
        (answer(200, {"access_token": CANARY})[:-1], errors.Unreachable, "lost"),
    ],
)
def test_a_token_that_is_not_given_is_told_by_class_and_without_secrets(
    serve: Serve, opened: Any, reply: bytes, kind: type, said: str
) -> None:
    server = serve(gives(reply))
    with pytest.raises((errors.Transient, Permanent), match=said) as found:
        opened(server.url, auth=tokens(server)).get("/x")
    assert type(found.value) is kind
    assert not canaries(chained(found.value))


# Nothing is told


def canaries(text: str) -> bool:
    plain = CANARY.encode()
    forms = [
        CANARY, repr(CANARY)[1:-1], base64.b64encode(plain).decode(), plain.hex(),
        "canary-s3cr3t%2F%2B%3D%26%25", base64.b64encode(b"me+%26+you:canary").decode()[:20],
    ]  # fmt: skip
    return any(each in text for each in forms) or "s3cr3t" in text


@pytest.mark.parametrize("make", [
    lambda server: http.header("X-Api-Key", secret()),
    lambda server: http.bearer(secret()),
    lambda server: tokens(server),
    lambda server: tokens(server, by="body"),
])  # fmt: skip
def test_a_canary_is_in_no_repr_and_no_error_with_all_that_hangs_on_it(make: Any) -> None:
    """Whatever fails: the errors, what they chain and hold, and the frames that they come from."""
    ok = answer(body={"access_token": "token-s3cr3t-of-a-kind"})
    for reply in (
        b"", answer(500), answer(401), answer(404), answer(429), answer(302, location="http://x/"),
        answer(body=b"{"), answer(body=b"<", kind="text/html"), answer(body=[1])[:-1],
        answer(content_encoding="gzip", body=b"x"),
    ):  # fmt: skip
        with serving(lambda asked, reply=reply: [ok if asked.target == "/token" else reply]) as at:
            made = http.client(at.url, auth=make(at), allow_private=True)
            assert not canaries(repr(made)) and not canaries(repr(make(at)))
            with made as client, pytest.raises((errors.Transient, Permanent)) as found:
                client.post("/x", {}, "key-1")
            assert not canaries(chained(found.value)) and not canaries(repr(client))


def test_what_a_run_tells_of_a_failure_has_no_canary(serve: Serve) -> None:
    """Also where the service gives back what it was sent, and a task prints it in its error."""
    from fwf import run, task

    server = serve(lambda asked: [answer(body=asked.headers["authorization"])])

    @task(effect="read")
    def careless(*, api: http.Client) -> str:
        raise RuntimeError(f"got {api.get('/x').content}")

    def open_api() -> http.Client:
        return http.client(server.url, allow_private=True, auth=http.bearer(secret()))

    fault = run(careless, resources={"api": open_api}).failure()
    assert not canaries(str(fault)) and "Secret from the test" in str(fault)


def test_a_token_is_masked_as_a_secret_is(serve: Serve, opened: Any) -> None:
    body = {"access_token": "token-of-some-length", "expires_in": 5}
    server = serve(lambda asked: [answer(body=body)])
    opened(server.url, auth=tokens(server)).get("/x")
    assert masked("sent token-of-some-length") == "sent <token of 127.0.0.1>"
    pair = base64.b64encode(b"me+%26+you:canary-s3cr3t%2F%2B%3D%26%25").decode()
    assert "Secret from the test" in masked(f"Basic {pair}")
