#!/bin/sh
# All that is sh or bash, as shellcheck sees it.
. "$(dirname "$0")/lib.sh"
needs shellcheck

# The oracle is a byte copy of what is kept elsewhere.
files | grep -v '^t/helper/ledger-audit$' | while IFS= read -r file; do
	case $file in
	*.sh) echo "$file" ;;
	*.*) ;;
	*) head -n 1 "$file" | tr -d '\000' |
		grep -qE '^#!.*\b(sh|bash)$' && echo "$file" ;;
	esac
done | while IFS= read -r file; do
	# A test's body is one string to sharness: what is quoted there is
	# no mistake.  Sourced files are looked at by themselves, and what awk
	# and jq call $x is not the shell's.
	case $file in
	t/t[0-9]* | t/lib-*) off=SC1007,SC1091,SC2016,SC2034,SC2154,SC2317 ;;
	t/lint/*) off=SC1091,SC2016,SC2154 ;;
	*) off=SC1091,SC2016 ;;
	esac
	case $file in
	t/t[0-9]*.sh | t/lint/*.sh) set -- -s sh ;;
	*) set -- ;;
	esac
	shellcheck "$@" -f gcc -e "$off" "$file"
done | complain

lint_done
