/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Locks beside the index. A writer that needs more than one transaction holds
 * the byte of its owner's number, so that others can tell it from one that died.
 */
#include <errno.h>
#include <fcntl.h>

#include "lib/blocks/index.h"
#include "multiformats/base/auto.h"
#include "multiformats/base/err.h"

/* The byte that is locked while tables are made; owners are numbered from 1. */
enum { MAKING = 0 };

static struct flock byte_lock(int64_t at, short type)
{
	return (struct flock){
		.l_type = type, .l_whence = SEEK_SET, .l_start = at, .l_len = 1
	};
}

static int lock_failed(struct nipfs_error *err)
{
	return nipfs__fail_errno(err, errno, "cannot lock the index");
}

int nipfs__index_open_lock(const struct nipfs_index *index, int *out,
			   struct nipfs_error *err)
{
	const int fd =
	    open(index->lock_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);

	if (fd < 0)
		return nipfs__fail_errno(err, errno, "cannot open '%s'",
					 index->lock_path);
	*out = fd;
	return 0;
}

int nipfs__index_lock_making(int fd, struct nipfs_error *err)
{
	struct flock lock = byte_lock(MAKING, F_WRLCK);

	while (fcntl(fd, F_OFD_SETLKW, &lock) < 0)
		if (errno != EINTR)
			return lock_failed(err);
	return 0;
}

int nipfs__index_lock_owner(int fd, int64_t owner, struct nipfs_error *err)
{
	struct flock lock = byte_lock(owner, F_WRLCK);

	return fcntl(fd, F_OFD_SETLK, &lock) < 0 ? lock_failed(err) : 0;
}

void nipfs__index_unlock_owner(int fd, int64_t owner)
{
	struct flock lock = byte_lock(owner, F_UNLCK);

	(void)fcntl(fd, F_OFD_SETLK, &lock);
}

/* Whether somebody else holds the lock; @fd must hold no locks itself. */
static bool is_alive(int fd, int64_t owner)
{
	struct flock lock = byte_lock(owner, F_WRLCK);

	return fcntl(fd, F_OFD_GETLK, &lock) < 0 || lock.l_type != F_UNLCK;
}

/* Those whose lock is free. One may have been finished since: it is deleted only while it
 * is open. */
static int bury(struct nipfs_index *index, int fd, const int64_t *owners, size_t n,
		uint64_t *removed, struct nipfs_error *err)
{
	int code = 0;

	for (size_t i = 0; i < n && code == 0; i++) {
		if (is_alive(fd, owners[i]))
			continue;
		code = nipfs__index_run_with(&index->db, NIPFS__INDEX_OWNER_BURY,
					     (uint64_t)owners[i], NULL, err);
		*removed += code == 0 && sqlite3_changes(index->db.sql.db) > 0;
	}
	return code;
}

int nipfs__index_bury(struct nipfs_index *index, uint64_t *removed,
		      struct nipfs_error *err)
{
	nipfs_auto_buf struct nipfs_buf owners = NIPFS_BUF_INIT(SIZE_MAX);
	nipfs_auto_fd int fd = -1;
	sqlite3_stmt *st = NULL;
	int code = nipfs__index_use(&index->db, NIPFS__INDEX_OWNERS_OPEN, &st, err);

	while (code == 0 && (code = nipfs__index_step(&index->db, st, err)) == 1) {
		const int64_t owner = sqlite3_column_int64(st, 0);

		code = nipfs__buf_put(&owners, &owner, sizeof(owner));
		if (code < 0) {
			(void)sqlite3_reset(st);
			return nipfs__fail_nomem(err);
		}
	}
	if (code < 0 || owners.len == 0)
		return code;
	/* opened anew: the locks of our own writers belong to the other descriptor */
	code = nipfs__index_open_lock(index, &fd, err);
	if (code < 0)
		return code;
	return bury(index, fd, (const int64_t *)(const void *)owners.ptr,
		    owners.len / sizeof(int64_t), removed, err);
}
