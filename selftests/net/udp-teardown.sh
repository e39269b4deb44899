#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# net/teardown over UDP.
# rigs: uml
# timeout: 480
export TRANSPORT=udp
. "$(dirname "$0")/teardown.sh"
