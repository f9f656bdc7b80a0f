# libFuzzer targets, under ASan and UBSan. FUZZ=sse for one, RUNS=n for each. What it begins with is in seeds.lua.
# An input that was a finding is kept in build/fuzz/TARGET.found/; with a fix it goes into seeds.lua.

FUZZ ?= sse url json error_body
RUNS ?= 1000000
FUZZ_FLAGS := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
LUA_LIBS = $(call lazy,LUA_LIBS,pkg-config --libs lua5.4 2>/dev/null || pkg-config --libs lua-5.4)

# What each is linked with. The Lua state of a process lives on, so that leaks are looked for at its end only.
FUZZ_PARTS_sse := sse buffer
FUZZ_PARTS_url := url base_url buffer
FUZZ_PARTS_json := json json_plain json_encode lua_util secret error text buffer error_scrub error_body
FUZZ_PARTS_error_body := $(FUZZ_PARTS_json)
FUZZ_LENGTH_sse := 300
FUZZ_LENGTH_url := 300
FUZZ_LENGTH_json := 300
FUZZ_LENGTH_error_body := 600
fuzz_objects = $(FUZZ_PARTS_$1:%=build/fuzz/csrc/%.o) build/fuzz/spec/fuzz/$1.o \
  $(if $(filter json error_body,$1),build/fuzz/spec/fuzz/state.o)

.PHONY: fuzz
fuzz: $(FUZZ:%=fuzz-%) ## libFuzzer on the parsers of what comes from outside, a million inputs each

.PHONY: $(FUZZ:%=fuzz-%)
$(FUZZ:%=fuzz-%): fuzz-%: build/fuzz/%
	@rm -rf $<.seeds && mkdir -p $<.seeds $<.corpus $<.found
	@$(LUA) spec/fuzz/seeds.lua $* $<.seeds $<.dict
	@start=$$(date +%s); \
	if $< -runs=$(RUNS) -max_len=$(FUZZ_LENGTH_$*) -timeout=10 -detect_leaks=$(if $(filter sse url,$*),1,0) \
	  -dict=$<.dict -artifact_prefix=$<.found/ $<.corpus $<.seeds >$<.log 2>&1; then \
	  echo " fuzz $*: $(RUNS) inputs, no finding, $$(($$(date +%s) - start)) s"; \
	else \
	  tail -n 60 $<.log; echo "fuzz $*: a finding; all of it is in $<.log"; exit 1; \
	fi

$(FUZZ:%=build/fuzz/%): build/fuzz/%:
	$(call run,ld,$@,clang -fsanitize=fuzzer $(FUZZ_FLAGS) -o $@ $^ \
	  $(if $(filter url,$*),$(CURL_LIBS),$(if $(filter sse,$*),,$(LUA_LIBS))) -lm)
$(foreach target,$(FUZZ),$(eval build/fuzz/$(target): $(call fuzz_objects,$(target))))

build/fuzz/%.o: %.c spec/fuzz/rules.mk | need
	$(call run,cc,$<,$(call compile,clang) -Icsrc $(FUZZ_FLAGS) -fsanitize=fuzzer-no-link $(CURL_CFLAGS) -MMD -MP -c -o $@ $<)

-include $(sort $(foreach target,$(FUZZ),$(patsubst %.o,%.d,$(call fuzz_objects,$(target)))))
