/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The queue's folder: opening it, and one entry at a time. */
#include "lib/queue.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <nixipfs/index.h>

#include "lib/nix/path_text.h"
#include "lib/queue_entry.h"
#include "multiformats/base/auto.h"
#include "multiformats/base/err.h"

/* Between failures of an entry. */
enum { FIRST_PAUSE_SECONDS = 60, LAST_PAUSE_SECONDS = 6 * 3600 };

/* ---- small files --------------------------------------------------------------------- */

static int write_all(int fd, struct nipfs_slice text)
{
	while (text.len) {
		const ssize_t n = write(fd, text.ptr, text.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		text = nipfs__slice_skip(text, (size_t)n);
	}
	return fsync(fd);
}

int nipfs__queue_put_file(int dirfd, const char *name, struct nipfs_slice text,
			  struct nipfs_error *err)
{
	char temp[NAME_MAX];
	uint32_t random = 0;
	nipfs_auto_fd int fd = -1;
	int failed = 0;

	if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return nipfs__fail_errno(err, errno, "cannot get random bytes");
	(void)snprintf(temp, sizeof(temp), ".new-%ld-%lu", (long)getpid(), (unsigned long)random);
	fd = openat(dirfd, temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0)
		return nipfs__fail_errno(err, errno, "cannot make a file in the queue");
	if (write_all(fd, text) != 0 || renameat(dirfd, temp, dirfd, name) != 0) {
		failed = errno;
		(void)unlinkat(dirfd, temp, 0);
	}
	return failed ? nipfs__fail_errno(err, failed, "cannot write a file of the queue") : 0;
}

int nipfs__queue_get_file(int dirfd, const char *name, size_t max, struct nipfs_buf *out,
			  struct nipfs_error *err)
{
	nipfs_auto_fd int fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	uint8_t *room;

	if (fd < 0 && errno == ENOENT)
		return NIPFS_E_NOTFOUND;
	if (fd < 0 && errno == ELOOP)
		return NIPFS_E_INVALID;
	if (fd < 0 || fstat(fd, &st) != 0)
		return nipfs__fail_errno(err, errno, "cannot read the file '%s' of the queue", name);
	if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size > max)
		return NIPFS_E_INVALID;
	nipfs__buf_clear(out);
	if (nipfs__buf_extend(out, (size_t)st.st_size + 1, &room) < 0)
		return nipfs__fail_nomem(err);
	out->len--;
	if (pread(fd, room, (size_t)st.st_size, 0) != st.st_size)
		return nipfs__fail_errno(err, errno, "cannot read the file '%s' of the queue", name);
	return 0;
}

/* ---- opening ---------------------------------------------------------------------------- */

static int open_below(struct nipfs_queue *queue, const char *name, bool create, int *out,
		      struct nipfs_error *err)
{
	if (create && mkdirat(queue->dirfd, name, 0755) != 0 && errno != EEXIST)
		return nipfs__fail_errno(err, errno, "cannot make the folder '%s/%s'", queue->dir,
					 name);
	*out = openat(queue->dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (*out >= 0)
		return 0;
	return nipfs__fail_errno(err, errno, "cannot open the folder '%s/%s'", queue->dir, name);
}

static int open_all(struct nipfs_queue *queue, bool create, struct nipfs_error *err)
{
	nipfs_auto_free char *state = NULL;
	int r = nipfs_state_dir(&state, err);

	if (r == 0 && nipfs__path_join(state, "queue", &queue->dir) < 0)
		r = nipfs__fail(err, NIPFS_E_LIMIT, "the path '%s' is too long", state);
	if (r == 0 && create)
		r = nipfs__make_dirs(queue->dir, err);
	if (r < 0)
		return r;
	queue->dirfd = open(queue->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (queue->dirfd < 0 && errno == ENOENT)
		return nipfs__fail(err, NIPFS_E_NOTFOUND, "there is no queue '%s'", queue->dir);
	if (queue->dirfd < 0)
		return nipfs__fail_errno(err, errno, "cannot open the queue '%s'", queue->dir);
	/* who may only read it may do so as soon as the folder is there */
	create = create || access(queue->dir, W_OK) == 0;
	r = open_below(queue, "entries", create, &queue->entries, err);
	if (r == 0)
		r = open_below(queue, "roots", create, &queue->roots, err);
	if (r == 0)
		r = open_below(queue, "left", create, &queue->left, err);
	return r;
}

int nipfs_queue_open(struct nipfs_queue **out, bool create, struct nipfs_error *err)
{
	struct nipfs_queue *queue = malloc(sizeof(*queue));
	int r;

	if (!queue)
		return nipfs__fail_nomem(err);
	*queue = (struct nipfs_queue){ NULL, -1, -1, -1, -1, -1, -1 };
	r = open_all(queue, create, err);
	if (r < 0)
		nipfs_queue_close(queue);
	else
		*out = queue;
	return r;
}

void nipfs_queue_close(struct nipfs_queue *queue)
{
	if (!queue)
		return;
	nipfs__auto_close(&queue->watch);
	nipfs__auto_close(&queue->lock);
	nipfs__auto_close(&queue->left);
	nipfs__auto_close(&queue->roots);
	nipfs__auto_close(&queue->entries);
	nipfs__auto_close(&queue->dirfd);
	free(queue->dir);
	free(queue);
}

/* ---- entries ----------------------------------------------------------------------------- */

void nipfs__queue_entry_make(struct nipfs_queue_entry *out, const struct nipfs__store_env *env,
			     const struct nipfs_store_path *path, enum nipfs_queue_origin origin)
{
	*out = (struct nipfs_queue_entry){ .path = *path,
					   .origin = origin,
					   .queued = (int64_t)time(NULL) };
	(void)snprintf(out->store_dir, sizeof(out->store_dir), "%s", env->store_dir);
	(void)snprintf(out->real_dir, sizeof(out->real_dir), "%s", env->real_store_dir);
}

int nipfs__queue_name(const struct nipfs_queue_entry *entry, char *out, struct nipfs_error *err)
{
	char path[NIPFS_STORE_PATH_MAX];

	(void)nipfs_store_path_format(&entry->path, entry->real_dir, path);
	return nipfs__root_name(path, out, err);
}

bool nipfs__queue_has(int dirfd, const char *name)
{
	struct stat st;

	return fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

int nipfs__queue_root(const struct nipfs_queue *queue, const char *name, char **out,
		      struct nipfs_error *err)
{
	nipfs_auto_free char *below = NULL;

	if (asprintf(&below, "roots/%s", name) < 0) {
		below = NULL;
		return nipfs__fail_nomem(err);
	}
	if (nipfs__path_join(queue->dir, below, out) < 0)
		return nipfs__fail(err, NIPFS_E_LIMIT, "the path '%s' is too long", queue->dir);
	return 0;
}

int nipfs__queue_write(const struct nipfs_queue *queue, const char *name,
		       const struct nipfs_queue_entry *entry, struct nipfs_error *err)
{
	nipfs_auto_buf struct nipfs_buf text = NIPFS_BUF_INIT(NIPFS__QUEUE_ENTRY_MAX);
	const int r = nipfs__queue_entry_encode(entry, &text);

	if (r < 0)
		return nipfs__fail(err, r, "'%s/%s' cannot be queued: %s", entry->real_dir,
				   entry->path.base, nipfs_err_text(r));
	return nipfs__queue_put_file(queue->entries, name, nipfs__buf_slice(&text), err);
}

int nipfs__queue_sync(const struct nipfs_queue *queue, struct nipfs_error *err)
{
	if (fsync(queue->roots) != 0 || fsync(queue->entries) != 0)
		return nipfs__fail_errno(err, errno, "cannot sync the queue '%s'", queue->dir);
	return 0;
}

static int drop(int dirfd, const char *name, struct nipfs_error *err)
{
	if (unlinkat(dirfd, name, 0) == 0 || errno == ENOENT)
		return 0;
	return nipfs__fail_errno(err, errno, "cannot remove '%s' from the queue", name);
}

static int mark_left(const struct nipfs_queue *queue, const char *name, struct nipfs_error *err)
{
	nipfs_auto_fd int fd = openat(queue->left, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
				      0644);

	return fd < 0 ? nipfs__fail_errno(err, errno, "cannot make a file in the queue") : 0;
}

/*
 * Who changes an entry or removes it holds this for that moment, so that none comes back
 * that was removed. It ends with the returned descriptor.
 */
static int hold(const struct nipfs_queue *queue, struct nipfs_error *err)
{
	const int fd = openat(queue->entries, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (fd < 0)
		return nipfs__fail_errno(err, errno, "cannot open the queue '%s'", queue->dir);
	do
		r = flock(fd, LOCK_EX);
	while (r != 0 && errno == EINTR);
	if (r == 0)
		return fd;
	r = nipfs__fail_errno(err, errno, "cannot lock the queue '%s'", queue->dir);
	(void)close(fd);
	return r;
}

/*
 * The entry goes last: as long as it is there the path is not queued again, and so
 * no root is made that would be removed here.
 */
int nipfs_queue_remove(struct nipfs_queue *queue, const struct nipfs_queue_entry *entry,
		       struct nipfs_error *err)
{
	char name[NIPFS__QUEUE_NAME_MAX];
	int r = nipfs__queue_name(entry, name, err);

	nipfs_auto_fd int held = r == 0 ? hold(queue, err) : -1;

	if (r == 0 && held < 0)
		r = held;
	if (r == 0)
		r = mark_left(queue, name, err);
	if (r == 0)
		r = drop(queue->roots, name, err);
	return r == 0 ? drop(queue->entries, name, err) : r;
}

int nipfs_queue_unroot(struct nipfs_queue *queue, const struct nipfs_queue_entry *entry,
		       struct nipfs_error *err)
{
	char name[NIPFS__QUEUE_NAME_MAX];
	const int r = nipfs__queue_name(entry, name, err);

	return r < 0 ? r : drop(queue->roots, name, err);
}

static int change(const struct nipfs_queue *queue, const struct nipfs_queue_entry *entry,
		  struct nipfs_error *err)
{
	char name[NIPFS__QUEUE_NAME_MAX];
	nipfs_auto_fd int held = -1;
	int r = nipfs__queue_name(entry, name, err);

	if (r < 0)
		return r;
	held = hold(queue, err);
	if (held < 0)
		return held;
	return nipfs__queue_has(queue->entries, name) ? nipfs__queue_write(queue, name, entry, err)
						      : 0;
}

static int64_t pause_after(uint32_t tries)
{
	int64_t pause = FIRST_PAUSE_SECONDS;

	while (tries-- > 1 && pause < LAST_PAUSE_SECONDS)
		pause *= 2;
	return pause < LAST_PAUSE_SECONDS ? pause : LAST_PAUSE_SECONDS;
}

int nipfs_queue_failed(struct nipfs_queue *queue, const struct nipfs_queue_entry *entry,
		       const char *why, struct nipfs_error *err)
{
	struct nipfs_queue_entry failed = *entry;

	failed.tries += failed.tries < UINT32_MAX;
	failed.next = (int64_t)time(NULL) + pause_after(failed.tries);
	(void)snprintf(failed.why, sizeof(failed.why), "%s", why[0] ? why : "for no known reason");
	/* no control character gets into the file */
	for (char *c = failed.why; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
	return change(queue, &failed, err);
}

int nipfs_queue_retry(struct nipfs_queue *queue, const struct nipfs_queue_entry *entry,
		      struct nipfs_error *err)
{
	struct nipfs_queue_entry fresh = *entry;

	fresh.tries = 0;
	fresh.next = 0;
	fresh.why[0] = '\0';
	return change(queue, &fresh, err);
}

int nipfs_queue_lock(struct nipfs_queue *queue, struct nipfs_error *err)
{
	nipfs_auto_fd int fd = openat(queue->dirfd, "lock",
				      O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);

	if (fd < 0)
		return nipfs__fail_errno(err, errno, "cannot open '%s/lock'", queue->dir);
	if (flock(fd, LOCK_EX | LOCK_NB) != 0)
		return errno == EWOULDBLOCK ? 0
					    : nipfs__fail_errno(err, errno, "cannot lock '%s/lock'",
								queue->dir);
	queue->lock = fd;
	fd = -1;
	return 1;
}

void nipfs_queue_unlock(struct nipfs_queue *queue)
{
	nipfs__auto_close(&queue->lock);
	queue->lock = -1;
}

int nipfs_queue_remove_damaged(struct nipfs_queue *queue, const char *file,
			       struct nipfs_error *err)
{
	int r = drop(queue->roots, file, err);

	if (r == 0 && unlinkat(queue->entries, file, AT_REMOVEDIR) == 0)
		return 0;
	return r == 0 ? drop(queue->entries, file, err) : r;
}
