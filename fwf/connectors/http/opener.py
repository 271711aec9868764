"""How is a client made? From a base URL, and what is allowed; what can't be right is refused."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final

import httpx

from fwf.algebra.builder import It, it
from fwf.connectors.http.auth import NAME, VALUE, Auth, ClientCredentials
from fwf.connectors.http.clients import Client
from fwf.connectors.http.exchange import Bounds
from fwf.connectors.http.expressions import Expression, expression
from fwf.connectors.http.hosts import refusal_of
from fwf.connectors.http.settings import Proxy, Settings
from fwf.connectors.http.statuses import Policy
from fwf.connectors.http.urls import checked_base, parse_url
from fwf.durations import hours, minutes, seconds

TO_CONNECT: Final = seconds(10)
IDLE: Final = seconds(30)
WHOLE: Final = minutes(1)
MOST_BYTES: Final = 64 * 2**20
KEY_LIFE: Final = hours(24)
LONGEST_WAIT: Final = minutes(10)
OF_THE_CONNECTION: Final = frozenset({
    "accept-encoding", "connection", "content-length", "content-type", "expect", "host", "te",
    "trailer", "transfer-encoding", "upgrade",
})  # fmt: skip
REUSED: Final = it.error.type == "idempotency_error"


def client(
    base_url: str,
    *,
    auth: Auth | None = None,
    headers: Mapping[str, str] | None = None,
    connect_within: timedelta = TO_CONNECT,
    idle_within: timedelta = IDLE,
    within: timedelta = WHOLE,
    max_bytes: int = MOST_BYTES,
    allow_private: bool = False,
    allow_hosts: Sequence[str] = (),
    proxy: Proxy | None = None,
    verify: Path | str | None = None,
    key_header: str = "Idempotency-Key",
    key_life: timedelta = KEY_LIFE,
    replayed_header: str = "Idempotent-Replayed",
    reused_when: It | Expression = REUSED,
    longest_wait: timedelta = LONGEST_WAIT,
) -> Client:
    """Base URL ⟶ Client: a context manager, opened once per run and used by all of its threads.

    base_url: an origin and a path, without a user: `https://api.example/v2`.
    auth: `header("X-Api-Key", secret)`, `bearer(secret)` or `client_credentials(…)`; it is sent to
        the origin of the base URL alone.
    headers: what every request to that origin has besides; no credentials.
    connect_within, idle_within, within: for connecting, for hearing nothing, and for the whole of
        one request with its redirects and its body.
    max_bytes: of a body, as it comes and when it is unpacked.
    allow_private: whether addresses that aren't of the public internet may be connected to, and
        credentials may go through http://.
    allow_hosts: other hosts that redirects and links may lead to, where they are asked without
        credentials: `["files.example"]`, `["localhost:8080"]`.
    proxy: an http:// URL; a Secret, if it has a password in it. The proxy looks names up by
        itself, so it must refuse private addresses by itself; none is taken from the environment.
    verify: a file of certificates to trust in place of those that come with certifi.
    key_header: the header of the idempotency key. key_life: how long the service remembers one.
    replayed_header: the header by which an answer is one to this key of before.
    reused_when: on the body of a 400, 409 or 422: that the key was used for other data.
    longest_wait: what a service may ask to wait by `Retry-After`; if it asks for more, that is
        `Refused`, so that nobody sleeps for days.

    >>> client("https://api.example/v2")
    <http.client of https://api.example/v2>
    """
    where = "http.client"
    base = checked_base(base_url, f"{where}(base_url=…)")
    _check_safety(base, auth, allow_private)
    for name, duration in (
        ("connect_within", connect_within), ("idle_within", idle_within), ("within", within)
    ):  # fmt: skip
        if duration <= timedelta(0):
            raise ValueError(
                f"{where}({name}={duration!r}): needs more than 0, such as seconds(10)"
            )
    if max_bytes < 1:
        raise ValueError(f"{where}(max_bytes={max_bytes}): needs at least 1 byte")
    _check_headers(where, {**(headers or {}), key_header: "x", replayed_header: "x"})
    if isinstance(allow_hosts, str):
        raise TypeError(f"{where}(allow_hosts={allow_hosts!r}): needs a list of hosts")
    return Client(
        Settings(
            base=base,
            auth=auth,
            headers=dict(headers or {}),
            within=within,
            bounds=Bounds(connect_within.total_seconds(), idle_within.total_seconds(), max_bytes),
            allow_private=allow_private,
            allow_hosts=frozenset(each.lower() for each in allow_hosts),
            proxy=_checked_proxy(proxy),
            verify=None if verify is None else Path(verify),
            key_header=key_header,
            key_life=key_life,
            policy=Policy(longest_wait, replayed_header, expression(reused_when, "reused_when")),
        )
    )


def _check_safety(base: httpx.URL, auth: Auth | None, allow_private: bool) -> None:
    """Raise for a private address, and for credentials that would go through the open internet."""
    if allow_private:
        return
    urls = {"base_url": base}
    if isinstance(auth, ClientCredentials):
        urls["token_url"] = httpx.URL(auth.token_url)
    for name, url in urls.items():
        reason = refusal_of(url.host)
        if reason:
            raise ValueError(f"http.client({name}=…): {reason}")
        if auth is not None and url.scheme != "https":
            raise ValueError(
                f"http.client({name}=…): http:// sends credentials for all to read: write "
                "https://, or for a service of your own network allow_private=True"
            )


def _check_headers(where: str, headers: Mapping[str, str]) -> None:
    for name, value in headers.items():
        if NAME.fullmatch(name) is None or VALUE.fullmatch(value) is None:
            raise ValueError(f"{where}: a header {name!r} of that name and value can't be sent")
        if name.lower() in OF_THE_CONNECTION:
            raise ValueError(f"{where}(headers={{{name!r}: …}}): this header is the connection's")
        if name.lower() in ("authorization", "cookie", "proxy-authorization"):
            raise ValueError(f"{where}(headers={{{name!r}: …}}): credentials are given as auth=…")


def _checked_proxy(proxy: Proxy | None) -> Proxy | None:
    if isinstance(proxy, str):
        url = parse_url(proxy, "http.client(proxy=…)")
        if url.scheme != "http":
            raise ValueError("http.client(proxy=…): a proxy is reached by http://")
    return proxy
