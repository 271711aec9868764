"""The parameters of a run, as its row keeps them: those given, and defaults at its first start."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from fwf.algebra.workflow import AnyWorkflow
from fwf.analysis.common_defaults import common_defaults
from fwf.analysis.requirements import Requirements
from fwf.forms.mentioned import names_in
from fwf.journal.errors import Refused
from fwf.journal.run_records import RunRow
from fwf.journal.values import Unwritable, Values
from fwf.secrets import masked


def with_defaults(needs: Requirements, params: Mapping[str, object]) -> dict[str, Any]:
    """Parameters as given, and the defaults of the others, where all tasks have the same."""
    optional = {each.name for each in needs.parameters if each.optional} - {*params}
    return {**common_defaults(needs.workflow, optional), **params}


def forms_of(params: Mapping[str, object], values: Values) -> dict[str, Any]:
    """Parameters ⟶ what a row says of them, plain JSON; raises `Refused`."""
    forms: dict[str, Any] = {}
    for name, value in params.items():
        try:
            forms[name] = json.loads(values.settle(value)[0])
        except Unwritable as error:
            raise Refused(f"parameter {name!r}: {error}") from None
    return forms


def first_parameters(row: RunRow, params: Mapping[str, object], values: Values) -> dict[str, Any]:
    """The parameters that a run was started with; raises `Refused` if others are given."""
    forms, originals = row.facts.get("params", {}), _read(row, values)
    for name, value in params.items():
        text = values.settle(value)[0]
        if name in forms and json.loads(text) != forms[name]:
            raise Refused(
                f"parameter {name!r}: {masked(str(value))} is given, but run {row.id} was started "
                f"with {masked(str(originals[name]))}, and goes on with that; leave it out"
            )
    return {**params, **originals}


def params_of(row: RunRow, w: AnyWorkflow) -> dict[str, Any]:
    """The parameters that a run was started with; raises `JournalError` if they can't be read."""
    return _read(row, Values(names_in(w), _no_table, _no_table))


def _read(row: RunRow, values: Values) -> dict[str, Any]:
    forms = row.facts.get("params", {})
    return {name: values.read(json.dumps(form)) for name, form in forms.items()}


def _no_table(name: str, content: object = None) -> Any:
    raise Refused(f"{name}: a table is no parameter")
