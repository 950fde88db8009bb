#!/bin/sh
test_description='the founding of a ledger: stopped at every point

Killed, or told that the disk is full from there on (lib-fault.sh); by any
fault with make check-long.'
. "$(dirname "$0")/lib-fault.sh"

test_expect_success 'tools' fault_tools

test_expect_success 'init' '
	fault_case init 1 kill ENOSPC:long
'

test_done
