"""Tasks as the text of a manifest: YAML, in which each text is written as in JSON.

What is the user's own stands in it only as base64, or as what is left of a path in a name or, in
printable ASCII, in a comment. So nothing in it is taken for a variable, a condition or a shell's.
"""

from __future__ import annotations

import json
from typing import Any, Final, TypeAlias, TypeGuard

from fwf.durations import whole_seconds
from fwf.interpreters.engines.argo.dags import (
    AT,
    LATE,
    WAIT,
    WHOLE,
    Dag,
    Dags,
    DagTask,
    Inner,
    Pod,
    Policy,
)
from fwf.interpreters.engines.argo.orders import MOST, encoded
from fwf.printing import printable

AGAIN: Final = 75
"""The exit status by which a pod asks to be begun again: `EX_TEMPFAIL` of sysexits.h."""
FOLDER: Final = "/tmp/fwf"
"""Where a pod leaves what the controller reads."""
KILLED: Final = 137
ENDED: Final = 143
"""The exit statuses of SIGKILL and SIGTERM."""
ROOT: Final = "r"
"""The items and rounds of the whole."""
VERSION: Final = ">= 3.5.0"
"""The oldest Argo whose source was read; nothing was tried on a controller."""
_EXPRESSION: Final = (
    f"asInt(lastRetry.exitCode) in [{AGAIN}, {KILLED}, {ENDED}, -1] || lastRetry.status == 'Error'"
)
"""When a pod is begun again: if it asks for it, or was killed, evicted or lost."""
_MOST_PATH: Final = 200
Tree: TypeAlias = dict[str, Any]


def manifest(dags: Dags, *, name: str, target: str, image: str, made_from: str) -> str:
    """Tasks, and what they are called ⟶ the text of the manifest.

    Raises `ValueError` for an order that is too long for an argument.
    """
    spec: dict[str, Any] = {"entrypoint": WHOLE}
    if dags.late:
        spec["onExit"] = LATE
    if dags.within is not None:
        spec["activeDeadlineSeconds"] = _seconds(dags)
    spec["arguments"] = _parameters(
        {"name": "run", "value": encoded({})},
        {"name": "again", "value": "0"},
        {"name": "store", "value": ""},
        {"name": "image", "value": image},
    )
    about = {"workflows.argoproj.io/version": VERSION, "fwf/definition": made_from}
    whole = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Workflow",
        "metadata": {"generateName": f"{name}-", "annotations": about},
        "spec": spec,
    }
    lines: list[str] = []
    _write(whole, "", lines)
    lines.append("  templates:")
    for dag in dags.dags:
        _write_entry(_dag(dag), "  ", lines)
        lines += ["      tasks:", *map(_task, dag.tasks)]
    pods = [_pod(policy, target) for policy in dags.policies()]
    for each in [*pods, *([_WAIT] if dags.waits() else [])]:
        _write_entry(each, "  ", lines)
    return "\n".join([*lines, ""])


def _seconds(dags: Dags) -> int:
    assert dags.within is not None
    return max(1, whole_seconds(dags.within))


def _parameters(*each: Tree) -> Tree:
    return {"parameters": list(each)}


_INPUT_AT: Final = {"name": "at", "value": ROOT}


def _dag(dag: Dag) -> Tree:
    inputs = [_INPUT_AT, *({"name": name} for name in dag.inputs)]
    limit = {} if dag.at_once is None else {"parallelism": dag.at_once}
    return {
        "name": dag.name,
        "inputs": {"parameters": inputs},
        **limit,
        "dag": {"failFast": False},
    }


def _task(task: DagTask) -> str:
    """The lines of a task. Its names and what it is given need no escapes."""
    does = task.does
    inputs = {"at": task.at}
    if isinstance(does, Pod):
        template = does.policy.name
        inputs["order"] = _order(task, does)
    elif isinstance(does, Inner):
        template = does.template
        more = {"items": does.items, "outer": does.outer}
        inputs |= {name: value for name, value in more.items() if value}
    else:
        template, inputs = WAIT, {"seconds": str(does.seconds)}
    conditions = (("depends", task.depends), ("when", task.when), ("withParam", task.each))
    lines = [
        f"# {_said(task.path)}",
        f'- name: "{task.name}"',
        f'  template: "{template}"',
        *[f'  {name}: "{text}"' for name, text in conditions if text],
        "  arguments:",
        "    parameters:",
    ]
    for name, value in inputs.items():
        lines += [f'    - name: "{name}"', f'      value: "{value}"']
    return "\n".join([f"      {line}" for line in lines])


def _order(task: DagTask, pod: Pod) -> str:
    order = pod.order.text()
    if len(order) > MOST:
        raise ValueError(
            f"{printable(task.path)}: what its pod is told takes {len(order):,} characters, "
            f"and {MOST:,} are the most: shorten names, or make several parts of it"
        )
    return order


def _pod(policy: Policy, target: str) -> Tree:
    outputs = {"outputs": _parameters(*map(_output, ("word", "items", "round")))}
    net = {} if policy.net is None else {"activeDeadlineSeconds": policy.net}
    return {
        "name": policy.name,
        "inputs": _parameters({"name": "at"}, {"name": "order"}),
        **(outputs if policy.tells else {}),
        **net,
        "retryStrategy": {
            "limit": policy.limit, "retryPolicy": "Always", "expression": _EXPRESSION,
        },
        "container": _container(target),
    }  # fmt: skip


_DEFAULTS: Final = {"word": "none", "items": "[]", "round": "0"}


def _output(name: str) -> Tree:
    default = _DEFAULTS[name]
    return {"name": name, "valueFrom": {"path": f"{FOLDER}/{name}", "default": default}}


def _container(target: str) -> Tree:
    return {
        "image": "{{workflow.parameters.image}}",
        "command": ["python", "-m", "fwf", "worker", "argo"],
        "args": [
            f"--target={target}",
            "--order={{inputs.parameters.order}}",
            f"--at={AT}",
            "--run={{workflow.uid}}",
            "--try={{retries}}",
            "--again={{workflow.parameters.again}}",
            "--input={{workflow.parameters.run}}",
            f"--out={FOLDER}",
        ],
        "env": [{"name": "FWF_STORE", "value": "{{workflow.parameters.store}}"}],
    }


_WAIT: Final = {
    "name": WAIT,
    "inputs": {"parameters": [{"name": "seconds"}]},
    "suspend": {"duration": "{{inputs.parameters.seconds}}"},
}


def _said(path: str) -> str:
    """A path for people: on one line, in ASCII."""
    text = printable(path).encode("ascii", "backslashreplace").decode()
    return text if len(text) <= _MOST_PATH else f"{text[:_MOST_PATH]}..."


# YAML


def _write(tree: Tree, indent: str, lines: list[str], first: str | None = None) -> None:
    """A mapping ⟶ its lines, of which the first may begin otherwise. As deep as a manifest is."""
    for key, value in tree.items():
        head = f"{indent if first is None else first}{key}:"
        first = None
        if _is_tree(value):
            lines.append(head)
            _write(value, f"{indent}  ", lines)
        elif _is_list(value):
            lines.append(head)
            for each in value:
                _write_entry(each, indent, lines)
        else:
            lines.append(f"{head} {json.dumps(value)}")


def _write_entry(each: Any, indent: str, lines: list[str]) -> None:
    if not _is_tree(each):
        lines.append(f"{indent}- {json.dumps(each)}")
        return
    _write(each, f"{indent}  ", lines, f"{indent}- ")


def _is_tree(value: object) -> TypeGuard[Tree]:
    return isinstance(value, dict)


def _is_list(value: object) -> TypeGuard[list[Any]]:
    return isinstance(value, list)
