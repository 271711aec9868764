"""Which text stands for one that holds what a line can't show?

Names, notes and messages come from anywhere, and what prints them may be a terminal that obeys
them. Every form in which fwf shows a text passes it through `printable`.
"""

from fwf.secrets import masked


def printable(text: str) -> str:
    r"""A text on one line, whatever is in it: what moves, hides or turns characters is escaped.

    That is what a Python literal escapes too: control and format characters, those that change the
    direction of writing, lone surrogates, spaces other than the plain one.

    >>> print(printable("day\n\x1b[2J"))
    day\n\x1b[2J
    """
    return text if text.isprintable() else "".join(map(_escaped, text))


def _escaped(char: str) -> str:
    return char if char.isprintable() else char.encode("unicode_escape").decode("ascii")


def elided(text: str, most: int) -> str:
    """A text of so many characters at most, with … where it goes on."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def one_line(text: str, most: int = 600) -> str:
    """Text ⟶ it on one line, cut at `most` characters; control characters as escapes."""
    line = " ".join(filter(None, map(str.strip, masked(text).splitlines())))
    return printable(elided(line, most))
