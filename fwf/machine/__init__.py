"""The scheduler: structure and time, once, for every world in which a workflow's tasks are done.

`Machine` walks the tree: which part starts when, what waits for what, what is cut, retried, caught
and finished, and who gets a worker or a slot of a pool. What it doesn't know is what a task does.
That it asks of its `World`: real workers (`interpreters/run/local.py`), or a script
(`interpreters/dry_run/scripted_world.py`).

    world.py        what a world must do
    machine.py      the loop: move all that can move, then let time pass
    enter.py        what each node means when it is entered
    frames.py       ... and when its only part has ended
    handlers.py     ... and when a handler or a finaliser takes that up
    forks.py        ... and when its parts side by side have ended
    graphs.py       ... and when the steps of a graph have
    attempts.py     tasks: who starts when, what comes of it, what is cut
    slots.py        who waits for a worker and for pools
    timers.py       what is due when
    waits.py        what a fiber waits for
    fibers.py       what is kept of a part under way, and what encloses it
    places.py       where a part stands, named only when asked for
    part.py         a part of the workflow at its place, found by its path
    log.py          what happened, as it happens; the trace, when asked for
    memory.py       what is asked about earlier tries of the run, where a journal remembers them
    no_memory.py    ... and that of a run without any
    causal_past.py  how often a task was tried on an input before
    arguments.py    whether an input fits a task

**Order.** Within one instant everything that can move moves first, from left to right; then those
start who can have what they need; then work that ends at that instant is taken in; and only then
do deadlines strike.

**Time** is the world's. In a world that foretells how attempts end, it jumps from event to event,
and a fiber of which nobody can see or change what it does runs ahead (`Machine.foresees`).

**Imports** make no circle but for types: frames, forks and worlds are told the machine they are in.
"""
