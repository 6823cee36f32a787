#!/bin/bash
# SPDX-License-Identifier: MIT
# test: of the system calls of servers and their clients, and of other programs, 99 % are jumps
# modes: quick
# timeout: 900
. tests/boot/lib.sh

sources=$OLDPWD/tests/apps

# counted NAME LEAST WANTED ARGUMENT...: `uniload run` with these arguments prints WANTED at last, making LEAST calls or
# more, 99 % of which are jumps.
counted()
{
	local name=$1 least=$2 wanted=$3 calls='' traps=''
	shift 3
	timeout 200 "$UNILOAD" run --accel "$ACCEL" -m 512M --stats -w /tmp "$@" >out 2>err </dev/null
	is "$name: it works" "$(tail -n 1 out)" "$wanted"
	[ "$(tail -n 1 out)" = "$wanted" ] || tail -n 5 err | sed 's/^/# /'
	read -r calls traps < <(sed -n 's/^uniload: rewriting: .* of \([0-9]*\) system calls \([0-9]*\) trapped$/\1 \2/p' err)
	ok "$name: there are calls to count" [ "${calls:-0}" -ge "$least" ]
	ok "$name: of them 99 % are jumps" [ $((${traps:-1} * 100)) -le "${calls:-0}" ] || sed -n 's/^uniload: /# /p' err
}

# have COMMAND...: are these installed?
have() { command -v "$@" >/dev/null && [ "$(command -v "$@" | wc -l)" = $# ]; }
# tools PATH...: options that put them into the machine.
tools() { printf -- '--add\n%s\n' "$@"; }

if have redis-server redis-benchmark redis-cli; then
	mapfile -t add < <(tools "$(command -v redis-server)" "$(command -v redis-benchmark)" "$(command -v redis-cli)" /bin/sleep /bin/tail)
	counted redis 10000 redis "${add[@]}" /bin/bash -c '
		redis-server --port 7001 --save "" >log & while [ "$(redis-cli -p 7001 ping 2>/dev/null)" != PONG ]; do sleep 0.1; done
		redis-benchmark -p 7001 -q -n 2000 -c 10 -t set,get >/dev/null && echo redis; redis-cli -p 7001 shutdown nosave; wait'
else
	skip redis 'redis-server and redis-tools are not installed'
fi

PATH=$PATH:/usr/sbin
if have nginx curl; then
	cat >conf <<-'END'
		daemon off; master_process off; error_log /tmp/error.log; pid /tmp/pid;
		events { worker_connections 64; }
		http {
			access_log off; client_body_temp_path /tmp/b; proxy_temp_path /tmp/p; fastcgi_temp_path /tmp/f;
			uwsgi_temp_path /tmp/u; scgi_temp_path /tmp/s;
			server { listen 127.0.0.1:7002; root /tmp; }
		}
	END
	mapfile -t add < <(tools "$(command -v nginx)" "$(command -v curl)" /bin/sleep /usr/share/nginx /var/lib/nginx /var/log/nginx "$PWD/conf:/tmp/conf")
	counted nginx 10000 nginx "${add[@]}" /bin/bash -c '
		echo page >page; nginx -c /tmp/conf 2>/dev/null & while ! curl -s -o /dev/null http://127.0.0.1:7002/page; do sleep 0.1; done
		[ "$(curl -s -H "Connection: close" "http://127.0.0.1:7002/page?[1-500]")" = "$(for i in {1..500}; do echo page; done)" ] && echo nginx
		kill $!; wait'
else
	skip nginx 'nginx and curl are not installed'
fi

if have go; then
	GOCACHE=$PWD/cache CGO_ENABLED=0 go build -o httpd "$sources/src/httpd.go" 2>err || sed 's/^/# /' err
	counted 'a server in Go' 5000 'failed 0' ./httpd 2000
else
	skip 'a server in Go' 'golang-go is not installed'
fi

if have sqlite3; then
	for i in {1..200}; do echo "insert into t values($i);"; done >sql
	counted sqlite3 2000 20100 --add "$PWD/sql:/tmp/sql" "$(command -v sqlite3)" x.db 'create table t(a integer);' '.read /tmp/sql' 'select sum(a) from t;'
else
	skip sqlite3 'it is not installed'
fi

if [ -x /usr/bin/python3 ]; then
	mapfile -t add < <(tools "$(/usr/bin/python3 -c 'import os; print(os.path.dirname(os.__file__))')")
	counted python3 3000 10000 "${add[@]}" "$(readlink -f /usr/bin/python3)" -c '
import os, subprocess, threading
for i in range(200):
	with open("x", "w") as f: f.write("a" * i)
	with open("x") as f: assert len(f.read()) == i
	os.mkdir("d"); os.listdir("."); os.rmdir("d")
n = []
for i in range(20):
	t = threading.Thread(target=lambda: n.append(i)); t.start(); t.join()
print(len(n) * 500)'
else
	skip python3 '/usr/bin/python3 is not installed'
fi

cat >many.c <<'END'
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void *rounds(void *arg)
{
	long good = 0;
	char c;
	int s[2];

	for (int i = 0; i < 300; i++) {
		int fd = open("/tmp/many", O_RDWR | O_CREAT, 0600);
		struct stat st;

		good += write(fd, "x", 1) == 1 && lseek(fd, 0, SEEK_SET) == 0 && read(fd, &c, 1) == 1 && fstat(fd, &st) == 0;
		close(fd);
		socketpair(AF_UNIX, SOCK_STREAM, 0, s);
		good += send(s[0], "y", 1, 0) == 1 && recv(s[1], &c, 1, 0) == 1;
		close(s[0]);
		close(s[1]);
	}
	return (void *)good;
}

int main(void)
{
	pthread_t t[3];
	long sum = 0;

	for (int i = 0; i < 3; i++)
		pthread_create(&t[i], NULL, rounds, NULL);
	for (int i = 0; i < 3; i++) {
		void *r;

		pthread_join(t[i], &r);
		sum += (long)r;
	}
	for (int i = 0; i < 20; i++) {
		int status = -1, pid = fork();

		if (pid == 0)
			_exit(7);
		sum += waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 7;
	}
	printf("%ld\n", sum);
	return 0;
}
END
if have musl-gcc && musl-gcc -O2 -o many many.c && musl-gcc -O2 -static -o many-static many.c; then
	counted 'musl' 5000 1820 ./many
	counted 'musl, static' 5000 1820 ./many-static
else
	skip musl 'musl-tools are not installed'
fi
gcc -O2 -pthread -static -o many-glibc many.c
counted 'glibc, static' 5000 1820 ./many-glibc
done_testing
