"""Which columns do the tables have that come from elsewhere? Those of the rest follow from SQL."""

from typing import Final

import pyarrow as pa

MONEY: Final = pa.decimal128(15, 2)
RATE: Final = pa.decimal128(18, 8)


def schema(**columns: pa.DataType) -> pa.Schema:
    """The columns of a table and their types."""
    return pa.schema(list(columns.items()))


ORDERS: Final = schema(
    order_key=pa.int64(),
    customer_key=pa.int64(),
    name=pa.string(),
    country=pa.string(),
    currency=pa.string(),
    lines=pa.int64(),
    amount=MONEY,
)

RATES: Final = schema(currency=pa.string(), usd=RATE, as_of=pa.date32())
