"""The page of every public name is as the names are."""

import pytest

import fwf
from tests import reference

for library in ("duckdb", "pyarrow", "httpx", "boto3", "obstore"):
    pytest.importorskip(library)


def test_the_page_tells_every_public_name_as_it_is_now() -> None:
    kept = reference.PLACE.read_text(encoding="utf-8")
    stale = f"{reference.PLACE.name} is stale: run `{reference.COMMAND}`"
    assert kept == reference.page(), stale


def test_every_section_begins_with_a_public_name_and_the_first_name_begins_one() -> None:
    assert [name for name in reference.SECTIONS if name not in fwf.__all__] == []
    assert fwf.__all__[0] in reference.SECTIONS


def test_every_line_says_something() -> None:
    mute = [
        line for line in reference.page().splitlines() if line.startswith("- `") and line[-1] == " "
    ]
    assert mute == []
