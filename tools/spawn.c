/* SPDX-License-Identifier: MIT */
/*
 * Files without a name need no cleaning up, however we end.
 */
#include "tools/spawn.h"

#include "tools/util.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

int spawn_filter(const char *program, int in, int out)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (lseek(in, 0, SEEK_SET) == 0 && dup2(in, 0) == 0 && dup2(out, 1) == 1)
			execlp(program, program, "-dc", (char *)NULL);
		_exit(fail(127, "%s: %s", program, strerror(errno)));
	}
	if (pid < 0)
		return fail(-1, "cannot create a process: %s", strerror(errno));
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}

int temporary_file(void)
{
	const char *dir = getenv("TMPDIR");
	char *name;
	int fd;

	if (dir == NULL || *dir == '\0')
		dir = "/tmp";
	fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd >= 0)
		return fd;
	name = xasprintf("%s/uniload-XXXXXX", dir);
	fd = mkostemp(name, O_CLOEXEC);
	if (fd >= 0)
		unlink(name);
	else
		say("cannot make a temporary file in %s: %s", dir, strerror(errno));
	free(name);
	return fd;
}
