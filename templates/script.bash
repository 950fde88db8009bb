#!/usr/bin/env bash
#
# strack: description @DESCRIPTION@
#
# Created @DATE@ by @AUTHOR@.
#
# A colon after "strack" makes the next line this script's own time limit:
# strack timeout 10m
#
# Prerequisites:
#   - none
#
# Rollback plan:
#   - none
#
# git strack runs this once in each environment, from the top of the
# repository.  Standard input is /dev/null and there is no terminal, so it can
# ask nothing.  Exit 0 is done, anything else failed; strack-script(7).

set -Eeuo pipefail
trap 'echo "line $LINENO: failed with exit status $?: $BASH_COMMAND" >&2' ERR

# Tells git strack one line; run by hand, it goes nowhere.
event() {
	printf '%s\n' "$*" >>"${STRACK_EVENTS:-/dev/null}"
}

# log debug|info|warn|error TEXT...
log() {
	event log "$@"
}

# skip REASON...: it is not needed here.  (In a subshell or a pipeline this
# would end only that.)
skip() {
	event skip "$@"
	exit 0
}

main() {
	# Examples:
	#   log warn 3 users had no e-mail
	#   [[ -e data/users.csv ]] || skip No data/users.csv here

	echo "Nothing to do yet: the work goes here."
}

main "$@"
