#!/usr/bin/env perl
#
# strack: description @DESCRIPTION@
#
# Created @DATE@ by @AUTHOR@.
#
# A colon after "strack" makes the next line this script's own time limit:
# strack timeout 10m
#
# Prerequisites:
#   - none
#
# Rollback plan:
#   - none
#
# git strack runs this once in each environment, from the top of the
# repository.  Standard input is /dev/null and there is no terminal, so it can
# ask nothing.  Exit 0 is done, anything else failed (a die that nobody
# catches, too); strack-script(7).  Perl goes on when a call fails: let each
# end in "or die".

use strict;
use warnings;

# Output is shown as it comes, not when a buffer is full.
$| = 1;

# Tells git strack one line; run by hand, it goes nowhere.
sub event {
	my $line = join ' ', @_;
	$line =~ tr/\r\n/ /;
	my $path = $ENV{STRACK_EVENTS} // '/dev/null';
	open my $events, '>>', $path or die "$path: $!\n";
	print {$events} "$line\n";
	close $events or die "$path: $!\n";
	return;
}

# The first argument is the level: debug, info, warn or error.
sub note {
	event('log', @_);
	return;
}

# It is not needed here: end, and say why.
sub skip {
	event('skip', @_);
	exit 0;
}

# Examples:
#   note('warn', 3, 'users had no e-mail');
#   -e 'data/users.csv' or skip('No data/users.csv here');

print "Nothing to do yet: the work goes here.\n";
