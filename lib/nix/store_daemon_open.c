/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Connecting a Nix store with its daemon: over the socket, or one that is started. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/nix/store_daemon.h"
#include "multiformats/base/auto.h"
#include "multiformats/base/err.h"

int nipfs__store_child_uri(const struct nipfs__store_env *env, char **out,
			   struct nipfs_error *err)
{
	nipfs_auto_buf struct nipfs_buf uri = NIPFS_BUF_INIT(1 << 16);
	const char *params = strchr(env->uri, '?');
	int r;

	if (!env->automatic && env->kind != NIPFS__STORE_DAEMON)
		r = nipfs__buf_put(&uri, env->uri, strlen(env->uri));
	else if (env->kind == NIPFS__STORE_DAEMON)
		r = nipfs__buf_printf(&uri, "unix://%s", env->socket);
	else
		r = nipfs__buf_printf(&uri, "%s%s", env->root ? env->root : "local",
				      params ? params : "");
	if (r == 0)
		r = nipfs__buf_terminate(&uri);
	if (r < 0)
		return r == NIPFS_E_NOMEM ? nipfs__fail_nomem(err) :
			nipfs__fail(err, r, "the store '%s' has too long a name", env->uri);
	*out = strdup((const char *)uri.ptr);
	return *out ? 0 : nipfs__fail_nomem(err);
}

/*
 * Where nix.conf names a store NIX_REMOTE does not count, and the command line has the last
 * word. Otherwise it is spared: a child passes it on to a daemon, which complains.
 */
static int describe_child(struct nipfs_store *store, struct nipfs__store_remote *remote,
			  struct nipfs_error *err)
{
	static char program[] = "nix-daemon", stdio[] = "--stdio", option[] = "--option",
		    name[] = "store";
	int r = nipfs__store_child_uri(&store->env, &remote->uri, err);

	if (r < 0)
		return r;
	if (asprintf(&remote->child_env[0], "NIX_REMOTE=%s", remote->uri) < 0) {
		remote->child_env[0] = NULL;
		return nipfs__fail_nomem(err);
	}
	remote->child[0] = program;
	remote->child[1] = stdio;
	if (store->settings.names_store) {
		remote->child[2] = option;
		remote->child[3] = name;
		remote->child[4] = remote->uri;
	}
	remote->options.child = remote->child;
	remote->options.child_env = remote->child_env;
	return 0;
}

/*
 * A child that passes everything on to a daemon calls whoever started it trusted; it is
 * that daemon which decides.
 */
static int find_judge(const struct nipfs_store *store, struct nipfs__store_remote *remote,
		      struct nipfs_error *err)
{
	struct nipfs__daemon_options options = remote->options;

	remote->judge = remote->talk;
	if (remote->via == NIPFS_STORE_VIA_DAEMON || store->env.kind != NIPFS__STORE_DAEMON)
		return 0;
	options.socket = store->env.socket;
	return nipfs__daemon_open(&remote->judge, &options, err);
}

static void take_trust(const struct nipfs_store *store, struct nipfs__store_remote *remote)
{
	/* What is started on files that are at hand serves whoever started it. */
	const bool own_child = remote->via == NIPFS_STORE_VIA_STDIO &&
			       store->env.kind != NIPFS__STORE_DAEMON;

	switch (nipfs__daemon_trust(remote->judge)) {
	case NIPFS__DAEMON_TRUSTED:
		remote->trust = NIPFS_STORE_TRUSTED;
		break;
	case NIPFS__DAEMON_UNTRUSTED:
		remote->trust = NIPFS_STORE_UNTRUSTED;
		break;
	case NIPFS__DAEMON_UNKNOWN:
		remote->trust = own_child ? NIPFS_STORE_TRUSTED : NIPFS_STORE_TRUST_UNKNOWN;
		break;
	}
}

static int connect_daemon(struct nipfs_store *store, struct nipfs__store_remote *remote,
			  struct nipfs_error *err)
{
	int r = 0;

	remote->options.store_dir = store->env.store_dir;
	remote->options.log = store->log;
	remote->options.ctx = store->waiter.ctx;
	if (remote->via == NIPFS_STORE_VIA_STDIO)
		r = describe_child(store, remote, err);
	else
		remote->options.socket = store->env.socket;
	if (r == 0)
		r = nipfs__daemon_open(&remote->talk, &remote->options, err);
	if (r == 0)
		r = find_judge(store, remote, err);
	if (r < 0)
		return r;
	take_trust(store, remote);
	store->dirfd = open(store->env.real_store_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (store->dirfd < 0)
		return nipfs__fail_errno(err, errno, "cannot open the store folder '%s'",
					 store->env.real_store_dir);
	return 0;
}

int nipfs__store_open_daemon(struct nipfs_store *store, enum nipfs_store_via via,
			     struct nipfs_error *err)
{
	const struct nipfs__store_backend *before = store->backend;
	int r;

	store->remote = calloc(1, sizeof(*store->remote));
	if (!store->remote)
		return nipfs__fail_nomem(err);
	store->remote->via = via;
	store->backend = &nipfs__store_daemon;
	r = connect_daemon(store, store->remote, err);
	if (r < 0) {
		store->backend->close(store);
		store->backend = before;
	}
	return r;
}
