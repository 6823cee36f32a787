/* SPDX-License-Identifier: MIT */
/*
 * Appends numbered records to a file and says on standard output which ones fsync has confirmed,
 * until it is killed: append FILE.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int fd = argc == 2 ? open(argv[1], O_WRONLY | O_CREAT | O_APPEND, 0644) : -1;
	char text[32];

	if (fd < 0)
		return 1;
	for (unsigned i = 0;; i++) {
		int n = snprintf(text, sizeof(text), "record %08u\n", i);

		if (write(fd, text, n) != n || fsync(fd))
			return 2;
		if (write(1, text, n) != n)
			return 3;
	}
}
