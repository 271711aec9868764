"""What runs in a pod: `python -m fwf worker argo`, one order after another's context.

Exit status 0: done. 75: failed, and to be begun again, by the `retry` around it. 1: failed, and
nothing takes that up. 143: cut by a signal. 2: nothing was begun, since what is asked or where
things are kept can't be read.
"""

from __future__ import annotations

import os
import sys
import time
from argparse import ArgumentParser
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, final

from fwf.faults import Fault, Interrupted, leaves, text
from fwf.forms.refusal import Refused
from fwf.forms.scalar_form import Json
from fwf.interpreters.engines.argo.contexts import Contexts, Kept
from fwf.interpreters.engines.argo.manifest import AGAIN, ENDED, ROOT
from fwf.interpreters.engines.argo.orders import LIMIT, Op, Order, Source, decoded, order_of
from fwf.interpreters.engines.worker.call_forms import FORM, Unclear, fault_from_text
from fwf.interpreters.engines.worker.context import END
from fwf.interpreters.engines.worker.objects import Objects, StoreError
from fwf.interpreters.engines.worker.verbs import answer_call
from fwf.records import record

FAILED: Final = 1
UNCLEAR: Final = 2
MOST_TOLD: Final = 3_000
"""Characters of a fault in Kubernetes' termination message, which has 4,096 bytes."""
Context = dict[str, Any]
Answered = Callable[[Json], Context]


@final
class Absent(Exception):
    """A context isn't where it should have been left."""


@final
@record(eq=False)
class Done:
    """How a pod ended: its exit status, what follows goes by, and what to tell people.

    value: what the run gave, as the text of its JSON.
    """

    status: int
    word: str = "none"
    items: str = "[]"
    round: str = "0"
    said: str = ""
    value: str = ""


@final
class Pod:
    """One pod of a run.

    at: the items and rounds that it is in, such as `r.3`. number: how often it was begun before.
    again: how often a person has had the run go on after a failure.
    """

    def __init__(
        self,
        order: Order,
        contexts: Contexts,
        *,
        target: str,
        at: str = ROOT,
        number: int = 0,
        again: int = 0,
        given: Json = None,
        call: Answered = answer_call,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._order = order
        self._contexts = contexts
        self._target = target
        self._at = at
        self._number = number
        self._again = again
        self._given = given
        self._call = call
        self._sleep = sleep

    def done(self) -> Done:
        """Do what is asked, unless that is done already; leave the context for what follows."""
        order = self._order
        name = f"{order.name}@{self._at}"
        context = self._contexts.done(name)
        if context is None:
            try:
                context, ops = self._begun()
            except Absent as error:
                return Done(0) if order.late else Done(FAILED, said=str(error))
            context = self._through(context, ops)
            word = context["out"]["word"]
            if word == "held" or (word == "up" and not self._collected(context)):
                return self._failed(name, context)
            context = self._contexts.leave(name, context)
        return self._told(context)

    def _collected(self, context: Context) -> bool:
        """Whether a failure is what an item gave: no retry takes it up before, nothing cut it."""
        free = not self._tries_again(context) and not context["out"].get("cut")
        return self._order.collects and free

    def _tries_again(self, context: Context) -> bool:
        out = context["out"]
        return out["word"] == "up" and bool(out["to"]) and out["to"] == self._order.retry

    def _failed(self, name: str, context: Context) -> Done:
        if self._tries_again(context):
            until = time.time() + context["out"]["wait"]
            state = {"context": context, "until": until}
            self._contexts.put(self._try(self._number), state)
            return Done(AGAIN, said="the next attempt follows")
        self._contexts.put(f"{name}.failed", context)
        fault = self._fault(context)
        is_cut = any(isinstance(leaf, Interrupted) for leaf in leaves(fault))
        if is_cut:
            return Done(ENDED, said=str(fault))
        anew = f"argo retry WORKFLOW -p again={self._again + 1}"
        return Done(FAILED, said=f"{fault}\nwhen that is mended, to have it done anew: {anew}")

    def _try(self, number: int) -> str:
        """Under which name a failed attempt leaves what the next one goes on from."""
        return f"{self._order.name}@{self._at}.try{self._again}.{number}"

    def _fault(self, context: Context) -> Fault:
        return fault_from_text(self._contexts.text(fault_of(context)["fault"]), 0)

    def _told(self, context: Context) -> Done:
        """What those that follow go by."""
        out = context["out"]
        word = str(out["word"])
        if self._order.ends and word != "again":
            self._contexts.leave(f"{self._order.ends}@{_up(self._at)}", context)
        items = [each["at"] for each in out.get("items", [])] if word == "items" else []
        number = int(self._at.rpartition(".")[2]) + 1 if self._order.ends else 0
        value = self._contexts.text(out["value"]) if self._order.last else ""
        return Done(0, word, f"[{','.join(map(str, items))}]", str(number), value=value)

    # What it goes on from

    def _begun(self) -> tuple[Context, tuple[Op, ...]]:
        """The context, and what is to be done with it: after a failed attempt, what was tried."""
        order = self._order
        for number in range(self._number - 1, -1, -1):
            left = self._contexts.find(self._try(number))
            if left is not None:
                self._sleep(max(0.0, left["until"] - time.time()))
                return left["context"], order.ops[_entry(order) :]
        return self._found(order.source, self._at), order.ops

    def _found(self, source: Source, at: str) -> Context:
        if isinstance(source, str):
            return self._there(f"{source}@{at}")
        if "start" in source:
            return {}
        if "any" in source:
            return self._any(source["any"], at)
        if "item" in source:
            return self._item(source["item"], at)
        above, _, number = at.rpartition(".")
        if int(number) > 1:
            return self._there(f"{source['next']}@{above}.{int(number) - 1}")
        context = self._found(source["round"], above)
        return _noting(context, source["slot"], {"n": 1}) if source["slot"] else context

    def _there(self, name: str) -> Context:
        found = self._contexts.find(name)
        if found is None:
            raise Absent(f"{name}: nothing is left in the store by this name; is it another store?")
        return found

    def _any(self, sources: list[Source], at: str) -> Context:
        for source in sources[:-1]:
            try:
                return self._found(source, at)
            except Absent:
                continue
        return self._found(sources[-1], at)

    def _item(self, name: str, at: str) -> Context:
        above, _, number = at.rpartition(".")
        context = self._there(f"{name}@{above}")
        item = context["out"]["items"][int(number)]
        return {**context, "item": item, "out": _ok(item["value"])}

    # What it does

    def _through(self, context: Context, ops: tuple[Op, ...]) -> Context:
        """The context after all that is to be done, or after what fails."""
        for op in ops:
            if "note" in op:
                context = _noting(context, op["note"], {**context["out"], "word": "ok"})
                continue
            context = self._did(context, op)
            if context["out"]["word"] in ("up", "held"):
                break
        return context

    def _did(self, context: Context, op: Op) -> Context:
        call = {**op, "fwf": FORM, "target": self._target, "limit": LIMIT, "in": context}
        if self._again:
            call["again"] = self._again
        if op["do"] == "begin":
            call["in"] = self._given
        elif op["do"] == "gather":
            if context["out"]["word"] == "block":
                return self._there(f"{op['block']}@{self._at}")
            call["parts"] = self._gathered(context, op["items"])
            del call["items"], call["block"]
        elif "parts" in op:
            call["parts"] = [self._found(each, self._at)["out"] for each in op["parts"]]
        return self._call(call)

    def _gathered(self, context: Context, name: str) -> list[Json]:
        """What became of each item, by its number."""
        names = [f"{name}@{self._at}.{each['at']}" for each in context["out"]["items"]]
        found = self._contexts.find_all(names)
        missing = [name for name, each in zip(names, found, strict=True) if each is None]
        if missing:
            raise Absent(f"{missing[0]}: nothing is left in the store by this name")
        return [each["out"] for each in found if each is not None]


def _entry(order: Order) -> int:
    """Behind the op that notes what the retry is given."""
    return next((i + 1 for i, op in enumerate(order.ops) if op.get("note") == order.retry), 0)


def _up(at: str) -> str:
    return at.rpartition(".")[0]


def _ok(value: Json) -> Context:
    return {"word": "ok", "to": "", "wait": 0, "value": value}


def _noting(context: Context, slot: str, facts: Context) -> Context:
    return {**context, "scope": {**context["scope"], slot: facts}}


def fault_of(context: Context) -> Context:
    """The outcome that has the fault: what came out or, where a finaliser follows, came before."""
    out: Context = context["out"]
    return out if "fault" in out else context["scope"][f"{out['to']}{END}"]


# As a program


def main(words: list[str]) -> int:
    """The words of the command ⟶ its exit status."""
    options = asked(words)
    store = os.environ.get("FWF_STORE", "")
    try:
        if not store:
            raise StoreError("there is no store: submit with -p store=s3://bucket/prefix")
        end = pod_of(options, Objects(store)).done()
    except (Refused, StoreError, Unclear, ValueError) as error:
        end = Done(UNCLEAR, said=text(error))
    except Absent as error:
        end = Done(FAILED, said=text(error))
    write(end, Path(options["out"]))
    return end.status


def asked(words: list[str]) -> dict[str, str]:
    """The words of the command ⟶ what each says."""
    parser = ArgumentParser("fwf worker argo", allow_abbrev=False)
    for name in ("target", "order", "at", "run", "try", "again", "input", "out"):
        parser.add_argument(f"--{name}", required=True)
    return vars(parser.parse_args(words))


def pod_of(options: dict[str, str], objects: Kept, **how: Any) -> Pod:
    """What each word says, where contexts are kept ⟶ the pod; raises `ValueError`."""
    try:
        start = decoded(options["input"])
    except ValueError as error:
        raise ValueError(f"-p run=…: {error}") from None
    order, again = order_of(options["order"]), _whole(options["again"])
    return Pod(
        order,
        Contexts(objects, options["run"], again if order.late else 0),
        target=options["target"],
        at=options["at"],
        number=int(options["try"]),
        again=again,
        given=start,
        **how,
    )


def _whole(text: str) -> int:
    if not text.isdecimal():
        raise ValueError(f"-p again={text}: needs a whole number, 1 for the first time")
    return int(text)


def write(end: Done, folder: Path) -> None:
    """Leave what the controller reads; tell people, also where `kubectl` and the UI look."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in (("word", end.word), ("items", end.items), ("round", end.round)):
        (folder / name).write_text(content)
    for stream, content in ((sys.stdout, end.value), (sys.stderr, end.said)):
        if content:
            stream.write(f"{content}\n")
    log = Path("/dev/termination-log")
    if end.status and log.exists():
        with suppress(OSError):
            log.write_text(end.said[:MOST_TOLD])
