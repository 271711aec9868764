"""How are connections made? To the very address that was checked, each wait within its bounds.

httpcore, of which httpx is made, asks what stands here for connections: nothing else opens one.
"""

import select
import socket
import ssl
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from threading import Thread
from time import monotonic
from typing import Any, Final, NamedTuple, final

import httpcore

from fwf.connectors.http.hosts import is_public, refusal
from fwf.connectors.shared.errors import Refused

ENDED: Final = "the time for the whole is over"


class Endpoint(NamedTuple):
    """What to make a socket of, and the address to connect it to."""

    family: Any
    kind: Any
    protocol: int
    address: Any


class Until(float):
    """The seconds that one wait may take, and the moment at which everything is over.

    httpcore hands a timeout on for every single read, so that a byte each second would keep an
    exchange alive for ever. This one knows how much is left.
    """

    end: float

    def __new__(cls, seconds: float, end: float) -> "Until":
        wait = super().__new__(cls, seconds)
        wait.end = end
        return wait

    def left(self) -> float:
        """The seconds that a wait may take now; raises `TimeoutError` if the end has passed."""
        left = min(float(self), self.end - monotonic())
        if left <= 0:
            raise TimeoutError(ENDED)
        return left


def _left(timeout: float | None) -> float | None:
    return timeout.left() if isinstance(timeout, Until) else timeout


@contextmanager
def _translating(late: type[Exception], failure: type[Exception]) -> Generator[None]:
    """What the socket raises, as httpcore says it."""
    try:
        yield
    except TimeoutError as error:
        raise late(str(error)) from None
    except ssl.SSLCertVerificationError as error:
        raise Refused(
            f"the certificate isn't trusted: {error.verify_message}; one of your own is given by "
            "verify="
        ) from None
    except OSError as error:  # of TLS too
        raise failure(type(error).__name__) from None


@final
class Stream(httpcore.NetworkStream):
    """A connection; before each wait it is asked how long that may take."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        with _translating(httpcore.ReadTimeout, httpcore.ReadError):
            self._socket.settimeout(_left(timeout))
            return self._socket.recv(max_bytes)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        rest = memoryview(buffer)
        with _translating(httpcore.WriteTimeout, httpcore.WriteError):
            while rest:
                self._socket.settimeout(_left(timeout))
                rest = rest[self._socket.send(rest) :]

    def close(self) -> None:
        self._socket.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        with _translating(httpcore.ConnectTimeout, httpcore.ConnectError):
            try:
                self._socket.settimeout(_left(timeout))
                tls = ssl_context.wrap_socket(self._socket, server_hostname=server_hostname)
            except BaseException:
                self.close()
                raise
        return Stream(tls)

    def get_extra_info(self, info: str) -> Any:
        match info:
            case "is_readable":  # an idle connection that has something to say was closed
                return self._readable()
            case "socket":
                return self._socket
            case "server_addr":
                return self._socket.getpeername()
            case _:
                return None

    def _readable(self) -> bool:
        if self._socket.fileno() < 0:
            return True
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        return bool(poll.poll(0))


@final
class Network(httpcore.NetworkBackend):
    """Makes connections: a name is looked up once, and its addresses are checked and connected to.

    allow_private: whether addresses that aren't public may be connected to.
    proxy: the host of the proxy, which isn't checked.
    """

    def __init__(self, *, allow_private: bool, proxy: str | None = None) -> None:
        self._allow_private = allow_private
        self._proxy = proxy

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        with _translating(httpcore.ConnectTimeout, httpcore.ConnectError):
            endpoints = endpoints_of(host, port, _left(timeout))
            if not self._allow_private and host != self._proxy:
                self._check(host, endpoints)
            return Stream(connect(endpoints, timeout))

    @staticmethod
    def _check(host: str, endpoints: list[Endpoint]) -> None:
        """Raise unless all addresses are public: of a name that is both, one was slipped in."""
        for endpoint in endpoints:
            if not is_public(endpoint.address[0]):
                raise Refused(refusal(host, endpoint.address[0]))


def endpoints_of(host: str, port: int, within: float | None) -> list[Endpoint]:
    """A host ⟶ its addresses; raises `TimeoutError`, for looking up takes as long as it takes."""
    answers: SimpleQueue[list[Endpoint] | OSError] = SimpleQueue()

    def look() -> None:
        try:
            every = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            answers.put([Endpoint(family, kind, of, at) for family, kind, of, _, at in every])
        except (OSError, UnicodeError) as error:
            answers.put(OSError(type(error).__name__))

    Thread(target=look, name="fwf looks up a host", daemon=True).start()
    try:
        endpoints = answers.get(timeout=within)
    except Empty:
        raise TimeoutError("the name was not looked up in time") from None
    if isinstance(endpoints, OSError):
        raise endpoints
    return endpoints


def connect(endpoints: list[Endpoint], timeout: float | None) -> socket.socket:
    """A socket to the first address that answers; each has its share of the time."""
    failure = OSError("no address")
    for n, (family, kind, protocol, address) in enumerate(endpoints):
        sock = socket.socket(family, kind, protocol)
        try:
            left = _left(timeout)
            sock.settimeout(None if left is None else left / (len(endpoints) - n))
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.connect(address)
        except OSError as error:
            sock.close()
            failure = error
        else:
            return sock
    raise failure
