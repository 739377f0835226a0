/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hard links between equal files of a store, by way of its folder .links. */
#include "lib/nix/links.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nixipfs/disk.h>
#include <nixipfs/nar.h>

#include "lib/disk/canon.h"
#include "lib/nix/base32.h"
#include "multiformats/base/err.h"

enum { DIGEST_BYTES = 32, TRIES = 8 };

/* What may be linked, and the name of its link. */
struct candidate {
	const struct nipfs__links *links;
	struct nipfs__dirs *dirs;
	const struct nipfs_slice *target;
	const uint8_t *digest;
	struct stat st;
	char name[NIPFS__BASE32_LEN(DIGEST_BYTES) + 1];
};

/* What stands in .links under a name. */
enum found { SAME, OTHER, GONE };

/* A folder is full, a file has too many links, a collector was there, or links are not
 * allowed: then the file stays as it is. */
static bool is_tolerable(int error)
{
	return error == ENOSPC || error == EDQUOT || error == EMLINK || error == ENOENT ||
	       error == EPERM || error == EXDEV;
}

static int fail(const struct candidate *c, struct nipfs_error *err)
{
	return nipfs__dirs_fail_errno(c->dirs, err, "cannot link with its like");
}

static bool looks_same(const struct stat *a, const struct stat *b)
{
	return a->st_mode == b->st_mode && a->st_uid == b->st_uid && a->st_size == b->st_size &&
	       b->st_mtim.tv_sec == nipfs__canon_times[1].tv_sec;
}

static bool has_target(const struct candidate *c)
{
	char there[PATH_MAX];
	const ssize_t n = readlinkat(c->links->dir, c->name, there, sizeof(there));

	return n > 0 && (size_t)n == c->target->len &&
	       memcmp(there, c->target->ptr, c->target->len) == 0;
}

/* The NAR of what is in .links: 0 with its hash, or why it can't be had. */
static int hash_link(const struct candidate *c, struct nipfs_nar_digest *out,
		     struct nipfs_error *err)
{
	static const struct nipfs_tree_limits limits = NIPFS_TREE_LIMITS_NIX;
	const struct nipfs_slice no_self = { NULL, 0 };
	struct nipfs_nar_hash *hash;
	int r = nipfs_nar_hash_new(&hash, no_self, 0, err);

	if (r == 0) {
		const struct nipfs_tree_sink sink = nipfs_nar_hash_sink(hash);

		r = nipfs_disk_tree(c->links->dir, c->name, NULL, &limits, &sink, err);
		if (r == 0)
			r = nipfs_nar_hash_result(hash, out, err);
		nipfs_nar_hash_free(hash);
	}
	return r;
}

static int compare_bytes(const struct candidate *c, struct nipfs_error *err)
{
	struct nipfs_error why = { .code = 0 };
	struct nipfs_nar_digest digest;
	const int r = hash_link(c, &digest, &why);

	if (r == 0)
		return memcmp(digest.sha256, c->digest, DIGEST_BYTES) == 0 ? SAME : OTHER;
	if (r == NIPFS_E_NOTFOUND)
		return GONE;
	if (r == NIPFS_E_CHANGED || (r == NIPFS_E_SYS && why.sys_errno == EIO))
		return OTHER;
	if (err)
		*err = why;
	return r;
}

/* Return: an enum found, with the link's @st unless it is gone, or a code. */
static int examine(const struct candidate *c, struct stat *st, struct nipfs_error *err)
{
	if (fstatat(c->links->dir, c->name, st, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT ? GONE : fail(c, err);
	if (!looks_same(&c->st, st))
		return OTHER;
	if (c->target)
		return has_target(c) ? SAME : OTHER;
	return compare_bytes(c, err);
}

/* Whoever is not root may change only folders that are writable. */
static void open_folder(struct nipfs__dirs *dirs)
{
	struct nipfs__dir *dir;

	if (dirs->depth == 0)
		return;
	dir = nipfs__dirs_top(dirs);
	/* where this fails, and matters, the renaming says so */
	if (fchmod(dir->fd, 0755) == 0)
		dir->first = 1;
}

/* A link under the temporary name: 1 there it is, 0 there can't be one, or a code. */
static int link_to_temp(const struct candidate *c, struct nipfs_error *err)
{
	const struct nipfs__links *l = c->links;

	/* what is in the way was left by a run that was killed */
	if (linkat(l->dir, c->name, l->store, l->temp, 0) == 0 ||
	    (errno == EEXIST && unlinkat(l->store, l->temp, 0) == 0 &&
	     linkat(l->dir, c->name, l->store, l->temp, 0) == 0))
		return 1;
	return is_tolerable(errno) ? 0 : fail(c, err);
}

/* Puts what was examined in the place of the file: 0 done with it, 1 try again, or a code. */
static int replace(const struct candidate *c, const struct stat *link,
		   struct nipfs_error *err)
{
	const struct nipfs__links *l = c->links;
	struct stat st;
	int r = link_to_temp(c, err);

	if (r != 1)
		return r;
	if (fstatat(l->store, l->temp, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    st.st_dev == link->st_dev && st.st_ino == link->st_ino) {
		open_folder(c->dirs);
		if (renameat(l->store, l->temp, nipfs__dirs_fd(c->dirs),
			     nipfs__dirs_name(c->dirs)) == 0)
			return 0;
		r = is_tolerable(errno) ? 0 : fail(c, err);
	}
	(void)unlinkat(l->store, l->temp, 0);
	return r;
}

/* Return: 0 done with it, 1 try again, or a code. */
static int try_to_share(const struct candidate *c, struct nipfs_error *err)
{
	struct stat link;
	int found;

	if (linkat(nipfs__dirs_fd(c->dirs), nipfs__dirs_name(c->dirs), c->links->dir, c->name,
		   0) == 0)
		return 0;
	if (errno != EEXIST)
		return is_tolerable(errno) ? 0 : fail(c, err);
	found = examine(c, &link, err);
	if (found < 0 || found == GONE)
		return found < 0 ? found : 1;
	if (found == SAME && link.st_dev == c->st.st_dev && link.st_ino == c->st.st_ino)
		return 0;
	if (found == SAME)
		return replace(c, &link, err);
	/* it is not what its name says: whoever has it keeps it, and nobody else gets it */
	if (unlinkat(c->links->dir, c->name, 0) != 0 && errno != ENOENT)
		return fail(c, err);
	return 1;
}

int nipfs__links_share(const struct nipfs__links *l, struct nipfs__dirs *dirs,
		       const struct nipfs_slice *target, const uint8_t *digest,
		       struct nipfs_error *err)
{
	struct candidate c = { .links = l, .dirs = dirs, .target = target, .digest = digest };
	int r = 1;

	if (fstatat(nipfs__dirs_fd(dirs), nipfs__dirs_name(dirs), &c.st,
		    AT_SYMLINK_NOFOLLOW) != 0)
		return fail(&c, err);
	(void)nipfs__base32_encode((struct nipfs_slice){ digest, DIGEST_BYTES }, c.name);
	/* others who never leave the link alone must not keep us here */
	for (int i = 0; r == 1 && i < TRIES; i++)
		r = try_to_share(&c, err);
	return r < 0 ? r : 0;
}
