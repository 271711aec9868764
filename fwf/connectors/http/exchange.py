"""How is one request answered? Once, as a whole, within a time and a size."""

import zlib
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from time import monotonic
from typing import Any, Final, NamedTuple

import httpcore
import httpx

from fwf.connectors.http.network import Until
from fwf.connectors.http.urls import label_of
from fwf.connectors.shared.errors import BadData, MaybeDone, Refused, Unreachable

NOT_SENT: Final = (
    httpcore.ConnectError, httpcore.ConnectTimeout, httpcore.PoolTimeout, httpcore.ProxyError
)  # fmt: skip
"""Raised before anything of the request has left."""
TROUBLE: Final = (
    httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, httpcore.ProxyError
)  # fmt: skip
OF_ERRORS: Final = 2**16
"""So many bytes are read of the body of an error; of a longer one, none."""


class Bounds(NamedTuple):
    """Seconds for connecting, for hearing nothing; bytes of a body, packed and unpacked."""

    connect: float
    idle: float
    max_bytes: int


class Call(NamedTuple):
    """A request. `reads`: whether it changes nothing there, so that it may be sent twice."""

    method: str
    url: httpx.URL
    headers: Mapping[str, str]
    body: bytes | None = None
    reads: bool = True

    @property
    def label(self) -> str:
        return label_of(self.method, self.url)


class Reply(NamedTuple):
    """A whole answer. `is_sized`: whether the service said where the body ends."""

    status: int
    headers: httpx.Headers
    body: bytes
    is_sized: bool

    @property
    def is_good(self) -> bool:
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES


def exchange(pool: httpcore.ConnectionPool, call: Call, bounds: Bounds, end: float) -> Reply:
    """A request ⟶ its answer, before the moment `end`.

    Raises `Unreachable` where nothing was done, `MaybeDone` where something may have been. The
    driver's errors hold what was sent, so they are not chained.
    """
    try:
        return _exchange(pool, call, bounds, end)
    except TROUBLE as error:
        unsent, reason = isinstance(error, NOT_SENT), _reason(error, end)
    except Refused as error:  # by the network: an address, a certificate
        raise Refused(f"{call.label}: {error}") from None
    if unsent or call.reads:
        raise Unreachable(f"{call.label}: {reason}")
    raise MaybeDone(f"{call.label}: {reason}; it may have been done")


def _reason(error: Exception, end: float) -> str:
    """Why there is no answer; nothing of the error itself, which may hold what was sent."""
    if isinstance(error, httpcore.ProxyError):
        return "the proxy let nothing through"
    if isinstance(error, httpcore.TimeoutException):
        if monotonic() >= end:
            return "the answer wasn't there in the time for the whole (within=)"
        is_idle = isinstance(error, httpcore.ReadTimeout | httpcore.WriteTimeout)
        return "nothing moved for too long (idle_within=)" if is_idle else "no connection in time"
    if isinstance(error, NOT_SENT):
        return "no connection"
    return "the connection was lost"


def _exchange(pool: httpcore.ConnectionPool, call: Call, bounds: Bounds, end: float) -> Reply:
    idle = Until(bounds.idle, end)
    connect = Until(bounds.connect, min(end, monotonic() + bounds.connect))
    url = httpcore.URL(
        scheme=call.url.raw_scheme,
        host=call.url.raw_host,
        port=call.url.port,
        target=call.url.raw_path,
    )
    timeouts = {"connect": connect, "read": idle, "write": idle, "pool": idle}
    with pool.stream(
        call.method,
        url,
        headers=_headers_of(call),
        content=call.body,
        extensions={"timeout": timeouts},
    ) as answer:
        headers = httpx.Headers(answer.headers)
        reply = Reply(answer.status, headers, b"", _is_sized(headers))
        if reply.is_good:
            body = read_body(headers, answer.iter_stream(), bounds.max_bytes, call.label)
            return reply._replace(body=body)
        try:
            return reply._replace(
                body=read_body(headers, answer.iter_stream(), OF_ERRORS, call.label)
            )
        except (BadData, *TROUBLE):  # the status says enough
            return reply


def _headers_of(call: Call) -> list[tuple[str, str]]:
    host = call.url.netloc.decode("ascii")
    headers = {"Host": host, "User-Agent": "fwf", "Accept-Encoding": "gzip", **call.headers}
    return list({name.lower(): (name, value) for name, value in headers.items()}.values())


def _is_sized(headers: httpx.Headers) -> bool:
    """Whether a body that was cut off is noticed: gzip has an end of its own."""
    return (
        "content-length" in headers
        or "chunked" in headers.get("transfer-encoding", "").lower()
        or _coding(headers) == "gzip"
    )


def _coding(headers: httpx.Headers) -> str:
    coding: str = headers.get("content-encoding", "").strip().lower()
    return {"": "identity", "x-gzip": "gzip"}.get(coding, coding)


def read_body(headers: httpx.Headers, chunks: Iterable[bytes], most: int, label: str) -> bytes:
    """The chunks of a body ⟶ the body; raises `BadData` for more bytes than are allowed.

    Unpacked by ourselves, since one chunk of a decoder may be a thousand times as large.
    """
    coding = _coding(headers)
    if coding not in ("identity", "gzip"):
        raise BadData(f"{label}: the body is in a Content-Encoding that wasn't asked for, not gzip")
    body, raw = bytearray(), 0
    unpack: Any = zlib.decompressobj(31)
    for chunk in chunks:
        raw += len(chunk)
        if coding == "identity":
            body += chunk
        else:
            unpack = _unpack(body, unpack, chunk, most, label)
        if max(raw, len(body)) > most:
            raise BadData(
                f"{label}: the body has more than {most:,} bytes: ask for less at once, or allow "
                "more by max_bytes="
            )
    if coding == "gzip" and raw and not unpack.eof:
        raise httpcore.RemoteProtocolError("the gzip stream ends before its end")
    return bytes(body)


def _unpack(body: bytearray, unpack: Any, chunk: bytes, most: int, label: str) -> Any:
    """Add what a chunk unpacks to, one byte past the bound at most; give what goes on."""
    while chunk and len(body) <= most:
        if unpack.eof:  # one gzip stream after another (RFC 1952 §2.2)
            unpack = zlib.decompressobj(31)
        try:
            body += unpack.decompress(chunk, most - len(body) + 1)
        except zlib.error:
            raise BadData(f"{label}: the body isn't gzip, as its Content-Encoding says") from None
        chunk = unpack.unconsumed_tail or unpack.unused_data
    return unpack
