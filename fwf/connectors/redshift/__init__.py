"""How are tables loaded into Amazon Redshift? By way of S3, in one transaction, once.

`load` is a composition of tasks, which may be composed otherwise, too; `warehouse` opens what they
ask for. Never run on Redshift itself: see `warehouse`.
"""

from fwf.connectors.shared.extras import require

require("redshift", "boto3", "obstore", "pyarrow", "sqlglot")

from fwf.connectors.redshift.loads import ended, load, prepare  # noqa: E402
from fwf.connectors.redshift.statements import LEDGER, PREPARE  # noqa: E402
from fwf.connectors.redshift.tasks import (  # noqa: E402
    cancel,
    ledger,
    loaded,
    query,
    rows,
    stage,
    status,
    submit,
)
from fwf.connectors.redshift.values import Loaded, Rows, Staged, Statement, Status  # noqa: E402
from fwf.connectors.redshift.warehouse import Warehouse, warehouse  # noqa: E402

__all__ = [
    "LEDGER",
    "PREPARE",
    "Loaded",
    "Rows",
    "Staged",
    "Statement",
    "Status",
    "Warehouse",
    "cancel",
    "ended",
    "ledger",
    "load",
    "loaded",
    "prepare",
    "query",
    "rows",
    "stage",
    "status",
    "submit",
    "warehouse",
]
