"""How are the rows of a result read? As the Data API writes them: a field each, with its type."""

from typing import Any

from fwf.connectors.redshift.values import Rows


def page_of(answer: dict[str, Any]) -> Rows:
    """The answer to `get_statement_result` ⟶ the rows of its page.

    Numbers, texts and booleans come as such; decimals, dates and times as texts, as Redshift writes
    them.

    >>> page_of({"ColumnMetadata": [{"name": "n"}], "Records": [[{"longValue": 7}]]})
    Rows(columns=('n',), items=[(7,)], next=None)
    """
    columns = tuple(str(each.get("name", "")) for each in answer.get("ColumnMetadata", []))
    items = [tuple(map(_value, record)) for record in answer["Records"]]
    return Rows(columns, items, answer.get("NextToken") or None)


def _value(field: dict[str, Any]) -> Any:
    if field.get("isNull"):
        return None
    return next(iter(field.values()))
