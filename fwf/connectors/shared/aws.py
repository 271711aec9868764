"""How do connectors ask AWS? Once, within given times, and told by the error whether to ask again.

Credentials are `Secret`s, or whatever the machine has: variables of the environment, its profile,
its role. What AWS says in an error is passed on only where it can't hold what was sent.
"""

import json
import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final, cast
from urllib.parse import urlsplit

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
from fwf.connectors.shared.extras import late, require
from fwf.connectors.shared.retry_after import asked_wait
from fwf.durations import checked_delay
from fwf.faults import near
from fwf.secrets import Secret, remember

require("dynamodb", "boto3")
_boto3: Any = late("boto3", "dynamodb")
_config: Any = late("botocore.config", "dynamodb")
_errors: Any = late("botocore.exceptions", "dynamodb")

CONNECT_WITHIN: Final = timedelta(seconds=5)
WITHIN: Final = timedelta(seconds=60)
AT_ONCE: Final = 32
"""Connections that a client keeps; more are opened where needed, and closed after use."""

THROTTLED: Final = frozenset({
    "ActiveSessionsExceededException", "ActiveStatementsExceededException",
    "BandwidthLimitExceeded", "LimitExceededException", "PriorRequestNotComplete",
    "ProvisionedThroughputExceededException", "RequestLimitExceeded", "RequestThrottled",
    "RequestThrottledException", "SlowDown", "ThrottledException", "Throttling",
    "ThrottlingException", "TooManyRequestsException",
})  # fmt: skip
CONFLICTS: Final = frozenset({
    "ReplicatedWriteConflictException", "TransactionConflictException",
    "TransactionInProgressException",
})  # fmt: skip
UNAUTHORIZED: Final = frozenset({
    "AccessDenied", "AccessDeniedException", "AuthFailure", "ExpiredToken",
    "ExpiredTokenException", "IncompleteSignature", "InvalidAccessKeyId", "InvalidClientTokenId",
    "InvalidSignatureException", "MissingAuthenticationToken",
    "MissingAuthenticationTokenException", "NotAuthorized", "OptInRequired", "RequestExpired",
    "RequestTimeTooSkewed", "SignatureDoesNotMatch", "UnauthorizedOperation",
    "UnrecognizedClientException",
})  # fmt: skip
MISSING: Final = frozenset({"NoSuchBucket", "NoSuchKey", "ResourceNotFoundException"})
TELLING: Final = frozenset({"AccessDenied", "AccessDeniedException"})
"""Codes of errors that name who may not do what to which resource, and nothing of what was sent."""
REGION: Final = re.compile("[a-z0-9-]{1,40}")
LONGEST: Final = timedelta(days=1)
SECRET_FIELDS: Final = ("password", "secret", "token", "key", "credential")


def client(
    service: str,
    *,
    region: str | None = None,
    endpoint: str | None = None,
    access_key: Secret | None = None,
    secret_key: Secret | None = None,
    session_token: Secret | None = None,
    connect_within: timedelta = CONNECT_WITHIN,
    within: timedelta = WITHIN,
) -> Any:
    """A client of boto3 that asks once, to be closed by who opens it; for several threads.

    service: as boto3 calls it: "dynamodb", "redshift-data", "secretsmanager".
    region, endpoint: those of the machine's settings if None.
    access_key, secret_key, session_token: where these are; if None, the machine's credentials.
    connect_within: how long connecting may take.
    within: how long AWS may say nothing before the answer, or between two parts of it.
    """
    where = f"aws.client({service!r})"
    check_settings(where, region, endpoint, access_key, secret_key, session_token)
    config = _config.Config(
        retries={"total_max_attempts": 1, "mode": "standard"},
        connect_timeout=_time(connect_within, where, "connect_within"),
        read_timeout=_time(within, where, "within"),
        max_pool_connections=AT_ONCE,
    )
    try:
        session = _boto3.session.Session(
            aws_access_key_id=access_key and access_key.reveal(),
            aws_secret_access_key=secret_key and secret_key.reveal(),
            aws_session_token=session_token and session_token.reveal(),
            region_name=region,
        )
        return session.client(service, endpoint_url=endpoint, config=config)
    except _errors.NoRegionError:
        trouble: Exception = ValueError(
            f"{where}: no region is known: give region=, or set AWS_DEFAULT_REGION"
        )
    except _errors.BotoCoreError as error:
        trouble = connector_error(error, where, wrote=False)
    raise trouble  # here, so that what the driver raised isn't its context


def check_settings(
    where: str,
    region: str | None = None,
    endpoint: str | None = None,
    access_key: Secret | None = None,
    secret_key: Secret | None = None,
    session_token: Secret | None = None,
) -> None:
    """Raise for what `client` can't be called with; reads no secret. `where` begins the error."""
    if region is not None and not REGION.fullmatch(region):
        raise ValueError(f"{where}(region={region!r}): needs a name such as 'eu-central-1'")
    if endpoint is not None and not _is_endpoint(endpoint):
        raise ValueError(
            f"{where}: endpoint= needs an address such as 'http://127.0.0.1:4566', without user, "
            "password, path and query"
        )
    keys = {
        "access_key": access_key, "secret_key": secret_key, "session_token": session_token
    }  # fmt: skip
    for name, key in keys.items():
        if key is not None and not isinstance(cast(object, key), Secret):
            raise TypeError(f"{where}: {name}= needs a Secret, such as Secret.env('AWS_KEY')")
    if (access_key is None) != (secret_key is None) or (session_token and not access_key):
        raise ValueError(f"{where}: access_key= and secret_key= go together, or leave both out")


def ask(
    client: Any,
    operation: str,
    *,
    wrote: bool,
    expects: str,
    also: Collection[str] = (),
    about: str = "",
    **request: Any,
) -> dict[str, Any]:
    """Operation and its request ⟶ what AWS answers; raises the `connector_error` of an error.

    operation: as the method of boto3's client is called: "put_item".
    wrote: whether it may have changed something where no answer came.
    expects: a field that every answer has. boto3 takes a body that was cut short, or the page of
        some proxy, for an answer without fields.
    also: codes of errors that are answers to be looked at, under `Error`.
    about: what errors name beside service and operation: `table 'sales'`.
    """
    what = f"{client.meta.service_model.service_name} {operation}" + (about and f" of {about}")
    try:
        answer: dict[str, Any] = getattr(client, operation)(**request)
    except Exception as error:  # also what botocore raises of answers that it can't read
        response: dict[str, Any] = getattr(error, "response", {})
        if isinstance(error, _errors.ClientError) and response.get("Error", {}).get("Code") in also:
            return response
        trouble = connector_error(error, what, wrote=wrote)
    else:
        if expects in answer:
            return answer
        trouble = _lost_answer(
            f"{what}: the answer has no {expects}: it was cut, or isn't AWS's", wrote
        )
    raise trouble  # here, so that what the driver raised isn't its context


def connector_error(error: Exception, what: str, *, wrote: bool) -> Exception:
    """What botocore raises ⟶ what a connector raises: its class says whether asking again helps.

    Values that were sent are not in it, nor is the error itself.
    """
    if isinstance(error, _errors.ClientError):
        return _error_of_answer(cast(Any, error).response, what, wrote=wrote)
    name = type(error).__name__
    if _is_any(error, _UNSENT):
        return Unreachable(f"{what}: not reached ({name})")
    if _is_any(error, _LOST) or not isinstance(error, _errors.BotoCoreError):
        return _lost_answer(f"{what}: the answer was lost ({name})", wrote)
    if _is_any(error, _NOBODY):
        return Unauthorized(
            f"{what}: no credentials ({name}): give access_key= and secret_key=, or set those of "
            "the machine"
        )
    return Refused(f"{what}: not sent ({name})")


_UNSENT: Final = ("ConnectTimeoutError", "EndpointConnectionError", "ProxyConnectionError")
_LOST: Final = ("ChecksumError", "HTTPClientError", "IncompleteReadError", "SSLError")
_NOBODY: Final = (
    "CredentialRetrievalError", "NoAuthTokenError", "NoCredentialsError",
    "PartialCredentialsError", "SSOError", "TokenRetrievalError",
)  # fmt: skip
"""The names of botocore's exceptions."""


def _is_any(error: Exception, names: tuple[str, ...]) -> bool:
    return isinstance(error, tuple(getattr(_errors, name) for name in names))


def _error_of_answer(answer: Mapping[str, Any], what: str, *, wrote: bool) -> Exception:
    """AWS's answer that says no ⟶ the error."""
    code = str(answer.get("Error", {}).get("Code", ""))
    metadata = answer.get("ResponseMetadata", {})
    status = int(metadata.get("HTTPStatusCode", 0))
    code = code if code.isalnum() and len(code) < 100 else "no code"
    message = f"{what}: {code} ({status})"
    if code in THROTTLED or status == 429:
        return Overloaded(message, after=_wait(metadata.get("HTTPHeaders", {})))
    if code in CONFLICTS:
        return Conflict(message)
    if status >= 500:
        return _lost_answer(message, wrote)
    if code in UNAUTHORIZED or status in (401, 403):
        text = answer.get("Error", {}).get("Message") if code in TELLING else None
        return Unauthorized(f"{message}: {text}" if text else message)
    if code in MISSING or status == 404:
        return Missing(message)
    return Refused(message)


def _lost_answer(message: str, wrote: bool) -> Exception:
    return MaybeDone(message) if wrote else Transient(message)


def _wait(headers: Mapping[str, str]) -> timedelta:
    """How long AWS asks to wait; no time where it doesn't say, so that `retry(wait=…)` decides."""
    wait = asked_wait([headers.get("retry-after", "")], headers.get("date"), datetime.now(UTC))
    return wait if wait is not None and wait <= LONGEST else timedelta(0)


def secret(
    name: str,
    *,
    field: str | None = None,
    region: str | None = None,
    endpoint: str | None = None,
    access_key: Secret | None = None,
    secret_key: Secret | None = None,
    connect_within: timedelta = CONNECT_WITHIN,
    within: timedelta = WITHIN,
) -> Secret:
    """A secret in AWS Secrets Manager, read each time that it is revealed.

    name: the secret's name or ARN.
    field: which one of its fields, if the secret is a JSON object; the whole text if None.

    >>> secret("shop/db", field="password", region="eu-central-1")
    <Secret from AWS Secrets Manager, shop/db, field password>
    """
    where = f"aws.secret({name!r})"
    if not name or not name.isprintable():
        raise ValueError(f"{where}: needs the name or the ARN of a secret")
    settings = {
        "region": region, "endpoint": endpoint,
        "access_key": access_key, "secret_key": secret_key,
        "connect_within": connect_within, "within": within,
    }  # fmt: skip
    check_settings(where, region, endpoint, access_key, secret_key)
    _time(connect_within, where, "connect_within")
    _time(within, where, "within")
    place = f"AWS Secrets Manager, {name}" + (f", field {field}" if field is not None else "")
    return Secret(partial(_read_secret, name, field, settings), where=place)


def _read_secret(name: str, field: str | None, settings: Mapping[str, Any]) -> str:
    manager = client("secretsmanager", **settings)
    try:
        answer = ask(manager, "get_secret_value", wrote=False, expects="ARN", SecretId=name)
    finally:
        manager.close()
    text = answer.get("SecretString")
    if not isinstance(text, str):
        raise BadData(f"the secret {name} in AWS Secrets Manager is bytes; fwf reads those of text")
    fields = _fields(text)
    if field is None:
        remember(
            (str(value), f"<{part} of AWS Secrets Manager, {name}>")
            for part, value in fields.items()
            if any(word in part.lower() for word in SECRET_FIELDS)
        )
        return text
    value = fields.get(field)
    if isinstance(value, str | int) and not isinstance(value, bool):
        return str(value)
    raise Missing(
        f"the secret {name} in AWS Secrets Manager has no field {field!r} that is a text or a "
        f"whole number{near(field, fields)}"
    )


def _fields(text: str) -> dict[str, object]:
    """The fields of a JSON object; none of another text."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return cast(dict[str, object], value) if isinstance(value, dict) else {}


def _is_endpoint(endpoint: str) -> bool:
    """Whether it is an address with nothing in it that errors and logs mustn't show."""
    try:
        parts = urlsplit(endpoint)
        return (
            parts.scheme in ("http", "https")
            and bool(parts.hostname)
            and parts.port != 0
            and endpoint.isascii()
            and endpoint.isprintable()
            and not set(endpoint) & set("@?# \\")
            and parts.path in ("", "/")
        )
    except ValueError:
        return False


def _time(within: timedelta, where: str, name: str) -> float:
    """A duration ⟶ its seconds; raises where it is none, or no time at all."""
    time = checked_delay(within, f"{where}({name}=…)")
    if not timedelta(0) < time <= LONGEST:
        raise ValueError(f"{where}: {name}= needs more than no time, and at most a day")
    return time.total_seconds()
