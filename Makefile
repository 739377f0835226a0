# nix-ipfs: one Makefile, GNU make. `make help` lists the targets.
SHELL = /bin/sh
.DELETE_ON_ERROR:
# objects of test programs are kept, so that a second run compiles nothing
.SECONDARY:
.SUFFIXES:
.DEFAULT_GOAL := all

VERSION   = 0.1.0
SOVERSION = 0

# ---- knobs -----------------------------------------------------------------
O        ?= build
CC       ?= cc
CFLAGS   ?= -O2 -g
PREFIX   ?= /usr/local
BINDIR   ?= $(PREFIX)/bin
LIBDIR   ?= $(PREFIX)/lib
INCDIR   ?= $(PREFIX)/include
MANDIR   ?= $(PREFIX)/share/man
DATADIR  ?= $(PREFIX)/share
DESTDIR  ?=
WERROR   ?=
SANITIZE ?=
HARDEN   ?= $(if $(SANITIZE),0,1)
SCALE    ?= 1
T        ?=
V        ?=
Q         = $(if $(V),,@)
say       = $(if $(V),,@printf '  %-7s %s\n' $(1) $(2))

# ---- the machine -----------------------------------------------------------
MACHINE := $(shell $(CC) -dumpmachine)
ifeq ($(and $(filter x86_64-% aarch64-%,$(MACHINE)),$(findstring linux,$(MACHINE))),)
ifeq ($(filter clean help,$(MAKECMDGOALS)),)
$(error nix-ipfs is built for Linux on x86_64 and aarch64; this compiler makes $(MACHINE))
endif
endif

PKG_CONFIG ?= pkg-config
PKGS       := libcrypto libsodium libb2 libcbor sqlite3 libcurl jansson
# Commands that need no packages must work before they are installed.
NEED_PKGS  := $(if $(MAKECMDGOALS),$(filter-out clean help deps quickstart check check-ci distclean uninstall,$(MAKECMDGOALS)),all)
ifneq ($(NEED_PKGS),)
ifneq ($(shell $(PKG_CONFIG) --exists $(PKGS) 2>/dev/null && echo yes),yes)
$(error packages are missing: run `make deps`, or install what pkg-config calls $(PKGS))
endif
endif
PKG_CFLAGS  := $(shell $(PKG_CONFIG) --cflags $(PKGS) 2>/dev/null)
PKG_LIBS    := $(shell $(PKG_CONFIG) --libs $(PKGS) 2>/dev/null) -pthread
CHECK_CFLAGS = $(shell $(PKG_CONFIG) --cflags check)
CHECK_LIBS   = $(shell $(PKG_CONFIG) --libs check)

# ---- flags -----------------------------------------------------------------
cc-option = $(shell $(CC) -Werror $(1) -c -x c /dev/null -o /dev/null 2>/dev/null && echo $(1))

WARN := -Wall -Wextra -Wshadow -Wconversion -Wsign-conversion -Wcast-qual -Wpointer-arith \
	-Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wwrite-strings \
	-Wformat=2 -Wundef -Wvla -Walloca -Wimplicit-fallthrough -Wnull-dereference \
	-Wswitch-enum -Wdate-time
# what a sanitizer puts around variables says nothing of the stack
WARN += $(if $(SANITIZE),,$(call cc-option,-Wframe-larger-than=16384)) $(call cc-option,-Wlogical-op) \
	$(call cc-option,-Wduplicated-cond) $(call cc-option,-Wduplicated-branches) \
	$(call cc-option,-Wcomma)

override CPPFLAGS := -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -DNIPFS_VERSION='"$(VERSION)"' \
	-I. -Ilib/include $(PKG_CFLAGS) $(CPPFLAGS)
BASE_CFLAGS := -std=gnu11 -fPIC -fvisibility=hidden -pthread $(WARN)
ifneq ($(WERROR),)
BASE_CFLAGS += -Werror
endif
ifneq ($(SANITIZE),)
BASE_CFLAGS += -fsanitize=$(SANITIZE) -fno-omit-frame-pointer -fno-sanitize-recover=all
override LDFLAGS := -fsanitize=$(SANITIZE) $(LDFLAGS)
endif
ifeq ($(HARDEN),1)
BASE_CFLAGS += -fstack-protector-strong $(call cc-option,-fstack-clash-protection) \
	$(call cc-option,-fcf-protection) $(call cc-option,-ftrivial-auto-var-init=zero) \
	-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
override LDFLAGS := -Wl,-z,relro,-z,now -Wl,-z,noexecstack $(LDFLAGS)
endif
override CFLAGS := $(BASE_CFLAGS) $(CFLAGS)

# ---- sources: one archive per layer ----------------------------------------
MULTIFORMATS_SRC := $(wildcard multiformats/*.c multiformats/*/*.c)
UNIXFS_SRC       := $(wildcard unixfs/*.c)
DAG_SRC          := $(wildcard dag/*.c)
LIB_SRC          := $(wildcard lib/*.c lib/*/*.c)
CLI_SRC          := $(wildcard cli/*.c)
HOOK_SRC         := $(wildcard cli/post-build-hook/*.c)
PUBLIC_H         := $(wildcard lib/include/nixipfs/*.h)

obj = $(patsubst %.c,$(O)/%.o,$(1))
LIB_OBJ := $(call obj,$(MULTIFORMATS_SRC) $(UNIXFS_SRC) $(DAG_SRC) $(LIB_SRC))

# What a test of each layer may link: its own archive and those to the left.
A_multiformats := $(O)/libmultiformats.a
A_unixfs       := $(O)/libunixfs.a $(A_multiformats)
A_dag          := $(O)/libdag.a $(A_unixfs)
A_lib          := $(O)/liblib.a $(A_dag)

SO     := libnixipfs.so.$(SOVERSION)
STATIC := $(O)/libnixipfs.a

.PHONY: all
all: $(O)/nix-ipfs $(O)/nix-ipfs-post-build-hook $(O)/$(SO) $(STATIC)

FORCE:
.PHONY: FORCE
# Rebuild everything when the compiler or its flags change.
$(O)/.flags: FORCE
	@mkdir -p $(@D); f='$(CC) $(subst ','\'',$(CPPFLAGS) $(CFLAGS) $(LDFLAGS))'; \
	[ "$$f" = "$$(cat $@ 2>/dev/null)" ] || printf '%s\n' "$$f" > $@

$(O)/%.o: %.c $(O)/.flags
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(O)/tests/%.o: CFLAGS += $(CHECK_CFLAGS)

define archive
$(call say,AR,$@)
$(Q)rm -f $@ && $(AR) rcsD $@ $(filter %.o,$^)
endef
$(O)/libmultiformats.a: $(call obj,$(MULTIFORMATS_SRC))
	$(archive)
$(O)/libunixfs.a: $(call obj,$(UNIXFS_SRC))
	$(archive)
$(O)/libdag.a: $(call obj,$(DAG_SRC))
	$(archive)
$(O)/liblib.a: $(call obj,$(LIB_SRC))
	$(archive)
$(STATIC): $(LIB_OBJ)
	$(archive)

$(O)/$(SO): $(LIB_OBJ) lib/nixipfs.map
	$(call say,LD,$@)
	$(Q)$(CC) -shared -Wl,-soname,$(SO) -Wl,--version-script=lib/nixipfs.map \
		$(if $(SANITIZE),,-Wl,-z,defs) -o $@ $(LIB_OBJ) $(LDFLAGS) $(PKG_LIBS)

$(O)/nix-ipfs: $(call obj,$(CLI_SRC)) $(STATIC)
	$(call say,LD,$@)
	$(Q)$(CC) -o $@ $^ $(LDFLAGS) $(PKG_LIBS)

# Nix starts it after each build: it has what it needs of the library and no more.
$(O)/nix-ipfs-post-build-hook: $(call obj,$(HOOK_SRC)) $(STATIC)
	$(call say,LD,$@)
	$(Q)$(CC) -o $@ $^ $(LDFLAGS) -Wl,--gc-sections -Wl,--as-needed $(PKG_LIBS)

# The command writes its own completions, from the table that its parser reads.
COMPLETIONS := $(addprefix $(O)/completions/nix-ipfs.,bash zsh fish)
all: $(COMPLETIONS)
$(O)/completions/nix-ipfs.%: $(O)/nix-ipfs
	@mkdir -p $(@D)
	$(call say,GEN,$@)
	$(Q)$(O)/nix-ipfs __complete $* > $@

# ---- unit tests: tests/unit/LAYER/test_X.c, each a program of its own --------
UNIT_SRC := $(wildcard tests/unit/*/test_*.c)
UNIT_BIN := $(patsubst %.c,$(O)/%,$(UNIT_SRC))
SUPPORT_OBJ := $(call obj,$(wildcard tests/support/*.c))

define unit_layer
$(O)/tests/unit/$(1)/test_%: $(O)/tests/unit/$(1)/test_%.o $$(SUPPORT_OBJ) $$(A_$(1))
	$$(call say,LD,$$@)
	$$(Q)$$(CC) -o $$@ $$^ $$(LDFLAGS) $$(PKG_LIBS) $$(CHECK_LIBS)
endef
$(foreach layer,multiformats unixfs dag lib,$(eval $(call unit_layer,$(layer))))

.PHONY: units check-units
units: $(UNIT_BIN)
check-units: $(UNIT_BIN)
	$(Q)for t in $(UNIT_BIN); do \
		case "$$t" in *'$(T)'*) echo "== $$t"; $(WRAP) "$$t" || exit 1;; esac; \
	done

# ---- fuzz targets: tests/fuzz/fuzz_X.c, seeds in fixtures/fuzz/X -------------
FUZZ_SRC := $(wildcard tests/fuzz/fuzz_*.c)
FUZZ_BIN := $(patsubst tests/fuzz/%.c,$(O)/tests/fuzz/%,$(FUZZ_SRC))
ifeq ($(FUZZER),)
FUZZ_MAIN := $(O)/tests/fuzz/standalone.o
else
FUZZ_LD := -fsanitize=fuzzer
endif
$(O)/tests/fuzz/fuzz_%: $(O)/tests/fuzz/fuzz_%.o $(FUZZ_MAIN) $(A_lib)
	$(call say,LD,$@)
	$(Q)$(CC) -o $@ $^ $(FUZZ_LD) $(LDFLAGS) $(PKG_LIBS)

.PHONY: fuzz-bins check-fuzz fuzz
fuzz-bins: $(FUZZ_BIN)
check-fuzz: $(FUZZ_BIN)
	$(Q)for t in $(FUZZ_BIN); do name=$${t##*/fuzz_}; \
		case "$$t" in *'$(T)'*) $(WRAP) "$$t" fixtures/fuzz/$$name || exit 1;; esac; \
	done
# make fuzz T=cid SECS=60: coverage-guided, with clang
SECS ?= 60
fuzz:
	$(Q)[ -n '$(T)' ] || { echo 'fuzz: name the target: make fuzz T=cid SECS=60'; exit 2; }
	$(Q)$(MAKE) O=build-fuzz CC=clang FUZZER=1 SANITIZE=fuzzer-no-link,address,undefined \
		build-fuzz/tests/fuzz/fuzz_$(T)
	$(Q)mkdir -p build-fuzz/corpus/$(T)
	build-fuzz/tests/fuzz/fuzz_$(T) -max_total_time=$(SECS) -print_final_stats=1 \
		build-fuzz/corpus/$(T) fixtures/fuzz/$(T)

# ---- the command line: what it prints, and whether the man pages say the same --
.PHONY: check-cli check-man
check-cli: $(O)/nix-ipfs
	$(Q)O=$(O) tests/cli/run.sh $(T)
check-man: $(O)/nix-ipfs
	$(Q)O=$(O) tests/cli/man-check.sh

# ---- installing --------------------------------------------------------------
INSTALL  ?= install
BASHDIR  ?= $(DATADIR)/bash-completion/completions
ZSHDIR   ?= $(DATADIR)/zsh/site-functions
FISHDIR  ?= $(DATADIR)/fish/vendor_completions.d
MAN_PAGES := $(wildcard man/*.[1-9])
man_section = $(MANDIR)/man$(patsubst .%,%,$(suffix $(1)))
INSTALLED := $(BINDIR)/nix-ipfs $(BINDIR)/nix-ipfs-post-build-hook \
	$(addprefix $(LIBDIR)/,$(SO) libnixipfs.so libnixipfs.a pkgconfig/libnixipfs.pc) \
	$(patsubst lib/include/%,$(INCDIR)/%,$(PUBLIC_H)) \
	$(foreach page,$(MAN_PAGES),$(call man_section,$(page))/$(notdir $(page))) \
	$(BASHDIR)/nix-ipfs $(ZSHDIR)/_nix-ipfs $(FISHDIR)/nix-ipfs.fish

.PHONY: install uninstall
install: all
	$(Q)$(INSTALL) -d $(addprefix $(DESTDIR),$(sort $(dir $(INSTALLED))))
	$(Q)$(INSTALL) -m 755 $(O)/nix-ipfs $(O)/nix-ipfs-post-build-hook $(DESTDIR)$(BINDIR)
	$(Q)$(INSTALL) -m 755 $(O)/$(SO) $(DESTDIR)$(LIBDIR)
	$(Q)ln -sf $(SO) $(DESTDIR)$(LIBDIR)/libnixipfs.so
	$(Q)$(INSTALL) -m 644 $(STATIC) $(DESTDIR)$(LIBDIR)
	$(Q)sed -e 's|@PREFIX@|$(PREFIX)|;s|@LIBDIR@|$(LIBDIR)|;s|@INCDIR@|$(INCDIR)|' \
		-e 's|@VERSION@|$(VERSION)|;s|@PKGS@|$(PKGS)|' lib/libnixipfs.pc.in \
		> $(DESTDIR)$(LIBDIR)/pkgconfig/libnixipfs.pc
	$(Q)chmod 644 $(DESTDIR)$(LIBDIR)/pkgconfig/libnixipfs.pc
	$(Q)$(INSTALL) -m 644 $(PUBLIC_H) $(DESTDIR)$(INCDIR)/nixipfs
	$(Q)$(foreach page,$(MAN_PAGES),$(INSTALL) -m 644 $(page) $(DESTDIR)$(call man_section,$(page)) &&) true
	$(Q)$(INSTALL) -m 644 $(O)/completions/nix-ipfs.bash $(DESTDIR)$(BASHDIR)/nix-ipfs
	$(Q)$(INSTALL) -m 644 $(O)/completions/nix-ipfs.zsh $(DESTDIR)$(ZSHDIR)/_nix-ipfs
	$(Q)$(INSTALL) -m 644 $(O)/completions/nix-ipfs.fish $(DESTDIR)$(FISHDIR)
	@echo 'installed in $(DESTDIR)$(PREFIX)'
uninstall:
	rm -f $(addprefix $(DESTDIR),$(INSTALLED))
	-$(Q)rmdir $(DESTDIR)$(INCDIR)/nixipfs 2> /dev/null || true

# ---- the commands of the README --------------------------------------------
.PHONY: deps quickstart check bench lint
deps:
	tests/deps.sh test
quickstart:
	tests/deps.sh build
	$(MAKE) --no-print-directory -j$$(nproc) all
	O=$(O) tests/quickstart.sh
# Stages can be picked: make check STAGES='units cli'
check:
	O=$(O) SCALE=$(SCALE) tests/check.sh $(STAGES)
# build/tests/bench/bench_index FOLDER BLOCKS measures the index alone
$(O)/tests/bench/bench_%: $(O)/tests/bench/bench_%.o $(A_lib)
	$(call say,LD,$@)
	$(Q)$(CC) -o $@ $^ $(LDFLAGS) $(PKG_LIBS)
# make bench [ROUNDS=5] [SIZE_MB=1024] [FILES=50000]
bench: all
	tests/bench/run.py $(abspath $(O)/nix-ipfs) $(CURDIR)/tests/nix-env.sh $(or $(NIPFS_DEPS),build-deps)/bin/ipfs \
		$(or $(ROUNDS),5) $(or $(SIZE_MB),1024) $(or $(FILES),50000)
	tests/bench/publish.py $(abspath $(O)/nix-ipfs) $(CURDIR)/tests/nix-env.sh $(or $(NIPFS_DEPS),build-deps)/bin/ipfs \
		$(or $(ROUNDS),3) $(or $(SIZE_MB),512) $(or $(FILES),20000)
	tests/bench/fetch.py $(abspath $(O)/nix-ipfs) $(CURDIR)/tests/nix-env.sh $(or $(NIPFS_DEPS),build-deps)/bin/ipfs \
		$(or $(ROUNDS),3) $(or $(SIZE_MB),256) $(or $(FILES),2000)
	tests/bench/hook.py $(abspath $(O)/nix-ipfs-post-build-hook) $(CURDIR)/tests/nix-env.sh
lint: all
	O=$(O) tests/check.sh lint

.PHONY: clean distclean help
clean:
	rm -rf $(O) build-fuzz $(O)-clang $(O)-asan
distclean: clean
	rm -rf build-deps

help:
	@echo 'quickstart  install what is missing, build, and carry a closure from store to store'
	@echo 'check       install what is missing, build, run all tests [SCALE=20] [STAGES="units cli"]'
	@echo 'all         the command, the shared and the static library, in $$O ($(O))'
	@echo 'units       unit test programs;  check-units runs them [T=pattern] [WRAP=valgrind]'
	@echo 'fuzz        coverage-guided fuzzing: T=target SECS=60;  check-fuzz runs the corpora'
	@echo 'check-cli   the tests of the command line [T=pattern];  check-man: its man pages'
	@echo 'install     [DESTDIR= PREFIX=/usr/local];  uninstall takes away the same files'
	@echo 'lint        the checks of the source;  deps installs what the tests need'
	@echo 'clean       remove what was built;  distclean: and what deps made'
	@echo 'knobs: O= CC= CFLAGS= WERROR=1 SANITIZE=address,undefined HARDEN=0 SCALE= T= V=1'

-include $(shell find $(O) -name '*.d' 2>/dev/null)
