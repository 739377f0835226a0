/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bytes at any place of a file or of a stream. */
#include "lib/blocks/tape.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nixipfs/progress.h>

#include "multiformats/base/err.h"
#include "multiformats/base/num.h"

enum { STREAM_CHUNK = 1 << 16 };

/* ---- a file without a name ------------------------------------------------------- */

static int scratch_in(const char *dir)
{
	char path[4096];
	int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT))
		return fd;
	if (snprintf(path, sizeof(path), "%s/nix-ipfs-XXXXXX", dir) >=
	    (int)sizeof(path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0)
		(void)unlink(path);
	return fd;
}

int nipfs__scratch_open(int *out, struct nipfs_error *err)
{
	const char *dir = getenv("TMPDIR");
	int fd;

	if (dir && *dir) {
		fd = scratch_in(dir);
	} else {
		dir = "/var/tmp";
		fd = scratch_in(dir);
		if (fd < 0) {
			dir = "/tmp";
			fd = scratch_in(dir);
		}
	}
	if (fd < 0)
		return nipfs__fail_errno(err, errno,
					 "cannot make a temporary file in '%s'", dir);
	*out = fd;
	return 0;
}

/* ---- the tape -------------------------------------------------------------------- */

static int open_file(struct nipfs__tape *t, const struct stat *st,
		     struct nipfs_error *err)
{
	const off_t at = lseek(t->file, 0, SEEK_CUR);

	if (at < 0)
		return nipfs__fail_errno(err, errno, "cannot read '%s'", t->name);
	t->base = (uint64_t)at;
	t->have = st->st_size > at ? (uint64_t)(st->st_size - at) : 0;
	t->ended = true;
	return 0;
}

static int open_stream(struct nipfs__tape *t, struct nipfs_error *err)
{
	int code;

	t->stream = t->file;
	t->buf = malloc(STREAM_CHUNK);
	if (!t->buf)
		return nipfs__fail_nomem(err);
	code = nipfs__scratch_open(&t->file, err);
	if (code < 0)
		free(t->buf);
	return code;
}

int nipfs__tape_open(struct nipfs__tape *t, int take_fd, const char *name,
		     struct nipfs_error *err)
{
	struct nipfs__tape tape = { .file = take_fd, .stream = -1, .name = name };
	struct stat st;
	int code;

	if (fstat(take_fd, &st) < 0)
		return nipfs__fail_errno(err, errno, "cannot read '%s'", name);
	if (S_ISDIR(st.st_mode))
		return nipfs__fail_errno(err, EISDIR, "cannot read '%s'", name);
	code = S_ISREG(st.st_mode) ? open_file(&tape, &st, err) : open_stream(&tape, err);
	if (code == 0)
		*t = tape;
	return code;
}

void nipfs__tape_leave(struct nipfs__tape *t)
{
	if (t->stream >= 0)
		(void)close(t->file);
	free(t->buf);
}

void nipfs__tape_release(struct nipfs__tape *t)
{
	const int taken = t->stream >= 0 ? t->stream : t->file;

	nipfs__tape_leave(t);
	(void)close(taken);
}

static int keep(struct nipfs__tape *t, size_t n, struct nipfs_error *err)
{
	for (size_t done = 0; done < n;) {
		const ssize_t r =
		    pwrite(t->file, t->buf + done, n - done, (off_t)(t->have + done));

		if (r < 0 && errno != EINTR)
			return nipfs__fail_errno(
			    err, errno,
			    "cannot keep a copy of '%s': set TMPDIR to "
			    "a folder with more space",
			    t->name);
		if (r > 0)
			done += (size_t)r;
	}
	t->have += n;
	return 0;
}

int nipfs__tape_reach(struct nipfs__tape *t, uint64_t end, struct nipfs_error *err)
{
	while (!t->ended && t->have < end) {
		ssize_t n;
		int code = nipfs_cancel_check(err);

		if (code < 0)
			return code;
		n = read(t->stream, t->buf, STREAM_CHUNK);
		if (n == 0)
			t->ended = true;
		else if (n > 0)
			code = keep(t, (size_t)n, err);
		else if (errno != EINTR)
			code = nipfs__fail_errno(err, errno, "cannot read '%s'", t->name);
		if (code < 0)
			return code;
	}
	return 0;
}

int nipfs__tape_read(struct nipfs__tape *t, uint64_t offset, void *buf, size_t n,
		     size_t *got, struct nipfs_error *err)
{
	size_t done = 0;
	uint64_t end;
	int code;

	if (nipfs__add_u64(offset, n, &end))
		end = UINT64_MAX;
	code = nipfs__tape_reach(t, end, err);
	if (code < 0)
		return code;
	n = offset < t->have ? (size_t)nipfs__min_u64(n, t->have - offset) : 0;
	while (done < n) {
		const ssize_t r = pread(t->file, (uint8_t *)buf + done, n - done,
					(off_t)(t->base + offset + done));

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return nipfs__fail_errno(err, errno, "cannot read '%s'", t->name);
		if (r == 0)
			break; /* cut off since it was opened */
		done += (size_t)r;
	}
	*got = done;
	return 0;
}
