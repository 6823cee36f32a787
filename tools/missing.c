/* SPDX-License-Identifier: MIT */
/*
 * The guest is not trusted with lengths: a path that is too long ends the list.
 */
#include "tools/missing.h"

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

void missing_print(const struct missing_paths *m, bool all)
{
	for (size_t i = 0; i < m->paths.n; i++) {
		char *quoted;

		if (access(m->paths.v[i], F_OK) < 0)
			continue;
		quoted = shell_quote(m->paths.v[i]);
		say("missing, but here: --add %s", quoted);
		free(quoted);
	}
	for (size_t i = 0; all && i < m->paths.n; i++)
		if (access(m->paths.v[i], F_OK) < 0)
			say("missing: %s", m->paths.v[i]);
}

void missing_free(struct missing_paths *m)
{
	strvec_free(&m->paths);
}
