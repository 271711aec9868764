"""How does the job speak to an HTTP service? JSON both ways; errors say whether to try again."""

import email.utils
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self, final

import httpx

from fwf import RetryAfter


class ServiceRefused(Exception):
    """The service understood and said no (4xx). Asking again will not help."""


class ServiceTrouble(Exception):
    """The service did not answer, or answered with a failure of its own (5xx). Try again."""


class ServiceBusy(RetryAfter, ServiceTrouble):
    """The service asks to be left alone for a while, and says how long."""


@final
class Api:
    """A service at an address: `Api("currency service", "http://127.0.0.1:8000")`."""

    def __init__(self, name: str, address: str) -> None:
        self._name = name
        # A proxy from the environment must not come between the job and its services; and loading
        # certificates, which only https needs, would take longer than a request.
        https = address.startswith("https:")
        self._http = httpx.Client(base_url=address, timeout=10, trust_env=False, verify=https)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.close()

    def get(self, path: str, **query: str) -> Any:
        """What the service answers to GET, from JSON."""
        return self._send(self._http.build_request("GET", path, params=query))

    def post(self, path: str, body: str, *, key: str | None = None) -> Any:
        """What the service answers to a POST of JSON text; `key` marks repetitions of one POST."""
        headers = {"content-type": "application/json"}
        if key is not None:
            headers["idempotency-key"] = key
        return self._send(self._http.build_request("POST", path, content=body, headers=headers))

    def _send(self, request: httpx.Request) -> Any:
        asked = f"{self._name}: {request.method} {request.url}"
        try:
            answer = self._http.send(request)
        except httpx.ConnectError as error:
            raise ServiceTrouble(
                f"{asked}: nothing answers there ({error}); "
                "start the services with `python -m examples.daily.services`"
            ) from error
        except httpx.HTTPError as error:
            raise ServiceTrouble(f"{asked}: {str(error) or type(error).__name__}") from error
        return content(asked, answer)


def content(asked: str, answer: httpx.Response) -> Any:
    """The JSON of a good answer, and the fitting exception for any other."""
    said = f"{asked}: {answer.status_code} {answer.reason_phrase}"
    if answer.status_code in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
        raise ServiceBusy(said, after=wait_asked_for(answer.headers, datetime.now(UTC)))
    if answer.is_server_error:
        raise ServiceTrouble(said)
    if not answer.is_success:
        raise ServiceRefused(f"{said}: {answer.text[:200]}")
    try:
        return answer.json()
    except ValueError as error:
        raise ServiceTrouble(f"{said}, but the answer is not JSON") from error


def wait_asked_for(headers: Mapping[str, str], now: datetime) -> timedelta:
    """`Retry-After` as seconds or as a date (RFC 9110 §10.2.3); nothing sensible is no wait."""
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdecimal():
        return timedelta(seconds=int(text))
    try:
        until = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return timedelta()
    return max(until.replace(tzinfo=until.tzinfo or UTC) - now, timedelta())
