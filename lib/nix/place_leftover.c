/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an interrupted run left of a path: kept aside, to be read again. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "lib/nix/place.h"
#include "multiformats/base/err.h"
#include "multiformats/base/num.h"

/* Where a run may have left a tree: begun, kept aside by it, or renamed already. */
enum { PLACES = 3 };

static bool is_there(const struct nipfs_placement *p, const char *name)
{
	struct stat st;

	return fstatat(p->store->dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* ---- which one --------------------------------------------------------------------- */

static int count_dir(void *ctx, const struct nipfs_entry *entry, struct nipfs_error *err)
{
	(void)ctx;
	(void)entry;
	(void)err;
	return 0;
}

static int count_file(void *ctx, const struct nipfs_entry *entry, struct nipfs_error *err)
{
	uint64_t *sum = ctx;

	(void)err;
	if (nipfs__add_u64(*sum, entry->size, sum))
		*sum = UINT64_MAX;
	return 0;
}

static int count_bytes(void *ctx, const struct nipfs_span *bytes, struct nipfs_error *err)
{
	(void)ctx;
	(void)bytes;
	(void)err;
	return 0;
}

static int count_end(void *ctx, struct nipfs_error *err)
{
	(void)ctx;
	(void)err;
	return 0;
}

/* Bytes of the files of a tree, as far as it can be read. */
static uint64_t bytes_of(const struct nipfs_placement *p, const char *name)
{
	static const struct nipfs_disk_source_options options = { .no_bytes = true };
	static const struct nipfs_tree_limits limits = NIPFS_TREE_LIMITS_NIX;
	uint64_t sum = 0;
	const struct nipfs_tree_sink sink = { count_dir, count_end, count_file, count_bytes,
					      count_end, count_dir, &sum };
	const int as_far_as_it_went = nipfs_disk_tree(p->store->dirfd, name, &options, &limits,
						      &sink, NULL);

	(void)as_far_as_it_went;
	return sum;
}

/* The tree that was written furthest; NULL when there is none. */
static const char *choose(const struct nipfs_placement *p, const char *const *names)
{
	const char *best = NULL;
	uint64_t best_bytes = 0;
	size_t n = 0;

	for (size_t i = 0; i < PLACES; i++)
		if (is_there(p, names[i])) {
			best = best ? best : names[i];
			n++;
		}
	for (size_t i = 0; n > 1 && i < PLACES; i++) {
		const uint64_t bytes = is_there(p, names[i]) ? bytes_of(p, names[i]) : 0;

		if (bytes > best_bytes) {
			best = names[i];
			best_bytes = bytes;
		}
	}
	return best;
}

/* ---- keeping it -------------------------------------------------------------------- */

int nipfs__leftover_take(struct nipfs_placement *p, struct nipfs_error *err)
{
	const int dirfd = p->store->dirfd;
	const char *const names[PLACES] = { p->old_name, p->temp_name, p->info.path.base };
	const char *best;
	int r = 0;

	best = choose(p, names);
	for (size_t i = 0; r == 0 && i < PLACES; i++)
		if (names[i] != best)
			r = nipfs_disk_remove(dirfd, names[i], err);
	if (r < 0 || !best)
		return r;
	/* what can't be put aside is in the way */
	if (best != p->old_name && renameat(dirfd, best, dirfd, p->old_name) != 0)
		return nipfs_disk_remove(dirfd, best, err);
	p->has_leftover = true;
	return 0;
}

void nipfs__leftover_drop(struct nipfs_placement *p)
{
	/* What cannot be removed is left to the next who places this path. */
	if (p->has_leftover)
		p->has_leftover = nipfs_disk_remove(p->store->dirfd, p->old_name, NULL) < 0;
}

const char *nipfs__placement_leftover(const struct nipfs_placement *p, int *dirfd)
{
	*dirfd = p->store->dirfd;
	return p->has_leftover ? p->old_name : NULL;
}

void nipfs__placement_suspend(struct nipfs_placement *p)
{
	p->suspended = true;
	nipfs_placement_abort(p);
}
