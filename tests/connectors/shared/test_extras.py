"""What is said where the library of an extra isn't installed, and what is imported where it is."""

import subprocess
import sys

import pytest

ABSENT = [
    (extra, module)
    for extra, modules in {
        "dynamodb": ["boto3", "pyarrow"],
        "http": ["httpx", "httpcore"],
        "objects": ["obstore", "numpy", "pyarrow"],
        "postgres": ["adbc_driver_postgresql", "psycopg", "pyarrow"],
        "redshift": ["boto3", "obstore", "pyarrow", "sqlglot"],
        "sql": ["duckdb", "pyarrow"],
    }.items()
    for module in modules
]
SLOW = ("adbc_driver_manager.dbapi", "boto3", "psycopg", "sqlglot")


def said(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, encoding="utf-8", timeout=60, check=False
    )
    return (done.stdout + done.stderr).strip().rpartition("\n")[2]


@pytest.mark.parametrize(("extra", "module"), ABSENT)
def test_a_missing_library_says_what_to_install(extra: str, module: str) -> None:
    hidden = f"import sys; sys.modules[{module!r}] = None; import fwf.connectors.{extra}"
    assert said(hidden) == (
        f"ImportError: the module {module!r} is not installed: pip install 'fwf[{extra}]'"
    )


def test_a_definition_imports_nothing_that_only_a_run_needs() -> None:
    every = ", ".join(f"fwf.connectors.{extra}" for extra, _ in ABSENT)
    assert said(f"import sys, {every}; print([m for m in {SLOW} if m in sys.modules])") == "[]"
