"""What is asked of DynamoDB? A batch of writes, one put, one transaction, one page of items."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from hashlib import blake2b
from typing import Any, Final, NamedTuple, final

from fwf.connectors.dynamodb.batches import BATCH, REQUEST_BYTES, key_value, request_bytes
from fwf.connectors.dynamodb.items import (
    OWN,
    Delete,
    EncodedWrite,
    Item,
    Write,
    Written,
    canonical,
    encoded_writes,
    key_names,
    table_name,
)
from fwf.connectors.dynamodb.values import Wire, decode, encode
from fwf.connectors.shared import aws
from fwf.connectors.shared.clients import SharedClient
from fwf.connectors.shared.errors import (
    OTHER_KEY,
    BadData,
    Conflict,
    KeyReused,
    MaybeDone,
    Overloaded,
    Refused,
)
from fwf.secrets import Secret

TRANSACTION: Final = 100
TRANSACTION_BYTES: Final = 4 * 1024 * 1024
OWN_KEY, OWN_DIGEST = OWN
_FAILED: Final = "ConditionalCheckFailedException"
_CANCELLED: Final = "TransactionCanceledException"
_MISMATCH: Final = "IdempotentParameterMismatchException"


class Stored(NamedTuple):
    """How many writes are done, and whether an attempt before this one did them."""

    writes: int
    already: bool


class Page(NamedTuple):
    """Items, and from where the next page goes on; None after the last one."""

    items: list[Item]
    next: Item | None


def tables(
    *,
    region: str | None = None,
    endpoint: str | None = None,
    access_key: Secret | None = None,
    secret_key: Secret | None = None,
    session_token: Secret | None = None,
    connect_within: timedelta = aws.CONNECT_WITHIN,
    within: timedelta = aws.WITHIN,
) -> "Tables":
    """An opener of the tables of an account in a region, for all tasks of a run.

    region, endpoint: those of the machine's settings if None.
    access_key, secret_key, session_token: where these are; if None, the machine's credentials.
    connect_within: how long connecting may take.
    within: how long DynamoDB may say nothing; the whole is bounded by `timeout`.
    """
    aws.check_settings("tables", region, endpoint, access_key, secret_key, session_token)
    return Tables(
        region=region, endpoint=endpoint, access_key=access_key, secret_key=secret_key,
        session_token=session_token, connect_within=connect_within, within=within,
    )  # fmt: skip


@final
class Tables(SharedClient):
    """DynamoDB, asked once by each call; for several threads at once."""

    def __init__(self, **settings: Any) -> None:
        super().__init__()
        self._settings = settings
        self._client: Any = None

    def _begin(self) -> None:
        self._client = aws.client("dynamodb", **self._settings)

    def _end(self) -> None:
        client, self._client = self._client, None
        client.close()

    def write(self, table: str, writes: Sequence[Write], *, key: Sequence[str]) -> Written:
        """BatchWriteItem: at most 25 puts and deletes, each by itself, without conditions."""
        where = f"batch_write(table={table_name(table, 'batch_write')!r})"
        entries = encoded_writes(writes, key_names(key, "batch_write"), where)
        _check_request(len(entries), BATCH, sum(map(request_bytes, entries)), REQUEST_BYTES, where)
        if not entries:
            return Written(0, [])
        answer = self._ask(
            "batch_write_item",
            table,
            wrote=True,
            expects="UnprocessedItems",
            RequestItems={table: [_request(each) for each in entries]},
        )
        undone = {_identity(each, key) for each in answer["UnprocessedItems"].get(table, [])}
        left = [each.write for each in entries if each.identity in undone]
        if len(left) < len(undone):
            raise MaybeDone(f"{where}: the answer has items that were not sent")
        return Written(len(entries) - len(left), left)

    def put(self, table: str, item: Item, *, key: Sequence[str], own_key: str) -> Stored:
        """PutItem, if there is no item of its key, or the one that an attempt before put there.

        own_key: the idempotency key, which goes into the item.
        """
        where = f"put(table={table_name(table, 'put')!r})"
        (entry,) = _own_writes([item], key_names(key, "put"), own_key, where)
        answer = self._ask(
            "put_item",
            table,
            wrote=True,
            expects="ConsumedCapacity",
            also=(_FAILED,),
            TableName=table,
            Item=entry.wire,
            **_only_new(key),
        )
        if "Error" in answer:
            _check_ours(answer.get("Item"), entry, where)
        return Stored(1, "Error" in answer)

    def transact(
        self, table: str, writes: Sequence[Write], *, key: Sequence[str], own_key: str
    ) -> Stored:
        """TransactWriteItems: at most 100 puts and deletes, all of them or none.

        own_key: the idempotency key, which goes into the items, and the token of the request.
        """
        where = f"transact(table={table_name(table, 'transact')!r})"
        entries = _own_writes(writes, key_names(key, "transact"), own_key, where)
        size = sum(each.size for each in entries)
        _check_request(len(entries), TRANSACTION, size, TRANSACTION_BYTES, where)
        if not entries:
            return Stored(0, already=False)
        answer = self._ask(
            "transact_write_items",
            table,
            wrote=True,
            expects="ConsumedCapacity",
            also=(_CANCELLED, _MISMATCH),
            TransactItems=[_in_transaction(table, each, key) for each in entries],
            ClientRequestToken=blake2b(f"{table}\0{own_key}".encode(), digest_size=16).hexdigest(),
        )
        if "Error" in answer:
            _check_cancellation(answer, entries, where)
        return Stored(len(entries), "Error" in answer)

    def page(
        self,
        table: str,
        partition: object,
        *,
        key: Sequence[str],
        after: Item | None = None,
        limit: int = 1000,
        only_keys: bool = False,
    ) -> Page:
        """Query: a page of the items of one partition, in the order of the sort key.

        What was written before is seen (a consistent read). Pages end after 1 MB, or `limit` items.
        """
        where = f"query(table={table_name(table, 'query')!r})"
        names = {f"#{n}": name for n, name in enumerate(key_names(key, "query"))}
        request: dict[str, Any] = {"ProjectionExpression": ", ".join(names)} if only_keys else {}
        if after is not None:
            (start,) = encoded_writes([Delete(after)], key, f"{where}: the cursor")
            request["ExclusiveStartKey"] = start.wire
        answer = self._ask(
            "query",
            table,
            wrote=False,
            expects="Items",
            TableName=table,
            KeyConditionExpression="#0 = :partition",
            ExpressionAttributeNames=names if only_keys else {"#0": key[0]},
            ExpressionAttributeValues={":partition": key_value(partition, key[0], where)},
            ConsistentRead=True,
            Limit=limit,
            **request,
        )
        last = answer.get("LastEvaluatedKey")
        return Page([_item(each) for each in answer["Items"]], _item(last) if last else None)

    def _ask(self, operation: str, table: str, **request: Any) -> dict[str, Any]:
        client = self._client  # a run that is over closes it while an attempt that was cut goes on
        if client is None:
            raise ValueError(f"{operation}: the tables are not open: write `with tables(…) as t:`")
        return aws.ask(
            client,
            operation,
            about=f"table {table!r}",
            ReturnConsumedCapacity="TOTAL",  # without it, what is done well has no field at all
            **request,
        )


def _check_request(writes: int, most: int, size: int, most_bytes: int, where: str) -> None:
    if writes > most:
        raise BadData(f"{where}: {writes} writes; a request holds {most}: cut them by batches(…)")
    if size > most_bytes:
        raise BadData(
            f"{where}: {size:,} bytes; a request holds {most_bytes:,}: cut the writes by batches(…)"
        )


def _own_writes(
    writes: Sequence[Write], key: Sequence[str], own_key: str, where: str
) -> list[EncodedWrite]:
    """The writes as they are sent, items with the idempotency key and the digest of their content.

    The digest is of what was given: it is found before it is added.
    """
    digest = "0" * 32
    entries = encoded_writes(writes, key, where, extra={OWN_KEY: own_key, OWN_DIGEST: digest})
    for each in entries:
        if not isinstance(each.write, Delete):
            each.wire[OWN_DIGEST]["S"] = blake2b(canonical(each.wire), digest_size=16).hexdigest()
    return entries


def _request(each: EncodedWrite) -> Wire:
    if isinstance(each.write, Delete):
        return {"DeleteRequest": {"Key": each.wire}}
    return {"PutRequest": {"Item": each.wire}}


def _identity(request: Mapping[str, Any], key: Sequence[str]) -> tuple[object, ...]:
    """Of which key a write is that DynamoDB hands back."""
    ((_, body),) = request.items()
    ((_, wire),) = body.items()
    parts = [wire.get(name, {"NULL": True}) for name in key]
    return tuple(next(iter(encode(decode(each))[0].items())) for each in parts)


def _only_new(key: Sequence[str]) -> dict[str, Any]:
    return {
        "ConditionExpression": "attribute_not_exists(#0)",
        "ExpressionAttributeNames": {"#0": key[0]},
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }


def _in_transaction(table: str, each: EncodedWrite, key: Sequence[str]) -> Wire:
    if isinstance(each.write, Delete):
        return {"Delete": {"TableName": table, "Key": each.wire}}
    return {"Put": {"TableName": table, "Item": each.wire, **_only_new(key)}}


def _check_ours(item: Mapping[str, Any] | None, entry: EncodedWrite, where: str) -> None:
    """Raise unless the item that is held is the one that we wanted to put."""
    if not item:
        raise Refused(f"{where}: there is an item of that key, and DynamoDB doesn't say which one")
    theirs, ours = ([each.get(name) for name in OWN] for each in (item, entry.wire))
    if theirs == ours:
        return
    if theirs[0] == ours[0]:
        raise KeyReused(
            f"{where}: this idempotency key was used for an item of other content; {OTHER_KEY}"
        )
    raise KeyReused(f"{where}: there is an item of that key which another write has put there")


def _check_cancellation(
    answer: Mapping[str, Any], entries: Sequence[EncodedWrite], where: str
) -> None:
    """Raise unless a transaction was cancelled for the items that it put there itself."""
    if answer["Error"]["Code"] == _MISMATCH:
        raise KeyReused(f"{where}: this idempotency key was used for other writes; {OTHER_KEY}")
    reasons: list[Mapping[str, Any]] = answer.get("CancellationReasons", [])
    codes = {str(each.get("Code", "None")) for each in reasons} - {"None"}
    if codes == {"ConditionalCheckFailed"} and len(reasons) == len(entries):
        for reason, each in zip(reasons, entries, strict=True):
            if reason["Code"] == "ConditionalCheckFailed":
                _check_ours(reason.get("Item"), each, where)
        return
    message = f"{where}: cancelled: {', '.join(sorted(code for code in codes if code.isalnum()))}"
    if codes & {"TransactionConflict"}:
        raise Conflict(message)
    if codes & {"ProvisionedThroughputExceeded", "ThrottlingError"}:
        raise Overloaded(message, after=0)
    raise Refused(message)


def _item(wire: Mapping[str, Any]) -> Item:
    return {name: decode(value) for name, value in wire.items()}
