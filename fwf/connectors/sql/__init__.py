"""How are tables made of tables? By a query of SQL, which DuckDB answers in this process.

`sql` makes a pure task of one; `select` is what it calls, and `schema_of` what the next one asks a
task for. No database is opened, and no file: a query sees its inputs and its run parameters.
"""

from fwf.connectors.shared.extras import require

require("sql", "duckdb", "pyarrow")

from fwf.connectors.sql.tasks import schema_of, select, sql  # noqa: E402

__all__ = ["schema_of", "select", "sql"]
