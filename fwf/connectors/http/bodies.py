"""What does a body say? JSON or JSON lines, read strictly: what is ambiguous is refused."""

import json
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from http import HTTPStatus
from math import isfinite
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from fwf.connectors.http.exchange import Reply
from fwf.connectors.shared.errors import BadData, Unreachable
from fwf.forms.strict import NotStrict, members, refuse_constant

Format: TypeAlias = Literal["json", "ndjson"]
Numbers: TypeAlias = Literal["float", "decimal"]
MAX_DEPTH: Final = 100
LINES: Final = frozenset(
    f"application/{kind}"
    for kind in ("x-ndjson", "ndjson", "jsonl", "x-jsonlines", "jsonlines", "json-lines")
)
SURROGATE: Final = re.compile(rb"\\u[dD][89a-fA-F]")


class BodyFormat(NamedTuple):
    """How a body is to be read; `content_type` is the expected one where that isn't JSON's."""

    format: Format = "json"
    numbers: Numbers = "float"
    content_type: str | None = None


def content(reply: Reply, label: str, reading: BodyFormat) -> Any:
    """A good answer ⟶ its JSON, None without a body; or the records of its lines.

    Raises `BadData` for another content type and for what isn't strict JSON: names twice, NaN,
    numbers too large for a float, half a surrogate pair, more than 100 levels (RFC 7493); and
    `Unreachable` for what may be the first part of a body.
    """
    if not reply.body:
        if not reply.is_sized and reply.status == HTTPStatus.OK:
            raise Unreachable(f"{label}: no body came, and nothing said how long it would be")
        return [] if reading.format == "ndjson" else None
    _check_type(reply.headers.get("content-type", ""), label, reading)
    if reading.format == "ndjson":
        return _records(reply, label, reading.numbers)
    try:
        value = read_json(reply.body, reading.numbers)
    except ValueError as error:
        value, problem = None, str(error)
    else:
        if reply.is_sized or isinstance(value, bool | str | list | dict | None):
            return value
        problem = "a number that may go on"
    if not reply.is_sized:
        raise Unreachable(
            f"{label}: the body may have been cut off, for nothing said how long it would be: "
            f"{problem}"
        )
    raise BadData(f"{label}: the body is not the JSON that it claims to be: {problem}")


def _check_type(header: str, label: str, reading: BodyFormat) -> None:
    kind = header.partition(";")[0].strip().lower()
    if reading.content_type is not None:
        fits, name = kind == reading.content_type.lower(), reading.content_type
    elif reading.format == "json":
        fits, name = kind == "application/json" or kind.endswith("+json"), "application/json"
    else:
        fits, name = kind in LINES, "application/x-ndjson"
    if not fits:
        actual = kind if re.fullmatch(r"[\w.+-]{1,40}/[\w.+-]{1,60}", kind) else "another type"
        hint = ": is this a page for people, such as a login?" if kind == "text/html" else ""
        raise BadData(
            f"{label}: the body is {actual}, not {name}{hint}; what is meant to be so is allowed "
            "by content_type="
        )


def _records(reply: Reply, label: str, numbers: Numbers) -> list[Any]:
    """The records of JSON lines, which only the byte of a line feed divides."""
    lines = reply.body.split(b"\n")
    if lines[-1].strip() and not reply.is_sized:
        raise Unreachable(
            f"{label}: the last line has no end, and nothing said how long the body would be"
        )
    records: list[Any] = []
    problem = ""
    for n, line in enumerate(lines, 1):
        try:
            records.extend([read_json(line, numbers)] if line.strip() else [])
        except ValueError as error:
            problem = f"line {n:,} is not JSON: {error}"
            break
    if problem:
        raise BadData(f"{label}: {problem}")
    return records


def read_json(body: bytes, numbers: Numbers) -> Any:
    """Bytes ⟶ the JSON value; raises `ValueError` that says nothing of what is in it."""
    try:
        value = DECODERS[numbers].decode(body.decode("utf-8-sig"))
    except json.JSONDecodeError as error:  # of an escape, it tells which
        problem = f"{error.msg.partition(':')[0]} (byte {error.pos:,} or so)"
    except UnicodeDecodeError:
        problem = "it isn't UTF-8"
    except RecursionError:
        problem = f"it nests more than {MAX_DEPTH} levels deep"
    except NotStrict as error:
        problem = error.outline
    except ArithmeticError:
        problem = "a number that is too large"
    except ValueError:  # digits past what Python turns into a number
        problem = "a whole number of too many digits"
    else:
        return _strict(value, body)
    raise ValueError(problem)


def _finite(text: str) -> float:
    value = float(text)
    if not isfinite(value):
        message = "a number that is too large for a float; numbers='decimal' reads it"
        raise NotStrict(message, message)
    return value


def _decoder(real: Callable[[str], object]) -> json.JSONDecoder:
    return json.JSONDecoder(
        parse_constant=refuse_constant, parse_float=real, object_pairs_hook=members
    )


DECODERS: Final[Mapping[Numbers, json.JSONDecoder]] = {
    "float": _decoder(_finite),
    "decimal": _decoder(Decimal),
}


def _strict(value: Any, body: bytes) -> Any:
    """The value itself, if it is no deeper than allowed and all of its text is text."""
    if body.count(b"[") + body.count(b"{") > MAX_DEPTH and _is_too_deep(value):
        raise ValueError(f"it nests more than {MAX_DEPTH} levels deep")
    if SURROGATE.search(body) and not _is_text(value):
        raise ValueError("a text with half a surrogate pair")
    return value


def _is_too_deep(value: Any) -> bool:
    level = [value] if type(value) in (dict, list) else []
    for _ in range(MAX_DEPTH):
        level = [
            part
            for each in level
            for part in (each.values() if type(each) is dict else each)
            if type(part) is dict or type(part) is list
        ]
    return bool(level)


def _is_text(value: Any) -> bool:
    try:
        json.dumps(value, ensure_ascii=False, default=str).encode()
    except UnicodeEncodeError:
        return False
    return True
