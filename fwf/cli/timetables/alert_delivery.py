"""Telling people of a timetable's runs: how its partitions stand, what was told, who is told now.

What is to be told is worked out by `fwf.schedules.news`. An alert is written down in the log
`alerts <workflow>` once it is delivered, so that it is told at least once; whoever is killed in
between tells it twice, with the same key.
"""

from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, datetime
from threading import Event, Thread
from typing import TYPE_CHECKING, Any, Final, final

from fwf.cli.journals import open_journal, place_of
from fwf.cli.refused_commands import Misuse
from fwf.cli.running import fault_lines
from fwf.cli.timetables.by_hand import partition_of
from fwf.cli.timetables.pauses import ALERTS, log_of
from fwf.cli.timetables.standings import Subject, cause_of, look
from fwf.durations import SECOND, seconds
from fwf.faults.fault_form import fault_to_json
from fwf.journal.errors import Held, JournalError
from fwf.journal.holders import me
from fwf.journal.versioned_logs import LogWriter, history, open_writer
from fwf.printing import one_line
from fwf.records import changed, record
from fwf.schedules.alerts import Alert, AlertFlow, Notify, late_at
from fwf.schedules.news import SINGLY, PartitionState, alerts, changes, latest_alerts, ping
from fwf.schedules.planning import DONE
from fwf.telling.reasons import path_text, reason

if TYPE_CHECKING:
    from fwf.cli.starting import Ready, Start
    from fwf.interpreters.run import Note, Observer, Try
    from fwf.schedules import Run

LIMIT: Final = seconds(60)
"""So long an alert may take."""
EVERY: Final = 60.0
"""Seconds between two looks at the clock: one on the wall, which may be put forward, or have gone
on while the machine slept."""
Now = Callable[[], datetime]


def now() -> datetime:
    """The present, by the clock on the wall."""
    return datetime.now(UTC)


@final
@record()
class Post:
    """An alert that was delivered, or why it wasn't."""

    alert: Alert
    wrong: str = ""


# Telling


def tell(
    subject: Subject,
    say: Callable[[str], None],
    *,
    at: datetime | None = None,
    own: "Run[Any] | None" = None,
    pings: bool = False,
    begins_anew: bool = False,
    failing: PartitionState | None = None,
) -> list[Post]:
    """Tell what nobody was told of so far ⟶ what was, and what couldn't be.

    What is wrong with that is said, and nothing else: telling has no part in how a run ends.

    own: the partition of the run that tells; `pings`, whether it is told that it is complete.
    begins_anew: whether it was over, and is done again in part: that it isn't done now is no news.
    failing: that it fails, while its other parts go on.
    """
    when = now() if at is None else at
    if failing is not None:
        return _harmless(subject, say, lambda: _deliver_news(subject, [failing], [], say, SINGLY))
    return _harmless(subject, say, lambda: _all(subject, say, when, own, pings, begins_anew))


def sum_up(subject: Subject, runs: "Sequence[Run[Any]]", say: Callable[[str], None]) -> list[Post]:
    """Tell how partitions of a backfill went: of those that failed once, and so of others.

    That they are late isn't told: whoever does them now knows it.
    """

    def posts() -> list[Post]:
        labels, at = {run.label for run in runs}, now()
        facts = [each for each in look(subject, at, runs).facts if each.label in labels]
        return _deliver_news(subject, [each for each in facts if each.state != "late"], [], say, 0)

    return _harmless(subject, say, posts)


def _harmless(
    subject: Subject, say: Callable[[str], None], deliver: Callable[[], list[Post]]
) -> list[Post]:
    if subject.who is None:
        return []
    try:
        return deliver()
    except Held:
        return []  # somebody else is telling it
    except (JournalError, Misuse, OSError) as error:
        say(f"alerts: {error}")
        return []


def _all(
    subject: Subject,
    say: Callable[[str], None],
    at: datetime,
    own: "Run[Any] | None",
    pings: bool,
    begins_anew: bool,
) -> list[Post]:
    facts = look(subject, at, [] if own is None else [own]).facts
    if own is not None and begins_anew:
        facts = [each for each in facts if each.label != own.label or each.state != "late"]
    fine = [each for each in facts if own is not None and each.label == own.label]
    pings = pings and subject.who is not None and subject.who.on_success is not None
    return _deliver_news(subject, facts, fine if pings else [], say, SINGLY)


def _deliver_news(
    subject: Subject,
    facts: list[PartitionState],
    fine: list[PartitionState],
    say: Callable[[str], None],
    singly: int,
) -> list[Post]:
    """Deliver what is to be told of some partitions, and pings of others, and write it down.

    Nobody is kept from telling by one who has nothing to tell.
    """
    who, name = subject.who, subject.timetable.name
    assert who is not None
    log_name = log_of(subject.target.workflow, ALERTS)
    with closing(open_journal(subject.journal, make=True)) as store:

        def pending() -> list[tuple[Alert, list[str]]]:
            pings = [ping(name, each) for each in fine if each.standing in DONE]
            before = latest_alerts(each.body for each in history(store, log_name))
            return [*alerts(name, changes(facts, before), who, singly=singly), *pings]

        if not pending():
            return []
        with open_writer(store, log_name, me()) as log:
            return _deliver(subject, who, pending(), log, say)


def _deliver(
    subject: Subject,
    who: Notify,
    pending: list[tuple[Alert, list[str]]],
    log: LogWriter,
    say: Callable[[str], None],
) -> list[Post]:
    """Deliver alerts, and write down which were. Who couldn't be told isn't tried again at once."""
    posts: list[Post] = []
    unreachable: list[AlertFlow] = []
    for alert, causes in pending:
        w = who.flow_for(alert.state)
        assert w is not None
        if w in unreachable:
            posts.append(Post(alert, "the alert before it wasn't delivered"))
            continue
        post = _post(subject, w, alert)
        posts.append(post)
        if post.wrong:
            unreachable.append(w)
            again = "" if alert.state == "ok" else ", and is told again as long as it is so"
            say(f"alert {alert.label}, {alert.state}: it wasn't delivered{again}: {post.wrong}")
        else:
            log.add({"state": alert.state, "labels": list(alert.labels), "causes": causes,
                     "key": alert.key, "reason": alert.reason})  # fmt: skip
    return posts


def _post(subject: Subject, w: AlertFlow, alert: Alert) -> Post:
    """Run the alert's workflow, with what the target's module or profile has for it."""
    from fwf.cli.profile_option import choose_profile, with_profile
    from fwf.combinators import timeout
    from fwf.interpreters.run import run

    target = changed(subject.target, workflow=w)
    try:
        by = choose_profile(target, subject.profile, subject.profiles)
        wrong = [] if by is None else [*by.lines, *by.refused()]
        if wrong:
            return Post(alert, "; ".join(wrong))
        equipped = target if by is None else with_profile(target, by)
        result = run(timeout(w, LIMIT), alert, key=alert.key, resources=equipped.resources)
    except Exception as error:  # of somebody's opener, or a profile that can't be read
        return Post(alert, one_line(f"{type(error).__name__}: {error}"))
    lines = result.swap().map(fault_lines).value_or([])
    return Post(alert, one_line("; ".join(lines)))


# While a run goes on


@final
class Watch:
    """Looks at the clock each minute, while a run goes on, until it is late: then that is told."""

    def __init__(
        self,
        subject: Subject,
        run: "Run[Any]",
        say: Callable[[str], None],
        *,
        now: Now = now,
        pause: Callable[[Event], bool] = lambda over: over.wait(EVERY),
    ) -> None:
        self._subject = subject
        self._say = say
        self._now = now
        self._pause = pause
        who = subject.who
        self._late_at = late_at(run, None if who is None else who.late_by)
        self._over = Event()
        self._thread = Thread(target=self._watch, name="fwf-late", daemon=True)

    def __enter__(self) -> "Watch":
        if self._late_at is not None and self._now().timestamp() < self._late_at:
            self._thread.start()  # else it was told before
        return self

    @property
    def alive(self) -> bool:
        """Whether it still looks."""
        return self._thread.is_alive()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _watch(self) -> None:
        assert self._late_at is not None
        while not self._over.is_set():
            at = self._now()
            if at.timestamp() >= self._late_at:
                tell(self._subject, self._say, at=at)
                return
            self._pause(self._over)


# Around a run


@final
class Failing:
    """Told of a run, it tells of the first failure that nothing takes up, while others go on."""

    def __init__(self, subject: Subject, own: "Run[Any]", say: Callable[[str], None]) -> None:
        self._subject = subject
        self._own = own
        self._say = say
        self._run = ""
        self._thread: Thread | None = None

    def began(self, this: "Try", /) -> None:
        self._run = this.id

    def note(self, note: "Note", /) -> None:
        if note.final and self._thread is None:
            fault = fault_to_json(note.detail)
            self._thread = Thread(target=self._tell, args=(note.path, fault), daemon=True)
            self._thread.start()

    def ended(self, this: "Try", result: object, /) -> None:
        """What is to be told then is told from the journal."""

    def _tell(self, path: str, fault: Any) -> None:
        line = one_line(f"{path_text(path)}: {reason(fault)}")
        since = round(now().timestamp() * SECOND)
        cause = cause_of(fault)
        fact = PartitionState(
            self._own.label, "failed", False, self._run, cause, line, since, (path,)
        )
        tell(self._subject, self._say, failing=fact)

    def __exit__(self, *_: object) -> None:
        if self._thread is not None:
            self._thread.join()


@final
class Around:
    """What is told around a run of a timetable: first what nobody was told of so far.

    So a run that died is told of by the next start, whatever becomes of that.
    """

    def __init__(
        self,
        subject: Subject | None,
        own: "Run[Any] | None",
        say: Callable[[str], None],
        *,
        begins_anew: bool = False,
    ) -> None:
        self._begins_anew = begins_anew
        self._subject = subject
        self._own = own
        self._say = say
        self._watch: Watch | None = None
        self._failing: Failing | None = None

    @property
    def observers(self) -> "list[Observer]":
        """Who is told of the run, to tell others."""
        if self._subject is None or self._own is None:
            return []
        self._failing = Failing(self._subject, self._own, self._say)
        return [self._failing]

    def __enter__(self) -> "Around":
        if self._subject is not None:
            tell(self._subject, self._say, own=self._own, begins_anew=self._begins_anew)
            if self._own is not None:
                self._watch = Watch(self._subject, self._own, self._say)
                self._watch.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        for each in (self._watch, self._failing):
            if each is not None:
                each.__exit__()

    def over(self, *, anew: bool) -> None:
        """The run has ended; `anew`: it wasn't complete before."""
        self.__exit__()
        if self._subject is not None:
            tell(self._subject, self._say, own=self._own, pings=anew)


def around(start: "Start", this: "Ready", say: Callable[[str], None]) -> Around:
    """What is told around a run that is asked for: nothing in a backfill, which sums it up."""
    timetable = this.target.timetable
    if timetable is None or timetable.notify is None or start.part_of is not None:
        return Around(None, None, say)
    if place_of(start.journal) is None:
        say("alerts: nobody is told with --journal off, where nothing is known of other runs")
        return Around(None, None, say)
    profile = None if this.by is None else this.by.profile.name
    subject = Subject(this.target, this.values, start.journal, profile, start.profiles)
    key = start.key if start.resumed is None else start.resumed.key
    own = None if key is not None else partition_of(timetable, this.values)
    return Around(subject, own, say, begins_anew=start.take_back is not None)
