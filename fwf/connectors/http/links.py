"""Where does an answer say that the next page is? In its `Link` headers (RFC 8288)."""

import re
from collections.abc import Iterable
from typing import Final

import httpx

TARGET: Final = re.compile(r"[\s,]*<([^>]*)>")
PARAMETER: Final = re.compile(
    r"""\s*;\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)   # a name
        (?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;,"]*)))?  # a quoted value, or a plain one""",
    re.VERBOSE,
)


def links_of(values: Iterable[str], url: str) -> dict[str, str]:
    """The `Link` headers of what was answered at a URL ⟶ URLs by relation, the first of each.

    Links of another context (`anchor`) are left out, and what stands behind a fault is not read.

    >>> links_of(['</orders?page=2>; rel="next", </orders>; rel=first'], "https://api.example/x")
    {'next': 'https://api.example/orders?page=2', 'first': 'https://api.example/orders'}
    """
    links: dict[str, str] = {}
    for value in values:
        place = 0
        while target := TARGET.match(value, place):
            place = target.end()
            parameters: dict[str, str] = {}
            while parameter := PARAMETER.match(value, place):
                place = parameter.end()
                name, quoted, plain = parameter.groups()
                text = re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else plain or ""
                parameters.setdefault(name.lower(), text)
            if "anchor" not in parameters:
                for relation in parameters.get("rel", "").lower().split():
                    links.setdefault(relation, resolve(url, target[1]))
    return links


def resolve(url: str, link: str) -> str:
    """A URL, a link found there ⟶ the URL that the link means; the link itself if it is none."""
    try:
        return str(httpx.URL(url).join(link))
    except httpx.InvalidURL:
        return link
