#!/bin/sh
test_description='what anybody may have written: the corpora of the fuzz targets'
. "$(dirname "$0")/lib-strack.sh"

# With ASan and UBSan, and no more of the program than the targets need.  It
# stays in build-san, where another run finds it built.
test_expect_success 'the targets are built' '
	make -s -C "$strack_top" SAN=1 CC="${CC:-cc}" fuzz-replay
'

targets=$(find "$strack_t/fuzz" -name "fuzz-*.c" |
	sed 's/.*fuzz-\(.*\)\.c/\1/' | sort)

test_expect_success 'each target has a corpus, and each corpus a target' '
	echo "$targets" >want && ls "$strack_t/fuzz/corpus" >have &&
	test_cmp want have
'

for target in $targets; do
	test_expect_success "corpus: $target" '
		timeout -k 5 120 "$strack_top/build-san/t/fuzz/replay-$target" \
			"$strack_t/fuzz/corpus/$target" >out &&
		find "$strack_t/fuzz/corpus/$target" -type f | wc -l >want &&
		test_cmp want out
	'
done

# The words that the targets assert with, and the replay, do find something.
test_expect_success 'what aborts is reported, with the name of the file' '
	cat >bad.c <<-\EOF &&
	#include "fuzz.h"
	int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
	{
		char *text = fuzz_text(data, size);

		MUST(fuzz_safe(text, size, "\n"));
		free(text);
		return 0;
	}
	EOF
	${CC:-cc} -D_GNU_SOURCE -I"$strack_top/include" -I"$strack_top/src" \
		-I"$strack_t/fuzz" -o bad bad.c "$strack_t/fuzz/replay.c" \
		-fsanitize=address,undefined "$strack_top/build-san/fuzz.a" &&
	mkdir inputs && printf "good \303\251\n" >inputs/1 && ./bad inputs &&
	i=1 && for text in "\033[31m" "\302\2331m" "\233" "\342\200\256" \
		"\342\201\247" "\r" "\177" "\342\200" "\355\240\200x\177"; do
		i=$((i + 1)) && printf "a$text" >inputs/2 &&
		! ./bad inputs 2>err && grep "fails on inputs/2" err || return 1
	done
'

test_done
