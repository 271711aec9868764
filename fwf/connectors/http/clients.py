"""What speaks to a service? A client that makes each request once, within its bounds."""

from collections.abc import Mapping
from http import HTTPStatus
from json import dumps
from time import monotonic
from typing import Final, Literal, TypeAlias, final

import httpcore
import httpx

from fwf.connectors.http.answers import Answer
from fwf.connectors.http.auth import VALUE, Credentials, Headers, token_refusal
from fwf.connectors.http.bodies import BodyFormat, Format, Numbers, content, read_json
from fwf.connectors.http.exchange import Call, Reply, exchange
from fwf.connectors.http.expressions import Expression, NoValue, Selector, expression
from fwf.connectors.http.hosts import refusal_of
from fwf.connectors.http.links import links_of, resolve
from fwf.connectors.http.pages import Cursor, Page, Style, page_of, query_at
from fwf.connectors.http.pool import pool_of
from fwf.connectors.http.settings import Settings
from fwf.connectors.http.statuses import failure
from fwf.connectors.http.urls import Origin, below, escaped_path, origin_of, parse_url
from fwf.connectors.shared.clients import SharedClient
from fwf.connectors.shared.errors import BadData, Refused

MAX_REDIRECTS: Final = 5
SEE_OTHER: Final = HTTPStatus.SEE_OTHER
SAME_METHOD: Final = frozenset({HTTPStatus.TEMPORARY_REDIRECT, HTTPStatus.PERMANENT_REDIRECT})
REDIRECTS: Final = SAME_METHOD | {HTTPStatus.MOVED_PERMANENTLY, HTTPStatus.FOUND, SEE_OTHER}
ACCEPTED: Final[Mapping[Format, str]] = {
    "json": "application/json",
    "ndjson": "application/x-ndjson, application/jsonl",
}
OnMissing: TypeAlias = Literal["fail", "none"]
Query: TypeAlias = Mapping[str, object]


@final
class Client(SharedClient):
    """A service at an address; made by `client(…)`, open within `with`, for any threads."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._settings = settings
        self._origin = origin_of(settings.base)
        self._pool: httpcore.ConnectionPool | None = None
        self._credentials: Credentials | None = None
        self.key_life = settings.key_life

    def __repr__(self) -> str:
        return f"<http.client of {self._origin}{escaped_path(self._settings.base).rstrip('/')}>"

    def _begin(self) -> None:
        auth = self._settings.auth
        self._credentials = None if auth is None else auth.opened(self._ask)
        self._pool = pool_of(self._settings)

    def _end(self) -> None:
        pool, self._pool, self._credentials = self._pool, None, None
        if pool is not None:
            pool.close()

    def get(
        self,
        path: str,
        query: Query | None = None,
        *,
        format: Format = "json",
        numbers: Numbers = "float",
        content_type: str | None = None,
        fails_when: Selector | None = None,
        missing: OnMissing = "fail",
    ) -> Answer:
        """A path below the base URL, or a link that the service gave ⟶ what is answered to GET.

        query: values by name; a list is one pair for each of its items, None is left out.
        format: "json", or "ndjson" for a list of the records of JSON lines.
        numbers: what numbers with a fraction or an exponent become: "float" or "decimal".
        content_type: the one that is expected, where the service doesn't say JSON.
        fails_when: on the body of a good status: `it.errors.present()`.
        missing: "none" makes a 404 an answer whose content is None.

        Errors by whether asking again helps: see `fwf.connectors.http`.
        """
        reading = BodyFormat(format, numbers, content_type)
        return self._get(self._url(path, query or {}), reading, fails_when, missing)

    def get_page(
        self,
        path: str,
        cursor: Cursor | None = None,
        *,
        style: Style,
        query: Query | None = None,
        format: Format = "json",
        numbers: Numbers = "float",
        content_type: str | None = None,
        fails_when: Selector | None = None,
    ) -> Page:
        """A path, a cursor ⟶ one page, by a style of pages; the others as of `get`.

        The first page has no cursor; each has that of the next one, and the last has None.
        """
        reading = BodyFormat(format, numbers, content_type)
        if style.how == "link" and cursor is not None:
            url = self._allowed_url(str(cursor.at), "a link")
        else:
            url = self._url(path, {**(query or {}), **query_at(style, cursor)})
        return page_of(style, cursor, self._get(url, reading, fails_when))

    def post(
        self,
        path: str,
        json: object,
        key: str | None = None,
        *,
        query: Query | None = None,
        reads: bool = False,
        numbers: Numbers = "float",
        content_type: str | None = None,
        fails_when: Selector | None = None,
    ) -> Answer:
        """A path, a JSON value, an idempotency key ⟶ what is answered to POST.

        reads: that it changes nothing there, as a search or GraphQL's queries.
        The others, and errors, as of `get`; those of a key, as of the task `http.post`.
        """
        reading = BodyFormat("json", numbers, content_type)
        headers = {"Accept": _accept_header(reading), "Content-Type": "application/json"}
        if key is not None:
            if VALUE.fullmatch(key) is None:
                raise ValueError("http post(key=…): a key is a text that can stand in a header")
            headers[self._settings.key_header] = str(key)
        call = Call("POST", self._url(path, query or {}), headers, body_of(json), reads)
        reply, call = self._final_reply(call, key)
        return self._read(call, reply, key, reading, fails_when)

    def _get(
        self,
        url: httpx.URL,
        reading: BodyFormat,
        fails_when: Selector | None,
        missing: OnMissing = "fail",
    ) -> Answer:
        reply, call = self._final_reply(Call("GET", url, {"Accept": _accept_header(reading)}), None)
        if missing == "none" and reply.status == HTTPStatus.NOT_FOUND:
            return Answer(reply.status, None, {}, str(call.url))
        return self._read(call, reply, None, reading, fails_when)

    def _read(
        self,
        call: Call,
        reply: Reply,
        key: str | None,
        reading: BodyFormat,
        fails_when: Selector | None,
    ) -> Answer:
        """A request, its answer ⟶ what it says; raises the error that it means."""
        problem = failure(call, reply, key, self._settings.policy)
        if problem is not None:
            raise problem
        body = content(reply, call.label, reading)
        if fails_when is not None:
            _refuse(call, expression(fails_when, "fails_when"), body)
        url = str(call.url)
        return Answer(reply.status, body, links_of(reply.headers.get_list("link"), url), url)

    def _final_reply(self, call: Call, key: str | None) -> tuple[Reply, Call]:
        """A request ⟶ the answer, and the request that it answers: the last of the redirects."""
        end = monotonic() + self._settings.within.total_seconds()
        for _ in range(MAX_REDIRECTS + 1):
            reply = self._reply(call, end)
            if reply.status not in REDIRECTS:
                return reply, call
            call = self._redirect(call, reply)
        raise Refused(f"{call.label}: redirected more than {MAX_REDIRECTS} times")

    def _reply(self, call: Call, end: float) -> Reply:
        """The answer to a request with credentials; after a 401 once more, with others."""
        if origin_of(call.url) != self._origin:
            return exchange(self._open(), call, self._settings.bounds, end)
        if self._credentials is None:
            return self._send(call, {}, end)
        credentials = self._credentials.headers(end)
        reply = self._send(call, credentials, end)
        if reply.status == HTTPStatus.UNAUTHORIZED:
            others = self._credentials.others(credentials, end)
            return reply if others is None else self._send(call, others, end)
        return reply

    def _send(self, call: Call, credentials: Headers, end: float) -> Reply:
        headers = {**self._settings.headers, **call.headers, **credentials}
        return exchange(self._open(), call._replace(headers=headers), self._settings.bounds, end)

    def _ask(self, call: Call, end: float) -> Reply:
        """What the service of tokens answers; it has its own host, and sends nobody elsewhere."""
        reply = exchange(self._open(), call, self._settings.bounds, end)
        if reply.status in (HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED):
            raise token_refusal(call, reply)
        problem = failure(call, reply, None, self._settings.policy)
        if problem is not None:
            raise problem
        return reply

    def _open(self) -> httpcore.ConnectionPool:
        if self._pool is None:
            raise RuntimeError(f"{self!r} isn't open: write with http.client(…) as client")
        return self._pool

    # Where to

    def _url(self, path: str, query: Query) -> httpx.URL:
        if path.startswith(("https://", "http://")):
            if query:
                raise ValueError("http: a link has its query in it; leave query= out")
            return self._allowed_url(path, "a link")
        return below(self._settings.base, path, query, "http")

    def _redirect(self, call: Call, reply: Reply) -> Call:
        """The request that a redirect means."""
        location = reply.headers.get("location", "")
        url = self._allowed_url(resolve(str(call.url), location), f"{call.label}: its redirect")
        if call.method == "GET" or reply.status == SEE_OTHER:
            headers = {"Accept": call.headers["Accept"]}
            return Call("GET", url, headers, None, call.reads)
        if reply.status in SAME_METHOD and origin_of(url) == self._origin:
            return call._replace(url=url)
        raise Refused(
            f"{call.label}: redirected ({reply.status}), which a POST doesn't follow there"
        )

    def _allowed_url(self, link: str, what: str) -> httpx.URL:
        """A link or a redirect ⟶ where it leads; raises `Refused` for what isn't allowed."""
        try:
            url = parse_url(link, what)
        except ValueError as error:
            problem = str(error)
        else:
            origin = origin_of(url)
            if origin == self._origin:
                return url
            problem = self._why_not(origin, what)
            if not problem:
                return url
        raise Refused(problem)

    def _why_not(self, origin: Origin, what: str) -> str:
        if origin.scheme != "https" and self._origin.scheme == "https":
            return f"{what} leads from https to {origin}"
        if origin.authority not in self._settings.allow_hosts:
            return (
                f"{what} leads to another origin, {origin}; if it is meant, "
                f"allow_hosts=[{origin.authority!r}] asks there without credentials"
            )
        reason = "" if self._settings.allow_private else refusal_of(origin.host)
        return f"{what} leads to a private address: {reason}" if reason else ""


def _accept_header(reading: BodyFormat) -> str:
    return reading.content_type or ACCEPTED[reading.format]


def body_of(value: object) -> bytes:
    """A value ⟶ the bytes of its JSON; raises for what JSON can't say, and says nothing of it."""
    try:
        body = dumps(value, allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode()
        read_json(body, "decimal")  # keys 1 and "1" would be one name twice
    except (TypeError, ValueError, RecursionError) as error:
        kind, is_type = str(error) if type(error) is TypeError else "", type(error) is TypeError
    else:
        return body
    if is_type:
        raise TypeError(f"http post: {kind}: give texts, numbers, True, False, None, lists, dicts")
    raise BadData(
        "http post: a value that JSON can't say: NaN, infinity, broken Unicode, a cycle, more than "
        "100 levels, a name twice"
    )


def _refuse(call: Call, fails_when: Expression, body: object) -> None:
    try:
        outcome = fails_when.of(body)
    except NoValue:
        outcome = None
    if outcome is True:
        raise Refused(f"{call.label}: its body says that it failed: {fails_when!r}")
    if outcome is not False:
        raise BadData(f"{call.label}: fails_when={fails_when!r} is neither true nor false of it")
