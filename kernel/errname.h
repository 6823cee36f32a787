/* SPDX-License-Identifier: MIT */
/* Names and texts of Linux's error numbers, as strerrorname_np(3) and strerror(3) give them. */
#ifndef KERNEL_ERRNAME_H
#define KERNEL_ERRNAME_H

/* "ENOENT", or NULL for what is no error number of Linux. error is positive. */
const char *errno_name(int error);

/* "No such file or directory"; never NULL. error is positive. */
const char *errno_text(int error);

#endif
