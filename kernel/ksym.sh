#!/bin/sh
# SPDX-License-Identifier: MIT
# Makes the kernel's symbol table for kernel/ksym.c: `nm -n kernel.elf | kernel/ksym.sh >ksym.S`.
# Functions only, by address; an empty input gives an empty table (for the first of the two links). The table lies
# after the text, so adding it moves no function. Names are made of words with the underscores behind them; the 128
# words that save the most become one character each, from 128 on.
awk '
function next_word(rest) { match(rest, /^[^_]*_*/); return substr(rest, 1, RLENGTH) }

function choose_words(    i, rest, w, best, most, saved) {
	for (i = 0; i < n; i++)
		for (rest = name[i]; rest != ""; rest = substr(rest, length(w) + 1)) {
			w = next_word(rest)
			uses[w]++
		}
	while (words < 128) {
		most = 0
		for (w in uses) {
			saved = (length(w) - 1) * uses[w] - length(w) - 1
			if (saved > most || saved == most && most > 0 && w < best) {
				most = saved
				best = w
			}
		}
		if (most == 0)
			break
		word[words] = best
		code[best] = sprintf("\\%o", 128 + words++)
		delete uses[best]
	}
}

function encoded(rest,    w, text) {
	for (; rest != ""; rest = substr(rest, length(w) + 1)) {
		w = next_word(rest)
		text = text (w in code ? code[w] : w)
	}
	return text
}

BEGIN { n = words = 0 }
$2 ~ /^[tT]$/ && $3 !~ /^(image_start|text_start|text_end)$/ && $1 ~ /^ffffffff/ && $1 != last {
	address[n] = "0x" $1
	name[n++] = $3
	last = $1
}
$3 == "text_end" { end = "0x" $1 }
END {
	choose_words()
	print "\t.macro size from, to\n\t.if \\to - \\from > 0xffff\n\t.error \"too long a function\"\n\t.endif"
	print "\t.short \\to - \\from\n\t.endm"
	print "\t.section .rodata.ksym, \"a\"\n\t.balign 4"
	print "\t.global ksym_count, ksym_first, ksym_sizes, ksym_words, ksym_names"
	print "ksym_count:\n\t.long " n
	print "ksym_first:\n\t.long " (n ? address[0] " - 0xffffffff80000000" : 0)
	address[n] = end
	print "ksym_sizes:"
	for (i = 0; i < n; i++)
		print "\tsize " address[i] ", " address[i + 1]
	print "ksym_words:"
	for (i = 0; i < words; i++)
		print "\t.asciz \"" word[i] "\""
	print "ksym_names:"
	for (i = 0; i < n; i++)
		print "\t.asciz \"" encoded(name[i]) "\""
	print "\t.section .note.GNU-stack, \"\", @progbits"
}'
