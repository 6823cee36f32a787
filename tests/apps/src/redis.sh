# SPDX-License-Identifier: MIT
# redis-server on a socket in a directory of its own, and clients: alone, in numbers, saving in the background.
dir=$(mktemp -d) && cd "$dir" || exit 9
redis-server --unixsocket "$dir/s" --port 0 --save '' --dir "$dir" --logfile "$dir/log" &
while [ "$(redis-cli -s "$dir/s" ping 2>/dev/null)" != PONG ]; do sleep 0.1; done
r() { redis-cli -s "$dir/s" "$@"; }
r set a 1
r incr a
r lpush l x y z
r lrange l 0 -1
r eval 'local s = 0 for i = 1, 100 do s = s + i end return s' 0
seq 2000 | sed 's/.*/SET k& v&/' | r --pipe | sed -n 's/.*replies/replies/p'
r dbsize
redis-benchmark -s "$dir/s" -q -n 500 -c 10 -t set,get >/dev/null && echo benchmark
r bgsave
while case $(r info persistence) in *bgsave_in_progress:1*) true ;; *) false ;; esac do sleep 0.1; done
[ -s dump.rdb ] && echo saved
r shutdown nosave
wait %1
echo "status $?"
cd / && rm -r "$dir"
