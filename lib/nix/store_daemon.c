/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A Nix store behind Nix's daemon: what is asked and told there (reference nix.md §4). */
#include "lib/nix/store_daemon.h"

#include <stdlib.h>
#include <string.h>

#include <nixipfs/progress.h>

#include "multiformats/base/err.h"
#include "multiformats/base/slice.h"

/* ---- questions ----------------------------------------------------------------- */

static int is_valid(struct nipfs_store *store, const struct nipfs_store_path *path,
		    struct nipfs_error *err)
{
	return nipfs__daemon_is_valid(store->remote->talk, path, err);
}

static int query(struct nipfs_store *store, const struct nipfs_store_path *path,
		 struct nipfs_path_info *out, struct nipfs_error *err)
{
	return nipfs__daemon_query(store->remote->talk, path, out, err);
}

static int find_hash_part(struct nipfs_store *store, struct nipfs_slice hash_part,
			  struct nipfs_store_path *out, struct nipfs_error *err)
{
	return nipfs__daemon_find_hash_part(store->remote->talk, hash_part, out, err);
}

static int referrers(struct nipfs_store *store, const struct nipfs_store_path *path,
		     struct nipfs_store_path **out, size_t *n, struct nipfs_error *err)
{
	return nipfs__daemon_referrers(store->remote->talk, path, out, n, err);
}

/* A walk begins with what is valid then. */
static int list_begin(struct nipfs__store_remote *remote, struct nipfs_error *err)
{
	free(remote->listed);
	remote->listed = NULL;
	remote->n_listed = 0;
	return nipfs__daemon_all_valid(remote->talk, &remote->listed, &remote->n_listed, err);
}

static int list(struct nipfs_store *store, int64_t *cursor, struct nipfs_store_entry *entries,
		unsigned int max, struct nipfs_error *err)
{
	struct nipfs__store_remote *remote = store->remote;
	int64_t next = *cursor;
	int n = 0, r = next ? 0 : list_begin(remote, err);

	while (r == 0 && (unsigned int)n < max && (uint64_t)next < remote->n_listed) {
		const struct nipfs_store_path *path = &remote->listed[next++];
		struct nipfs_path_info info;

		r = query(store, path, &info, err);
		if (r == NIPFS_E_NOTFOUND) {
			r = 0;
		} else if (r == 0) {
			entries[n] = (struct nipfs_store_entry){ .path = *path,
								 .nar_size = info.nar_size };
			memcpy(entries[n++].nar_hash, info.nar_hash, sizeof(info.nar_hash));
			nipfs_path_info_release(&info);
		}
	}
	if (r < 0)
		return r;
	*cursor = next;
	return n;
}

static int read_begin(struct nipfs_store *store, struct nipfs_error *err)
{
	(void)store;
	(void)err;
	return 0;
}

static int read_end(struct nipfs_store *store, int result, struct nipfs_error *err)
{
	(void)store;
	(void)err;
	return result;
}

static int refs(struct nipfs_store *store, const struct nipfs_store_path *path,
		nipfs__ref_fn *each, void *ctx, struct nipfs_error *err)
{
	struct nipfs_path_info info;
	int r = query(store, path, &info, err);

	if (r < 0)
		return r;
	for (size_t i = 0; r >= 0 && i < info.n_refs; i++)
		r = each(ctx, &info.refs[i], err);
	nipfs_path_info_release(&info);
	return r < 0 ? r : 0;
}

/* ---- requests ------------------------------------------------------------------ */

static int add_temp_roots(struct nipfs_store *store, const struct nipfs_store_path *paths,
			  size_t n, struct nipfs_error *err)
{
	struct nipfs__store_remote *remote = store->remote;
	int r = 0;

	for (size_t i = 0; r >= 0 && i < n; i++) {
		size_t number;

		if (nipfs__path_map_has(&remote->kept, &paths[i]))
			continue;
		r = nipfs__daemon_add_temp_root(remote->talk, &paths[i], err);
		if (r < 0)
			break;
		r = nipfs__path_map_put(&remote->kept, &paths[i], &number);
		if (r < 0)
			return nipfs__fail(err, r, "cannot keep so many temp roots: %s",
					   nipfs_err_text(r));
	}
	return r < 0 ? r : 0;
}

/* The daemon tells a collector that is running of temp roots, and of no others. */
static int register_root(struct nipfs_store *store, const struct nipfs_store_path *path,
			 const char *link, struct nipfs_error *err)
{
	const int r = nipfs__daemon_add_indirect_root(store->remote->talk, link, err);

	return r < 0 ? r : nipfs__daemon_add_temp_root(store->remote->talk, path, err);
}

static int add_signatures(struct nipfs_store *store, const struct nipfs_store_path *path,
			  const char *const *sigs, size_t n, struct nipfs_error *err)
{
	return nipfs__daemon_add_signatures(store->remote->talk, path, sigs, n, err);
}

/* Whether a connection can be of no use after this. */
static bool is_fatal(int r)
{
	return r == NIPFS_E_UNREACHABLE || r == NIPFS_E_INVALID || r == NIPFS_E_LIMIT ||
	       r == NIPFS_E_NOMEM || r == NIPFS_E_CANCELLED;
}

static int substitute(struct nipfs_store *store, const struct nipfs_store_path *paths, size_t n,
		      struct nipfs_error *err)
{
	for (size_t i = 0; i < n; i++) {
		struct nipfs_error why;
		int r = nipfs_cancel_check(err);

		if (r == 0)
			r = nipfs__daemon_ensure(store->remote->talk, &paths[i], &why);
		if (r < 0 && is_fatal(r)) {
			if (err && r != NIPFS_E_CANCELLED)
				*err = why;
			return r;
		}
		if (r < 0 && store->log)
			store->log(store->waiter.ctx, nipfs__slice_str(why.msg));
	}
	return 0;
}

static void close_remote(struct nipfs_store *store)
{
	struct nipfs__store_remote *remote = store->remote;

	if (!remote)
		return;
	nipfs__daemon_close(remote->upload);
	if (remote->judge != remote->talk)
		nipfs__daemon_close(remote->judge);
	nipfs__daemon_close(remote->talk);
	nipfs__path_map_release(&remote->kept);
	free(remote->listed);
	free(remote->uri);
	free(remote->child_env[0]);
	free(remote);
	store->remote = NULL;
}

const struct nipfs__store_backend nipfs__store_daemon = {
	.is_valid = is_valid,
	.query = query,
	.find_hash_part = find_hash_part,
	.referrers = referrers,
	.list = list,
	.read_begin = read_begin,
	.read_end = read_end,
	.refs = refs,
	.add_temp_roots = add_temp_roots,
	.register_root = register_root,
	.add_signatures = add_signatures,
	.substitute = substitute,
	/* an upload is all that its connection can be asked for until it ends */
	.max_placements = 1,
	.begin = nipfs__remote_begin,
	.sink = nipfs__remote_sink,
	.finish = nipfs__remote_finish,
	.commit = nipfs__remote_commit,
	.abort = nipfs__remote_abort,
	.add_tree = nipfs__remote_add_tree,
	.close = close_remote,
};
