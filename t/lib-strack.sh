# What every test file sources, first of all:
#
#	#!/bin/sh
#	test_description='what it is about'
#	. "$(dirname "$0")/lib-strack.sh"
#
# It is Debian's sharness in a folder of its own under TMPDIR (several runs
# at once don't meet), with build/ first in PATH, an empty HOME, git told of
# nothing but a fixed identity, and a few words for what the tests do often.
# STRACK_BUILD names another build folder, SHARNESS another sharness.sh;
# STRACK_LONG asks for all of what is otherwise a sample; STRACK_FAILURES names a
# file that gets what failed tests said.
#
# A test drives the program as its user does, and looks with stock tools.
# shellcheck shell=sh disable=SC2034,SC2154

strack_t=$(cd "$(dirname "$0")" && pwd) || exit 1
strack_top=$(dirname "$strack_t")
case ${STRACK_BUILD:=build} in
/*) ;;
*) STRACK_BUILD=$strack_top/$STRACK_BUILD ;;
esac

# ---- a known world ----

# Of a build with sanitizers (make check SAN=1).
LSAN_OPTIONS=suppressions=$strack_t/helper/lsan.supp:print_suppressions=0
export LSAN_OPTIONS

for strack_v in $(env | sed -n 's/^\(GIT_[A-Z0-9_]*\|STRACK_[A-Z0-9_]*\)=.*/\1/p'); do
	case $strack_v in
	STRACK_BUILD | STRACK_LONG | STRACK_FAILURES) ;;
	*) unset "$strack_v" ;;
	esac
done
unset XDG_CONFIG_HOME XDG_CACHE_HOME SSH_AUTH_SOCK SSH_AGENT_PID SSH_ASKPASS \
	DISPLAY COLUMNS LINES NO_COLOR PYTHONUNBUFFERED CDPATH GREP_OPTIONS \
	DATABASE_URL MAKEFLAGS MAKELEVEL MFLAGS strack_v
umask 022

# The program asks `git config` where a GIT_CONFIG variable is set, and
# libgit2 where none is, as with most users.  So it is set only where the
# machine's own file has what could change a test.
if git config --system -l 2>/dev/null |
	grep -qvE '^(credential|filter|http|safe|url)\.'; then
	GIT_CONFIG_NOSYSTEM=1
	export GIT_CONFIG_NOSYSTEM
fi

# ---- sharness ----

SHARNESS_TEST_EXTENSION='sh'
SHARNESS_TEST_SRCDIR=$strack_t
SHARNESS_BUILD_DIRECTORY=$STRACK_BUILD
# In memory where there is a place for it: all that is written here is fsynced,
# and a slow disk would be what takes most of the time.
strack_where=${TMPDIR:-/tmp}
# strack_roomy <folder>: we may write there, run what is there, and have 1 GB.
strack_roomy() {
	[ "$(df -Pk "$1" 2>/dev/null | awk 'NR == 2 { print $4 }')" -gt \
		1000000 ] 2>/dev/null &&
		strack_v=$(mktemp "$1/strack-try.XXXXXX" 2>/dev/null) || return
	echo '#!/bin/sh' >"$strack_v" && chmod +x "$strack_v" && "$strack_v"
	set -- $?
	rm -f "$strack_v"
	return "$1"
}
if [ -z "$TMPDIR" ] && strack_roomy /dev/shm; then
	strack_where=/dev/shm
fi
SHARNESS_TEST_DIRECTORY=$(mktemp -d "$strack_where/strack-test.XXXXXX") ||
	exit 1
TMPDIR=$SHARNESS_TEST_DIRECTORY/tmp
mkdir "$TMPDIR" || exit 1
export TMPDIR
strack_scratch=$SHARNESS_TEST_DIRECTORY
SHELL_PATH=/bin/sh
if [ ! -x "$STRACK_BUILD/git-strack" ]; then
	echo "Bail out! no $STRACK_BUILD/git-strack: type make" >&2
	rmdir "$strack_scratch"
	exit 1
fi
# shellcheck source=/dev/null
. "${SHARNESS:-/usr/share/sharness/sharness.sh}"

# Without -v, what a test says goes to a file, and is shown when it fails: a CI
# shows only what prove lets through, and that is standard error.
if [ "$verbose" != t ]; then
	exec 3>"$strack_scratch/log" 4>&3
	test_failure_() {
		test_failure=$((test_failure + 1))
		say_color error "not ok $test_count - $1"
		{
			echo "$this_test: not ok $test_count - $1"
			awk '/^expecting success: /{ said = "" }
				{ said = said "#\t" $0 "\n" }
				END { printf "%s", said }' "$strack_scratch/log"
		} | tee -a "${STRACK_FAILURES:-/dev/null}" >&2
		[ -z "$immediate" ] || { EXIT_OK=t; exit 1; }
	}
fi

# What a test started and left (a tmux server, a daemon) would hold prove's pipe
# open for ever.  It is known by what it inherited.
strack_reap() {
	grep -lzsxF "SHARNESS_TRASH_DIRECTORY=$SHARNESS_TRASH_DIRECTORY" \
		/proc/[0-9]*/environ | while IFS=/ read -r _ _ strack_v _; do
		kill -KILL "$strack_v" 2>/dev/null
	done
}

# Leaves what a failed test made, to be looked at.
strack_leave() {
	strack_code=$?
	strack_reap
	if [ "$test_failure" = 0 ] && [ -n "$EXIT_OK" ] && [ -z "$debug" ]; then
		chmod -R u+rwX "$strack_scratch" 2>/dev/null
		rm -rf "$strack_scratch"
	else
		echo "# left in $strack_scratch" >&5
	fi
	(exit "$strack_code")
	die
}
trap strack_leave EXIT

git config --global user.name 'A U Thor'
git config --global user.email author@example.com
git config --global init.defaultBranch main
# As git does it, without the fourteen sample hooks to make and to copy.
mkdir -p "$strack_scratch/template/info" "$strack_scratch/template/hooks"
: >"$strack_scratch/template/info/exclude"
git config --global init.templateDir "$strack_scratch/template"
git config --global advice.detachedHead false
# A gc in the background would outlive the test.
git config --global gc.autoDetach false
git config --global maintenance.auto false

# `make check-long`: every point instead of a sample of them.
[ -z "$STRACK_LONG" ] || test_set_prereq LONG
if [ "$(id -u)" = 0 ]; then
	test_set_prereq ROOT
else
	test_set_prereq NOTROOT
fi
for strack_v in bash busybox jq man mandoc node perl php python3 ruby script \
	setpriv ssh-agent strace sudo tmux valgrind zsh; do
	command -v "$strack_v" >/dev/null 2>&1 &&
		test_set_prereq "$(echo "$strack_v" | tr 'a-z-' 'A-Z_')"
done

# ---- words ----

# repo <name> [<git init option>...]: a repository with one commit.
repo() {
	strack_name=$1 && shift &&
	git init -q "$@" "$strack_name" &&
	echo "$strack_name" >"$strack_name/README" &&
	git -C "$strack_name" add README &&
	git -C "$strack_name" commit -q -m start
}

# write <path>: standard input to a file of the current repository, which is
# executable when it begins with #!.
write() {
	case $1 in
	*/*) mkdir -p -- "${1%/*}" || return 1 ;;
	esac
	cat >"./$1" || return 1
	strack_v=
	IFS= read -r strack_v <"./$1"
	case $strack_v in
	'#!'*) chmod +x "./$1" ;;
	esac
}

# script <path>: the same, committed.
script() {
	write "$1" && git add -f -- "./$1" && git commit -q -m "add $1"
}

# must_fail <exit status> <command>...: exactly that, and no signal.
must_fail() {
	strack_want=$1
	shift
	if [ "$strack_want" = 0 ] || [ "$strack_want" -gt 129 ]; then
		echo "must_fail: $strack_want is no failure of ours" >&4
		return 1
	fi
	"$@"
	strack_code=$?
	[ "$strack_code" = "$strack_want" ] && return 0
	if [ "$strack_code" -gt 129 ]; then
		echo "must_fail: signal $((strack_code - 128)): $*" >&4
	else
		echo "must_fail: $strack_code instead of $strack_want: $*" >&4
	fi
	return 1
}

# refused <exit status> <regex> <command>...: must_fail with a message that has
# such a line, tells how to go on (a hint, the usage, or behind a semicolon),
# and holds nothing that a terminal would take for more than text.  It stays
# in the file $refusal.
refused() {
	strack_want=$1 strack_what=$2 refusal=$strack_scratch/refusal
	shift 2
	must_fail "$strack_want" "$@" 2>"$refusal" &&
		grep -q '^git strack: ' "$refusal" &&
		grep -qE -e "$strack_what" "$refusal" &&
		grep -qE '^hint: |^usage: |; ' "$refusal" &&
		! LC_ALL=C grep -q '[[:cntrl:]]' "$refusal" && return 0
	echo "refused: not as it should be: $*" >&4
	cat -v "$refusal" >&4
	return 1
}

# wait_for <condition> [<seconds>]: looks until it holds (90 s at most: a busy
# machine may need half of that).
wait_for() {
	strack_left=$((${2:-90} * 20))
	until eval "$1" >/dev/null 2>&1; do
		strack_left=$((strack_left - 1))
		if [ "$strack_left" -lt 0 ]; then
			echo "wait_for: never: $1" >&4
			return 1
		fi
		sleep 0.05
	done
}

# on_terminal <command line>: with a terminal of its own; what it shows goes
# to standard output, the exit status is the command's.
on_terminal() {
	command script -qefc "$1" /dev/null </dev/null
}

# ---- the ledger, read with git alone ----

# strack_list paths|kinds|last <path part> [<path part>]: one awk for all, since
# these are asked for all the time and a process is what costs.
strack_list() {
	git -c core.quotePath=false ls-tree -r --name-only \
		"${LEDGER:-strack-ledger}" |
		awk -v what="$1" -v part="$2" -v other="${3-}" -- '
		# (not every awk has {8,} in regular expressions)
		function is_entry(name, f, n) {
			n = split(name, f, ".")
			kind = f[n - 1]
			return (n == 4 || (n == 5 && f[3] ~ /^[a-z0-9_-]+$/)) &&
				f[1] ~ /^[0-9]+$/ && length(f[1]) >= 8 &&
				f[2] ~ /^[0-9]+T[0-9]+Z$/ && length(f[2]) == 16 &&
				kind ~ /^[a-z-]+$/ &&
				f[n] ~ /^[0-9a-f]+$/ && length(f[n]) == 16
		}
		{
			name = $0
			if (!sub(/.*\//, "", name) || !is_entry(name) ||
				!index($0, part) || !index($0, other))
				next
			seq = name + 0
			for (i = count++; i > 0 && (seqs[i - 1] > seq ||
				(seqs[i - 1] == seq && names[i - 1] > name));
				i--) {
				seqs[i] = seqs[i - 1]
				names[i] = names[i - 1]
				kinds[i] = kinds[i - 1]
				paths[i] = paths[i - 1]
			}
			seqs[i] = seq
			names[i] = name
			kinds[i] = kind
			paths[i] = $0
		}
		END {
			if (what == "last" && count)
				print paths[count - 1]
			for (i = 0; i < count && what == "paths"; i++)
				print paths[i]
			for (i = 0; i < count && what == "kinds"; i++)
				printf "%s%s", kinds[i],
					i < count - 1 ? " " : "\n"
		}'
}

# entries [<path part>]: names of all entries in the order of their seq.
entries() {
	strack_list paths "${1:-/}"
}

# kinds <script> [<environment>]: "claim done", oldest first.
kinds() {
	strack_list kinds "$1/" "${2:+.$2.}"
}

# entry <script> <kind>: text of the newest such entry.
entry() {
	strack_path=$(strack_list last "$1/" ".$2.") &&
	[ -n "$strack_path" ] &&
	git cat-file blob "${LEDGER:-strack-ledger}:$strack_path"
}

# field <key>: its value in the entry on standard input.
field() {
	sed -n "/^-----BEGIN/q; s/^$1 //p"
}

# audit [<repository>]: the outside oracle has nothing to say, git's own check
# neither, and git finds the newest signatures good with what `trust export`
# says (of all commits the oracle has asked).  A ledger only grows, so that it
# is enough at the end; an entry costs half a second.
audit() {
	audit_ledger "${1:-.}" && audit_fsck "${1:-.}" &&
		audit_signatures "${1:-.}"
}

audit_ledger() {
	strack_said=$("$strack_t/helper/ledger-audit" -q -C "${1:-.}" \
		"${LEDGER:-strack-ledger}" 2>&1) && [ -z "$strack_said" ] &&
		return 0
	echo "audit: $strack_said" >&4
	return 1
}

audit_fsck() {
	strack_said=$(git -C "${1:-.}" fsck --strict --no-dangling \
		--no-progress 2>&1) &&
		! echo "$strack_said" | grep -v '^notice: ' | grep . >&4 &&
		return 0
	echo "fsck: $strack_said" >&4
	return 1
}

audit_signatures() {
	strack_signers=$strack_scratch/allowed_signers.$$
	git -C "${1:-.}" strack trust export >"$strack_signers" || return 1
	strack_said=$(git -C "${1:-.}" \
		-c "gpg.ssh.allowedSignersFile=$strack_signers" log -n 20 \
		--format='%G? %GS %H %s' "${LEDGER:-strack-ledger}") || return 1
	# None at all would be no proof of anything.
	[ -n "$strack_said" ] && ! echo "$strack_said" | grep -v '^G ' >&4
}
