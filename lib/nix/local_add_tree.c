/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A tree into a store folder. Its path follows from its content, so it is written
 * under a random hash part, which has a temp root of its own, until that is known,
 * and takes its place as any other path does.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "lib/nix/add_tree.h"
#include "lib/nix/place.h"
#include "multiformats/base/err.h"
#include "multiformats/base/slice.h"

static int choose_temp(struct nipfs_store *store, struct nipfs_store_path *out,
		       struct nipfs_error *err)
{
	uint8_t random[NIPFS_STORE_HASH_BYTES];
	int r;

	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return nipfs__fail_errno(err, errno, "cannot get random bytes");
	r = nipfs_store_path_from_digest(random, nipfs__slice_str("nixipfs.tmp"), out, err);
	return r < 0 ? r : nipfs__temp_roots_add(&store->roots, out, 1, err);
}

/* Writes the tree as @temp and hashes its NAR. */
static int write_tree(struct nipfs_store *store, const struct nipfs_store_path *temp,
		      nipfs__feed_fn *feed, void *ctx, struct nipfs_nar_digest *out,
		      struct nipfs_error *err)
{
	const struct nipfs_disk_sink_options style = nipfs__local_style(store);
	struct nipfs_tree_sink hash_sink, disk_sink, both;
	struct nipfs_tree_tee tee = { .sinks = { &hash_sink, &disk_sink }, .n = 2 };
	struct nipfs_disk_sink *disk = NULL;
	struct nipfs_nar_hash *hash;
	int r = nipfs_nar_hash_new(&hash, nipfs__slice(NULL, 0), 0, err);

	if (r < 0)
		return r;
	r = nipfs_disk_sink_new(&disk, store->dirfd, temp->base, &style, err);
	if (r == 0) {
		hash_sink = nipfs_nar_hash_sink(hash);
		disk_sink = nipfs_disk_sink(disk);
		both = nipfs_tree_tee_sink(&tee);
		r = feed(ctx, &both, err);
	}
	if (r == 0)
		r = nipfs_disk_sink_finish(disk, err);
	if (r == 0)
		r = nipfs_nar_hash_result(hash, out, err);
	nipfs_disk_sink_free(disk);
	nipfs_nar_hash_free(hash);
	return r;
}

/* With the lock of the path: what was written becomes what the placement would have written. */
static int hand_over(struct nipfs_placement *p, const struct nipfs_store_path *temp,
		     struct nipfs_error *err)
{
	nipfs_disk_sink_free(p->disk);
	p->disk = NULL;
	if (renameat(p->store->dirfd, temp->base, p->store->dirfd, p->temp_name) != 0)
		return nipfs__fail_errno(err, errno, "cannot move '%s' to its place",
					 p->info.path.base);
	return 0;
}

static int place(struct nipfs_store *store, const struct nipfs_path_info *info,
		 const struct nipfs_store_path *temp, bool *known, struct nipfs_error *err)
{
	struct nipfs_placement *p;
	int r = nipfs__local_begin(store, info, &p, NULL, err);

	*known = r == NIPFS_PLACEMENT_VALID;
	if (r != 0)
		return r < 0 ? r : 0;
	r = hand_over(p, temp, err);
	if (r == 0)
		return nipfs__local_commit(&p, 1, err);
	nipfs__local_abort(p);
	return r;
}

int nipfs__local_add_tree(struct nipfs_store *store, const char *name, nipfs__feed_fn *feed,
			  void *ctx, struct nipfs_added_tree *out, struct nipfs_error *err)
{
	struct nipfs_path_info info = NIPFS_PATH_INFO_INIT;
	struct nipfs_nar_digest digest;
	struct nipfs_store_path temp;
	bool known;
	int r = choose_temp(store, &temp, err), removed;

	if (r < 0)
		return r;
	r = write_tree(store, &temp, feed, ctx, &digest, err);
	if (r == 0)
		r = nipfs__describe_tree(store, name, &digest, &info, err);
	if (r == 0)
		r = place(store, &info, &temp, &known, err);
	/* when the path was valid already, or something failed */
	removed = nipfs_disk_remove(store->dirfd, temp.base, NULL);
	(void)removed;
	if (r == 0) {
		*out = (struct nipfs_added_tree){ .path = info.path,
						  .nar_size = info.nar_size,
						  .known = known };
		memcpy(out->nar_hash, info.nar_hash, sizeof(out->nar_hash));
	}
	nipfs_path_info_release(&info);
	return r;
}
