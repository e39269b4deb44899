#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""The audit log, without an audit daemon.

audit.py status       fails if there is no audit
audit.py enable 0|1
audit.py listen       a line "type text" for every record
"""
import os
import socket
import struct
import sys

NETLINK_AUDIT, AUDIT_GET, AUDIT_SET, READLOG = 9, 1000, 1001, 1
NLM_F_REQUEST, NLM_F_ACK, NLMSG_ERROR = 1, 4, 2
STATUS_ENABLED = 1


def ask(kind, data=b""):
    sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_AUDIT)
    sock.settimeout(5)
    sock.send(struct.pack("=IHHII", 16 + len(data), kind, NLM_F_REQUEST | NLM_F_ACK, 1, 0) + data)
    reply = sock.recv(65536)
    length, kind = struct.unpack_from("=IH", reply)
    if kind == NLMSG_ERROR:
        error = -struct.unpack_from("=i", reply, 16)[0]
        if error:
            sys.exit(os.strerror(error))


def status():
    ask(AUDIT_GET)


def enable(on):
    ask(AUDIT_SET, struct.pack("=10I", STATUS_ENABLED, int(on), *[0] * 8))


def listen():
    sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_AUDIT)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    sock.bind((0, 1 << (READLOG - 1)))
    print("listening", flush=True)
    while True:
        data = sock.recv(65536)
        # The length in the header is that of the text alone, or of all: the record tells.
        kind = struct.unpack_from("=H", data, 4)[0]
        print(kind, data[16:].rstrip(b"\0").decode("ascii", "replace"), flush=True)


if __name__ == "__main__":
    try:
        globals()[sys.argv[1]](*sys.argv[2:])
    except OSError as error:
        sys.exit(str(error))
