#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# net/teardown over raw IP.
# rigs: uml
# timeout: 480
export TRANSPORT=raw
. "$(dirname "$0")/teardown.sh"
