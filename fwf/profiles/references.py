"""Where is a secret kept? A table in place of a value says it, and is read where a task needs it.

{ env = "SHOP_DB_URL" }, { file = "secrets/url" } (from the profile's folder; without the line break
at its end), { aws_secret = "shop/db", field = "password" }.
"""

import os
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeAlias, TypeGuard, cast

from fwf.faults import near, text
from fwf.profiles.problems import is_table
from fwf.secrets import Secret

KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "env": (), "file": (), "aws_secret": ("field", "region", "endpoint")
}  # fmt: skip
"""The first key of each kind of reference, and those that may stand beside it."""
REFERENCES: Final = '{ env = "VARIABLE" }, { file = "path" } or { aws_secret = "name" }'
Report: TypeAlias = Callable[[str, str], object]
"""Takes what is wrong: the place, the message."""


def is_reference(data: object) -> TypeGuard[dict[str, Any]]:
    """Whether a value of the file stands for a secret: these words are taken."""
    return is_table(data) and not KEYS.keys().isdisjoint(data)


def referred(data: Mapping[str, Any], place: str, folder: Path, wrong: Report) -> Secret | None:
    """A reference ⟶ the secret; None, and it is told, where it isn't in form."""
    kinds = [key for key in KEYS if key in data]
    kind = kinds[0]
    if len(kinds) > 1:
        wrong(place, f"names {' and '.join(kinds)}: a secret is kept in one place")
        return None
    extra = [key for key in data if key not in (kind, *KEYS[kind])]
    for key in extra:
        beside = ", ".join(KEYS[kind]) or "nothing"
        close = near(key, KEYS[kind]) or f"; beside {kind} stands {beside}"
        wrong(f"{place}.{key}", f"no such key{close}")
    bad = [key for key in data if key not in extra and not _is_name(data[key])]
    for key in bad:
        wrong(f"{place}.{key}", "needs a text that can be printed, and isn't empty")
    if extra or bad:
        return None
    if kind == "env":
        return Secret.env(data["env"])
    if kind == "file":
        path = folder / data["file"]
        return Secret(partial(_from_file, path), where=f"file {path}")
    return _of_aws(data, place, wrong)


def _is_name(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip()) and value.isprintable()


def _from_file(path: Path) -> str:
    """A file's text, without one line break at its end."""
    try:
        content = path.read_bytes().decode()
    except OSError as error:
        raise LookupError(f"the file {path} can't be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise LookupError(f"the file {path} is not UTF-8") from None
    return content.removesuffix("\n").removesuffix("\r")


def _of_aws(data: Mapping[str, str], place: str, wrong: Report) -> Secret | None:
    others = {key: value for key, value in data.items() if key != "aws_secret"}
    try:
        from fwf.connectors.shared import aws

        return aws.secret(data["aws_secret"], **cast(Any, others))
    except (ImportError, ValueError) as error:
        wrong(place, text(error))
        return None


def missing(data: Mapping[str, Any], folder: Path) -> str | None:
    """A reference in form ⟶ what its secret still lacks, as far as that can be told from here.

    Nothing is read, and AWS isn't asked.
    """
    if "env" in data:
        variable = data["env"]
        if variable not in os.environ:
            return f"the environment variable {variable} is not set"
        return None if os.environ[variable] else f"the environment variable {variable} is empty"
    if "file" not in data:
        return None
    path = folder / data["file"]
    if not path.exists():
        return f"there is no file {path}"
    if path.is_dir():
        return f"{path} is a folder, not a file"
    if not os.access(path, os.R_OK):
        return f"the file {path} can't be read: no permission"
    return f"the file {path} is empty" if path.is_file() and not path.stat().st_size else None
