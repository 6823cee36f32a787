/* SPDX-License-Identifier: MIT */
/* personality(2): asked for, set, kept by fork; what READ_IMPLIES_EXEC and UNAME26 do, and when
 * they end. The program runs itself to tell what is left. */
#include "tests/guest/tap.h"

#include <sys/personality.h>
#include <sys/utsname.h>
#include <sys/wait.h>

#ifndef UNAME26
#define UNAME26 0x0020000
#endif

/* The rights of what is mapped at p: "r-xp". */
static bool has_rights(const void *p, const char *want)
{
	char line[512], rights[8];
	unsigned long start, end;
	bool found = false;
	FILE *f = fopen("/proc/self/maps", "r");

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%lx-%lx %7s", &start, &end, rights) == 3 &&
		    start <= (uintptr_t)p && (uintptr_t)p < end)
			found = !strncmp(rights, want, strlen(want));
	if (f)
		fclose(f);
	return found;
}

static void read_implies_exec(long old)
{
	char *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ok(has_rights(p, "rw-p"));
	is(sys(personality, old | READ_IMPLIES_EXEC), old);
	ok(has_rights(p, "rw-p"));
	is(mprotect(p, PAGE, PROT_READ), 0);
	ok(has_rights(p, "r-xp"));
	is(mprotect(p, PAGE, PROT_WRITE), 0);
	ok(has_rights(p, "-w-p"));
	munmap(p, PAGE);
	p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ok(has_rights(p, "rwxp"));
	munmap(p, PAGE);
}

static void old_names(long old)
{
	struct utsname u;

	uname(&u);
	ok(strncmp(u.release, "2.6.", 4) != 0);
	sys(personality, old | UNAME26);
	uname(&u);
	ok(!strncmp(u.release, "2.6.", 4));
	sys(personality, old);
	uname(&u);
	ok(strncmp(u.release, "2.6.", 4) != 0);
}

/* execve(2) keeps all but READ_IMPLIES_EXEC. */
static void after_exec(long old, char *argv0)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		sys(personality, old | READ_IMPLIES_EXEC | ADDR_NO_RANDOMIZE);
		execl("/proc/self/exe", argv0, "again", NULL);
		_exit(9);
	}
	is(waitpid(pid, &status, 0), pid);
	is(status, 0);
}

int main(int argc, char **argv)
{
	long old = sys(personality, 0xffffffff);
	int status;
	pid_t pid;

	if (argc > 1)
		return (old & (READ_IMPLIES_EXEC | ADDR_NO_RANDOMIZE)) != ADDR_NO_RANDOMIZE;
	ok(old >= 0);
	is(sys(personality, 0xffffffff), old);
	is(sys(personality, old | ADDR_NO_RANDOMIZE), old);
	is(sys(personality, 0xffffffff), old | ADDR_NO_RANDOMIZE);
	pid = fork();
	if (pid == 0)
		_exit(sys(personality, 0xffffffff) != (old | ADDR_NO_RANDOMIZE));
	is(waitpid(pid, &status, 0), pid);
	is(status, 0);
	is(sys(personality, old), old | ADDR_NO_RANDOMIZE);
	is(sys(personality, 0xffffffff), old);
	old_names(old);
	after_exec(old, argv[0]);
	read_implies_exec(old);
	sys(personality, old);
	return tap_done();
}
