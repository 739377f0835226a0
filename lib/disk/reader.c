/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads files into slabs and hands their bytes to a tree sink. */
#include "lib/disk/reader.h"

#include <errno.h>
#include <unistd.h>

#include "multiformats/base/err.h"
#include "multiformats/base/num.h"

enum {
	/* spans begin at multiples of this, so that chunks of this size need no copy */
	PIECE_BYTES = 1 << 20,
	/* where files begin in a slab: a cache line */
	ALIGN = 64,
	/* pieces fill it, but for room for the byte that should not be there */
	SLAB_BYTES = 4 * PIECE_BYTES + ALIGN,
};

void nipfs__reader_release(struct nipfs__reader *r)
{
	for (size_t i = 0; i < NIPFS__READER_SLABS; i++)
		nipfs_slab_unref(r->slabs[i]);
	*r = (struct nipfs__reader){ 0 };
}

/* Makes room for @n bytes behind @used, in a slab that nobody else reads there. */
static int make_room(struct nipfs__reader *r, size_t n)
{
	size_t i;

	if (r->slabs[r->now]) {
		if (nipfs__slab_is_unique(r->slabs[r->now]))
			r->used = 0;
		r->used = (r->used + ALIGN - 1) & ~(size_t)(ALIGN - 1);
		if (r->used <= SLAB_BYTES && n <= SLAB_BYTES - r->used)
			return 0;
	}
	for (i = 0; i < NIPFS__READER_SLABS; i++)
		if (!r->slabs[i] || nipfs__slab_is_unique(r->slabs[i]))
			break;
	/* all are held: let go of the next, which lives on with those who hold it */
	if (i == NIPFS__READER_SLABS) {
		i = (r->now + 1) % NIPFS__READER_SLABS;
		nipfs_slab_unref(r->slabs[i]);
		r->slabs[i] = NULL;
	}
	r->now = i;
	r->used = 0;
	return r->slabs[i] ? 0 : nipfs__slab_new(SLAB_BYTES, &r->slabs[i]);
}

/* Reads @want bytes at @offset, or @want + @extra where a read gives as many. */
static ssize_t read_at(int fd, uint8_t *out, size_t want, size_t extra, uint64_t offset)
{
	size_t done = 0;
	ssize_t got;

	do {
		got = pread(fd, out + done, want + extra - done, (off_t)(offset + done));
		if (got < 0 && errno != EINTR)
			return -1;
		done += got > 0 ? (size_t)got : 0;
	} while (done < want && got != 0);
	return (ssize_t)done;
}

int nipfs__reader_file(struct nipfs__reader *r, int fd, uint64_t size,
		       const struct nipfs_tree_sink *sink, const struct nipfs__dirs *dirs,
		       struct nipfs_error *err)
{
	uint64_t offset = 0;
	int ret;

	do {
		const size_t want = (size_t)nipfs__min_u64(size - offset, PIECE_BYTES);
		/* the last piece asks for a byte more, to see whether the file grew */
		const bool last = want == size - offset;
		struct nipfs_span span = { .len = want, .fd = fd, .offset = offset };
		uint8_t *to;
		ssize_t got;

		if (make_room(r, want + 1) < 0)
			return nipfs__fail_nomem(err);
		span.slab = r->slabs[r->now];
		span.ptr = to = nipfs__slab_data(span.slab) + r->used;
		got = read_at(fd, to, want, last, offset);
		if (got < 0)
			return nipfs__dirs_fail_errno(dirs, err, "cannot read");
		if ((size_t)got != want)
			return nipfs__dirs_fail(dirs, err, NIPFS_E_CHANGED, "",
						(size_t)got < want
						    ? " shrank while it was read"
						    : " grew while it was read");
		r->used += want;
		ret = want ? sink->bytes(sink->ctx, &span, err) : 0;
		offset += want;
	} while (ret == 0 && offset < size);
	return ret;
}
