"""Which tasks write objects? Parts that no reader sees, and one that publishes them."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final, TypeAlias

import pyarrow as pa

from fwf.algebra.nodes import Task
from fwf.connectors.objects.keys import dataset, fill, key_parameters
from fwf.connectors.objects.manifests import Manifest, Part, Swept
from fwf.connectors.objects.tables import Store
from fwf.connectors.objects.tasks import store_task
from fwf.connectors.shared.leaf import Parameter
from fwf.connectors.shared.schemas import check_schema, table_type

Parts: TypeAlias = Part | Sequence[Part]
KEY: Final = "idempotency_key"


def write_parquet(
    folder: str,
    *,
    name: str,
    store: str = "store",
    params: Mapping[str, Parameter] | None = None,
    schema: pa.Schema | None = None,
    writes: Sequence[str] | None = None,
) -> Task[pa.Table, Part]:
    """Table ⟶ Part: write a Parquet file under a key that no other attempt has.

    folder: as the pattern of `key`: `sales/{day}`. Nobody sees the part before it is published:

        write_parquet("sales/{day}", name="write", store="lake", params={"day": date})
        >> publish("sales/{day}", name="publish", store="lake", params={"day": date})

    Times are written in microseconds. Raises `BadData` with column and count for what would lose
    digits. An attempt that fails leaves nothing; one that is cut leaves what `sweep` removes.
    """
    where = "objects.write_parquet"
    types, plain_params = key_parameters(folder, params or {}, where)
    if schema is not None:
        check_schema(schema, where)

    def write_parquet(table: pa.Table, **injected: Any) -> Part:
        lake: Store = injected[store]
        return lake.write_parquet(fill(folder, injected), table, by=injected[KEY])

    return store_task(
        write_parquet, name=name, store=store, effect="idempotent", output=Part, types=types,
        inputs={"table": table_type(schema)}, own_key=KEY,
        datasets=writes, by_default=_folder_dataset(store, folder),
        folder=folder, params=plain_params, schema=schema,
    )  # fmt: skip


def publish(
    folder: str,
    *,
    name: str,
    store: str = "store",
    params: Mapping[str, Parameter] | None = None,
    replace: bool = False,
    writes: Sequence[str] | None = None,
) -> Task[Parts, Manifest]:
    """Part or Parts ⟶ Manifest: let these, and only these, be what the folder holds.

    One conditional request writes a small manifest (`manifest.json`) that names them: readers see
    all of it, or nothing. With the same data under whatever keys it changes nothing, and gives
    what is there: so a lost answer to a request that succeeded is recognised.

    replace: whether other data of another step, such as another run's, are put out of sight.

    Raises `KeyReused` where this very step published other data, `Refused` where another step did
    and `replace` is False, `Missing` if a part isn't there any more, `Conflict` if somebody else
    publishes at this moment, which `retry(…, on=Transient)` settles. Of files (`file://`) two that
    replace at one moment are not told apart: the later one stays.
    """
    where = "objects.publish"
    types, plain_params = key_parameters(folder, params or {}, where)

    def publish(parts: Parts, **injected: Any) -> Manifest:
        lake: Store = injected[store]
        several = [parts] if isinstance(parts, Part) else parts
        return lake.publish(fill(folder, injected), several, by=injected[KEY], replace=replace)

    accepts: Any = Part | list[Part]
    return store_task(
        publish, name=name, store=store, effect="idempotent", output=Manifest, types=types,
        inputs={"parts": accepts}, own_key=KEY,
        datasets=writes, by_default=_folder_dataset(store, folder),
        folder=folder, params=plain_params, replace=replace,
    )  # fmt: skip


def published(
    folder: str,
    *,
    name: str,
    store: str = "store",
    params: Mapping[str, Parameter] | None = None,
    reads: Sequence[str] | None = None,
) -> Task[object, Manifest | None]:
    """_ ⟶ Manifest | None: what is published in a folder; None while nothing is.

    poll(published("sales/{day}", …), it != None, every=minutes(5), limit=100)
    >> map_each(read_parquet(SALES, …)) of `it.parts`
    """
    where = "objects.published"
    types, plain_params = key_parameters(folder, params or {}, where)

    def published(_: object = None, **injected: Any) -> Manifest | None:
        lake: Store = injected[store]
        return lake.manifest(fill(folder, injected))

    return store_task(
        published, name=name, store=store, effect="read", output=Manifest | None, types=types,
        datasets=reads, by_default=_folder_dataset(store, folder),
        folder=folder, params=plain_params,
    )  # fmt: skip


def read_published(
    folder: str,
    schema: pa.Schema,
    *,
    name: str,
    store: str = "store",
    params: Mapping[str, Parameter] | None = None,
    reads: Sequence[str] | None = None,
) -> Task[object, pa.Table]:
    """_ ⟶ Table: the rows of all parts that are published in a folder.

    Raises `Missing` if nothing is published, `BadData` where a part has other columns.
    """
    where = "objects.read_published"
    types, plain_params = key_parameters(folder, params or {}, where)
    check_schema(schema, where)

    def read_published(_: object = None, **injected: Any) -> pa.Table:
        lake: Store = injected[store]
        return lake.read_published(fill(folder, injected), schema)

    return store_task(
        read_published, name=name, store=store, effect="read", output=table_type(schema),
        types=types, datasets=reads, by_default=_folder_dataset(store, folder),
        folder=folder, schema=schema, params=plain_params,
    )  # fmt: skip


def write_json_lines(
    pattern: str,
    *,
    name: str,
    store: str = "store",
    params: Mapping[str, Parameter] | None = None,
    packed: bool = False,
    schema: pa.Schema | None = None,
    writes: Sequence[str] | None = None,
) -> Task[pa.Table, Part]:
    """Table ⟶ Part: write its rows as JSON lines, in place of any other object of this key.

    pattern: as that of `key`: `quarantine/{day}.jsonl`. Days and times are written in ISO 8601,
    decimals as texts.
    packed: whether as gzip.
    """
    where = "objects.write_json_lines"
    types, plain_params = key_parameters(pattern, params or {}, where)
    if schema is not None:
        check_schema(schema, where)

    def write_json_lines(table: pa.Table, **injected: Any) -> Part:
        lake: Store = injected[store]
        return lake.write_json_lines(fill(pattern, injected), table, packed=packed)

    return store_task(
        write_json_lines, name=name, store=store, effect="idempotent", output=Part, types=types,
        inputs={"table": table_type(schema)},
        datasets=writes, by_default=dataset(store, pattern),
        pattern=pattern, params=plain_params, packed=packed, schema=schema,
    )  # fmt: skip


def sweep(
    prefix: str,
    *,
    older: timedelta,
    name: str,
    store: str = "store",
    writes: Sequence[str] | None = None,
) -> Task[object, Swept]:
    """_ ⟶ Swept: remove parts below a prefix that no manifest names, of attempts that were cut.

    older: how long ago they were written: longer than any run takes, and any reader of what was
        replaced.

    Only what has the name of a part is removed. Uploads that were cut lie in S3 where no list
    shows them: a rule of the bucket (AbortIncompleteMultipartUpload) ends those.
    """
    where = "objects.sweep"
    key_parameters(prefix, {}, where, prefix=True)
    if older <= timedelta():
        raise ValueError(f"{where}(older={older}): what is written now may be published next")

    def sweep(_: object = None, **resources: Any) -> Swept:
        lake: Store = resources[store]
        return lake.sweep(fill(prefix, {}), older=older)

    return store_task(
        sweep, name=name, store=store, effect="idempotent", output=Swept,
        datasets=writes, by_default=_folder_dataset(store, prefix), prefix=prefix, older=older,
    )  # fmt: skip


def _folder_dataset(store: str, folder: str) -> str:
    return dataset(store, f"{folder.rstrip('/')}/")
