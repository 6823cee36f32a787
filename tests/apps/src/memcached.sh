# SPDX-License-Identifier: MIT
# memcached with four threads on a socket, and a client that speaks its protocol.
dir=$(mktemp -d) && cd "$dir" || exit 9
memcached -u root -s "$dir/s" -t 4 &
while [ ! -S "$dir/s" ]; do sleep 0.1; done
perl -MIO::Socket::UNIX -e '
	for my $n (1 .. 20) {
		my $s = IO::Socket::UNIX->new($ARGV[0]) or die "no connection\n";
		print $s "set k$n 0 0 5\r\nhello\r\nget k$n\r\nset n 0 0 1\r\n1\r\nincr n $n\r\nstats settings\r\nquit\r\n";
		while (<$s>) { print if !/^STAT/ or /num_threads / }
	}' "$dir/s"
kill %1
wait %1
echo "status $?"
cd / && rm -r "$dir"
