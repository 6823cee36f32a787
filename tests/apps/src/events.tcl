# SPDX-License-Identifier: MIT
# Event loop, coroutines, processes and pipes of Tcl.
set done 0
after 20 {incr done}
after 10 {puts timer; incr done}
while {$done < 2} {vwait done}
coroutine c apply {{} {foreach x {1 2 3} {yield $x}; return end}}
puts [list [c] [c] [c]]
set p [open "|/bin/busybox tr a-z A-Z" r+]
puts $p "through a process"
close $p write
puts [read $p]
close $p
lassign [chan pipe] r w
fileevent $r readable {puts [gets $r]; set ::got 1}
puts $w "over a pipe"
flush $w
vwait got
catch {exec /bin/busybox sh -c {exit 5}} msg opts
puts [lindex [dict get $opts -errorcode] 2]
