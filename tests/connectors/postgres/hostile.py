"""Two hundred names of tables and columns that a database takes, and that mean harm in SQL."""

import random
from typing import Final

CHOSEN: Final = (
    'x"; DROP TABLE kept; --', "x'; DROP TABLE kept; --", 'a"b', 'a""b', '"', '""', "'", "a'b",
    ";", "--", "/*", "*/", "/* x */", "$1", "$a", "$$", "$x$", ":a", "%s", "%(a)s", "{}", "{0}",
    "\\", "\\'", "a b", " a", "a ", "\t", "\n", "a\r\nb", "\x01", "\x7f", "\u2028", "\u202e", "?",
    "\ufeff", "e\u0301", "ü😀", "日本", "ı", "SELECT", "select", "Table", "user", "order", "group",
    "public", "pg_temp", "fwf_ledger_", "fwf_staged", "c0", "s", "q", "ctid_", "NULL",
    "true", "*", ".", "a.b", "..", "/", "?x=1", "#", "%41", "&", "<script>", "`", "[a]", "(a)", "0",
    "1e5", "-1", "NaN", "\u00a0", "x" * 63, "ä" * 31, "😀" * 15, "COMMIT", "a;COMMIT;b", "U&", "E",
    "excluded", "EXCLUDED", "n", "DEFAULT", "(SELECT 1)", "count(*)", "||", "::text", "a::int", "=",
)  # fmt: skip


def hostile() -> list[str]:
    """The chosen ones, and others that are made of their signs."""
    drawn = random.Random(11)
    found = dict.fromkeys(CHOSEN)
    signs = "\"\"''`;/*--\\#:${}()[]<>&|!?~^%=+, \t\n\r\u2028é\U0001f600"
    while len(found) < 200:
        some = [drawn.choice("abcXYZ019_") for _ in range(drawn.randint(1, 8))]
        for _ in range(drawn.randint(1, 4)):
            some.insert(drawn.randrange(len(some) + 1), drawn.choice(signs))
        found["".join(some)] = None
    return list(found)
