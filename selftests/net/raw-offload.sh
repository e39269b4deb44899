#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# net/offload over raw IP.
# rigs: uml
# timeout: 240
export TRANSPORT=raw
. "$(dirname "$0")/offload.sh"
