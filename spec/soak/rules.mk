# The client for minutes against a simulator that fails at random: make soak MINUTES=5. SEED=n repeats a run.

.PHONY: soak
soak: build ## calls and streams for MINUTES=1 against a failing simulator; memory, descriptors and tasks are judged
	@$(subst ;;,;$(ROOT)/?.lua;;,$(environment)) $(LUA) spec/soak/run.lua $(LUA) $(or $(MINUTES),1) $(SEED)
