/* SPDX-License-Identifier: MIT */
/*
 * The C library's string functions that the kernel provides for itself (kernel/string.c), and
 * formatted printing into a buffer (kernel/printf.c). On the host the C library's own are used.
 */
#ifndef KERNEL_STRING_H
#define KERNEL_STRING_H

#include "kernel/types.h"

void *memcpy(void *restrict dst, const void *restrict src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
void *memset(void *dst, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
void *memchr(const void *s, int c, size_t n);
size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
char *strchr(const char *s, int c);
char *strrchr(const char *s, int c);
char *strstr(const char *haystack, const char *needle);

/* As in ISO C, limited to: flags - 0 + space #, width, precision, h hh l ll z j t, d i u x X o c s
 * p %. */
int snprintf(char *buf, size_t size, const char *fmt, ...) __printf(3, 4);
int vsnprintf(char *buf, size_t size, const char *fmt, va_list ap) __printf(3, 0);
/* As snprintf, but returns the characters stored (< size), so that calls can be chained. */
int scnprintf(char *buf, size_t size, const char *fmt, ...) __printf(3, 4);

#endif
