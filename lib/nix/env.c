/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which store is meant, and where its files are. */
#include "lib/nix/env.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <nixipfs/store_path.h>

#include "lib/nix/conf.h"
#include "lib/nix/path_text.h"
#include "lib/nix/store_uri.h"
#include "multiformats/base/auto.h"
#include "multiformats/base/err.h"

enum { MEM_MAX = 1 << 20 };

/* An environment variable, or NULL where it is unset or empty. */
static const char *env(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

static const char *env_or(const char *name, const char *otherwise)
{
	const char *value = env(name);

	return value ? value : otherwise;
}

const char *nipfs__nix_conf_dir(void)
{
	return env_or("NIX_CONF_DIR", "/etc/nix");
}

/* What is resolved, while it is. */
struct resolver {
	struct nipfs__store_env env;
	struct nipfs__store_uri uri;
	struct nipfs_error *err;
};

static int fail(struct resolver *s, int code, const char *what, const char *path)
{
	if (code == NIPFS_E_NOMEM)
		return nipfs__fail_nomem(s->err);
	return nipfs__fail(s->err, code, "%s '%.200s…' is too long", what, path);
}

static int keep(struct resolver *s, const char *text, const char **out)
{
	const uint8_t *copy;
	const int r = nipfs__arena_copy(&s->env.mem, text, strlen(text) + 1, &copy);

	if (r == 0)
		*out = (const char *)copy;
	return r;
}

/* @base and what lies below it. */
static int join(struct resolver *s, const char *base, const char *below, const char **out)
{
	nipfs_auto_free char *path = NULL;
	int r = nipfs__path_join(base, below, &path);

	if (r == 0)
		r = keep(s, path, out);
	return r < 0 ? fail(s, r, "the folder", below) : 0;
}

/* An absolute path in its one form. */
static int absolute(struct resolver *s, const char *what, const char *path,
		    const char **out)
{
	if (path[0] != '/')
		return nipfs__fail(s->err, NIPFS_E_INVALID,
				   "the store's %s '%s' is not an absolute path", what,
				   path);
	return join(s, "/", path, out);
}

/* The same of a path that may be relative to the current folder. */
static int from_here(struct resolver *s, const char *path, const char **out)
{
	nipfs_auto_free char *here = path[0] == '/' ? NULL : getcwd(NULL, 0);

	if (path[0] != '/' && !here)
		return nipfs__fail_errno(s->err, errno, "cannot tell the current folder");
	return join(s, here ? here : "/", path, out);
}

/* A parameter of the URI that is a path, else what the root folder or the environment
 * says. */
static int place(struct resolver *s, const char *param, const char *below_root,
		 const char *otherwise, const char **out)
{
	const char *value = nipfs__store_uri_param(&s->uri, param);

	if (value)
		return absolute(s, param, value, out);
	if (s->env.root)
		return join(s, s->env.root, below_root, out);
	return absolute(s, param, otherwise, out);
}

static int bool_param(struct resolver *s, const char *name, int *out)
{
	const char *text = nipfs__store_uri_param(&s->uri, name);
	const int value = text ? nipfs__conf_bool(text) : *out;

	if (text && value < 0)
		return nipfs__fail(
		    s->err, NIPFS_E_INVALID,
		    "the parameter '%s' of a store is true or false, not '%s'", name,
		    text);
	*out = value;
	return 0;
}

static const char *default_state_dir(void)
{
	return env_or("NIX_STATE_DIR", "/nix/var/nix");
}

/* The folder for a user who has no /nix, or NULL where Nix would not take one. */
static int home_root(struct resolver *s, const char *state_dir, const char **out)
{
	const char *data = env("NIX_DATA_HOME"), *xdg = env("XDG_DATA_HOME");
	const char *home = env("HOME");

	if (access(state_dir, F_OK) == 0 || s->uri.n_params || geteuid() == 0 ||
	    getenv("NIX_STORE_DIR") || getenv("NIX_STATE_DIR"))
		return 0;
	if (data)
		return join(s, data, "root", out);
	if (xdg)
		return join(s, xdg, "nix/root", out);
	return home ? join(s, home, ".local/share/nix/root", out) : 0;
}

static int resolve_auto(struct resolver *s)
{
	const char *state_dir = nipfs__store_uri_param(&s->uri, "state");

	if (!state_dir)
		state_dir = default_state_dir();
	s->env.automatic = true;
	s->env.scheme = "local";
	if (access(state_dir, R_OK | W_OK) == 0)
		return 0;
	if (access(s->env.socket, F_OK) == 0) {
		s->env.scheme = "unix";
		return 0;
	}
	return home_root(s, state_dir, &s->env.root);
}

/* Where everything is, once it is known whether there is a root folder. */
static int resolve_places(struct resolver *s)
{
	struct nipfs__store_env *e = &s->env;
	int r, read_only = 0;

	r = place(s, "real", "nix/store", e->store_dir, &e->real_store_dir);
	if (r == 0)
		r = place(s, "state", "nix/var/nix", default_state_dir(), &e->state_dir);
	if (r == 0)
		r = place(s, "log", "nix/var/log/nix",
			  env_or("NIX_LOG_DIR", "/nix/var/log/nix"), &e->log_dir);
	if (r == 0)
		r = bool_param(s, "read-only", &read_only);
	if (r == 0)
		r = bool_param(s, "require-sigs", &e->require_sigs);
	e->read_only = read_only;
	if (r == 0 && strlen(e->real_store_dir) > NIPFS_STORE_DIR_MAX)
		r = fail(s, NIPFS_E_LIMIT, "the store folder", e->real_store_dir);
	return r;
}

static int resolve_below(struct resolver *s)
{
	struct nipfs__store_env *e = &s->env;
	const struct {
		const char *base, *below;
		const char **out;
	} paths[] = {
		{ e->real_store_dir, ".links", &e->links_dir },
		{ e->state_dir, "db", &e->db_dir },
		{ e->state_dir, "db/db.sqlite", &e->db_file },
		{ e->state_dir, "db/schema", &e->schema_file },
		{ e->state_dir, "db/big-lock", &e->big_lock },
		{ e->state_dir, "temproots", &e->temproots_dir },
		{ e->state_dir, "gc.lock", &e->gc_lock },
		{ e->state_dir, "gc-socket/socket", &e->gc_socket },
		{ e->state_dir, "gcroots", &e->gcroots_dir },
		{ e->state_dir, "profiles", &e->profiles_dir },
	};

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		const int r = join(s, paths[i].base, paths[i].below, paths[i].out);

		if (r < 0)
			return r;
	}
	return 0;
}

static int resolve_root(struct resolver *s)
{
	const char *root = nipfs__store_uri_param(&s->uri, "root");

	if (root && *root)
		return absolute(s, "root", root, &s->env.root);
	if (strcmp(s->env.scheme, "local") == 0 && s->uri.path[0])
		return from_here(s, s->uri.path, &s->env.root);
	return 0;
}

static int resolve_daemon(struct resolver *s)
{
	s->env.kind = NIPFS__STORE_DAEMON;
	return s->uri.path[0] ? absolute(s, "socket", s->uri.path, &s->env.socket) : 0;
}

/* The logical store folder and the socket, which no root folder moves. */
static int resolve_names(struct resolver *s)
{
	const char *store = nipfs__store_uri_param(&s->uri, "store");
	const char *socket = env("NIX_DAEMON_SOCKET_PATH");
	int r;

	if (!store)
		store = env_or("NIX_STORE_DIR", env_or("NIX_STORE", "/nix/store"));
	r = absolute(s, "folder", store, &s->env.store_dir);
	if (r == 0 && strlen(s->env.store_dir) > NIPFS_STORE_DIR_MAX)
		r = fail(s, NIPFS_E_LIMIT, "the store folder", store);
	if (r < 0)
		return r;
	return socket
		   ? absolute(s, "socket", socket, &s->env.socket)
		   : join(s, default_state_dir(), "daemon-socket/socket", &s->env.socket);
}

static int resolve(struct resolver *s, const char *uri)
{
	int r = nipfs__store_uri_parse(uri, &s->env.mem, &s->uri, s->err);

	if (r == 0)
		r = resolve_names(s);
	if (r < 0)
		return r;
	s->env.scheme = s->uri.scheme;
	if (strcmp(s->env.scheme, "auto") == 0)
		r = resolve_auto(s);
	if (r < 0)
		return r;
	if (strcmp(s->env.scheme, "unix") != 0 && strcmp(s->env.scheme, "local") != 0) {
		s->env.kind = NIPFS__STORE_UNSUPPORTED;
		return 0;
	}
	r = resolve_root(s);
	s->env.elsewhere = s->env.root || nipfs__store_uri_param(&s->uri, "state") ||
			   nipfs__store_uri_param(&s->uri, "real");
	s->env.kind = s->env.root ? NIPFS__STORE_CHROOT : NIPFS__STORE_LOCAL;
	if (r == 0 && strcmp(s->env.scheme, "unix") == 0)
		r = resolve_daemon(s);
	if (r == 0)
		r = resolve_places(s);
	return r < 0 ? r : resolve_below(s);
}

int nipfs__store_env_resolve(const char *uri, const char *conf_store,
			     struct nipfs__store_env *out, struct nipfs_error *err)
{
	struct resolver s = { .env = { .require_sigs = -1,
				       .mem = NIPFS_ARENA_INIT(MEM_MAX) },
			      .err = err };
	const char *text = uri		? uri
			   : conf_store ? conf_store
					: env_or("NIX_REMOTE", "auto");
	int r = keep(&s, text, &s.env.uri);

	r = r < 0 ? fail(&s, r, "the store", text) : resolve(&s, s.env.uri);
	if (r < 0) {
		nipfs__arena_release(&s.env.mem);
		return r;
	}
	*out = s.env;
	return 0;
}

void nipfs__store_env_release(struct nipfs__store_env *store)
{
	nipfs__arena_release(&store->mem);
	*store = (struct nipfs__store_env){ .kind = NIPFS__STORE_UNSUPPORTED };
}
