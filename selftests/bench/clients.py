#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Many clients of one server.

Usage: clients.py setup COUNT DIR pool-TRANSPORT|wireguard
       clients.py call COUNT
setup writes DIR/N.conf for each client, DIR/server.conf, and DIR/devices and DIR/routes
for `ip -batch`. Client N is device cN with the inner address 10.97.x.y; it calls from
10.98.x.y and reaches the server as 10.96.x.y.
call sends one ping through each and prints how many were answered, and after how many
seconds the last of them was.
"""
import base64
import os
import select
import socket
import struct
import sys
import time

SERVER = "10.98.255.1"
PORT = 9999
LIMIT = 30


def address(net, n):
    return f"10.{net}.{n >> 8}.{n & 255}"


def setup(count, folder, kind):
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    def pair():
        private = X25519PrivateKey.generate()
        raw = private.private_bytes_raw() if hasattr(private, "private_bytes_raw") else None
        if raw is None:
            from cryptography.hazmat.primitives import serialization as s

            raw = private.private_bytes(s.Encoding.Raw, s.PrivateFormat.Raw, s.NoEncryption())
            public = private.public_key().public_bytes(s.Encoding.Raw, s.PublicFormat.Raw)
        else:
            public = private.public_key().public_bytes_raw()
        return base64.b64encode(raw).decode(), base64.b64encode(public).decode()

    transport = kind.partition("-")[2]
    link = f"pool transport {transport}" if transport else "wireguard"
    server = pair()
    with open(f"{folder}/server.conf", "w") as conf, open(f"{folder}/devices", "w") as devices, \
            open(f"{folder}/routes", "w") as routes:
        conf.write(f"[Interface]\nPrivateKey = {server[0]}\nListenPort = {PORT}\n")
        for n in range(1, count + 1):
            key = pair()
            # Each from an address of its own, as clients are: who answers charges addresses.
            bind = f"BindAddress = {address(98, n)}\n" if transport else ""
            with open(f"{folder}/{n}.conf", "w") as client:
                client.write(
                    f"[Interface]\nPrivateKey = {key[0]}\nListenPort = {10000 + n}\n{bind}"
                    f"[Peer]\nPublicKey = {server[1]}\nEndpoint = {SERVER}:{PORT}\n"
                    f"AllowedIPs = {address(96, n)}/32\n"
                )
            conf.write(f"[Peer]\nPublicKey = {key[1]}\nAllowedIPs = {address(97, n)}/32\n")
            devices.write(f"addr add {address(98, n)}/16 dev eth0\n")
            devices.write(f"link add c{n} type {link}\n")
            devices.write(f"addr add {address(97, n)}/32 dev c{n}\n")
            routes.write(f"link set c{n} up\n")
            routes.write(f"route add {address(96, n)}/32 dev c{n} src {address(97, n)}\n")


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


def call(count):
    sock = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    ident = os.getpid() & 0xFFFF
    head = struct.pack("!BBHHH", 8, 0, 0, ident, 1)
    packet = struct.pack("!BBHHH", 8, 0, checksum(head), ident, 1)
    waiting = {address(96, n) for n in range(1, count + 1)}
    start = last = time.monotonic()
    for host in sorted(waiting):
        sock.sendto(packet, (host, 0))
    while waiting and time.monotonic() < start + LIMIT:
        if not select.select([sock], [], [], 1)[0]:
            continue
        data, (host, _) = sock.recvfrom(2048)
        if host in waiting and data[20] == 0 and data[24:26] == packet[4:6]:
            waiting.remove(host)
            last = time.monotonic()
    print(count - len(waiting), last - start)


if sys.argv[1] == "setup":
    setup(int(sys.argv[2]), *sys.argv[3:5])
else:
    call(int(sys.argv[2]))
