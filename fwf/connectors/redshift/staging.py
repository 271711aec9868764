"""How do rows get to where COPY finds them? As Parquet in S3, and a manifest that names each file.

`FROM 's3://bucket/day/part-1'` is a prefix: it loads `part-10` too, and what a dead attempt left. A
manifest has exact keys and lengths, each of them mandatory.

Everything lies under the digest of the rows, and each file has the name of its content, so that
nothing is ever changed: attempts that run side by side, or one after the other, meet in one
manifest, which is put only where none is. It's swept by a lifecycle rule of the bucket, some days
after.
"""

import json
import re
from collections.abc import Iterator
from functools import partial
from hashlib import sha256
from typing import Any, Final, NamedTuple

import obstore
import obstore.exceptions
import obstore.store
import pyarrow as pa

from fwf.connectors.shared.errors import Conflict, Transient
from fwf.connectors.shared.extras import late
from fwf.connectors.shared.obstore_errors import connector_error
from fwf.connectors.shared.parquet import parquet_bytes
from fwf.secrets import Secret

_obstore: Any = obstore
_errors: Any = obstore.exceptions
_connector_error = partial(connector_error, unknown=Transient)
_ABSENT: Final = (FileNotFoundError, _errors.NotFoundError)
ROWS_AT_ONCE: Final = 1 << 20
"""In one file: some tens of MB, which COPY reads side by side."""
PLACE: Final = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/([A-Za-z0-9_.=/-]*))?")


class StagingPlace(NamedTuple):
    """A bucket, and the prefix in it, without a slash at its end."""

    bucket: str
    prefix: str

    def key(self, *parts: str) -> str:
        """The key of an object in it."""
        return "/".join((self.prefix, *parts) if self.prefix else parts)

    def address(self, key: str) -> str:
        """As COPY and manifests write it."""
        return f"s3://{self.bucket}/{key}"


def place_of(staging: str, where: str) -> StagingPlace:
    """`s3://bucket/prefix` ⟶ its parts; raises `ValueError` for anything else."""
    match = PLACE.fullmatch(staging)
    if not match or "//" in staging.removeprefix("s3://") or ".." in staging:
        raise ValueError(
            f"{where}(staging=…): needs 's3://bucket/prefix' of letters, digits, _.=/-, without "
            "user, password and query"
        )
    return StagingPlace(match[1], (match[2] or "").strip("/"))


def open_bucket(
    place: StagingPlace,
    *,
    region: str | None,
    endpoint: str | None,
    access_key: Secret | None,
    secret_key: Secret | None,
    connect_seconds: float,
    seconds: float,
) -> Any:
    """The bucket, in which nothing is tried twice."""
    arguments: dict[str, Any] = {}
    if access_key is not None and secret_key is not None:
        arguments["access_key_id"] = access_key.reveal()
        arguments["secret_access_key"] = secret_key.reveal()
    else:
        provider: Any = late("obstore.auth.boto3", "redshift").Boto3CredentialProvider
        arguments["credential_provider"] = provider()
    if region:
        arguments["region"] = region
    if endpoint:
        arguments["endpoint"] = endpoint
    options: dict[str, Any] = {
        "connect_timeout": f"{connect_seconds}s",
        "timeout": f"{seconds}s",
        "allow_http": bool(endpoint and endpoint.startswith("http://")),
    }
    store: Any = obstore.store.S3Store
    return store(place.bucket, client_options=options, retry_config={"max_retries": 0}, **arguments)


def publish(store: Any, place: StagingPlace, table: pa.Table, digest: str) -> str:
    """Rows, written as they are, and their digest ⟶ the address of the manifest that holds them."""
    manifest = place.key(digest, "manifest")
    existing = _read(store, manifest)
    if existing is None or not _whole(store, place, existing):
        entries = [_put_file(store, place, digest, content) for content in _files(table)]
        content = json.dumps({"entries": entries}, sort_keys=True).encode()
        _publish(store, manifest, content, anew=existing is None)
    return place.address(manifest)


def _files(table: pa.Table) -> Iterator[bytes]:
    for start in range(0, table.num_rows, ROWS_AT_ONCE):
        yield parquet_bytes(table.slice(start, ROWS_AT_ONCE))


def _put_file(store: Any, place: StagingPlace, digest: str, content: bytes) -> dict[str, Any]:
    """Put one file under the name of its content ⟶ its entry in the manifest."""
    key = place.key(digest, f"{sha256(content).hexdigest()[:32]}.parquet")
    _put(store, key, content, mode="overwrite")
    return {
        "url": place.address(key),
        "mandatory": True,
        "meta": {"content_length": len(content)},
    }


def _whole(store: Any, place: StagingPlace, manifest: bytes) -> bool:
    """Whether all files of a manifest still lie there, each of its length."""
    for entry in json.loads(manifest)["entries"]:
        key = str(entry["url"]).removeprefix(place.address(""))
        try:
            size = _obstore.head(store, key)["size"]
        except _ABSENT:
            return False
        except _errors.BaseError as error:
            trouble = _connector_error(error, f"s3 head of {key}", wrote=False)
        else:
            if size != entry["meta"]["content_length"]:
                return False
            continue
        raise trouble
    return True


def _read(store: Any, key: str) -> bytes | None:
    try:
        return bytes(_obstore.get(store, key).bytes())
    except _ABSENT:
        return None
    except _errors.BaseError as error:
        trouble = _connector_error(error, f"s3 get of {key}", wrote=False)
    raise trouble


def _publish(store: Any, key: str, content: bytes, *, anew: bool) -> None:
    """Put a manifest; where two attempts get here at once, the first stays: it has these rows."""
    there = not _put(store, key, content, mode="create" if anew else "overwrite")
    if there and _read(store, key) is None:
        raise Conflict(f"s3 put of {key}: something else was in the way, and nothing is there")


def _put(store: Any, key: str, content: bytes, *, mode: str) -> bool:
    """Whether it was put; if not, there is one already."""
    try:
        _obstore.put(store, key, content, mode=mode)
    except _errors.AlreadyExistsError:
        return False
    except (_errors.BaseError, OSError) as error:
        trouble = _connector_error(error, f"s3 put of {key}", wrote=True)
    else:
        return True
    raise trouble
