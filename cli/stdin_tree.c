/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Standard input as a tree: one file. */
#include "cli/stdin_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/error.h"

enum { CHUNK = 1 << 20 };

/* read() of up to @n bytes, fewer only at the end. */
static ssize_t read_full(int fd, uint8_t *buf, size_t n, struct nipfs_error *err)
{
	size_t got = 0;

	while (got < n) {
		const ssize_t r = read(fd, buf + got, n - got);

		if (r == 0)
			break;
		if (r > 0)
			got += (size_t)r;
		else if (errno != EINTR)
			return cli_fill_errno(err, errno, "cannot read standard input");
		else if (nipfs_cancel_check(err) < 0)
			return NIPFS_E_CANCELLED;
	}
	return (ssize_t)got;
}

/* O_TMPFILE would do it in one step, but not on every file system. */
static int open_temporary(struct nipfs_error *err)
{
	const char *const dirs[] = { getenv("TMPDIR"), "/var/tmp", "/tmp" };
	char path[4096];
	int fd = -1;

	for (size_t i = 0; fd < 0 && i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		if (!dirs[i] || !*dirs[i])
			continue;
		(void)snprintf(path, sizeof(path), "%s/nix-ipfs-XXXXXX", dirs[i]);
		fd = mkostemp(path, O_CLOEXEC);
	}
	if (fd < 0)
		return cli_fill_errno(err, errno, "cannot make a temporary file");
	(void)unlink(path);
	return fd;
}

static int write_full(int fd, const uint8_t *buf, size_t n, struct nipfs_error *err)
{
	while (n) {
		const ssize_t r = write(fd, buf, n);

		if (r < 0 && errno != EINTR)
			return cli_fill_errno(err, errno,
					      "cannot write to a temporary file");
		if (r > 0) {
			buf += r;
			n -= (size_t)r;
		}
	}
	return 0;
}

/* Copies standard input to @fd, and goes back to its beginning. */
static int spool(int fd, uint8_t *buf, const struct nipfs_progress *progress,
		 struct nipfs_error *err)
{
	struct nipfs_progress_event event = { .phase = NIPFS_PHASE_FETCH };
	ssize_t n;
	int r = 0;

	do {
		r = nipfs_cancel_check(err);
		n = r < 0 ? r : read_full(STDIN_FILENO, buf, CHUNK, err);
		if (n > 0)
			r = write_full(fd, buf, (size_t)n, err);
		event.done += n > 0 ? (uint64_t)n : 0;
		nipfs_progress_report(progress, &event);
	} while (n > 0 && r == 0);
	if (n < 0)
		return (int)n;
	if (r == 0 && lseek(fd, 0, SEEK_SET) < 0)
		r = cli_fill_errno(err, errno, "cannot read a temporary file");
	return r;
}

/* @fd is read from @offset, where it stands, to @end. */
static int feed(int fd, uint64_t offset, uint64_t end, uint8_t *buf,
		const struct nipfs_tree_sink *sink, struct nipfs_error *err)
{
	const struct nipfs_entry entry = { .kind = NIPFS_FILE, .size = end - offset };
	int r = sink->file(sink->ctx, &entry, err);
	const bool skip = r == NIPFS_HAVE;

	while (!skip && r == 0 && offset < end) {
		const uint64_t left = end - offset;
		const size_t want = left < CHUNK ? (size_t)left : CHUNK;
		const ssize_t n = read_full(fd, buf, want, err);
		const struct nipfs_span span = { .ptr = buf, .len = want, .fd = fd,
						 .offset = offset };

		if (n < 0)
			return (int)n;
		if ((size_t)n < want)
			return cli_fill(
			    err, NIPFS_E_CHANGED,
			    "standard input became shorter while it was read");
		r = sink->bytes(sink->ctx, &span, err);
		offset += want;
	}
	return r < 0 ? r : sink->file_end(sink->ctx, err);
}

static int feed_file(int fd, uint8_t *buf, const struct nipfs_tree_sink *sink,
		     struct nipfs_error *err)
{
	const off_t begin = lseek(fd, 0, SEEK_CUR);
	struct stat st;

	if (begin < 0 || fstat(fd, &st) < 0)
		return cli_fill_errno(err, errno, "cannot read standard input");
	return feed(fd, (uint64_t)begin,
		    st.st_size > begin ? (uint64_t)st.st_size : (uint64_t)begin, buf,
		    sink, err);
}

int stdin_tree(const struct nipfs_tree_sink *sink, const struct nipfs_progress *progress,
	       struct nipfs_error *err)
{
	struct stat st;
	uint8_t *buf;
	int fd, r;

	if (fstat(STDIN_FILENO, &st) < 0)
		return cli_fill_errno(err, errno, "cannot read standard input");
	if (S_ISDIR(st.st_mode))
		return cli_fill_errno(err, EISDIR, "cannot read standard input");
	buf = xcalloc(CHUNK, 1);
	if (S_ISREG(st.st_mode)) {
		r = feed_file(STDIN_FILENO, buf, sink, err);
	} else {
		fd = open_temporary(err);
		r = fd < 0 ? fd : spool(fd, buf, progress, err);
		if (r == 0)
			r = feed_file(fd, buf, sink, err);
		if (fd >= 0)
			(void)close(fd);
	}
	free(buf);
	return r;
}
