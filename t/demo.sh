#!/bin/sh
# demo.sh [<build folder>]: a throw-away repository with real scripts, one of
# which fails, and what git strack does with them.  The repository stays.
set -u

top=$(cd "$(dirname "$0")/.." && pwd) || exit 1
build=$(cd "$top" && cd "${1:-build}" && pwd) || exit 1
PATH=$build:$PATH
GIT_PAGER='cat'
export PATH GIT_PAGER
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE STRACK_ENV
demo=$(mktemp -d "${TMPDIR:-/tmp}/strack-demo.XXXXXX") || exit 1

die() {
	echo "demo: $*" >&2
	exit 1
}

bold='' plain=''
[ -t 1 ] && bold=$(printf '\033[1m') plain=$(printf '\033[m')

say() {
	printf '\n%s# %s%s\n' "$bold" "$*" "$plain"
}

# show <expected exit status> <command>...: with the command before its output.
show() {
	want=$1
	shift
	printf '\n$'
	for word; do
		case $word in
		*[!A-Za-z0-9_./:=@%+-]*) printf " '%s'" "$word" ;;
		*) printf ' %s' "$word" ;;
		esac
	done
	echo
	"$@"
	code=$?
	[ "$code" = "$want" ] || die "'$*' ended with $code, not $want"
	[ "$code" = 0 ] || echo "(exit $code)"
}

# put <path>: standard input to a file; executable when it begins with #!.
put() {
	mkdir -p "$(dirname "$1")" || die "cannot make the folder of $1"
	cat >"$1" || die "cannot write $1"
	case $(head -n 1 "$1") in
	'#!'*) chmod +x "$1" ;;
	esac
}

cd "$demo" || exit 1
git init -q -b main . || die 'git init failed'
# Only where nobody told git a name.
if [ -z "$(git config user.email)" ] || ! git var GIT_AUTHOR_IDENT >/dev/null 2>&1; then
	git config user.name 'Demo Person'
	git config user.email demo@example.com
fi
# Your own keys and pager have no part in this.
git config gpg.format openpgp
git config commit.gpgSign false
git config log.showSignature false
git config core.pager cat

# Dated today: older ones are not run unasked in a new place.
day=$(date -u +%Y%m%d)

put data/users.csv <<'END'
id,name,mail,theme
1,Ada,ADA@EXAMPLE.COM,
2,Grace,grace@example.com,dark
3,Linus,Linus@Example.com,
END

put "scripts/${day}000100_lower_case_mail.sh" <<'END'
#!/bin/sh
# strack: description Lower-case all mail addresses
set -eu
awk -F, -v OFS=, 'NR > 1 { $3 = tolower($3) } { print }' \
	data/users.csv >data/users.csv.new
mv data/users.csv.new data/users.csv
echo "$(($(wc -l <data/users.csv) - 1)) addresses in lower case"
END

put "scripts/${day}000200_default_theme.py" <<'END'
#!/usr/bin/env python3
# strack: description Give every user without a theme the light one
# strack: timeout 30s
import csv

with open("data/users.csv", newline="") as f:
    rows = list(csv.DictReader(f))
for row in rows:
    if not row["theme"]:
        row["theme"] = "light"
        print(f"user {row['id']} ({row['name']}): light")
with open("data/users.csv", "w", newline="") as f:
    out = csv.DictWriter(f, rows[0].keys(), lineterminator="\n")
    out.writeheader()
    out.writerows(rows)
END

sqlite3 data/shop.db <<'END' || die 'sqlite3 failed'
CREATE TABLE carts (id INTEGER PRIMARY KEY, changed TEXT, state TEXT);
INSERT INTO carts (changed) VALUES ('2019-05-01'), ('2025-12-24'), ('2020-02-29');
END

put .strack.ini <<'END'
[environment "local"]
database = sqlite:data/shop.db
END

put "scripts/${day}000250_old_carts.sql" <<'END'
-- strack: description Give up carts that nobody has touched for years
UPDATE carts SET state = 'given up' WHERE changed < '2024-01-01';
SELECT changes() || ' carts were given up';
END

put "scripts/${day}000300_import_orders.sh" <<'END'
#!/bin/sh
# strack: description Import the orders of the old shop
set -eu
echo "reading data/orders.csv"
while IFS=, read -r id user amount; do
	echo "order $id of user $user: $amount"
done <data/orders.csv
echo "all orders imported"
END

put "scripts/${day}000400_count_users.sh" <<'END'
#!/bin/sh
# strack: description Count users by theme
set -eu
echo "users by theme:"
awk -F, 'NR > 1 { n[$4]++ } END { for (t in n) print "  " t ": " n[t] }' \
	data/users.csv
END

say "A repository with data, and five one-off scripts that are to run once"
git add .
git commit -q -m 'Users, and scripts to mend them' || die 'git commit failed'
show 0 cat data/users.csv
show 0 ls scripts

say 'A ledger for it: a branch and a key of this clone'
show 0 git strack init
show 0 git add .strack.ini
show 0 git commit -q -m 'Name the ledger'
show 0 git strack status

say 'Run what is pending; the import will fail, as its file is not there'
show 1 git strack run
show 0 cat data/users.csv
show 0 git strack status

say 'A SQL script is one transaction, and leaves a row that says that it ran'
show 0 sqlite3 data/shop.db 'SELECT * FROM carts'
show 0 sqlite3 data/shop.db 'SELECT script, environment, finished_at FROM strack_runs'

say 'The ledger is a branch: git itself shows it'
show 0 git log strack-ledger
show 0 git log -p -1 strack-ledger

say 'All of it is signed, and can be checked'
show 0 git strack verify --full

cat <<END

The repository stays for you to play in:

    cd $demo
    export PATH=$build:\$PATH

and then, say, the missing file, and the failed script again:

    printf '1,2,9.50\n2,3,20.00\n' >data/orders.csv
    git strack run --retry
    git strack status
    git strack create 'Drop the old column'
    git log -p strack-ledger
    git strack -h

When you are done: rm -rf $demo
END
