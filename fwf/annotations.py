"""What is annotated, and how, on every Python from 3.11 on?

Until 3.13 annotations are evaluated where they stand. From 3.14 on they are when they are asked for
(PEP 649): later names are there by then, but one name that only type checkers know, or that a
method of the class has taken, makes all of them fail.
"""

import sys
from typing import Any, ForwardRef


def annotations(of: Any) -> dict[str, Any]:
    """Class or function ⟶ its own annotations, in which names that can't be had are unresolved."""
    try:
        return getattr(of, "__annotations__", {})
    except Exception:  # whatever evaluating somebody's annotation raises
        if sys.version_info >= (3, 14):
            import annotationlib  # a millisecond or two that most programs needn't spend

            return annotationlib.get_annotations(of, format=annotationlib.Format.FORWARDREF)
        raise


def returned_by(function: Any) -> Any:
    """Function ⟶ the type that it says it returns; `Any` where that isn't known."""
    kind = annotations(function).get("return", Any)
    return Any if isinstance(kind, str | ForwardRef) else kind
