# SPDX-License-Identifier: GPL-2.0
# The entry points. Each folder builds itself; `make help` says what is what.

DESTDIR ?=
PREFIX ?= /usr

# Words for the scripts below: make test ONLY=REGEX RIG=uml
export ONLY RIG
# and for make bench; SECONDS is a word of bash's own.
unexport SECONDS

.PHONY: help all demo test bench lint shell install uninstall clean

help:
	@echo 'make demo            two hosts, a tunnel and real traffic in a guest with Debian'\''s kernel'
	@echo 'make test            everything that gates a change; ONLY=REGEX for those whose name'
	@echo '                     matches (net/basic, @kasan, ^lint/), RIG="uml time kasan qemu" for some'
	@echo 'make lint            checkpatch, W=1, sparse, cppcheck, shellcheck: the lint part of it'
	@echo 'make bench           POOL beside WireGuard, ovpn and plain veth: a table and a plot;'
	@echo '                     ROWS="tcp_bulk_1 loss_*" SUBJECTS="pool-tcp wireguard" ROUNDS=5 SECONDS=3'
	@echo 'make shell           a guest with two connected hosts to play in; RIG=uml (default) or qemu'
	@echo 'make all             pool.ko for the running kernel, the tool and the ip plugin, in build/'
	@echo 'make install         build and install them here; uninstall takes them away; DESTDIR, PREFIX'
	@echo 'make clean           remove build/ (kernels stay in ~/.cache/pool)'
	@echo
	@echo 'selftests/run-tests.sh -l    lists the tests'
	@echo 'selftests/vm/run.sh RIG -- COMMAND    runs any command in a guest'

all:
	@selftests/host-steps.sh build
	@selftests/host-steps.sh module

demo:
	@selftests/demo/demo.sh

test:
	@selftests/run-tests.sh

bench:
	@selftests/bench/run.sh -n '$(ROUNDS)' -s '$(SECONDS)' -r '$(ROWS)' -S '$(SUBJECTS)' \
		$(if $(AWAKE),--awake) $(if $(UPDATE_DOC),--update-doc)

lint:
	@ONLY= RIG= selftests/run-tests.sh '^lint/'

shell:
	@selftests/vm/shell.sh

install: all
	@if [ "$(DESTDIR)" ]; then \
		$(MAKE) -s -C kernel OUT=$(CURDIR)/build/kernel INSTALL_MOD_PATH="$(DESTDIR)" DEPMOD=true install; \
	else \
		$(MAKE) -s -C kernel OUT=$(CURDIR)/build/kernel install; \
	fi
	@$(MAKE) -s -C userspace OUT=$(CURDIR)/build/userspace DESTDIR=$(DESTDIR) PREFIX=$(PREFIX) install
	@$(MAKE) -s -C iproute2-plugin OUT=$(CURDIR)/build/iproute2-plugin DESTDIR=$(DESTDIR) PREFIX=$(PREFIX) install

uninstall:
	@DESTDIR=$(DESTDIR) PREFIX=$(PREFIX) selftests/host-steps.sh uninstall

clean:
	rm -rf build
