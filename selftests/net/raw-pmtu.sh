#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# net/pmtu over raw IP, and IPv6.
# rigs: time
# timeout: 600
export TRANSPORT=raw FAMILY=6
. "$(dirname "$0")/pmtu.sh"
