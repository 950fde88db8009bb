#!/bin/sh
test_description='a SQL script: killed at every point, it is run exactly once

What is committed and what the ledger says must agree, above all where all died
between COMMIT and outcome (lib-fault.sh).'
. "$(dirname "$0")/lib-fault.sh"

if ! command -v sqlite3 >/dev/null 2>&1; then
	skip_all='no sqlite3'
	test_done
fi

test_expect_success 'tools' fault_tools

# In front of the real one: whoever asks the database leaves what is committed.
mkdir "$fault_dir/bin"
cat >"$fault_dir/bin/sqlite3" <<EOF
#!/bin/sh
$(command -v sqlite3) "\$@"
code=\$?
$(command -v sqlite3) ../app.db 'SELECT x FROM t' >../ran
[ -s ../ran ] || rm ../ran
exit \$code
EOF
chmod +x "$fault_dir/bin/sqlite3"
PATH=$fault_dir/bin:$PATH

test_expect_success 'sql' '
	fault_case sql 1 kill
'

test_done
