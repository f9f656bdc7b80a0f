# particle: from a checkout. `make` alone says what there is. Each target first sees to its Debian packages (.ci/packages).

LUA ?= lua5.4
BUILD ?= $(if $(POLLER),build/$(POLLER),build)
PREFIX ?= /usr/local
CFLAGS ?= -O2 -g -fno-plt -D_FORTIFY_SOURCE=2 -fstack-protector-strong
# A resolver's thread may outlive lua_close: the code under it must not be unmapped (nodelete).
HARDENING ?= $(if $(filter Darwin,$(shell uname)),,-Wl,-z,relro,-z,now,-z,nodelete)
LIBFLAG ?= -shared
WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Wmissing-prototypes

include .ci/packages

# pkg-config is asked when a recipe first needs it, after the packages were seen to, and only once.
lazy = $(eval $1 := $(shell $2))$($1)
LUA_CFLAGS = $(call lazy,LUA_CFLAGS,pkg-config --cflags lua5.4 2>/dev/null || pkg-config --cflags lua-5.4)
CURL_CFLAGS = $(call lazy,CURL_CFLAGS,pkg-config --cflags libcurl)
CURL_LIBS = $(call lazy,CURL_LIBS,pkg-config --libs libcurl)
MICROHTTPD_CFLAGS = $(call lazy,MICROHTTPD_CFLAGS,pkg-config --cflags libmicrohttpd)
MICROHTTPD_LIBS = $(call lazy,MICROHTTPD_LIBS,pkg-config --libs libmicrohttpd)

CORE_SOURCES := $(wildcard csrc/*.c)
HTTPD_SOURCES := $(wildcard csrc/simulator/*.c)
LUA_SOURCES := $(patsubst ./%,%,$(shell find lua -name '*.lua'))
CORE := $(BUILD)/lib/particle/core.so
HTTPD := $(BUILD)/lib/particle/simulator/httpd.so
COMMAND := $(BUILD)/bin/particle-simulator
ANNOTATIONS := $(BUILD)/annotations.lua

# $1: compiler. What every C file is compiled with, whoever compiles it.
compile = $1 -std=c11 -D_GNU_SOURCE -fPIC -fvisibility=hidden $(WARNINGS) $(LUA_CFLAGS) \
  $(if $(filter poll,$(POLLER)),-DPT_POLLER_POLL) $(CPPFLAGS)
link = $(CC) $(LIBFLAG) $(CFLAGS) $(HARDENING) $(LDFLAGS)

ROOT := $(CURDIR)
lua_path = $1/?.lua;$1/?/init.lua;;
environment = LUA_PATH_5_4='$(call lua_path,$(ROOT)/lua)' LUA_CPATH_5_4='$(ROOT)/$(BUILD)/lib/?.so;;' \
  PATH='$(ROOT)/$(BUILD)/bin':"$$PATH"

ifeq ($(MAKELEVEL)$(filter clean uninstall,$(MAKECMDGOALS)),0)
MAKEFLAGS += -j$(shell nproc 2>/dev/null || echo 1)
endif

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:

.PHONY: help
help: ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1|/p' $(MAKEFILE_LIST) | while IFS='|' read -r target text; do \
	  printf '  make %-10s %s\n' "$$target" "$$text"; done

.PHONY: need
need:
	@.ci/need $(foreach package,$(sort $(foreach goal,$(MAKECMDGOALS),$(PACKAGES_$(goal)))),'$(package)')
	@.ci/need --optional $(foreach goal,$(MAKECMDGOALS),$(OPTIONAL_$(goal)))

# --- building

# $1: what is done, $2: to which file, $3: the command; V=1 shows it
run = @mkdir -p $(@D) && $(if $(V),echo '$3',echo ' $1 $2') && $3

.PHONY: build
build: $(CORE) $(HTTPD) $(COMMAND) ## the C modules and the command, into build/

$(CORE): $(CORE_SOURCES:%.c=$(BUILD)/%.o)
	$(call run,ld,$@,$(link) -o $@ $^ $(CURL_LIBS))

$(HTTPD): $(HTTPD_SOURCES:%.c=$(BUILD)/%.o)
	$(call run,ld,$@,$(link) -o $@ $^ $(MICROHTTPD_LIBS))

$(BUILD)/csrc/simulator/%.o: MODULE_CFLAGS = $(MICROHTTPD_CFLAGS)
$(BUILD)/csrc/%.o: MODULE_CFLAGS = $(CURL_CFLAGS)
$(BUILD)/csrc/%.o: csrc/%.c $(BUILD)/flags
	$(call run,cc,$<,$(call compile,$(CC)) $(CFLAGS) $(MODULE_CFLAGS) -MMD -MP -c -o $@ $<)

# Changes only when the flags do: then everything is compiled again.
$(BUILD)/flags: always | need
	@mkdir -p $(@D)
	@flags='$(call compile,$(CC)) $(CFLAGS) $(HARDENING) $(LDFLAGS)'; \
	echo "$$flags" | cmp -s - $@ || echo "$$flags" >$@
.PHONY: always

# $1: where the Lua files are, $2: where the C modules are, $3: the file to write
define write_command
@mkdir -p "$$(dirname '$3')"
@{ echo '#!/bin/sh'; \
  echo "LUA_PATH_5_4='$(call lua_path,$1)' LUA_CPATH_5_4='$2/?.so;;' \\"; \
  echo "  exec $(LUA) '$1/particle/simulator/command.lua' \"\$$@\""; } >'$3'
@chmod +x '$3'
endef

# Holds absolute paths, so it is written anew each time: the checkout may have been moved.
$(COMMAND): always
	$(call write_command,$(ROOT)/lua,$(ROOT)/$(BUILD)/lib,$@)

$(ANNOTATIONS): $(wildcard doc/generator/*.lua) $(wildcard lua/particle/operations/*.lua)
	$(call run,lua,$@,$(LUA) doc/generator/editors.lua $@)

.PHONY: env
env: ## shell lines that let lua5.4 find it from anywhere: eval "$(make -s env)"
	@echo "export LUA_PATH_5_4='$(call lua_path,$(ROOT)/lua)'"
	@echo "export LUA_CPATH_5_4='$(ROOT)/$(BUILD)/lib/?.so;;'"
	@echo "export PATH='$(ROOT)/$(BUILD)/bin':\"\$$PATH\""

# --- trying

.PHONY: demo
demo: build ## a tour of a simulated cloud, or of yours with a token set
	@$(environment) $(LUA) examples/demo.lua

.PHONY: repl
repl: build ## a prompt with `api` and `sim` ready
	@$(environment) $(LUA) -e 'require("particle.repl").main()'

# --- testing (SPECS=spec/x_spec.lua for one file, LOOP=cqueues, luv or copas for an event loop around each test,
# POLLER=poll for the poll() fallback)

SPECS ?= spec
LOOPS := cqueues luv $(if $(filter poll,$(POLLER)),,copas)
# Those that `make test` runs inside event loops too.
SPECS_IN_LOOPS := $(patsubst %,spec/%_spec.lua,device provider scheduler subscribe)

# $1: the event loop, or nothing; $2: specs
run_specs = 'TEST_LOOP=$1 .ci/test $(BUILD) $2'

.PHONY: test
test: build ## all specs, some of them in event loops too; the last line counts them
	@.ci/total $(call run_specs,$(LOOP),$(SPECS)) \
	  $(if $(LOOP)$(filter-out spec,$(SPECS)),,$(foreach loop,cqueues luv,$(call run_specs,$(loop),$(SPECS_IN_LOOPS))))

.PHONY: loops
loops: build ## all specs inside each event loop
	@.ci/total $(foreach loop,$(LOOPS),$(call run_specs,$(loop),$(SPECS)))

ASAN_FLAGS := -fsanitize=address,undefined
EAGER ?= $(SPECS)

.PHONY: asan
asan: need ## all specs under ASan, UBSan and leak check, once more with an eager collector
	@$(MAKE) --no-print-directory BUILD=build/asan CC=gcc CFLAGS='-O1 -g -fno-omit-frame-pointer $(ASAN_FLAGS)' build
	@TEST_SANITIZED=1 .ci/test build/asan $(SPECS)
	@echo "Once more, with an eager collector."
	@TEST_SANITIZED=1 TEST_COLLECTOR=eager .ci/test build/asan $(EAGER)

.PHONY: interop
interop: build ## the official SDK and CLI against the simulator; npm installs them (INTEROP_DIR=folder keeps them)
	@.ci/interop $(BUILD)

# --- documenting

.PHONY: doc
doc: need ## the manual into build/doc/: guides and reference as HTML, annotations for editors
	@rm -rf build/doc
	@$(LUA) doc/generator/main.lua build/doc

# --- checking

C_FILES := $(sort $(wildcard csrc/*.[ch] csrc/*/*.[ch] spec/*.[ch] spec/*/*.[ch] examples/*.[ch] examples/*/*.[ch]))
C_SOURCES := $(filter %.c,$(C_FILES))
C_CFLAGS = $(CURL_CFLAGS) $(MICROHTTPD_CFLAGS) -Icsrc

.PHONY: check
check: check-lua check-format check-warnings check-tidy check-symbols check-rockspecs check-words ## luacheck, clang-format, warnings, clang-tidy, symbols, rockspecs

.PHONY: check-lua check-format check-warnings check-tidy check-symbols check-rockspecs check-words
check-lua: need
	@luacheck --quiet --no-color lua spec $(wildcard examples doc) .ci/rockspecs.lua

check-format: need
	@clang-format --dry-run -Werror $(C_FILES)

CHECKED := $(foreach variant,gcc clang gcc-poll,$(C_SOURCES:%.c=build/check/$(variant)/%.o))
check-warnings: $(CHECKED)
	@echo "warnings: none under gcc, clang and with PT_POLLER_POLL"

build/check/gcc/%.o: CHECK = $(call compile,gcc)
build/check/clang/%.o: CHECK = $(call compile,clang)
build/check/gcc-poll/%.o: CHECK = $(call compile,gcc) -DPT_POLLER_POLL
$(foreach variant,gcc clang gcc-poll,build/check/$(variant)/%.o): %.c Makefile | need
	@mkdir -p $(@D)
	@$(CHECK) -O2 -Werror $(C_CFLAGS) -MMD -MP -c -o $@ $<

check-tidy: $(C_SOURCES:%.c=build/check/tidy/%.done)
	@echo "clang-tidy: no findings"

build/check/tidy/%.done: %.c .clang-tidy .ci/raising.h build/check/clang/%.o | need
	@mkdir -p $(@D)
	@clang-tidy --quiet $< -- -include .ci/raising.h $(wordlist 2,99,$(call compile,clang)) $(C_CFLAGS) 2>$@.err || { cat $@.err; false; }
	@touch $@

check-symbols: build
	@.ci/symbols $(CORE) luaopen_particle_core
	@.ci/symbols $(HTTPD) luaopen_particle_simulator_httpd

check-rockspecs: need
	@$(LUA) .ci/rockspecs.lua

check-words:
	@! grep -rnE '\<(TO''DO|FIX''ME|XX''X)\>' csrc lua spec $(wildcard examples doc) || { echo 'unfinished work'; false; }

# --- installing

DATA := $(DESTDIR)$(PREFIX)/share/lua/5.4
MODULES := $(DESTDIR)$(PREFIX)/lib/lua/5.4
PROGRAM := $(DESTDIR)$(PREFIX)/bin/particle-simulator

.PHONY: install
install: build $(ANNOTATIONS) ## into PREFIX=/usr/local (DESTDIR is honoured)
	@for file in $(LUA_SOURCES:lua/%=%); do install -D -m 644 "lua/$$file" '$(DATA)'/"$$file" || exit; done
	@install -D -m 644 $(ANNOTATIONS) '$(DATA)/particle/annotations.lua'
	@install -D -m 755 $(CORE) '$(MODULES)/particle/core.so'
	@install -D -m 755 $(HTTPD) '$(MODULES)/particle/simulator/httpd.so'
	$(call write_command,$(PREFIX)/share/lua/5.4,$(PREFIX)/lib/lua/5.4,$(PROGRAM))
	@echo "installed into $(DESTDIR)$(PREFIX)"

.PHONY: uninstall
uninstall: ## what install put there
	@rm -f $(foreach file,$(LUA_SOURCES:lua/%=%) particle/annotations.lua,'$(DATA)/$(file)') \
	  '$(MODULES)/particle/core.so' '$(MODULES)/particle/simulator/httpd.so' '$(PROGRAM)'
	@for tree in '$(DATA)/particle' '$(MODULES)/particle'; do \
	  [ ! -d "$$tree" ] || find "$$tree" -depth -type d -empty -delete; done

.PHONY: clean
clean: ## remove build/
	@rm -rf build

# Targets that live beside what they run; `## text` after a target puts it on the list.
-include spec/*/rules.mk
-include $(CORE_SOURCES:%.c=$(BUILD)/%.d) $(HTTPD_SOURCES:%.c=$(BUILD)/%.d) $(CHECKED:.o=.d)
