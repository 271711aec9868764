"""What a query says that can't be made a task of."""

from typing import Any

import pyarrow as pa
import pytest

from fwf.connectors.sql import sql

T = pa.schema({"id": pa.int64(), "name": pa.string(), "day": pa.timestamp("us")})


def refused(query: str, **tables: Any) -> str:
    with pytest.raises(ValueError, match=r"^sql\(name='q'\)[:,] ") as raised:
        sql(query, name="q", **(tables or {"t": T}))
    assert raised.value.__cause__ is None
    return str(raised.value)
