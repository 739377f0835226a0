/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * UnixFS Data: a message that is taken is written in the form of boxo, which
 * says the same again and is written as the same bytes.
 */
#include <stdlib.h>

#include "unixfs/data.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool truth)
{
	if (!truth)
		abort();
}

/* The message written anew, and its blocksizes, for free(). */
static uint64_t *write_message(const struct nipfs__unixfs *u, struct nipfs_buf *out)
{
	uint64_t *sizes = calloc(u->n_blocksizes + 1, sizeof(*sizes));
	size_t cursor = 0, n = 0;
	uint64_t size;

	require(sizes);
	for (; nipfs__unixfs_next_blocksize(u, &cursor, &size) == 0; n++) {
		require(n < u->n_blocksizes);
		sizes[n] = size;
	}
	require(n == u->n_blocksizes);
	require(nipfs__unixfs_encode(out, u, sizes) == 0);
	return sizes;
}

static bool has_sizes(const struct nipfs__unixfs *u)
{
	return u->type == NIPFS__UNIXFS_FILE || u->type == NIPFS__UNIXFS_RAW;
}

static void compare(const struct nipfs__unixfs *a, const struct nipfs__unixfs *b)
{
	require(a->type == b->type && nipfs__slice_eq(a->data, b->data));
	require(a->n_blocksizes == b->n_blocksizes);
	require(a->has_mode == b->has_mode && a->mode == b->mode);
	require(a->mtime.present == b->mtime.present);
	if (a->mtime.present)
		require(a->mtime.seconds == b->mtime.seconds &&
			a->mtime.nanoseconds == b->mtime.nanoseconds);
	require(b->has_filesize == has_sizes(a));
	if (has_sizes(a))
		require(a->filesize == b->filesize);
	if (a->type == NIPFS__UNIXFS_HAMT)
		require(a->hash_type == b->hash_type && a->fanout == b->fanout);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nipfs_buf first = NIPFS_BUF_INIT(SIZE_MAX / 2), second = first;
	struct nipfs__unixfs u, again;
	uint64_t *sizes, *sizes_again;

	if (nipfs__unixfs_decode(nipfs__slice(data, size), &u) < 0)
		return 0;
	require(!u.mtime.present || u.mtime.nanoseconds <= 999999999);
	sizes = write_message(&u, &first);
	require(nipfs__unixfs_decode(nipfs__buf_slice(&first), &again) == 0);
	compare(&u, &again);
	sizes_again = write_message(&again, &second);
	for (size_t i = 0; i < u.n_blocksizes; i++)
		require(sizes[i] == sizes_again[i]);
	require(nipfs__slice_eq(nipfs__buf_slice(&first), nipfs__buf_slice(&second)));
	free(sizes);
	free(sizes_again);
	nipfs__buf_release(&first);
	nipfs__buf_release(&second);
	return 0;
}
