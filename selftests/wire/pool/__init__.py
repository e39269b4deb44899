# SPDX-License-Identifier: GPL-2.0
"""POOL version 1, from spec/PROTOCOL.md alone. Numbers in comments are its sections.

Written for tests: nothing here is fast, wiped from memory, or meant for use.
"""
