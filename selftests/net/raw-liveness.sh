#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# net/liveness over raw IP.
# rigs: time
# timeout: 170
export TRANSPORT=raw
. "$(dirname "$0")/liveness.sh"
