#!/bin/sh
# fuzz.sh libfuzzer|afl|merge TARGET...: goes on from the corpora for FUZZ_TIME
# seconds a target, from the top of the repository.  What is found is kept
# under build-fuzz/ or build-afl/: corpus/TARGET the inputs, so that another
# call goes on from there, crashes/TARGET what crashed.  `merge` takes those that
# reach code which nothing in t/fuzz/corpus reaches, and are short, into it.
set -u

how=$1
shift
case $how in
afl) b=build-afl ;;
libfuzzer | merge) b=build-fuzz ;;
*) echo "usage: $0 libfuzzer|afl|merge TARGET..." >&2; exit 129 ;;
esac
# Seconds for one input, bytes of memory and of an input.
slow=10 memory=2048 longest=8192

libfuzzer() {
	"$b/t/fuzz/fuzz-$1" -max_total_time="${FUZZ_TIME:-60}" \
		-timeout="$slow" -rss_limit_mb="$memory" -max_len="$longest" \
		-artifact_prefix="$b/crashes/$1/" -print_final_stats=1 \
		"$b/corpus/$1" "t/fuzz/corpus/$1" \
		>"$b/crashes/$1.log" 2>&1
	code=$?
	grep -E '^stat::|ERROR|not so|SUMMARY' "$b/crashes/$1.log"
	grep -E '^#.*(DONE|RELOAD|NEW|INITED)' "$b/crashes/$1.log" | tail -n 1
	return "$code"
}

afl() {
	[ -n "$(ls -A "$b/corpus/$1")" ] ||
		cp "t/fuzz/corpus/$1"/* "$b/corpus/$1/"
	# A finding is in the folder; the exit status says nothing of it.
	AFL_SKIP_CPUFREQ=1 AFL_NO_UI=1 AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 \
		AFL_NO_AFFINITY=1 AFL_AUTORESUME=1 AFL_IGNORE_PROBLEMS=1 \
		afl-fuzz -V "${FUZZ_TIME:-60}" -m none -t "${slow}000" \
		-G "$longest" -i "$b/corpus/$1" -o "$b/crashes/$1" -- \
		"$b/t/fuzz/fuzz-$1" >"$b/crashes/$1.log" 2>&1
	grep -E '^(execs_done|execs_per_sec|corpus_(count|found)|saved_|bitmap)' \
		"$b/crashes/$1/default/fuzzer_stats" || return 1
	[ -z "$(find "$b/crashes/$1" -path '*/crashes/id:*' -o \
		-path '*/hangs/id:*')" ]
}

merge() {
	rm -rf "$b/merged" && mkdir "$b/merged" &&
		"$b/t/fuzz/fuzz-$1" -set_cover_merge=1 -use_counters=0 \
			-max_len=2048 "$b/merged" "t/fuzz/corpus/$1" \
			"$b/corpus/$1" >"$b/crashes/$1.log" 2>&1 || return 1
	for file in "$b/merged"/*; do
		name=found-$(sha1sum <"$file" | cut -c 1-12)
		for have in "t/fuzz/corpus/$1"/*; do
			cmp -s "$file" "$have" && name=
		done
		[ -z "$name" ] || cp "$file" "t/fuzz/corpus/$1/$name"
	done
}

failed=
for target; do
	mkdir -p "$b/corpus/$target" "$b/crashes/$target"
	echo "== $target"
	case $how in
	afl) afl "$target" ;;
	libfuzzer) libfuzzer "$target" ;;
	merge) merge "$target" ;;
	esac || failed="$failed $target"
done
[ -z "$failed" ] && exit 0
echo "look at $b/crashes:$failed" >&2
exit 1
