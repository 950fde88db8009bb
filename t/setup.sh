#!/bin/sh
# setup.sh build|demo|check|analyze|fuzz: installs the Debian packages that the
# word needs and that are missing, after saying which; does nothing when none is.
#
# It looks for what is used (a command, a library), not for packages, so that
# a node or python3 from elsewhere is left as it is.
set -u

case ${1-} in
build | demo | check | analyze | fuzz) want=$1 ;;
*) echo "usage: $0 build|demo|check|analyze|fuzz" >&2; exit 129 ;;
esac

missing=
compiler=${CC:-cc}

# need <package> <command>
need() {
	command -v "$2" >/dev/null 2>&1 || missing="$missing $1"
}

# need_file <package> <file>
need_file() {
	[ -e "$2" ] || missing="$missing $1"
}

# need_header <package> <header>: of a library that pkg-config does not know
need_header() {
	echo "#include <$2>" | $compiler -E -x c - >/dev/null 2>&1 ||
		missing="$missing $1"
}

# need_lib <package> <pkg-config name>
need_lib() {
	pkg-config --exists "$2" 2>/dev/null || missing="$missing $1"
}

look() {
	missing=
	need git git
	need openssh-client ssh-keygen
	need gcc "${compiler%% *}"
	need_file libc6-dev /usr/include/stdio.h
	need pkg-config pkg-config
	need_lib libgit2-dev libgit2
	need_lib libinih-dev inih
	need_lib libsodium-dev libsodium
	need_lib libjansson-dev jansson
	need_header libcsv-dev csv.h
	[ "$want" = build ] && return
	if [ "$want" = fuzz ]; then
		need clang clang
		set -- /usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.fuzzer-*
		need_file libclang-rt-dev "$1"
		need afl++ afl-clang-fast
		return
	fi
	need python3 python3
	need sqlite3 sqlite3
	[ "$want" = demo ] && return
	need_lib libcmocka-dev cmocka
	need_file sharness "${SHARNESS:-/usr/share/sharness/sharness.sh}"
	need perl prove
	need bash bash
	need bsdutils script
	need busybox busybox
	need clang-format clang-format
	need jq jq
	need man-db man
	need mariadb-client mariadb
	need_file mariadb-server /usr/sbin/mariadbd
	need mandoc mandoc
	need nodejs node
	need_file openssh-server /usr/sbin/sshd
	need php-cli php
	set -- /usr/lib/postgresql/*/bin/initdb
	need_file postgresql "$1"
	need postgresql-client psql
	need procps ps
	need ruby ruby
	need shellcheck shellcheck
	need strace strace
	need tmux tmux
	need util-linux setpriv
	need valgrind valgrind
	need zsh zsh
	[ "$want" = check ] && return
	need clang-tidy clang-tidy
	need cppcheck cppcheck
}

look
[ -n "$missing" ] || exit 0
echo "These Debian packages are missing:$missing"

if ! command -v apt-get >/dev/null 2>&1; then
	echo "There is no apt-get here: install what they hold, then go on." >&2
	exit 1
fi
as_root=
if [ "$(id -u)" != 0 ]; then
	as_root=sudo
	if ! command -v sudo >/dev/null 2>&1; then
		echo "Neither root nor sudo.  As root, type:" >&2
		echo "    apt-get update && apt-get install$missing" >&2
		exit 1
	fi
fi
echo "They are installed now, with ${as_root:+$as_root }apt-get."

apt() {
	$as_root env DEBIAN_FRONTEND=noninteractive apt-get -q \
		-o Dpkg::Use-Pty=0 "$@" </dev/null
}
# Lists that could not be fetched may still be good enough.
apt update || echo "apt-get update failed; trying all the same" >&2
# shellcheck disable=SC2086 # one word a package
apt install -y --no-install-recommends $missing || {
	echo "apt-get could not install them:$missing" >&2
	exit 1
}
look
if [ -n "$missing" ]; then
	echo "installed, yet not found:$missing" >&2
	exit 1
fi
