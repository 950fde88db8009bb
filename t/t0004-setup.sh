#!/bin/sh
test_description='make setup on machines that lack everything'
. "$(dirname "$0")/lib-strack.sh"

# A machine: folder of commands, with an apt-get that "installs" commands.
# machine <name> <uid> [<command>...]
machine() {
	rm -rf "$1" && mkdir "$1" || return 1
	name=$1 uid=$2
	shift 2
	for cmd in sh env cat mkdir chmod touch "$@"
	do
		ln -s "$(command -v "$cmd")" "$name/$cmd" || return 1
	done
	printf '#!/bin/sh\necho %s\n' "$uid" >"$name/id"
	chmod +x "$name/id"
}

# Its apt-get makes the commands that setup.sh looks for.
with_apt() {
	cat >"$1/apt-get" <<-END
	#!/bin/sh
	echo "apt-get \$*" >>"$PWD/apt.log"
	case \$* in
	*install*) ;;
	*) exit 0 ;;
	esac
	for c in git ssh-keygen cc pkg-config python3 sqlite3; do
		echo '#!/bin/sh' >"$PWD/$1/\$c"
		chmod +x "$PWD/$1/\$c"
	done
	END
	chmod +x "$1/apt-get"
}

setup() {
	PATH=$1 CC='' /bin/sh "$strack_top/t/setup.sh" "$2"
}

test_expect_success 'nothing is missing: nothing is said or done' '
	"$strack_top/t/setup.sh" build >out 2>&1 &&
	test_must_be_empty out
'

test_expect_success 'as root: says which, updates, installs' '
	machine bare 0 && with_apt bare &&
	setup "$PWD/bare" demo >out &&
	grep "missing: .*git openssh-client gcc .*libgit2-dev libinih-dev libsodium-dev libjansson-dev libcsv-dev python3" out &&
	grep -n . apt.log >log &&
	grep "^1:.* update" log &&
	grep "^2:.* install .*libcsv-dev" log &&
	setup "$PWD/bare" demo >out &&
	test_must_be_empty out
'

test_expect_success 'not root: through sudo' '
	rm apt.log && machine user 1000 && with_apt user &&
	printf "#!/bin/sh\necho sudo >>\"$PWD/apt.log\"\nexec \"\$@\"\n" \
		>user/sudo && chmod +x user/sudo &&
	setup "$PWD/user" build >out &&
	grep "with sudo apt-get" out &&
	test "$(grep -c sudo apt.log)" = 2
'

test_expect_success 'neither root nor sudo: says what to type' '
	machine poor 1000 && with_apt poor &&
	must_fail 1 setup "$PWD/poor" build >out 2>err &&
	grep "apt-get update && apt-get install .*libgit2-dev" err
'

test_expect_success 'no apt-get: says what is missing' '
	machine other 0 &&
	must_fail 1 setup "$PWD/other" build >out 2>err &&
	grep "missing: .*libgit2-dev" out &&
	grep "no apt-get" err
'

test_expect_success 'wrong use' '
	must_fail 129 setup "$PATH" 2>err &&
	grep usage err
'

test_done
