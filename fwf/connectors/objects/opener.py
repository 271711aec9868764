"""Where do objects live? In a bucket, a folder or the memory, below a URL."""

import re
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, cast
from urllib.parse import SplitResult, unquote, urlsplit

from obstore.exceptions import BaseError
from obstore.store import LocalStore, MemoryStore, S3Store

from fwf.connectors.objects.keys import problem_of
from fwf.connectors.objects.tables import Store
from fwf.connectors.shared.errors import Missing, Refused, Unauthorized
from fwf.secrets import Secret

BUCKET: Final = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
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
    text = url.reveal() if isinstance(url, Secret) else url
    shown = repr(url) if isinstance(url, Secret) else url
    parts = _split(text, shown)
    where = f"store({shown!r})"
    _check(where, connect_within=connect_within, within=within)
    if parts.scheme == "s3":
        bucket, prefix = _bucket(parts, where)
        keys = _credentials(where, access_key, secret_key, session_token)
        options = {
            "connect_timeout": connect_within,
            "timeout": within,
            "allow_http": _http_is_allowed(endpoint, allow_http, where),
        }
        known = {"region": region, "endpoint": endpoint, **keys}
        return Store(shown, _opened(bucket, options, known, where), prefix)
    given = (access_key, secret_key, session_token, region, endpoint)
    if any(each is not None for each in given) or allow_http:
        raise ValueError(f"{where}: keys, region and endpoint are of s3://bucket alone")
    if parts.scheme == "memory":
        return Store(shown, _memory(), unquote(parts.path).strip("/"))
    return _folder(parts, shown, where, make_folder=make_folder)


def _opened(bucket: str, options: dict[str, Any], known: dict[str, Any], where: str) -> Any:
    given = {name: value for name, value in known.items() if value is not None}
    with suppress(BaseError, ValueError):  # its text holds what it was given
        return _s3(bucket, client_options=options, retry_config={"max_retries": 0}, **given)
    raise ValueError(f"{where}: obstore takes no such region, endpoint or setting of AWS_…")


def _split(text: str, shown: str) -> SplitResult:
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
        raise ValueError(f"store({shown!r}): {form}")
    if parts.query or parts.fragment:
        raise ValueError(f"store({shown!r}): {form}; a ? or # in it is written %3F or %23")
    return parts


def _bucket(parts: SplitResult, where: str) -> tuple[str, str]:
    bucket, prefix = parts.netloc, unquote(parts.path).strip("/")
    if not BUCKET.fullmatch(bucket) or ".." in bucket:
        raise ValueError(f"{where}: a bucket's name has 3 to 63 of a-z, 0-9, . and -")
    problem = problem_of(prefix) if prefix else None
    if problem is not None:
        raise ValueError(f"{where}: the prefix: {problem}")
    return bucket, prefix


def _credentials(
    where: str, access_key: Secret | None, secret_key: Secret | None, token: Secret | None
) -> dict[str, str]:
    given = {"access_key_id": access_key, "secret_access_key": secret_key, "session_token": token}
    for name, value in given.items():
        if value is not None and not isinstance(cast(object, value), Secret):
            raise TypeError(f"{where}: {name} is a Secret, such as Secret.env('AWS_…')")
    if (access_key is None) != (secret_key is None) or (token and not access_key):
        raise ValueError(f"{where}: access_key and secret_key are given together, or neither")
    return {name: value.reveal() for name, value in given.items() if value is not None}


def _http_is_allowed(endpoint: str | None, allow_http: bool, where: str) -> bool:
    if endpoint is None:
        return allow_http
    parts = urlsplit(endpoint)
    if parts.scheme not in ("http", "https") or not parts.hostname or set("@?#") & set(endpoint):
        raise ValueError(f"{where}: endpoint= needs https://host, without user and password")
    if parts.scheme == "http" and not allow_http:
        raise ValueError(
            f"{where}: endpoint={endpoint!r} isn't encrypted: https://, or allow_http=True"
        )
    return allow_http


def _folder(parts: SplitResult, shown: str, where: str, *, make_folder: bool) -> Store:
    path = Path(unquote(parts.path))
    if parts.netloc not in ("", "localhost") or not path.is_absolute() or "\0" in str(path):
        raise ValueError(f"{where}: needs file:///folder, a whole path on this machine")
    try:
        if make_folder:
            path.mkdir(parents=True, exist_ok=True)
        if not path.is_dir():
            raise Missing(f"{where}: there is no such folder; make_folder=True makes it")
        root = path.resolve()
    except OSError as error:
        denied = isinstance(error, PermissionError)
        raise (Unauthorized if denied else Refused)(f"{where}: {error.strerror}") from None
    return Store(shown, _local(root, automatic_cleanup=False), "", root=root)


def _check(where: str, **times: timedelta) -> None:
    for name, given in times.items():
        if given <= timedelta():
            raise ValueError(f"{where}: {name}={given} leaves no time")
