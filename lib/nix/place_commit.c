/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Putting trees in their place in a store folder, and registering them. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/nix/drv_check.h"
#include "lib/nix/optimise.h"
#include "lib/nix/place.h"
#include "multiformats/base/err.h"

/* The other placements of a batch, and the store, are where a .drv file's inputs are. */
static int check_derivations(struct nipfs_placement *const *batch, size_t n,
			     struct nipfs__drv_outputs *outputs, struct nipfs_error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		if (nipfs_store_path_is_derivation(&batch[i]->info.path))
			r = nipfs__drv_check(batch[i]->store, &batch[i]->info.path,
					     &outputs[i], err);
	return r;
}

static int optimise_trees(struct nipfs_placement *const *batch, size_t n,
			  struct nipfs_error *err)
{
	const struct nipfs_store *store = batch[0]->store;
	int r = 0;

	for (size_t i = 0; r == 0 && store->settings.optimise && i < n; i++)
		r = nipfs__optimise(store->dirfd, batch[i]->temp_name, batch[i]->link_name, err);
	return r;
}

static int rename_tree(const struct nipfs_placement *p, struct nipfs_error *err)
{
	const int dirfd = p->store->dirfd;
	const char *to = p->info.path.base;
	struct stat st;
	int failed = 0;

	if (renameat2(dirfd, p->temp_name, dirfd, to, RENAME_NOREPLACE) != 0)
		failed = errno;
	/* A file system without it: the lock keeps everybody else away. */
	if (failed == EINVAL || failed == ENOSYS) {
		failed = 0;
		if (fstatat(dirfd, to, &st, AT_SYMLINK_NOFOLLOW) == 0)
			failed = EEXIST;
		else if (renameat(dirfd, p->temp_name, dirfd, to) != 0)
			failed = errno;
	}
	if (failed == ENOENT)
		return nipfs__fail(err, NIPFS_E_NOTFOUND, "the tree of '%s' was not written",
				   to);
	if (failed)
		return nipfs__fail_errno(err, failed, "cannot move '%s' to its place", to);
	return 0;
}

static int rename_trees(struct nipfs_placement *const *batch, size_t n,
			struct nipfs_error *err)
{
	const struct nipfs_store *store = batch[0]->store;
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		r = rename_tree(batch[i], err);
	/* A row that is there after a power failure must not name a tree that is not. */
	if (r == 0 && store->settings.sync && syncfs(store->dirfd) != 0)
		r = nipfs__fail_errno(err, errno, "cannot write '%s' to disk",
				      store->env.real_store_dir);
	return r;
}

static int register_paths(struct nipfs_placement *const *batch, size_t n,
			  const struct nipfs__drv_outputs *outputs, struct nipfs_error *err)
{
	struct nipfs__db *db = &batch[0]->store->db;
	int r = nipfs__db_begin(db, NIPFS__DB_BEGIN_WRITE, err);

	if (r < 0)
		return r;
	for (size_t i = 0; r >= 0 && i < n; i++)
		r = nipfs__db_register(db, &batch[i]->info, &outputs[i], err);
	return nipfs__db_end(db, r < 0 ? r : 0, err);
}

/* Only what is certainly not valid may go. */
static void remove_trees(struct nipfs_placement *const *batch, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct nipfs_placement *p = batch[i];
		int r = nipfs_disk_remove(p->store->dirfd, p->temp_name, NULL);

		if (nipfs_store_is_valid(p->store, &p->info.path, NULL) == 0)
			r = nipfs_disk_remove(p->store->dirfd, p->info.path.base, NULL);
		(void)r;
	}
}

int nipfs__local_commit(struct nipfs_placement **take_placements, size_t n,
			struct nipfs_error *err)
{
	struct nipfs__drv_outputs *outputs = calloc(n, sizeof(*outputs));
	int r;

	for (size_t i = 0; i < n; i++)
		take_placements[i]->committing = true;
	if (outputs)
		r = check_derivations(take_placements, n, outputs, err);
	else
		r = nipfs__fail_nomem(err);
	if (r == 0)
		r = optimise_trees(take_placements, n, err);
	if (r == 0)
		r = rename_trees(take_placements, n, err);
	if (r == 0)
		r = register_paths(take_placements, n, outputs, err);
	if (r < 0)
		remove_trees(take_placements, n);
	for (size_t i = 0; i < n; i++) {
		if (outputs)
			nipfs__drv_outputs_release(&outputs[i]);
		nipfs__local_end(take_placements[i]);
	}
	free(outputs);
	return r;
}
