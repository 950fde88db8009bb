# git-strack: one-off scripts, run once per environment, on a signed ledger.
#
# make            build/git-strack
# make demo       set up, build, and show the whole thing in a throw-away repository
# make check      set up, build, and run all tests
# make check-long the same for what check only takes a sample of, in full
# make install    PREFIX=/usr/local DESTDIR=
#
# make fuzz       goes on from the corpora in t/fuzz with libFuzzer (clang);
# make fuzz-afl   the same with AFL++
#
# Knobs.  SAN=1 builds with ASan and UBSan into build-san; LIBS is what has no
# .pc file; FUZZ_TIME is how many seconds each target is fuzzed.

PREFIX = /usr/local
bindir = $(PREFIX)/bin
datadir = $(PREFIX)/share/git-strack
mandir = $(PREFIX)/share/man
licensedir = $(PREFIX)/share/doc/git-strack
DESTDIR =

CC = cc
CFLAGS = -O2 -g
WARN = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wpointer-arith -Wwrite-strings -Wformat=2 -Wno-format-nonliteral
HARDEN = -fPIE -fstack-protector-strong -D_FORTIFY_SOURCE=2
HARDEN_LD = -pie -Wl,-z,relro,-z,now
WERROR =
PKGS = libgit2 inih libsodium jansson
LIBS = -lcsv
VERSION = 0.1.0

SANITIZE = -fsanitize=address,undefined -fno-sanitize-recover=undefined \
	-fno-omit-frame-pointer
ifeq ($(SAN),1)
B = build-san
HARDEN = $(SANITIZE)
HARDEN_LD = -fsanitize=address,undefined
CFLAGS = -O1 -g
else ifeq ($(FUZZ),libfuzzer)
B = build-fuzz
CC = clang
HARDEN = $(SANITIZE) -fsanitize=fuzzer-no-link -Wno-missing-field-initializers
HARDEN_LD = $(SANITIZE) -fsanitize=fuzzer
CFLAGS = -O1 -g
else ifeq ($(FUZZ),afl)
B = build-afl
CC = AFL_QUIET=1 afl-clang-fast
HARDEN = $(SANITIZE) -Wno-missing-field-initializers
HARDEN_LD = $(SANITIZE) -fsanitize=fuzzer
CFLAGS = -O1 -g
else ifeq ($(COV),1)
B = build-cov
HARDEN = --coverage -fprofile-update=atomic
HARDEN_LD = --coverage -Wl,--wrap=_exit
CFLAGS = -O0 -g
EXTRA = $(B)/t/helper/dump-coverage.o
else
B = build
endif

PKG_CFLAGS = $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
PKG_LIBS = $(shell pkg-config --libs $(PKGS) 2>/dev/null) $(LIBS)
ALL_CFLAGS = -std=c11 -D_GNU_SOURCE -Iinclude -Isrc $(WARN) $(WERROR) \
	$(HARDEN) $(CFLAGS) $(PKG_CFLAGS) \
	-DSTRACK_VERSION='"$(VERSION)"' -DSTRACK_DATADIR='"$(datadir)"'

SRC = \
	src/base/buf.c \
	src/base/error.c \
	src/base/escape.c \
	src/base/json.c \
	src/base/out.c \
	src/base/strmap.c \
	src/base/strvec.c \
	src/base/table.c \
	src/base/text.c \
	src/base/textfold.c \
	src/base/timetext.c \
	src/base/unicode.c \
	src/cmd.c \
	src/cmd/approve.c \
	src/cmd/attach.c \
	src/cmd/batch.c \
	src/cmd/batchdetach.c \
	src/cmd/batchparam.c \
	src/cmd/batchtext.c \
	src/cmd/batchundo.c \
	src/cmd/brought.c \
	src/cmd/camein.c \
	src/cmd/cancel.c \
	src/cmd/check.c \
	src/cmd/checkfiles.c \
	src/cmd/checkledger.c \
	src/cmd/checknames.c \
	src/cmd/cleanup.c \
	src/cmd/command.c \
	src/cmd/console.c \
	src/cmd/create.c \
	src/cmd/decide.c \
	src/cmd/endedtext.c \
	src/cmd/entrytext.c \
	src/cmd/exec.c \
	src/cmd/find.c \
	src/cmd/hookadvice.c \
	src/cmd/hooks.c \
	src/cmd/init.c \
	src/cmd/lines.c \
	src/cmd/log.c \
	src/cmd/mark.c \
	src/cmd/markfrom.c \
	src/cmd/pager.c \
	src/cmd/prereceive.c \
	src/cmd/remind.c \
	src/cmd/remindjson.c \
	src/cmd/remindquick.c \
	src/cmd/remindsee.c \
	src/cmd/remindtext.c \
	src/cmd/removal.c \
	src/cmd/removaltext.c \
	src/cmd/remove.c \
	src/cmd/reset.c \
	src/cmd/resolve.c \
	src/cmd/review.c \
	src/cmd/rollback.c \
	src/cmd/rotation.c \
	src/cmd/rowtext.c \
	src/cmd/run.c \
	src/cmd/show.c \
	src/cmd/showoutput.c \
	src/cmd/showrun.c \
	src/cmd/status.c \
	src/cmd/statuslist.c \
	src/cmd/statusmatrix.c \
	src/cmd/sync.c \
	src/cmd/target.c \
	src/cmd/trust.c \
	src/cmd/trustlist.c \
	src/cmd/trustrequests.c \
	src/cmd/trustrotate.c \
	src/cmd/trustrotateown.c \
	src/cmd/trustwords.c \
	src/cmd/undo.c \
	src/cmd/verify.c \
	src/cmd/where.c \
	src/core/adhoc.c \
	src/core/append.c \
	src/core/approvals.c \
	src/core/approvers.c \
	src/core/cachefile.c \
	src/core/circle.c \
	src/core/claims.c \
	src/core/clonekey.c \
	src/core/commititem.c \
	src/core/commitshape.c \
	src/core/companion.c \
	src/core/database.c \
	src/core/discover.c \
	src/core/entry.c \
	src/core/entryname.c \
	src/core/entryparse.c \
	src/core/exchange.c \
	src/core/exchangerefuse.c \
	src/core/found.c \
	src/core/header.c \
	src/core/held.c \
	src/core/hookput.c \
	src/core/hooks.c \
	src/core/hooktext.c \
	src/core/hooktool.c \
	src/core/importmatch.c \
	src/core/imports.c \
	src/core/journal.c \
	src/core/judge.c \
	src/core/judgeapprovals.c \
	src/core/judgetrust.c \
	src/core/kind.c \
	src/core/ledger.c \
	src/core/ledgercache.c \
	src/core/ledgerentries.c \
	src/core/ledgerrows.c \
	src/core/match.c \
	src/core/message.c \
	src/core/namecheck.c \
	src/core/nearest.c \
	src/core/needs.c \
	src/core/owners.c \
	src/core/param.c \
	src/core/place.c \
	src/core/plan.c \
	src/core/planwait.c \
	src/core/received.c \
	src/core/recover.c \
	src/core/refmove.c \
	src/core/requests.c \
	src/core/review.c \
	src/core/rundir.c \
	src/core/script.c \
	src/core/scriptvec.c \
	src/core/session.c \
	src/core/sessionkeys.c \
	src/core/sessionremote.c \
	src/core/settings.c \
	src/core/settingsat.c \
	src/core/settingskeys.c \
	src/core/side.c \
	src/core/slug.c \
	src/core/sqltext.c \
	src/core/state.c \
	src/core/template.c \
	src/core/treefiles.c \
	src/core/trust.c \
	src/core/view.c \
	src/core/walk.c \
	src/core/walkentry.c \
	src/core/walktree.c \
	src/git/added.c \
	src/git/commit.c \
	src/git/config.c \
	src/git/gc.c \
	src/git/history.c \
	src/git/hookspath.c \
	src/git/identity.c \
	src/git/incoming.c \
	src/git/indexfile.c \
	src/git/lastchange.c \
	src/git/object.c \
	src/git/pathname.c \
	src/git/porcelain.c \
	src/git/refs.c \
	src/git/remote.c \
	src/git/repo.c \
	src/git/rev.c \
	src/git/stores.c \
	src/git/tree.c \
	src/git/treediff.c \
	src/git/treeunion.c \
	src/git/worktree.c \
	src/main.c \
	src/opt.c \
	src/os/carriers.c \
	src/os/clock.c \
	src/os/collect.c \
	src/os/csv.c \
	src/os/datadir.c \
	src/os/dir.c \
	src/os/file.c \
	src/os/ini.c \
	src/os/jsonread.c \
	src/os/lock.c \
	src/os/map.c \
	src/os/process.c \
	src/os/procfs.c \
	src/os/pty.c \
	src/os/sync.c \
	src/os/temp.c \
	src/os/term.c \
	src/run/capture.c \
	src/run/claim.c \
	src/run/command.c \
	src/run/console.c \
	src/run/control.c \
	src/run/detach.c \
	src/run/ending.c \
	src/run/environ.c \
	src/run/events.c \
	src/run/lifeline.c \
	src/run/litter.c \
	src/run/live.c \
	src/run/lost.c \
	src/run/mask.c \
	src/run/outcome.c \
	src/run/program.c \
	src/run/progress.c \
	src/run/relay.c \
	src/run/resume.c \
	src/run/runner.c \
	src/run/said.c \
	src/run/secrets.c \
	src/run/settle.c \
	src/run/sql.c \
	src/run/sqlask.c \
	src/run/sqlclient.c \
	src/run/sqlend.c \
	src/run/sqlwrap.c \
	src/run/underway.c \
	src/run/verify.c \
	src/run/warden.c \
	src/run/wardenstart.c \
	src/run/watch.c \
	src/sign/digest.c \
	src/sign/keygen.c \
	src/sign/opensshkey.c \
	src/sign/pubkey.c \
	src/sign/signer.c \
	src/sign/sshsig.c \
	src/sign/verify.c \
	src/sign/wire.c
OBJ = $(SRC:%.c=$(B)/%.o)
LIBOBJ = $(filter-out $(B)/src/main.o,$(OBJ))

UNIT = $(sort $(wildcard t/unit/test-*.c))
UNITBIN = $(UNIT:t/unit/%.c=$(B)/t/unit/%)

all: $(B)/git-strack

$(B)/git-strack: $(OBJ) $(EXTRA)
	$(CC) $(ALL_CFLAGS) $(HARDEN_LD) $(LDFLAGS) -o $@ $(OBJ) \
		$(EXTRA) $(PKG_LIBS)

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(B)/t/unit/%: t/unit/%.c $(LIBOBJ) $(EXTRA)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP $(HARDEN_LD) $(LDFLAGS) -o $@ $< $(LIBOBJ) \
		$(EXTRA) $(PKG_LIBS) -lcmocka

-include $(OBJ:.o=.d) $(UNITBIN:=.d)

clean:
	rm -rf build build-san build-fuzz build-afl build-cov

.PHONY: all clean

# ---- set-up, demo, tests ----

JOBS = $(shell nproc 2>/dev/null || echo 2)
T = $(sort $(wildcard t/t[0-9]*.sh))
# Packages may be missing when make starts, so what needs them is made by a
# second make, after the set-up.
AGAIN = $(MAKE) -s --no-print-directory \
	$(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(JOBS))

setup:
	@CC='$(CC)' sh t/setup.sh check

demo:
	@CC='$(CC)' sh t/setup.sh demo
	@echo 'Building $(B)/git-strack'
	@$(AGAIN) all
	@sh t/demo.sh $(B)

check:
	@CC='$(CC)' sh t/setup.sh check
	@echo 'Building $(B)/git-strack and the unit tests'
	@$(AGAIN) tests
	@STRACK_BUILD=$(B) CC='$(CC)' prove -j$(JOBS) $(PROVE_OPTS) $(T)

# What `check` takes a sample of, in full: every fault at every point, hundreds
# of kills and rounds.
LONG = $(sort $(wildcard t/t007*.sh) t/t0002-unit.sh t/t0053-trust-requests.sh \
	t/t0090-valgrind.sh t/t0170-sync-race.sh t/t0172-sync-kills.sh \
	t/t0173-sync-many.sh t/t0201-verify-incremental.sh \
	t/t0214-verify-attacks-size.sh)
check-long:
	@CC='$(CC)' sh t/setup.sh check
	@echo 'Building $(B)/git-strack and the unit tests'
	@$(AGAIN) tests
	@STRACK_LONG=1 STRACK_BUILD=$(B) CC='$(CC)' \
		prove --timer -j$(JOBS) $(PROVE_OPTS) $(LONG)

tests: all $(UNITBIN)

lint:
	@for lint in $(filter-out %/lib.sh,$(wildcard t/lint/*.sh)); do \
		STRACK_BUILD=$(B) CC='$(CC)' $$lint || failed=1; \
	done; test -z "$$failed"

# Static analysis; some minutes, and nothing may be found.
analyze:
	@CC='$(CC)' sh t/setup.sh analyze
	@sh t/analyze/analyze.sh

check-headers:
	@for header in include/strack/*.h src/*/*.h; do \
		echo "#include \"$$header\"" | $(CC) $(ALL_CFLAGS) -I. \
			-fsyntax-only -x c - || failed=1; \
	done; test -z "$$failed"

# Which lines the tests run, a folder and a file at a time.
coverage:
	@CC='$(CC)' sh t/setup.sh check
	@$(AGAIN) COV=1 tests
	@find build-cov -name '*.gcda' -delete
	@-STRACK_BUILD=build-cov CC='$(CC)' prove -j$(JOBS) $(PROVE_OPTS) $(T)
	@sh t/coverage.sh build-cov

# ---- fuzzing ----

# What anybody may have written: a target a file, corpora beside them.  `make
# check` replays the corpora (t/t0080-fuzz-corpus.sh); these two go on from
# them, FUZZ_TIME seconds a target, and stop at the first crash.
FUZZ_TIME = 60
FUZZ_TARGETS = $(sort $(patsubst t/fuzz/fuzz-%.c,%,$(wildcard t/fuzz/fuzz-*.c)))
# No more than the targets need, so that the replay is built in seconds.
FUZZ_SRC = $(wildcard src/base/*.c) \
	$(addprefix src/core/,commitshape.c database.c entry.c entryname.c entryparse.c \
	header.c importmatch.c imports.c kind.c message.c nearest.c param.c \
	settings.c settingskeys.c sqltext.c walktree.c) \
	$(addprefix src/git/,commit.c incoming.c object.c pathname.c tree.c \
	treediff.c) \
	$(addprefix src/os/,csv.c dir.c file.c ini.c jsonread.c sync.c temp.c) \
	src/run/events.c \
	$(addprefix src/sign/,digest.c opensshkey.c pubkey.c sshsig.c \
	verify.c wire.c)
FUZZBIN = $(FUZZ_TARGETS:%=$(B)/t/fuzz/fuzz-%)
REPLAYBIN = $(FUZZ_TARGETS:%=$(B)/t/fuzz/replay-%)

# Of an archive a target takes what it calls, and nothing that it has itself.
$(B)/fuzz.a: $(sort $(FUZZ_SRC:%.c=$(B)/%.o))
	@rm -f $@
	ar rcs $@ $^

$(B)/t/fuzz/fuzz-%: $(B)/t/fuzz/fuzz-%.o $(B)/fuzz.a
	$(CC) $(HARDEN_LD) $(LDFLAGS) -o $@ $^ $(PKG_LIBS)

$(B)/t/fuzz/replay-%: $(B)/t/fuzz/fuzz-%.o $(B)/t/fuzz/replay.o $(B)/fuzz.a
	$(CC) $(HARDEN_LD) $(LDFLAGS) -o $@ $^ $(PKG_LIBS)

.SECONDARY: $(FUZZ_TARGETS:%=$(B)/t/fuzz/fuzz-%.o) $(B)/t/fuzz/replay.o
-include $(wildcard $(B)/t/fuzz/*.d)

fuzz-replay: $(REPLAYBIN)
fuzz-build: $(FUZZBIN)

fuzz:
	@sh t/setup.sh fuzz
	@$(AGAIN) FUZZ=libfuzzer fuzz-build
	@FUZZ_TIME='$(FUZZ_TIME)' sh t/fuzz/fuzz.sh libfuzzer $(FUZZ_TARGETS)

fuzz-afl:
	@sh t/setup.sh fuzz
	@$(AGAIN) FUZZ=afl fuzz-build
	@FUZZ_TIME='$(FUZZ_TIME)' sh t/fuzz/fuzz.sh afl $(FUZZ_TARGETS)

fuzz-merge:
	@sh t/fuzz/fuzz.sh merge $(FUZZ_TARGETS)

.PHONY: fuzz fuzz-afl fuzz-build fuzz-merge fuzz-replay

# ---- speed ----

$(B)/t/perf/%: t/perf/%.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(HARDEN_LD) $(LDFLAGS) -o $@ $< $(PKG_LIBS)

# Ratios against stock commands; some minutes, and nothing is asserted.
bench:
	@CC='$(CC)' sh t/setup.sh build
	@$(AGAIN) all $(B)/t/perf/timeit $(B)/t/perf/open
	@sh t/perf/bench.sh $(B) $(SCRIPTS)

# ---- installation ----

TEMPLATES = $(sort $(wildcard templates/*.*))
LIB = $(sort $(wildcard templates/lib/*))
HOOKS = $(sort $(wildcard hooks/*))
MAN = $(sort $(wildcard man/*.[1-9]))
mandir_of = $(mandir)/man$(patsubst .%,%,$(suffix $(1)))

# The folder is compiled into this one.
$(B)/src/os/datadir.o: $(B)/datadir.stamp
$(B)/datadir.stamp: FORCE
	@mkdir -p $(@D)
	@echo '$(datadir)' | cmp -s - $@ || echo '$(datadir)' >$@

install: all
	install -d '$(DESTDIR)$(bindir)' '$(DESTDIR)$(datadir)/templates/lib' \
		'$(DESTDIR)$(datadir)/hooks' '$(DESTDIR)$(licensedir)'
	install -m 755 $(B)/git-strack '$(DESTDIR)$(bindir)/git-strack'
	install -m 644 $(TEMPLATES) '$(DESTDIR)$(datadir)/templates'
	install -m 644 $(LIB) '$(DESTDIR)$(datadir)/templates/lib'
	install -m 644 $(HOOKS) '$(DESTDIR)$(datadir)/hooks'
	install -m 644 LICENSE '$(DESTDIR)$(licensedir)/LICENSE'
	@set -e; $(foreach page,$(MAN),\
		install -d '$(DESTDIR)$(call mandir_of,$(page))'; \
		install -m 644 $(page) '$(DESTDIR)$(call mandir_of,$(page))';)

uninstall:
	rm -f '$(DESTDIR)$(bindir)/git-strack' \
		'$(DESTDIR)$(licensedir)/LICENSE' \
		$(foreach file,$(TEMPLATES) $(LIB) $(HOOKS),'$(DESTDIR)$(datadir)/$(file)') \
		$(foreach page,$(MAN),\
		'$(DESTDIR)$(call mandir_of,$(page))/$(notdir $(page))')
	@for dir in '$(DESTDIR)$(datadir)/templates/lib' \
		'$(DESTDIR)$(datadir)/templates' \
		'$(DESTDIR)$(datadir)/hooks' '$(DESTDIR)$(datadir)' \
		'$(DESTDIR)$(licensedir)'; do \
		[ ! -d "$$dir" ] || \
			rmdir --ignore-fail-on-non-empty "$$dir"; \
	done

.PHONY: bench setup demo check check-long analyze coverage tests lint check-headers install uninstall FORCE
