# SPDX-License-Identifier: MIT
#
# Sourced by tests/perf/run: what rewriting gains servers. Server and client run in one machine, over the loopback
# interface, with rewriting and without, in turn.

# Put these into the machine.
add_all() { printf -- '--add\n%s\n' "$@"; }

# redis_load OPTION...: SETs per second, from ten clients.
redis_load()
{
	local -a add
	mapfile -t add < <(add_all "$(command -v redis-server)" "$(command -v redis-cli)" "$(command -v redis-benchmark)" /bin/sleep)
	timeout 300 build/uniload run -m 512M "$@" "${add[@]}" -w /tmp /bin/bash -c '
		redis-server --port 7001 --save "" >log & while [ "$(redis-cli -p 7001 ping 2>/dev/null)" != PONG ]; do sleep 0.1; done
		redis-benchmark -p 7001 --csv -n 2000 -c 10 -t set; redis-cli -p 7001 shutdown nosave; wait' </dev/null |
		tr -d '"' | awk -F , '$1 == "SET" { print $2 }'
}

# nginx_load OPTION...: pages per second that curl gets over one connection.
nginx_load()
{
	local -a add
	cat >"$tmp/nginx.conf" <<-'END'
		daemon off; master_process off; error_log /tmp/error.log; pid /tmp/pid;
		events { worker_connections 64; }
		http {
			access_log off; client_body_temp_path /tmp/b; proxy_temp_path /tmp/p; fastcgi_temp_path /tmp/f;
			uwsgi_temp_path /tmp/u; scgi_temp_path /tmp/s; keepalive_requests 100000;
			server { listen 127.0.0.1:7002; root /tmp; }
		}
	END
	mapfile -t add < <(add_all /usr/sbin/nginx "$(command -v curl)" /bin/sleep /usr/share/nginx /var/lib/nginx /var/log/nginx)
	timeout 300 build/uniload run -m 512M "$@" "${add[@]}" --add "$PWD/$tmp/nginx.conf:/tmp/conf" -w /tmp /bin/bash -c '
		echo page >page; nginx -c /tmp/conf 2>/dev/null & while ! curl -s -o /dev/null http://127.0.0.1:7002/page; do sleep 0.1; done
		start=$EPOCHREALTIME; curl -s -o /dev/null "http://127.0.0.1:7002/page?[1-1000]"; end=$EPOCHREALTIME
		echo $((1000 * 1000000 / (${end/./} - ${start/./}))); kill $!; wait' </dev/null
}

servers()
{
	local server accel jump trap i
	say "servers with and without rewriting, $rounds turns"
	{
		echo "## Servers and clients in one machine (requests per second, medians)"
		echo
		echo "| server, accelerator | rewritten | trapped | ratio |"
		echo "|---|---|---|---|"
		for server in redis nginx; do
			if ! PATH=$PATH:/usr/sbin command -v $server-server $server >/dev/null; then
				say "$server is not installed"
				continue
			fi
			for accel in $accels; do
				for ((i = 1; i <= rounds; i++)); do
					in_time $i || break
					${server}_load --accel "$accel" >>"$tmp/$server.$accel.jump"
					${server}_load --accel "$accel" --no-rewrite >>"$tmp/$server.$accel.trap"
				done
				jump=$(median "$tmp/$server.$accel.jump") trap=$(median "$tmp/$server.$accel.trap")
				echo "| $server, ${accel^^} | $jump | $trap | $(ratio "$jump" "$trap")x |"
			done
		done
		echo
	} >>"$out"
}
median() { sort -n "$1" | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
