"""Whether a function's body has changed since."""

import functools
import sys
from collections.abc import Callable
from typing import Any

import pytest

from fwf.journal.code import code_digest


def defined(source: str) -> Any:
    """What a text defines as `f`."""
    scope: dict[str, Any] = {"functools": functools}
    exec(compile(source, f"<{len(source)}>", "exec"), scope)
    return scope["f"]


BASE = "def f(x, *, n=1):\n    def g(y):\n        return y + 1\n    return [g(x), 'a', n]\n"


@pytest.mark.parametrize(
    "source",
    [
        "\n\n\n# a comment\n" + BASE,
        BASE.replace("    def g", "    # a comment\n\n    def g"),
        BASE.replace("    def g", "    'A docstring.'\n    def g"),
        BASE.replace("        return y", "        'Of g.'\n        return y"),
        BASE.replace("    return [", "    return [  # so\n        "),
    ],
)
def test_comments_docstrings_and_lines_are_no_part_of_a_body(source: str) -> None:
    assert code_digest(defined(source)) == code_digest(defined(BASE)) != ""


@pytest.mark.parametrize(
    "source",
    [
        BASE.replace("y + 1", "y + 2"),
        BASE.replace("y + 1", "y + 1.0"),
        BASE.replace("y + 1", "y + True"),
        BASE.replace("y + 1", "y - 1"),
        BASE.replace("'a'", "'b'"),
        BASE.replace("'a'", "b'a'"),
        BASE.replace("'a'", "x.a"),
        BASE.replace("n=1", "n=2"),
        BASE.replace("n=1", "n=True"),
        BASE.replace("x, *", "x=1, *"),
        BASE.replace("g(x)", "h(x)"),
        BASE.replace("    return [", "    try: x()\n    except OSError: pass\n    return ["),
        "async " + BASE,
        BASE.replace("n]", "n, *(z for z in x)]"),
        "def w(f):\n  @functools.wraps(f)\n  def v(*a): return f(*a)\n  return v\n@w\n" + BASE,
    ],
)
def test_any_other_change_is_one(source: str) -> None:
    assert code_digest(defined(source)) != code_digest(defined(BASE))


def test_a_class_in_a_body_may_move() -> None:
    body = "def f():\n    class C:\n        a = 1\n    return C\n"
    told = "\n\ndef f():\n\n    class C:\n        # what C is\n        a = 1\n    return C\n"
    assert code_digest(defined(body)) == code_digest(defined(told))
    assert code_digest(defined(body)) != code_digest(defined(body.replace("a = 1", "a = 2")))


def test_what_a_decorated_function_wraps_is_part_of_it() -> None:
    def wrapped(fn: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(fn)
        def around(*args: Any) -> Any:
            return fn(*args)

        return around

    one, other = defined(BASE), defined(BASE.replace("y + 1", "y + 2"))
    assert code_digest(wrapped(one)) != code_digest(wrapped(other))
    assert code_digest(functools.partial(one, 1)) != code_digest(functools.partial(one, 2))
    assert code_digest(functools.partial(one, 1)) != code_digest(functools.partial(other, 1))


def test_constants_of_a_body_in_sets_are_in_no_order() -> None:
    import subprocess

    code = (
        "from fwf.journal.code import code_digest\n"
        "print(code_digest(lambda x: x in {'a', 'b', 'c', 'd'}))"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True,
            env={"PYTHONHASHSEED": str(seed)},
        ).stdout
        for seed in range(3)
    }  # fmt: skip
    assert len(said) == 1


def test_it_says_of_which_python_it_is_and_nothing_of_what_has_no_code() -> None:
    assert code_digest(defined(BASE)).startswith(f"{sys.implementation.cache_tag}-")
    assert code_digest(len) == code_digest(int) == code_digest(object()) == ""
    assert code_digest(functools.partial(len)) == ""


def test_more_than_256_constants_and_ones_that_are_no_constants_in_defaults() -> None:
    many = (
        "def f(x=object(), g=lambda: 1):\n    return ["
        + ", ".join(f"x.a == 'c{n}'" for n in range(400))
        + "]\n"
    )
    digest = code_digest(defined(many))
    assert digest == code_digest(defined(many))
    assert digest != code_digest(defined(many.replace("'c399'", "'c'")))
    assert digest != code_digest(defined(many.replace("lambda: 1", "lambda: 2")))
