"""Which part of a query is wrong is marked in the message."""

import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from fwf.connectors.sql import sql
from tests.connectors.sql.refusing import T, refused

MARKED = [
    (
        "SELECT idd FROM t",
        """\
sql(name='q'): Referenced column "idd" not found in FROM clause! Candidate bindings: "id"
    1 │ SELECT idd FROM t
      │        ^^^""",
    ),
    (
        "SELECT\n  'ü€' AS \"größe\",\tt.nmae\nFROM t\nORDER BY 1",
        """\
sql(name='q'): table 't' has no column 'nmae'; did you mean 'name'?
    2 │   'ü€' AS "größe", t.nmae
      │                    ^^^^^^""",
    ),
    (
        "SELECT '日本' AS x, idd FROM t",
        """\
sql(name='q'): Referenced column "idd" not found in FROM clause! Candidate bindings: "id"
    1 │ SELECT '日本' AS x, idd FROM t
      │                     ^^^""",
    ),
    (
        "SELECT 'ü' AS x,\n t.* EXCLUDE (Idd) FROM t",
        """\
sql(name='q'): Column "Idd" in EXCLUDE list not found in t Candidate bindings: "id"
    2 │  t.* EXCLUDE (Idd) FROM t
      │               ^^^""",
    ),
    (
        "SELECT id FROM t\nGROUP BY 99",
        "sql(name='q'): GROUP BY term out of range - should be between 1 and 1",
    ),
    (
        "SELECT id FROM t\nLIMIT 'x'::INT",
        """\
sql(name='q'): Could not convert string 'x' to INT32
    2 │ LIMIT 'x'::INT
      │          ^^^^^""",
    ),
    (
        "SELECT id\nFORM t",
        """\
sql(name='q'): syntax error at or near "t"
    2 │ FORM t
      │      ^""",
    ),
    (
        "SELECT id FROM tt",
        """\
sql(name='q'): 'tt' is no input of the query; its tables are t; did you mean 't'?
    1 │ SELECT id FROM tt
      │                ^^""",
    ),
    (
        "SELECT sum(name) FROM t",
        """\
sql(name='q'): No function matches the given name and argument types 'sum(VARCHAR)'. You might \
need to add explicit type casts.
    1 │ SELECT sum(name) FROM t
      │        ^^^^^^^^^""",
    ),
    (
        "SELECT id FROM t WHERE day = $dya",
        """\
sql(name='q'): $dya is no run parameter; did you mean 'day'?; declare it: params={'dya': date}, \
or whichever type it has
    1 │ SELECT id FROM t WHERE day = $dya
      │                              ^^^^""",
    ),
]


@pytest.mark.parametrize(("query", "message"), MARKED, ids=[query[:20] for query, _ in MARKED])
def test_the_place_is_marked(query: str, message: str) -> None:
    params = {"day": date} if "$" in query else None
    with pytest.raises(ValueError, match="q") as raised:
        sql(query, name="q", t=T, params=params)
    assert str(raised.value) == message


def test_a_long_line_is_cut_around_the_place() -> None:
    said = refused(f"SELECT {', '.join(f'id AS a{n}' for n in range(99))}, idd FROM t").split("\n")
    assert max(map(len, said[1:])) < 120
    at = said[2].index("^")
    assert said[1][at : at + 3] == "idd"


@pytest.mark.parametrize("command", ["check", "run"])
def test_the_command_line_shows_the_marked_query(tmp_path: Path, command: str) -> None:
    (tmp_path / "shop.py").write_text(
        "import pyarrow as pa\n"
        "from fwf.connectors.sql import sql\n"
        "workflow = sql(\n"
        "    '''\n"
        "    SELECT id,\n"
        "           amoun * 2 AS twice\n"
        "    FROM orders\n"
        "    ''',\n"
        "    name='twice',\n"
        "    orders=pa.schema({'id': pa.int64(), 'amount': pa.int64()}),\n"
        ")\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "fwf", command, "shop.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.getcwd()},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "fwf: shop.py can't be imported: shop.py:3 raises ValueError: sql(name='twice'): "
        'Referenced column "amoun" not found in FROM clause! Candidate bindings: "amount"; '
        "--debug shows the traceback\n"
        "    3 │            amoun * 2 AS twice\n"
        "      │            ^^^^^\n"
    )
