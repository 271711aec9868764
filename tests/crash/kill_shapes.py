"""What is killed? Workflows of every shape, drawn by a seed: chains, joins, rounds, items, graphs.

As a target of the command line, `workflow` is what the variable CRASH_SHAPE names: "chain-17".
"""

import os
import random
from collections.abc import Callable
from typing import Any, Final, TypeAlias

from fwf import (
    Ref,
    Workflow,
    always,
    backoff,
    bracket,
    branch,
    const,
    failed,
    fallback,
    graph,
    it,
    loop_until,
    map_each,
    milliseconds,
    named,
    par,
    pure,
    retry,
    seconds,
    seq,
    timeout,
    value_of,
)
from tests.crash.kill_effects import (
    SCOPE,
    STARTER,
    Given,
    Value,
    fails,
    fails_once,
    release,
    tidy,
    work,
    work_async,
    work_isolated,
)

SHAPE: Final = "CRASH_SHAPE"
Some: TypeAlias = Workflow[Any, Any]
Shape: TypeAlias = Callable[[random.Random], Some]
TRIES: Final = 4
"""How often a part is tried that always fails."""
KINDS: Final[dict[str, Some]] = {"def": work, "async": work_async, "isolated": work_isolated}


def step(chance: random.Random, name: str) -> Some:
    """A step of some kind; few are isolated, since these take as long as twenty others."""
    kind = chance.choices(list(KINDS), [9, 5, 1])[0]
    return named(name, KINDS[kind])


def steps(chance: random.Random, least: int, most: int, name: str = "s") -> Some:
    parts = [step(chance, f"{name}{n}") for n in range(1, chance.randint(least, most) + 1)]
    return seq(*parts)


def chain(chance: random.Random) -> Some:
    return steps(chance, 4, 8)


def join(chance: random.Random) -> Some:
    """Some steps, each beside the others, of which one is a chain and one a join itself."""
    beside = [step(chance, f"p{n}") for n in range(chance.randint(1, 4))]
    inner = par(step(chance, "left"), step(chance, "right")) >> step(chance, "inner")
    both = par(*beside, named("chain", steps(chance, 2, 3)), named("join", inner))
    return step(chance, "first") >> both >> step(chance, "last")


def rounds(chance: random.Random) -> Some:
    """A loop of two steps, within one of one more."""
    body = step(chance, "a") >> step(chance, "b")
    inner = named("inner", loop_until(body, it["n"] >= chance.randint(3, 6), limit=9))
    outer = loop_until(inner >> step(chance, "c"), it["n"] >= chance.randint(5, 9), limit=9)
    return step(chance, "first") >> named("outer", outer) >> step(chance, "last")


def items(chance: random.Random) -> Some:
    """Items with keys and without, some at once; each has a chain."""
    names = [f"{chance.choice('äöü')}{n}" for n in range(chance.randint(2, 5))]
    each = const([{"v": name, "n": 0, "by": ""} for name in names])
    at_once = chance.choice([None, 1, 2])
    key = chance.choice([None, it["v"]])
    body = map_each(named("item", steps(chance, 1, 3)), key=key, at_once=at_once)
    return each >> body >> step(chance, "last")


def patient(chance: random.Random) -> Some:
    """What fails once is tried again; what always fails is given up, and something else is done."""
    wait = backoff(milliseconds(chance.randint(1, 10)))
    again = retry(step(chance, "a") >> named("b", fails_once), attempts=TRIES, wait=wait)
    given_up = retry(named("never", fails), attempts=TRIES, wait=wait)
    tried = step(chance, "before") >> given_up
    instead = named("instead", fallback(tried, named("other", steps(chance, 1, 2))))
    return step(chance, "first") >> named(SCOPE, again) >> instead >> step(chance, "last")


def waits(chance: random.Random) -> Some:
    """What always fails is given up after waits that are most of the run."""
    tried = retry(named("never", fails), attempts=TRIES, wait=milliseconds(chance.randint(10, 30)))
    instead = named("instead", fallback(tried, step(chance, "other")))
    return step(chance, "first") >> instead >> step(chance, "last")


def net(chance: random.Random) -> Some:
    """A graph in which results are used twice."""
    part = {name: step(chance, name) for name in "abcdef"}
    ends = named("both", work)

    @graph
    def made(given: Ref[Given]) -> Ref[Value]:
        a = part["a"](given)
        b, c = part["b"](a), part["c"](given)
        d = (par(part["d"], named("d2", work)) >> named("d3", work))(c)
        e = part["e"](b)
        return ends(part["f"](d), e, a)

    return made


def guarded(chance: random.Random) -> Some:
    """Parts with finalisers and deadlines, beside each other."""
    inner = always(steps(chance, 1, 3, "in"), then=named("tidy1", tidy))
    outer = timeout(step(chance, "a") >> inner >> step(chance, "b"), seconds(60))
    beside = always(par(named("outer", outer), step(chance, "beside")), then=named("tidy2", tidy))
    return step(chance, "first") >> beside >> step(chance, "last")


def lent(chance: random.Random) -> Some:
    """What is acquired, used and given back."""
    use = named("use", steps(chance, 1, 4, "u"))
    lends = bracket(step(chance, "acquire"), use, named("release", release))
    return step(chance, "first") >> named("lent", lends) >> step(chance, "last")


def collected(chance: random.Random) -> Some:
    """Items of which some fail, and are told as such."""
    each = const([{"v": f"i{n}", "n": n % 3, "by": ""} for n in range(chance.randint(2, 5))])
    tried = named("tried", retry(fails, attempts=TRIES, wait=milliseconds(chance.randint(0, 5))))
    item = step(chance, "s") >> branch(it["n"] > 2, then=tried, otherwise=step(chance, "t"))
    none = const({"v": "none", "n": 0, "by": ""})
    told = map_each(branch(failed(it), then=none, otherwise=pure(value_of(it))))
    at_once = chance.choice([None, 1, 2])
    items = map_each(named("item", item), key=it["v"], at_once=at_once, on_error="collect")
    return each >> items >> told >> step(chance, "last")


def mixed(chance: random.Random) -> Some:
    """One shape in another: what an item, a branch and a round have in them."""
    inner = {name: SHAPES[name](chance) for name in ("chain", "patient", "net")}
    parts = [named(name, inner[name]) for name in chance.sample(sorted(inner), 2)]
    two = [{"v": name, "n": 0, "by": ""} for name in "xy"]
    each = map_each(named("item", parts[0]), key=it["v"], at_once=chance.choice([None, 1]))
    return par(const(two) >> each, const(None) >> parts[1]) >> step(chance, "last")


SHAPES: Final[dict[str, Shape]] = {
    "chain": chain, "join": join, "rounds": rounds, "items": items, "patient": patient,
    "waits": waits, "net": net, "mixed": mixed, "guarded": guarded,
    "lent": lent, "collected": collected,
}  # fmt: skip


def shaped(name: str) -> Some:
    """The workflow of a name such as "chain-17"."""
    shape, _, seed = name.partition("-")
    return named(name, const(None) >> SHAPES[shape](random.Random(seed)))


os.environ.setdefault(STARTER, str(os.getpid()))
if SHAPE in os.environ:
    workflow = shaped(os.environ[SHAPE])
