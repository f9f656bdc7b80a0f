# The client for minutes against a simulator that fails at random: make soak MINUTES=5. SEED=n repeats a run.

.PHONY: soak
soak: build $(BUILD)/bench/heap.so ## the client for MINUTES=1 against a simulator that fails at random; what is left and done is judged
	@$(bench_environment) $(LUA) spec/soak/run.lua $(LUA) $(or $(MINUTES),1) $(SEED)
