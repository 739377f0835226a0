/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opening and closing the index. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/blocks/index.h"
#include "multiformats/base/auto.h"
#include "multiformats/base/err.h"
#include "multiformats/base/slice.h"

uint64_t nipfs__index_block_key(const struct nipfs_cid *cid)
{
	uint64_t key = 0;

	for (int i = 0; i < 8; i++)
		key = key << 8 | cid->digest[i];
	return key >> 1;
}

/* Makes a folder and those above it; @dir is changed and changed back. */
static int make_folders(char *dir, struct nipfs_error *err)
{
	const mode_t mode = geteuid() == 0 ? 0755 : 0700;

	for (char *at = strchr(dir + 1, '/');; at = strchr(at + 1, '/')) {
		int r;

		if (at)
			*at = 0;
		r = mkdir(dir, mode) < 0 && errno != EEXIST ? errno : 0;
		if (r)
			(void)nipfs__fail_errno(err, r, "cannot make the folder '%s'",
						dir);
		if (at)
			*at = '/';
		if (r)
			return NIPFS_E_SYS;
		if (!at)
			return 0;
	}
}

static int name_file(const char *dir, const char *name, char **out)
{
	struct nipfs_buf b = NIPFS_BUF_INIT(SIZE_MAX);

	if (nipfs__buf_printf(&b, "%s/%s", dir, name) < 0 ||
	    nipfs__buf_terminate(&b) < 0) {
		nipfs__buf_release(&b);
		return NIPFS_E_NOMEM;
	}
	*out = (char *)b.ptr;
	return 0;
}

static int open_existing(struct nipfs_index *index, struct nipfs_error *err)
{
	if (access(index->path, F_OK) < 0 && errno == ENOENT)
		return nipfs__fail(err, NIPFS_E_NOTFOUND, "there is no index '%s'",
				   index->path);
	return nipfs__index_connect(&index->db, index->path, err);
}

static int open_or_make(struct nipfs_index *index, struct nipfs_error *err)
{
	nipfs_auto_fd int fd = -1;
	uint64_t buried = 0;
	int code = open_existing(index, NULL);

	if (code < 0) {
		/* a lock that closing gives back */
		code = nipfs__index_open_lock(index, &fd, err);
		if (code == 0)
			code = nipfs__index_lock_making(fd, err);
		if (code == 0)
			code = nipfs__index_connect_new(&index->db, index->path, err);
	}
	return code < 0 ? code : nipfs__index_bury(index, &buried, err);
}

static int open_all(struct nipfs_index *index, char *dir, bool create,
		    struct nipfs_error *err)
{
	int code;

	if (name_file(dir, "index.sqlite", &index->path) < 0 ||
	    name_file(dir, "index.lock", &index->lock_path) < 0)
		return nipfs__fail_nomem(err);
	if (!create)
		return open_existing(index, err);
	code = make_folders(dir, err);
	return code < 0 ? code : open_or_make(index, err);
}

int nipfs_index_open(struct nipfs_index **out, const char *state_dir, bool create,
		     struct nipfs_error *err)
{
	struct nipfs_index *index = calloc(1, sizeof(*index));
	char *dir = NULL;
	int code = 0;

	if (!index)
		return nipfs__fail_nomem(err);
	index->lock_fd = -1;
	nipfs__index_queue_init(&index->queue);
	if (!state_dir)
		code = nipfs_state_dir(&dir, err);
	else if (!(dir = strdup(state_dir)))
		code = nipfs__fail_nomem(err);
	if (code == 0 && !*dir)
		code = nipfs__fail(err, NIPFS_E_USAGE,
				   "the name of the state folder is empty");
	if (code == 0)
		code = open_all(index, dir, create, err);
	free(dir);
	if (code < 0)
		nipfs_index_close(index);
	else
		*out = index;
	return code;
}

void nipfs_index_close(struct nipfs_index *index)
{
	if (!index)
		return;
	nipfs__index_queue_release(index);
	nipfs__index_disconnect(&index->db);
	if (index->lock_fd >= 0)
		(void)close(index->lock_fd);
	free(index->path);
	free(index->lock_path);
	free(index);
}
