/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A tree into a store behind Nix's daemon, which finds out its path (reference nix.md §4.5, op 7). */
#include <string.h>

#include "lib/nix/add_tree.h"
#include "lib/nix/store_daemon.h"
#include "multiformats/base/err.h"
#include "multiformats/base/slice.h"

static int send(void *ctx, const struct nipfs_span *bytes, struct nipfs_error *err)
{
	return nipfs__daemon_send(ctx, bytes->ptr, bytes->len, err);
}

/* The NAR goes out as it comes in, and is hashed; its last bytes only when all came. */
static int send_tree(struct nipfs__daemon *upload, nipfs__feed_fn *feed, void *ctx,
		     struct nipfs_nar_digest *out, struct nipfs_error *err)
{
	const struct nipfs_nar_output output = { send, upload };
	struct nipfs_tree_sink hash_sink, nar_sink, both;
	struct nipfs_tree_tee tee = { .sinks = { &hash_sink, &nar_sink }, .n = 2 };
	struct nipfs_nar_writer *nar = NULL;
	struct nipfs_nar_hash *hash;
	int r = nipfs_nar_hash_new(&hash, nipfs__slice(NULL, 0), 0, err);

	if (r < 0)
		return r;
	r = nipfs_nar_writer_new(&nar, &output, 0, err);
	if (r == 0) {
		hash_sink = nipfs_nar_hash_sink(hash);
		nar_sink = nipfs_nar_writer_sink(nar);
		both = nipfs_tree_tee_sink(&tee);
		r = feed(ctx, &both, err);
	}
	if (r == 0)
		r = nipfs_nar_hash_result(hash, out, err);
	if (r == 0)
		r = nipfs_nar_writer_finish(nar, NULL, err);
	nipfs_nar_writer_free(nar);
	nipfs_nar_hash_free(hash);
	return r;
}

/* Whether what the daemon made is what was sent; then it is kept until the store is closed. */
static int check(struct nipfs_store *store, const struct nipfs_path_info *want,
		 const struct nipfs_path_info *made, struct nipfs_error *err)
{
	int r;

	if (nipfs_store_path_compare(&made->path, &want->path) != 0 ||
	    memcmp(made->nar_hash, want->nar_hash, sizeof(want->nar_hash)) != 0)
		return nipfs__fail(err, NIPFS_E_MISMATCH,
				   "the daemon made '%s' of what should be '%s'", made->path.base,
				   want->path.base);
	r = nipfs_store_add_temp_roots(store, &want->path, 1, err);
	if (r >= 0)
		r = nipfs_store_is_valid(store, &want->path, err);
	if (r == 0)
		return nipfs__fail(err, NIPFS_E_NOTFOUND, "'%s' was collected at once",
				   want->path.base);
	return r < 0 ? r : 0;
}

static int end(struct nipfs_store *store, struct nipfs__daemon *upload,
	       const struct nipfs_path_info *want, struct nipfs_error *err)
{
	struct nipfs_path_info made;
	int r = nipfs__daemon_add_end(upload, &made, err);

	if (r < 0)
		return r;
	r = check(store, want, &made, err);
	nipfs_path_info_release(&made);
	return r;
}

int nipfs__remote_add_tree(struct nipfs_store *store, const char *name, nipfs__feed_fn *feed,
			   void *ctx, struct nipfs_added_tree *out, struct nipfs_error *err)
{
	struct nipfs_path_info want = NIPFS_PATH_INFO_INIT;
	struct nipfs__daemon *upload;
	struct nipfs_nar_digest digest;
	int r = nipfs__remote_upload(store, &upload, err);

	if (r == 0)
		r = nipfs__daemon_add_begin(upload, name, "fixed:r:sha256", NULL, 0, err);
	if (r < 0)
		return r;
	r = send_tree(upload, feed, ctx, &digest, err);
	if (r == 0)
		r = nipfs__describe_tree(store, name, &digest, &want, err);
	if (r == 0)
		r = end(store, upload, &want, err);
	else
		nipfs__daemon_abort(upload);
	if (r == 0) {
		*out = (struct nipfs_added_tree){ .path = want.path, .nar_size = digest.size };
		memcpy(out->nar_hash, digest.sha256, sizeof(out->nar_hash));
	}
	nipfs_path_info_release(&want);
	return r;
}
