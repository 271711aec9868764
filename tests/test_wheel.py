"""What reaches a user who installs the wheel, and has no checkout beside it."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

IMPORT_EVERYTHING = """
import pkgutil, sys
from pathlib import Path

wheel, checkout = sys.argv[1:]
sys.path[:] = [wheel, *(entry for entry in sys.path if Path(entry).resolve() != Path(checkout))]
import fwf

for module in pkgutil.walk_packages(fwf.__path__, "fwf."):
    __import__(module.name)
assert Path(fwf.__file__).is_relative_to(wheel), fwf.__file__
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    return next(folder.glob("fwf-*.whl"))


def test_a_wheel_holds_one_package_with_its_types_and_laws_and_no_tests(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    modules = {name for name in names if ".dist-info/" not in name}
    assert {name.split("/")[0] for name in modules} == {"fwf"}
    assert {"fwf/py.typed", "fwf/interpreters/plan/schema.json"} <= modules
    assert [name for name in modules if "test_" in name or "conftest" in name] == []
    laws = {f"fwf/{path.relative_to(ROOT)}" for path in ROOT.glob("laws/**/*.py")}
    assert {name for name in laws if "/test_" not in name} <= modules


def test_every_module_of_a_wheel_imports_without_the_checkout(wheel: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-I", "-W", "error", "-c", IMPORT_EVERYTHING, str(wheel), str(ROOT)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
