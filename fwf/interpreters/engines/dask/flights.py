"""From orders to what came of them: futures on a Dask cluster, watched on the client's loop.

A future is let go as soon as its result was fetched, and never an argument of another. A key is
used once. What has begun isn't cancelled: it would work on unseen, in a slot that counts as free.
What the cluster loses, by a connection that broke or a worker that died beside it, is asked for
again; what may have an effect is known to the keeper, and isn't begun twice by that.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from itertools import count
from typing import Any, Final, final

from fwf.faults import Failed
from fwf.interpreters.engines.dask.orders import (
    Answer,
    Blobs,
    Order,
    answer_to_bytes,
    order_to_bytes,
)
from fwf.machine.waits import RunningAttempt
from fwf.printing import printable

MOST_AGAIN: Final = 3
"""So often an attempt is asked for again that the cluster has lost."""
PATIENCE: Final = 60.0
"""Seconds that a connection which broke is waited for."""
_CUT: Final = answer_to_bytes(Answer("cut", ""), {})


@final
class Flight:
    """An attempt on its way."""

    __slots__ = ("again", "attempt", "blobs", "cancelled", "fault", "future", "key", "order")

    def __init__(self, attempt: RunningAttempt) -> None:
        self.attempt = attempt
        self.order: Order
        self.blobs: Blobs = {}
        self.key = ""
        """What the cluster knows it by; empty while it wasn't asked for."""
        self.future: Any = None
        self.fault: Failed | None = None
        """Why it never began."""
        self.again = 0
        """How often it was asked for again."""
        self.cancelled = False
        """Whether it was cancelled before it had begun."""


@final
class Flights:
    """The flights of one run. `land` is told of each, on another thread."""

    def __init__(self, client: Any, station: str, land: Callable[[Flight, bytes], None]) -> None:
        self._client = client
        self._station = station
        self._land = land
        self._numbers = count()
        self._nonce = os.urandom(6).hex()
        """Of this client: keys of another one never are this one's."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._cuts: set[asyncio.Task[None]] = set()

    def start(self, flights: Sequence[Flight]) -> None:
        """Ask the cluster for attempts, all at once."""
        self._submit(flights)
        self._client.loop.add_callback(self._watch, flights)

    def _submit(self, flights: Sequence[Flight]) -> None:
        from fwf.interpreters.engines.dask.leaf import leaf

        orders = [order_to_bytes(each.order, each.blobs) for each in flights]
        for each in flights:
            each.key = self._key(each.order)
        keys = [each.key for each in flights]
        futures = self._client.map(leaf, orders, key=keys, pure=False, retries=0)
        for each, future in zip(flights, futures, strict=True):
            each.future = future

    def _key(self, order: Order) -> str:
        """What nobody has used: run, path, attempt and client are behind its number."""
        name = printable(order.name).replace("-", "_")
        return f"{name}-{next(self._numbers):08d}-{order.run[-12:]}-{self._nonce}"

    # On the client's loop

    def _watch(self, flights: Iterable[Flight]) -> None:
        for each in flights:
            self._begin(self._watched(each))

    def _begin(self, work: Any, among: set[asyncio.Task[None]] | None = None) -> None:
        tasks = self._tasks if among is None else among
        task = asyncio.ensure_future(work)
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    async def _watched(self, flight: Flight) -> None:
        """Wait for what comes of a flight, and tell it."""
        while True:
            future: Any = flight.future
            try:
                answer: bytes = await future
            except asyncio.CancelledError as error:
                lost = f"its future was cancelled ({error})"
            except Exception as error:  # what the cluster says; a task's error is an answer
                lost = f"{type(error).__qualname__}: {error}"
            else:
                if not _is_broken(answer):
                    self._landed(flight, answer)
                    return
                lost = "a worker has begun that doesn't know of the run"
            future.release()  # which the traceback of its error would keep
            if flight.cancelled:
                self._landed(flight, _CUT)
                return
            if not await self._asked_again(flight):
                self._landed(flight, answer_to_bytes(Answer("broken", lost), {}))
                return

    def _landed(self, flight: Flight, answer: bytes) -> None:
        flight.future = None
        self._land(flight, answer)

    async def _asked_again(self, flight: Flight) -> bool:
        """Ask once more for what the cluster has lost; whether that is done."""
        flight.again += 1
        if flight.again > MOST_AGAIN or flight.attempt.cut or not await self._connected():
            return False
        flight.order = flight.order._replace(watched=True)
        try:
            self._submit([flight])
        except Exception:  # the client is closed, or about to
            return False
        return True

    async def _connected(self) -> bool:
        """Whether the client is connected, perhaps again."""
        loop = asyncio.get_running_loop()
        until = loop.time() + PATIENCE
        while self._client.status == "connecting" and loop.time() < until:
            await asyncio.sleep(0.05)
        return bool(self._client.status == "running")

    # Cuts

    def cut(self, flight: Flight) -> None:
        """Nobody waits any longer for a flight: what can be stopped stops."""
        self._client.loop.add_callback(self._begin_cut, flight)

    def _begin_cut(self, flight: Flight) -> None:
        self._begin(self._cut(flight), self._cuts)

    async def _cut(self, flight: Flight) -> None:
        """Stop it where it is at work; cancel it if it is nowhere, and let it begin nowhere."""
        from fwf.interpreters.engines.dask import station

        key, future = flight.key, flight.future
        if future is None:
            return
        try:
            there = await self._client.run(station.cut, self._station, key, on_error="return")
        except Exception:  # no connection, or no workers
            return
        if not any(each is not False for each in there.values()) and not future.done():
            flight.cancelled = True
            await self._client.cancel([future])

    def settle(self, within: float) -> None:
        """Wait until all cuts have reached the workers, but no longer than some seconds."""

        async def settled() -> None:
            if self._cuts:
                await asyncio.wait([*self._cuts], timeout=within)

        loop: asyncio.AbstractEventLoop = self._client.loop.asyncio_loop
        with suppress(Exception):  # the loop has ended
            asyncio.run_coroutine_threadsafe(settled(), loop).result(within + 1)

    # Others

    def heard(self, attempts: Sequence[tuple[str, int]]) -> None:
        """Let the keeper forget attempts that nobody asks of any more."""
        ask = self._client.scheduler.fwf_heard
        self._client.loop.add_callback(self._begin_quietly, lambda: ask(attempts=attempts))

    def over(self, run: str) -> None:
        """Let the keeper forget all of the run but what is still at work."""
        self._client.loop.add_callback(
            self._begin_quietly, lambda: self._client.scheduler.fwf_over(run=run)
        )

    def _begin_quietly(self, ask: Callable[[], Any]) -> None:
        async def quietly() -> None:
            try:
                await ask()
            except Exception:  # what isn't forgotten is known for longer than it need be
                return

        self._begin(quietly())


def _is_broken(answer: bytes) -> bool:
    return answer.startswith(b'[["broken"')
