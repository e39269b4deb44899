#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# net/fragments over raw IP, and IPv6.
# rigs: uml
# timeout: 240
export TRANSPORT=raw FAMILY=6
. "$(dirname "$0")/fragments.sh"
