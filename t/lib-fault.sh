# Faults at every point of a command: what a scenario is, and how it is run.
# Instead of lib-strack.sh; the work is done by helper/fault-points.c.
#
#	fault_tools			once: compiles them
#	fault_case <scenario> <step> <fault>...
#
# A fault is what helper/fault.c calls so; with :long behind it, it goes on from
# there.  A step of 1 is every point, and 41 every 41st.  With STRACK_LONG it is always
# 1, and FAULT_LONG holds the faults.
# shellcheck shell=sh disable=SC2034,SC2154

. "$(dirname "$0")/lib-strack.sh"

FAULT_LONG=${FAULT_LONG:-kill kill:long exit EIO EIO:long ENOSPC ENOSPC:long EINTR short
	short:long}
ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0
export ASAN_OPTIONS
# A start costs an access to each folder of PATH.
PATH=$STRACK_BUILD:/usr/local/bin:/usr/bin:/bin
unset -f git 2>/dev/null

fault_name=$(date -u +%Y%m%d%H%M%S)_a.sh
fault_now=$(date +%s)

fault_dir=$strack_scratch/faults
exec 7>&2 # what prove shows
mkdir "$fault_dir" || exit 1

fault_tools() {
	${CC:-cc} -shared -fPIC -o "$fault_dir/fault.so" \
		"$strack_t/helper/fault.c" "$strack_t/helper/fault-server.c" \
		-ldl &&
	${CC:-cc} -o "$fault_dir/fault-points" "$strack_t/helper/fault-points.c" \
		"$strack_t/helper/fault-client.c" "$strack_t/helper/fault-world.c"
}

# ---- templates: each makes $1/r, and may leave a line in $1/ran ----

# What they all begin with is made once, so that their ledgers share a root.
fault_base() {
	[ -d base ] || {
		mkdir base && cd base && repo r && cd r &&
		printf "%s\n" "[environment \"staging\"]" >.strack.ini &&
		(GIT_AUTHOR_EMAIL=dev@example.com && export GIT_AUTHOR_EMAIL &&
			fault_script) && git add .strack.ini && git commit -q -m ini &&
		STRACK_ENV=local git strack init >/dev/null &&
		{ git add .strack.ini && git commit -q -m ledger; } &&
		cd ../..
	} && cp -a base "$1"
}

# fault_script [<line>...]: it says that it ran, and then does as told.
fault_script() {
	printf "%s\n" "#!/bin/sh" "echo ran >>\"\$STRACK_TOP/../ran\"" \
		"echo hello" "$@" | script "scripts/$fault_name"
}

fault_young() {
	mkdir "$1" && cd "$1" && repo r && cd r && fault_script && cd ../..
}

fault_fails() {
	fault_base "$1" && cd "$1/r" && fault_script "exit 3" && cd ../..
}

fault_sleeps() {
	fault_base "$1" && cd "$1/r" &&
	fault_script "# strack: timeout 1s" "exec sleep 60" && cd ../..
}

# stopped, its runner can not record that the warden is gone
fault_dead() {
	fault_base "$1" && cd "$1/r" && fault_script "kill -STOP \$PPID" \
		"kill -9 \$(cut -d\" \" -f4 /proc/\$PPID/stat) \$PPID" \
		"sleep 5" &&
	{ git-strack run --env local 9>&1 >../out 2>&1 | cat; } && rm ../out &&
	test "$(kinds "scripts/$fault_name")" = claim && cd ../..
}

fault_lost() {
	fault_dead "$1" && git -C "$1/r" strack cleanup >/dev/null
}

# an outcome that is in the journal only
fault_journal() {
	fault_base "$1" && cd "$1/r" &&
	fault_script ": >.git/refs/heads/strack-ledger.lock" &&
	must_fail 128 git strack run --env local >/dev/null 2>&1 &&
	rm .git/refs/heads/strack-ledger.lock &&
	test -n "$(ls .git/strack/journal)" && cd ../..
}

fault_marked() {
	fault_base "$1" && cd "$1/r" && for e in local staging; do
		git strack mark --env $e -m why "$fault_name" >/dev/null ||
			return 1
	done && cd ../..
}

# What else is staged is none of its business.
fault_settled() {
	fault_marked "$1" && cd "$1/r" && echo "echo back" |
		script "scripts/${fault_name%.sh}.rollback.sh" &&
	echo more >>README && git add README && cd ../..
}

# done, with a companion that says that it ran as well
fault_done() {
	fault_base "$1" && cd "$1/r" &&
	printf "%s\n" "#!/bin/sh" "echo ran >>\"\$STRACK_TOP/../ran\"" |
		script "scripts/${fault_name%.sh}.rollback.sh" &&
	git strack run --env local >/dev/null && cd ../..
}

# A SQL script on SQLite; who asks the client leaves in `ran` what is committed.
fault_sql() {
	fault_base "$1" && cd "$1/r" && git rm -q "scripts/$fault_name" &&
	printf "%s\n" "[environment \"local\"]" "database = sqlite:../app.db" \
		>>.strack.ini &&
	echo "INSERT INTO t VALUES ('ran');" |
		write "scripts/${fault_name%.sh}.sql" &&
	git add . && git commit -q -m sql &&
	sqlite3 ../app.db "CREATE TABLE t (x TEXT)" && cd ../..
}

fault_job() {
	fault_base "$1" && cd "$1/r" &&
	printf "%s\n" "#!/bin/sh" "echo ran >>../ran" | write job && cd ../..
}

fault_key() {
	fault_base "$1" && ssh-keygen -q -t ed25519 -N "" -C "" -f "$1/key" &&
	rm "$1/key"
}

fault_no_hooks() {
	fault_base "$1" && git -C "$1/r" strack hooks uninstall >/dev/null
}

fault_foreign_hooks() {
	fault_no_hooks "$1" && printf "%s\n" "#!/bin/sh" "echo mine" |
		(cd "$1/r" && write .git/hooks/post-merge)
}

# ---- the scenarios ----
#
# Name ; template ; command ; the next plain command ; whose entries are looked
# at ; a line that reports an entry ; its kind ; how it may end: how often
# scripts ran, and the kinds of the entries ; again, where the same command must
# bring the whole effect after all (finish: one of many parts may bring some of
# them at first; hooks: it may as well warn that they are missing) ; commands whose output
# belongs to it.
#
# SCRIPT is the script's name.  A run that was cut short is not repeated unasked, and so is never "again".
# A command that comes new gets its row here, and its name in a test file.
fault_table='
init;young;init;init;.strack/trust;^founded;trust-add;^0 trust-add$;hooks;
run;base;run --env local;run --env local;scripts/;^done;done;^(1 claim (done|fail|lost)|0 claim (fail|lost))$;;
fail;fails;run --env local;run --env local;scripts/;^failed;fail;^[01] claim (fail|lost)$;;
timeout;sleeps;run --env local;run --env local;scripts/;^failed|^timed out;fail;^[01] claim (fail|lost)$;;
replay;journal;run --env local;run --env local;scripts/;;;^1 claim done$;;
recover;journal;cleanup;cleanup;scripts/;;;^1 claim done$;;
rollback;done;rollback --env local SCRIPT;cleanup;scripts/;^rolled-back;rollback;^(1 claim done( undo (lost|rollback-fail))?|2 claim done undo (rollback|rollback-fail|lost))$;;
sql;sql;run --env local;run --env local;scripts/;^done;done;^(1 claim done|0 claim fail)$;;
cleanup;dead;cleanup;cleanup;scripts/;^lost;lost;^1 claim lost$;;
mark;base;mark --env local -m why SCRIPT;cleanup;scripts/;^marked;mark;^0( mark)?$;again;
reset;marked;reset --env local -m why SCRIPT;cleanup;scripts/;^pending;void;^0 mark mark( void)?$;again;
resolve;lost;resolve --env local --done -m why SCRIPT;cleanup;scripts/;^done;done;^1 claim lost( done)?$;again;
approve;base;approve --env staging SCRIPT;cleanup;scripts/;^approved;approve;^0( approve)?$;again;
remove;settled;remove --settled --commit;cleanup;scripts/;;;^0 mark mark( retire)?( retire)?$;finish;git ls-files -s, git diff --cached --name-status, git log --format=%s main
create;base;create --lang sh Give it;cleanup;;;;;again;
exec;job;exec --env local -m why -- ./job;cleanup;.strack/exec;;;^(1 exec (done|fail|lost)|0( exec (fail|lost))?)$;;
trust;key;trust add ../key.pub --principal bob --roles run;cleanup;.strack/trust;^admitted|^added;trust-add;^0 trust-add( trust-add)?$;again;
hooks;no_hooks;hooks install;cleanup;;;;;finish;
chain;foreign_hooks;hooks install --chain;cleanup;;;;;finish;
unhook;base;hooks uninstall;cleanup;;;;;finish;
'

# fault_case <scenario> <step> <fault>...
fault_case() {
	fault_row=$(echo "$fault_table" | grep "^$1;" |
		sed "s/SCRIPT/$fault_name/g") && fault_step=$2 &&
	shift 2 || return 1
	[ -z "$STRACK_LONG" ] || {
		fault_step=1
		# shellcheck disable=SC2086 # a list
		set -- $FAULT_LONG
		# which takes seconds a point
		case $fault_row in timeout*) set -- kill ENOSPC:long ;; esac
		# who can not be asked leaves a doubt, and that is another end
		case $fault_row in sql*) set -- kill exit ;; esac
	}
	IFS=';' read -r fault_n fault_t fault_c fault_next fault_prefix \
		fault_said fault_kind fault_ends fault_again fault_look <<-END
	$fault_row
	END
	(
		cd "$fault_dir" || exit 1
		if ! [ -d "t-$fault_t" ]; then
			"fault_$fault_t" "t-$fault_t" || exit 1
		fi
		fault_faults=$*
		set -- -n "$fault_n" -t "t-$fault_t" -l "$fault_dir/fault.so" \
			-x "$strack_t/helper/ledger-audit" -T "$fault_now" \
			-S "$fault_step" -N "$fault_next" -p "$fault_prefix"
		[ -z "$STRACK_LONG" ] || set -- "$@" -A
		[ "$fault_step" = 1 ] || set -- "$@" -f "$(fault_first)"
		[ -z "$fault_said" ] ||
			set -- "$@" -s "$fault_said" -k "$fault_kind"
		[ -z "$fault_ends" ] || set -- "$@" -e "$fault_ends"
		fault_look=$(echo "$fault_look" | sed "s/, /; /g")
		[ -z "$fault_look" ] || set -- "$@" -L "$fault_look"
		case $fault_again in
		again) set -- "$@" -a ;;
		hooks) set -- "$@" -a -F -W ;;
		finish) set -- "$@" -a -F ;;
		esac
		# shellcheck disable=SC2086 # words and lists
		./fault-points "$@" $fault_faults -- git-strack $fault_c \
			>"said-$fault_n"
		fault_code=$?
		cat "said-$fault_n"
		cat "said-$fault_n" >&7
		exit $fault_code
	)
}

# Each sample begins elsewhere, and always there.
fault_first() {
	printf %s "$fault_n" | cksum | awk -v step="$fault_step" \
		'{ print 1 + $1 % step }'
}
