/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All of a queue: listing it, and what is left in it of processes that were killed. */
#include "lib/queue.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <nixipfs/progress.h>

#include "lib/queue_entry.h"
#include "multiformats/base/auto.h"
#include "multiformats/base/err.h"

enum { OLD_SECONDS = 3600 };

/* ---- the files of a folder --------------------------------------------------------------- */

/* 0 goes on; the first other answer ends it and is returned. */
typedef int each_file(void *ctx, const char *name, struct nipfs_error *err);

static int walk(int dirfd, each_file *each, void *ctx, struct nipfs_error *err)
{
	const int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *e;
	int r = 0;

	if (!dir) {
		r = nipfs__fail_errno(err, errno, "cannot list the queue");
		nipfs__auto_close(&fd);
		return r;
	}
	while (r == 0) {
		errno = 0;
		e = readdir(dir);
		if (!e) {
			if (errno)
				r = nipfs__fail_errno(err, errno, "cannot list the queue");
			break;
		}
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			r = each(ctx, e->d_name, err);
		if (r == 0)
			r = nipfs_cancel_check(err);
	}
	(void)closedir(dir);
	return r;
}

/* ---- entries ------------------------------------------------------------------------------ */

/* Return: 0; 1 it is gone; NIPFS_E_INVALID it is none; or another code with a message. */
static int read_entry(const struct nipfs_queue *queue, const char *name, struct nipfs_buf *text,
		      struct nipfs_queue_entry *out, struct nipfs_error *err)
{
	char right[NIPFS__QUEUE_NAME_MAX];
	int r = nipfs__queue_get_file(queue->entries, name, NIPFS__QUEUE_ENTRY_MAX, text, err);

	if (r == NIPFS_E_NOTFOUND)
		return 1;
	if (r == 0)
		r = nipfs__queue_entry_decode(nipfs__buf_slice(text), out);
	if (r < 0)
		return r == NIPFS_E_LIMIT ? NIPFS_E_INVALID : r;
	r = nipfs__queue_name(out, right, err);
	if (r == 0 && strcmp(right, name) != 0)
		return NIPFS_E_INVALID;
	out->has_root = nipfs__queue_has(queue->roots, name);
	return r;
}

struct item {
	int64_t queued;
	char name[NIPFS__QUEUE_NAME_MAX];
};

struct list {
	struct nipfs_queue *queue;
	struct item *items;
	size_t n, cap;
	struct nipfs_buf text;
	struct nipfs_queue_entry *entry;
	int (*damaged)(void *ctx, const char *file, struct nipfs_error *err);
	void *ctx;
};

static int add_item(struct list *list, const char *name, int64_t queued, struct nipfs_error *err)
{
	if (list->n == list->cap) {
		const size_t more = list->cap ? list->cap * 2 : 64;
		struct item *items = reallocarray(list->items, more, sizeof(*items));

		if (!items)
			return nipfs__fail_nomem(err);
		list->items = items;
		list->cap = more;
	}
	list->items[list->n].queued = queued;
	(void)memccpy(list->items[list->n].name, name, '\0', NIPFS__QUEUE_NAME_MAX);
	list->n++;
	return 0;
}

static int look_at_file(void *ctx, const char *name, struct nipfs_error *err)
{
	struct list *list = ctx;
	int r;

	/* on its way to become one */
	if (name[0] == '.')
		return 0;
	r = read_entry(list->queue, name, &list->text, list->entry, err);
	if (r == NIPFS_E_INVALID)
		return list->damaged ? list->damaged(list->ctx, name, err) : 0;
	if (r != 0)
		return r == 1 ? 0 : r;
	return add_item(list, name, list->entry->queued, err);
}

static int compare(const void *a, const void *b)
{
	const struct item *x = a, *y = b;

	if (x->queued != y->queued)
		return x->queued < y->queued ? -1 : 1;
	return strcmp(x->name, y->name);
}

static int tell(struct list *list,
		int (*each)(void *ctx, const struct nipfs_queue_entry *entry,
			    struct nipfs_error *err),
		struct nipfs_error *err)
{
	int r = 0;

	if (list->n)
		qsort(list->items, list->n, sizeof(*list->items), compare);
	for (size_t i = 0; r == 0 && i < list->n; i++) {
		r = read_entry(list->queue, list->items[i].name, &list->text, list->entry, err);
		if (r == 0)
			r = each(list->ctx, list->entry, err);
		else if (r == 1 || r == NIPFS_E_INVALID)
			r = 0;
		if (r == 0)
			r = nipfs_cancel_check(err);
	}
	return r;
}

int nipfs_queue_list(struct nipfs_queue *queue,
		     int (*each)(void *ctx, const struct nipfs_queue_entry *entry,
				 struct nipfs_error *err),
		     int (*damaged)(void *ctx, const char *file, struct nipfs_error *err),
		     void *ctx, struct nipfs_error *err)
{
	struct list list = { .queue = queue,
			     .text = NIPFS_BUF_INIT(NIPFS__QUEUE_ENTRY_MAX + 1),
			     .entry = malloc(sizeof(*list.entry)),
			     .damaged = damaged,
			     .ctx = ctx };
	int r = list.entry ? walk(queue->entries, look_at_file, &list, err) : nipfs__fail_nomem(err);

	if (r == 0)
		r = tell(&list, each, err);
	nipfs__buf_release(&list.text);
	free(list.entry);
	free(list.items);
	return r;
}

/* ---- what is left behind ------------------------------------------------------------------- */

struct sweep {
	struct nipfs_queue *queue;
	int dirfd;
};

static bool is_old(int dirfd, const char *name)
{
	struct stat st;

	return fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       st.st_ctime < time(NULL) - OLD_SECONDS;
}

static int sweep_temporary(void *ctx, const char *name, struct nipfs_error *err)
{
	const struct sweep *s = ctx;

	(void)err;
	if (name[0] == '.' && is_old(s->dirfd, name))
		(void)unlinkat(s->dirfd, name, 0);
	return 0;
}

/* A root comes before its entry, and leaves before it. */
static int sweep_root(void *ctx, const char *name, struct nipfs_error *err)
{
	const struct sweep *s = ctx;

	(void)err;
	if (!nipfs__queue_has(s->queue->entries, name) && is_old(s->dirfd, name))
		(void)unlinkat(s->dirfd, name, 0);
	return 0;
}

int nipfs_queue_sweep(struct nipfs_queue *queue, struct nipfs_error *err)
{
	struct sweep entries = { queue, queue->entries }, roots = { queue, queue->roots },
		     top = { queue, queue->dirfd };
	int r = walk(queue->entries, sweep_temporary, &entries, err);

	if (r == 0)
		r = walk(queue->dirfd, sweep_temporary, &top, err);
	return r == 0 ? walk(queue->roots, sweep_root, &roots, err) : r;
}
