"""What a service does wrong: each is the error that says whether asking again helps."""

import gzip
import json
import threading
import time
import traceback
from typing import Any

import pytest

from fwf import seconds
from fwf.connectors import http
from fwf.connectors.http.clients import MAX_REDIRECTS
from fwf.connectors.shared import errors
from tests.connectors.http.moody import KEEP, Asked, answer, caught, drip, gives, in_turn, until

GOOD = answer(body={"rate": 1.08})
KEPT = answer(body={"rate": 1.08}, close=False)


def test_a_good_answer_is_its_json(ask: Any) -> None:
    assert ask(gives(GOOD)) == {"rate": 1.08}


# Bodies that are cut off, of another type, or too large


@pytest.mark.parametrize(
    "cut",
    [
        GOOD[:-1],
        answer(body={"rate": 1.08}, sized=False)[:-1],
        answer(body=b"", sized=False),
        answer(body=b"12", sized=False),  # of 1234, for all one knows
        answer(body=b'5\r\n{"a":\r\n3\r\n 1}', sized=False, transfer_encoding="chunked"),
        answer(body=gzip.compress(b'{"a": 1}', mtime=0)[:-9], content_encoding="gzip"),
        answer(body=gzip.compress(b'{"a": 1}', mtime=0)[:-3], sized=False, content_encoding="gzip"),
        b"HTTP/1.1 200 OK\r\nContent-Len",
        b"HTTP/1.1 2",
        b"",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"\x00" * 100,
    ],
    ids=lambda cut: repr(cut[-20:]),
)
def test_what_is_cut_off_or_no_http_is_unreachable(ask: Any, cut: bytes) -> None:
    assert type(caught(ask, gives(cut))) is errors.Unreachable


def test_a_body_without_a_length_is_whole_where_json_says_so(ask: Any) -> None:
    assert ask(gives(answer(body={"rate": 1.08}, sized=False))) == {"rate": 1.08}


@pytest.mark.parametrize("status", [200, 201, 204])
def test_no_body_is_a_value(ask: Any, status: int) -> None:
    assert ask(gives(answer(status, kind=None))) is None


@pytest.mark.parametrize(
    "kind", ["text/html; charset=utf-8", "text/plain", None, "application/x-ndjson", "json", "\x7f"]
)
def test_another_content_type_is_bad_data(ask: Any, kind: str | None) -> None:
    error = caught(ask, gives(answer(body=b'{"a": 1}', kind=kind)))
    assert type(error) is errors.BadData and "content_type=" in str(error)


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "Application/Problem+JSON"])
def test_json_has_more_names_than_one(ask: Any, kind: str) -> None:
    assert ask(gives(answer(body=b'{"a": 1}', kind=kind))) == {"a": 1}


def test_a_content_type_that_is_expected_is_taken_for_json(serve: Any, opened: Any) -> None:
    client = opened(serve(gives(answer(body=b'{"a": 1}', kind="text/plain; x=y"))).url)
    assert client.get("/x", content_type="text/plain").content == {"a": 1}


def test_a_page_for_people_is_told_as_such(ask: Any) -> None:
    error = caught(ask, gives(answer(body=b"<html>Sign in", kind="text/html")))
    assert "login" in str(error) and "Sign in" not in str(error)


@pytest.mark.parametrize("sized", [True, False])
def test_a_body_that_is_too_large_is_bad_data_before_it_is_there(ask: Any, sized: bool) -> None:
    endless = answer(body=b"[", sized=False), *[b" " * 100_000] * 100_000
    if sized:
        endless = answer(body=b"[", content_length="10000000000", sized=False), *endless[1:]
    began = time.monotonic()
    error = caught(ask, gives(*endless), max_bytes=1_000_000)
    assert type(error) is errors.BadData and "max_bytes=" in str(error)
    assert time.monotonic() - began < 10


def test_a_bomb_is_not_unpacked(ask: Any) -> None:
    import tracemalloc

    bomb = gzip.compress(b"[" + b" " * 50_000_000 + b"]", compresslevel=9)
    tracemalloc.start()
    try:
        error = caught(ask, gives(answer(body=bomb, content_encoding="gzip")), max_bytes=1_000_000)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert type(error) is errors.BadData and "1,000,000 bytes" in str(error)
    assert most < 10_000_000


def test_a_body_of_exactly_as_much_as_is_allowed_is_read(ask: Any) -> None:
    body = json.dumps("x" * 998).encode()
    for each in (answer(body=body), answer(body=gzip.compress(body), content_encoding="x-gzip")):
        assert ask(gives(each), max_bytes=1000) == "x" * 998
        assert type(caught(ask, gives(each), max_bytes=999)) is errors.BadData


def test_gzip_is_asked_for_and_read_also_in_several_streams(serve: Any, opened: Any) -> None:
    packed = gzip.compress(b'{"a"') + gzip.compress(b": 1}")
    server = serve(gives(answer(body=packed, content_encoding="gzip")))
    assert opened(server.url).get("/x").content == {"a": 1}
    assert server.asked[0].headers["accept-encoding"] == "gzip"


@pytest.mark.parametrize("coding", ["br", "zstd", "deflate", "gzip, gzip"])
def test_a_coding_that_was_not_asked_for_is_bad_data(ask: Any, coding: str) -> None:
    error = caught(ask, gives(answer(body=b"...", content_encoding=coding)))
    assert type(error) is errors.BadData and "that wasn't asked for" in str(error)


def test_what_only_says_that_it_is_gzip_is_bad_data(ask: Any) -> None:
    error = caught(ask, gives(answer(body=b'{"a": 1}', content_encoding="gzip")))
    assert type(error) is errors.BadData


def test_the_status_of_an_error_counts_whatever_its_body_is(ask: Any) -> None:
    for body in (
        answer(500, b"x" * 10_000_000),
        answer(500, b"zzz", content_encoding="gzip"),
        answer(500, b"x")[:-1],
        answer(500, b"zzz", content_encoding="zstd"),
    ):
        assert type(caught(ask, gives(body))) is errors.Transient


# Time


def took(ask: Any, service: Any, **settings: Any) -> float:
    began = time.monotonic()
    error = caught(ask, service, **settings)
    assert type(error) is errors.Unreachable, error
    return time.monotonic() - began


def test_a_service_that_says_nothing_is_unreachable(ask: Any) -> None:
    assert took(ask, gives(60.0), idle_within=seconds(0.3)) < 5


@pytest.mark.parametrize("whole", [GOOD, answer(500, {"a": "b"})], ids=["200", "500"])
def test_a_byte_now_and_then_does_not_hold_the_whole_up(ask: Any, whole: bytes) -> None:
    """Within the headers, which are the first bytes."""
    assert took(ask, lambda _: drip(whole, 0.2), within=seconds(0.5)) < 5


def test_a_body_that_drips_does_not_hold_the_whole_up(ask: Any) -> None:
    head = answer(content_length="1000", sized=False)
    assert took(ask, lambda _: [head, *drip(b" " * 1000, 0.2)], within=seconds(0.5)) < 5


def test_redirects_share_the_time_of_the_whole(ask: Any) -> None:
    def slow(asked: Asked) -> list[bytes | float]:
        return [0.2, answer(302, location=asked.target + "x")]

    assert took(ask, slow, within=seconds(0.5)) < 5


def test_a_name_that_is_not_looked_up_in_time_is_unreachable(
    monkeypatch: pytest.MonkeyPatch, opened: Any
) -> None:
    waiting = threading.Event()

    def look(*_: Any, **__: Any) -> list[Any]:
        waiting.wait(8)
        return []

    monkeypatch.setattr("socket.getaddrinfo", look)
    client = opened("http://slow.example", connect_within=seconds(0.2))
    began = time.monotonic()
    with pytest.raises(errors.Unreachable, match="no connection in time"):
        client.get("/x")
    assert time.monotonic() - began < 5
    waiting.set()


def test_nobody_listening_is_unreachable_also_for_a_post(serve: Any, opened: Any) -> None:
    from tests.connectors.http.moody import serving

    with serving(gives(GOOD)) as server:
        url = server.url
    client = opened(url)
    for ask in (lambda: client.get("/x"), lambda: client.post("/x", {})):
        with pytest.raises(errors.Unreachable, match="no connection"):
            ask()


# A lost answer


def test_a_post_whose_answer_was_lost_may_have_been_done(serve: Any, opened: Any) -> None:
    server = serve(gives(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"))
    client = opened(server.url)
    with pytest.raises(errors.MaybeDone):
        client.post("/x", {}, "k")
    with pytest.raises(errors.MaybeDone):
        client.post("/x", {})
    with pytest.raises(errors.Unreachable):
        client.post("/search", {}, reads=True)
    assert len(server.asked) == 3  # nothing is asked twice


def test_a_post_that_failed_there_may_have_been_done_unless_it_has_a_key(
    serve: Any, opened: Any
) -> None:
    client = opened(serve(gives(answer(500))).url)
    with pytest.raises(errors.MaybeDone):
        client.post("/x", {})
    with pytest.raises(errors.Transient) as found:
        client.post("/x", {}, "k")
    assert type(found.value) is errors.Transient


def test_a_kept_connection_is_used_again_and_one_that_was_closed_replaced(
    serve: Any, opened: Any
) -> None:
    server = serve(gives(KEPT, KEEP))
    client = opened(server.url)
    for _ in range(5):
        client.get("/x")
    assert server.connections == 1
    closing = serve(lambda asked: [KEPT] if len(closing.asked) % 2 == 0 else [KEPT, KEEP])
    other = opened(closing.url)
    for _ in range(6):
        other.post("/x", {})
        until(lambda: closing.ended == closing.connections or len(closing.asked) % 2 == 1)
    assert len(closing.asked) == 6 and closing.connections == 3


def test_a_kept_connection_that_ends_as_the_request_leaves_is_not_asked_again(
    serve: Any, opened: Any
) -> None:
    server = serve(lambda asked: [KEPT, KEEP] if len(server.asked) == 1 else [])
    client = opened(server.url)
    client.get("/x")
    with pytest.raises(errors.MaybeDone):
        client.post("/x", {}, "k")
    assert len(server.asked) == 2


# Redirects


def test_redirects_within_the_origin_are_followed(serve: Any, opened: Any) -> None:
    server = serve(
        lambda asked: [GOOD if asked.target == "/c?d=1" else answer(301, location="c?d=1")]
    )
    found = opened(server.url).get("/a")
    assert found.content == {"rate": 1.08} and found.url == f"{server.url}/c?d=1"


def test_redirects_have_an_end(serve: Any, opened: Any) -> None:
    server = serve(lambda asked: [answer(302, location=asked.target + "x")])
    with pytest.raises(errors.Refused, match="more than 5 times"):
        opened(server.url).get("/a")
    assert len(server.asked) == MAX_REDIRECTS + 1


@pytest.mark.parametrize(
    "location",
    ["http://other.example/x", "https://127.0.0.1/x", "//127.0.0.1:1/x", "ftp://127.0.0.1/x",
     "file:///etc/passwd", "http://u:canary@127.0.0.1/x", "http://", "http://[", "javascript:x",
     "http://127.0.0.1:0/", "http://a\tb/", "http://169.254.169.254/", "http://[::1]/"],
)  # fmt: skip
def test_a_redirect_elsewhere_is_refused(ask: Any, location: str) -> None:
    error = caught(ask, gives(answer(302, location=location)))
    assert isinstance(error, errors.Refused)
    assert "canary" not in "".join(traceback.format_exception(error))


def test_a_post_follows_only_what_says_that_it_may(serve: Any, opened: Any) -> None:
    for status in (307, 308):
        server = serve(in_turn(answer(status, location="/b"), GOOD))
        opened(server.url).post("/a", {"n": 1}, "key-1")
        assert [each.target for each in server.asked] == ["/a", "/b"]
        assert server.asked[1] == server.asked[0]._replace(target="/b")
    for status in (301, 302):
        with pytest.raises(errors.Refused, match="POST"):
            opened(serve(gives(answer(status, location="/b"))).url).post("/a", {})
    server = serve(in_turn(answer(303, location="/b"), GOOD))
    opened(server.url).post("/a", {"n": 1}, "key-1")
    second = server.asked[1]
    assert (second.method, second.body) == ("GET", b"") and "idempotency-key" not in second.headers


# Life


def test_a_client_is_used_by_many_threads(serve: Any, opened: Any) -> None:
    server = serve(lambda asked: [0.2, answer(body=asked.target, close=False), KEEP])
    client = opened(server.url)
    found: list[object] = []
    threads = [
        threading.Thread(target=lambda n=n: found.append(client.get(f"/{n}").content))
        for n in range(16)
    ]
    began = time.monotonic()
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(found) == sorted(f"/{n}" for n in range(16))
    assert time.monotonic() - began < 3  # at the same time


def test_a_client_is_open_within_its_block(serve: Any) -> None:
    client = http.client(serve(gives(GOOD)).url, allow_private=True)
    for _ in range(2):
        with pytest.raises(RuntimeError, match="isn't open"):
            client.get("/x")
        with client:
            client.get("/x")


def test_connections_close_with_the_client(serve: Any) -> None:
    server = serve(gives(KEPT, KEEP))
    with http.client(server.url, allow_private=True) as client:
        client.get("/x")
        client.get("/x")
        assert (server.connections, server.ended) == (1, 0)
    until(lambda: server.ended == 1)
