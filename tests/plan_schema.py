"""What may stand in a plan? `python -m tests.plan_schema` writes its JSON Schema anew.

It is made of the forms by which plans are written and read.
"""

import json
from pathlib import Path
from typing import Any

import fwf.interpreters.plan
from fwf.forms.json_schema import array, members, ref
from fwf.interpreters.plan import expression_form, plain_forms
from fwf.interpreters.plan.extension_form import FIELD
from fwf.interpreters.plan.node_form import NODES, STEP
from fwf.interpreters.plan.part_form import PART
from fwf.interpreters.plan.schedule_form import SCHEDULE
from fwf.interpreters.plan.task_form import TASK
from fwf.interpreters.plan.write import VERSION

PLACE = Path(fwf.interpreters.plan.__file__).with_name("schema.json")
COMMAND = "python -m tests.plan_schema"
FORMS = (
    PART,
    plain_forms.POSITIVE,
    plain_forms.WHOLE,
    plain_forms.TEXT,
    plain_forms.FLOAT,
    plain_forms.DURATION,
    plain_forms.place("something"),
    plain_forms.TAGS,
    STEP,
    FIELD,
    plain_forms.BINDINGS,
    expression_form.PARAMETERS,
    expression_form.ARGUMENT,
    expression_form.EXPRESSION,
    SCHEDULE,
    plain_forms.VALUE,
)
"""What the schema defines by a name, because other forms use it."""


def schema() -> dict[str, Any]:
    """The whole schema."""
    nodes = {f"node_{word}": kind.schema for word, kind in NODES.items()}
    node = {
        "description": "A node of the workflow, after its parts, which it names by their numbers.",
        "type": "object",
        "required": ["node"],
        "oneOf": [*map(ref, nodes)],
    }
    plan = {
        "plan": {"description": "The version of this form.", "const": VERSION},
        "tasks": array(ref("task")),
        "nodes": array(ref("node"), minItems=1),
    }
    description = "Tasks, and nodes of which each stands after its parts; the last is the workflow."
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:fwf:plan:{VERSION}",
        "title": "A workflow of fwf, written down",
        **members(description, plan),
        "$defs": {
            "node": node,
            **nodes,
            "task": TASK.schema,
            **{form.name: form.schema for form in FORMS},
        },
    }


def text() -> str:
    """The schema as it is published."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    PLACE.write_text(text(), encoding="utf-8")
