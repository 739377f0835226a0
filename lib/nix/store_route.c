/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which way a store is reached: its files, or a daemon (reference nix.md §0.1, §3.3). */
#include <unistd.h>

#include "lib/nix/store_daemon.h"
#include "multiformats/base/err.h"

void nipfs_store_route(const struct nipfs_store *store, struct nipfs_store_route *out)
{
	const struct nipfs__store_remote *remote = store->remote;

	*out = (struct nipfs_store_route){ .via = NIPFS_STORE_VIA_DIRECT, .nix_version = "" };
	if (!remote)
		return;
	out->via = remote->via;
	out->peer = remote->options.socket ? remote->options.socket : remote->child[0];
	out->nix_version = nipfs__daemon_nix_version(remote->talk);
	out->protocol = nipfs__daemon_minor(remote->talk);
	out->trust = remote->trust;
}

static int check_kind(const struct nipfs_store *store, struct nipfs_error *err)
{
	const struct nipfs__store_env *env = &store->env;

	if (env->kind == NIPFS__STORE_UNSUPPORTED)
		return nipfs__fail(err, NIPFS_E_UNSUPPORTED,
				   "stores of the kind '%s' are not known here (in '%s')",
				   env->scheme, env->uri);
	if (store->access == NIPFS_STORE_WRITE && env->read_only)
		return nipfs__fail(err, NIPFS_E_UNSUPPORTED,
				   "the store '%s' is not to be written", env->uri);
	return 0;
}

/* The socket belongs to the store that is there by default, or to the one named by it. */
static int open_socket(struct nipfs_store *store, struct nipfs_error *err)
{
	const struct nipfs__store_env *env = &store->env;

	if (env->kind != NIPFS__STORE_DAEMON && env->elsewhere)
		return nipfs__fail(err, NIPFS_E_USAGE,
				   "no daemon is known for the store '%s': name its socket with "
				   "--store unix://SOCKET, or let nix-daemon be started with --via "
				   "stdio", env->uri);
	return nipfs__store_open_daemon(store, NIPFS_STORE_VIA_DAEMON, err);
}

/* What is wrong with the way that was tried first is what is told. */
static int open_socket_instead(struct nipfs_store *store, int failed,
			       const struct nipfs_error *why, struct nipfs_error *err)
{
	struct nipfs_error socket = { .msg = "" };
	const int r = open_socket(store, &socket);

	if (r == 0 || !err)
		return r == 0 ? 0 : failed;
	*err = *why;
	if (r != NIPFS_E_UNREACHABLE)
		nipfs__prefix(err, "%s; and", socket.msg);
	return failed;
}

static int open_auto(struct nipfs_store *store, const struct nipfs_store_options *options,
		     struct nipfs_error *err)
{
	struct nipfs_error why = { .msg = "" };
	int r;

	if (store->env.kind == NIPFS__STORE_DAEMON) {
		r = open_socket(store, &why);
		/* who may not ask the daemon may still be allowed to read */
		if ((r == NIPFS_E_UNREACHABLE || r == NIPFS_E_SYS) &&
		    store->access == NIPFS_STORE_READ &&
		    nipfs__store_open_direct(store, options, NULL) == 0)
			return 0;
		if (r < 0 && err)
			*err = why;
		return r;
	}
	r = nipfs__store_open_direct(store, options, &why);
	if (r < 0)
		nipfs__store_local.close(store);
	if (r == NIPFS_E_UNSUPPORTED && store->env.automatic && !store->env.elsewhere &&
	    access(store->env.socket, F_OK) == 0)
		return open_socket_instead(store, r, &why, err);
	if (r < 0 && err)
		*err = why;
	return r;
}

int nipfs__store_open_route(struct nipfs_store *store, const struct nipfs_store_options *options,
			    struct nipfs_error *err)
{
	const int r = check_kind(store, err);

	if (r < 0)
		return r;
	switch (options->via) {
	case NIPFS_STORE_VIA_DIRECT:
		return nipfs__store_open_direct(store, options, err);
	case NIPFS_STORE_VIA_DAEMON:
		return open_socket(store, err);
	case NIPFS_STORE_VIA_STDIO:
		return nipfs__store_open_daemon(store, NIPFS_STORE_VIA_STDIO, err);
	case NIPFS_STORE_VIA_AUTO:
		break;
	}
	return open_auto(store, options, err);
}
