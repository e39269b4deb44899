#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# net/basic over UDP.
# rigs: uml kasan
# timeout: 60
export TRANSPORT=udp
. "$(dirname "$0")/basic.sh"
