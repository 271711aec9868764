"""The text of a load: one transaction in Redshift's grammar, whatever names and values it has."""

from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import sqlglot
from hypothesis import given, strategies as st
from sqlglot import expressions as exp

from examples.services import redshift_sql
from fwf.connectors.redshift.checks import LOCK, check_batch, check_query
from fwf.connectors.redshift.columns import Column, columns_of
from fwf.connectors.redshift.statements import PREPARE, READ_LEDGER, Target, literal, steps_of
from fwf.connectors.redshift.values import Staged
from tests.connectors.redshift.shop import SALES

SCHEMA = SALES.append(pa.field("at", pa.timestamp("us", "UTC")))
STAGED = Staged("s3://b/loads/manifest", columns_of(SCHEMA, {"name": 30}, "test"), 3, "ab" * 32)
BY_KEY = Target(("dw", "sales"), ("id", "day"))
BY_DAY = Target(("sales",), partition=(("day", date(2026, 7, 15)),))
ADDED = Target(("sales",))
WAYS = pytest.mark.parametrize("target", [BY_KEY, BY_DAY, ADDED], ids=["key", "day", "added"])


def texts(target: Target, source: Staged = STAGED, key: str = "k") -> list[str]:
    return [each.sql for each in steps_of(target, source, key=key, iam_role="default")]


def parsed(text: str) -> Any:
    (found,) = sqlglot.parse(text, read="redshift")
    return found


@WAYS
@pytest.mark.parametrize("source", [STAGED, STAGED._replace(manifest=None, rows=0)])
def test_a_batch_is_one_transaction_that_begins_with_the_lock(
    target: Target, source: Staged
) -> None:
    batch = texts(target, source)
    check_batch(batch)
    assert LOCK.fullmatch(batch[0]) and len(batch) <= 40
    for text in batch:
        redshift_sql.check(text)
        assert not {"TRUNCATE", "APPEND", "VACUUM", "COMMIT", "LIKE", "*"} & set(text.split())


@WAYS
def test_every_statement_is_known_to_the_grammar_of_redshift(target: Target) -> None:
    for text in [*texts(target)[1:], PREPARE]:
        assert not isinstance(parsed(text), exp.Command), text


@WAYS
def test_the_same_load_has_the_same_text(target: Target) -> None:
    assert texts(target) == texts(target)
    others = [texts(target, key="l"), texts(target, STAGED._replace(digest="cd" * 32))]
    assert all(texts(target) != each for each in others)


def test_columns_are_written_out_wherever_they_go_by_position() -> None:
    names = '("id", "day", "name", "at")'
    for target, count in ((BY_KEY, 2), (BY_DAY, 2), (ADDED, 2)):
        assert " ".join(texts(target)).count(names) == count


def test_a_moment_goes_to_the_target_as_what_it_is() -> None:
    (merge,) = [each for each in texts(BY_KEY) if each.startswith("MERGE")]
    assert merge.count("AT TIME ZONE 'UTC'") == 2  # changed, and inserted


def test_the_texts_of_a_load() -> None:
    """As they are sent: a change of them is looked at in review."""
    found = [
        f"-- {title}\n" + "\n".join(f"{step.does}:\n    {step.sql}" for step in steps)
        for title, steps in {
            "by key": steps_of(BY_KEY, STAGED, key="k", iam_role="default"),
            "by partition": steps_of(BY_DAY, STAGED, key="k", iam_role="arn:aws:iam::1:role/r"),
        }.items()
    ]
    golden = Path(__file__).with_name("load.sql.txt")
    if not golden.exists():
        golden.write_text("\n\n".join(found) + "\n")
        pytest.fail(f"{golden} is written anew: look at it")
    assert golden.read_text() == "\n\n".join(found) + "\n"


def test_what_is_told_is_the_result_of_a_step() -> None:
    steps = steps_of(BY_KEY, STAGED, key="k", iam_role="default")
    (told,) = [each for each in steps if each.does == READ_LEDGER]
    assert told.sql.startswith("SELECT")


NAMES = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=20
)


@given(NAMES, NAMES, st.lists(NAMES, min_size=1, max_size=3, unique=True))
def test_names_come_out_of_the_text_as_they_went_in(
    schema: str, table: str, names: list[str]
) -> None:
    source = STAGED._replace(columns=tuple(Column(each, "BIGINT") for each in names))
    target = Target((schema, table), (names[0],))
    for text in texts(target, source)[1:]:
        redshift_sql.check(text)
    (merge,) = [each for each in texts(target, source) if each.startswith("MERGE")]
    found = parsed(merge)
    assert (found.this.db, found.this.name) == (schema, table)
    inserted = found.args["whens"].expressions[1].args["then"].this.expressions
    assert [each.name for each in inserted] == names


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_a_text_is_itself_in_both_dialects(text: str) -> None:
    written = literal(text)
    redshift_sql.check(f"SELECT {written}")
    for dialect in ("redshift", "postgres"):
        assert meant(sqlglot.parse_one(f"SELECT {written}", read=dialect).expressions[0]) == text


def meant(expression: Any) -> str:
    """The text that an expression of literals stands for."""
    match expression:
        case exp.Paren():
            return meant(expression.this)
        case exp.DPipe():
            return meant(expression.this) + meant(expression.expression)
        case exp.Chr():
            return chr(int(expression.expressions[0].this))
        case _:
            assert isinstance(expression, exp.Literal) and expression.is_string
            return str(expression.this)


REFUSED = [
    ("TRUNCATE sales", "statement 2 of the batch is TRUNCATE, which a load may not hold"),
    ("TRUNCATE TABLE sales", "is TRUNCATE"),
    ("ALTER TABLE sales APPEND FROM staging", "is ALTER TABLE APPEND, which a load may not hold"),
    ("ALTER TABLE sales ADD COLUMN n INT", "is ALTER, which a load may not hold"),
    ("VACUUM sales", "is VACUUM"),
    ("vacuum", "is VACUUM"),
    ("COMMIT", "is COMMIT"),
    ("END", "is END"),
    ("ROLLBACK", "is ROLLBACK"),
    ("BEGIN", "is BEGIN"),
    ("CALL p()", "is CALL"),
    ("UNLOAD ('SELECT 1') TO 's3://b/x' IAM_ROLE default", "is UNLOAD"),
    ("SET search_path TO x", "is SET"),
    ("GRANT SELECT ON sales TO x", "is GRANT"),
    ("LOCK TABLE sales, others", "is LOCK"),
    ("SELECT 1; SELECT 2", "holds 2 statements; needs one"),
    ("SELEC 1", "is SELEC, which"),
    ("/* TRUNCATE */ -- x\n (TRUNCATE sales)", "is TRUNCATE"),
    ("CREATE TABLE t AS SELECT 1; TRUNCATE t", "holds 2 statements"),
    ("SELECT (", "is no SQL of Redshift"),
    ("", "is empty"),
    ("SELECT '" + "x" * 100_000 + "'", "is 100009 bytes long; the Data API takes 100000"),
]


@pytest.mark.parametrize(("text", "said"), REFUSED, ids=[text[:30] for text, _ in REFUSED])
def test_what_ends_a_transaction_or_is_unknown_is_refused(
    text: str, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(ValueError, match=said):
        check_batch(["DELETE FROM sales", text])
    assert not caplog.records


def test_any_number_of_comments_is_read_at_once() -> None:
    with pytest.raises(ValueError, match="is empty"):
        check_query("/**/" * 10_000, "query")


@pytest.mark.parametrize("count", [0, 41])
def test_a_batch_has_one_to_forty_statements(count: int) -> None:
    with pytest.raises(ValueError, match="a batch of the Data API has 1 to 40"):
        check_batch(["SELECT 1"] * count)
    check_batch(["SELECT 1"] * 40)


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM sales",
        "SELECT 1 INTO t",
        "INSERT INTO sales SELECT 1",
        "WITH a AS (SELECT 1) DELETE FROM sales",
        "CREATE TABLE t AS SELECT 1",
        "TRUNCATE sales",
        "SELECT 1; DELETE FROM sales",
        "VACUUM",
        "",
    ],
)
def test_a_query_reads_and_nothing_else(sql: str) -> None:
    with pytest.raises(ValueError, match=r"^query"):
        check_query(sql, "query")


@pytest.mark.parametrize(
    "sql",
    ["SELECT 1", "WITH a AS (SELECT 1) SELECT * FROM a", "SELECT 1 UNION ALL SELECT 2",
     "SELECT * FROM sales WHERE day = :day"],
)  # fmt: skip
def test_a_query_may_be_any_select(sql: str) -> None:
    check_query(sql, "query")
