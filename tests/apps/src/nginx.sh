#!/bin/bash
# SPDX-License-Identifier: MIT
# nginx serves files and forwards to itself; curl asks. What is printed says nothing about ports, times or directories.
dir=$(mktemp -d)
port=$((20000 + RANDOM % 20000))
mkdir "$dir/html"
seq 1 40000 >"$dir/html/numbers"
cat >"$dir/conf" <<END
daemon off; master_process off; error_log $dir/error.log; pid $dir/pid;
events { worker_connections 64; }
http {
	access_log off; client_body_temp_path $dir/b; proxy_temp_path $dir/p; fastcgi_temp_path $dir/f;
	uwsgi_temp_path $dir/u; scgi_temp_path $dir/s;
	server {
		listen 127.0.0.1:$port; root $dir/html;
		location /again/ { proxy_pass http://127.0.0.1:$port/; }
	}
}
END
nginx -c "$dir/conf" 2>/dev/null &
for _ in $(seq 100); do
	curl -s -o "$dir/out" "http://127.0.0.1:$port/numbers" && break
	sleep 0.1
done
sha256sum <"$dir/out"
curl -s "http://127.0.0.1:$port/again/numbers" | sha256sum
curl -s -r 100-120 "http://127.0.0.1:$port/numbers" | tr '\n' ' '
curl -s -o /dev/null -w '%{http_code} %{num_connects}\n' "http://127.0.0.1:$port/none" -o /dev/null "http://127.0.0.1:$port/numbers"
curl -sI "http://127.0.0.1:$port/numbers" | grep -i '^content-length\|^HTTP\|^accept-ranges'
kill $! && wait $!
echo "status $?"
rm -r "$dir"
