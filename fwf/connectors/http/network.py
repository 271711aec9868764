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
from typing import Any, Final, final

import httpcore

from fwf.connectors.http.hosts import is_public, refusal
from fwf.connectors.shared.errors import Refused

Found = tuple[Any, Any, int, Any]
"""What to make a socket of, and what to connect it to: family, kind, protocol, address."""
ENDED: Final = "the time for the whole is over"


class Until(float):
    """The seconds that one wait may take, and the moment at which everything is over.

    httpcore hands a timeout on for every single read, so that a byte each second would keep an
    exchange alive for ever. This one knows how much is left.
    """

    end: float

    def __new__(cls, seconds: float, end: float) -> "Until":
        made = super().__new__(cls, seconds)
        made.end = end
        return made

    def left(self) -> float:
        """The seconds that a wait may take now; raises `TimeoutError` if the end has passed."""
        left = min(float(self), self.end - monotonic())
        if left <= 0:
            raise TimeoutError(ENDED)
        return left


def _left(timeout: float | None) -> float | None:
    return timeout.left() if isinstance(timeout, Until) else timeout


@contextmanager
def _told(late: type[Exception], broken: type[Exception]) -> Generator[None]:
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
        raise broken(type(error).__name__) from None


@final
class Stream(httpcore.NetworkStream):
    """A connection; before each wait it is asked how long that may take."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        with _told(httpcore.ReadTimeout, httpcore.ReadError):
            self._socket.settimeout(_left(timeout))
            return self._socket.recv(max_bytes)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        rest = memoryview(buffer)
        with _told(httpcore.WriteTimeout, httpcore.WriteError):
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
        with _told(httpcore.ConnectTimeout, httpcore.ConnectError):
            try:
                self._socket.settimeout(_left(timeout))
                secured = ssl_context.wrap_socket(self._socket, server_hostname=server_hostname)
            except BaseException:
                self.close()
                raise
        return Stream(secured)

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
        watched = select.poll()
        watched.register(self._socket, select.POLLIN)
        return bool(watched.poll(0))


@final
class Network(httpcore.NetworkBackend):
    """Makes connections: a name is looked up once, and what was found is checked and connected to.

    allow_private: whether addresses that aren't public may be connected to.
    trusted: a host that isn't checked: the proxy.
    """

    def __init__(self, *, allow_private: bool, trusted: str | None = None) -> None:
        self._allow_private = allow_private
        self._trusted = trusted

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        with _told(httpcore.ConnectTimeout, httpcore.ConnectError):
            found = looked_up(host, port, _left(timeout))
            if not self._allow_private and host != self._trusted:
                self._check(host, found)
            return Stream(connected(found, timeout))

    @staticmethod
    def _check(host: str, found: list[Found]) -> None:
        """Raise unless all addresses are public: of a name that is both, one was slipped in."""
        for *_, address in found:
            if not is_public(address[0]):
                raise Refused(refusal(host, address[0]))


def looked_up(host: str, port: int, within: float | None) -> list[Found]:
    """A host ⟶ its addresses; raises `TimeoutError`, for looking up takes as long as it takes."""
    answers: SimpleQueue[list[Found] | OSError] = SimpleQueue()

    def look() -> None:
        try:
            every = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            answers.put([(family, kind, of, at) for family, kind, of, _, at in every])
        except (OSError, UnicodeError) as error:
            answers.put(OSError(type(error).__name__))

    Thread(target=look, name="fwf looks up a host", daemon=True).start()
    try:
        found = answers.get(timeout=within)
    except Empty:
        raise TimeoutError("the name was not looked up in time") from None
    if isinstance(found, OSError):
        raise found
    return found


def connected(found: list[Found], timeout: float | None) -> socket.socket:
    """A socket to the first address that answers; each has its share of the time."""
    failed = OSError("no address")
    for n, (family, kind, protocol, address) in enumerate(found):
        sock = socket.socket(family, kind, protocol)
        try:
            left = _left(timeout)
            sock.settimeout(None if left is None else left / (len(found) - n))
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.connect(address)
        except OSError as error:
            sock.close()
            failed = error
        else:
            return sock
    raise failed
