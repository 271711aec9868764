"""What a task of one name declares differently: version, config, signature, effect, datasets."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fwf.algebra.contract import EFFECTS, Contract, Injected
from fwf.algebra.nodes import Task
from fwf.algebra.plain_values import encode
from fwf.display.heads import short_source
from fwf.durations import short_duration
from fwf.printing import printable
from fwf.types.hints import name_of


def tasks(old: Task[Any, Any], new: Task[Any, Any], *, repeated: bool) -> list[str]:
    """Two tasks of one name ⟶ a reason for each difference. `repeated`: a retry is around it."""
    reasons = list[str]()
    if old.version != new.version:
        version = f"version {printable(old.version)} → {printable(new.version)}"
        reasons.append(f"{version}: the author says that it does something else")
    config = bound(old.config, new.config)
    return [
        *reasons,
        *([f"config: {', '.join(config)}"] if config else []),
        *_signature(old.contract, new.contract),
        *_effect(old.contract, new.contract, repeated),
        *_datasets("reads", old.contract.reads, new.contract.reads),
        *_datasets("writes", old.contract.writes, new.contract.writes),
        *_manner(old.contract, new.contract),
    ]


def bound(
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    text_of: Callable[[Any], str] = short_source,
    plain: Callable[[Any], object] = lambda value: value,
) -> list[str]:
    """Two bindings of names to values ⟶ what differs: `limit 10 → 20`, `day added: …`.

    text_of, plain: what a value looks like, and the plain value that it is compared by.
    """
    differences = list[str]()
    for name in sorted({*old, *new}):
        key = printable(name)
        if name not in old:
            differences.append(f"{key}={text_of(new[name])} added")
        elif name not in new:
            differences.append(f"{key}={text_of(old[name])} removed")
        elif encode(plain(old[name])) != encode(plain(new[name])):
            was, now = text_of(old[name]), text_of(new[name])
            differences.append(
                f"{key} {was} → {now}" if was != now else f"{key} {now}: another value"
            )
    return differences


def _signature(old: Contract, new: Contract) -> list[str]:
    mine, theirs = _inputs(old), _inputs(new)
    inputs = [] if mine == theirs else [f"takes ({', '.join(theirs)}), was ({', '.join(mine)})"]
    was, now = name_of(old.output), name_of(new.output)
    output = [] if was == now else [f"gives {now}, was {was}"]
    return [*inputs, *output, *_injected(old.injected, new.injected)]


def _inputs(contract: Contract) -> list[str]:
    return [f"{each.name}: {name_of(each.type)}" for each in contract.inputs]


def _injected(old: Sequence[Injected], new: Sequence[Injected]) -> list[str]:
    was, now = {each.name: each for each in old}, {each.name: each for each in new}
    differences = [f"now needs {_need(now[name])}" for name in now if name not in was]
    differences += [f"no longer needs {_need(was[name])}" for name in was if name not in now]
    for name in now:
        if name in was and _need(was[name]) != _need(now[name]):
            differences.append(f"needs {_need(now[name])}, was {_need(was[name])}")
        differences += _default(was[name], now[name]) if name in was else []
    if not differences and list(was) != list(now):
        differences.append("takes what it needs in another order")
    return differences


def _default(old: Injected, new: Injected) -> list[str]:
    both = old.optional and new.optional
    if not both or encode(old.default) == encode(new.default):
        return []
    default = f"{printable(new.name)} is {short_source(new.default)} where it isn't given"
    return [f"{default}, was {short_source(old.default)}"]


def _need(each: Injected) -> str:
    kind = "" if each.kind == "unknown" else f"{each.kind} "
    optional = ", optional" if each.optional else ""
    return f"{kind}{printable(each.name)}: {name_of(each.type)}{optional}"


def _effect(old: Contract, new: Contract, repeated: bool) -> list[str]:
    if old.effect == new.effect:
        return []
    change = f"effect {old.effect or 'undeclared'} → {new.effect or 'undeclared'}"
    if repeated and old.repeatable and not new.repeatable:
        return [f"{change}: `retry` around it may repeat it"]
    if new.effect is None:
        return [f"{change}: counts as unrepeatable"]
    if old.effect is None:
        return [change]
    milder = EFFECTS.index(new.effect) < EFFECTS.index(old.effect)
    return [f"{change}: promises {'more' if milder else 'less'}"]


def _datasets(verb: str, old: Sequence[str], new: Sequence[str]) -> list[str]:
    more = [printable(each) for each in new if each not in old]
    less = [printable(each) for each in old if each not in new]
    differences = [f"now also {verb} {', '.join(more)}"] if more else []
    if less:
        differences.append(f"no longer {verb} {', '.join(less)}")
    return differences or (
        [f"{verb} the same in another order"] if tuple(old) != tuple(new) else []
    )


def _manner(old: Contract, new: Contract) -> list[str]:
    differences = list[str]()
    if old.duration != new.duration:
        was, now = (
            "unknown" if d is None else short_duration(d) for d in (old.duration, new.duration)
        )
        differences.append(f"expected to take {now}, was {was}")
    if old.isolate != new.isolate:
        where = "a process of its own" if new.isolate else "the run's own process"
        differences.append(f"runs in {where} now")
    if old.is_async != new.is_async:
        cut = "is cancelled" if new.is_async else "runs on in its thread"
        differences.append(
            f"{'now' if new.is_async else 'no longer'} async: at a deadline it {cut}"
        )
    return differences
