#!/bin/sh
test_description='SQL: one transaction, and the database knows what ran

The same on a real PostgreSQL, a real MariaDB, and SQLite.'
. "$(dirname "$0")/lib-strack.sh"
. "$strack_t/lib-db.sh"

test_expect_success PSQL 'a PostgreSQL' postgresql_start
test_expect_success MARIADB 'a MariaDB' mariadb_start
test_expect_success SQLITE3 'a SQLite' sqlite_start

repo r && cd r && git strack init --no-hooks >/dev/null 2>&1 || exit 1
printf '%s\n' '[environment "pg"]' "database = $PG" '[environment "my"]' \
	'database = $MY_URL' '[environment "lite"]' "database = $LITE" \
	>>.strack.ini
git add .strack.ini && git commit -q -m environments
MY_URL=$MY
export MY_URL

# sql <environment> <statement>: what it selects, columns with a blank between.
sql() {
	case $1 in
	pg) pg -F ' ' -c "$2" ;;
	my) my -e "$2" | tr '\t' ' ' ;;
	lite) lite -separator ' ' "$2" ;;
	esac
}

# dump <environment>: all that is there, but for what MariaDB can't take back
dump() {
	case $1 in
	pg) pg_dump "$PG" | grep -v '^--\|^.restrict\|^.unrestrict' ;;
	my) mariadb-dump --no-defaults --skip-comments -u root \
		-S "$db_dir/my/s" --ignore-table=app.strack_runs app ;;
	lite) sha256sum <"$db_dir/lite/app.db" ;;
	esac
}

run() {
	git strack run --env "$@"
}

# doomed <how> <environment>...: run, with a client that kills its warden
# (both: the runner, too) before or after the real one, or itself after it.
mkdir ../bin
for client in psql mariadb sqlite3; do
	real=$(command -v "$client")
	cat >../bin/"$client" <<-EOF
	#!/bin/sh
	[ -n "\$STRACK_RUN" ] || exec $real "\$@"
	how=\$(cat "$PWD/../how")
	case \$how in
	*after | signal | late) $real "\$@" ;;
	esac
	case \$how in
	both*) # stopped, it does not see that its runner is gone
		kill -STOP \$PPID
		kill -KILL "\$(cut -d' ' -f4 "/proc/\$PPID/stat")" ;;
	esac
	case \$how in
	signal) kill -KILL \$\$ ;;
	late) trap 'exit 0' TERM && { sleep 60 & } && wait ;;
	*) kill -KILL \$PPID && exec sleep 60 ;;
	esac
	EOF
	chmod +x ../bin/"$client"
done
doomed() {
	echo "$1" >../how && shift && PATH=$PWD/../bin:$PATH run "$@"
}

script scripts/20260101_users.sql <<-\EOF
	-- strack: description Make the table of users
	-- strack: transaction no
	CREATE TABLE users (id INTEGER PRIMARY KEY, name VARCHAR(40), n INTEGER);
	INSERT INTO users VALUES (1, 'Ann; COMMIT', 0), (2, 'it''s Bob', 0);
EOF
odd="scripts/20260102_it's.sql"
script "$odd" <<-\EOF
	-- COMMIT; is a word in a comment, and 'BEGIN' in a quote is none
	/* ROLLBACK */
	UPDATE users SET n = n + 1
	WHERE name <> 'COMMIT; BEGIN';
	SELECT 'seen', count(*) FROM users
EOF
script scripts/20260103_bad.sql <<-\EOF
	UPDATE users SET n = 100;
	INSERT INTO users VALUES (3, 'Cid', 0);
	INSERT INTO nowhere VALUES (1);
	INSERT INTO users VALUES (4, 'Dan', 0);
EOF
echo "UPDATE users SET n = n + 10;" | script scripts/20260104_more.sql

for db in pg my lite; do

case $db in
pg) test_have_prereq PSQL ;;
my) test_have_prereq MARIADB ;;
lite) test_have_prereq SQLITE3 ;;
esac || continue
q=
[ "$db" != my ] || q='`'

test_expect_success "$db: a script runs, and leaves its row" '
	run $db --from-the-beginning 20260101_users.sql "$odd" >out &&
	grep "seen.*2" out && test "$(sql $db "SELECT sum(n) FROM users")" = 2 &&
	id=$(entry "$odd" done | field run) &&
	echo "$odd $(git rev-parse "HEAD:$odd") $db" >expect &&
	sql $db "SELECT script, ${q}blob$q, environment FROM strack_runs
		WHERE run = '\''$id'\''" >got &&
	test_cmp expect got &&
	test "$(sql $db "SELECT count(*) FROM strack_runs")" = 2
'

test_expect_success "$db: one that fails leaves all as it was, and says the line" '
	dump $db >before &&
	must_fail 1 run $db 20260103_bad.sql >out 2>err &&
	dump $db >after && test_cmp before after &&
	entry scripts/20260103_bad.sql fail | field reason >reason &&
	grep "nowhere" reason && grep ":3:\|line 3" reason &&
	grep "failed: exit .*nowhere" err &&
	test "$(sql $db "SELECT count(*) FROM strack_runs")" = 2 &&
	git strack mark --env $db -m "only a test" 20260103_bad.sql >/dev/null
'

test_expect_success "$db: killed before COMMIT, it failed, and is run again" '
	must_fail 1 doomed before $db 20260104_more.sql >out 2>err &&
	grep "^failed .*has no row of it in strack_runs" out &&
	test "$(sql $db "SELECT sum(n) FROM users")" = 2 &&
	run $db --retry 20260104_more.sql >/dev/null &&
	test "$(sql $db "SELECT sum(n) FROM users")" = 22
'

test_expect_success "$db: killed behind COMMIT, it is done, and not run again" '
	doomed after $db --again -m once 20260104_more.sql >out 2>err &&
	grep "^done" out && grep "killed by SIGKILL" err &&
	entry scripts/20260104_more.sql done >e &&
	test "$(field resolved <e)" = yes &&
	grep "^reason .*has its row in strack_runs" e &&
	run $db 20260104_more.sql >/dev/null &&
	test "$(sql $db "SELECT sum(n) FROM users")" = 42
'

test_expect_success "$db: a client that dies behind COMMIT has not failed" '
	doomed signal $db --again -m twice 20260104_more.sql >out &&
	grep "^done" out && entry scripts/20260104_more.sql done >e &&
	grep "^reason killed by SIGKILL; but it was committed" e &&
	! grep "^signal\|^exit" e &&
	test "$(sql $db "SELECT sum(n) FROM users")" = 62
'

test_expect_success "$db: committed in time, and ended with 0 behind the limit" '
	doomed late $db --timeout 2s --again -m late 20260104_more.sql >out &&
	grep "^done" out && entry scripts/20260104_more.sql done >e &&
	grep "^reason timed out after 2.*; but it was committed" e &&
	test "$(sql $db "SELECT sum(n) FROM users")" = 82
'

test_expect_success "$db: run, cleanup and resolve ask" '
	echo "UPDATE users SET n = n + 100;" | script scripts/20260105_$db.sql &&
	{ doomed both-after $db 20260105_$db.sql >/dev/null 2>&1 || :; } &&
	test "$(kinds scripts/20260105_$db.sql $db)" = claim &&
	case $db in
	pg) must_fail 3 git strack resolve --env pg --failed -m x \
		20260105_$db.sql 2>err && grep "is done: there is nothing" err ;;
	my) git strack cleanup | grep "^settled .*done: scripts/20260105_my.sql" ;;
	lite) run lite 20260105_$db.sql 2>err &&
		grep "nothing was left of its run, but it is done" err ;;
	esac &&
	test "$(kinds scripts/20260105_$db.sql $db)" = "claim done" &&
	test "$(sql $db "SELECT sum(n) FROM users")" = 282
'

test_expect_success "$db: what begins or ends a transaction is refused, with its line" '
	for word in COMMIT BEGIN ROLLBACK "START TRANSACTION"; do
		printf "%s\n" "-- one" "SELECT 1;" "$word;" |
			write scripts/20260106_t.sql &&
		must_fail 128 run $db --allow-dirty 20260106_t.sql 2>err &&
		grep "20260106_t.sql: $word: .*(line 3)" err &&
		grep "transaction no" err || return 1
	done &&
	case $db in
	pg) echo "\\! date" ;;
	my) echo "ALTER TABLE users ADD x INTEGER;" ;;
	lite) echo ".shell date" ;;
	esac >scripts/20260106_t.sql &&
	must_fail 128 run $db --allow-dirty 20260106_t.sql 2>err &&
	grep "20260106_t.sql: .*(line 1)" err &&
	echo "UPDATE users SET name = '\''open" >scripts/20260106_t.sql &&
	must_fail 128 run $db --allow-dirty 20260106_t.sql 2>err &&
	grep "a quote is not closed (line 1)" err &&
	rm scripts/20260106_t.sql
'

case $db in
pg) cat <<-\EOF ;;
	CREATE FUNCTION one() RETURNS integer LANGUAGE plpgsql AS $f$
	BEGIN
		RETURN 1; -- COMMIT;
	END;
	$f$;
	CREATE FUNCTION two() RETURNS integer LANGUAGE sql
	BEGIN ATOMIC
		SELECT CASE WHEN true THEN 2 END;
	END;
	DO $$ BEGIN PERFORM one(); END $$;
	SELECT E'it\'s; COMMIT', two();
	EOF
my) cat <<-\EOF ;;
	CREATE TEMPORARY TABLE t (x INTEGER);
	/*!40101 INSERT INTO t VALUES (1) */;
	SELECT "a\"; COMMIT;", 'it\'s';
	DROP TEMPORARY TABLE t;
	EOF
lite) cat <<-\EOF ;;
	CREATE TRIGGER touched AFTER UPDATE ON users WHEN new.n < 0 BEGIN
		UPDATE users SET n = CASE WHEN n < 0 THEN 0 ELSE n END;
		SELECT 1;
	END;
	CREATE TABLE [a;b] ("c;d" TEXT);
	EOF
esac >../words

test_expect_success "$db: words of transactions in bodies and quotes are none" '
	{ cat ../words && printf "%s\n" "SAVEPOINT s;" "UPDATE users SET n = 0;" \
		"ROLLBACK TO SAVEPOINT s;"; } | script scripts/20260107_$db.sql &&
	run $db 20260107_$db.sql >out &&
	test "$(sql $db "SELECT sum(n) FROM users")" = 282
'

case $db in
pg) set_step=":'STEP'::integer, name = :'WORD'" ;;
my) set_step="@STEP, name = @WORD" ;;
lite) set_step=":STEP, name = :WORD" ;;
esac

case $db in
pg) hidden="SET standard_conforming_strings = off;
INSERT INTO users VALUES (50, 'half\\'', 0); COMMIT; -- '" ;;
my) hidden="INSERT INTO users VALUES (50, 'half', 0);
EXECUTE IMMEDIATE 'COMMIT';" ;;
lite) hidden="INSERT INTO users VALUES (50, 'half', 0);
SELECT \$a('); COMMIT; SELECT \$b(');" ;;
esac

test_expect_success "$db: a transaction that the text hides is found at its end" '
	printf "%s\n" "$hidden" | script scripts/20260111_$db.sql &&
	must_fail 1 run $db 20260111_$db.sql >out 2>err && cat out &&
	grep "the script ended the transaction that it is; what it did before that is committed" err &&
	test "$(sql $db "SELECT count(*) FROM users WHERE id = 50")" = 1 &&
	id=$(entry scripts/20260111_$db.sql fail | field run) &&
	test "$(sql $db "SELECT count(*) FROM strack_runs WHERE run = '\''$id'\''
		AND finished_at IS NULL")" = 1 &&
	sql $db "DELETE FROM users WHERE id = 50" &&
	must_fail 1 doomed after $db --retry 20260111_$db.sql >out 2>err &&
	grep "^lost" out && entry scripts/20260111_$db.sql lost >e &&
	grep "^reason .*the begin of its row in strack_runs" e &&
	sql $db "DELETE FROM users WHERE id = 50" &&
	git strack resolve --env $db --done -m "only a test" 20260111_$db.sql
'

test_expect_success "$db: transaction no, and one that is left open" '
	printf "%s\n" "-- strack: transaction no" "BEGIN;" \
		"INSERT INTO users VALUES (60, '\''open'\'', 0);" |
		script scripts/20260112_$db.sql &&
	case $db in
	lite) must_fail 1 run lite 20260112_lite.sql >out 2>err &&
		grep "cannot start a transaction within a transaction" err &&
		test "$(sql lite "SELECT count(*) FROM users WHERE id = 60")" = 0 &&
		git strack mark --env lite -m x 20260112_lite.sql ;;
	*) run $db 20260112_$db.sql >out &&
		test "$(sql $db "SELECT count(*) FROM users WHERE id = 60")" = 1 &&
		sql $db "DELETE FROM users WHERE id = 60" ;;
	esac
'

test_expect_success "$db: parameters" '
	printf "%s\n" "-- strack: param STEP 5" "-- strack: param WORD secret" \
		"UPDATE users SET n = $set_step WHERE id = 1;" \
		"SELECT name FROM users WHERE id = 1;" |
		script scripts/20260108_$db.sql &&
	word="it'\''s \"a\" secret" &&
	STRACK_PARAM_WORD=$word run $db --param STEP=7 --param WORD \
		20260108_$db.sql >out &&
	! grep -F "$word" out && grep "\*\*\*" out &&
	echo "7 $word" >expect &&
	sql $db "SELECT n, name FROM users WHERE id = 1" >got &&
	test_cmp expect got &&
	STRACK_PARAM_WORD=$word must_fail 128 run $db --again -m x \
		--param WORD 20260108_$db.sql -- arg 2>err &&
	grep "takes no arguments" err
'

test_expect_success "$db: companions in SQL" '
	echo "UPDATE users SET n = 1000;" | script scripts/20260109_$db.sql &&
	echo "UPDATE users SET n = 5;" |
		script scripts/20260109_$db.rollback.sql &&
	printf "%s\n" "CREATE TEMPORARY TABLE missing (n INTEGER CHECK (n = 0));" \
		"INSERT INTO missing SELECT count(*) FROM users WHERE n <> 1000;" \
		"UPDATE users SET n = 77;" |
		script scripts/20260109_$db.verify.sql &&
	run $db 20260109_$db.sql >out && grep "^done" out &&
	test "$(sql $db "SELECT max(n) FROM users")" = 1000 &&
	git strack rollback --env $db 20260109_$db.sql >/dev/null &&
	test "$(sql $db "SELECT max(n) FROM users")" = 5 &&
	id=$(entry scripts/20260109_$db.sql undo | field run) &&
	test "$(sql $db "SELECT count(*) FROM strack_runs
		WHERE run = '\''$id'\''")" = 1 &&
	sed -i s/1000/999/ scripts/20260109_$db.sql && git commit -qam 999 &&
	must_fail 1 run $db --retry 20260109_$db.sql >out 2>err &&
	grep "failed: verify: exit" err &&
	git strack mark --env $db -m "only a test" 20260109_$db.sql >/dev/null
'

test_expect_success "$db: a rollback that is lost is decided by the database" '
	git strack reset --env $db -m x 20260109_$db.sql >/dev/null &&
	sed -i s/999/1000/ scripts/20260109_$db.sql && git commit -qam 1000 &&
	run $db 20260109_$db.sql >/dev/null && echo after >../how &&
	PATH=$PWD/../bin:$PATH git strack rollback --env $db 20260109_$db.sql \
		>out 2>&1 &&
	grep "^rolled-back" out && grep "^warning: the warden .* killed" out &&
	test "$(sql $db "SELECT max(n) FROM users")" = 5 &&
	entry scripts/20260109_$db.sql done | grep "has its row in strack_runs"
'

case $db in
pg) echo "psql -qX '$PG' -c \\" ;;
my) echo "mariadb --no-defaults -u root -S '$db_dir/my/s' app -e \\" ;;
lite) echo "sqlite3 '$db_dir/lite/app.db' \\" ;;
esac >../client

test_expect_success "$db: a script in another language may write the row itself" '
	{
		echo "#!/bin/sh" && cat ../client &&
		echo "\"INSERT INTO strack_runs VALUES ('\''\$STRACK_RUN'\''," &&
		echo "'\''x'\'', '\''x'\'', '\''x'\'', CURRENT_TIMESTAMP)\"" &&
		echo "kill -KILL \$PPID" && echo "exec sleep 60"
	} | script scripts/20260110_$db.sh &&
	run $db 20260110_$db.sh >out 2>err && grep "^done" out &&
	entry scripts/20260110_$db.sh done | grep "has its row in strack_runs"
'

done

test_expect_success MARIADB 'no password in a process list, a log, an entry or a file' '
	echo "SELECT sleep(3);" | script scripts/20260120_sleep.sql &&
	{ run my 20260120_sleep.sql >out 2>&1 & } &&
	wait_for "pgrep -f \"^mariadb .*--binary-mode\"" &&
	! grep -las "tr0ub4dor" /proc/[0-9]*/cmdline && wait $! &&
	! grep -rs "tr0ub4dor" .git/strack &&
	! git log -p strack-ledger | grep "tr0ub4dor" && ! grep "tr0ub4dor" out
'

test_expect_success SQLITE3 'what is no database is refused before anything is claimed' '
	n=$(git rev-list --count strack-ledger) &&
	must_fail 128 run local 20260104_more.sql 2>err &&
	grep "no database is named for the environment local" err &&
	grep "DATABASE_URL" err &&
	(DATABASE_URL=sqlite:nowhere.db && export DATABASE_URL &&
		must_fail 128 run local 20260104_more.sql 2>err &&
		grep "nowhere.db: there is no such file" err &&
		DATABASE_URL=oracle://me:pw@x/y &&
		must_fail 128 run local 20260104_more.sql 2>err &&
		grep "DATABASE_URL: is no URL of a database that is known" err &&
		! grep "me:pw" err) &&
	cp .strack.ini ini &&
	printf "%s\n" "[environment \"x\"]" "database = mysql://me:word@host/x" \
		>>.strack.ini &&
	must_fail 128 git strack status 2>err &&
	grep "database: the value .*has a password" err && ! grep "me:word" err &&
	mv ini .strack.ini &&
	test "$(git rev-list --count strack-ledger)" = "$n"
'

# The snapshot of repeatable read must not be older than the lock.
test_expect_success PSQL 'what was being committed is waited for, and seen' '
	pg -c "ALTER DATABASE app SET default_transaction_isolation = '\''repeatable read'\''" &&
	script scripts/20260122_slow.sql <<-\EOF &&
	CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
		PERFORM pg_sleep(4); RETURN NULL; END $$;
	CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON users DEFERRABLE
		INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slow();
	INSERT INTO users VALUES (70, '\''slow'\'', 0);
	EOF
	run pg --timeout 2s 20260122_slow.sql >out && grep "^done" out &&
	entry scripts/20260122_slow.sql done |
		grep "^reason timed out after 2.*but it was committed"
'

test_expect_success MARIADB 'the option file of a person does not make it go on' '
	printf "%s\n" "[client]" "user = app" "password = \"tr0ub4dor&3\"" \
		"[mariadb-client]" force >"$HOME/.my.cnf" &&
	printf "%s\n" "INSERT INTO users VALUES (80, '\''x'\'', 0);" \
		"SELECT nope;" "SELECT 1;" | script scripts/20260123_force.sql &&
	(DATABASE_URL="mysql://localhost/app?socket=$db_dir/my/s" &&
		export DATABASE_URL &&
		must_fail 1 run local --from-the-beginning 20260123_force.sql \
			>out 2>err) &&
	rm "$HOME/.my.cnf" && grep "ERROR 1054.*line 2" err &&
	test "$(sql my "SELECT count(*) FROM users WHERE id = 80")" = 0
'

test_expect_success PSQL 'who can not look decides nothing' '
	echo "SELECT 1;" | script scripts/20260124_look.sql &&
	echo "SELECT 1;" | script scripts/20260124_look.verify.sql &&
	(DATABASE_URL=$PG && export DATABASE_URL && { doomed both-before local \
		--from-the-beginning 20260124_look.sql >/dev/null 2>&1 || :; }) &&
	DATABASE_URL="postgres://strack@/app?host=/nowhere" git strack cleanup &&
	entry scripts/20260124_look.sql lost >e &&
	grep "the database could not be asked" e &&
	grep "verify.sql could not look: exit 2" e
'

test_expect_success SQLITE3 'a script runs in local with DATABASE_URL' '
	DATABASE_URL=$LITE run local --from-the-beginning 20260104_more.sql &&
	test "$(kinds scripts/20260104_more.sql local)" = "claim done"
'

test_expect_success PSQL,MARIADB 'a server that is not there is a failure, and no doubt' '
	(MY_URL="mysql://app:tr0ub4dor@localhost/app?socket=/nowhere" &&
		export MY_URL &&
		must_fail 1 run my --again -m x 20260104_more.sql >out 2>err) &&
	grep "failed: exit 1: ERROR 2002" err &&
	git strack mark --env my -m x 20260104_more.sql >/dev/null &&
	(DATABASE_URL=postgres://localhost:1/x && export DATABASE_URL &&
		must_fail 1 run local --again -m x 20260104_more.sql >out 2>err) &&
	grep "failed: exit 2: psql: error: connection" err
'

test_expect_success SQLITE3 'another database than that of the run decides nothing' '
	sqlite3 "$db_dir/lite/other.db" VACUUM &&
	echo "UPDATE users SET n = n + 1;" | script scripts/20260121_other.sql &&
	(DATABASE_URL=$LITE && export DATABASE_URL && { doomed both-before local \
		20260121_other.sql >/dev/null 2>&1 || :; }) &&
	DATABASE_URL=sqlite:$db_dir/lite/other.db git strack cleanup &&
	entry scripts/20260121_other.sql lost >e &&
	grep "it ran in $LITE, and .* is the database here now" e
'

test_expect_success 'the ledger is sound' 'audit'

test_done
