# Sourced by every lint: they run from the top of the repository, print one
# line a finding, and end with exit status 1 if there was any.
# shellcheck shell=sh

set -u
cd "$(dirname "$0")/../.." || exit 2
LC_ALL=C
# The checkout may be somebody else's (a CI's): git is to read it all the same.
GIT_CONFIG_COUNT=1
GIT_CONFIG_KEY_0=safe.directory
GIT_CONFIG_VALUE_0=$(pwd -P)
export LC_ALL GIT_CONFIG_COUNT GIT_CONFIG_KEY_0 GIT_CONFIG_VALUE_0
lint_found=$(mktemp) || exit 2
trap 'rm -f "$lint_found"' EXIT

# A lint that looks at no file would find nothing wrong.
if ! git ls-files -co --exclude-standard -- src | grep -q .; then
	echo 'git lists no files here' >&2
	exit 2
fi

# Standard input is findings.
complain() {
	tee -a "$lint_found"
}

lint_done() {
	[ ! -s "$lint_found" ]
	exit
}

# Needs a tool: without it the lint has nothing to say.
needs() {
	command -v "$1" >/dev/null 2>&1 && return
	echo "skipped: no $1 here" >&2
	exit 0
}

# All that is ours: what git has, and what it would take.
files() {
	git ls-files -co --exclude-standard -- "$@" | sort -u |
		while IFS= read -r lint_file; do
			[ ! -f "$lint_file" ] || printf '%s\n' "$lint_file"
		done
}

# C files and headers of the program.
sources() {
	files 'src/*.c' 'src/*.h' 'include/*.h'
}

# Lines "file used": each of our headers that a source includes, directly or
# not.  What does not compile shows as including "nothing".  The compiler takes
# its time for it: STRACK_INCLUDES may name a file that keeps the answer for
# the next lint.
includes() {
	if [ -n "${STRACK_INCLUDES:-}" ]; then
		[ -f "$STRACK_INCLUDES" ] || compiled >"$STRACK_INCLUDES"
		cat "$STRACK_INCLUDES"
	else
		compiled
	fi
}

compiled() {
	# shellcheck disable=SC2046 # our names have no blanks
	{
		"${CC:-cc}" -std=c11 -D_GNU_SOURCE -DSTRACK_DATADIR='""' \
			-DSTRACK_VERSION='""' -Iinclude -Isrc \
			$(pkg-config --cflags libgit2 inih libsodium jansson) \
			-MM $(files 'src/*.c') || echo 'cc: src/cc src/failed'
	} | awk '
		{ more = sub(/\\$/, "") }
		/^[^ ]/ { file = $2; first = 3 }
		/^ / { first = 1 }
		{
			for (i = first; i <= NF; i++) {
				# src/run/../core/x.h is src/core/x.h
				while (sub(/[^\/]+\/\.\.\//, "", $i))
					;
				print file, $i
			}
		}'
}

# A file without its comments.
code() {
	"${CC:-cc}" -x c -fpreprocessed -dD -E -P "$1" 2>/dev/null
}
