"""Which tasks read and write objects? One attempt of one thing each."""

import codecs
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeAlias

import pyarrow as pa

from fwf.algebra.contract import Effect
from fwf.algebra.nodes import Task
from fwf.connectors.objects.access_log import ACCESS_LOG
from fwf.connectors.objects.client import Found
from fwf.connectors.objects.csv_rows import Dialect
from fwf.connectors.objects.keys import dataset, fill, key_parameters
from fwf.connectors.objects.lines import AtMost, Keep, Lines
from fwf.connectors.objects.manifests import Part
from fwf.connectors.objects.tables import FEW, Store
from fwf.connectors.shared.errors import Missing
from fwf.connectors.shared.leaf import Parameter, Parameters, arguments, leaf, names_of
from fwf.connectors.shared.schemas import check_schema, table_type

Key: TypeAlias = str | Found | Part
"""An object by its key, or as it was listed or written."""
Bound: TypeAlias = Sequence[float]
_key: Final[Any] = Key


def key(
    pattern: str, *, name: str, params: Mapping[str, Parameter] | None = None
) -> Task[object, str]:
    """_ ⟶ str: the key that a pattern and the run's parameters make.

    pattern: a key such as `rates/{day}.csv`, or `logs/{day:%Y/%m/%d}/done`; a brace is `{{`.
    params: run parameters by type: texts, whole numbers, dates, times, UUIDs.

        key("rates/{day}.csv", name="where", params={"day": date}) >> read_csv(…)

    Raises `Refused` for a value that makes no key: an empty text, or one with a `/` in it.
    """
    types, plain_params = key_parameters(pattern, params or {}, "objects.key")

    def key(_: object = None, **injected: Any) -> str:
        return fill(pattern, injected)

    config = arguments(pattern=pattern, name=name, params=plain_params)
    return leaf(key, name=name, config=config, effect="pure", output=str, params=types)


def head(
    *, name: str, store: str = "store", reads: Sequence[str] | None = None
) -> Task[Key, Found | None]:
    """Key ⟶ Found | None: ask once whether there is such an object.

    One that isn't there yet is None, no error, so that `poll` can wait for it:

        poll(head(name="done", store="lake"), it != None, every=minutes(5), limit=100)

    Raises `Missing` where there is no such bucket.
    """

    def head(key: Key, **resources: Any) -> Found | None:
        lake: Store = resources[store]
        return lake.head(_text(key))

    return _reading(head, Found | None, name, store, reads, {})


def listing(
    prefix: str,
    *,
    name: str,
    store: str = "store",
    params: Mapping[str, Parameter] | None = None,
    may_be_empty: bool = False,
    reads: Sequence[str] | None = None,
) -> Task[object, list[Found]]:
    """_ ⟶ list[Found]: the objects whose key begins with a text, by key.

    prefix: as the pattern of `key`; it may end within a name: `logs/{day}-` finds
        `logs/2026-07-01-00-13-5F`, and `logs/2026-07-0` would, too.
    may_be_empty: whether a day without objects is no day without data: `Missing` if False.

    Left out are `_SUCCESS`, `…_$folder$`, and empty objects that are named like a folder
    (`Store.listed` counts them). Each object is read by a task of its own:

        listing("logs/{day}/", name="files", store="lake", params={"day": date})
        >> map_each(retry(read_access_log(name="parse", store="lake"), …), key=it.key)
    """
    where = "objects.listing"
    types, plain_params = key_parameters(prefix, params or {}, where, prefix=True)

    def listing(_: object = None, **injected: Any) -> list[Found]:
        lake: Store = injected[store]
        begin = fill(prefix, injected)
        objects = lake.list(begin)
        if not objects and not may_be_empty:
            raise Missing(f"{lake.where(begin)}: no object has a key that begins so")
        return objects

    return store_task(
        listing, name=name, store=store, effect="read", output=list[Found], types=types,
        datasets=reads, by_default=dataset(store, prefix),
        prefix=prefix, params=plain_params, may_be_empty=may_be_empty,
    )  # fmt: skip


# Readers


def read_json_lines(
    schema: pa.Schema,
    *,
    name: str,
    store: str = "store",
    at_most: Bound = FEW,
    keep: Keep = "text",
    reads: Sequence[str] | None = None,
) -> Task[Key, Lines]:
    """Key ⟶ Lines: the declared columns of an object whose lines are JSON objects.

    at_most: so many bad lines are set aside, and no greater share of all: `(100, 0.01)`. Past
        either it fails as `BadData`, with counts and reasons.
    keep: whether a bad line is kept as its text, or as the digest of it.

    `it.table` has what was read, `it.bad` the bad lines (`BAD_LINES`). gzip and zstd are unpacked,
    as the first bytes say. Names that aren't declared are left out; what is missing is null.
    Bad are: what is no object, or is two; a number that the column doesn't hold exactly as
    declared; a time without a zone for a column with one, and the reverse; NUL, what is no UTF-8.
    """
    bound = _checked_bound(schema, at_most, keep, "objects.read_json_lines")

    def read_json_lines(key: Key, **resources: Any) -> Lines:
        lake: Store = resources[store]
        return lake.read_json_lines(_text(key), schema, at_most=bound, keep=keep)

    return _reading(
        read_json_lines, _lines(schema), name, store, reads,
        {"schema": schema, "at_most": _plain(bound), "keep": _keep(keep)},
    )  # fmt: skip


def read_csv(
    schema: pa.Schema,
    *,
    name: str,
    store: str = "store",
    delimiter: str = ",",
    null: str | None = None,
    encoding: str = "utf-8",
    has_header: bool = True,
    at_most: Bound = FEW,
    keep: Keep = "text",
    reads: Sequence[str] | None = None,
) -> Task[Key, Lines]:
    """Key ⟶ Lines: the declared columns of a CSV file, by the names in its first line.

    null: what a value is written as, without quotes, that isn't there: `""`, `"NA"`; none, if
        None.
    encoding: Python's name of it, `cp1252`.
    has_header: if False, the columns come in the order of the schema.

    Otherwise as `read_json_lines`. Raises `BadData` for a column that the first line doesn't have,
    and for a name that stands in it twice. A value has no line end in it: such lines are bad.
    """
    where = "objects.read_csv"
    bound = _checked_bound(schema, at_most, keep, where)
    dialect = _dialect(delimiter, null, encoding, where)

    def read_csv(key: Key, **resources: Any) -> Lines:
        lake: Store = resources[store]
        return lake.read_csv(
            _text(key), schema, dialect=dialect, has_header=has_header, at_most=bound, keep=keep
        )

    return _reading(
        read_csv, _lines(schema), name, store, reads,
        {
            "schema": schema,
            **({} if delimiter == "," else {"delimiter": delimiter}),
            **({} if null is None else {"null": null}),
            **({} if encoding == "utf-8" else {"encoding": encoding}),
            **({} if has_header else {"has_header": False}),
            "at_most": _plain(bound),
            "keep": _keep(keep),
        },
    )  # fmt: skip


def read_access_log(
    *,
    name: str,
    store: str = "store",
    at_most: Bound = FEW,
    keep: Keep = "text",
    reads: Sequence[str] | None = None,
) -> Task[Key, Lines]:
    """Key ⟶ Lines: the requests in a web server's log, in the common or the combined format.

    The columns are those of `ACCESS_LOG`; times are in UTC, a size of `-` is 0, and any other `-`
    is null. Otherwise as `read_json_lines`.
    """
    bound = _checked_bound(ACCESS_LOG, at_most, keep, "objects.read_access_log")

    def read_access_log(key: Key, **resources: Any) -> Lines:
        lake: Store = resources[store]
        return lake.read_access_log(_text(key), at_most=bound, keep=keep)

    return _reading(
        read_access_log, _lines(ACCESS_LOG), name, store, reads,
        {"at_most": _plain(bound), "keep": _keep(keep)},
    )  # fmt: skip


def read_parquet(
    schema: pa.Schema, *, name: str, store: str = "store", reads: Sequence[str] | None = None
) -> Task[Key, pa.Table]:
    """Key ⟶ Table: the declared columns of a Parquet file, which has them with these very types.

    Raises `BadData` with the columns that are missing or of another type.
    """
    check_schema(schema, "objects.read_parquet")

    def read_parquet(key: Key, **resources: Any) -> pa.Table:
        lake: Store = resources[store]
        return lake.read_parquet(_text(key), schema)

    return _reading(read_parquet, table_type(schema), name, store, reads, {"schema": schema})


# What the factories share


def store_task(
    fn: Callable[..., Any],
    *,
    name: str,
    store: str,
    effect: Effect,
    output: Any,
    datasets: Sequence[str] | None,
    by_default: str,
    types: Parameters | None = None,
    inputs: Mapping[str, Any] | None = None,
    own_key: str | None = None,
    **config: Any,
) -> Task[Any, Any]:
    """The task of a function that is given a store.

    datasets, by_default: what it reads or writes.
    types: of its run parameters. own_key: as what it is given the idempotency key.
    config: the other arguments of its factory.
    """
    side = "reads" if effect == "read" else "writes"
    names: dict[str, Any] = {side: (by_default,) if datasets is None else datasets}
    return leaf(
        fn,
        name=name,
        config=arguments(**config, name=name, store=store, **{side: names_of(datasets)}),
        effect=effect,
        inputs=inputs,
        output=output,
        params=types,
        resources={store: Store},
        key=own_key,
        **names,
    )


def _reading(
    fn: Any,
    output: Any,
    name: str,
    store: str,
    reads: Sequence[str] | None,
    config: Mapping[str, Any],
) -> Task[Any, Any]:
    """The task of a function that is given a key."""
    return store_task(
        fn, name=name, store=store, effect="read", output=output, inputs={"key": _key},
        datasets=reads, by_default=dataset(store), **config,
    )  # fmt: skip


def _lines(schema: pa.Schema) -> Any:
    """The type of lines whose columns are declared."""
    table: Any = table_type(schema)
    return Lines[table]


def _text(key: Key) -> str:
    return key if isinstance(key, str) else key.key


def _checked_bound(schema: pa.Schema, at_most: Bound, keep: Keep, where: str) -> AtMost:
    """The bound of bad lines, as it was given."""
    check_schema(schema, where)
    if keep not in ("text", "digest"):
        raise ValueError(f"{where}(keep={keep!r}): needs 'text' or 'digest'")
    count, share = at_most if len(at_most) == 2 else (-1, -1)
    if not (count >= 0 and float(count).is_integer() and 0 <= share <= 1):
        raise ValueError(
            f"{where}(at_most={at_most!r}): needs a count of bad lines and a share of all, "
            "from 0 to 1: (100, 0.01)"
        )
    return AtMost(int(count), float(share))


def _plain(bound: AtMost) -> list[float] | None:
    return None if bound == FEW else [bound.lines, bound.share]


def _keep(keep: Keep) -> str | None:
    return None if keep == "text" else keep


def _dialect(delimiter: str, null: str | None, encoding: str, where: str) -> Dialect:
    if len(delimiter) != 1 or not delimiter.isascii() or delimiter in '"\r\n\0':
        raise ValueError(f"{where}(delimiter={delimiter!r}): needs one character of ASCII")
    try:
        name = codecs.lookup(encoding).name
        "".encode(name)
    except LookupError:
        raise ValueError(f"{where}(encoding={encoding!r}): Python knows no such encoding") from None
    return Dialect(delimiter, null, name)
