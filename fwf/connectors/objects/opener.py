"""Where do objects live? In a bucket, a folder or the memory, below a URL."""

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import SplitResult, unquote, urlsplit

from obstore.exceptions import BaseError
from obstore.store import LocalStore, MemoryStore, S3Store

from fwf.connectors.objects.client import StorePlace
from fwf.connectors.objects.keys import problem_of
from fwf.connectors.objects.tables import Store
from fwf.connectors.shared.errors import Missing, Refused, Unauthorized
from fwf.secrets import Secret

BUCKET: Final = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
AS_OBSTORE: Final[Mapping[str, str]] = {
    "access_key": "access_key_id", "secret_key": "secret_access_key",
}  # fmt: skip
CONNECT: Final = timedelta(seconds=5)
WHOLE: Final = timedelta(minutes=1)
_s3: Final[Any] = S3Store
_local: Final[Any] = LocalStore
_memory: Final[Any] = MemoryStore


def store(
    url: str | Secret,
    *,
    access_key: Secret | None = None,
    secret_key: Secret | None = None,
    session_token: Secret | None = None,
    region: str | None = None,
    endpoint: str | None = None,
    allow_http: bool = False,
    make_folder: bool = False,
    connect_within: timedelta = CONNECT,
    within: timedelta = WHOLE,
) -> Store:
    """URL ⟶ Store: `s3://bucket/prefix`, `file:///folder`, or `memory://`, which ends with it.

    Nothing is asked, and no secret revealed, before it is entered or used.

    access_key, secret_key, session_token: if none is given, they are looked for as AWS does it: in
        the environment, from a web identity, the container, the machine.
    region: of the bucket; that of `AWS_REGION`, or us-east-1, if None.
    endpoint: another S3 than AWS's, `http://127.0.0.1:9000`; http needs `allow_http=True`.
    make_folder: of `file://`: make the folder if there is none.
    connect_within, within: how long a connection, and how long one request with its answer, may
        take. Nothing is tried twice: `retry` does that.

    >>> with store("memory://") as lake:
    ...     lake.put("a/b.txt", b"text")
    ...     lake.exists("a/b.txt"), lake.get("a/b.txt")
    (True, b'text')
    """
    label = repr(url) if isinstance(url, Secret) else url
    where = f"store({label!r})"
    secrets = {"access_key": access_key, "secret_key": secret_key, "session_token": session_token}
    _check_secrets(secrets, where)
    _check_endpoint(endpoint, allow_http, where)
    _check_times(where, connect_within=connect_within, within=within)
    options = {**secrets, "region": region, "endpoint": endpoint, "allow_http": allow_http or None}
    settings = {name: value for name, value in options.items() if value is not None}
    times = {"connect_timeout": connect_within, "timeout": within}

    def open_place() -> StorePlace:
        parts = _parts(url.reveal() if isinstance(url, Secret) else url, label, settings)
        if parts.scheme == "s3":
            return _in_bucket(*_bucket(parts, where), settings, times, where)
        if parts.scheme == "memory":
            return StorePlace(_memory())
        return _in_folder(_folder(parts, where), where, make_folder=make_folder)

    if isinstance(url, str):
        _parts(url, label, settings)
    return Store(label, open_place)


def _in_bucket(
    bucket: str,
    prefix: str,
    settings: Mapping[str, Any],
    times: Mapping[str, timedelta],
    where: str,
) -> StorePlace:
    arguments = {AS_OBSTORE.get(name, name): value for name, value in settings.items()}
    options = {**times, "allow_http": arguments.pop("allow_http", False)}
    arguments = {name: v.reveal() if isinstance(v, Secret) else v for name, v in arguments.items()}
    with suppress(BaseError, ValueError):  # its text holds what it was given
        inner = _s3(bucket, client_options=options, retry_config={"max_retries": 0}, **arguments)
        return StorePlace(inner, f"{prefix}/" if prefix else "", in_order="--x-s3" not in bucket)
    raise ValueError(f"{where}: obstore takes no such region, endpoint or setting of AWS_…")


def _in_folder(path: Path, where: str, *, make_folder: bool) -> StorePlace:
    try:
        if make_folder:
            path.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            root = path.resolve()
            return StorePlace(_local(root, automatic_cleanup=False), root=root)
        trouble: Exception = Missing(f"{where}: there is no such folder; make_folder=True makes it")
    except OSError as error:
        kind = Unauthorized if isinstance(error, PermissionError) else Refused
        trouble = kind(f"{where}: {error.strerror}")
    raise trouble


# What a URL and its settings may say


def _parts(text: str, label: str, settings: Mapping[str, Any]) -> SplitResult:
    """A URL's parts, all of which were looked at."""
    parts = _split(text, label)
    where = f"store({label!r})"
    if parts.scheme == "s3":
        _bucket(parts, where)
        return parts
    if settings:
        raise ValueError(f"{where}: {', '.join(settings)}: of s3://bucket alone")
    if parts.scheme == "file":
        _folder(parts, where)
    elif parts.netloc or parts.path:
        raise ValueError(f"{where}: a memory has no name: memory://")
    return parts


def _split(text: str, label: str) -> SplitResult:
    """A URL's parts; raises `ValueError`, without the URL's text if that is secret."""
    form = "needs s3://bucket/prefix, file:///folder or memory://"
    parts = None
    with suppress(ValueError):
        parts = urlsplit(text)
    if parts is None:
        raise ValueError(f"store(…): {form}")
    if "@" in parts.netloc or (parts.scheme == "s3" and ":" in parts.netloc):
        raise ValueError(
            "store(…): a URL holds no password: give access_key=Secret.env(…) and secret_key="
        )
    if parts.scheme not in ("s3", "file", "memory"):
        raise ValueError(f"store({parts.scheme + '://…'!r}): {form}")
    if parts.query or parts.fragment:
        plain = label.partition("?")[0].partition("#")[0]  # what is behind it may be a password
        raise ValueError(f"store({plain!r}): {form}; a ? or # in it is written %3F or %23")
    return parts


def _bucket(parts: SplitResult, where: str) -> tuple[str, str]:
    bucket, prefix = parts.netloc, unquote(parts.path).strip("/")
    if not BUCKET.fullmatch(bucket) or ".." in bucket:
        raise ValueError(f"{where}: a bucket's name has 3 to 63 of a-z, 0-9, . and -")
    problem = problem_of(prefix) if prefix else None
    if problem is not None:
        raise ValueError(f"{where}: the prefix: {problem}")
    return bucket, prefix


def _folder(parts: SplitResult, where: str) -> Path:
    path = Path(unquote(parts.path))
    if parts.netloc not in ("", "localhost") or not path.is_absolute() or "\0" in str(path):
        raise ValueError(f"{where}: needs file:///folder, a whole path on this machine")
    return path


def _check_secrets(secrets: Mapping[str, object], where: str) -> None:
    for name, value in secrets.items():
        if value is not None and not isinstance(value, Secret):
            raise TypeError(f"{where}: {name} is a Secret, such as Secret.env('AWS_…')")
    has = {name for name, value in secrets.items() if value is not None}
    if has and not has >= {"access_key", "secret_key"}:
        raise ValueError(f"{where}: access_key and secret_key are given together, or neither")


def _check_endpoint(endpoint: str | None, allow_http: bool, where: str) -> None:
    if endpoint is None:
        return
    parts = None
    with suppress(ValueError):
        parts = urlsplit(endpoint)
    is_one = parts is not None and parts.scheme in ("http", "https") and parts.hostname
    if not is_one or set("@?#") & set(endpoint):
        raise ValueError(f"{where}: endpoint= needs https://host, without user and password")
    if endpoint.startswith("http:") and not allow_http:
        raise ValueError(
            f"{where}: endpoint={endpoint!r} isn't encrypted: https://, or allow_http=True"
        )


def _check_times(where: str, **times: timedelta) -> None:
    for name, time in times.items():
        if time <= timedelta():
            raise ValueError(f"{where}: {name}={time} leaves no time")
