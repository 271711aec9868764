"""What the blocks of pages, which are run too, do not tell of themselves."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "examples").glob("*.md"))]
LINK = re.compile(r"\]\(([^)\s]+)\)")
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize(
    ("page", "example"), [("README.md", "first.py"), ("examples/first_hour.md", "stock.py")]
)
def test_the_first_block_is_an_example_and_needs_nothing_above_it(page: str, example: str) -> None:
    before, _, rest = (ROOT / page).read_text(encoding="utf-8").partition("```python\n")
    written = (ROOT / "examples" / example).read_text(encoding="utf-8")
    assert rest.partition("```")[0] == written.partition('"""\n\n')[2]
    assert "```python" not in before and "invisible-code-block" not in before


def test_the_bad_night_of_the_readme_is_the_file() -> None:
    written = (ROOT / "examples/bad_night.toml").read_text(encoding="utf-8").partition("\n")[2]
    assert f"```toml\n{written}```" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_readme_is_read_in_one_sitting() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 200


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    links = LINK.findall(FENCED.sub("", page.read_text(encoding="utf-8")))
    assert [link for link in links if not leads_somewhere(page, link)] == []


def test_the_gallery_has_every_page_and_every_example() -> None:
    gallery = (ROOT / "examples" / "README.md").read_text(encoding="utf-8")
    there = {path.name for path in (ROOT / "examples").iterdir() if path.suffix in (".md", ".py")}
    left_out = {name for name in there if f"]({name})" not in gallery}
    assert left_out == {"README.md", "__init__.py"}


def leads_somewhere(page: Path, link: str) -> bool:
    """A link is an address, or a file of the checkout and maybe a heading in it."""
    if link.startswith("https://"):
        return True
    path, _, anchor = link.partition("#")
    target = page.parent / path if path else page
    return target.exists() and (not anchor or anchor in anchors(target))


def anchors(page: Path) -> set[str]:
    """The names that GitHub gives to the headings of a page."""
    text = FENCED.sub("", page.read_text(encoding="utf-8"))
    return {slug(line.lstrip("# ")) for line in text.splitlines() if line.startswith("#")}


def slug(heading: str) -> str:
    shown = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading)
    return re.sub(r"[^\w\- ]", "", shown.lower()).replace(" ", "-")
