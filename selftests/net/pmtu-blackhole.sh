#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# net/pmtu where nobody tells what is too long: it disappears.
# rigs: time
# timeout: 600
export SETUP=setup_bridge
. "$(dirname "$0")/pmtu.sh"
