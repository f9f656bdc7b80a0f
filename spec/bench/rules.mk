# Time and memory of calls, beside a C program that does the same. BENCH_ROUNDS=n for more rounds.

BENCH_PROGRAMS := $(BUILD)/bench/cloud $(BUILD)/bench/baseline

.PHONY: bench
bench: build $(BENCH_PROGRAMS) ## time and memory of calls beside plain libcurl in C
	@$(environment) $(LUA) spec/bench/run.lua $(LUA) $(BENCH_PROGRAMS) $(BENCH_ROUNDS)

$(BENCH_PROGRAMS): $(BUILD)/bench/%: spec/bench/%.c $(BUILD)/flags
	$(call run,cc,$@,$(call compile,$(CC)) $(CFLAGS) $(CURL_CFLAGS) -o $@ $< $(CURL_LIBS))
