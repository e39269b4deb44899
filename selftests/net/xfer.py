#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Traffic for the tests in this directory.

xfer.py recv ADDRESS PORT            one TCP stream in: bytes and SHA-256
xfer.py send ADDRESS PORT BYTES      one TCP stream out: bytes and SHA-256
xfer.py blast ADDRESS PORT SECONDS   UDP without looking back, whatever happens
xfer.py sink PORT                    write down who sent which numbered datagram
xfer.py number PORT ROUND N ADDRESS...   N numbered datagrams to each address
xfer.py hold ADDRESS PORT N SECONDS [SOURCE...]     silent connections, spread over
                                     the sources, made again when they are closed if
                                     the environment says AGAIN=1
xfer.py garbage ADDRESS PORT N KIND  N connections with garbage: random, zero,
                                     length, type, halves
"""
import hashlib
import os
import random
import select
import socket
import struct
import sys
import time


def family(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def recv(address, port):
    listener = socket.socket(family(address))
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.IPPROTO_IP, 15, 1)  # IP_FREEBIND
    listener.bind((address, int(port)))
    listener.listen()
    print("listening", flush=True)
    conn, _ = listener.accept()
    listener.close()
    digest, total = hashlib.sha256(), 0
    while True:
        data = conn.recv(1 << 16)
        if not data:
            break
        digest.update(data)
        total += len(data)
    print("sha256", digest.hexdigest(), total, flush=True)


def send(address, port, count):
    left = int(count)
    conn = socket.socket(family(address))
    conn.connect((address, int(port)))
    digest, total = hashlib.sha256(), 0
    source = random.Random(left ^ os.getpid())
    begin = time.monotonic()
    while left:
        data = source.randbytes(min(left, 1 << 16))
        digest.update(data)
        conn.sendall(data)
        left -= len(data)
        total += len(data)
    conn.shutdown(socket.SHUT_WR)
    conn.recv(1)  # the other end closes when it has all
    print("sha256", digest.hexdigest(), total)
    print("seconds %.1f" % (time.monotonic() - begin), flush=True)


def blast(address, port, seconds):
    sock = socket.socket(family(address), socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, 32, 16 << 20)  # SO_SNDBUFFORCE: never mind the queue
    sock.setblocking(False)
    end = time.monotonic() + float(seconds)
    data = bytes(1300)
    while time.monotonic() < end:
        for _ in range(32):
            try:
                sock.sendto(data, (address, int(port)))
            except OSError:
                pass
        time.sleep(0.002)


def sink(port):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, 33, 8 << 20)  # SO_RCVBUFFORCE
    sock.bind(("", int(port)))
    print("listening", flush=True)
    while True:
        data, (source, _) = sock.recvfrom(2048)
        print(data.decode(), source, flush=True)


def number(port, round_, count, *addresses):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, 32, 4 << 20)  # SO_SNDBUFFORCE
    for i in range(int(count)):
        for address in addresses:
            try:
                sock.sendto(b"round %s packet %d" % (round_.encode(), i), (address, int(port)))
            except OSError as error:
                print(address, error, flush=True)


def dial(address, port, source):
    conn = socket.socket(family(address))
    conn.setblocking(False)
    if source:
        conn.bind((source, 0))
    conn.connect_ex((address, int(port)))
    return conn


def hold(address, port, count, seconds, *sources):
    sources = sources or (None,)
    again = os.environ.get("AGAIN")
    poll = select.poll()
    held, made, closed = {}, 0, 0
    end = time.monotonic() + float(seconds)

    def one():
        nonlocal made
        conn = dial(address, port, sources[made % len(sources)])
        made += 1
        held[conn.fileno()] = conn
        poll.register(conn, select.POLLIN)

    for _ in range(int(count)):
        one()
    print("made", made, flush=True)
    while time.monotonic() < end:
        for number_, _ in poll.poll(200):
            conn = held.pop(number_)
            poll.unregister(number_)
            conn.close()
            closed += 1
            if again:
                one()
    print("made", made, "closed", closed, "held", len(held), flush=True)


def header(kind_, length, version=1):
    return bytes([version << 4 | kind_]) + os.urandom(43) + struct.pack(">H", length) + os.urandom(34)


def garbage(address, port, count, kind):
    refused = 0
    for i in range(int(count)):
        if kind == "random":
            data = os.urandom(random.randrange(1, 4000))
        elif kind == "zero":
            data = bytes(4096)
        elif kind == "length":
            data = header(random.choice((0, 1, 2)), random.randrange(65536)) * 2
        elif kind == "type":
            data = header(random.randrange(16), 100, random.randrange(16)) + os.urandom(100)
        else:
            data = header(random.choice((0, 2, 5)), 72)[: random.randrange(1, 80)]
        try:
            with socket.create_connection((address, int(port)), timeout=5) as conn:
                conn.sendall(data)
                if kind != "halves":
                    conn.settimeout(0.02)
                    try:
                        conn.recv(64)
                    except socket.timeout:
                        pass
        except OSError:
            refused += 1
    print("refused", refused, "of", count, flush=True)


if __name__ == "__main__":
    sys.exit(globals()[sys.argv[1]](*sys.argv[2:]))
