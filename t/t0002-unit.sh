#!/bin/sh
test_description='unit tests (cmocka)'
. "$(dirname "$0")/lib-strack.sh"

for unit in "$strack_top"/t/unit/test-*.c; do
	name=$(basename "$unit" .c)
	test_expect_success "unit: $name" '
		timeout -k 5 600 "$STRACK_BUILD/t/unit/$name"
	'
done

test_done
