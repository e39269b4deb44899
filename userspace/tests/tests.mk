# SPDX-License-Identifier: GPL-2.0
# Tests of the tool: units (cmocka), the command line, the command line against
# a fake kernel, and fuzzers. Included by ../Makefile; all under ASan and UBSan.

UNIT_TESTS := test_parse test_config test_state test_sync
FAKE_SRC := $(sort $(wildcard tests/fake_*.c))
FUZZERS := fuzz_file fuzz_args fuzz_reply
TEST_OUT := $(OUT)/tests

$(TEST_OUT)/pool: $(call obj,asan,$(TOOL_SRC))
	@mkdir -p $(@D)
	$(CC) $(SANITIZE) -o $@ $^ $(LIBS)

# libmnl for messages, the fake for sockets: what the program defines comes first.
$(TEST_OUT)/pool-fake: $(call obj,asan,$(TOOL_SRC) $(FAKE_SRC))
	@mkdir -p $(@D)
	$(CC) $(SANITIZE) -o $@ $^ $(LIBS)

$(TEST_OUT)/test_%: $(OUT)/asan/tests/test_%.o $(call obj,asan,$(LIB_SRC) $(PROTO_SRC))
	@mkdir -p $(@D)
	$(CC) $(SANITIZE) -o $@ $^ $(LIBS) -lcmocka

$(TEST_OUT)/fuzz_%: $(OUT)/fuzz/tests/fuzz_%.o $(call obj,fuzz,$(LIB_SRC) $(PROTO_SRC))
	@mkdir -p $(@D)
	$(CLANG) $(SANITIZE) -fsanitize=fuzzer -o $@ $^ $(LIBS)

.SECONDARY:

check: $(OUT)/pool $(TEST_OUT)/pool $(TEST_OUT)/pool-fake $(UNIT_TESTS:%=$(TEST_OUT)/%)
	OUT=$(abspath $(OUT)) tests/run.sh $(UNIT_TESTS)

fuzz: $(FUZZERS:%=$(TEST_OUT)/%)
	@set -e; for f in $(FUZZERS); do \
		mkdir -p $(TEST_OUT)/corpus.$$f; \
		$(TEST_OUT)/$$f -max_total_time=$(FUZZ_SECONDS) -timeout=5 -rss_limit_mb=1024 \
			-verbosity=0 -print_final_stats=1 -artifact_prefix=$(TEST_OUT)/$$f- \
			-dict=tests/config.dict $(TEST_OUT)/corpus.$$f tests/corpus \
			>$(TEST_OUT)/$$f.log 2>&1 || \
			{ cat $(TEST_OUT)/$$f.log; echo "not ok - $$f"; exit 1; }; \
		echo "# $$(grep -a number_of_executed_units $(TEST_OUT)/$$f.log)"; \
		echo "ok - $$f for $(FUZZ_SECONDS) s"; \
	done
