"""Where a value stands in a text, however it is escaped, encoded or broken into lines."""

import re
import sys
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple, final

SHORTEST_LINE: Final = 4
MOST_DECODED: Final = 2
"""So often a text may have been escaped: JSON in a URL, the `repr` of JSON."""


class Form(NamedTuple):
    """What a value may look like; the characters beside it may hold some of its bits."""

    text: str
    shared_before: bool = False
    shared_after: bool = False


def hidden(text: str, values: Sequence[tuple[str, str]]) -> str:
    """Text, values and what is to stand for each ⟶ the text without them."""
    masks = "|".join({re.escape(mask) for _, mask in values})
    parts: list[str] = re.split(f"({masks})", text)  # what is hidden already is at odd places
    return "".join([part if at % 2 else _hide(part, values) for at, part in enumerate(parts)])


def _hide(text: str, values: Sequence[tuple[str, str]]) -> str:
    spans: list[tuple[int, int, str]] = []
    for view in _views(text):
        for value, mask in values:
            forms = _without_spaces(value) if view.squeezed else _forms(value)
            spans += [(*view.span(*span), mask) for span in _places(view.text, forms)]
    parts: list[str] = []
    done = 0
    for start, end, mask in sorted(spans):
        if start >= done:  # else it overlaps the one before, whose mask stands for both
            parts += [text[done:start], mask]
        done = max(done, end)
    return "".join([*parts, text[done:]])


def _places(text: str, forms: Sequence[Form]) -> Iterator[tuple[int, int]]:
    """Where any form of a value stands in a text."""
    for form in forms:
        at = text.find(form.text)
        while at >= 0:
            start, end = at, at + len(form.text)
            if form.shared_before and start and _is_base64(text[start - 1]):
                start -= 1
            if form.shared_after and _is_base64(text[end : end + 1]):
                end += 1
            yield start, end
            at = text.find(form.text, at + 1)


# What a value looks like


@lru_cache(256)
def _forms(value: str) -> tuple[Form, ...]:
    lines = [line.strip() for line in re.split(r"[\r\n]", value)]
    data = _encode(value)
    texts = [value, _join(value).text, value.replace(" ", "+"), data.decode("latin-1")]
    texts += [line for line in lines if len(line) >= SHORTEST_LINE]
    texts += [data.hex(), data.hex().upper()]
    return *map(Form, dict.fromkeys(texts)), *(each for n in range(3) for each in _base64(data, n))


def _without_spaces(value: str) -> tuple[Form, ...]:
    """What a value that has spaces looks like in a squeezed text: a line may have ended at one."""
    squeezed = _SPACE.sub("", value)
    return () if squeezed == value or len(squeezed) < SHORTEST_LINE else (Form(squeezed),)


def _base64(data: bytes, after: int) -> list[Form]:
    """Bytes in Base64, where others stand before them: the number of those modulo 3."""
    from base64 import b64encode, urlsafe_b64encode

    bits = 8 * (after + len(data))
    first = -(-8 * after // 6)
    return [
        Form(encode(bytes(after) + data).decode()[first : bits // 6], after > 0, bits % 6 > 0)
        for encode in (b64encode, urlsafe_b64encode)
    ]


def _is_base64(character: str) -> bool:
    return character.isalnum() or character in ("+", "/", "-", "_")


def _encode(text: str) -> bytes:
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


# What a text may stand for


class Piece(NamedTuple):
    """A part of a view's text: where it begins there, and what it is made of in the text below."""

    at: int
    start: int
    end: int
    copied: bool


@final
class View:
    """A text, decoded, and where its parts stand in the one that it was made of."""

    def __init__(
        self, text: str, pieces: list[Piece], below: "View | None", *, squeezed: bool = False
    ) -> None:
        self.text = text
        self.squeezed = squeezed
        """Whether it has no spaces any more."""
        self._pieces = pieces
        self._below = below

    def span(self, start: int, end: int) -> tuple[int, int]:
        """A part of it ⟶ where that stands in the text that all views are of."""
        if self._below is None:
            return start, end
        first, last = self._piece(start), self._piece(end - 1)
        below = first.start + (start - first.at if first.copied else 0)
        beyond = last.start + end - last.at if last.copied else last.end
        return self._below.span(below, beyond)

    def _piece(self, at: int) -> Piece:
        return self._pieces[bisect_right(self._pieces, at, key=_beginning) - 1]


def _beginning(piece: Piece) -> int:
    return piece.at


def _views(text: str) -> Iterator[View]:
    """A text as it stands, and as whatever it may be the escaped form of; lines joined or not."""
    level = [View(text, [], None)]
    for _ in range(MOST_DECODED + 1):
        for view in level:
            yield view
            if "\n" in view.text or "\r" in view.text:
                yield _join(view.text, view)
            if _SPACE.search(view.text):
                yield _replaced(view, _SPACE, lambda _: "", squeezed=True)
        level = [
            _replaced(view, pattern, decode)
            for view in level
            for sign, pattern, decode in _DECODERS
            if sign in view.text
        ]


def _join(text: str, below: View | None = None) -> View:
    """Lines without their ends and the margins that tracebacks of groups have."""
    return _replaced(below or View(text, [], None), _BREAK, lambda _: "")


def _replaced(
    below: View,
    pattern: "re.Pattern[str]",
    decode: Callable[[Any], str],
    *,
    squeezed: bool = False,
) -> View:
    parts: list[str] = []
    pieces: list[Piece] = []
    length = done = 0
    for match in pattern.finditer(below.text):
        start, end = match.span()
        for text, piece in (
            (below.text[done:start], Piece(length, done, start, True)),
            (decode(match), Piece(length + start - done, start, end, False)),
        ):
            if text:
                parts.append(text)
                pieces.append(piece)
                length += len(text)
        done = end
    pieces.append(Piece(length, done, len(below.text), True))
    return View("".join([*parts, below.text[done:]]), pieces, below, squeezed=squeezed)


def _from_source(match: "re.Match[str]") -> str:
    """An escape of JSON or of Python's source."""
    if match["low"]:
        return bytes.fromhex(match["high"] + match["low"]).decode("utf-16-be")
    digits = match["four"] or match["two"] or match["eight"]
    if digits:
        return chr(min(int(digits, 16), sys.maxunicode))
    return _LETTERS.get(match["letter"], match["letter"])


def _from_url(match: "re.Match[str]") -> str:
    return bytes.fromhex(match[0].replace("%", "")).decode("utf-8", "surrogateescape")


def _from_html(match: "re.Match[str]") -> str:
    if match["name"]:
        return _NAMES.get(match["name"], match[0])
    code = int(match["decimal"]) if match["decimal"] else int(match["hexadecimal"], 16)
    return chr(min(code, sys.maxunicode))


_BREAK: Final = re.compile(r"[^\S\r\n]*[\r\n][\s|]*")
_SPACE: Final = re.compile(r"[\s|]+")
_LETTERS: Final = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "v": "\v", "a": "\a"}
_ESCAPE: Final = re.compile(
    r"\\(?:(?-i:u)(?P<high>d[89ab][0-9a-f]{2})\\u(?P<low>d[c-f][0-9a-f]{2})"
    r"|(?-i:u)(?P<four>[0-9a-f]{4})|x(?P<two>[0-9a-f]{2})|(?-i:U)(?P<eight>[0-9a-f]{8})|(?P<letter>\W|[nrtbfva]))",
    re.DOTALL | re.IGNORECASE,
)
_NAMES: Final = {"quot": '"', "apos": "'", "amp": "&", "lt": "<", "gt": ">"}
_REFERENCE: Final = re.compile(
    r"&(?:\#(?P<decimal>[0-9]{1,7})|\#[xX](?P<hexadecimal>[0-9a-fA-F]{1,6})|(?P<name>[a-z]{2,4}));"
)
_DECODERS: Final = (
    ("\\", _ESCAPE, _from_source),
    ("%", re.compile(r"(?:%[0-9a-fA-F]{2})+"), _from_url),
    ("&", _REFERENCE, _from_html),
)
