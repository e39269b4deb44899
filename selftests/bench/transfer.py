#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Copy 500 MiB over one TCP connection.

Usage: transfer.py -l | transfer.py HOST. The sender prints Mbit/s, from the call until the
other end has told how many bytes it got.
"""
import socket
import sys
import time

PORT = 5298
BYTES = 500 << 20


def serve():
    with socket.create_server(("", PORT)) as server:
        buffer = bytearray(1 << 18)
        while True:
            connection, _ = server.accept()
            with connection:
                count = 0
                while got := connection.recv_into(buffer):
                    count += got
                connection.sendall(str(count).encode())


def send(host):
    block = bytes(1 << 18)
    start = time.monotonic()
    with socket.create_connection((host, PORT)) as connection:
        for _ in range(BYTES // len(block)):
            connection.sendall(block)
        connection.shutdown(socket.SHUT_WR)
        count = int(connection.makefile().read())
    seconds = time.monotonic() - start
    if count != BYTES:
        sys.exit(f"{count} of {BYTES} bytes arrived")
    print(BYTES * 8 / seconds / 1e6)


if sys.argv[1] == "-l":
    serve()
else:
    send(sys.argv[1])
