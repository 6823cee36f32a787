/* SPDX-License-Identifier: MIT */
/* Volumes: from HOST:GUEST[:ro] to QEMU's arguments and the guest's mount table. */
#include "tools/volume.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * security_model=none: what the guest asks for is done to the real files, and owners are set as far
 * as the host lets QEMU: by root truly, for an ordinary user (who is the same user in the guest)
 * there is nothing to set. "passthrough" differs only in failing where owners cannot be set at all
 * (FAT, NFS without root). The mapped models would store owners and modes elsewhere than in the
 * files.
 *
 * multidevs=remap: files on different file systems below HOST stay different files in the guest.
 */
#define FSDEV "local,security_model=none,multidevs=remap"

static int bad(const char *value, const char *what)
{
	return fail(STATUS_FAILED, "-v %s: %s", value, what);
}

/*
 * HOST:GUEST[:ro]. The guest's path has no colon, so the last one (before an option) is the
 * separator and the host's path may have some. Splits `text` in place.
 */
static int split(const char *value, char *text, char **guest, uint32_t *flags)
{
	char *colon = strrchr(text, ':');

	*flags = 0;
	if (colon && (strcmp(colon, ":ro") == 0 || strcmp(colon, ":rw") == 0)) {
		*flags = colon[2] == 'o' ? BI_VOLUME_RO : 0;
		*colon = '\0';
		colon = strrchr(text, ':');
	}
	if (colon == NULL || colon == text || colon[1] == '\0')
		return bad(value, "must be HOST:GUEST or HOST:GUEST:ro");
	if (colon[1] != '/')
		return bad(value, "GUEST must be an absolute path, and the only option is ro");
	*colon = '\0';
	*guest = colon + 1;
	return 0;
}

/* The real path of a directory that can be shown. */
static int check_host(const char *value, const char *host, char **out)
{
	char *path = realpath(host, NULL);
	struct stat st;
	int status = 0;

	if (path == NULL || stat(path, &st) < 0)
		status = fail(STATUS_FAILED, "-v %s: %s: %s", value, host, strerror(errno));
	else if (S_ISREG(st.st_mode))
		status = fail(STATUS_FAILED,
			      "-v %s: %s is a file, a volume is a directory: to put a file into "
			      "the machine use --add %s",
			      value, host, host);
	else if (!S_ISDIR(st.st_mode))
		status = fail(STATUS_FAILED, "-v %s: %s is not a directory", value, host);
	else if (access(path, R_OK | X_OK) < 0)
		status = fail(STATUS_FAILED, "-v %s: %s: %s", value, host, strerror(errno));
	if (status)
		free(path);
	else
		*out = path;
	return status;
}

/* Without "." and doubled or trailing slashes. */
static int check_guest(const char *value, const char *guest, char **out)
{
	char *path = xstrdup(""), *text = xstrdup(guest), *rest = text, *name;
	int status = 0;

	while (status == 0 && (name = strsep(&rest, "/"))) {
		char *longer;

		if (strcmp(name, "..") == 0)
			status = bad(value, "GUEST must not contain '..'");
		if (*name == '\0' || strcmp(name, ".") == 0 || status)
			continue;
		longer = xasprintf("%s/%s", path, name);
		free(path);
		path = longer;
	}
	if (status == 0 && *path == '\0')
		status =
		    bad(value, "GUEST must not be /: use --rootfs for a whole root file system");
	free(text);
	if (status)
		free(path);
	else
		*out = path;
	return status;
}

/* QEMU takes a doubled comma for one. */
static char *escape(const char *path)
{
	char *out = xrealloc(NULL, 2 * strlen(path) + 1), *p = out;

	for (; *path; path++) {
		if (*path == ',')
			*p++ = ',';
		*p++ = *path;
	}
	*p = '\0';
	return out;
}

static void add_device(struct strvec *devices, const struct guest_volume *v, const char *host)
{
	char *path = escape(host);

	strvec_add(devices, "-fsdev");
	strvec_add(devices, FSDEV ",id=%s,path=%s%s", v->tag, path,
		   v->flags & BI_VOLUME_RO ? ",readonly=on" : "");
	strvec_add(devices, "-device");
	strvec_add(devices, "virtio-9p-device,fsdev=%s,mount_tag=%s", v->tag, v->tag);
	free(path);
}

static int add_volume(struct volumes *out, const char *value, struct strvec *devices)
{
	char *text = xstrdup(value), *guest = NULL, *path = NULL, *host = NULL;
	struct guest_volume *v = &out->v[out->n];
	int status = split(value, text, &guest, &v->flags);

	if (status == 0)
		status = check_guest(value, guest, &path);
	if (status == 0)
		status = check_host(value, text, &host);
	for (size_t i = 0; status == 0 && i < out->n; i++)
		if (strcmp(out->v[i].path, path) == 0)
			status = fail(STATUS_FAILED, "-v %s: there is another volume at %s", value,
				      path);
	if (status == 0) {
		v->tag = xasprintf("vol%zu", out->n);
		v->path = path;
		add_device(devices, v, host);
		if (!(v->flags & BI_VOLUME_RO))
			strvec_add(&out->writable, "%s", host);
		out->n++;
	} else {
		free(path);
	}
	free(host);
	free(text);
	return status;
}

int volumes_parse(struct volumes *out, const struct strvec *values, struct strvec *devices)
{
	int status = 0;

	out->v = xrealloc(NULL, (values->n + 1) * sizeof(*out->v));
	for (size_t i = 0; i < values->n && status == 0; i++)
		status = add_volume(out, values->v[i], devices);
	return status;
}

int volumes_sync(const struct volumes *v, bool elsewhere)
{
	int error = 0;

	if (elsewhere) { /* which they are, nobody keeps track of */
		sync();
		return 0;
	}
	for (size_t i = 0; i < v->writable.n; i++) {
		int fd = open(v->writable.v[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if ((fd < 0 || syncfs(fd) < 0) && error == 0)
			error = errno;
		if (fd >= 0)
			close(fd);
	}
	return error;
}

void volumes_free(struct volumes *v)
{
	for (size_t i = 0; i < v->n; i++) {
		free((char *)v->v[i].tag);
		free((char *)v->v[i].path);
	}
	free(v->v);
	strvec_free(&v->writable);
	*v = (struct volumes){0};
}
