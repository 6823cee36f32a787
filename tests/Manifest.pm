# SPDX-License-Identifier: MIT
#
# What the guest tests say of themselves, in comments of their sources, and the rows of the system call table they are
# about: for tests/run, `uniload conformance` (which reads it as a file, tests/manifest) and SYSCALLS.md. Paths are from
# the root of the tree, which is the current directory.
#
# The comments before the first #include name the calls that a test is about as manual pages are named: getuid(2). The
# test's own name counts too, if it is a call's.
package Manifest;
use strict;
use warnings;

# Rows of syscalls/table.def as {nr, name, status, value, note}, in order.
sub rows {
	my ($file) = @_;
	my @rows;
	open(my $fh, '<', $file // 'syscalls/table.def') or die "syscalls/table.def: $!\n";
	while (my $line = <$fh>) {
		my ($nr, $name, $status, $value, $note) =
			$line =~ /^SYS\(\s*(\d+),\s*(\w+),\s*(\w+),\s*(\w+),.*?"((?:[^"\\]|\\.)*)"\)\s*$/ or next;
		push @rows, {nr => $nr, name => $name, status => $status, value => $value, note => $note =~ s/\\(.)/$1/gr};
	}
	return @rows;
}

# `# name: value` or `/* name: value */` in a test's source; 1 if there is no value.
sub directive {
	my ($file, $name) = @_;
	open(my $fh, '<', $file) or return undef;
	my ($open, $close) = $file =~ /\.c$/ ? ('\/\*', '\*\/') : ('^#', '$');
	while (my $line = <$fh>) {
		return $1 // 1 if $line =~ /$open\s*\Q$name\E(?::\s*([^*\n]*?))?\s*$close/;
	}
	return undef;
}

# The names of calls in the comments before the first #include.
sub named_calls {
	my ($file) = @_;
	my %calls;
	open(my $fh, '<', $file) or return ();
	while (my $line = <$fh>) {
		last if $line =~ /^#\s*include/;
		$calls{$1} = 1 while $line =~ /\b([a-z]\w*)\(2\)/g;
	}
	return sort keys %calls;
}

# Expectations that may fail, as {first, last, mode, why}: lines of the source in which the expectation may be said to be
# (a call may span a few), the mode or '*' for all, the reason.
sub xfails {
	my ($file) = @_;
	my @found;
	open(my $fh, '<', $file) or return ();
	my @lines = <$fh>;
	for my $i (0 .. $#lines) {
		next unless $lines[$i] =~ /\bxfail(?:\((\w+)\))?:\s*(.*?)\s*\*\//;
		my ($mode, $why, $last) = ($1 // '*', $2, $i);
		$last++ while $last < $i + 3 && $lines[$last] !~ /;/;
		push @found, {first => $i + 1, last => $last + 1, mode => $mode, why => $why};
	}
	return @found;
}

# Does what is expected of `mode` hold in this one? Modes are named ACCEL-VARIANT.
sub mode_matches {
	my ($wanted, $mode) = @_;
	return $wanted eq '*' || $mode =~ /^\Q$wanted\E|-\Q$wanted\E$/;
}

# Guest tests as {name, src, seconds (may be undefined), volume, cpus, long, calls, xfails}, by name.
sub guest_tests {
	my %row = map { $_->{name} => 1 } rows();
	my @tests;
	for my $src (sort glob 'tests/guest/*/*.c') {
		my ($name, $base) = $src =~ m{^tests/(.*?([^/]+))\.c$};
		my %calls = map { $_ => 1 } grep { $row{$_} } named_calls($src), $base;
		push @tests, {name => $name, src => $src, seconds => directive($src, 'timeout'),
			volume => defined directive($src, 'volume'), cpus => defined directive($src, 'cpus'), long => defined directive($src, 'long'),
			calls => [sort keys %calls], xfails => [xfails($src)]};
	}
	return @tests;
}

1;
