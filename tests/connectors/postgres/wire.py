"""What lies between client and server? A socket that passes bytes on, until it is told to cut."""

import socket
import threading
from contextlib import suppress
from pathlib import Path
from typing import Self
from urllib.parse import quote

PORT = 5432


class Wire:
    """A second address of a server; `cut_at` is a text, how often it passes, and what is cut then.

    "question": the statement never arrives. "answer": it is done, and nobody hears of it.
    """

    def __init__(self, server: str, folder: Path, url: str) -> None:
        self._server = f"{server}/.s.PGSQL.{PORT}"
        self._folder = folder
        self._listener = socket.socket(socket.AF_UNIX)
        self._ends: list[socket.socket] = []
        self.cut_at: tuple[bytes, int, str] | None = None
        self.closed = False
        """Whether nobody gets in any more."""
        self.closed_after_cut = False
        database = url.partition("?")[0].rpartition("/")[2]
        self.url = f"postgresql://postgres@/{database}?host={quote(str(folder), safe='')}"

    def __enter__(self) -> Self:
        self._listener.bind(f"{self._folder}/.s.PGSQL.{PORT}")
        self._listener.listen()
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.end()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self.closed:
                client.close()
                continue
            server = socket.socket(socket.AF_UNIX)
            server.connect(self._server)
            self._ends += [client, server]
            threading.Thread(target=self._up, args=(client, server), daemon=True).start()
            threading.Thread(target=self._down, args=(server, client), daemon=True).start()

    def _up(self, client: socket.socket, server: socket.socket) -> None:
        passed = 0
        with suppress(OSError):
            while data := client.recv(65536):
                passed += self.cut_at is not None and self.cut_at[0] in data
                if self.cut_at is not None and passed == self.cut_at[1]:
                    self._cut(data, server)
                    return
                server.sendall(data)
            self._shut(server)

    def _down(self, server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while data := server.recv(65536):
                client.sendall(data)
        self._shut(client)

    def _cut(self, data: bytes, server: socket.socket) -> None:
        assert self.cut_at is not None
        what, self.cut_at = self.cut_at[2], None
        self.closed = self.closed_after_cut
        clients = [end for end in self._ends if end is not server]
        for end in clients:
            self._shut(end)
        if what == "answer":
            server.sendall(data)
            server.shutdown(socket.SHUT_WR)
        else:
            self._shut(server)

    def end(self) -> None:
        """Cut whoever is here."""
        for end in self._ends:
            self._shut(end)
            end.close()

    @staticmethod
    def _shut(end: socket.socket) -> None:
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
