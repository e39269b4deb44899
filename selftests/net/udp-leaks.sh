#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# net/leaks over UDP.
# rigs: kasan
# timeout: 120
# boot: kmemleak=on slab_debug=F ncpus=1
export TRANSPORT=udp
. "$(dirname "$0")/leaks.sh"
