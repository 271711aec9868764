"""What the blocks of README, which are run too, do not tell of themselves."""

from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_first_block_is_the_first_example_and_needs_nothing_above_it() -> None:
    before, _, rest = (ROOT / "README.md").read_text(encoding="utf-8").partition("```python\n")
    _, _, example = (ROOT / "examples/first.py").read_text(encoding="utf-8").partition('"""\n\n')
    assert rest.partition("```")[0] == example
    assert "```python" not in before and "invisible-code-block" not in before
