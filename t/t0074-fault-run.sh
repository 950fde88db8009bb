#!/bin/sh
test_description='a run that succeeds: stopped at every point

Killed, or told that the disk is full from there on (lib-fault.sh); by any
fault with make check-long.'
. "$(dirname "$0")/lib-fault.sh"

test_expect_success 'tools' fault_tools

test_expect_success 'run' '
	fault_case run 1 kill ENOSPC:long
'

test_done
