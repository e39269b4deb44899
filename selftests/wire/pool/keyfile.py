# SPDX-License-Identifier: GPL-2.0
"""Keys in files: base64 as `pool genkey` writes them, or hexadecimal."""

import base64
import binascii
import os

from .crypto import PUB, secret


def decode(text):
    text = text.strip()
    try:
        key = bytes.fromhex(text) if len(text) == 64 else base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        key = b""
    if len(key) != 32:
        raise ValueError("not a key: %r" % text[:80])
    return key


def load(path_or_key):
    """From a file, or the key itself."""
    if os.path.exists(path_or_key):
        with open(path_or_key, encoding="ascii") as f:
            return decode(f.read())
    return decode(path_or_key)


def encode(key):
    return base64.b64encode(key).decode()


def generate(path):
    """Secret in path, public key in path.pub."""
    key = secret()
    for name, value in ((path, key), (path + ".pub", PUB(key))):
        fd = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.write(fd, (encode(value) + "\n").encode())
        os.close(fd)
    return key
