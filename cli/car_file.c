/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a CAR is written to: a file, or standard output. */
#include "cli/car_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/error.h"
#include "cli/output.h"

static int put(void *ctx, struct nipfs_slice head, const struct nipfs_span *block,
	       struct nipfs_error *err)
{
	struct car_file *file = ctx;
	int r;

	if (!file->stream) {
		r = output_write(head.ptr, head.len, err);
		return r < 0 || !block ? r : output_write(block->ptr, block->len, err);
	}
	if (fwrite(head.ptr, 1, head.len, file->stream) != head.len ||
	    (block && block->len && fwrite(block->ptr, 1, block->len, file->stream) != block->len))
		return cli_fill_errno(err, errno, "cannot write '%s'", file->path);
	return 0;
}

struct nipfs_car_output car_file_output(struct car_file *file)
{
	return (struct nipfs_car_output){ put, file };
}

/* A file beside the one that is meant, and as public as any file. */
static int open_beside(struct car_file *file, struct nipfs_error *err)
{
	static const char suffix[] = ".part-XXXXXX";
	mode_t mask;
	int fd;

	file->temp = xcalloc(strlen(file->path) + sizeof(suffix), 1);
	(void)stpcpy(stpcpy(file->temp, file->path), suffix);
	fd = mkostemp(file->temp, O_CLOEXEC);
	if (fd < 0) {
		const int saved = errno;

		free(file->temp);
		file->temp = NULL;
		return cli_fill_errno(err, saved, "cannot make a file beside '%s'", file->path);
	}
	/* mkostemp() makes it for its owner alone */
	mask = umask(0);
	(void)umask(mask);
	(void)fchmod(fd, 0666 & ~mask);
	return fd;
}

/* A device or FIFO takes the bytes itself: nothing is renamed over it. */
static bool is_special(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && !S_ISREG(st.st_mode);
}

int car_file_begin(struct car_file *file, const char *path, struct nipfs_error *err)
{
	int fd;

	if (!path || strcmp(path, "-") == 0) {
		if (isatty(STDOUT_FILENO))
			return cli_fill(err, NIPFS_E_USAGE,
					"a CAR is not written to a terminal: name a file with -o");
		return 0;
	}
	file->path = path;
	if (!is_special(path)) {
		fd = open_beside(file, err);
		if (fd < 0)
			return fd;
	} else {
		fd = open(path, O_WRONLY | O_CLOEXEC);
		if (fd < 0)
			return cli_fill_errno(err, errno, "cannot write '%s'", path);
	}
	file->stream = fdopen(fd, "w");
	return file->stream ? 0 : cli_fill_errno(err, errno, "cannot write '%s'", path);
}

int car_file_end(struct car_file *file, int r, struct nipfs_error *err)
{
	if (file->stream && fclose(file->stream) != 0 && r == 0)
		r = cli_fill_errno(err, errno, "cannot write '%s'", file->path);
	if (r == 0 && file->temp && rename(file->temp, file->path) < 0)
		r = cli_fill_errno(err, errno, "cannot put '%s' in its place", file->path);
	if (r < 0 && file->temp)
		(void)unlink(file->temp);
	free(file->temp);
	return r;
}
