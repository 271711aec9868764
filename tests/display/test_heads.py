"""How a line says values: as their source, and elided where that is long."""

from typing import Any

import pytest

from fwf import seconds
from fwf.algebra.plain_values import freeze
from fwf.display.heads import short_source


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ((), "()"),
        ((1,), "(1,)"),
        ((1, (2,)), "(1, (2,))"),
        ([1], "[1]"),
        ([(1,)], "[(1,)]"),
        ({1}, "{1}"),
        ({"a": [1]}, "{'a': [1]}"),
        (seconds(90), "90s"),
    ],
)
def test_a_short_value_is_said_as_its_source(value: Any, said: str) -> None:
    assert short_source(freeze(value)) == said
