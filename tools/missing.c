/* SPDX-License-Identifier: MIT */
/*
 * The guest is not trusted with lengths: a path that is too long ends the list.
 */
#include "tools/missing.h"

#include "tools/debian.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool missing_take(struct missing_paths *m, const struct bi_msg *msg)
{
	if (m->have < m->len) {
		memcpy(m->path + m->have, msg, sizeof(*msg));
		m->have += sizeof(*msg);
		if (m->have >= m->len)
			strvec_add(&m->paths, "%.*s", (int)m->len, m->path);
		return true;
	}
	if (msg->type != BI_MSG_MISSING)
		return false;
	m->len = msg->arg <= MISSING_PATH_MAX ? msg->arg : 0;
	m->have = 0;
	return true;
}

/* What is here, with the options that provide it. */
static void print_here(const struct strvec *here)
{
	char **owners = debian_owners(here);

	for (size_t i = 0; i < here->n; i++) {
		char *quoted = shell_quote(here->v[i]);

		say("missing, but here: --add %s%s%s", quoted, owners[i] ? " or --add deb:" : "",
		    owners[i] ? owners[i] : "");
		free(quoted);
		free(owners[i]);
	}
	free(owners);
}

void missing_print(const struct missing_paths *m, bool all)
{
	struct strvec here = {0};

	for (size_t i = 0; i < m->paths.n; i++)
		if (access(m->paths.v[i], F_OK) == 0)
			strvec_add(&here, "%s", m->paths.v[i]);
	print_here(&here);
	strvec_free(&here);
	for (size_t i = 0; all && i < m->paths.n; i++)
		if (access(m->paths.v[i], F_OK) < 0)
			say("missing: %s", m->paths.v[i]);
}

void missing_free(struct missing_paths *m)
{
	strvec_free(&m->paths);
}
