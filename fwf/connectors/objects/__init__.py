"""How does a workflow read and write objects? In S3, in folders and in memory, through obstore.

What is written is seen when it is published, all of it or nothing. Tested against moto, files and
memory; never against AWS itself.
"""

from fwf.connectors.shared.extras import require

require("objects", "obstore", "pyarrow", "numpy")

from fwf.connectors.objects.access_log import ACCESS_LOG  # noqa: E402
from fwf.connectors.objects.client import Found, Listing  # noqa: E402
from fwf.connectors.objects.csv_rows import Dialect  # noqa: E402
from fwf.connectors.objects.lines import BAD_LINES, AtMost, Lines  # noqa: E402
from fwf.connectors.objects.manifests import Manifest, Part, Swept  # noqa: E402
from fwf.connectors.objects.opener import store  # noqa: E402
from fwf.connectors.objects.tables import Store  # noqa: E402
from fwf.connectors.objects.tasks import (  # noqa: E402
    head,
    key,
    listing,
    read_access_log,
    read_csv,
    read_json_lines,
    read_parquet,
)
from fwf.connectors.objects.writing import (  # noqa: E402
    publish,
    published,
    read_published,
    sweep,
    write_json_lines,
    write_parquet,
)

__all__ = [
    "ACCESS_LOG",
    "BAD_LINES",
    "AtMost",
    "Dialect",
    "Found",
    "Lines",
    "Listing",
    "Manifest",
    "Part",
    "Store",
    "Swept",
    "head",
    "key",
    "listing",
    "publish",
    "published",
    "read_access_log",
    "read_csv",
    "read_json_lines",
    "read_parquet",
    "read_published",
    "store",
    "sweep",
    "write_json_lines",
    "write_parquet",
]
