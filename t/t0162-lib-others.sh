#!/bin/sh
test_description='the helper library for Python, Ruby, Node.js and Perl

The same story in each language, run by git strack with the real interpreter.'
. "$(dirname "$0")/lib-strack.sh"

day=$(date -u +%Y%m%d)

# In each language a script that passes over nothing, works in batches of 3 on 1
# to 10, fails in its first attempt at the batch with 7, and stops in its second
# when a signal comes while it works on that batch.
write_python() {
	write "$1" <<-\EOF
	#!/usr/bin/env python3
	import os, sys, signal
	sys.path.insert(0, os.environ["STRACK_LIB"])
	sys.dont_write_bytecode = True
	import strack

	attempt = os.environ["STRACK_ATTEMPT"]

	def work(batch):
	    if 7 in batch and attempt == "1":
	        sys.exit(7)
	    with open("done.txt", "a") as f:
	        f.write("".join(f"{n}\n" for n in batch))
	    if 7 in batch:
	        os.kill(os.getpid(), signal.SIGTERM)

	strack.log("info", "begins behind", strack.resume_from("batch", "nothing"))
	strack.mask("s3cr3t42")
	print("s3cr3t42", flush=True)
	n = strack.process_in_batches(range(1, 11), work, size=3, total=10,
	                              label="rows", throttle="true", sleep=0.01)
	strack.log("warn", n, "of them\nall")
	if not strack.check_timeout(10):
	    sys.exit(9)
	strack.skip("no more")
	EOF
}

write_ruby() {
	write "$1" <<-\EOF
	#!/usr/bin/env ruby
	require File.join(ENV.fetch("STRACK_LIB"), "strack")
	attempt = ENV["STRACK_ATTEMPT"]
	Strack.log("info", "begins behind", Strack.resume_from("batch", "nothing"))
	Strack.mask("s3cr3t42")
	puts "s3cr3t42"
	n = Strack.process_in_batches(1..10, size: 3, total: 10, label: "rows",
	                              throttle: "true", sleep: 0.01) do |batch|
	  exit 7 if batch.include?(7) && attempt == "1"
	  File.write("done.txt", batch.map { |i| "#{i}\n" }.join, mode: "a")
	  Process.kill("TERM", $$) if batch.include?(7)
	end
	Strack.log("warn", n, "of them\nall")
	exit 9 unless Strack.check_timeout(10)
	Strack.skip("no more")
	EOF
}

write_node() {
	write "$1" <<-\EOF
	#!/usr/bin/env node
	const fs = require("fs");
	const strack = require(process.env.STRACK_LIB + "/strack.js");
	const attempt = process.env.STRACK_ATTEMPT;

	function work(batch) {
	  if (batch.includes(7) && attempt === "1") process.exit(7);
	  fs.appendFileSync("done.txt", batch.map((n) => n + "\n").join(""));
	  if (batch.includes(7)) process.kill(process.pid, "SIGTERM");
	}

	async function main() {
	  strack.log("info", "begins behind", strack.resumeFrom("batch", "nothing"));
	  strack.mask("s3cr3t42");
	  console.log("s3cr3t42");
	  const rows = Array.from({ length: 10 }, (_, i) => i + 1);
	  const n = await strack.processInBatches(rows, work, { size: 3, total: 10,
	    label: "rows", throttle: "true", sleep: 0.01 });
	  strack.log("warn", n, "of them\nall");
	  if (!strack.checkTimeout(10)) process.exit(9);
	  strack.skip("no more");
	}
	main();
	EOF
}

write_perl() {
	write "$1" <<-\EOF
	#!/usr/bin/env perl
	use strict;
	use warnings;
	use lib $ENV{STRACK_LIB};
	use Strack qw(:DEFAULT check_timeout log_message mask process_in_batches
		resume_from skip);
	$| = 1;
	sub work {
		my ($batch) = @_;
		exit 7 if grep({ $_ == 7 } @$batch) && $ENV{STRACK_ATTEMPT} == 1;
		open my $fh, ">>", "done.txt" or die $!;
		print $fh "$_\n" for @$batch;
		close $fh;
		kill TERM => $$ if grep { $_ == 7 } @$batch;
	}
	log_message("info", "begins behind", resume_from("batch", "nothing"));
	mask("s3cr3t42");
	print "s3cr3t42\n";
	my $n = process_in_batches([1 .. 10], \&work, size => 3, total => 10,
		label => "rows", throttle => "true", sleep => 0.01);
	log_message("warn", $n, "of them\nall");
	exit 9 unless check_timeout(10);
	skip("no more");
	EOF
}

test_expect_success 'set-up' '
	repo r && cd r && git strack init && git add .strack.ini &&
	git commit -q -m ini && printf "%s\n" done.txt out >.git/info/exclude
'

# The signal that the second attempt sends itself is a person's: what was begun
# is finished.
story() {
	lang=$1 ext=$2 prereq=$3
	test_expect_success "$prereq" "$lang: fails, is stopped, and is done" '
		s=scripts/${day}01_$lang.$ext && rm -f done.txt &&
		"write_$lang" "$s" && git add . && git commit -q -m "$lang" &&
		must_fail 1 git strack run >out 2>&1 &&
		grep "info: begins behind nothing" out &&
		grep -x "\*\*\*" out && ! grep s3cr3t42 out &&
		seq 6 >want && test_cmp want done.txt &&
		entry "$s" fail >e && test "$(field exit <e)" = 7 &&
		test "$(field checkpoint <e)" = batch=6 &&
		must_fail 1 git strack run --retry >out 2>&1 &&
		grep "info: begins behind 6" out &&
		grep "warn: stopped before the next batch" out &&
		seq 9 >want && test_cmp want done.txt &&
		entry "$s" fail >e && test "$(field exit <e)" = 143 &&
		test "$(field checkpoint <e)" = batch=9 &&
		git strack run --retry >out 2>&1 &&
		seq 10 >want && test_cmp want done.txt &&
		grep "warn: 10 of them all" out &&
		entry "$s" skip >e && test "$(field reason <e)" = "no more"
	'
	test_expect_success "$prereq" "$lang: other records: nothing is done" '
		s=scripts/${day}02_$lang.$ext && rm -f done.txt &&
		"write_$lang" "$s" && git add . && git commit -q -m "$lang" &&
		must_fail 1 git strack run >out 2>&1 &&
		rm done.txt && sed "s/(1\.\.10/(8..10/; s/i + 1/i + 8/; s/\[1 \.\. 10/[8 .. 10/
			s/range(1, 11)/range(8, 11)/" "$s" >new && cat new >"$s" &&
		rm new && git commit -q -a -m other &&
		must_fail 1 git strack run --retry >out 2>&1 &&
		grep "behind which to go on" out && test ! -e done.txt &&
		git strack mark -m x "$s"
	'
	test_expect_success "$prereq" "$lang: out of time, and by hand" '
		s=scripts/${day}01_$lang.$ext && rm -f done.txt &&
		{
			STRACK_LIB="$strack_top/templates/lib" STRACK_ATTEMPT=2 \
				STRACK_DEADLINE=$(date +%s) "$s" >out 2>&1
			test $? = 75
		} && grep "^log info begins behind nothing" out &&
		grep "^log warn the time that is left" out && test ! -e done.txt
	'
}

story python py PYTHON3
story ruby rb RUBY
story node js NODE
story perl pl PERL

test_expect_success 'nothing was left in the library, and all is sound' '
	test -z "$(git -C "$strack_top" status --porcelain templates/lib \
		2>/dev/null | grep -v "^A\|^ M\|^M\|^?? templates/lib/$")" &&
	git strack verify -q && audit
'

test_done
