"""What every picture is drawn with: text that XML can hold, how wide it is, light and dark."""

from functools import cache, lru_cache
from typing import Final
from unicodedata import east_asian_width

from fwf.printing import printable

FONT: Final = 'system-ui,-apple-system,"Segoe UI",Roboto,sans-serif'
_STYLE: Final = """
&{font:12px FONT;fill:#1f2933}& .paper{fill:#fff}
& .title{font-size:17px;font-weight:600}& .under{fill:#616e7c}& .bold{font-weight:600}
"""
_DARK: Final = "&{fill:#e4e7eb}& .paper{fill:#1b1f24}& .under{fill:#9aa5b1}"


def style(root: str, light: str, dark: str) -> str:
    """Class of a picture, its rules, those for the dark ⟶ its style sheet, with what all share.

    `&` stands for the picture itself.
    """
    rules = f"{_STYLE}{light}@media(prefers-color-scheme:dark){{{_DARK}{dark}}}\n"
    return rules.replace("FONT", FONT).replace("&", f".{root}")


# Text


def safe(text: str) -> str:
    """Text ⟶ the same on one line of XML: its own characters escaped, and what no line shows."""
    return printable(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def attribute(text: str) -> str:
    """Text ⟶ an attribute's value in XML, with its quotes."""
    return '"' + safe(text).replace('"', "&quot;") + '"'


# Width


class _Widths(dict[str, float]):
    """Widths at size 1; those of other scripts are found when they are asked for."""

    def __missing__(self, char: str) -> float:
        wide = east_asian_width(char) in "WF" or ord(char) > 0xFFFF
        width = self[char] = 1.25 if wide else 0.8
        return width


@cache
def _widths() -> _Widths:
    """For DejaVu Sans, the widest of the fonts that a system calls its own."""
    widths = _Widths()
    for width, chars in (
        (0.33, "ijlIJ' ,.·"), (0.4, "f/\\:;|-()[]t!r"), (0.5, '"*_`'), (0.55, "szc?L"),
        (0.62, "xyvkFPTYaoeESbdghnpqu"), (0.66, "0123456789$K{}µ"), (0.7, "AVBRXZC"),
        (0.79, "UHNDGOQ&◇"), (0.84, "#+<=>^~×→←↑↓↻≤w"), (0.95, "mM%▤"), (1.0, "W@…—"),
    ):  # fmt: skip
        widths.update(dict.fromkeys(chars, width))
    return widths


BOLD: Final = 1.15
"""How much wider bold letters are."""


@lru_cache(maxsize=1024)
def width_of(text: str, size: float) -> float:
    """Text, size of its font ⟶ how wide it is at most, nearly enough."""
    return size * sum(map(_widths().__getitem__, text))


def fitted(text: str, room: float, size: float, *, end: bool = True) -> str:
    """Text, room, size ⟶ as much of it as there is room for, with … where it goes on.

    That is its start or, if not `end`, its end.
    """
    if len(text) > 400:
        text = f"{text[:400]}…" if end else f"…{text[-400:]}"
    if width_of(text, size) <= room:
        return text
    left, length, widths = room / size - 1, 0, _widths()
    for char in text if end else reversed(text):
        left -= widths[char]
        if left < 0:
            break
        length += 1
    return f"{text[:length].rstrip()}…" if end else f"…{text[len(text) - length :].lstrip()}"
