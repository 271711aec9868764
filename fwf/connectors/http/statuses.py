"""Which error does a status mean? One whose class says whether asking again helps."""

from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Final, NamedTuple

from fwf.connectors.http.bodies import read_json
from fwf.connectors.http.exchange import Call, Reply
from fwf.connectors.http.expressions import Expression, NoValue
from fwf.connectors.shared.errors import (
    OTHER_KEY,
    KeyReused,
    MaybeDone,
    Missing,
    Overloaded,
    Refused,
    Transient,
    Unauthorized,
)
from fwf.connectors.shared.retry_after import asked_wait

TOO_BUSY: Final = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
TOO_EARLY: Final = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY})
NEVER: Final = frozenset({HTTPStatus.NOT_IMPLEMENTED, HTTPStatus.HTTP_VERSION_NOT_SUPPORTED})
OF_KEYS: Final = frozenset(
    {HTTPStatus.BAD_REQUEST, HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY}
)
"""What services answer to a key that was used for other data."""


class InProgress(Transient):
    """The request with this key is still being worked on."""


class Policy(NamedTuple):
    """How a service speaks of keys, and how long it may ask to be left alone."""

    longest_wait: timedelta
    replayed_header: str
    reused_when: Expression


def failure(call: Call, reply: Reply, key: str | None, policy: Policy) -> Exception | None:
    """A request, its answer ⟶ the error that it means, if it does; no text of the body."""
    if reply.is_good and reply.status != HTTPStatus.PARTIAL_CONTENT:
        return None
    message = f"{call.label}: {_phrase(reply.status)}"
    if key is not None and reply.status in OF_KEYS and _says(policy.reused_when, reply.body):
        return KeyReused(f"{message}: the key was used for other data; {OTHER_KEY}")
    if key is not None and policy.replayed_header in reply.headers:
        return Refused(
            f"{message}, as it answered to this key before; with the key it won't change"
        )
    if reply.status in TOO_BUSY:
        return _busy(message, reply, policy.longest_wait)
    if reply.status >= HTTPStatus.INTERNAL_SERVER_ERROR and reply.status not in NEVER:
        if not call.reads and key is None:
            return MaybeDone(f"{message}; it may have been done")
        return Transient(message)
    return _refusal(message, reply.status, key)


def _refusal(message: str, status: int, key: str | None) -> Exception:
    if status in TOO_EARLY:
        return Transient(message)
    if status == HTTPStatus.CONFLICT and key is not None:
        return InProgress(f"{message}: the request with this key is still being worked on")
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return Unauthorized(message)
    return Missing(message) if status == HTTPStatus.NOT_FOUND else Refused(message)


def _busy(message: str, reply: Reply, longest: timedelta) -> Exception:
    date = reply.headers.get("date")
    wait = asked_wait(reply.headers.get_list("retry-after"), date, datetime.now(UTC))
    if wait is not None and wait > longest:
        return Refused(
            f"{message}, and asks to wait {wait}, longer than the {longest} that are waited "
            "(longest_wait=)"
        )
    return Overloaded(message, after=wait or timedelta(0))


def _phrase(status: int) -> str:
    """A status as it is called, not as the service calls it."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _says(expression: Expression, body: bytes) -> bool:
    try:
        return expression.of(read_json(body, "float")) is True
    except (NoValue, ValueError):
        return False
