"""`--param` and `--pool` ⟶ the values and sizes that a run is given. All problems at once."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fwf.algebra.fitting import fits
from fwf.algebra.requirements import Requirement, Requirements, first_use, problems, requirements
from fwf.algebra.types import compatible, name_of
from fwf.cli.misuse import Misuse, either, one_line
from fwf.cli.targets import Target
from fwf.cli.texts import Unreadable, example, read
from fwf.faults import near

_WITHOUT_TYPE = str


def given(
    target: Target, params: Sequence[str], pools: Sequence[str], *, dry: bool = False
) -> tuple[Any, Any]:
    """What was given on the command line ⟶ parameters, pools; raises `Misuse` with all problems.

    Resources are looked at too, so that nothing starts in vain; of a dry run they aren't asked.
    """
    required = requirements(target.workflow)
    wrong = list(_input(target))
    texts = _split("--param", params, wrong)
    values = _values(required, texts, wrong)
    resources = _unasked(required, texts) if dry else target.resources
    wrong += _missing(required, {*texts, *resources})
    wrong += [
        str(issue).removesuffix(f" [{issue.rule}]")
        for issue in problems(required, _known(required, texts, values), resources)
        if issue.rule != "missing-parameter"
    ]
    sizes = _sizes(required, _split("--pool", pools, wrong), wrong)
    if wrong:
        raise Misuse(*wrong)
    return values, {**target.pools, **sizes}


def _unasked(required: Requirements, texts: Mapping[str, object]) -> set[str]:
    """Names that a dry run takes for granted: all but those of parameters."""
    return {each.name for each in required.named()} - {*texts, *_names(required.parameters)}


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
                wrong.append(_unreadable(each, texts[each.name], str(error)))
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
    shown = ", ".join(repr(one_line(text, 40)) for text in texts[:3])
    said = f"--param {each.name}={shown}: needs {_types(each)}"
    return f"{said}, such as {each.name}={_example(each)}{more and f'; {more}'}"


def _known(
    required: Requirements, texts: Mapping[str, Any], values: Mapping[str, Any]
) -> dict[str, Any]:
    """What `problems` is to look at: values that could be read, and names that nobody takes."""
    names = _names((*required.parameters, *required.unknown))
    return {**{name: None for name in texts if name not in names}, **values}


def _names(some: Sequence[Requirement]) -> set[str]:
    return {each.name for each in some}


def _missing(required: Requirements, given: set[str]) -> Iterator[str]:
    for each in (*required.parameters, *required.unknown):
        if not each.optional and each.name not in given:
            where = first_use(required.workflow, each)
            said = f"{where and f'{where}: '}parameter {each.name!r} ({_types(each)}) is missing"
            yield f"{said}; add --param {each.name}={_example(each)}"


def _types(each: Requirement) -> str:
    return " and ".join(map(name_of, each.types)) or "any text"


def _example(each: Requirement) -> str:
    return example(each.types[0] if each.types else _WITHOUT_TYPE)


def _input(target: Target) -> Iterator[str]:
    """A workflow that needs a value to work on can't be started from here."""
    wanted = target.workflow.edge.accepts
    if not compatible(type(None), wanted):
        yield (
            f"{target.text} takes {name_of(wanted)} as its input, and a command line gives none: "
            "begin it with const(…) or with a task that reads it"
        )


def _sizes(
    required: Requirements, texts: Mapping[str, Sequence[str]], wrong: list[str]
) -> dict[str, int]:
    sizes: dict[str, int] = {}
    for name, given in texts.items():
        if name not in required.pools:
            known = f"its pools are {either(list(required.pools))}"
            close = near(name, required.pools) or f"; {known if required.pools else 'it has none'}"
            wrong.append(f"--pool {name}: the workflow has no such pool{close}")
        elif not (given[-1].isascii() and given[-1].isdecimal() and int(given[-1])):
            wrong.append(f"--pool {name}={given[-1]}: a pool's size is 1 or more, such as {name}=4")
        else:
            sizes[name] = int(given[-1])
    return sizes
