/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A closure that was signed as a CAR: its new blocks, and those it had before. */
#include "cli/signed_car.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <nixipfs/export.h>
#include <nixipfs/sources.h>

#include "cli/car_file.h"
#include "cli/error.h"

static int put_bytes(void *ctx, struct nipfs_slice head, const struct nipfs_span *block,
		     struct nipfs_error *err)
{
	FILE *stream = ctx;

	if (fwrite(head.ptr, 1, head.len, stream) != head.len ||
	    (block && block->len && fwrite(block->ptr, 1, block->len, stream) != block->len))
		return cli_fill_errno(err, errno, "cannot keep the new blocks");
	return 0;
}

static int put(void *ctx, const struct nipfs_cid *cid, const struct nipfs_span *bytes,
	       const struct nipfs_origin *origin, struct nipfs_error *err)
{
	struct signed_car *car = ctx;
	const struct nipfs_car_output out = { put_bytes, car->stream };

	(void)origin;
	return nipfs_car_put_block(&out, cid, bytes, err);
}

int signed_car_open(struct signed_car *car, struct nipfs_error *err)
{
	const int fd = memfd_create("signed", MFD_CLOEXEC);
	struct nipfs_car_output out = { put_bytes, NULL };

	car->stream = fd < 0 ? NULL : fdopen(fd, "w");
	if (!car->stream) {
		const int saved = errno;

		if (fd >= 0)
			(void)close(fd);
		return cli_fill_errno(err, saved, "cannot keep the new blocks");
	}
	car->sink = (struct nipfs_block_sink){ put, car };
	out.ctx = car->stream;
	return nipfs_car_put_header(&out, NULL, 0, err);
}

int signed_car_join(struct signed_car *car, struct nipfs_block_source **source,
		    struct nipfs_error *err)
{
	struct nipfs_block_source *both[2] = { NULL, *source };
	int fd, r;

	if (fflush(car->stream) != 0 || lseek(fileno(car->stream), 0, SEEK_SET) < 0)
		return cli_fill_errno(err, errno, "cannot read the new blocks");
	fd = fcntl(fileno(car->stream), F_DUPFD_CLOEXEC, 0);
	if (fd < 0)
		return cli_fill_errno(err, errno, "cannot read the new blocks");
	r = nipfs_car_source_open_fd(&both[0], fd, "the new blocks", err);
	if (r < 0) {
		(void)close(fd);
		return r;
	}
	r = nipfs_chain_source_new(source, both, 2, err);
	if (r < 0)
		nipfs_block_source_free(both[0]);
	return r;
}

int signed_car_write(const char *path, struct nipfs_block_source *source,
		     const struct nipfs_cid *closures, size_t n,
		     const struct nipfs_progress *progress, struct nipfs_error *err)
{
	struct car_file file = { .path = NULL };
	const struct nipfs_car_output out = car_file_output(&file);
	int r = car_file_begin(&file, path, err);

	if (r == 0)
		r = nipfs_export(source, closures, n, &out, progress, NULL, err);
	return car_file_end(&file, r, err);
}

void signed_car_close(struct signed_car *car)
{
	if (car->stream)
		(void)fclose(car->stream);
	*car = (struct signed_car){ .stream = NULL };
}
