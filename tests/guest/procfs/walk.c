/* SPDX-License-Identifier: MIT */
/* Every entry of /proc/self, /proc/sys and /sys/devices/system: what a listing names can be looked
 * up and is of the type it said; files that may be read give the same bytes however they are read.
 */
#include "tests/guest/procfs/files.h"

static int n_entries, n_files, wrong;

static void report(const char *path, const char *what)
{
	if (++wrong < 10)
		diag("%s: %s (%s)", path, what, strerror(errno));
}

/* Files that change between two reads, or wait, are read once, or not. */
static bool steady(const char *path)
{
	return strstr(path, "kernel/random/boot_id") || strstr(path, "/auxv") ||
	       strstr(path, "/limits") || strstr(path, "/topology/") || strstr(path, "/cache/");
}

static void try_file(const char *path, const struct stat *st)
{
	static char whole[sizeof(text)];
	ssize_t n;

	if (!(st->st_mode & 0444) || strstr(path, "/mem") || strstr(path, "pagemap") ||
	    strstr(path, "/attr/") || strstr(path, "/stack") || strstr(path, "/syscall"))
		return;
	n_files++;
	n = slurp(path);
	if (n < 0 && (errno == EACCES || errno == EPERM || errno == EINVAL || errno == EIO ||
		      errno == EOPNOTSUPP || errno == ENODATA || errno == EBUSY || errno == ENXIO))
		return;
	if (n < 0) {
		report(path, "cannot be read");
		return;
	}
	if (!steady(path))
		return;
	memcpy(whole, text, n + 1);
	if (slurp_by(path, 7) != n || memcmp(whole, text, n))
		report(path, "differs when read in pieces");
}

static void walk(const char *path, int depth)
{
	DIR *d = opendir(path);
	char sub[1024];
	struct dirent *e;
	struct stat st;

	if (!d) {
		if (errno != EACCES)
			report(path, "cannot be listed");
		return;
	}
	while ((e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(sub, sizeof(sub), "%s/%s", path, e->d_name);
		n_entries++;
		if (lstat(sub, &st)) {
			if (errno != ENOENT || !strstr(sub, "fd")) /* the listing's own */
				report(sub, "is listed, but not there");
			continue;
		}
		if (e->d_type != DT_UNKNOWN && e->d_type != (st.st_mode & S_IFMT) >> 12)
			report(sub, "is of another type than listed");
		if (S_ISDIR(st.st_mode) && depth > 0)
			walk(sub, depth - 1);
		else if (S_ISREG(st.st_mode))
			try_file(sub, &st);
	}
	closedir(d);
}

int main(void)
{
	walk("/proc/self", 1);
	ok(n_entries > 40 && n_files > 20);
	is(wrong, 0);
	walk("/proc/sys/kernel", 2);
	walk("/proc/sys/vm", 2);
	walk("/proc/sys/fs", 2);
	is(wrong, 0);
	n_files = 0;
	walk("/sys/devices/system/cpu/cpu0/topology", 1);
	walk("/sys/devices/system/cpu/cpu0/cache", 2);
	walk("/sys/devices/system/node", 2);
	ok(n_files > 20);
	is(wrong, 0);
	return tap_done();
}
