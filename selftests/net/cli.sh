#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The tool and the plugin against the module, on devices without traffic.
# rigs: uml qemu
# timeout: 60
. "$(dirname "$0")/../lib.sh"
t_finished=1	# userspace/tests/kernel.sh prints the plan
sh "$POOL_TOP/userspace/tests/kernel.sh"
