"""What `fwf resolve --value` says that a task gave, by the type that it declares, if it does."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from fwf import task
from fwf.cli.refused_commands import Misuse
from fwf.cli.resolved_value import result_reader


def giving(annotation: Any) -> Any:
    def pays():  # type: ignore[no-untyped-def]
        raise ConnectionError

    if annotation is not None:
        pays.__annotations__ = {"return": annotation}
    return task(effect="unrepeatable")(pays)


@pytest.mark.parametrize(
    ("annotation", "text", "value"),
    [
        (None, '{"id": 17}', {"id": 17}),
        (None, "17", 17),
        (None, "null", None),
        (None, '"T-17"', "T-17"),
        (None, "T-17", "T-17"),
        (Any, "[1, 2.5]", [1, 2.5]),
        (object, "true", True),
        (str, "17", "17"),
        (str, '{"id": 17}', '{"id": 17}'),
        (str | None, "null", None),
        (dict[str, Any], '{"id": 17}', {"id": 17}),
        (tuple[date, Decimal], '["2026-07-15", "1.50"]', (date(2026, 7, 15), Decimal("1.50"))),
    ],
)
def test_a_value_has_the_type_that_is_declared_and_else_that_of_its_json(
    annotation: Any, text: str, value: Any
) -> None:
    result = result_reader(text)(giving(annotation))
    assert result == value and type(result) is type(value)


@dataclass(frozen=True)
class Maß:
    größe: int
    tag: date


def test_the_text_that_is_proposed_can_be_given() -> None:
    for text in ("schön", None):
        with pytest.raises(Misuse) as refused:
            result_reader(text)(giving(Maß))
        assert """'{"größe": 10, "tag": "2026-07-15"}'""" in str(refused.value)
    given = result_reader('{"größe": 10, "tag": "2026-07-15"}')(giving(Maß))
    assert given == Maß(10, date(2026, 7, 15))


def test_where_none_is_a_value_its_text_is_named() -> None:
    with pytest.raises(Misuse, match=r"pays gives int \| None, such as '10' or null"):
        result_reader("None")(giving(int | None))
    assert result_reader("null")(giving(int | None)) is None


def test_what_has_no_text_is_said_with_what_else_can_be_done() -> None:
    with pytest.raises(Misuse, match=r"pays gives Table, and no text says one; write --again"):
        result_reader("text")(giving(pa.Table))
