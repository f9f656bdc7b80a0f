# Every allocation fails once: ours, libcurl's and Lua's. SCENARIO=name for one, TORTURE_STEP=n for every n-th.

TORTURE := build/torture
TORTURE_FLAGS := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined
TORTURE_OBJECTS := $(CORE_SOURCES:%.c=$(TORTURE)/%.o) $(HTTPD_SOURCES:%.c=$(TORTURE)/%.o) $(patsubst %.c,$(TORTURE)/%.o,$(wildcard spec/torture/*.c))
LUA_LIBS = $(call lazy,LUA_LIBS,pkg-config --libs lua5.4 2>/dev/null || pkg-config --libs lua-5.4)

.PHONY: torture
torture: need $(TORTURE)/host $(BUILD)/bench/cloud ## a host whose allocators fail at each point, under ASan and UBSan
	@$(TORTURE)/host 'lua/?.lua;lua/?/init.lua' $(BUILD)/bench/cloud $(or $(TORTURE_STEP),1) $(SCENARIO)

$(TORTURE)/host: $(TORTURE_OBJECTS)
	$(call run,ld,$@,$(CC) $(TORTURE_FLAGS) -o $@ $^ $(LUA_LIBS) $(CURL_LIBS) $(MICROHTTPD_LIBS) -lm)

$(TORTURE)/csrc/%.o: REPLACES = -include spec/torture/failing.h -DFAILING_REPLACES
$(TORTURE)/%.o: %.c spec/torture/failing.h $(BUILD)/flags
	$(call run,cc,$<,$(call compile,$(CC)) $(TORTURE_FLAGS) $(CURL_CFLAGS) $(MICROHTTPD_CFLAGS) $(REPLACES) -MMD -MP -c -o $@ $<)

-include $(TORTURE_OBJECTS:.o=.d)
