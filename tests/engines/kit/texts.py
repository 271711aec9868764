"""Texts in workflows: as they are meant, or such as look like what an engine would obey."""

from __future__ import annotations

from random import Random
from typing import Final, final

FORBIDDEN: Final = frozenset(">[]#")
"""What no name has in it, since paths are written with it."""
PIECES: Final[tuple[str, ...]] = (
    "'",
    '"',
    "'''",
    '"""',
    "`",
    "\\",
    '\\\\"',
    "\n",
    "\r\n",
    "\t",
    "\0",
    "\x1b[31m",
    "\u2028",
    "{{ x }}",
    "{{workflow.name}}",
    "{{=1+1}}",
    "{% raw %}",
    "{%endraw%}",
    "{x}",
    "{0}",
    "{",
    "}}",
    "${x}",
    "${jsonencode(1)}",
    "%{ if true }",
    "$(id)",
    "$$",
    "$",
    "$.x",
    "$$.Map.Item.Value",
    "x.$",
    "States.Format('{}', $.x)",
    "<<EOF",
    "EOF",
    "# ",
    "//",
    "/*",
    "*/",
    "<!-- -->",
    "<b>",
    "&a",
    "*a",
    "!!python/object:os.system",
    "- ",
    ": ",
    "? ",
    "| ",
    "> ",
    "---",
    "...",
    "%s",
    "%(x)s",
    "null",
    "true",
    "yes",
    "~",
    "1e3",
    "0x1F",
    "1_000",
    ".inf",
    "2026-01-01",
    "=1+1",
    "@x",
    "-x",
    "--help",
    ";rm -rf /",
    "&& id",
    "|| id",
    "../../x",
    "/etc/passwd",
    "a/b",
    "a.b",
    "a b",
    " ",
    "é",
    "日本",
    "🙂",
    "\u202e",
    "\ud800",
    "]]>",
    "\\u0022",
    "\\x27",
    "import os",
    "f'{1}'",
    "None",
    "__proto__",
    "constructor",
)
"""What has made trouble somewhere: quotes, templates, paths, comments, types, shells."""


class Texts:
    """Texts as they are meant."""

    def name(self, plain: str) -> str:
        """What may stand in a path."""
        return plain

    def text(self, plain: str) -> str:
        """What may be anything."""
        return plain


@final
class Hostile(Texts):
    """For each text another one, the same each time, of pieces that an engine might obey.

    Each has a mark in it, `h0q`, `h1q`, …, by which it is found in what is written; `said` has all
    of them, by what they stand for.
    """

    def __init__(self, seed: int, longest: int = 3_000) -> None:
        self._seed = seed
        self._longest = longest
        self.said: dict[tuple[str, str], str] = {}

    def name(self, plain: str) -> str:
        return self._for("name", plain)

    def text(self, plain: str) -> str:
        return self._for("text", plain)

    def _for(self, sort: str, plain: str) -> str:
        if (sort, plain) not in self.said:
            self.said[sort, plain] = self._made(sort, plain)
        return self.said[sort, plain]

    def _made(self, sort: str, plain: str) -> str:
        chance = Random(f"{self._seed} {sort} {plain}")
        pieces = [chance.choice(PIECES) for _ in range(chance.randint(0, 4))]
        pieces.insert(chance.randint(0, len(pieces)), f"h{len(self.said)}q")
        if chance.random() < 0.1:
            pieces.insert(0, chance.choice(["x", "{{", "é"]) * chance.randint(100, self._longest))
        made = "".join(pieces)
        return made if sort == "text" else "".join(map(_named, made))


def _named(char: str) -> str:
    return char if char.isprintable() and char not in FORBIDDEN else "_"
