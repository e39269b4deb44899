#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# net/dgram-netem over raw IP, which has no checksum: what is corrupt comes to POOL.
# rigs: uml
# timeout: 300
export TRANSPORT=raw
. "$(dirname "$0")/dgram-netem.sh"
