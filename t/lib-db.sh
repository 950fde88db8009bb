# Real databases, each started by the test that wants one: on a socket in a
# folder of its own, as a user without rights, and gone with the test.
#
#	postgresql_start	$PG is its URL, pg [<option>...] a client
#	mariadb_start		$MY is its URL, my [<option>...] a client
#	sqlite_start		$LITE is its URL, lite [<option>...] a client
#
# After lib-strack.sh.
# shellcheck shell=sh disable=SC2034,SC2154

# A server refuses to be root, and whoever it is instead has to get there.
db_dir=$(mktemp -d "${strack_where:-/tmp}/strack-db.XXXXXX") || exit 1
chmod 755 "$db_dir"
db_user=
[ "$(id -u)" != 0 ] || db_user=nobody

# as_nobody <command>...
as_nobody() {
	if [ -n "$db_user" ]; then
		setpriv --reuid="$db_user" --regid="$(id -g "$db_user")" \
			--clear-groups -- env HOME="$db_dir" "$@"
	else
		"$@"
	fi
}

db_folder() {
	mkdir "$db_dir/$1" && { [ -z "$db_user" ] || chown "$db_user" "$db_dir/$1"; }
}

# What sharness calls at the end, and what is left of servers is killed by then.
db_stop() {
	for db_pid in "$db_dir"/*/pid; do
		[ ! -s "$db_pid" ] || kill -KILL "$(head -n 1 "$db_pid")"
	done 2>/dev/null
	rm -rf "$db_dir"
}
trap 'db_code=$?; db_stop; (exit "$db_code"); strack_leave' EXIT

for postgresql_bin in /usr/lib/postgresql/*/bin; do
	: # the newest
done

postgresql_start() {
	db_folder pg &&
	as_nobody "$postgresql_bin/initdb" -D "$db_dir/pg/data" -A trust \
		-U strack -E UTF8 --locale=C.UTF-8 >/dev/null &&
	as_nobody "$postgresql_bin/pg_ctl" -D "$db_dir/pg/data" -w -s \
		-l "$db_dir/pg/log" -o "-c listen_addresses= \
		-c unix_socket_directories=$db_dir/pg -c fsync=off \
		-c external_pid_file=$db_dir/pg/pid" start &&
	PG="postgres://strack@/app?host=$db_dir/pg" &&
	psql -qX "postgres://strack@/postgres?host=$db_dir/pg" \
		-c "CREATE DATABASE app"
}

pg() {
	psql -qAtX -v ON_ERROR_STOP=1 "$PG" "$@"
}

mariadb_start() {
	db_folder my && db_server=$(command -v mariadbd ||
		echo /usr/sbin/mariadbd) &&
	as_nobody mariadb-install-db --no-defaults \
		--datadir="$db_dir/my/data" --tmpdir="$db_dir/my" \
		--skip-test-db \
		--auth-root-authentication-method=normal >/dev/null &&
	{
		as_nobody "$db_server" --no-defaults \
			--datadir="$db_dir/my/data" --tmpdir="$db_dir/my" \
			--socket="$db_dir/my/s" \
			--skip-networking --pid-file="$db_dir/my/pid" \
			--innodb-flush-log-at-trx-commit=0 \
			>"$db_dir/my/log" 2>&1 3>&- 4>&- 5>&- &
	} && wait_for 'mariadb --no-defaults -u root -S "$db_dir/my/s" -e ""' &&
	mariadb --no-defaults -u root -S "$db_dir/my/s" -e "
		CREATE DATABASE app;
		CREATE USER app IDENTIFIED BY 'tr0ub4dor&3';
		GRANT ALL ON app.* TO app" &&
	MY="mysql://app:tr0ub4dor%263@localhost/app?socket=$db_dir/my/s"
}

my() {
	mariadb --no-defaults -u root -S "$db_dir/my/s" --batch \
		--skip-column-names app "$@"
}

sqlite_start() {
	db_folder lite && LITE="sqlite:$db_dir/lite/app.db" &&
	lite VACUUM
}

lite() {
	sqlite3 -batch -bail "$db_dir/lite/app.db" "$@"
}

for strack_v in MARIADB:mariadb PSQL:psql SQLITE3:sqlite3; do
	command -v "${strack_v#*:}" >/dev/null 2>&1 &&
		test_set_prereq "${strack_v%:*}"
done
