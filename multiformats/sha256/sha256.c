/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The SHA-256 service: padding and streams around a kernel of blocks. */
#include "multiformats/sha256/sha256.h"

#include <string.h>

#include "multiformats/base/num.h"
#include "multiformats/base/slice.h"
#include "multiformats/sha256/kernel.h"

static const uint32_t initial[8] = {
	0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
	0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
};

void nipfs__sha256_init(struct nipfs_sha256 *s)
{
	memcpy(s->state, initial, sizeof(s->state));
	s->len = 0;
}

void nipfs__sha256_update(struct nipfs_sha256 *s, struct nipfs_slice bytes)
{
	const size_t held = s->len % NIPFS__SHA256_BLOCK;
	size_t whole;

	s->len += bytes.len;
	if (held) {
		const size_t n = nipfs__min_size(NIPFS__SHA256_BLOCK - held, bytes.len);

		if (n)
			memcpy(s->tail + held, bytes.ptr, n);
		if (held + n < NIPFS__SHA256_BLOCK)
			return;
		nipfs__sha256_blocks(s->state, s->tail, 1);
		bytes = nipfs__slice_skip(bytes, n);
	}
	whole = bytes.len / NIPFS__SHA256_BLOCK;
	if (whole) {
		nipfs__sha256_blocks(s->state, bytes.ptr, whole);
		bytes = nipfs__slice_skip(bytes, whole * NIPFS__SHA256_BLOCK);
	}
	if (bytes.len)
		memcpy(s->tail, bytes.ptr, bytes.len);
}

/* Bytes that fit in two blocks with the padding: a 1 bit and the length in 8 bytes. */
enum { LAST_MAX = 2 * NIPFS__SHA256_BLOCK - 9 };

/* Takes in the last bytes, at most LAST_MAX of them, and the padding. */
static void finish(uint32_t *state, struct nipfs_slice rest, uint64_t total,
		   uint8_t *digest)
{
	uint8_t last[2 * NIPFS__SHA256_BLOCK];
	const size_t size = rest.len > LAST_MAX - NIPFS__SHA256_BLOCK
				? 2 * NIPFS__SHA256_BLOCK
				: NIPFS__SHA256_BLOCK;

	if (rest.len)
		memcpy(last, rest.ptr, rest.len);
	last[rest.len] = 0x80;
	memset(last + rest.len + 1, 0, size - 9 - rest.len);
	nipfs__put_be64(last + size - 8, total * 8);
	nipfs__sha256_blocks(state, last, size / NIPFS__SHA256_BLOCK);
	for (size_t i = 0; i < 8; i++)
		nipfs__put_be32(digest + 4 * i, state[i]);
}

void nipfs__sha256_final(struct nipfs_sha256 *s, uint8_t *digest)
{
	finish(s->state, nipfs__slice(s->tail, s->len % NIPFS__SHA256_BLOCK), s->len,
	       digest);
}

void nipfs__sha256_many(const struct nipfs_slice *msgs, size_t n,
			uint8_t (*digests)[NIPFS__SHA256_BYTES])
{
	for (size_t i = 0; i < n; i++) {
		const size_t blocks = msgs[i].len / NIPFS__SHA256_BLOCK;
		struct nipfs_slice rest = msgs[i];
		uint32_t state[8];

		memcpy(state, initial, sizeof(state));
		/* a short message goes to the kernel once, with its padding */
		if (rest.len > LAST_MAX) {
			nipfs__sha256_blocks(state, rest.ptr, blocks);
			rest = nipfs__slice_skip(rest, blocks * NIPFS__SHA256_BLOCK);
		}
		finish(state, rest, msgs[i].len, digests[i]);
	}
}
