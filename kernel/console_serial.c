/* SPDX-License-Identifier: MIT */
/*
 * The streams of an image that boots without the uniload command: everything goes to the serial
 * port, which is the program's terminal, and the end of the program is told there.
 */
#include "kernel/console.h"
#include "kernel/console_port.h"
#include "kernel/log.h"
#include "kernel/signal.h"
#include "kernel/string.h"
#include "kernel/x86_64/cpu.h"
#include "kernel/x86_64/uart.h"

const struct bi_std *con_init_serial(void)
{
	static struct bi_std std[3];
	bool there = uart_init();

	for (size_t i = 0; i < ARRAY_SIZE(std); i++)
		std[i].kind = there ? BI_STD_TTY : BI_STD_NULL;
	return std;
}

ssize_t con_serial_write(struct iter *from)
{
	uint8_t part[256];
	size_t done = 0;

	while (from->left) {
		size_t want = MIN(from->left, sizeof(part)), got = iter_read(from, part, want);

		uart_write(part, got);
		done += got;
		if (got < want)
			return done ? (ssize_t)done : -EFAULT;
	}
	return (ssize_t)done;
}

void con_serial_shutdown(int status)
{
	int signo = status & 0x7f;

	if (signo)
		log_error("the program was ended by %s", signal_name(signo));
	else if (status)
		log_error("the program ended with status %d", status >> 8 & 0xff);
	machine_exit((uint8_t)(signo ? 128 + signo : status >> 8));
}
