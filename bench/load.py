"""Load from a process of its own: connections that are kept alive, each waiting for its answer before it asks again."""

import select
import socket
import sys
import time

CONNECTIONS = 16


def rate(port: int, request: bytes, seconds: float) -> float:
    """Ask a server on this machine for a while; give its answers a second.

    Raises:
        RuntimeError: an answer is not 200, or a connection ends.
    """
    poll = select.epoll()
    sockets = {made.fileno(): made for made in (_connect(port) for _ in range(CONNECTIONS))}
    for number, made in sockets.items():
        poll.register(number, select.EPOLLIN)
        made.sendall(request)
    length = _answer_length(next(iter(sockets.values())))
    answers, began = _ask(poll, sockets, request, length, seconds)
    took = time.perf_counter() - began
    for made in sockets.values():
        made.close()
    return answers / took


def _ask(
    poll: select.epoll, sockets: dict[int, socket.socket], request: bytes, length: int, seconds: float
) -> tuple[int, float]:
    missing = dict.fromkeys(sockets, length)
    answers, began = 0, time.perf_counter()
    while time.perf_counter() - began < seconds:
        for number, _ in poll.poll(1):
            received = sockets[number].recv(65_536)
            if not received or (missing[number] == length and not received.startswith(b"HTTP/1.1 200 ")):
                raise RuntimeError(f"no 200: {received[:200]!r}")
            missing[number] -= len(received)
            if missing[number] <= 0:
                missing[number] = length
                answers += 1
                sockets[number].sendall(request)
    return answers, began


def _answer_length(peeked: socket.socket) -> int:
    """Give the length of one whole answer, head and body; every answer to one request has the same."""
    time.sleep(0.2)
    return len(peeked.recv(65_536, socket.MSG_PEEK))


def _connect(port: int) -> socket.socket:
    made = socket.create_connection(("127.0.0.1", port), timeout=10)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return made


if __name__ == "__main__":
    print(rate(int(sys.argv[1]), sys.stdin.buffer.read(), float(sys.argv[2])))
