# Time and memory of calls and of event streams, beside C programs that do the same. BENCH_ROUNDS=n for more rounds.

BENCH_PROGRAMS := $(patsubst %,$(BUILD)/bench/%,cloud baseline event_cloud event_baseline idle_baseline fleet_baseline)

.PHONY: bench bench-calls bench-cold bench-events bench-fleet
bench: bench-calls bench-cold bench-events bench-fleet ## time and memory of calls, events and fleets beside plain libcurl in C

bench_environment = $(subst ;;,;$(ROOT)/?.lua;;,$(environment)) LUA_CPATH_5_4='$(ROOT)/$(BUILD)/lib/?.so;$(ROOT)/$(BUILD)/bench/?.so;;'

bench-calls: build $(BENCH_PROGRAMS)
	@$(bench_environment) $(LUA) spec/bench/run.lua $(LUA) $(BUILD)/bench/cloud $(BUILD)/bench/baseline $(BENCH_ROUNDS)

bench-cold: build $(BENCH_PROGRAMS) | bench-calls
	@$(bench_environment) $(LUA) spec/bench/cold.lua $(LUA) $(BUILD)/bench/cloud $(BUILD)/bench/baseline $(BENCH_ROUNDS)

bench-events: build $(BENCH_PROGRAMS) $(BUILD)/bench/heap.so | bench-cold
	@$(bench_environment) $(LUA) spec/bench/events.lua $(LUA) $(BUILD)/bench $(BENCH_ROUNDS)

bench-fleet: build $(BENCH_PROGRAMS) | bench-events
	@$(bench_environment) $(LUA) spec/bench/fleet.lua $(LUA) $(BUILD)/bench $(BENCH_ROUNDS)

$(BENCH_PROGRAMS): $(BUILD)/bench/%: spec/bench/%.c $(BUILD)/flags
	$(call run,cc,$@,$(call compile,$(CC)) $(CFLAGS) $(CURL_CFLAGS) -o $@ $< $(CURL_LIBS))

$(BUILD)/bench/heap.so: spec/bench/heap.c $(BUILD)/flags
	$(call run,cc,$@,$(call compile,$(CC)) $(CFLAGS) $(LIBFLAG) -o $@ $<)
