#!/bin/sh
# SPDX-License-Identifier: MIT
# Makes the kernel's symbol table for kernel/ksym.c: `nm -n kernel.elf | kernel/ksym.sh >ksym.S`.
# Functions only, by address; an empty input gives an empty table (for the first of the two links). The table lies
# after the text, so adding it moves no function.
awk '
BEGIN { n = 0 }
$2 ~ /^[tT]$/ && $3 !~ /^(image_start|text_start|text_end)$/ && $1 ~ /^ffffffff/ && $1 != last {
	offset[n] = "0x" $1 " - 0xffffffff80000000"
	name[n++] = $3
	last = $1
}
$3 == "text_end" { end = "0x" $1 " - 0xffffffff80000000" }
END {
	print "\t.section .rodata.ksym, \"a\"\n\t.balign 4\n\t.global ksym_count, ksym_offsets, ksym_names"
	print "ksym_count:\n\t.long " n "\nksym_offsets:"
	for (i = 0; i < n; i++)
		print "\t.long " offset[i]
	print "\t.long " (end == "" ? 0 : end) "\nksym_names:"
	for (i = 0; i < n; i++)
		print "\t.asciz \"" name[i] "\""
	print "\t.section .note.GNU-stack, \"\", @progbits"
}'
