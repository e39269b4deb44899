# SPDX-License-Identifier: GPL-2.0
"""Why something was refused, by the names of the drop counters (9.3)."""


class Drop(Exception):
    """The packet has no effect but this counter."""

    def __init__(self, reason, closes=False, **detail):
        super().__init__(reason)
        self.reason = reason
        self.closes = closes        # 7.4: the connection goes with it
        self.detail = detail
