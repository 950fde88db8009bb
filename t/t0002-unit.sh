#!/bin/sh
test_description='unit tests (cmocka)'
. "$(dirname "$0")/lib-strack.sh"

for unit in "$strack_top"/t/unit/test-*.c; do
	name=$(basename "$unit" .c)
	test_expect_success "unit: $name" '
		"$STRACK_BUILD/t/unit/$name"
	'
done

test_done
