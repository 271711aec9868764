"""How parts of nodes are written: other nodes and tasks by their numbers, all else as it is."""

from fwf.forms.json_schema import described
from fwf.interpreters.plan import expression_form, plain_forms
from fwf.interpreters.plan.form import Form

PART = Form(
    lambda number, at, reading, _: reading.node(number, at),
    lambda part, writing: writing.node(part),
    described(
        "The number of a node, or of a task, in its list; the first is 0.",
        {"type": "integer", "minimum": 0},
    ),
    "number",
)
TASK = Form(
    lambda number, at, reading, _: reading.task(number, at),
    lambda task, writing: writing.task(task),
    PART.schema,
    PART.name,
)


def in_node(form: Form) -> Form:
    """The form of what only needs to know what names stand for."""
    read = form.read
    return form.with_read(lambda json, at, reading, depth: read(json, at, reading.names, depth))


EXPRESSION = in_node(expression_form.EXPRESSION)
PARAMETERS = in_node(expression_form.PARAMETERS)
BINDINGS = in_node(plain_forms.BINDINGS)
VALUE = in_node(plain_forms.VALUE)
