/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A tree on disk as tree events. */
#include <nixipfs/disk.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/disk/dirs.h"
#include "lib/disk/names.h"
#include "lib/disk/reader.h"
#include "lib/disk/walk.h"
#include "multiformats/base/auto.h"
#include "multiformats/base/err.h"

/* Longer than any target that Linux gives out. */
enum { TARGET_BYTES = 4096 };

struct nipfs__walk {
	struct nipfs__dirs dirs;
	struct nipfs__names names;
	struct nipfs__reader reader;
	struct nipfs_disk_source_options options;
	const struct nipfs_tree_limits *limits;
	const struct nipfs_tree_sink *sink;
	struct nipfs_error *err; /* of the running step */
	bool begun;
	char target[TARGET_BYTES];
};

static int fail(const struct nipfs__walk *w, int code, const char *after)
{
	return nipfs__dirs_fail(&w->dirs, w->err, code, "", after);
}

/* A failure of a system call on the current entry, which was there a moment ago. */
static int fail_errno(const struct nipfs__walk *w, const char *before)
{
	const bool gone = errno == ENOENT || errno == ENOTDIR;

	if (gone && w->dirs.depth == 0)
		return fail(w, NIPFS_E_NOTFOUND, " does not exist");
	if (w->dirs.depth && (gone || errno == ELOOP))
		return fail(w, NIPFS_E_CHANGED, " changed while the tree was read");
	return nipfs__dirs_fail_errno(&w->dirs, w->err, before);
}

static struct nipfs_entry entry_of(const struct nipfs__walk *w,
				   enum nipfs_entry_kind kind, const struct stat *st)
{
	struct nipfs_entry entry = { .kind = kind };

	if (w->dirs.depth)
		entry.name = nipfs__slice_str(nipfs__dirs_name(&w->dirs));
	if (kind == NIPFS_FILE) {
		entry.size = (uint64_t)st->st_size;
		entry.executable = st->st_mode & S_IXUSR;
	}
	if (w->options.metadata) {
		entry.has_mode = true;
		entry.mode = st->st_mode & 07777;
		entry.mtime.present = true;
		entry.mtime.seconds = st->st_mtim.tv_sec;
		entry.mtime.nanoseconds = (uint32_t)st->st_mtim.tv_nsec;
	}
	return entry;
}

static int stat_current(struct nipfs__walk *w, struct stat *st)
{
	const bool follow = w->options.follow_root && w->dirs.depth == 0;

	if (fstatat(nipfs__dirs_fd(&w->dirs), nipfs__dirs_name(&w->dirs), st,
		    follow ? 0 : AT_SYMLINK_NOFOLLOW) < 0)
		return fail_errno(w, "cannot stat");
	return 0;
}

/* Opens the current entry, which must be of the type that was seen. */
static int open_current(struct nipfs__walk *w, int flags, mode_t type, struct stat *st,
			int *out)
{
	/* O_NONBLOCK: what became a FIFO meanwhile must not stop us */
	nipfs_auto_fd int fd =
	    nipfs__dirs_open(&w->dirs, O_RDONLY | O_NONBLOCK | flags, 0);

	if (fd < 0)
		return fail_errno(w, "cannot open");
	if (fstat(fd, st) < 0)
		return fail_errno(w, "cannot stat");
	if ((st->st_mode & S_IFMT) != type)
		return fail(w, NIPFS_E_CHANGED, " changed while the tree was read");
	*out = fd;
	fd = -1;
	return 0;
}

static int give_dir(struct nipfs__walk *w)
{
	const size_t first = nipfs__names_count(&w->names);
	struct nipfs_entry entry;
	struct stat st;
	int fd, r;

	r = open_current(w, O_DIRECTORY, S_IFDIR, &st, &fd);
	if (r < 0)
		return r;
	entry = entry_of(w, NIPFS_DIRECTORY, &st);
	r = w->sink->enter(w->sink->ctx, &entry, w->err);
	if (r != 0) {
		(void)close(fd);
		return r == NIPFS_HAVE ? w->sink->leave(w->sink->ctx, w->err) : r;
	}
	r = nipfs__dirs_push(&w->dirs, fd, &st, w->err);
	if (r == 0)
		r = nipfs__dirs_names(&w->dirs, &w->names, w->options.skip_hidden,
				      w->err);
	if (r == 0 && nipfs__names_sort(&w->names, first) < 0)
		r = fail(w, NIPFS_E_CHANGED, " was written to while it was read");
	if (r < 0)
		return r;
	nipfs__dirs_top(&w->dirs)->first = first;
	nipfs__dirs_top(&w->dirs)->next = first;
	return 0;
}

static int give_file(struct nipfs__walk *w)
{
	nipfs_auto_fd int fd = -1;
	struct nipfs_entry entry;
	struct stat st;
	int r;

	r = w->options.no_bytes ? stat_current(w, &st)
				: open_current(w, 0, S_IFREG, &st, &fd);
	if (r < 0)
		return r;
	entry = entry_of(w, NIPFS_FILE, &st);
	r = w->sink->file(w->sink->ctx, &entry, w->err);
	if (r == 0 && fd >= 0)
		r = nipfs__reader_file(&w->reader, fd, entry.size, w->sink, &w->dirs,
				       w->err);
	return r < 0 ? r : w->sink->file_end(w->sink->ctx, w->err);
}

static int give_symlink(struct nipfs__walk *w)
{
	const ssize_t n = readlinkat(nipfs__dirs_fd(&w->dirs), nipfs__dirs_name(&w->dirs),
				     w->target, sizeof(w->target));
	struct nipfs_entry entry;
	struct stat st;
	int r;

	if (n < 0 && errno == EINVAL)
		return fail(w, NIPFS_E_CHANGED, " changed while the tree was read");
	if (n < 0)
		return fail_errno(w, "cannot read the symlink");
	if (n == TARGET_BYTES ||
	    (w->limits->target_bytes && (size_t)n > w->limits->target_bytes))
		return fail(w, NIPFS_E_LIMIT, " is a symlink with too long a target");
	if (n == 0 && !w->limits->empty_target)
		return fail(w, NIPFS_E_INVALID, " is a symlink with an empty target");
	r = w->options.metadata ? stat_current(w, &st) : 0;
	if (r < 0)
		return r;
	entry = entry_of(w, NIPFS_SYMLINK, &st);
	entry.target = nipfs__slice(w->target, (size_t)n);
	return w->sink->symlink(w->sink->ctx, &entry, w->err);
}

static int refuse(const struct nipfs__walk *w, unsigned type)
{
	const char *what = type == DT_SOCK		      ? "socket"
			   : type == DT_FIFO		      ? "FIFO"
			   : type == DT_BLK || type == DT_CHR ? "device"
							      : "special file";
	char after[96];

	(void)snprintf(after, sizeof(after),
		       " is a %s: only files, directories and symlinks can be read",
		       what);
	return fail(w, NIPFS_E_INVALID, after);
}

/* Gives out the current entry; of a directory, its beginning. */
static int give(struct nipfs__walk *w, unsigned type)
{
	if (type == DT_UNKNOWN) {
		struct stat st;
		const int r = stat_current(w, &st);

		if (r < 0)
			return r;
		type = IFTODT(st.st_mode);
	}
	switch (type) {
	case DT_DIR:
		return give_dir(w);
	case DT_REG:
		return give_file(w);
	case DT_LNK:
		return give_symlink(w);
	default:
		return refuse(w, type);
	}
}

static int check_limits(const struct nipfs__walk *w, struct nipfs_slice name)
{
	char after[64];

	if (w->limits->depth && w->dirs.depth > w->limits->depth) {
		(void)snprintf(after, sizeof(after), " lies more than %u levels deep",
			       w->limits->depth);
		return fail(w, NIPFS_E_LIMIT, after);
	}
	if (w->limits->name_bytes && name.len > w->limits->name_bytes) {
		(void)snprintf(after, sizeof(after), " has a name of more than %u bytes",
			       w->limits->name_bytes);
		return fail(w, NIPFS_E_LIMIT, after);
	}
	return 0;
}

/* Gives out the next entry of the deepest directory, or its end. */
static int step(struct nipfs__walk *w)
{
	struct nipfs__dir *dir = nipfs__dirs_top(&w->dirs);
	struct nipfs__name next;
	int r;

	if (dir->next == nipfs__names_count(&w->names)) {
		nipfs__names_cut(&w->names, dir->first);
		r = nipfs__dirs_pop(&w->dirs, NULL, w->err);
		return r < 0 ? r : w->sink->leave(w->sink->ctx, w->err);
	}
	next = nipfs__names_get(&w->names, dir->next++);
	r = nipfs__dirs_select(&w->dirs, next.name, w->err);
	if (r == 0)
		r = check_limits(w, next.name);
	return r < 0 ? r : give(w, next.type);
}

int nipfs__walk_step(struct nipfs__walk *w, struct nipfs_error *err)
{
	int r;

	w->err = err;
	r = w->begun ? step(w) : give(w, DT_UNKNOWN);
	w->begun = true;
	return r == 0 && w->dirs.depth == 0 ? 1 : r;
}

int nipfs__walk_new(struct nipfs__walk **out, int dirfd, const char *path,
		    const struct nipfs_disk_source_options *options,
		    const struct nipfs_tree_limits *limits,
		    const struct nipfs_tree_sink *sink, struct nipfs_error *err)
{
	struct nipfs__walk *w = calloc(1, sizeof(*w));
	int r;

	if (!w)
		return nipfs__fail_nomem(err);
	w->limits = limits;
	w->sink = sink;
	r = nipfs__dirs_init(&w->dirs, dirfd, path);
	if (options)
		w->options = *options;
	w->dirs.follow_root = w->options.follow_root;
	if (r == 0)
		r = nipfs__names_init(&w->names);
	if (r < 0) {
		nipfs__walk_free(w);
		return nipfs__fail(err, r, "cannot read '%s': %s", path,
				   nipfs_err_text(r));
	}
	*out = w;
	return 0;
}

void nipfs__walk_free(struct nipfs__walk *w)
{
	if (!w)
		return;
	nipfs__reader_release(&w->reader);
	nipfs__names_release(&w->names);
	nipfs__dirs_release(&w->dirs);
	free(w);
}

int nipfs_disk_tree(int dirfd, const char *path,
		    const struct nipfs_disk_source_options *options,
		    const struct nipfs_tree_limits *limits,
		    const struct nipfs_tree_sink *sink, struct nipfs_error *err)
{
	struct nipfs__walk *w;
	int r = nipfs__walk_new(&w, dirfd, path, options, limits, sink, err);

	if (r < 0)
		return r;
	do
		r = nipfs__walk_step(w, err);
	while (r == 0);
	nipfs__walk_free(w);
	return r < 0 ? r : 0;
}
