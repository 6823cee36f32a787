/* SPDX-License-Identifier: MIT */
/* One thread waits long for the server of a volume, another gets short answers meanwhile and then
 * waits for the first: nobody is forgotten. */
/* volume: also there */
#include "tests/guest/tap.h"

#include <pthread.h>

enum { ROUNDS = 100, SIZE = 1 << 20 };

static void *write_much(void *data)
{
	int fd = open("much", O_RDWR | O_CREAT | O_TRUNC, 0600);
	ssize_t n = write(fd, data, SIZE);

	if (fsync(fd))
		n = -1;
	close(fd);
	return (void *)n;
}

int main(void)
{
	char *data = calloc(1, SIZE);
	int good = 0;
	struct stat st;

	tmp();
	close(file_with("small", "x"));
	for (int i = 0; i < ROUNDS; i++) {
		pthread_t t;
		void *n;

		pthread_create(&t, NULL, write_much, data);
		for (int k = 0; k < i % 20; k++)
			good -= stat("small", &st) != 0;
		pthread_join(t, &n);
		good += (ssize_t)n == SIZE;
	}
	is(good, ROUNDS);
	return tap_done();
}
