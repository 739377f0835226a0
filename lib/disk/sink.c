/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tree events become a tree on disk. */
#include <nixipfs/disk.h>

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/disk/canon.h"
#include "lib/disk/clone.h"
#include "lib/disk/dirs.h"
#include "multiformats/base/err.h"

enum { KEPT_BYTES_MAX = 64 << 20, TARGET_BYTES_MAX = 64 << 10 };

/* What an entry gets when it is complete. */
struct kept {
	bool has_mode;
	uint32_t mode;
	struct nipfs_mtime mtime;
};

enum state { NO_TREE, IN_TREE, TREE_COMPLETE, FINISHED };

struct nipfs_disk_sink {
	struct nipfs__dirs dirs;
	struct nipfs_disk_sink_options options;
	enum state state;
	uint64_t written;      /* bytes of all files */
	int file;	       /* the file being written, or -1 */
	uint64_t file_written; /* bytes of it */
	bool no_clones;	       /* bytes can't be shared with the files that they come from */
	mode_t file_mode;      /* STORE: the mode it gets */
	struct kept file_kept; /* PLAIN */
	struct nipfs_buf kept; /* of struct kept, of the directories on the way */
	int root;	       /* STORE: the complete root, or -1 */
	mode_t root_mode;      /* the mode it gets */
	struct nipfs_buf target;
};

static bool is_store(const struct nipfs_disk_sink *s)
{
	return s->options.style == NIPFS_DISK_STORE;
}

static int fail(const struct nipfs_disk_sink *s, struct nipfs_error *err, int code,
		const char *after)
{
	return nipfs__dirs_fail(&s->dirs, err, code, "", after);
}

static int fail_errno(const struct nipfs_disk_sink *s, struct nipfs_error *err,
		      const char *before)
{
	if (errno == EEXIST)
		return fail(s, err, NIPFS_E_EXISTS,
			    s->dirs.depth
				? " is there twice: the file system takes two names "
				  "for one"
				: " exists already");
	return nipfs__dirs_fail_errno(&s->dirs, err, before);
}

/* Whether a name leads to nothing but an entry of its directory. */
static bool is_name(struct nipfs_slice name)
{
	if (name.len == 0 || memchr(name.ptr, '/', name.len) ||
	    memchr(name.ptr, 0, name.len))
		return false;
	return !nipfs__slice_eq(name, nipfs__slice_str(".")) &&
	       !nipfs__slice_eq(name, nipfs__slice_str(".."));
}

/* Makes @entry the current one. */
static int select_entry(struct nipfs_disk_sink *s, const struct nipfs_entry *entry,
			struct nipfs_error *err)
{
	if (s->state == NO_TREE) {
		s->state = IN_TREE;
		return 0;
	}
	assert(s->state == IN_TREE && s->dirs.depth > 0 && s->file < 0);
	/* sources see to that; but what is at stake here is the rest of the disk */
	if (!is_name(entry->name))
		return nipfs__fail(err, NIPFS_E_INVALID,
				   "'%.*s' can't be the name of a file",
				   NIPFS_FMT(entry->name));
	return nipfs__dirs_select(&s->dirs, entry->name, err);
}

static struct kept kept_of(const struct nipfs_entry *entry)
{
	return (struct kept){ entry->has_mode, entry->mode, entry->mtime };
}

static struct timespec time_of(const struct nipfs_mtime *mtime)
{
	return (struct timespec){ .tv_sec = mtime->seconds,
				  .tv_nsec = mtime->nanoseconds };
}

/* Gives a complete file or directory what came with it and is to be kept. */
static int keep(struct nipfs_disk_sink *s, int fd, const struct kept *kept,
		struct nipfs_error *err)
{
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT },
					   time_of(&kept->mtime) };

	if (s->options.keep_mode && kept->has_mode && fchmod(fd, kept->mode & 0777) < 0)
		return fail_errno(s, err, "cannot set the mode of");
	if (s->options.keep_mtime && kept->mtime.present && futimens(fd, times) < 0)
		return fail_errno(s, err, "cannot set the time of");
	return 0;
}

/* Whether the tree is complete with @fd, and @fd kept open for the end. */
static bool complete(struct nipfs_disk_sink *s, int fd, mode_t mode)
{
	if (s->dirs.depth)
		return false;
	s->state = TREE_COMPLETE;
	if (!is_store(s))
		return false;
	s->root = fd;
	s->root_mode = mode;
	return true;
}

static int on_enter(void *ctx, const struct nipfs_entry *entry, struct nipfs_error *err)
{
	struct nipfs_disk_sink *s = ctx;
	const struct kept kept = kept_of(entry);
	int r = select_entry(s, entry, err), fd;
	struct stat st;

	if (r < 0)
		return r;
	if (nipfs__buf_put(&s->kept, &kept, sizeof(kept)) < 0)
		return nipfs__fail_nomem(err);
	if (mkdirat(nipfs__dirs_fd(&s->dirs), nipfs__dirs_name(&s->dirs),
		    is_store(s) ? 0700 : 0777) < 0)
		return fail_errno(s, err, "cannot make the directory");
	fd = nipfs__dirs_open(&s->dirs, O_RDONLY | O_DIRECTORY, 0);
	if (fd < 0)
		return fail_errno(s, err, "cannot open");
	r = fstat(fd, &st) < 0 ? fail_errno(s, err, "cannot stat") : 0;
	if (r == 0 && is_store(s))
		r = nipfs__canon_strip(&s->dirs, fd, s->options.ignored_acls, err);
	if (r < 0) {
		(void)close(fd);
		return r;
	}
	return nipfs__dirs_push(&s->dirs, fd, &st, err);
}

static int on_leave(void *ctx, struct nipfs_error *err)
{
	struct nipfs_disk_sink *s = ctx;
	struct kept kept;
	int r, fd;

	assert(s->state == IN_TREE && s->dirs.depth > 0 && s->file < 0);
	s->kept.len -= sizeof(kept);
	memcpy(&kept, s->kept.ptr + s->kept.len, sizeof(kept));
	r = nipfs__dirs_pop(&s->dirs, &fd, err);
	if (r < 0)
		return r;
	if (complete(s, fd, 0555))
		return 0;
	r = is_store(s) ? nipfs__canon_seal(&s->dirs, fd, 0555, err)
			: keep(s, fd, &kept, err);
	(void)close(fd);
	return r;
}

static int too_large(const struct nipfs_disk_sink *s, struct nipfs_error *err)
{
	char after[96];

	(void)snprintf(after, sizeof(after),
		       " makes the tree larger than the limit of %llu bytes",
		       (unsigned long long)s->options.max_bytes);
	return fail(s, err, NIPFS_E_LIMIT, after);
}

static int on_file(void *ctx, const struct nipfs_entry *entry, struct nipfs_error *err)
{
	struct nipfs_disk_sink *s = ctx;
	const int r = select_entry(s, entry, err);
	mode_t mode = entry->executable ? 0777 : 0666;

	if (r < 0)
		return r;
	if (s->options.max_bytes && entry->size > s->options.max_bytes - s->written)
		return too_large(s, err);
	if (is_store(s))
		mode = 0600;
	s->file = nipfs__dirs_open(&s->dirs, O_WRONLY | O_CREAT | O_EXCL, mode);
	if (s->file < 0)
		return fail_errno(s, err, "cannot make the file");
	s->file_written = 0;
	s->file_mode = entry->executable ? 0555 : 0444;
	s->file_kept = kept_of(entry);
	return is_store(s) ? nipfs__canon_strip(&s->dirs, s->file, s->options.ignored_acls, err)
			   : 0;
}

static int on_bytes(void *ctx, const struct nipfs_span *bytes, struct nipfs_error *err)
{
	struct nipfs_disk_sink *s = ctx;
	size_t done = 0;

	assert(s->file >= 0);
	if (s->options.max_bytes && bytes->len > s->options.max_bytes - s->written)
		return too_large(s, err);
	if (nipfs__clone_range(&s->no_clones, s->file, s->file_written, bytes))
		done = bytes->len;
	while (done < bytes->len) {
		const ssize_t n = pwrite(s->file, bytes->ptr + done, bytes->len - done,
					 (off_t)(s->file_written + done));

		if (n < 0 && errno != EINTR)
			return fail_errno(s, err, "cannot write");
		done += n > 0 ? (size_t)n : 0;
	}
	s->file_written += bytes->len;
	s->written += bytes->len;
	return 0;
}

static int on_file_end(void *ctx, struct nipfs_error *err)
{
	struct nipfs_disk_sink *s = ctx;
	const int fd = s->file;
	int r;

	assert(fd >= 0);
	s->file = -1;
	if (complete(s, fd, s->file_mode))
		return 0;
	r = is_store(s) ? nipfs__canon_seal(&s->dirs, fd, s->file_mode, err)
			: keep(s, fd, &s->file_kept, err);
	/* some file systems say only now that there was no space */
	if (close(fd) < 0 && r == 0)
		r = fail_errno(s, err, "cannot write");
	return r;
}

/* The target as a string, valid until the next call. */
static int target_of(struct nipfs_disk_sink *s, const struct nipfs_entry *entry,
		     const char **out, struct nipfs_error *err)
{
	if (entry->target.len == 0 || memchr(entry->target.ptr, 0, entry->target.len))
		return fail(s, err, NIPFS_E_INVALID,
			    " is a symlink whose target is empty or has a NUL in it");
	nipfs__buf_clear(&s->target);
	if (nipfs__buf_put_slice(&s->target, entry->target) < 0 ||
	    nipfs__buf_terminate(&s->target) < 0)
		return fail(s, err, NIPFS_E_LIMIT,
			    " is a symlink with too long a target");
	*out = (const char *)s->target.ptr;
	return 0;
}

static int on_symlink(void *ctx, const struct nipfs_entry *entry, struct nipfs_error *err)
{
	struct nipfs_disk_sink *s = ctx;
	struct timespec times[2] = { nipfs__canon_times[0], nipfs__canon_times[1] };
	const char *target;
	int r = select_entry(s, entry, err), fd;

	if (r == 0)
		r = target_of(s, entry, &target, err);
	if (r < 0)
		return r;
	fd = nipfs__dirs_fd(&s->dirs);
	if (symlinkat(target, fd, nipfs__dirs_name(&s->dirs)) < 0)
		return fail_errno(s, err, "cannot make the symlink");
	if (!is_store(s))
		times[1] = time_of(&entry->mtime);
	if ((is_store(s) || (s->options.keep_mtime && entry->mtime.present)) &&
	    utimensat(fd, nipfs__dirs_name(&s->dirs), times, AT_SYMLINK_NOFOLLOW) < 0)
		return fail_errno(s, err, "cannot set the time of");
	if (s->dirs.depth == 0)
		s->state = TREE_COMPLETE;
	return 0;
}

struct nipfs_tree_sink nipfs_disk_sink(struct nipfs_disk_sink *s)
{
	return (struct nipfs_tree_sink){
		.enter = on_enter,
		.leave = on_leave,
		.file = on_file,
		.bytes = on_bytes,
		.file_end = on_file_end,
		.symlink = on_symlink,
		.ctx = s,
	};
}

int nipfs_disk_sink_new(struct nipfs_disk_sink **out, int dirfd, const char *path,
			const struct nipfs_disk_sink_options *options,
			struct nipfs_error *err)
{
	struct nipfs_disk_sink *s = calloc(1, sizeof(*s));

	if (!s)
		return nipfs__fail_nomem(err);
	s->file = -1;
	s->root = -1;
	s->kept = (struct nipfs_buf)NIPFS_BUF_INIT(KEPT_BYTES_MAX);
	s->target = (struct nipfs_buf)NIPFS_BUF_INIT(TARGET_BYTES_MAX);
	if (options)
		s->options = *options;
	if (nipfs__dirs_init(&s->dirs, dirfd, path) < 0) {
		nipfs_disk_sink_free(s);
		return nipfs__fail_nomem(err);
	}
	*out = s;
	return 0;
}

int nipfs_disk_sink_finish(struct nipfs_disk_sink *s, struct nipfs_error *err)
{
	int r;

	if (s->state != TREE_COMPLETE)
		return nipfs__fail(err, NIPFS_E_USAGE, "no tree is complete at '%s'",
				   nipfs__dirs_name(&s->dirs));
	s->state = FINISHED;
	if (s->root < 0)
		return 0;
	r = nipfs__canon_seal(&s->dirs, s->root, s->root_mode, err);
	if (close(s->root) < 0 && r == 0)
		r = fail_errno(s, err, "cannot write");
	s->root = -1;
	return r;
}

void nipfs_disk_sink_free(struct nipfs_disk_sink *s)
{
	if (!s)
		return;
	if (s->file >= 0)
		(void)close(s->file);
	if (s->root >= 0)
		(void)close(s->root);
	nipfs__dirs_release(&s->dirs);
	nipfs__buf_release(&s->kept);
	nipfs__buf_release(&s->target);
	free(s);
}
