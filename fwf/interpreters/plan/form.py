"""What a form is: how something is written as JSON, how it is read, what the schema says of it."""

from collections.abc import Callable
from operator import attrgetter
from typing import Any, TypeAlias, final

from fwf.forms import json_schema
from fwf.forms.refusal import refused
from fwf.forms.scalar_form import Json, read_choice, read_fields, read_list
from fwf.records import record

Read: TypeAlias = Callable[[Json, str, Any, int], Any]
"""JSON, where it stands, what it is read by (names, or a plan so far), how deep it nests ⟶ what it
says."""
Write: TypeAlias = Callable[[Any, Any], Json]
"""What is to be said, the plan so far ⟶ JSON."""


@final
@record()
class Form:
    """How something is written as JSON, how it is read back, and what the schema says of it.

    name: what the schema calls it, if it defines it once and refers to that.
    """

    read: Read
    write: Write
    schema: Json
    name: str = ""

    @property
    def used(self) -> Json:
        """What the schema says where something has this form."""
        return json_schema.ref(self.name) if self.name else self.schema

    def described(self, description: str) -> "Form":
        """The same, of which the schema says more."""
        return self.with_schema(json_schema.described(description, self.schema))

    def with_schema(self, schema: Json, name: str = "") -> "Form":
        """The same, of which the schema says something else."""
        return Form(self.read, self.write, schema, name)

    def with_read(self, read: Read) -> "Form":
        """The same, read in another way."""
        return Form(read, self.write, self.schema, self.name)

    def with_write(self, write: Write) -> "Form":
        """The same, written in another way."""
        return Form(self.read, write, self.schema, self.name)

    def then(self, go_on: Callable[[Any, str], Any]) -> "Form":
        """The same, where what was read, and the place, go through a function; it may refuse."""
        read = self.read
        return self.with_read(
            lambda json, at, names, depth: go_on(read(json, at, names, depth), at)
        )

    def of(self, place: str) -> "Field":
        """A field of this form that says an attribute: `contract.effect`."""
        return Field(self, place.rpartition(".")[2], attrgetter(place))


@final
@record()
class Field:
    """A field of an object: its form, and what of the value it says: an attribute, and its name."""

    form: Form
    attribute: str
    get: Callable[[Any], Any]


@final
class ObjectForm:
    """How values of a class are written as an object, and read back: each of its fields, in order.

    make: the attributes that the fields say ⟶ the value; by default the class.
    check: where the object stands, its attributes; raises `Refused` for what doesn't go together.
    forms: of each field the form, or the text that it always is.
    """

    __slots__ = ("_check", "_fields", "_make", "cls", "constants", "names", "schema")

    def __init__(
        self,
        cls: Any,
        description: str,
        make: Callable[..., Any] | None = None,
        check: Callable[..., None] | None = None,
        /,
        **forms: Form | Field | str,
    ) -> None:
        constants = {name: it for name, it in forms.items() if isinstance(it, str)}
        fields = {
            name: it.of(name) if isinstance(it, Form) else it
            for name, it in forms.items()
            if not isinstance(it, str)
        }
        self.cls = cls
        self.names = (*constants, *fields)
        self.schema = json_schema.members(
            description,
            {name: {"const": text} for name, text in constants.items()}
            | {name: each.form.used for name, each in fields.items()},
        )
        self.constants = constants
        self._make = make or cls
        self._check = check
        self._fields = [
            (name, each.attribute, each.get, each.form.read, each.form.write)
            for name, each in fields.items()
        ]

    def write(self, value: Any, writing: Any = None) -> dict[str, Json]:
        """A value ⟶ the object that says it."""
        json: dict[str, Json] = self.constants.copy()
        for name, _, get, _, write in self._fields:
            json[name] = write(get(value), writing)
        return json

    def read(self, json: Json, at: str, names: Any, depth: int = 0) -> Any:
        """An object that has these fields ⟶ the value that it says."""
        attributes: dict[str, Any] = {}
        for name, attribute, _, read, _ in self._fields:
            attributes[attribute] = read(json[name], f"{at}/{name}", names, depth)
        if self._check is not None:
            self._check(at, **attributes)
        return self._make(**attributes)

    def form(self, name: str = "") -> Form:
        """The form of a field that holds such an object."""

        def read(json: Json, at: str, names: Any, depth: int) -> Any:
            return self.read(read_fields(json, at, self.names), at, names, depth)

        return Form(read, self.write, self.schema, name)


def itself(value: Any, *_: Any) -> Any:
    """What is JSON already."""
    return value


def scalar(
    read: Callable[[Json, str], Any], write: Callable[[Any], Json], schema: Json, name: str = ""
) -> Form:
    """The form of what takes nothing but itself to be read and written."""
    return Form(
        lambda json, at, _, __: read(json, at),
        itself if write is itself else lambda value, _: write(value),
        schema,
        name,
    )


def choice(*words: str) -> Form:
    """The form of one of these words."""
    return scalar(lambda json, at: read_choice(json, at, words), itself, {"enum": [*words]})


def optional(form: Form) -> Form:
    """The form of what may be None."""
    read, write = form.read, form.write
    return Form(
        lambda json, at, names, depth: None if json is None else read(json, at, names, depth),
        lambda value, writing: None if value is None else write(value, writing),
        json_schema.either(json_schema.NULL, form.used),
    )


def several(form: Form, *, at_most: int | None = None) -> Form:
    """The form of a tuple of such."""
    read, write = form.read, form.write

    def read_all(json: Json, at: str, names: Any, depth: int) -> tuple[Any, ...]:
        items = read_list(json, at)
        if at_most is not None and len(items) > at_most:
            raise refused(at, json, f"a list of at most {at_most}")
        return tuple([read(each, f"{at}/{i}", names, depth) for i, each in enumerate(items)])

    def write_all(values: Any, writing: Any) -> Json:
        return [write(value, writing) for value in values]

    bounds = {} if at_most is None else {"maxItems": at_most}
    return Form(read_all, write_all, json_schema.array(form.used, **bounds))
