#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# net/liveness over UDP.
# rigs: time
# timeout: 170
export TRANSPORT=udp
. "$(dirname "$0")/liveness.sh"
