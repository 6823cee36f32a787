<?php
// SPDX-License-Identifier: MIT
// Generators, fibers, processes, sockets and files of PHP. Prints the same everywhere.
function asks()
{
	for ($i = 0; $i < 3; $i++)
		echo 'got ', yield $i, "\n";
}
$g = asks();
foreach (range(1, 3) as $v)
	$g->send($v);
$f = new Fiber(function ($a) {
	return Fiber::suspend($a * 2) + 1;
});
echo $f->start(4), "\n";
$f->resume(9);
echo $f->getReturn(), "\n";

$p = proc_open(['/bin/busybox', 'sed', 's/a/b/'], [['pipe', 'r'], ['pipe', 'w']], $pipes);
fwrite($pipes[0], "aaa\n");
fclose($pipes[0]);
echo stream_get_contents($pipes[1]), proc_close($p), "\n";

$pair = stream_socket_pair(STREAM_PF_UNIX, STREAM_SOCK_STREAM, 0);
fwrite($pair[0], "pair\n");
echo fgets($pair[1]);
$path = tempnam('/tmp', 'php');
unlink($path);
$server = stream_socket_server("unix://$path");
$client = stream_socket_client("unix://$path");
$accepted = stream_socket_accept($server);
fwrite($client, "over unix\n");
echo fgets($accepted);
$read = [$client];
$write = $except = null;
echo stream_select($read, $write, $except, 0, 1000), "\n";
unlink($path);

echo hash('sha256', 'uniload'), ' ', md5(serialize(range(1, 1000))), "\n";
$file = tempnam('/tmp', 'php');
file_put_contents($file, str_repeat('y', 10000), LOCK_EX);
echo filesize($file), "\n";
unlink($file);
echo preg_replace_callback('/\d+/', fn($m) => $m[0] * 2, 'a1b22'), ' ', json_encode(['é' => [1, null]]), "\n";
exit(5);
