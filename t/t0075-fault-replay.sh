#!/bin/sh
test_description='an outcome that is in the journal: stopped at every point

Killed, or told that the disk is full from there on (lib-fault.sh); by any
fault with make check-long.  And two more, of which there is a sample here.'
. "$(dirname "$0")/lib-fault.sh"

test_expect_success 'tools' fault_tools

test_expect_success 'replay' '
	fault_case replay 1 kill ENOSPC:long
'

for scenario in recover timeout; do
	test_expect_success "$scenario" "
		fault_case $scenario 97 kill ENOSPC:long EIO short EINTR
	"
done

test_done
