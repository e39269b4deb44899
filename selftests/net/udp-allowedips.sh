#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# net/allowedips over UDP.
# rigs: uml
# timeout: 150
export TRANSPORT=udp
. "$(dirname "$0")/allowedips.sh"
