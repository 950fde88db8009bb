#!/bin/sh
test_description='what is on the disk before what: from a list of all calls

helper/fault.c writes down every call that changes something, in order.'
. "$(dirname "$0")/lib-fault.sh"

# trace <command>...: its calls go to the file $trace.
trace() {
	trace=$strack_scratch/trace && rm -f "$trace" &&
	STRACK_FAULT_COUNT=$strack_scratch/count STRACK_FAULT_TRACE=$trace \
		LD_PRELOAD=$fault_dir/fault.so git-strack "$@"
}

# Objects of the ledger that were not there before, as paths.
new_objects() {
	git rev-list --objects strack-ledger | cut -d " " -f 1 |
		sed "s#^\(..\)#$PWD/.git/objects/\1/#"
}

# The order of one command; what is said of it is an error.  The journal comes
# before the branch, and the branch before the script.
cat >"$strack_scratch/order.awk" <<'AWK'
function dir(path) { sub(/\/[^\/]*$/, "", path); return path }
function synced(path) { return sync[path] > made[path] || all > made[path] }
function listed(path) {
	return sync[dir(path)] > made[path] || all > made[path]
}
function need(path, what) {
	if (!(path in made))
		return
	if (!synced(path))
		print what ": " path " is not synced"
	if (!listed(path))
		print what ": " dir(path) " is not synced after " path
}
BEGIN { FS = "\t"; all = 0 }
FILENAME == objects { object[$1] = 1; next }
$1 == "syncfs" { all = NR }
$1 == "fsync" || $1 == "fdatasync" { sync[$2] = NR }
$1 == "mkdir" { made[$2] = NR; sync[$2] = 0 }
$1 == "write" || $1 == "pwrite" { made[$2] = made[$2] ? NR : made[$2] }
$1 == "rename" || $1 == "renameat2" || $1 == "link" {
	# what was synced under its old name is
	was = sync[$2] > 0 && sync[$2] > made[$2]
	made[$3] = NR
	if (was || all > made[$2])
		sync[$3] = NR + .5
}
$1 == "unlink" && $2 ~ /\/strack\/journal\/[0-9a-f]+$/ {
	if (!(listed(branch) && moved))
		print "journal dropped before the branch is durable"
	dropped++
}
($1 == "rename" || $1 == "link") && $3 ~ /\/refs\/heads\/strack-ledger$/ {
	branch = $3
	moved++
	if (!synced($3))
		print "the branch moved to a file that is not synced"
	for (o in object)
		if (o in made) {
			checked++
			need(o, "branch")
			if (dir(o) in made)
				need(dir(o), "branch")
		}
	if (!founding && !journal)
		print "the branch moved before the journal"
	else if (!founding)
		need(journal, "branch")
	journal = ""
	# the bytes that are to run: git does not sync what it adds
	if (script && !sync[script] && !all)
		print "the branch moved before " script " was synced"
}
$1 == "rename" && $3 ~ /\/strack\/journal\/[0-9a-f]+$/ { journal = $3 }
$1 == "execve" && $2 ~ /\/scripts\// {
	started++
	if (!moved || !listed(branch))
		print "started before its claim is on the branch"
}
END {
	print "checked " checked + 0 ", moved " moved + 0 ", started " \
		started + 0 ", dropped " dropped + 0 >counts
}
AWK

# in_order [founding] [<object of the script>]
in_order() {
	new_objects >"$strack_scratch/objects" &&
	awk -v objects="$strack_scratch/objects" -v counts="$strack_scratch/counts" \
		-v founding="$1" -v script="$2" -f "$strack_scratch/order.awk" \
		"$strack_scratch/objects" "$trace" >wrong &&
	cat wrong "$strack_scratch/counts" && ! [ -s wrong ]
}

test_expect_success 'set-up' '
	fault_tools && repo r && cd r && fault_script && cd ..
'

test_expect_success 'a founded ledger is durable before its branch' '
	cd r && trace init && in_order founding &&
	read -r _ n _ <"$strack_scratch/counts" && test "${n%,}" -ge 6 &&
	grep "moved 1, started 0" "$strack_scratch/counts" && cd ..
'

test_expect_success 'claim, journal, branch, script, outcome, branch' '
	cd r && trace run &&
	in_order "" "$(git rev-parse "main:scripts/$fault_name" |
		sed "s#^\(..\)#$PWD/.git/objects/\1/#")" && test "$(kinds "scripts/$fault_name")" = "claim done" &&
	grep "moved 2, started 1, dropped 2" "$strack_scratch/counts" &&
	read -r _ n _ <"$strack_scratch/counts" && test "${n%,}" -ge 10 && cd ..
'

test_expect_success 'a decision' '
	cd r && trace reset -m why "$fault_name" && in_order &&
	grep "moved 1, started 0, dropped 1" "$strack_scratch/counts" && cd ..
'

# Without what is asserted the assertions fail.  (A syncfs for the objects covers
# the journal, too.)
test_expect_success 'and none of these holds by itself' '
	cd r && trace mark -m why "$fault_name" && in_order &&
	cp "$trace" whole && trace=$PWD/part &&
	for what in "^syncfs|^fsync.*/journal$" "^rename.*/strack/journal/" "^syncfs" \
		"^fsync.*refs/heads$"; do
		grep -vE "$what" whole >part && ! cmp -s whole part &&
		if in_order; then
			echo "not seen: $what" >&4
			return 1
		fi
	done && cd .. && audit r
'

# ---- and is the list whole? ----

calls=write,pwrite64,writev,pwritev,pwritev2,rename,renameat,renameat2,link
calls=$calls,linkat,symlink,symlinkat,unlink,unlinkat,rmdir,mkdir,mkdirat,mknod
calls=$calls,mknodat,truncate,ftruncate,fallocate,fsync,fdatasync,syncfs,sync
calls=$calls,sync_file_range,copy_file_range,sendfile,splice,chmod,fchmod
calls=$calls,fchmodat,chown,fchown,fchownat,lchown,creat,open,openat,openat2
calls=$calls,fork,vfork,clone,clone3,execve,setxattr,fsetxattr,mmap

# How often each, by git-strack alone: not what stdio writes, not what fault.c
# itself does, not what failed.
cat >"$strack_scratch/kernel.awk" <<'AWK'
{ pid = $1; sub(/^[0-9]+ +/, "") }
/^execve/ && !/git-strack", \[/ && !/ENOENT/ && !(pid in gone) {
	gone[pid] = 1
	n["execve"]++
}
pid in gone || /^execve/ || /^[-+]/ { next }
/fault-count/ || /fault-trace/ || /^write\([12]</ { next }
/^open/ && !/O_WRONLY|O_RDWR/ { next }
/^mmap/ && !/PROT_WRITE.*MAP_SHARED/ { next }
/resumed/ {
	if (/ = -1 /)
		n[$2]--
	next
}
/ = -1 / { next }
{ sub(/\(.*/, ""); n[$0]++ }
END { for (i in n) if (n[i]) print i, n[i] }
AWK
cat >"$strack_scratch/ours.awk" <<'AWK'
BEGIN {
	FS = "\t"
	is["mkdtemp"] = "mkdir"; is["fork"] = "clone"; is["mkfifo"] = "mknodat"
	is["open"] = is["open64"] = is["openat64"] = "openat"
	is["mkostemp"] = is["mkstemp"] = is["mkostemp64"] = "openat"
	is["pwrite"] = "pwrite64"
}
{ n[$1 in is ? is[$1] : $1]++ }
END { for (i in n) print i, n[i] }
AWK

test_expect_success STRACE 'no call that changes something is missing from it' '
	repo s && cd s && fault_script &&
	for words in init run "reset -m why $fault_name" "hooks uninstall" \
		"create --lang sh a thing"; do
		rm -f "$strack_scratch/fault-trace" &&
		# shellcheck disable=SC2086 # words
		strace -f -y -e trace=$calls -o "$strack_scratch/kernel" \
			-E STRACK_FAULT_COUNT="$strack_scratch/fault-count" \
			-E STRACK_FAULT_TRACE="$strack_scratch/fault-trace" \
			-E LD_PRELOAD="$fault_dir/fault.so" \
			git-strack $words >/dev/null &&
		awk -f "$strack_scratch/kernel.awk" "$strack_scratch/kernel" |
			sort >kernel &&
		awk -f "$strack_scratch/ours.awk" "$strack_scratch/fault-trace" |
			sort >ours && cat ours && diff kernel ours || return 1
	done && cd .. && audit s
'

test_done
