"""Plans that somebody has spoilt: bytes, tokens and types swapped."""

import json
import re
from random import Random
from typing import Any

TOKENS = re.compile(r'"[^"]*"|-?[0-9]+|true|false|null|[\[\]{}:,]')
INSTEAD = [
    "null", "true", "0", "-1", "1", "1.5", "99999999999999999999", "1e999", "NaN", "Infinity",
    '""', '"it"', '"\\ud800"', '"os:system"', '"a\\u202eb"', "[]", "{}", "[[]]", '{"int":"0x1"}',
    '{"text":"eda080"}', '{"const":1}', '{"get":"a","of":"it"}', '{"tuple":[]}', '"5s"', '"-5s"',
    "9" * 700, "[" * 700 + "]" * 700, "{", "}", ",", ":", '{"dict":[[1,2],[1,2]]}',
]  # fmt: skip


def mutated(text: str, random: Random) -> str:
    """The plan with one to three things wrong, or at least different."""
    for _ in range(random.randint(1, 3)):
        text = random.choice((_bytes, _token, _swap, _type))(text, random)
    return text


def _bytes(text: str, random: Random) -> str:
    at = random.randrange(len(text) + 1)
    new = random.choice(["", chr(random.randrange(256)), text[at : at + 9] * 2])
    return text[:at] + new + text[at + random.randint(0, 3) :]


def _token(text: str, random: Random) -> str:
    found = list(TOKENS.finditer(text))
    if not found:
        return text
    at = random.choice(found)
    return text[: at.start()] + random.choice(INSTEAD) + text[at.end() :]


def _swap(text: str, random: Random) -> str:
    found = list(TOKENS.finditer(text))
    if not found:
        return text
    one, other = random.choice(found), random.choice(found)
    return text[: one.start()] + other.group() + text[one.end() :]


def _type(text: str, random: Random) -> str:
    """Change, remove or repeat one value anywhere in the JSON, unless it nests too deep."""
    try:
        return _retyped(json.loads(text), random) or text
    except (ValueError, RecursionError):
        return text


def _retyped(whole: Any, random: Random) -> str:
    holders: list[Any] = [[whole]]
    for holder in holders:
        inside = holder.values() if isinstance(holder, dict) else holder
        holders.extend(each for each in inside if isinstance(each, dict | list))
    holder = random.choice(holders[1:] or holders)
    if not holder:
        return ""
    key = random.choice(list(holder) if isinstance(holder, dict) else range(len(holder)))
    change = random.randrange(3)
    if change == 0:
        del holder[key]
    elif change == 1:
        holder[key] = json.loads(random.choice(INSTEAD[:5]))
    else:
        others = random.choice(holders)
        holder[key] = json.loads(json.dumps(others))
    return json.dumps(whole)
