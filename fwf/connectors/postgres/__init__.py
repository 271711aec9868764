"""How are tables of PostgreSQL read and loaded? As Arrow, and each load once.

`database` opens what the tasks ask for, and has the plain functions that they call.
"""

from fwf.connectors.shared.extras import require

require("postgres", "adbc_driver_postgresql", "psycopg", "pyarrow")

from fwf.connectors.postgres.database import Database, database  # noqa: E402
from fwf.connectors.postgres.loading import LEDGER  # noqa: E402
from fwf.connectors.postgres.tasks import key_ranges, load, query, range_query  # noqa: E402
from fwf.connectors.postgres.values import Loaded, Range  # noqa: E402

__all__ = [
    "LEDGER",
    "Database",
    "Loaded",
    "Range",
    "database",
    "key_ranges",
    "load",
    "query",
    "range_query",
]
