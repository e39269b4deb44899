#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# net/offload over UDP.
# rigs: uml
# timeout: 240
export TRANSPORT=udp
. "$(dirname "$0")/offload.sh"
