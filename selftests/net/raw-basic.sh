#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# net/basic over raw IP.
# rigs: uml
# timeout: 60
export TRANSPORT=raw
. "$(dirname "$0")/basic.sh"
