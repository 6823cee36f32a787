/* SPDX-License-Identifier: MIT */
/* Prints its arguments, one on a line, after "hello". */
#include <stdio.h>

int main(int argc, char **argv)
{
	puts("hello");
	for (int i = 1; i < argc; i++)
		puts(argv[i]);
	return 0;
}
