"""What expressions ask of a result, and texts made of values: `failed`, `value_of`, `text` …"""

from collections.abc import Sequence
from typing import cast

from fwf.algebra import text_templates
from fwf.algebra.builder import It, as_expr, expr_of, it
from fwf.algebra.error_filters import Error, tags
from fwf.algebra.expr import Const, Op


def failed(of: object = it, /, *, on: Error | Sequence[Error] = ()) -> It:
    """Result ⟶ whether it is a failure: `branch(failed(it[1]), then=…, otherwise=…)`.

    on: error classes or tags, as in `fallback`: whether it is a failure that these catch.

    >>> failed(it[1], on="Timeout") & it[0].last
    (failed(it[1], on='Timeout') & it[0].last)
    """
    names = tags(on, "failed")
    return It(Op("failed", (as_expr(of), Const(names)) if names else (as_expr(of),)))


def value_of(of: object = it, /) -> It:
    """Result ⟶ the value of a `Success`; a defect where it is a failure.

    >>> value_of(it[1]).rows > 0
    value_of(it[1]).rows > 0
    """
    return It(Op("value_of", (as_expr(of),)))


def fault_of(of: object = it, /) -> It:
    """Result ⟶ the fault of a `Failure`; a defect where it is a success.

    Every fault has `tags`, a `message` and the `path` of the place.

    >>> text("{} failed: {}", it[0], fault_of(it[1]).message)
    text('{} failed: {}', it[0], fault_of(it[1]).message)
    """
    return It(Op("fault_of", (as_expr(of),)))


def text(template: str, /, *values: object) -> It:
    """Template, expressions ⟶ the text with a value in each place `{}`, made when it runs.

    Values are shown plainly: texts and numbers as they are, dates as ISO 8601 has them, a list's
    items behind commas, a fault as it is told. Whatever is long is cut, and secrets are masked. A
    value of another class is a defect. `{{` and `}}` are braces.

    >>> text("no rows for {}", it.day)
    text('no rows for {}', it.day)
    """
    words = cast(object, template)
    if not isinstance(words, str):
        raise TypeError(
            f"text({words!r}, …): needs the text first, such as text('{{}} rows', it.n)"
        )
    try:
        text_templates.check_template(template, len(values))
    except ValueError as error:
        raise ValueError(f"text({template!r}, …): {error}") from None
    return It(Op("text", (Const(template), *map(as_expr, values))))


def message(text: object) -> object:
    """What `fail` is told ⟶ its message as a node has it: a plain text where it is one."""
    if not isinstance(text, It):
        return text
    expr = expr_of(text)
    plain = isinstance(expr, Const) and isinstance(expr.value, str)
    return cast(Const, expr).value if plain else expr
