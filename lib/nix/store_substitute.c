/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Having Nix fetch paths into a store that is written directly: `nix-store --realise`. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <nixipfs/progress.h>

#include "lib/nix/daemon_conn.h"
#include "lib/nix/store_daemon.h"
#include "multiformats/base/auto.h"
#include "multiformats/base/err.h"

enum { LOT = 256, LOOK_MS = 200 };

/* nix-store --realise --option store URI, the paths, and a NULL. */
struct command {
	char *uri, *remote;
	char *env[2];
	char *argv[5 + LOT + 1];
	char *paths; /* LOT times NIPFS_STORE_PATH_MAX */
};

static void command_release(struct command *c)
{
	free(c->uri);
	free(c->remote);
	free(c->paths);
}

static int command_init(struct command *c, const struct nipfs_store *store,
			struct nipfs_error *err)
{
	static char program[] = "nix-store", realise[] = "--realise", option[] = "--option",
		    name[] = "store";
	int r = nipfs__store_child_uri(&store->env, &c->uri, err);

	if (r < 0)
		return r;
	c->paths = calloc(LOT, NIPFS_STORE_PATH_MAX);
	if (!c->paths || asprintf(&c->remote, "NIX_REMOTE=%s", c->uri) < 0) {
		c->remote = NULL;
		return nipfs__fail_nomem(err);
	}
	c->env[0] = c->remote;
	c->argv[0] = program;
	c->argv[1] = realise;
	c->argv[2] = option;
	c->argv[3] = name;
	c->argv[4] = c->uri;
	return 0;
}

/* What it prints are the names of the paths, which are known. */
static int wait_for_end(int fd, struct nipfs_error *err)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	char ignored[4096];
	ssize_t got;

	for (;;) {
		int r = nipfs_cancel_check(err);

		if (r < 0)
			return r;
		if (poll(&ready, 1, LOOK_MS) <= 0)
			continue;
		got = read(fd, ignored, sizeof(ignored));
		if (got == 0 || (got < 0 && errno != EINTR))
			return 0;
	}
}

static int run(struct command *c, struct nipfs_error *err)
{
	const struct nipfs__daemon_options options = { .child = c->argv, .child_env = c->env };
	struct nipfs_error why;
	pid_t child;
	int in, out, r = nipfs__daemon_spawn(&options, &in, &out, &child, &why);

	/* without Nix's own programs nothing can be fetched, which is no failure */
	if (r == NIPFS_E_UNREACHABLE)
		return 0;
	if (r < 0) {
		if (err)
			*err = why;
		return r;
	}
	(void)close(out);
	r = wait_for_end(in, err);
	(void)close(in);
	if (r < 0)
		(void)kill(child, SIGTERM);
	nipfs__daemon_reap(child);
	return r;
}

int nipfs__local_substitute(struct nipfs_store *store, const struct nipfs_store_path *paths,
			    size_t n, struct nipfs_error *err)
{
	struct command c = { .uri = NULL };
	int r = 0;

	if (!store->settings.substitute)
		return 0;
	r = command_init(&c, store, err);
	for (size_t i = 0; r == 0 && i < n; i += LOT) {
		size_t k;

		for (k = 0; k < LOT && i + k < n; k++) {
			char *text = c.paths + k * NIPFS_STORE_PATH_MAX;

			(void)nipfs_store_path_format(&paths[i + k], store->env.store_dir, text);
			c.argv[5 + k] = text;
		}
		c.argv[5 + k] = NULL;
		r = run(&c, err);
	}
	command_release(&c);
	return r;
}
