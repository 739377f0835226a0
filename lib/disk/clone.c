/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bytes of one file become bytes of another without a copy, where the file system can. */
#include "lib/disk/clone.h"

#include <errno.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

/* Less is written as fast, and saves little room. What is shared begins at a block. */
enum { WORTH_IT_BYTES = 16 * 1024, FS_BLOCK_BYTES = 4096 };

/*
 * The bytes were checked in memory, and are taken from the file now: nobody may be able
 * to change it meanwhile who could not change the file that is written.
 */
static bool is_safe(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	       (st.st_uid == 0 || st.st_uid == geteuid()) &&
	       (st.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

bool nipfs__clone_range(bool *useless, int fd, uint64_t offset, const struct nipfs_span *bytes)
{
	struct file_clone_range range = { .src_length = bytes->len, .dest_offset = offset };

	if (*useless || bytes->fd < 0 || bytes->len < WORTH_IT_BYTES ||
	    bytes->offset % FS_BLOCK_BYTES || offset % FS_BLOCK_BYTES || !is_safe(bytes->fd))
		return false;
	range.src_fd = bytes->fd;
	range.src_offset = bytes->offset;
	if (ioctl(fd, FICLONERANGE, &range) == 0)
		return true;
	/* others may lie in another file system (EXDEV), or where they can be shared (EINVAL) */
	*useless = errno == EOPNOTSUPP || errno == ENOTTY || errno == ENOSYS || errno == EPERM;
	return false;
}
