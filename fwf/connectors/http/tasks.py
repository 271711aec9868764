"""Which tasks speak to a service? One GET, one page, one POST, and a look for items read twice."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple, TypeAlias, cast

from fwf.algebra.nodes import Task
from fwf.connectors.http.bodies import Format, Numbers
from fwf.connectors.http.clients import Client, OnMissing
from fwf.connectors.http.expressions import Expression, Selector, expression
from fwf.connectors.http.pages import Cursor, Page, Style, once
from fwf.connectors.http.urls import check_names, checked_path, filled_path, filled_query
from fwf.connectors.shared.leaf import Parameter, Parameters, leaf, parameter_types

KEY: Final = "own_key"
"""The name under which a POST is called with its idempotency key."""
PostEffect: TypeAlias = Literal["idempotent", "unrepeatable", "read"]


def get(
    path: str,
    *,
    name: str,
    client: str,
    params: Mapping[str, Parameter] | None = None,
    query: Mapping[str, str] | None = None,
    format: Format = "json",
    numbers: Numbers = "float",
    content_type: str | None = None,
    fails_when: Selector | None = None,
    missing: OnMissing = "fail",
    reads: Sequence[str] | None = None,
) -> Task[object, Any]:
    """_ ⟶ what the body says: one GET of a path below the client's base URL.

    path, query: run parameters in them stand in braces: `/orders/{day}`, `{"since": "{day}"}`. A
        value is one segment of the path, or a part of one, whatever is in it.
    name: the task's name. client: the resource, opened by `http.client`.
    params: run parameters by type, or with a default: `{"day": date}`.
    format: "json", or "ndjson" for a list of the records of JSON lines.
    numbers: what numbers with a fraction or an exponent become: "float" or "decimal".
    content_type: the one that is expected, where the service doesn't say JSON.
    fails_when: on the body of a good status: `it.errors.present()`; then it is `Refused`.
    missing: "none" makes a 404 None; else it is `Missing`.
    reads: datasets; `http://CLIENT/path` if not given.

    No body (204) is None; of JSON lines, no records. Once, without another try; so:

    >>> from datetime import date
    >>> from fwf import backoff, retry, seconds
    >>> from fwf.connectors.shared.errors import Transient
    >>> rates = get("/rates/{day}", name="rates", client="bank", params={"day": date})
    >>> patient = retry(rates, attempts=5, wait=backoff(seconds(1)), on=Transient)

    `retry` waits as long as `Retry-After` asks. Errors: see `fwf.connectors.http`.
    """
    request = _request("http.get", path, name, client, params, query, fails_when)
    settings = _content(format=format, numbers=numbers, content_type=content_type)
    settings |= {"missing": missing} if missing != "fail" else {}
    _one_of("http.get", "missing", missing, ("fail", "none"))

    def get(**injected: Any) -> Any:
        place, values = request.fill(injected)
        service: Client = injected[client]
        return service.get(
            place, values, format=format, numbers=numbers, content_type=content_type,
            fails_when=request.fails_when, missing=missing,
        ).content  # fmt: skip

    return leaf(get, **request.leaf_arguments(settings, reads), effect="read", output=Any)


def get_page(
    path: str,
    *,
    name: str,
    client: str,
    style: Style,
    params: Mapping[str, Parameter] | None = None,
    query: Mapping[str, str] | None = None,
    format: Format = "json",
    numbers: Numbers = "float",
    content_type: str | None = None,
    fails_when: Selector | None = None,
    reads: Sequence[str] | None = None,
) -> Task[Cursor | None, Page]:
    """Cursor | None ⟶ Page: one page, by a style of pages; the other arguments as of `get`.

    style: `by_page()`, `by_offset()`, `by_cursor("next")` or `by_link()`.

    A page has `items` and `next`, as `paginate` wants it. Where pages shift while rows are added,
    `distinct` finds what was read twice:

    >>> from fwf import backoff, it, paginate, pure, retry, seconds
    >>> from fwf.connectors.http.pages import by_page
    >>> from fwf.connectors.shared.errors import Transient
    >>> style = by_page(items=it.data, total=it.total)
    >>> one = get_page("/orders", name="page", client="shop", style=style, query={"size": "200"})
    >>> patient = retry(one, attempts=5, wait=backoff(seconds(1)), on=Transient)
    >>> every = paginate(patient, limit=500) >> pure(it.items) >> distinct("id", name="orders")

    `BadData` for a body that isn't as the style says, pages that go in a circle, a total that
    shrinks or isn't what was read.
    """
    if not isinstance(cast(object, style), Style):
        raise TypeError(f"http.get_page(style={style!r}): needs a style, such as http.by_page()")
    request = _request("http.get_page", path, name, client, params, query, fails_when)
    if style.param in request.query:
        raise ValueError(
            f"http.get_page(query={{{style.param!r}: …}}): the style has this name for its own"
        )
    settings: dict[str, object] = {"style": style}
    settings |= _content(format=format, numbers=numbers, content_type=content_type)

    def get_page(cursor: Cursor | None, /, **injected: Any) -> Page:
        place, values = request.fill(injected)
        service: Client = injected[client]
        return service.get_page(
            place, cursor, style=style, query=values, format=format, numbers=numbers,
            content_type=content_type, fails_when=request.fails_when,
        )  # fmt: skip

    return leaf(
        get_page,
        **request.leaf_arguments(settings, reads),
        effect="read",
        inputs={"cursor": Cursor | None},
        output=Page,
    )


def post(
    path: str,
    *,
    name: str,
    client: str,
    params: Mapping[str, Parameter] | None = None,
    query: Mapping[str, str] | None = None,
    effect: PostEffect = "idempotent",
    numbers: Numbers = "float",
    content_type: str | None = None,
    fails_when: Selector | None = None,
    reads: Sequence[str] | None = None,
    writes: Sequence[str] | None = None,
) -> Task[Any, Any]:
    """A value that JSON can say ⟶ what the body of the answer says: one POST.

    effect: "idempotent" sends the step's idempotency key in a header, by which the service knows
        an attempt from another order. "unrepeatable" sends none, and isn't tried again. "read"
        changes nothing there, as a search or a query of GraphQL; of the latter it must be said
        when it failed, for that comes with a good status: `fails_when=it.errors.present()`.
    writes: datasets; `http://CLIENT/path` if not given (`reads`, if it is a read).
    The other arguments as of `get`.

    What the key promises is up to the service, which forgets it after a while: `key_life` of the
    opener, a day by default. So a workflow that may be started again later than that asks first:

    >>> from datetime import date
    >>> from fwf import backoff, branch, identity, it, par, pure, retry, seconds
    >>> from fwf.connectors.shared.errors import Transient
    >>> day = {"client": "crm", "params": {"day": date}}
    >>> there = get("/days/{day}", name="there", missing="none", **day)
    >>> publish = post("/days/{day}", name="publish", **day)
    >>> patient = retry(publish, attempts=5, wait=backoff(seconds(1)), on=Transient)
    >>> asking = par(identity, there) >> branch(
    ...     it[1].present(), then=pure(it[1]), otherwise=pure(it[0]) >> patient
    ... )

    Again helps (`Transient`): 500 and the like, unless it is the answer to this key of before
    (`Refused`); a key that is still worked on; an answer that was lost: with a key `MaybeDone` may
    be tried again. A key that was used for other data is `KeyReused`.
    """
    request = _request("http.post", path, name, client, params, query, fails_when)
    _one_of("http.post", "effect", effect, ("idempotent", "unrepeatable", "read"))
    settings = _content(numbers=numbers, content_type=content_type)
    settings |= {"effect": effect} if effect != "idempotent" else {}
    settings |= {"writes": list(writes)} if writes is not None else {}
    common = request.leaf_arguments(settings, reads, by_default=effect == "read")
    at = writes if writes is not None else [] if effect == "read" else [request.dataset]

    def post(value: Any, /, **injected: Any) -> Any:
        place, values = request.fill(injected)
        service: Client = injected[client]
        return service.post(
            place, value, injected.get(KEY), query=values, reads=effect == "read",
            numbers=numbers, content_type=content_type, fails_when=request.fails_when,
        ).content  # fmt: skip

    return leaf(
        post,
        **common,
        effect=effect,
        inputs={"value": Any},
        output=Any,
        key=KEY if effect == "idempotent" else None,
        writes=at,
    )


def distinct(by: Selector, *, name: str) -> Task[list[Any], list[Any]]:
    """Items ⟶ the same items; `BadData`, with counts, if the key of one is that of another.

    by: where an item has its key: `it.id`, or a field's name.
    """
    key = expression(by, "http.distinct(by=…)")

    def distinct(items: list[Any]) -> list[Any]:
        return once(items, key)

    return leaf(
        distinct,
        name=name,
        config={"by": key, "name": name},
        effect="pure",
        inputs={"items": list[Any]},
        output=list[Any],
    )


class _RequestTemplate(NamedTuple):
    """What is asked for, checked, as the factories' arguments say it."""

    path: str
    name: str
    client: str
    types: Parameters
    params: Mapping[str, object]
    query: Mapping[str, str]
    fails_when: Expression | None
    where: str

    @property
    def dataset(self) -> str:
        return f"http://{self.client}/{self.path.removeprefix('/')}"

    def fill(self, injected: Mapping[str, object]) -> tuple[str, dict[str, object]]:
        """The path and the query with the values of run parameters."""
        path = filled_path(self.path, injected, self.where)
        return path, filled_query(self.query, injected, self.where)

    def leaf_arguments(
        self, settings: Mapping[str, object], reads: Sequence[str] | None, by_default: bool = True
    ) -> dict[str, Any]:
        """What `leaf` is told of every task that speaks to a client."""
        config: dict[str, object] = {"path": self.path, "name": self.name, "client": self.client}
        config |= {"params": self.params} if self.params else {}
        config |= {"query": dict(self.query)} if self.query else {}
        config |= {"fails_when": self.fails_when} if self.fails_when is not None else {}
        config |= {"reads": list(reads)} if reads is not None else {}
        return {
            "name": self.name,
            "config": config | dict(settings),
            "params": self.types,
            "resources": {self.client: Client},
            "reads": reads if reads is not None else [self.dataset] if by_default else [],
        }


def _request(
    where: str,
    path: str,
    name: str,
    client: str,
    params: Mapping[str, Parameter] | None,
    query: Mapping[str, str] | None,
    fails_when: Selector | None,
) -> _RequestTemplate:
    """The arguments that all have, checked."""
    if "://" in path:
        raise ValueError(f"{where}(path=…): needs a path below the client's base URL, not a URL")
    checked_path(path, f"{where}(path={path!r})")
    types, plain = parameter_types(params or {}, where)
    check_names([path, *(query or {}).values()], types, where)
    when = None if fails_when is None else expression(fails_when, f"{where}(fails_when=…)")
    if when is None and path.rstrip("/").rpartition("/")[2].lower() == "graphql":
        raise ValueError(
            f"{where}(path={path!r}): GraphQL says that it failed with a good status: give "
            "fails_when=it.errors.present()"
        )
    return _RequestTemplate(path, name, client, types, plain, dict(query or {}), when, where)


def _content(
    *, numbers: Numbers, content_type: str | None, format: Format = "json"
) -> dict[str, object]:
    """What is said of the body, where it isn't the default; raises for what there isn't."""
    _one_of("http", "format", format, ("json", "ndjson"))
    _one_of("http", "numbers", numbers, ("float", "decimal"))
    options = {"format": format, "numbers": numbers, "content_type": content_type}
    usual = {"format": "json", "numbers": "float", "content_type": None}
    return {name: value for name, value in options.items() if value != usual[name]}


def _one_of(where: str, name: str, value: object, choices: Sequence[str]) -> None:
    if value not in choices:
        raise ValueError(f"{where}({name}={value!r}): needs {' or '.join(map(repr, choices))}")
