"""How does a workflow speak to HTTP services? JSON, one request a task, within bounds.

`get`, `get_page`, `post` are tasks; `client` opens what they speak to. What goes wrong says by its
class whether asking again helps:

| `Transient`, again helps | `fwf.Permanent`, again doesn't |
|---|---|
| `Unreachable`: no connection, cut off, too slow | `Refused`: 4xx, a redirect elsewhere |
| `Overloaded`: 429, 503, with what `Retry-After` asks | `Unauthorized`: 401, 403, no token |
| `MaybeDone`: a POST's answer was lost, or is 5xx | `Missing`: 404 |
| `InProgress`: the same key is still worked on | `KeyReused`: the key was used for other data |
| `Transient` itself: 5xx, 408, 425 | `BadData`: not JSON, of another type, too large |

Only addresses of the public internet are connected to, at the very address that was looked up and
checked, unless `client(allow_private=True)`. No proxy, certificate or password comes from the
environment. Credentials go to the origin of the base URL and nowhere else. A message has neither a
query nor a body, so neither a secret nor a value.
"""

from fwf.connectors.shared.extras import require

require("http", "httpx", "httpcore")

from fwf.connectors.http.answers import Answer  # noqa: E402
from fwf.connectors.http.auth import Auth, bearer, client_credentials, header  # noqa: E402
from fwf.connectors.http.clients import Client  # noqa: E402
from fwf.connectors.http.opener import client  # noqa: E402
from fwf.connectors.http.pages import (  # noqa: E402
    Cursor,
    Page,
    Style,
    by_cursor,
    by_link,
    by_offset,
    by_page,
    once,
    page_of,
    query_at,
)
from fwf.connectors.http.statuses import InProgress  # noqa: E402
from fwf.connectors.http.tasks import distinct, get, get_page, post  # noqa: E402

__all__ = [
    "Answer",
    "Auth",
    "Client",
    "Cursor",
    "InProgress",
    "Page",
    "Style",
    "bearer",
    "by_cursor",
    "by_link",
    "by_offset",
    "by_page",
    "client",
    "client_credentials",
    "distinct",
    "get",
    "get_page",
    "header",
    "once",
    "page_of",
    "post",
    "query_at",
]
