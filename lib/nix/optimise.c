/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A tree is walked, and each of its files made one with its like. */
#include "lib/nix/optimise.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nixipfs/disk.h>
#include <nixipfs/nar.h>
#include <nixipfs/progress.h>

#include "lib/disk/canon.h"
#include "lib/nix/links.h"
#include "multiformats/base/auto.h"
#include "multiformats/base/err.h"

/**
 * struct optimiser - a sink for the tree that is read at the same place
 * @dirs:  where it is
 * @begun: the root was there
 * @hash:  of the entry that is being read, as if it were a tree of its own
 */
struct optimiser {
	struct nipfs__links links;
	struct nipfs__dirs dirs;
	bool begun;
	struct nipfs_nar_hash *hash;
	struct nipfs_tree_sink hash_sink;
};

static int select_entry(struct optimiser *o, const struct nipfs_entry *entry,
			struct nipfs_error *err)
{
	if (!o->begun) {
		o->begun = true;
		return 0;
	}
	return nipfs__dirs_select(&o->dirs, entry->name, err);
}

static int on_enter(void *ctx, const struct nipfs_entry *entry, struct nipfs_error *err)
{
	struct optimiser *o = ctx;
	struct stat st;
	int r = select_entry(o, entry, err), fd;

	if (r < 0)
		return r;
	fd = nipfs__dirs_open(&o->dirs, O_RDONLY | O_DIRECTORY, 0);
	if (fd < 0)
		return nipfs__dirs_fail_errno(&o->dirs, err, "cannot open");
	if (fstat(fd, &st) == 0)
		return nipfs__dirs_push(&o->dirs, fd, &st, err);
	r = nipfs__dirs_fail_errno(&o->dirs, err, "cannot stat");
	(void)close(fd);
	return r;
}

/* What was linked into a folder has changed its time. */
static int on_leave(void *ctx, struct nipfs_error *err)
{
	struct optimiser *o = ctx;
	const bool changed = nipfs__dirs_top(&o->dirs)->first;
	int fd, r = nipfs__dirs_pop(&o->dirs, &fd, err);

	if (r < 0)
		return r;
	if (changed)
		r = nipfs__canon_seal(&o->dirs, fd, 0555, err);
	(void)close(fd);
	return r;
}

static int begin_hash(struct optimiser *o, const struct nipfs_entry *entry,
		      struct nipfs_entry *root, struct nipfs_error *err)
{
	const struct nipfs_slice none = { NULL, 0 };
	const int r = nipfs_nar_hash_new(&o->hash, none, 0, err);

	if (r == 0)
		o->hash_sink = nipfs_nar_hash_sink(o->hash);
	*root = *entry;
	root->name = none;
	return r;
}

static int share(struct optimiser *o, const struct nipfs_slice *target,
		 struct nipfs_error *err)
{
	struct nipfs_nar_digest digest;
	const int r = nipfs_nar_hash_result(o->hash, &digest, err);

	nipfs_nar_hash_free(o->hash);
	o->hash = NULL;
	return r < 0 ? r : nipfs__links_share(&o->links, &o->dirs, target, digest.sha256, err);
}

static int on_file(void *ctx, const struct nipfs_entry *entry, struct nipfs_error *err)
{
	struct optimiser *o = ctx;
	struct nipfs_entry root;
	int r = nipfs_cancel_check(err);

	if (r == 0)
		r = select_entry(o, entry, err);
	if (r == 0)
		r = begin_hash(o, entry, &root, err);
	return r < 0 ? r : o->hash_sink.file(o->hash_sink.ctx, &root, err);
}

static int on_bytes(void *ctx, const struct nipfs_span *bytes, struct nipfs_error *err)
{
	const struct optimiser *o = ctx;

	return o->hash_sink.bytes(o->hash_sink.ctx, bytes, err);
}

static int on_file_end(void *ctx, struct nipfs_error *err)
{
	struct optimiser *o = ctx;
	const int r = o->hash_sink.file_end(o->hash_sink.ctx, err);

	return r < 0 ? r : share(o, NULL, err);
}

static int on_symlink(void *ctx, const struct nipfs_entry *entry, struct nipfs_error *err)
{
	struct optimiser *o = ctx;
	struct nipfs_entry root;
	int r = select_entry(o, entry, err);

	if (r == 0)
		r = begin_hash(o, entry, &root, err);
	if (r == 0)
		r = o->hash_sink.symlink(o->hash_sink.ctx, &root, err);
	return r < 0 ? r : share(o, &entry->target, err);
}

int nipfs__optimise(int dirfd, const char *tree, const char *temp, struct nipfs_error *err)
{
	static const struct nipfs_tree_limits limits = NIPFS_TREE_LIMITS_NIX;
	nipfs_auto_fd int dir = openat(dirfd, ".links",
				       O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct optimiser o = { .links = { dirfd, dir, temp } };
	const struct nipfs_tree_sink sink = { .enter = on_enter,
					      .leave = on_leave,
					      .file = on_file,
					      .bytes = on_bytes,
					      .file_end = on_file_end,
					      .symlink = on_symlink,
					      .ctx = &o };
	int r;

	if (dir < 0)
		return nipfs__fail_errno(err, errno, "cannot open the store's folder .links");
	r = nipfs__dirs_init(&o.dirs, dirfd, tree);
	if (r < 0)
		return nipfs__fail_nomem(err);
	r = nipfs_disk_tree(dirfd, tree, NULL, &limits, &sink, err);
	nipfs_nar_hash_free(o.hash);
	nipfs__dirs_release(&o.dirs);
	return r;
}
