/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Looking at Nix's post-build-hook, and at what waits in the queue. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <nixipfs/queue.h>

#include "lib/doctor.h"
#include "multiformats/base/err.h"

#define HOOK_PROGRAM "nix-ipfs-post-build-hook"

/* ---- the hook ------------------------------------------------------------------------------ */

/* Nix runs it with the rights of whoever builds, and these are often root's. */
static bool others_may_write(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && ((st.st_uid != 0 && st.st_uid != geteuid()) ||
					(st.st_mode & S_IWOTH && !(st.st_mode & S_ISVTX)) ||
					(st.st_mode & S_IWGRP && st.st_gid != 0));
}

static void look_at_program(struct nipfs__checkup *c, const char *program)
{
	const char *name = strrchr(program, '/');
	char dir[PATH_MAX] = "/";
	struct stat st;

	if (!name || strcmp(name + 1, HOOK_PROGRAM) != 0) {
		nipfs__checkup_say(c, "Nix runs another program after builds, '%s'", program);
		return;
	}
	if (name > program)
		(void)snprintf(dir, sizeof(dir), "%.*s", (int)(name - program), program);
	nipfs__checkup_say(c, "Nix queues what it builds, by '%s'", program);
	if (program[0] != '/')
		nipfs__checkup_advise(c, "post-build-hook has to be an absolute path: see nix-ipfs hook "
					 "--print-config");
	else if (stat(program, &st) != 0)
		nipfs__checkup_advise(c, "it can't be found, and every build fails: %s", strerror(errno));
	else if (!S_ISREG(st.st_mode) || access(program, X_OK) != 0)
		nipfs__checkup_advise(c, "it can't be run, and every build fails: chmod +x it");
	else if (others_may_write(program) || others_may_write(dir))
		nipfs__checkup_advise(c, "others than root and this user may change it, or its folder: "
					 "they would do so for whoever builds");
}

int nipfs__doctor_hook(struct nipfs__doctor *d, struct nipfs__checkup *c, struct nipfs_error *err)
{
	/* a daemon goes by the system's file alone */
	struct nipfs_nix_conf *conf = d->conf;
	const char *program;
	int r = 0;

	if (d->by_daemon)
		r = nipfs_nix_conf_load(NIPFS_NIX_CONF_SYSTEM, &conf, NULL);
	if (r == NIPFS_E_NOMEM)
		return nipfs__fail_nomem(err);
	program = r < 0 ? NULL : nipfs_nix_conf_get(conf, "post-build-hook");
	if (program && *program)
		look_at_program(c, program);
	else
		nipfs__checkup_say(c, "Nix does not queue what it builds: nix-ipfs hook --print-config "
				      "has what to set");
	nipfs__checkup_fact(c, "postBuildHook", program ? program : "");
	if (r == 0 && conf != d->conf)
		nipfs_nix_conf_free(conf);
	return 0;
}

/* ---- the queue ------------------------------------------------------------------------------- */

struct count {
	uint64_t entries, failed, rootless, damaged;
	int64_t oldest; /* when it was queued */
};

static int count_entry(void *ctx, const struct nipfs_queue_entry *entry, struct nipfs_error *err)
{
	struct count *n = ctx;

	(void)err;
	/* the oldest comes first */
	if (n->entries++ == 0)
		n->oldest = entry->queued;
	n->failed += entry->tries > 0;
	n->rootless += !entry->has_root;
	return 0;
}

static int count_damaged(void *ctx, const char *file, struct nipfs_error *err)
{
	struct count *n = ctx;

	(void)file;
	(void)err;
	n->damaged++;
	return 0;
}

static void add_number(struct nipfs__checkup *c, const char *name, uint64_t value)
{
	char text[32];

	(void)snprintf(text, sizeof(text), "%" PRIu64, value);
	nipfs__checkup_fact(c, name, text);
}

static int64_t days_since(int64_t when)
{
	const int64_t age = (int64_t)time(NULL) - when;

	return age > 0 ? age / 86400 : 0;
}

static void say_count(struct nipfs__checkup *c, const struct count *n)
{
	if (n->entries)
		nipfs__checkup_say(c, "waiting to be published: %" PRIu64 ", the oldest for %" PRId64
				      " days; failed so far: %" PRIu64 "; not kept from the garbage "
				      "collector: %" PRIu64,
				   n->entries, days_since(n->oldest), n->failed, n->rootless);
	else
		nipfs__checkup_say(c, "nothing waits to be published");
	if (n->damaged)
		nipfs__checkup_advise(c, "files that are no entries: %" PRIu64 "; nix-ipfs queue drop --all "
					 "removes them with all others", n->damaged);
	else if (n->rootless || n->failed)
		nipfs__checkup_advise(c, "nix-ipfs queue ls tells which");
	add_number(c, "queued", n->entries);
	add_number(c, "oldest", (uint64_t)n->oldest);
	add_number(c, "failed", n->failed);
	add_number(c, "rootless", n->rootless);
	add_number(c, "damaged", n->damaged);
}

int nipfs__doctor_queue(struct nipfs__doctor *d, struct nipfs__checkup *c, struct nipfs_error *err)
{
	struct nipfs_error why = { .msg = "" };
	struct count n = { 0 };
	struct nipfs_queue *queue = NULL;
	int r = nipfs_queue_open(&queue, false, &why);

	(void)d;
	if (r == 0)
		r = nipfs_queue_list(queue, count_entry, count_damaged, &n, &why);
	nipfs_queue_close(queue);
	if (r == NIPFS_E_NOMEM || r == NIPFS_E_CANCELLED) {
		if (err)
			*err = why;
		return r;
	}
	if (r == 0 || r == NIPFS_E_NOTFOUND || r == NIPFS_E_USAGE) {
		say_count(c, &n);
	} else {
		nipfs__checkup_say(c, "it can't be read");
		nipfs__checkup_advise(c, "%s", why.msg);
	}
	return 0;
}
