"""`--param` and `--pool` ⟶ the values and sizes that a run is given. All problems at once."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import nullcontext
from datetime import timedelta
from shlex import quote
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from fwf.analysis.requirements import (
    Requirement,
    Requirements,
    first_use,
    no_such_pool,
    problems,
    requirements,
)
from fwf.cli.refused_commands import Misuse
from fwf.cli.resources_beside import unset_variables
from fwf.cli.targets import Target, pools_beside
from fwf.faults import near
from fwf.forms.by_type.given_texts import Unreadable, example, read
from fwf.printing import one_line
from fwf.types.fitting import fits
from fwf.types.hints import compatible, full_name_of, name_of

if TYPE_CHECKING:
    from fwf.interpreters.run import Pool

_WITHOUT_TYPE = str


def values_and_sizes(
    target: Target,
    params: Sequence[str],
    pools: Sequence[str],
    *,
    dry: bool = False,
    journal: bool = True,
    elsewhere: bool = False,
    others: Mapping[str, Any] = MappingProxyType({}),
) -> tuple[Any, Any]:
    """What was given on the command line ⟶ parameters, pools; raises `Misuse` with all problems.

    Resources are looked at too, so that nothing starts in vain; of a dry run they aren't asked.

    journal: whether the run will be in one, and has from there what journals have.
    elsewhere: whether tasks are called where the environment is another one.
    others: parameters that are known besides.
    """
    required = requirements(target.workflow)
    wrong = list(_input(target))
    texts = _split("--param", params, wrong)
    values = _values(required, texts, wrong)
    resources = _unasked(required, texts) if dry else _resources(required, target, journal)
    wrong += _missing(required, {*texts, *others}, resources)
    to_check = {**others, **_values_to_check(required, texts, values)}
    issues = [*problems(required, to_check, resources)]
    issues += () if dry or elsewhere else unset_variables(required, target.resources, to_check)
    wrong += [
        str(issue).removesuffix(f" [{issue.rule}]")
        for issue in issues
        if issue.rule != "missing-parameter"
    ]
    beside = _beside(target, required, wrong)
    sizes = _sizes(required, _split("--pool", pools, wrong), wrong)
    if wrong:
        raise Misuse(*wrong)
    return values, {**beside, **sizes}


def _unasked(required: Requirements, texts: Mapping[str, object]) -> set[str]:
    """Names that a dry run takes for granted: all but those of parameters."""
    return {each.name for each in required.named()} - {*texts, *_names(required.parameters)}


def _resources(required: Requirements, target: Target, journal: bool) -> dict[str, Any]:
    """Those that there are, and what stands for those that a journal has."""
    names = [each.name for each in required.resources if each.from_journal] if journal else ()
    return {**dict.fromkeys(names, nullcontext), **target.resources}


def _split(option: str, pairs: Sequence[str], wrong: list[str]) -> dict[str, list[str]]:
    """`name=text` pairs ⟶ the texts of each name."""
    texts: dict[str, list[str]] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals or not name.strip():
            shown = one_line(pair, 40)
            wrong.append(f"{option} {shown!r}: write {option} name=value")
        else:
            texts.setdefault(name.strip(), []).append(text)
    return texts


def _values(
    required: Requirements, texts: Mapping[str, Sequence[str]], wrong: list[str]
) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for each in (*required.parameters, *required.unknown):
        if each.name in texts:
            try:
                values[each.name] = _value(each, texts[each.name])
            except Unreadable as error:
                wrong.append(_unreadable(each, texts[each.name], error.told(each.name)))
    return values


def _value(each: Requirement, texts: Sequence[str]) -> Any:
    """The value of a parameter: of the first of its types that gives one which fits all."""
    kinds = each.types or (_WITHOUT_TYPE,)
    refused = Unreadable()
    for kind in kinds:
        try:
            value = read(texts, kind)
        except Unreadable as error:
            refused = error
            continue
        if all(fits(value, other) for other in kinds):
            return value
    raise refused


def _unreadable(each: Requirement, texts: Sequence[str], more: str) -> str:
    values = ", ".join(repr(one_line(text, 40)) for text in texts[:3])
    message = f"--param {each.name}={values}: needs {_types(each)}"
    such_as = quote(f"{each.name}={_example(each)}")
    return f"{message}, such as {such_as}{more and f'; {more}'}"


def _values_to_check(
    required: Requirements, texts: Mapping[str, Any], values: Mapping[str, Any]
) -> dict[str, Any]:
    """What `problems` is to look at: values that could be read, and names that nobody takes."""
    names = _names((*required.parameters, *required.unknown))
    return {**{name: None for name in texts if name not in names}, **values}


def _names(some: Sequence[Requirement]) -> set[str]:
    return {each.name for each in some}


def _missing(
    required: Requirements, texts: Collection[str], resources: Collection[str]
) -> Iterator[str]:
    for each in (*required.parameters, *required.unknown):
        either = each.kind == "unknown"
        is_there = each.name in texts or (either and each.name in resources)
        if not each.optional and not is_there:
            where = first_use(required.workflow, each)
            what = "resource or parameter" if either else "parameter"
            message = f"{where and f'{where}: '}{what} {each.name!r} ({_types(each)}) is missing"
            yield f"{message}; add --param {quote(f'{each.name}={_example(each)}')}"


def _types(each: Requirement) -> str:
    return " and ".join(map(full_name_of, each.types)) or "any text"


def _example(each: Requirement) -> str:
    return example(each.types[0] if each.types else _WITHOUT_TYPE)


def _input(target: Target) -> Iterator[str]:
    """A workflow that needs a value to work on can't be started from here."""
    kind = target.workflow.edge.accepts
    if not compatible(type(None), kind):
        yield (
            f"{target.text} takes {name_of(kind)} as its input, and a command line gives none: "
            "begin it with const(…) or with a task that reads it"
        )


def _beside(target: Target, required: Requirements, wrong: list[str]) -> dict[str, Any]:
    """Of the pools that the module has sizes for, those of this workflow; others are for others."""
    sizes = {name: size for name, size in target.pools.items() if name in required.pools}
    others = target.pools.keys() - sizes.keys()
    names = pools_beside(target) if others else ()
    for name in sorted(others - {*names}, key=str):
        close = near(str(name), sorted({*names, *required.pools}))
        remedy = close or "; take it out, or name it by in_pool"
        wrong.append(f"{target.module}:pools has {name!r}, a pool of no workflow there{remedy}")
    return sizes


def _sizes(
    required: Requirements, texts: Mapping[str, Sequence[str]], wrong: list[str]
) -> "dict[str, Pool]":
    sizes: dict[str, Pool] = {}
    for name, size_texts in texts.items():
        if name not in required.pools:
            wrong.append(f"--pool {name}: {no_such_pool(required, name)}")
            continue
        try:
            sizes[name] = _size(size_texts[-1])
        except (ValueError, Unreadable):
            wrong.append(
                f"--pool {name}={one_line(size_texts[-1], 40)}: a pool's size is so many tasks at "
                f"once, so many starts in a time, or both: {name}=4, {name}=100/1m, {name}=4,100/1m"
            )
    return sizes


_SIZE: Final = re.compile(r"(?:(\d+)(?:,(?=.)|$))?(?:(\d+)/(.+))?", re.ASCII)


def _size(text: str) -> "Pool":
    """`4`, `100/1m` or `4,100/1m` ⟶ the pool; raises where it is none of these."""
    from fwf.interpreters.run import Pool  # which a dry run needs for nothing else

    match = _SIZE.fullmatch(text)
    if not text or match is None:
        raise Unreadable
    at_once, starts, per = match.groups()
    return Pool(
        None if at_once is None else int(at_once),
        starts=None if starts is None else int(starts),
        per=None if per is None else read([per], timedelta),
    )
