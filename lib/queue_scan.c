/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What was built on this machine and is not in the queue: put there. */
#include "lib/queue.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <nixipfs/progress.h>

#include "multiformats/base/auto.h"
#include "multiformats/base/err.h"

enum { LIST_AT_ONCE = 256, TIME_TEXT_MAX = 32 };

/* Marks of what left in the second of a scan, or just before, are kept. */
enum { SLACK_SECONDS = 2 };

/* ---- when the last one was -------------------------------------------------------------------- */

/* "scanned-" and a name for the store. */
static int stamp_name(const struct nipfs_store *store, char *out, size_t size,
		      struct nipfs_error *err)
{
	char name[NIPFS__ROOT_NAME_MAX];
	const int r = nipfs__root_name(store->env.real_store_dir, name, err);

	(void)snprintf(out, size, "scanned-%s", r < 0 ? "" : name);
	return r;
}

/* A stamp that makes no sense is none. */
static int read_stamp(const struct nipfs_queue *queue, const char *name, int64_t *out,
		      struct nipfs_error *err)
{
	nipfs_auto_buf struct nipfs_buf text = NIPFS_BUF_INIT(TIME_TEXT_MAX + 1);
	int r = nipfs__queue_get_file(queue->dirfd, name, TIME_TEXT_MAX - 1, &text, err);
	long long value;
	char *end;

	*out = 0;
	if (r == NIPFS_E_NOTFOUND || r == NIPFS_E_INVALID)
		return 0;
	if (r == 0)
		r = nipfs__buf_terminate(&text);
	if (r < 0)
		return r == NIPFS_E_NOMEM ? nipfs__fail_nomem(err) : r;
	errno = 0;
	value = strtoll((const char *)text.ptr, &end, 10);
	if (errno == 0 && value > 0 && strcmp(end, "\n") == 0)
		*out = value;
	return 0;
}

static int write_stamp(const struct nipfs_queue *queue, const char *name, int64_t when,
		       struct nipfs_error *err)
{
	char text[TIME_TEXT_MAX];

	(void)snprintf(text, sizeof(text), "%" PRId64 "\n", when);
	return nipfs__queue_put_file(queue->dirfd, name, nipfs__slice_str(text), err);
}

/* ---- looking --------------------------------------------------------------------------------- */

struct scan {
	struct nipfs_queue *queue;
	struct nipfs_store *store;
	const struct nipfs_queue_scan_options *options;
	int64_t since;
	struct nipfs_error *err;
};

/* Return: 1 it is wanted, 0 not, or a code. */
static int is_wanted(const struct scan *s, const struct nipfs_store_path *path)
{
	struct nipfs_path_info info = NIPFS_PATH_INFO_INIT;
	struct nipfs_queue_entry entry;
	char name[NIPFS__QUEUE_NAME_MAX];
	int r;

	if (nipfs_store_path_is_derivation(path))
		return 0;
	r = nipfs_store_query(s->store, path, &info, s->err);
	if (r == NIPFS_E_NOTFOUND)
		return 0;
	if (r < 0)
		return r;
	r = info.ultimate && info.registration_time >= s->since;
	nipfs_path_info_release(&info);
	if (r == 0)
		return 0;
	nipfs__queue_entry_make(&entry, &s->store->env, path, NIPFS_QUEUE_BY_SCAN);
	r = nipfs__queue_name(&entry, name, s->err);
	return r < 0 ? r : !nipfs__queue_has(s->queue->left, name);
}

static int look_at(const struct scan *s, const struct nipfs_store_path *path)
{
	int r = is_wanted(s, path);

	if (r == 1)
		r = nipfs_queue_add(s->queue, s->store, path, s->err);
	/* it was collected meanwhile */
	if (r == NIPFS_E_NOTFOUND)
		return 0;
	if (r == 1 && s->options->each)
		return s->options->each(s->options->ctx, path, s->err);
	return r < 0 ? r : 0;
}

static int look_at_all(const struct scan *s)
{
	struct nipfs_store_entry *found = calloc(LIST_AT_ONCE, sizeof(*found));
	int64_t cursor = 0;
	int n, r = 0;

	if (!found)
		return nipfs__fail_nomem(s->err);
	while (r == 0 &&
	       (n = nipfs_store_list(s->store, &cursor, found, LIST_AT_ONCE, s->err)) != 0) {
		r = n < 0 ? n : 0;
		for (int i = 0; r == 0 && i < n; i++) {
			r = look_at(s, &found[i].path);
			if (r == 0)
				r = nipfs_cancel_check(s->err);
		}
	}
	free(found);
	return r;
}

/* The next scan begins behind what left the queue before this one. */
static void forget_left(const struct nipfs_queue *queue, int64_t begun)
{
	const int fd = openat(queue->left, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *e;
	struct stat st;

	if (!dir) {
		nipfs__auto_close(&fd);
		return;
	}
	while ((e = readdir(dir)))
		if (e->d_name[0] != '.' &&
		    fstatat(queue->left, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    st.st_mtime < begun - SLACK_SECONDS)
			(void)unlinkat(queue->left, e->d_name, 0);
	(void)closedir(dir);
}

int nipfs_queue_scan(struct nipfs_queue *queue, struct nipfs_store *store,
		     const struct nipfs_queue_scan_options *options, struct nipfs_error *err)
{
	const int64_t begun = (int64_t)time(NULL);
	struct scan s = { queue, store, options, options->since, err };
	char name[NAME_MAX];
	int64_t last = 0;
	int r = nipfs__store_need_write(store, err);

	if (r == 0)
		r = stamp_name(store, name, sizeof(name), err);
	if (r == 0)
		r = read_stamp(queue, name, &last, err);
	if (!options->has_since)
		s.since = last;
	if (r == 0)
		r = look_at_all(&s);
	if (r == 0)
		r = nipfs__queue_sync(queue, err);
	/* What lies between the last scan and a later @since was not looked at. */
	if (r < 0 || s.since > last)
		return r;
	r = write_stamp(queue, name, begun, err);
	if (r == 0)
		forget_left(queue, begun);
	return r;
}

int nipfs_queue_add(struct nipfs_queue *queue, struct nipfs_store *store,
		    const struct nipfs_store_path *path, struct nipfs_error *err)
{
	nipfs_auto_free char *link = NULL;
	char name[NIPFS__QUEUE_NAME_MAX];
	struct nipfs_queue_entry entry;
	int r;

	nipfs__queue_entry_make(&entry, &store->env, path, NIPFS_QUEUE_BY_SCAN);
	r = nipfs__queue_name(&entry, name, err);
	if (r < 0 || nipfs__queue_has(queue->entries, name))
		return r;
	r = nipfs__queue_root(queue, name, &link, err);
	if (r == 0)
		r = nipfs_store_add_root(store, path, link, err);
	if (r == 0)
		r = nipfs__queue_write(queue, name, &entry, err);
	if (r < 0)
		(void)unlinkat(queue->roots, name, 0);
	return r < 0 ? r : 1;
}
