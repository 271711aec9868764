"""How retry schedules are written and read back: of each kind the fields that say it."""

# The functions that make nodes, expressions and schedules take fields of any type.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false

from operator import attrgetter

from fwf.algebra.schedule import (
    MAX_DEPTH,
    Backoff,
    Chained,
    Constant,
    Delays,
    First,
    Jitter,
    Nested,
    Pointwise,
    Schedule,
    Within,
    backoff,
)
from fwf.forms.duration_text import duration_text
from fwf.forms.json_schema import described
from fwf.forms.refusal import Refused, refused
from fwf.forms.scalar_form import Json, is_object, read_duration, read_whole
from fwf.interpreters.plan.form import Field, Form, ObjectForm, optional, several
from fwf.interpreters.plan.plain_forms import DURATION, FLOAT, WHOLE


def write(schedule: Schedule) -> Json:
    """Schedule ⟶ JSON that says it; a constant one is its duration."""
    if isinstance(schedule, Constant):
        return duration_text(schedule.delay)
    if isinstance(schedule, Pointwise):
        return (_LONGER if schedule.longer else _SHORTER).write(schedule)
    return _BY_CLASS[type(schedule)].write(schedule)


def read(json: Json, at: str, depth: int = 1) -> Schedule:
    """JSON ⟶ the schedule that it says."""
    if type(json) is str:
        return Constant(read_duration(json, at))
    if depth > MAX_DEPTH:
        raise Refused(at, f"a schedule may nest {MAX_DEPTH} levels deep, not more")
    kind = _BY_FIELDS.get(frozenset(json)) if is_object(json) else None
    if kind is None:
        raise refused(at, json, f"a duration, or an object with {_EXPECTED},")
    try:
        schedule: Schedule = kind.read(json, at, None, depth)
    except ValueError as error:  # past a bound that the schedule itself has
        raise Refused(at, str(error)) from None
    return schedule


_PART = Form(
    lambda json, at, _, depth: read(json, at, depth + 1),
    lambda schedule, _: write(schedule),
    {},
    "schedule",
)
_COUNT = WHOLE.with_read(lambda json, at, _, __: read_whole(json, at, 0))


def _two(schedules: tuple[Schedule, ...], at: str) -> tuple[Schedule, ...]:
    if len(schedules) != 2:
        raise refused(at, [*schedules], "a list of two schedules")
    return schedules


_LIST = several(_PART)
_BOTH = Field(
    _LIST.then(_two).with_schema({**_LIST.schema, "minItems": 2, "maxItems": 2}),
    "both",
    attrgetter("left", "right"),
)
_LONGER = ObjectForm(
    Pointwise,
    "The longer delay of two.",
    lambda both: both[0] & both[1],
    longer=_BOTH,
)
_SHORTER = ObjectForm(
    Pointwise,
    "The shorter delay of two.",
    lambda both: both[0] | both[1],
    shorter=_BOTH,
)
_KINDS = (
    ObjectForm(Delays, "These delays.", delays=several(DURATION)),
    ObjectForm(
        Backoff,
        "Delays that grow by a factor, up to the cap.",
        backoff,
        backoff=DURATION.of("first"),
        factor=FLOAT,
        cap=optional(DURATION),
    ),
    _LONGER,
    _SHORTER,
    ObjectForm(
        Chained,
        "The delays of one, a gap, and those of another.",
        first=_PART.of("before"),
        then=_PART.of("after"),
        gap=DURATION,
    ),
    ObjectForm(
        Nested,
        "The inner delays before, between and after the outer ones.",
        outer=_PART,
        inner=_PART,
    ),
    ObjectForm(First, "The first few delays.", times=_COUNT.of("n"), of=_PART),
    ObjectForm(
        Within,
        "The delays whose sum stays within a total.",
        within=DURATION.of("total"),
        of=_PART,
    ),
    ObjectForm(
        Jitter,
        "Each delay times a factor in [low, high) that its place and a seed decide.",
        lambda of, seed, low, high: of.jitter(seed, low, high),
        jitter=WHOLE.of("seed"),
        low=FLOAT,
        high=FLOAT,
        of=_PART,
    ),
)
_BY_CLASS = {kind.cls: kind for kind in _KINDS}
_BY_FIELDS = {frozenset(kind.names): kind for kind in _KINDS}
_EXPECTED = ", or ".join(" and ".join(kind.names) for kind in _KINDS)
SCHEDULE = Form(
    lambda json, at, _, __: read(json, at),
    _PART.write,
    {
        "description": "How long to wait between attempts.",
        "oneOf": [
            described("The same delay for ever.", DURATION.used),
            *(kind.schema for kind in _KINDS),
        ],
    },
    "schedule",
)
