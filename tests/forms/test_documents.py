"""Documents that somebody wrote: how they are read, and what is said of those that can't be."""

from pathlib import Path

import pytest

from fwf.forms.documents import DocumentError, as_written, json_of, text_of


def test_a_value_is_shown_up_to_forty_characters_and_then_by_its_type() -> None:
    assert as_written("x" * 38) == repr("x" * 38)
    assert as_written("x" * 39) == "a str"
    assert as_written([1]) == "[1]" and as_written([10**39]) == "a list"


def test_a_file_may_have_as_many_bytes_as_the_limit_says(tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    file.write_text("é" * 5, encoding="utf-8")
    assert text_of(str(file), 10, DocumentError) == "ééééé"
    with pytest.raises(DocumentError, match=r"plan.json: is longer than 9 bytes"):
        text_of(str(file), 9, DocumentError)


def test_what_is_no_text_in_a_file_is_told(tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    file.write_bytes(b"\xff")
    for path, said in [
        (str(file), "plan.json: isn't text in UTF-8"),
        (str(tmp_path / "none"), "none: can't be read: No such file or directory"),
        ("a\0b", r"'a\\x00b': can't be read: embedded null byte"),
    ]:
        with pytest.raises(DocumentError, match=said):
            text_of(path, 9, DocumentError)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"a": 1, "a": 1}', "the key 'a' is given twice"),
        ('[{"b": {"a": 1, "a": 2}}]', "the key 'a' is given twice"),
        ("[NaN]", "NaN is not JSON"),
        ("[-Infinity]", "-Infinity is not JSON"),
        ("[", "Expecting value: line 1 column 2"),
        ("[" * 100_000, "isn't JSON"),
    ],
)
def test_what_is_no_json_is_told(text: str, said: str) -> None:
    with pytest.raises(DocumentError, match=rf"^file: isn't JSON: .*{said}|^file: {said}"):
        json_of(text, "file", DocumentError)


def test_numbers_and_constants_become_what_the_reader_makes_of_them() -> None:
    assert json_of('{"a": [1.5, NaN]}', "f", DocumentError, number=str, constant=str) == {
        "a": ["1.5", "NaN"]
    }


def test_all_that_is_wrong_is_told_at_once() -> None:
    assert str(DocumentError("f", ["one"])) == "f: one"
    both = DocumentError("f", ["one", "two"])
    assert str(both) == "f: \n  one\n  two" and both.problems == ("one", "two")
