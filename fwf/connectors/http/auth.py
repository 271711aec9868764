"""How is a request authorized? By a header from a secret, or a token that one thread renews."""

import re
from abc import abstractmethod
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from time import monotonic
from typing import Final, Literal, Protocol, TypeAlias, cast, final
from urllib.parse import quote_plus, urlencode

import httpx

from fwf.connectors.http.bodies import BodyFormat, content, read_json
from fwf.connectors.http.exchange import Call, Reply
from fwf.connectors.http.urls import parse_url
from fwf.connectors.shared.errors import BadData, Unauthorized, Unreachable
from fwf.secrets import Secret, remember

NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
VALUE: Final = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?")
CODES: Final = frozenset({
    "invalid_request", "invalid_client", "invalid_grant", "unauthorized_client",
    "unsupported_grant_type", "invalid_scope",
})  # fmt: skip
"""Why a token is refused (RFC 6749 §5.2)."""
EARLY: Final = 60.0
"""Seconds before its end at which a token is renewed; of a short life, a tenth."""
Headers: TypeAlias = Mapping[str, str]
Ask: TypeAlias = Callable[[Call, float], Reply]
"""A request, the moment by which it must be answered ⟶ the answer, or the error that it means."""


class Credentials(Protocol):
    """What an open client sends with each request to its own host."""

    @abstractmethod
    def headers(self, end: float) -> Headers:
        """The headers, at hand before the moment `end`."""

    @abstractmethod
    def others(self, before: Headers, end: float) -> Headers | None:
        """The headers to try after a 401 to these; None where there are no others."""


class Auth(Protocol):
    """How an opener gets its credentials."""

    @abstractmethod
    def opened(self, ask: Ask) -> Credentials:
        """The credentials, their secrets revealed."""


def header_value(secret: Secret) -> str:
    """A secret that is to stand in a header; raises `ValueError` if it can't, without its value."""
    value = secret.reveal()
    if VALUE.fullmatch(value) is None:
        raise ValueError(
            f"{secret!r}: it is empty, or has a character that a header can't have, such as a line "
            "break at its end"
        )
    return value


@final
@dataclass(frozen=True)
class _FixedHeaders:
    values: Headers = field(repr=False)

    def headers(self, end: float) -> Headers:
        return self.values

    def others(self, before: Headers, end: float) -> Headers | None:
        return None


@final
@dataclass(frozen=True)
class Header:
    """A header with a secret, behind a word."""

    name: str
    secret: Secret
    before: str = ""

    def opened(self, ask: Ask) -> Credentials:
        return _FixedHeaders({self.name: self.before + header_value(self.secret)})


def header(name: str, secret: Secret) -> Auth:
    """A header's name, a secret ⟶ auth: `header("X-Api-Key", Secret.env("SHOP_KEY"))`."""
    if NAME.fullmatch(name) is None:
        raise ValueError(f"http.header({name!r}): a header's name has letters, digits and -")
    return Header(name, _secret(secret, "header"))


def bearer(secret: Secret) -> Auth:
    """A secret ⟶ auth by `Authorization: Bearer …` (RFC 6750 §2.1)."""
    return Header("Authorization", _secret(secret, "bearer"), "Bearer ")


def _secret(value: object, where: str) -> Secret:
    if not isinstance(value, Secret):  # not told: it may be the value itself
        raise TypeError(f"http.{where}(…): needs a Secret, such as Secret.env('SHOP_KEY')")
    return value


@final
@dataclass(frozen=True)
class ClientCredentials:
    """OAuth's client credentials: where a token is got, and by whom."""

    token_url: str
    client_id: str
    client_secret: Secret
    scope: str | None
    fields: Headers
    by: Literal["header", "body"]

    def opened(self, ask: Ask) -> Credentials:
        return _Tokens(self._request(), ask)

    def _request(self) -> Call:
        secret = header_value(self.client_secret)
        form = {"grant_type": "client_credentials", **self.fields}
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        if self.scope is not None:
            form["scope"] = self.scope
        if self.by == "body":
            form |= {"client_id": self.client_id, "client_secret": secret}
        else:  # RFC 6749 §2.3.1
            pair = b64encode(f"{quote_plus(self.client_id)}:{quote_plus(secret)}".encode())
            headers["Authorization"] = f"Basic {pair.decode('ascii')}"
            remember([(pair.decode("ascii"), repr(self.client_secret))])
        return Call("POST", httpx.URL(self.token_url), headers, urlencode(form).encode("ascii"))


def client_credentials(
    token_url: str,
    client_id: str,
    client_secret: Secret,
    scope: str | None = None,
    *,
    fields: Mapping[str, str] | None = None,
    by: Literal["header", "body"] = "header",
) -> Auth:
    """Where tokens are given, who asks ⟶ auth by OAuth's client credentials (RFC 6749 §4.4).

    fields: what the service wants besides, such as `{"audience": "https://api.example"}`.
    by: where the secret stands in the request for a token.

    The token belongs to the open client: one thread renews it while the others wait for that, 60
    seconds before its end (of a life under 10 minutes, a tenth), and once after a 401.
    """
    where = "http.client_credentials"
    parse_url(token_url, f"{where}(token_url=…)")
    if by not in ("header", "body"):
        raise ValueError(f"{where}(by={by!r}): needs 'header' or 'body'")
    secret = _secret(client_secret, "client_credentials")
    return ClientCredentials(token_url, client_id, secret, scope, dict(fields or {}), by)


@final
class _Tokens:
    """The token of an open client."""

    def __init__(self, request: Call, ask: Ask) -> None:
        self._request = request
        self._ask = ask
        self._lock = Lock()
        self._token: str | None = None
        self._renew_at = 0.0

    def headers(self, end: float) -> Headers:
        return {"Authorization": f"Bearer {self._token_at_hand(None, end)}"}

    def others(self, before: Headers, end: float) -> Headers | None:
        token = before["Authorization"].removeprefix("Bearer ")
        return {"Authorization": f"Bearer {self._token_at_hand(token, end)}"}

    def _token_at_hand(self, before: str | None, end: float) -> str:
        """The token; a new one where it ends soon, or is still the one that was refused."""
        if not self._lock.acquire(timeout=max(end - monotonic(), 0)):
            raise Unreachable(f"{self._request.label}: no token in the time for the whole")
        try:
            if self._token is None or self._token == before or monotonic() >= self._renew_at:
                self._token, self._renew_at = self._new_token(end)
            return self._token
        finally:
            self._lock.release()

    def _new_token(self, end: float) -> tuple[str, float]:
        """A new token, and when it is to be renewed."""
        began = monotonic()
        body = content(self._ask(self._request, end), self._request.label, BodyFormat())
        answer = cast("dict[str, object]", body if isinstance(body, dict) else {})
        token, kind = answer.get("access_token"), answer.get("token_type", "bearer")
        if not isinstance(token, str) or VALUE.fullmatch(token) is None:
            raise BadData(f"{self._request.label}: the answer has no token (access_token)")
        remember([(token, f"<token of {self._request.url.host}>")])
        if not isinstance(kind, str) or kind.lower() != "bearer":
            raise Unauthorized(f"{self._request.label}: the token is not a bearer's")
        life = _seconds(answer.get("expires_in"))
        return token, began + life - min(EARLY, life / 10)


def token_refusal(call: Call, reply: Reply) -> Unauthorized:
    """The error of a service that gives no token, with the reason if it is one of the standard."""
    try:
        body = read_json(reply.body, "float")
    except ValueError:
        body = None
    code = cast("dict[str, object]", body).get("error") if isinstance(body, dict) else None
    reason = f": {code}" if code in CODES else ""
    return Unauthorized(f"{call.label}: no token is given ({reply.status}{reason})")


def _seconds(value: object) -> float:
    """A token's life; without one it is renewed after a 401 alone."""
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,9}", value):
        return float(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        return float("inf")
    return float(min(value, 10**9))
