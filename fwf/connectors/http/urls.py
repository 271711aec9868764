"""What is asked for? URLs of a base, a path and a query, whose values can't change their shape."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from math import isfinite
from string import Formatter
from typing import Final, NamedTuple
from urllib.parse import quote, urlencode
from uuid import UUID

import httpx

from fwf.connectors.shared.errors import BadData
from fwf.faults import near

PORTS: Final = {"http": 80, "https": 443}
UNSAFE: Final = re.compile(r"[\x00-\x20\x7f\\]")
HOST: Final = re.compile(rb"[A-Za-z0-9._-]+|[0-9A-Fa-f:.]+")
"""A name as it is looked up, or an address: no network's name in it, and nothing escaped."""
DOTS: Final = re.compile(r"(?:\.|%2e){1,2}", re.IGNORECASE)
IN_PATHS: Final = "/%:@!$&'()*+,;=~"
MOST: Final = 200
"""So many characters of a path are told in a message."""


class Origin(NamedTuple):
    """Who answers (RFC 6454)."""

    scheme: str
    host: str
    port: int

    @property
    def authority(self) -> str:
        """The host, with its port where that isn't the usual one of the scheme."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}"


def parse_url(text: str, where: str) -> httpx.URL:
    """Text ⟶ an http or https URL without a user in it; the message holds nothing of its rest."""
    try:
        if UNSAFE.search(text):
            raise ValueError
        url = httpx.URL(text)
        if url.port is not None and not 0 < url.port < 2**16:
            raise ValueError
    except (httpx.InvalidURL, ValueError, TypeError):
        raise ValueError(f"{where}: needs a URL such as https://api.example/v2") from None
    if url.scheme not in PORTS or not HOST.fullmatch(url.raw_host):
        raise ValueError(f"{where}: needs a URL that begins with https:// or http:// and a host")
    if url.userinfo:
        raise ValueError(f"{where}: a URL with a user or a password in it is refused: give auth=…")
    return url


def origin_of(url: httpx.URL) -> Origin:
    """URL ⟶ its scheme, host and port."""
    return Origin(url.scheme, url.host.lower().rstrip("."), url.port or PORTS[url.scheme])


def checked_base(text: str, where: str) -> httpx.URL:
    """A base URL: an origin and a path, no more."""
    url = parse_url(text, where)
    if url.query or url.fragment or "?" in text or "#" in text:
        raise ValueError(f"{where}: a base URL ends with its path; a query is given with each call")
    return url


def below(base: httpx.URL, path: str, query: Mapping[str, object], where: str) -> httpx.URL:
    """A base URL, a path, a query ⟶ the URL below the base."""
    checked_path(path, where)
    whole = f"{escaped_path(base).rstrip('/')}/{path.removeprefix('/')}"
    target = _target(whole, pairs(query, where))
    if target is None:
        raise BadData(f"{where}: a path or a query isn't text that UTF-8 can write")
    return base.copy_with(raw_path=target)


def escaped_path(url: httpx.URL) -> str:
    """URL ⟶ its path as it stands there."""
    return url.raw_path.partition(b"?")[0].decode("ascii")


def _target(path: str, query: Sequence[tuple[str, str]]) -> bytes | None:
    try:
        return "?".join(filter(None, [quote(path, safe=IN_PATHS), urlencode(query)])).encode()
    except UnicodeEncodeError:
        return None


def checked_path(path: str, where: str) -> None:
    """Raise `ValueError` for a path that leads out of the base URL, or is more than a path."""
    if UNSAFE.search(path) or "?" in path or "#" in path:
        raise ValueError(
            f"{where}: a path has no spaces, backslashes, ? or #; a query is given as query={{…}}"
        )
    if any(map(DOTS.fullmatch, path.split("/"))):
        raise ValueError(f"{where}: a path has no segments . and .., which lead elsewhere")


def pairs(query: Mapping[str, object], where: str) -> list[tuple[str, str]]:
    """A query ⟶ its pairs by name; a list is one pair for each, None is left out."""
    items: list[tuple[str, str]] = []
    for name in sorted(query):
        value = query[name]
        several: Iterable[object] = value if isinstance(value, list | tuple) else [value]
        items.extend((name, text_of(each, where)) for each in several if each is not None)
    return items


def text_of(value: object, where: str) -> str:
    """A value ⟶ how it stands in a URL: dates in ISO 8601, `true`, decimals without an exponent."""
    match value:
        case bool():
            return "true" if value else "false"
        case str() | int() | UUID():
            return str(value)
        case date() | datetime() | time():
            return value.isoformat()
        case Decimal() if value.is_finite():
            return format(value, "f")
        case float() if isfinite(value):
            return repr(value)
        case float() | Decimal():
            raise BadData(f"{where}: a number that isn't finite can't stand in a URL")
        case _:
            raise TypeError(
                f"{where}: a {type(value).__name__} has no agreed form in a URL: give a text"
            )


# Templates: `/orders/{day}`


def names_in(template: str, where: str) -> list[str]:
    """The names in a template's braces; raises `ValueError` for anything else in them."""
    try:
        parts = list(Formatter().parse(template))
    except ValueError:
        raise ValueError(f"{where}: {template!r}: a brace alone is written twice: {{{{") from None
    names: list[str] = []
    for _, name, form, conversion in parts:
        if name is None:
            continue
        if form or conversion or not name.isidentifier():
            raise ValueError(f"{where}: {template!r}: in braces stands a parameter's name: {{day}}")
        names.append(name)
    return names


def check_names(templates: Iterable[str], parameters: Collection[str], where: str) -> None:
    """Raise unless templates use all of the parameters, and no others."""
    used = {name for template in templates for name in names_in(template, where)}
    for name in sorted(used - set(parameters)):
        raise ValueError(
            f"{where}: {{{name}}} is no parameter{near(name, parameters)}; write "
            f"params={{{name!r}: date}}, or another type"
        )
    for name in sorted(set(parameters) - used):
        raise ValueError(f"{where}: params={{{name!r}: …}} stands nowhere in path or query")


def filled_path(template: str, values: Mapping[str, object], where: str) -> str:
    """A path's template ⟶ the path; a value is one segment or a part of it, whatever is in it."""
    path = "".join(
        word if name is None else word + _segment(values[name], f"{where}: {name}")
        for word, name, _, _ in Formatter().parse(template)
    )
    if any(map(DOTS.fullmatch, path.split("/"))):
        raise BadData(
            f"{where}: a value in its path makes a segment . or .., which leads elsewhere"
        )
    return path


def _segment(value: object, where: str) -> str:
    text = text_of(value, where)
    if not text:
        raise BadData(f"{where} is empty, so that the path would be another one")
    return _escape(text, where)


def _escape(text: str, where: str) -> str:
    try:
        return quote(text, safe="")
    except UnicodeEncodeError:
        raise BadData(f"{where} isn't text that UTF-8 can write") from None


def filled_query(
    query: Mapping[str, str], values: Mapping[str, object], where: str
) -> dict[str, object]:
    """Templates of a query's values ⟶ the values."""
    return {
        name: "".join(
            word if part is None else word + text_of(values[part], f"{where}: {part}")
            for word, part, _, _ in Formatter().parse(template)
        )
        for name, template in query.items()
    }


def label_of(method: str, url: httpx.URL) -> str:
    """What is told of a request: no query, which may hold values; no more than a line."""
    path = escaped_path(url)
    return f"{method} {origin_of(url)}{path if len(path) <= MOST else f'{path[:MOST]}…'}"
