# SPDX-License-Identifier: GPL-2.0
"""Notation of section 2."""

import hashlib
import hmac
import os
import struct

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import (
    X25519PrivateKey, X25519PublicKey)
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


class BadKey(Exception):
    """DH gave zero."""


class BadTag(Exception):
    """OPEN failed."""


def be16(n):
    return struct.pack(">H", n)


def be32(n):
    return struct.pack(">I", n)


def be64(n):
    return struct.pack(">Q", n)


def H(message):
    return hashlib.sha256(message).digest()


def HMAC(key, message):
    return hmac.new(key, message, hashlib.sha256).digest()


def equal(a, b):
    return hmac.compare_digest(a, b)


def hkdf_extract(salt, ikm):
    return HMAC(salt or bytes(32), ikm)


def hkdf_expand(prk, info, length):
    out = block = b""
    count = 1
    while len(out) < length:
        block = HMAC(prk, block + info + bytes([count]))
        out += block
        count += 1
    return out[:length]


def clamp(x):
    x = bytearray(x)
    x[0] &= 0xF8
    x[31] = x[31] & 0x7F | 0x40
    return bytes(x)


def PUB(secret):
    key = X25519PrivateKey.from_private_bytes(secret).public_key()
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)


def DH(secret, public):
    try:
        return X25519PrivateKey.from_private_bytes(secret).exchange(
            X25519PublicKey.from_public_bytes(public))
    except ValueError:
        raise BadKey from None


def SEAL(key, nonce, ad, plain):
    return ChaCha20Poly1305(key).encrypt(nonce, plain, ad)


def OPEN(key, nonce, ad, sealed):
    if len(sealed) < 16:
        raise BadTag
    try:
        return ChaCha20Poly1305(key).decrypt(nonce, sealed, ad)
    except InvalidTag:
        raise BadTag from None


def secret():
    return clamp(os.urandom(32))
