"""Which functions `@task` tells apart, for type checkers; nothing at run time imports it.

`TakesN` is a function of N positional parameters and any keyword-only ones. A function fits it if
it fits four signatures, since a checker infers from each what the others hide: the value in a
`Result`, what is awaited, the function's own parameters and result (so `task.fn` is typed by them),
and the types of the N parameters.

The shape stands on two rules of mypy's. With plain `Callable[Concatenate[A, B, ...], R]` a task was
`Task[Any, Any]` as soon as its signature contained `Any`.

- Where an argument contains `Any`, mypy takes the first overload that matches only if all that
  match take one type, once it is inferred. A `Takes3` is a `Takes2` too, since anything may follow
  the two. Here both take one type: each signature of the one is covered by one of the other. The
  comparison goes through the signatures in order, so their order counts.
- From a union mypy infers only if a single member can match. `Other` takes the results of other
  kinds without being inferred from them, since nothing fits its bound.

What remains is a task of several positional parameters where every parameter is `Any`: for mypy
it takes anything.
"""

# pyright: reportInvalidTypeVarUse=false, reportOverlappingOverload=false
# mypy: disable-error-code="overload-overlap, overload-cannot-match"

from collections.abc import Coroutine
from typing import Any, ParamSpec, Protocol, overload

from returns.result import Result
from typing_extensions import TypeVar

A = TypeVar("A", contravariant=True)
B = TypeVar("B", contravariant=True)
C = TypeVar("C", contravariant=True)
D = TypeVar("D", contravariant=True)
E = TypeVar("E", contravariant=True)
F = TypeVar("F", contravariant=True)
G = TypeVar("G", contravariant=True)
H = TypeVar("H", contravariant=True)
P = ParamSpec("P")
Q = ParamSpec("Q")
Awaited = TypeVar("Awaited", covariant=True)
Value = TypeVar("Value", covariant=True)
Other = TypeVar("Other")
Y = TypeVar("Y", covariant=True)


class Unmatched(Protocol):
    """What no value is: mypy looks at what stands under `if False`, pyright doesn't.

    So for mypy nothing fits a type variable that is bound by it, and the variable has its default;
    pyright, which infers from a union what it can, may bind it to what is left.
    """

    if False:

        def no_value_has_this(self) -> None: ...


class Takes0(Protocol[P, Y, Awaited, Value, Other]):
    @overload
    def __call__(
        self, *args: P.args, **kwargs: P.kwargs
    ) -> Result[Value, Any] | Coroutine[Any, Any, Result[Value, Any]] | Other: ...
    @overload
    def __call__(
        self, *args: P.args, **kwargs: P.kwargs
    ) -> Coroutine[Any, Any, Awaited] | Other: ...
    @overload
    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Y: ...


class Takes1(Protocol[A, Q, P, Y, Awaited, Value, Other]):
    @overload
    def __call__(
        self, *args: P.args, **kwargs: P.kwargs
    ) -> Result[Value, Any] | Coroutine[Any, Any, Result[Value, Any]] | Other: ...
    @overload
    def __call__(
        self, *args: P.args, **kwargs: P.kwargs
    ) -> Coroutine[Any, Any, Awaited] | Other: ...
    @overload
    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Y: ...
    @overload
    def __call__(self, a: A, /, *args: Q.args, **kwargs: Q.kwargs) -> Y: ...


class Takes2(Protocol[A, B, Q, P, Y, Awaited, Value, Other]):
    @overload
    def __call__(
        self, *args: P.args, **kwargs: P.kwargs
    ) -> Result[Value, Any] | Coroutine[Any, Any, Result[Value, Any]] | Other: ...
    @overload
    def __call__(
        self, *args: P.args, **kwargs: P.kwargs
    ) -> Coroutine[Any, Any, Awaited] | Other: ...
    @overload
    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Y: ...
    @overload
    def __call__(self, a: A, b: B, /, *args: Q.args, **kwargs: Q.kwargs) -> Y: ...


class Takes3(Protocol[A, B, C, Q, P, Y, Awaited, Value, Other]):
    @overload
    def __call__(
        self, *args: P.args, **kwargs: P.kwargs
    ) -> Result[Value, Any] | Coroutine[Any, Any, Result[Value, Any]] | Other: ...
    @overload
    def __call__(
        self, *args: P.args, **kwargs: P.kwargs
    ) -> Coroutine[Any, Any, Awaited] | Other: ...
    @overload
    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Y: ...
    @overload
    def __call__(self, a: A, b: B, c: C, /, *args: Q.args, **kwargs: Q.kwargs) -> Y: ...


class Takes4(Protocol[A, B, C, D, Q, P, Y, Awaited, Value, Other]):
    @overload
    def __call__(
        self, *args: P.args, **kwargs: P.kwargs
    ) -> Result[Value, Any] | Coroutine[Any, Any, Result[Value, Any]] | Other: ...
    @overload
    def __call__(
        self, *args: P.args, **kwargs: P.kwargs
    ) -> Coroutine[Any, Any, Awaited] | Other: ...
    @overload
    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Y: ...
    @overload
    def __call__(self, a: A, b: B, c: C, d: D, /, *args: Q.args, **kwargs: Q.kwargs) -> Y: ...


class Takes5(Protocol[A, B, C, D, E, Q, P, Y, Awaited, Value, Other]):
    @overload
    def __call__(
        self, *args: P.args, **kwargs: P.kwargs
    ) -> Result[Value, Any] | Coroutine[Any, Any, Result[Value, Any]] | Other: ...
    @overload
    def __call__(
        self, *args: P.args, **kwargs: P.kwargs
    ) -> Coroutine[Any, Any, Awaited] | Other: ...
    @overload
    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Y: ...
    @overload
    def __call__(self, a: A, b: B, c: C, d: D, e: E, /, *args: Q.args, **kwargs: Q.kwargs) -> Y: ...


class Takes6(Protocol[A, B, C, D, E, F, Q, P, Y, Awaited, Value, Other]):
    @overload
    def __call__(
        self, *args: P.args, **kwargs: P.kwargs
    ) -> Result[Value, Any] | Coroutine[Any, Any, Result[Value, Any]] | Other: ...
    @overload
    def __call__(
        self, *args: P.args, **kwargs: P.kwargs
    ) -> Coroutine[Any, Any, Awaited] | Other: ...
    @overload
    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Y: ...
    @overload
    def __call__(
        self, a: A, b: B, c: C, d: D, e: E, f: F, /, *args: Q.args, **kwargs: Q.kwargs
    ) -> Y: ...


class Takes7(Protocol[A, B, C, D, E, F, G, Q, P, Y, Awaited, Value, Other]):
    @overload
    def __call__(
        self, *args: P.args, **kwargs: P.kwargs
    ) -> Result[Value, Any] | Coroutine[Any, Any, Result[Value, Any]] | Other: ...
    @overload
    def __call__(
        self, *args: P.args, **kwargs: P.kwargs
    ) -> Coroutine[Any, Any, Awaited] | Other: ...
    @overload
    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Y: ...
    @overload
    def __call__(
        self, a: A, b: B, c: C, d: D, e: E, f: F, g: G, /, *args: Q.args, **kwargs: Q.kwargs
    ) -> Y: ...


class Takes8(Protocol[A, B, C, D, E, F, G, H, Q, P, Y, Awaited, Value, Other]):
    @overload
    def __call__(
        self, *args: P.args, **kwargs: P.kwargs
    ) -> Result[Value, Any] | Coroutine[Any, Any, Result[Value, Any]] | Other: ...
    @overload
    def __call__(
        self, *args: P.args, **kwargs: P.kwargs
    ) -> Coroutine[Any, Any, Awaited] | Other: ...
    @overload
    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Y: ...
    @overload
    def __call__(
        self, a: A, b: B, c: C, d: D, e: E, f: F, g: G, h: H, /, *args: Q.args, **kwargs: Q.kwargs
    ) -> Y: ...
