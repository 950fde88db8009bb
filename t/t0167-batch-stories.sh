#!/bin/sh
test_description='10,000 rows in batches of 500, killed at any of them

Fixed from sh and from Python, in a real PostgreSQL and in SQLite; a trigger
counts how often each row was touched.  And what was rolled back is as it was.'
. "$(dirname "$0")/lib-strack.sh"
. "$strack_t/lib-db.sh"

test_expect_success PSQL 'a PostgreSQL' postgresql_start
test_expect_success SQLITE3 'a SQLite' sqlite_start

repo r && cd r && git strack init --no-hooks >/dev/null 2>&1 &&
	git add .strack.ini && git commit -q -m ledger || exit 1

ROWS=10000
rounds=1
! test_have_prereq LONG || rounds=10
# Said, so that a failure can be had again: SEED=... sh t/t0167-*.sh
SEED=${SEED:-$(date +%s)}
echo "# SEED=$SEED"

# random <n>: from 1 to n, another one each time
random() {
	SEED=$(((SEED * 1103515245 + 12345) % 2147483648))
	chance=$((SEED / 65536 % $1 + 1))
}

# What both scripts share: the client, and a batch after which all is killed.
if test_have_prereq PSQL; then
	echo "exec psql -qAtX -v ON_ERROR_STOP=1 '$PG' \"\$@\"" >../client.pg
fi
echo "exec sqlite3 -batch -bail '$db_dir/lite/app.db'" >../client.lite

# users <db>: none of them has a theme, and none was touched
users() {
	case $1 in
	pg) pg <<-EOF ;;
		DROP TABLE IF EXISTS users;
		CREATE TABLE users (id integer PRIMARY KEY, theme text,
			touched integer NOT NULL DEFAULT 0);
		INSERT INTO users SELECT generate_series(1, $ROWS);
		CREATE OR REPLACE FUNCTION touch() RETURNS trigger
			LANGUAGE plpgsql AS \$\$ BEGIN
			NEW.touched = OLD.touched + 1; RETURN NEW; END \$\$;
		CREATE TRIGGER touch BEFORE UPDATE ON users FOR EACH ROW
			EXECUTE FUNCTION touch();
		EOF
	lite) lite <<-EOF ;;
		DROP TABLE IF EXISTS users;
		CREATE TABLE users (id INTEGER PRIMARY KEY, theme TEXT,
			touched INTEGER NOT NULL DEFAULT 0);
		WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL
			SELECT i + 1 FROM n WHERE i < $ROWS)
		INSERT INTO users(id) SELECT i FROM n;
		CREATE TRIGGER touch AFTER UPDATE OF theme ON users BEGIN
			UPDATE users SET touched = touched + 1
				WHERE id = new.id;
		END;
		EOF
	esac 2>/dev/null
}

# touched <db>: "once" when each row has a theme and was touched once
touched() {
	case $1 in
	pg) pg ;;
	lite) lite ;;
	esac <<-EOF
	SELECT CASE WHEN count(*) = $ROWS AND min(touched) = 1 AND
		max(touched) = 1 AND count(theme) = $ROWS THEN 'once'
		ELSE 'not once' END FROM users;
	EOF
}

in_sh() {
	cat <<-\EOF
	#!/bin/sh
	# strack: idempotent yes
	set -eu
	. "$STRACK_LIB/strack.sh"
	client() { sh "../client.$STRACK_ENV" "$@"; }
	fix() {
		{
			echo "BEGIN; UPDATE users SET theme = 'light'"
			echo "WHERE theme IS NULL AND id IN ("
			paste -sd, -
			echo "); COMMIT;"
		} | client
		echo batch >>../batches
		sh ../killer "$PPID" $$
	}
	echo "SELECT id FROM users ORDER BY id;" | client |
		process_in_batches --size 500 --label users fix
	EOF
}

in_python() {
	cat <<-\EOF
	#!/usr/bin/env python3
	# strack: idempotent yes
	import os, subprocess, sys
	sys.path.insert(0, os.environ["STRACK_LIB"])
	import strack

	def client(sql):
	    return subprocess.run(["sh", "../client." + os.environ["STRACK_ENV"]],
	                          input=sql, text=True, check=True,
	                          stdout=subprocess.PIPE).stdout

	def fix(ids):
	    client("BEGIN; UPDATE users SET theme = 'light' WHERE theme IS NULL "
	           f"AND id IN ({','.join(ids)}); COMMIT;")
	    with open("../batches", "a") as batches:
	        batches.write("batch\n")
	    subprocess.run(["sh", "../killer", str(os.getppid()), str(os.getpid())])

	last = strack.resume_from("batch", "0")
	ids = client(f"SELECT id FROM users WHERE id > {last} ORDER BY id;").split()
	strack.process_in_batches(ids, fix, size=500, resumed=True, label="users",
	                          total=len(ids))
	EOF
}

# killer <warden> <group>: both, when as many batches were made as were chosen
cat >../killer <<'EOF'
[ "$(wc -l <../batches)" = "$(cat ../at)" ] && kill -KILL "$1" "-$2"
exit 0
EOF

n=0
for db in pg lite; do
	case $db in
	pg) test_have_prereq PSQL ;;
	lite) test_have_prereq SQLITE3 ;;
	esac || continue
	for lang in sh python; do
		i=0
		while [ "$i" -lt "$rounds" ]; do
			i=$((i + 1)) n=$((n + 1))
			random 20
			name=scripts/20260101_$n
			case $lang in
			sh) in_sh | script "$name.sh" ;;
			python) in_python | script "$name.py" ;;
			esac
			test_expect_success "$db, $lang: killed after batch $chance of 20" '
				users $db && rm -f ../batches && echo $chance >../at &&
				must_fail 1 git strack run --env $db $name \
					--from-the-beginning >out 2>err &&
				test "$(wc -l <../batches)" = $chance &&
				{ test "$chance" = 20 ||
					test "$(touched $db)" = "not once"; } &&
				echo 0 >../at &&
				git strack run --env $db $name >out &&
				grep "^done .*$name" out &&
				test "$(touched $db)" = once &&
				test "$(wc -l <../batches)" -le 21 &&
				test "$(kinds "$(ls $name.*)" $db)" = \
					"claim lost claim done"
			'
		done
	done
done

# theme <db> <suffix>: a change, and what undoes it
theme() {
	echo "UPDATE users SET theme = 'dark' WHERE id % 2 = 0;" |
		script "scripts/20260201_$1.sql" &&
	echo "UPDATE users SET theme = 'light' WHERE theme = 'dark';" |
		script "scripts/20260201_$1.rollback.sql"
}

test_expect_success PSQL 'a rollback restores what a dump shows: PostgreSQL' '
	DATABASE_URL=$PG && export DATABASE_URL &&
	pg -c "DROP TRIGGER touch ON users" -c "UPDATE users SET theme = '"'light'"'" &&
	theme pg &&
	pg -c "SELECT * FROM users ORDER BY id" >before &&
	git strack run --from-the-beginning 20260201_pg >/dev/null &&
	pg -c "SELECT * FROM users ORDER BY id" >changed &&
	! cmp -s before changed &&
	git strack rollback 20260201_pg >/dev/null &&
	pg -c "SELECT * FROM users ORDER BY id" >after &&
	test_cmp before after
'

test_expect_success SQLITE3 'a rollback restores what a dump shows: SQLite' '
	DATABASE_URL=$LITE && export DATABASE_URL &&
	lite "DROP TRIGGER touch" && theme lite &&
	lite "UPDATE users SET theme = '"'light'"'" &&
	lite ".dump users" >before &&
	git strack run --from-the-beginning 20260201_lite >/dev/null &&
	lite ".dump users" >changed && ! cmp -s before changed &&
	git strack rollback 20260201_lite >/dev/null &&
	lite ".dump users" >after && test_cmp before after
'

test_expect_success 'the ledger is sound' 'audit'

test_done
