/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A tree that was not finished as block source. */
#include "lib/blocks/leftover.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nixipfs/unixfs.h>

#include "lib/blocks/spots.h"
#include "lib/blocks/wants.h"
#include "lib/disk/beneath.h"
#include "multiformats/base/err.h"

/* Memory of the table of blocks; of a path. */
enum { TABLE_BYTES = 4 * 1024 * 1024, PATH_BYTES_MAX = 1 << 16 };

/*
 * @dirfd: borrowed
 * @fd:    the file that was read last, or -1
 * @path:  which one
 * @block: the bytes that were given out last
 */
struct leftover {
	struct nipfs_block_source source;
	int dirfd;
	struct nipfs__spots spots;
	struct nipfs__wants wants;
	int fd;
	uint64_t path;
	struct nipfs_buf name, block;
	char tree[];
};

static struct leftover *of(struct nipfs_block_source *self)
{
	return (struct leftover *)(void *)self;
}

/* Whether the tree is one that this user made and nobody else could write to. */
static bool is_own(const struct leftover *l)
{
	struct stat st;

	return fstatat(l->dirfd, l->tree, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       (S_ISDIR(st.st_mode) || S_ISREG(st.st_mode)) && st.st_uid == geteuid() &&
	       (st.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

/* Without a table the source has nothing, and all is well. */
static int record_tree(struct leftover *l, const struct nipfs_progress *progress,
		       struct nipfs_error *err)
{
	const int code =
	    nipfs__spots_add_tree(&l->spots, l->dirfd, l->tree, progress, err);

	if (code == 0 || code == NIPFS_E_NOMEM || code == NIPFS_E_CANCELLED)
		return code;
	nipfs__spots_release(&l->spots);
	return nipfs__spots_init(&l->spots, TABLE_BYTES, err);
}

/* ---- giving out blocks ----------------------------------------------------------- */

/* Makes the file of a spot the open one. Return: 0, or 1 when it can't be. */
static int open_file(struct leftover *l, uint64_t path)
{
	int fd;

	if (l->fd >= 0 && l->path == path)
		return 0;
	if (nipfs__spots_get_path(&l->spots, path, &l->name, NULL) < 0 ||
	    nipfs__beneath_open(l->dirfd, (const char *)l->name.ptr, &fd, NULL) < 0)
		return 1;
	if (l->fd >= 0)
		(void)close(l->fd);
	l->fd = fd;
	l->path = path;
	return 0;
}

/* Return: 0, or 1 when the file has no such bytes any more. */
static int read_bytes(const struct leftover *l, uint64_t offset, uint8_t *out, size_t n)
{
	for (size_t done = 0; done < n;) {
		const ssize_t got = pread(l->fd, out + done, n - done, (off_t)(offset + done));

		if (got == 0 || (got < 0 && errno != EINTR))
			return 1;
		done += got > 0 ? (size_t)got : 0;
	}
	return 0;
}

/* Return: 0 with the bytes in l->block, 1, or NIPFS_E_NOMEM. */
static int read_spot(struct leftover *l, const struct nipfs__spot *spot)
{
	uint8_t *room;

	nipfs__buf_clear(&l->block);
	if (nipfs__buf_put_slice(&l->block, spot->prefix) < 0 ||
	    nipfs__buf_extend(&l->block, spot->len, &room) < 0)
		return NIPFS_E_NOMEM;
	if (open_file(l, spot->path) != 0 || read_bytes(l, spot->offset, room, spot->len) != 0)
		return 1;
	return nipfs__buf_put_slice(&l->block, spot->suffix) < 0 ? NIPFS_E_NOMEM : 0;
}

static int leftover_want(struct nipfs_block_source *self, const struct nipfs_want *wants,
			 size_t n, struct nipfs_error *err)
{
	return nipfs__wants_add(&of(self)->wants, wants, n, err);
}

static int leftover_next(struct nipfs_block_source *self, struct nipfs_block *out,
			 struct nipfs_error *err)
{
	struct leftover *l = of(self);
	struct nipfs__wanted *item = l->wants.first[0];
	struct nipfs__spot spot;
	struct nipfs_cid cid;
	int code;

	if (!item)
		return 1;
	nipfs__wanted_cid(item, &cid);
	nipfs__wants_remove(&l->wants, item);
	code = nipfs__spots_find(&l->spots, &cid, &spot, err);
	if (code == 0)
		code = read_spot(l, &spot);
	if (code == NIPFS_E_NOMEM)
		return nipfs__fail_nomem(err);
	if (code < 0)
		return code;
	if (code == 0 && nipfs_cid_verify(&cid, nipfs__buf_slice(&l->block)) < 0)
		code = 1;
	*out = (struct nipfs_block){ .cid = cid,
				     .status = code == 0 ? 0 : NIPFS_E_NOTFOUND,
				     .verified = code == 0,
				     .bytes = { .fd = -1 } };
	if (code == 0) {
		out->bytes.ptr = l->block.ptr;
		out->bytes.len = l->block.len;
	}
	return 0;
}

static void leftover_cancel(struct nipfs_block_source *self, const struct nipfs_cid *cid)
{
	nipfs__wants_remove(&of(self)->wants, nipfs__wants_find(&of(self)->wants, cid));
}

static void leftover_free(struct nipfs_block_source *self)
{
	struct leftover *l = of(self);

	nipfs__spots_release(&l->spots);
	nipfs__wants_release(&l->wants);
	nipfs__buf_release(&l->name);
	nipfs__buf_release(&l->block);
	if (l->fd >= 0)
		(void)close(l->fd);
	free(l);
}

static const struct nipfs_block_source_ops leftover_ops = { leftover_want, leftover_next,
							    leftover_cancel, leftover_free,
							    NULL };

int nipfs__leftover_source_new(struct nipfs_block_source **out, int dirfd, const char *name,
			       const struct nipfs_progress *progress, struct nipfs_error *err)
{
	const size_t len = strlen(name);
	struct leftover *l = calloc(1, sizeof(*l) + len + 1);
	int code;

	if (!l)
		return nipfs__fail_nomem(err);
	memcpy(l->tree, name, len + 1);
	l->source = (struct nipfs_block_source){ &leftover_ops, l->tree };
	l->dirfd = dirfd;
	l->fd = -1;
	l->name = (struct nipfs_buf)NIPFS_BUF_INIT(PATH_BYTES_MAX);
	l->block = (struct nipfs_buf)NIPFS_BUF_INIT(NIPFS_BLOCK_MAX);
	code = nipfs__spots_init(&l->spots, TABLE_BYTES, err);
	if (code == 0)
		code = nipfs__wants_init(&l->wants, err);
	if (code == 0 && is_own(l))
		code = record_tree(l, progress, err);
	if (code < 0) {
		leftover_free(&l->source);
		return code;
	}
	*out = &l->source;
	return 0;
}
