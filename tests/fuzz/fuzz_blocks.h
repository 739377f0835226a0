/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A block source whose blocks are cut from a fuzzer's input, and whose CIDs need
 * not be right: the first byte of a digest is the number of a block. So links can
 * be made without hashing, even in circles.
 *
 * Input: blocks, each with its length before it (16 bits, little endian); the
 * last takes what is left.
 */
#ifndef TESTS_FUZZ_FUZZ_BLOCKS_H
#define TESTS_FUZZ_FUZZ_BLOCKS_H

#include <stdlib.h>
#include <string.h>

#include <nixipfs/block.h>

enum { FUZZ_BLOCKS_MAX = 256, FUZZ_WAITING_MAX = 256 };

struct fuzz_blocks {
	struct nipfs_block_source source;
	bool last_first; /* order of the answers */
	struct nipfs_slice blocks[FUZZ_BLOCKS_MAX];
	size_t n;
	struct nipfs_cid waiting[FUZZ_WAITING_MAX];
	size_t n_waiting;
	uint8_t *delivered;
};

static inline struct fuzz_blocks *fuzz_blocks_of(struct nipfs_block_source *self)
{
	return (struct fuzz_blocks *)(void *)self;
}

static inline size_t fuzz_blocks_index(const struct fuzz_blocks *b, const struct nipfs_cid *cid)
{
	size_t i = 0;

	while (i < b->n_waiting && !nipfs_cid_equal(&b->waiting[i], cid))
		i++;
	return i;
}

static inline int fuzz_blocks_want(struct nipfs_block_source *self,
				   const struct nipfs_want *wants, size_t n,
				   struct nipfs_error *err)
{
	struct fuzz_blocks *b = fuzz_blocks_of(self);

	(void)err;
	for (size_t i = 0; i < n; i++) {
		if (fuzz_blocks_index(b, &wants[i].cid) < b->n_waiting)
			continue;
		/* a reader keeps to its window */
		if (b->n_waiting == FUZZ_WAITING_MAX ||
		    wants[i].cid.hash == NIPFS_HASH_IDENTITY)
			abort();
		b->waiting[b->n_waiting++] = wants[i].cid;
	}
	return 0;
}

static inline void fuzz_blocks_take(struct fuzz_blocks *b, size_t i)
{
	memmove(b->waiting + i, b->waiting + i + 1,
		(b->n_waiting - i - 1) * sizeof(b->waiting[0]));
	b->n_waiting--;
}

static inline int fuzz_blocks_next(struct nipfs_block_source *self, struct nipfs_block *out,
				   struct nipfs_error *err)
{
	struct fuzz_blocks *b = fuzz_blocks_of(self);
	const size_t i = b->last_first ? b->n_waiting - 1 : 0;
	struct nipfs_slice block;

	(void)err;
	if (b->n_waiting == 0)
		return 1;
	*out = (struct nipfs_block){ .cid = b->waiting[i], .status = NIPFS_E_NOTFOUND };
	out->bytes.fd = -1;
	fuzz_blocks_take(b, i);
	if (out->cid.digest[0] >= b->n)
		return 0;
	/* of its exact size, and gone at the next call */
	block = b->blocks[out->cid.digest[0]];
	free(b->delivered);
	b->delivered = malloc(block.len ? block.len : 1);
	if (!b->delivered)
		return 0;
	if (block.len)
		memcpy(b->delivered, block.ptr, block.len);
	out->bytes.ptr = b->delivered;
	out->bytes.len = block.len;
	out->status = 0;
	out->verified = true;
	return 0;
}

static inline void fuzz_blocks_cancel(struct nipfs_block_source *self,
				      const struct nipfs_cid *cid)
{
	struct fuzz_blocks *b = fuzz_blocks_of(self);
	const size_t i = fuzz_blocks_index(b, cid);

	if (i < b->n_waiting)
		fuzz_blocks_take(b, i);
}

static inline void fuzz_blocks_free(struct nipfs_block_source *self)
{
	struct fuzz_blocks *b = fuzz_blocks_of(self);

	/* what was asked for was got or taken back */
	if (b->n_waiting)
		abort();
	free(b->delivered);
	free(b);
}

static inline struct fuzz_blocks *fuzz_blocks_new(const uint8_t *data, size_t size)
{
	static const struct nipfs_block_source_ops ops = { fuzz_blocks_want, fuzz_blocks_next,
							   fuzz_blocks_cancel,
							   fuzz_blocks_free, NULL };
	struct fuzz_blocks *b = calloc(1, sizeof(*b));

	if (!b)
		exit(0);
	b->source = (struct nipfs_block_source){ &ops, "fuzz" };
	while (size >= 2 && b->n < FUZZ_BLOCKS_MAX) {
		size_t len = (size_t)data[0] | (size_t)data[1] << 8;

		data += 2;
		size -= 2;
		len = len < size ? len : size;
		b->blocks[b->n++] = (struct nipfs_slice){ data, len };
		data += len;
		size -= len;
	}
	return b;
}

/* The CID of block @i. */
static inline struct nipfs_cid fuzz_blocks_cid(uint8_t i)
{
	struct nipfs_cid cid = { NIPFS_CODEC_DAG_PB, NIPFS_HASH_SHA2_256, 1, 32, { 0 } };

	cid.digest[0] = i;
	return cid;
}

#endif
