"""Where is the next page? Page styles as data, and what an answer says by each of them.

Only a cursor and a link of a service that promises so are safe while rows come and go. Pages by
number and by offset shift with every row that is added or taken away before them, so that some are
read twice and others never: `total=` finds rows that went, `distinct` those that were read twice.
"""

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any, Final, Literal, NamedTuple, TypeAlias, cast, final

from fwf.algebra.builder import it
from fwf.algebra.expr import IT
from fwf.algebra.plain_values import freeze, register_codec
from fwf.connectors.http.answers import Answer
from fwf.connectors.http.expressions import (
    Expression,
    NoValue,
    Selector,
    expression,
    from_plain,
    to_plain,
)
from fwf.connectors.http.links import resolve
from fwf.connectors.shared.errors import BadData
from fwf.records import record

At: TypeAlias = str | int
How: TypeAlias = Literal["page", "offset", "cursor", "link"]


class Cursor(NamedTuple):
    """Where the next page is, and what is known of those before it.

    at: a number, a text that the service gave, or a URL.
    pages, items: how many were read. total: how many items there are, as the service said last.
    mark: an earlier `at`, moved at pages 1, 2, 4, 8 …, so that every circle is found (Brent 1980).
    digest: of the items of the page before, where the same ones again are a fault.
    """

    at: At
    pages: int
    items: int
    mark: At
    total: int | None = None
    digest: str | None = None


class Page(NamedTuple):
    """A page as `paginate` wants it: its items, and where the next one is; None after the last."""

    items: list[Any]
    next: Cursor | None


USUAL: Final[Mapping[How, tuple[str, int]]] = {
    "page": ("page", 1), "offset": ("offset", 0), "cursor": ("cursor", 0), "link": ("", 0),
}  # fmt: skip
"""The query's name for where a page is, and the first one."""


@final
@record(repr=False)
class Style:
    """How a service divides what it gives: `by_page`, `by_offset`, `by_cursor`, `by_link`."""

    how: How
    items: Expression
    param: str
    start: int
    next: Expression | None
    more: Expression | None
    total: Expression | None
    may_repeat: bool

    def __repr__(self) -> str:
        param, start = USUAL[self.how]
        arguments = {
            "items": None if self.items.expr == IT else self.items,
            "param": None if self.param == param else self.param,
            "start": None if self.start == start else self.start,
            "next": self.next,
            "more": self.more,
            "total": self.total,
            "may_repeat": (self.may_repeat and self.how in ("page", "offset")) or None,
        }
        texts = [f"{name}={each!r}" for name, each in arguments.items() if each is not None]
        return f"by_{self.how}({', '.join(texts)})"


def by_page(
    *,
    items: Selector = it,
    param: str = "page",
    start: int = 1,
    more: Selector | None = None,
    total: Selector | None = None,
    may_repeat: bool = False,
) -> Style:
    """Pages by number, `?page=1`; the last one is that where `total` is reached, else an empty one.

    items: where they are in the body, by default the body itself: `it.data`, or a field's name.
    param, start: the query's name for the number; the number of the first page.
    more: whether there is another page, if the body says that: `it.has_more`.
    total: how many items there are, if the body says that. Fewer than on the page before, or not
        as many as were read in the end, is `BadData`.
    may_repeat: whether a page may have the very items of the one before. Usually that is a service
        which doesn't know the parameter, or gives the last page for ever, so it is `BadData`.

    A page that is shorter than was asked for is not the end: services cut what they find too long.
    """
    return _by_number("page", "by_page", items, param, start, more, total, may_repeat)


def by_offset(
    *,
    items: Selector = it,
    param: str = "offset",
    start: int = 0,
    more: Selector | None = None,
    total: Selector | None = None,
    may_repeat: bool = False,
) -> Style:
    """Pages by how many items were read before, `?offset=200`; otherwise as `by_page`."""
    return _by_number("offset", "by_offset", items, param, start, more, total, may_repeat)


def by_cursor(
    next: Selector,
    *,
    items: Selector = it,
    param: str = "cursor",
    more: Selector | None = None,
    total: Selector | None = None,
) -> Style:
    """Pages by what the page before says, `?cursor=eyJ…`; after the last one it says nothing.

    next: where the body has the next cursor: `it.meta.next_cursor`. Missing, None or an empty text
        is the end; the one before again, or a circle, is `BadData`.
    The others as of `by_page`.
    """
    where = "by_cursor"
    return Style(
        "cursor", expression(items, where), _name(param, where), 0, expression(next, where),
        _maybe(more, where), _maybe(total, where), True,
    )  # fmt: skip


def by_link(
    *, next: Selector | None = None, items: Selector = it, total: Selector | None = None
) -> Style:
    """Pages by the link that an answer has, in a header `Link` with `rel="next"` (RFC 8288).

    next: where the body has the link, if it stands there: `it.links.next`.
    A link that leads elsewhere is refused, unless `http.client(allow_hosts=…)` has the host.
    The others as of `by_cursor`.
    """
    where = "by_link"
    return Style(
        "link", expression(items, where), "", 0, _maybe(next, where), None,
        _maybe(total, where), True,
    )  # fmt: skip


def _by_number(
    how: How,
    where: str,
    items: Selector,
    param: str,
    start: int,
    more: Selector | None,
    total: Selector | None,
    may_repeat: bool,
) -> Style:
    if isinstance(start, bool) or not isinstance(cast(object, start), int) or start < 0:
        raise ValueError(f"{where}(start={start!r}): needs a whole number that isn't negative")
    return Style(
        how, expression(items, where), _name(param, where), start, None,
        _maybe(more, where), _maybe(total, where), may_repeat,
    )  # fmt: skip


def _name(param: str, where: str) -> str:
    if not param:
        raise ValueError(f"{where}(param=''): needs the name that the query has for it")
    return param


def _maybe(selector: Selector | None, where: str) -> Expression | None:
    return None if selector is None else expression(selector, where)


EXPRESSIONS: Final = ("items", "next", "more", "total")


def _to_plain(style: Style) -> dict[str, object]:
    expressions: dict[str, Expression | None] = {name: getattr(style, name) for name in EXPRESSIONS}
    return {
        "how": style.how,
        "param": style.param,
        "start": style.start,
        "may_repeat": style.may_repeat,
        **{name: to_plain(each.expr) for name, each in expressions.items() if each is not None},
    }


def _from_plain(plain: Mapping[str, Any]) -> Style:
    expressions: dict[str, Any] = {
        name: Expression(from_plain(plain[name])) if name in plain else None for name in EXPRESSIONS
    }
    return Style(**{**plain, **expressions})


register_codec(Style, name="http:Style", to_plain=_to_plain, from_plain=_from_plain)


# What is asked, and what an answer says


def query_at(style: Style, cursor: Cursor | None) -> dict[str, object]:
    """A style, a cursor ⟶ what stands in the query for it; nothing for a link, which has its own.

    >>> query_at(by_page(), None), query_at(by_offset(), Cursor(200, 2, 200, 100))
    ({'page': 1}, {'offset': 200})
    """
    if style.how == "link" or (style.how == "cursor" and cursor is None):
        return {}
    return {style.param: style.start if cursor is None else cursor.at}


def page_of(style: Style, cursor: Cursor | None, answer: Answer) -> Page:
    """A style, the cursor that was asked for, the answer ⟶ the page.

    Raises `BadData` where the body isn't as the style says, and where pages go round in a circle.

    >>> said = {"data": [{"id": 1}], "next": "b"}
    >>> page_of(by_cursor("next", items="data"), None, Answer(200, said, {}, "")).next.at
    'b'
    """
    body = answer.content
    items = _items(style, body)
    before = cursor or Cursor(style.start, 0, 0, "")
    read = before.items + len(items)
    total = _total(style, body, before.total)
    digest = None if style.may_repeat else _digest(items)
    if items and digest is not None and digest == before.digest:
        raise BadData(
            f"page {before.pages + 1} has the very items of the page before: does the service know "
            f"the parameter {style.param!r}? If that may be, may_repeat=True"
        )
    at = _next(style, before, items, answer, total is not None and read >= total)
    if at is None:
        _check_end(read, total)
        return Page(items, None)
    return Page(items, _after(before, cursor, at, read, total, digest))


def _items(style: Style, body: object) -> list[Any]:
    if body is None:  # no content
        return []
    try:
        items = style.items.of(body)
    except NoValue:
        items = None
    if not isinstance(items, list):
        raise BadData(f"a page's body has no list at {style.items!r}, where its items should be")
    return items


def _total(style: Style, body: object, before: int | None) -> int | None:
    if style.total is None or body is None:
        return before
    total = _value(style.total, body)
    if isinstance(total, bool) or not isinstance(total, int) or total < 0:
        raise BadData(f"a page's body has no count at {style.total!r}, where its total should be")
    if before is not None and total < before:
        raise BadData(
            f"the total shrank from {before:,} to {total:,} while the pages were read, so that "
            "items may have been passed over: read them all again"
        )
    return total


def _next(
    style: Style, before: Cursor, items: Sequence[object], answer: Answer, enough: bool
) -> At | None:
    """Where the next page is; None if this was the last."""
    more = None if style.more is None else _value(style.more, answer.content)
    if style.more is not None and not isinstance(more, bool):
        raise BadData(f"a page's body has neither true nor false at {style.more!r}")
    match style.how:
        case "link":
            return _link(style, answer)
        case "cursor":
            return None if more is False else _cursor(style, answer.content)
        case "page" | "offset":
            is_last = (not items or enough) if more is None else not more
            step = 1 if style.how == "page" else len(items)
            return None if is_last else cast(int, before.at) + step


def _link(style: Style, answer: Answer) -> str | None:
    if style.next is None:
        return answer.links.get("next")
    link = _value(style.next, answer.content)
    if link is None or link == "":
        return None
    if not isinstance(link, str):
        raise BadData(f"a page's body has no text at {style.next!r}, where its next link should be")
    return resolve(answer.url, link)


def _cursor(style: Style, body: object) -> At | None:
    cursor = None if style.next is None else _value(style.next, body)
    if cursor is None or cursor == "":
        return None
    if isinstance(cursor, bool) or not isinstance(cursor, str | int):
        raise BadData(f"a page's body has neither a text nor a whole number at {style.next!r}")
    return cursor


def _value(field: Expression, body: object) -> object:
    try:
        return field.of(body)
    except NoValue:
        return None


def _after(
    before: Cursor, cursor: Cursor | None, at: At, read: int, total: int | None, digest: str | None
) -> Cursor:
    """The cursor of the next page; raises `BadData` if it was there before."""
    pages = before.pages + 1
    if cursor is not None and at in (cursor.at, cursor.mark):
        raise BadData(
            f"after page {pages:,} stands a cursor that was there before, so that the pages go "
            "round in a circle"
        )
    is_power = pages & (pages - 1) == 0
    return Cursor(at, pages, read, at if is_power else before.mark, total, digest)


def _check_end(read: int, total: int | None) -> None:
    if total is not None and read != total:
        raise BadData(
            f"the pages have {read:,} items, and the service says that there are {total:,}: some "
            "were read twice or passed over, as rows came or went meanwhile; read them all again"
        )


def _digest(items: Sequence[object]) -> str:
    text = json.dumps(items, sort_keys=True, default=str)
    return sha256(text.encode()).hexdigest()[:32]


def once(items: list[Any], by: Selector) -> list[Any]:
    """Items, where their key is ⟶ the items; `BadData` with counts if a key is there twice.

    >>> once([{"id": 1}, {"id": 2}], "id")
    [{'id': 1}, {'id': 2}]
    """
    key = expression(by, "once(by=…)")
    keys = [_value(key, item) for item in items]
    without = sum(1 for each in keys if each is None)
    if without:
        raise BadData(f"{without:,} of {len(items):,} items have nothing at {key!r}, their key")
    different = len({freeze(each) for each in keys})
    if different != len(keys):
        raise BadData(
            f"{len(keys) - different:,} of {len(items):,} items were read twice, by {key!r}: rows "
            "came or went while the pages were read; read them all again"
        )
    return items
