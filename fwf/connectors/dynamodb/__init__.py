"""How does a workflow write to DynamoDB, and read its own items back?

A batch of writes takes no conditions and is for items that may be written twice; `put` and
`transact` carry the idempotency key in the items. Tested against moto, where it has no conditions
against dynalite too, and against answers as the API describes them; never against AWS itself.
"""

from fwf.connectors.shared.extras import require

require("dynamodb", "boto3", "pyarrow")

from fwf.connectors.dynamodb.batches import batches, gone, items_of  # noqa: E402
from fwf.connectors.dynamodb.items import Delete, Item, Write, Written  # noqa: E402
from fwf.connectors.dynamodb.table import Page, Stored, Tables, tables  # noqa: E402
from fwf.connectors.dynamodb.tasks import (  # noqa: E402
    batch_write,
    put,
    query,
    query_keys,
    replacement,
    transact,
)

__all__ = [
    "Delete",
    "Item",
    "Page",
    "Stored",
    "Tables",
    "Write",
    "Written",
    "batch_write",
    "batches",
    "gone",
    "items_of",
    "put",
    "query",
    "query_keys",
    "replacement",
    "tables",
    "transact",
]
