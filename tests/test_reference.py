"""The page of every public name is as the names are."""

from types import ModuleType

import pytest

import fwf
from tests import reference

for library in ("duckdb", "pyarrow", "httpx", "boto3", "obstore"):
    pytest.importorskip(library)


def test_the_page_tells_every_public_name_as_it_is_now() -> None:
    kept = reference.PLACE.read_text(encoding="utf-8")
    stale = f"{reference.PLACE.name} is stale: run `{reference.COMMAND}`"
    assert kept == reference.page(), stale


def test_help_begins_with_a_map_of_every_name_that_can_be_imported() -> None:
    *taught, (_, types) = reference.groups().items()
    assert [name for _, names in taught for name in names] == fwf.__all__
    others = {
        name
        for name in dir(fwf)
        if not name.startswith("_") and not isinstance(getattr(fwf, name), ModuleType)
    } - {"TYPE_CHECKING", "Any"}
    assert {*types} == others - {*fwf.__all__} and len(types) == len({*types})


def test_every_line_says_something() -> None:
    mute = [
        line for line in reference.page().splitlines() if line.startswith("- `") and line[-1] == " "
    ]
    assert mute == []
