#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# net/stress from UDP on, where devices change their transport, too.
# rigs: uml kasan
# timeout: 150
export TRANSPORT=udp
. "$(dirname "$0")/stress.sh"
