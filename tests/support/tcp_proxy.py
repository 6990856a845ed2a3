"""A TCP proxy that loses answers: the server gets the request, the client never hears of it."""

import socket
import threading
from contextlib import suppress
from typing import Self

CHUNK = 65_536


class TcpProxy:
    """Forwards bytes to `upstream`, until `lose_reply_to` picks a request to break at.

    The picked request reaches the server; once the server has answered it (with `done` in its
    answer), nothing of the answer is passed on and both sides of that connection are closed.
    """

    def __init__(self, upstream: tuple[str, int]) -> None:
        self._upstream = upstream
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._lock = threading.Lock()
        self._armed: list[tuple[bytes, bytes]] = []
        self._sockets: list[socket.socket] = []
        self.lost = 0
        self.passing = threading.Event()  # cleared: a black hole, that nobody can tell from a wait
        self.passing.set()

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for each in self._sockets:
            close(each)
        self.passing.set()

    @property
    def port(self) -> int:
        port: int = self._listener.getsockname()[1]
        return port

    def lose_reply_to(self, request: bytes, *, done: bytes, times: int = 1) -> None:
        """Break the next `times` connections whose client says `request`."""
        with self._lock:
            self._armed += [(request, done)] * times

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._upstream)
                self._sockets += [client, server]
                swallowing: list[bytes] = []
                for pump in (self._ask, self._answer):
                    threading.Thread(
                        target=pump, args=(client, server, swallowing), daemon=True
                    ).start()

    def _ask(self, client: socket.socket, server: socket.socket, swallowing: list[bytes]) -> None:
        with suppress(OSError):
            while said := client.recv(CHUNK):
                with self._lock:
                    if self._armed and self._armed[0][0] in said:
                        swallowing.append(self._armed.pop(0)[1])
                self.passing.wait()
                server.sendall(said)
        close(server)

    def _answer(
        self, client: socket.socket, server: socket.socket, swallowing: list[bytes]
    ) -> None:
        swallowed = b""
        with suppress(OSError):
            while answer := server.recv(CHUNK):
                if not swallowing:
                    client.sendall(answer)
                    continue
                swallowed += answer
                if swallowing[0] in swallowed:
                    self.lost += 1
                    break
        close(client)
        close(server)


def close(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
