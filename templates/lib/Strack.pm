# What a script in Perl says to git strack; strack-script(7) is its manual.
#
#	use lib $ENV{STRACK_LIB};
#	use Strack;
#
# Tried by hand, outside of a run, all of it works and goes to standard error.
package Strack;

use strict;
use warnings;

use Carp qw(croak);
use Exporter qw(import);
use Fcntl qw(O_APPEND O_WRONLY);
use List::Util qw(max);
use Time::HiRes ();

our @EXPORT_OK = qw(check_timeout checkpoint log_message log_progress mask
	process_in_batches resume_from skip);

# One line, and one write(2), so that lines of several processes don't mix.
sub _event {
	my $line = join ' ', @_;
	my $path = $ENV{STRACK_EVENTS} // '';
	my $fh;

	utf8::encode($line) if utf8::is_utf8($line);
	$line =~ s/[\x00-\x1f\x7f]/ /g;
	$line =~ s/ +\z//;
	$line .= "\n";
	if ($path eq '') {
		print STDERR $line;
		return;
	}
	sysopen($fh, $path, O_WRONLY | O_APPEND) or croak "$path: $!";
	my $n = syswrite $fh, $line;
	croak "$path: $!" unless defined $n && $n == length $line;
	close $fh or croak "$path: $!";
	return;
}

# A message; level is debug, info, warn or error.  (log is a function of Perl.)
sub log_message {
	my ($level, @words) = @_;

	croak "$level is no level" unless $level =~ /\A(debug|info|warn|error)\z/;
	_event('log', $level, @words);
	return;
}

# How far it is, in whole numbers.
sub log_progress {
	my ($current, $total, $label) = @_;

	_event('progress', int $current, defined $total ? int $total : '-',
		$label // '');
	return;
}

# It is not needed here: ends the script with 0.
sub skip {
	_event('skip', @_);
	exit 0;
}

# From now on this text becomes *** in all that is stored or shown.
sub mask {
	_event('mask', @_);
	return;
}

# After the work that it stands for; the next attempt finds it.
sub checkpoint {
	my ($name, $value) = @_;

	croak 'checkpoint: a name and a value are needed'
		unless defined $name && $name =~ /\A[^ =]+\z/ && defined $value &&
		$value ne '';
	_event('checkpoint', $name, $value);
	return;
}

# The last value of that checkpoint in the attempts before.
sub resume_from {
	my ($name, $default) = @_;
	my $path = $ENV{STRACK_RESUME} // '';

	return $default if $path eq '';
	open my $fh, '<', $path or croak "$path: $!";
	while (my $line = <$fh>) {
		chomp $line;
		my ($key, $value) = split / /, $line, 2;
		return $value if $key eq $name;
	}
	return $default;
}

# Are more than that many seconds left until the time limit?
sub check_timeout {
	my ($seconds) = @_;
	my $deadline = $ENV{STRACK_DEADLINE} // '';

	return $deadline eq '' ||
		Time::HiRes::time() + ($seconds // 0) < $deadline;
}

sub _may_go_on {
	my ($throttle) = @_;

	return $throttle->() if ref $throttle;
	return system('/bin/sh', '-c', $throttle) == 0;
}

sub _stop {
	my ($status, $why) = @_;

	log_message('warn', $why);
	exit $status;
}

sub _one {
	my ($o) = @_;
	my $paused;

	Time::HiRes::sleep($o->{sleep}) if $o->{done} && $o->{sleep};
	while (!$o->{stop} && $o->{throttle} && check_timeout($o->{longest}) &&
		!_may_go_on($o->{throttle})) {
		log_message('info', 'paused') unless $paused++;
		sleep 1;
	}
	_stop(143, 'stopped before the next batch') if $o->{stop};
	_stop(75, 'the time that is left is not enough for a batch')
		unless check_timeout($o->{longest});
	my $began = Time::HiRes::time();
	$o->{work}->($o->{batch});
	$o->{longest} = max($o->{longest}, Time::HiRes::time() - $began);
	checkpoint($o->{name}, $o->{key}->($o->{batch}[-1]));
	$o->{done} += @{ $o->{batch} };
	$o->{batch} = [];
	log_progress($o->{done}, $o->{total}, $o->{label});
	return;
}

# process_in_batches(\&next, \&work, %options): next gives one record a call and
# undef at the end; an array reference will do.  work gets a reference to an
# array of some of them.  After each batch there is a checkpoint, what the option
# key (a function) makes of its last record, and the next attempt goes on behind
# it: so the records must come in the same order again, or, with resumed, begin
# behind it.  Options: size (500), key, name (batch), resumed, total, label,
# sleep, throttle (a function that says whether to go on, or a shell command
# that fails as long as not).  Returns how many there were.  After SIGTERM,
# SIGINT or SIGHUP the script ends before the next batch with 143, and with 75
# when the time that is left is less than the longest batch took.
sub process_in_batches {
	my ($next, $work, %options) = @_;
	my $o = { size => 500, key => sub { "$_[0]" }, name => 'batch', sleep => 0,
		%options, work => $work, longest => 0, done => 0, batch => [] };
	my $behind = $o->{resumed} ? undef : resume_from($o->{name});

	if (ref $next eq 'ARRAY') {
		my @records = @$next;
		$next = sub { shift @records };
	}
	local @SIG{qw(TERM INT HUP)} = (sub { $o->{stop} = 1 }) x 3;
	while (defined(my $record = $next->())) {
		if (defined $behind) {
			$o->{done}++;
			undef $behind if $o->{key}->($record) eq $behind;
			next;
		}
		push @{ $o->{batch} }, $record;
		_one($o) if @{ $o->{batch} } >= $o->{size};
	}
	croak "no record has the key '$behind', behind which to go on; git strack " .
		'run --retry --from-start begins at the beginning'
		if defined $behind;
	_one($o) if @{ $o->{batch} };
	return $o->{done};
}

1;
