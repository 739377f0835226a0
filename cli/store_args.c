/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Store paths as they are typed, or come on standard input. */
#include "cli/store_args.h"

#include <stdlib.h>
#include <string.h>

#include <nixipfs/add.h>

#include "cli/error.h"
#include "cli/stdin_lines.h"

static void tell(void *ctx, const char *message)
{
	cli_note(ctx, "%s", message);
}

static void tell_log(void *ctx, struct nipfs_slice line)
{
	const struct common *common = ctx;

	if (common->verbose)
		cli_note(common, "Nix: %.*s", (int)line.len, (const char *)line.ptr);
}

static void tell_route(const struct common *common, const struct nipfs_store *store,
		       enum nipfs_store_access access)
{
	static const char *const trust[] = {
		[NIPFS_STORE_TRUSTED] = "which trusts this user",
		[NIPFS_STORE_UNTRUSTED] = "which does not trust this user",
		[NIPFS_STORE_TRUST_UNKNOWN] = "which does not tell whether it trusts this user",
	};
	struct nipfs_store_route route;

	nipfs_store_route(store, &route);
	if (route.via == NIPFS_STORE_VIA_DIRECT && access == NIPFS_STORE_WRITE)
		cli_note(common, "the store '%s' is written directly",
			 nipfs_store_real_dir(store));
	else if (route.via != NIPFS_STORE_VIA_DIRECT)
		cli_note(common, "the store '%s' is reached through %s '%s', %s (Nix %s, protocol 1.%u)",
			 nipfs_store_dir(store),
			 route.via == NIPFS_STORE_VIA_STDIO ? "a child," : "the Nix daemon at",
			 route.peer, trust[route.trust],
			 *route.nix_version ? route.nix_version : "2", route.protocol);
}

enum nipfs_store_via store_args_via(const struct common *common)
{
	static const enum nipfs_store_via ways[] = {
		NIPFS_STORE_VIA_AUTO, NIPFS_STORE_VIA_AUTO,  NIPFS_STORE_VIA_DIRECT,
		NIPFS_STORE_VIA_DAEMON, NIPFS_STORE_VIA_STDIO,
	};

	return ways[common->via];
}

int store_args_prepare(const struct common *common, enum nipfs_store_access access,
		       struct nipfs_error *err)
{
	const struct nipfs_store_options options = { .uri = common->store,
						     .access = access,
						     .via = store_args_via(common) };
	static bool done[2];

	if (done[access] || done[NIPFS_STORE_WRITE])
		return 0;
	done[access] = true;
	return nipfs_store_prepare(&options, err);
}

static int open_store(struct nipfs_store **out, const struct common *common,
		      enum nipfs_store_access access, bool create, struct nipfs_error *err)
{
	/* the store tells of waiting for as long as it is open */
	static struct common copy;
	const struct nipfs_store_options options = { .uri = common->store,
						     .access = access,
						     .via = store_args_via(common),
						     .create = create,
						     .waiting = tell,
						     .note = tell,
						     .log = tell_log,
						     .ctx = &copy };
	int r = store_args_prepare(common, access, err);

	copy = *common;
	if (r == 0)
		r = nipfs_store_open(out, &options, err);
	if (r == 0 && common->verbose)
		tell_route(common, *out, access);
	return r;
}

int store_args_open(struct nipfs_store **out, const struct common *common,
		    struct nipfs_error *err)
{
	return open_store(out, common, NIPFS_STORE_READ, false, err);
}

int store_args_open_write(struct nipfs_store **out, const struct common *common,
			  struct nipfs_error *err)
{
	return open_store(out, common, NIPFS_STORE_WRITE, true, err);
}

int store_args_open_existing(struct nipfs_store **out, const struct common *common,
			     struct nipfs_error *err)
{
	return open_store(out, common, NIPFS_STORE_WRITE, false, err);
}

static int take(struct store_args *args, struct nipfs_store *store, const char *text,
		struct nipfs_error *err)
{
	args->paths = xgrow(args->paths, args->n, &args->cap, sizeof(*args->paths));
	if (nipfs_store_resolve(store, text, &args->paths[args->n], err) < 0)
		return err->code;
	args->n++;
	return 0;
}

struct stdin_paths {
	struct store_args *args;
	struct nipfs_store *store;
};

static int take_line(void *ctx, const char *line, struct nipfs_error *err)
{
	const struct stdin_paths *paths = ctx;

	return take(paths->args, paths->store, line, err);
}

int store_args_read(struct store_args *out, struct nipfs_store *store, int n_args, char **args,
		    bool from_stdin, bool null, struct nipfs_error *err)
{
	struct stdin_paths paths = { out, store };
	int r = 0;

	for (int i = 0; r == 0 && i < n_args; i++)
		r = take(out, store, args[i], err);
	if (r == 0 && from_stdin)
		r = stdin_lines(null, take_line, &paths, err);
	return r;
}

void store_args_release(struct store_args *args)
{
	free(args->paths);
	*args = (struct store_args){ .paths = NULL };
}
