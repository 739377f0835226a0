/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The index of a CARv2, as go-car writes it: that differs from the prose of the
 * specification, which counts entries where go-car counts bytes.
 */
#include <nixipfs/car.h>

#include <inttypes.h>
#include <stdlib.h>

#include "multiformats/base/buf.h"
#include "multiformats/base/err.h"
#include "multiformats/base/num.h"
#include "multiformats/varint.h"

enum {
	CODEC_SORTED = 0x0400,           /* digests alone, by width */
	CODEC_MULTIHASH_SORTED = 0x0401, /* the same for each hash function */
	BUCKETS_MAX = 4096,
	OFFSET_BYTES = 8,
	ENTRY_MAX = NIPFS_DIGEST_MAX + OFFSET_BYTES
};

/* Entries of one width: a digest and where its section is, sorted by digest. */
struct bucket {
	uint64_t hash; /* UINT64_MAX when the index does not say */
	uint64_t at;   /* of the first entry in the file */
	uint64_t n;
	size_t width;
};

struct nipfs_car_index {
	struct nipfs_car_file file;
	uint64_t data_offset, data_bytes;
	struct nipfs_buf buckets;
};

/* ---- the directory ------------------------------------------------------------- */

static int malformed(const struct nipfs_car_file *file, uint64_t at, struct nipfs_error *err)
{
	return nipfs__fail(err, NIPFS_E_INVALID, "CAR '%s': bad index at byte %" PRIu64,
			   file->name, at);
}

static int read_at(const struct nipfs_car_file *file, uint64_t *at, uint8_t *out, size_t n,
		   struct nipfs_error *err)
{
	int r;

	if (*at > file->bytes || n > file->bytes - *at)
		return nipfs__fail(err, NIPFS_E_TRUNCATED,
				   "CAR '%s' ends early: its index is cut off at byte %" PRIu64,
				   file->name, file->bytes);
	r = file->read_at(file->ctx, *at, out, n, err);
	if (r == 0)
		*at += n;
	return r;
}

/* A count as go-car has it: a signed number of 32 bits. */
static int read_count(const struct nipfs_car_file *file, uint64_t *at, uint32_t *out,
		      struct nipfs_error *err)
{
	uint8_t raw[4];
	const int r = read_at(file, at, raw, sizeof(raw), err);

	if (r < 0)
		return r;
	*out = nipfs__get_le32(raw);
	return *out > INT32_MAX ? malformed(file, *at - sizeof(raw), err) : 0;
}

static int read_bucket(struct nipfs_car_index *index, uint64_t hash, uint64_t *at,
		       struct nipfs_error *err)
{
	const struct nipfs_car_file *file = &index->file;
	struct bucket b = { .hash = hash };
	uint8_t raw[4 + 8];
	uint64_t bytes;
	int r = read_at(file, at, raw, sizeof(raw), err);

	if (r < 0)
		return r;
	b.width = nipfs__get_le32(raw);
	bytes = nipfs__get_le64(raw + 4);
	if (b.width < OFFSET_BYTES || b.width > ENTRY_MAX || bytes % b.width != 0)
		return malformed(file, *at - sizeof(raw), err);
	if (bytes > file->bytes - *at)
		return nipfs__fail(err, NIPFS_E_TRUNCATED,
				   "CAR '%s' ends early: its index is cut off at byte %" PRIu64,
				   file->name, file->bytes);
	b.at = *at;
	b.n = bytes / b.width;
	*at += bytes;
	r = nipfs__buf_put(&index->buckets, &b, sizeof(b));
	if (r == NIPFS_E_LIMIT)
		return nipfs__fail(err, r, "CAR '%s': its index has over %d parts", file->name,
				   BUCKETS_MAX);
	return r < 0 ? nipfs__fail_nomem(err) : 0;
}

static int read_widths(struct nipfs_car_index *index, uint64_t hash, uint64_t *at,
		       struct nipfs_error *err)
{
	uint32_t n;
	int r = read_count(&index->file, at, &n, err);

	for (; r == 0 && n > 0; n--)
		r = read_bucket(index, hash, at, err);
	return r;
}

static int read_hashes(struct nipfs_car_index *index, uint64_t *at, struct nipfs_error *err)
{
	uint32_t n;
	int r = read_count(&index->file, at, &n, err);

	for (; r == 0 && n > 0; n--) {
		uint8_t hash[8];

		r = read_at(&index->file, at, hash, sizeof(hash), err);
		if (r == 0)
			r = read_widths(index, nipfs__get_le64(hash), at, err);
	}
	return r;
}

static int read_directory(struct nipfs_car_index *index, uint64_t at, struct nipfs_error *err)
{
	const struct nipfs_car_file *file = &index->file;
	uint8_t raw[2];
	uint64_t codec, start = at;
	size_t used;
	int r = read_at(file, &at, raw, sizeof(raw), err);

	if (r < 0)
		return r;
	r = nipfs__varint_decode(nipfs__slice(raw, sizeof(raw)), &codec, &used);
	if (r < 0 || used != sizeof(raw) ||
	    (codec != CODEC_SORTED && codec != CODEC_MULTIHASH_SORTED))
		return nipfs__fail(err, NIPFS_E_UNSUPPORTED,
				   "CAR '%s': its index at byte %" PRIu64
				   " is of no known form",
				   file->name, start);
	return codec == CODEC_SORTED ? read_widths(index, UINT64_MAX, &at, err) :
				       read_hashes(index, &at, err);
}

int nipfs_car_index_new(struct nipfs_car_index **out, const struct nipfs_car_file *file,
			const struct nipfs_car_info *info, struct nipfs_error *err)
{
	struct nipfs_car_index *index;
	int r;

	if (info->index_offset == 0)
		return nipfs__fail(err, NIPFS_E_NOTFOUND, "CAR '%s' has no index", file->name);
	index = malloc(sizeof(*index));
	if (!index)
		return nipfs__fail_nomem(err);
	*index = (struct nipfs_car_index){
		*file, info->data_offset, info->data_bytes,
		NIPFS_BUF_INIT(BUCKETS_MAX * sizeof(struct bucket))
	};
	r = read_directory(index, info->index_offset, err);
	if (r < 0)
		nipfs_car_index_free(index);
	else
		*out = index;
	return r;
}

void nipfs_car_index_free(struct nipfs_car_index *index)
{
	if (!index)
		return;
	nipfs__buf_release(&index->buckets);
	free(index);
}

/* ---- the entries ---------------------------------------------------------------- */

static const struct bucket *buckets(const struct nipfs_car_index *index, size_t *n)
{
	*n = index->buckets.len / sizeof(struct bucket);
	return (const struct bucket *)(const void *)index->buckets.ptr;
}

/* The offset of an entry, from the front of the file. */
static int entry_offset(const struct nipfs_car_index *index, const uint8_t *raw, uint64_t at,
			uint64_t *out, struct nipfs_error *err)
{
	const uint64_t offset = nipfs__get_le64(raw);

	if (offset >= index->data_bytes)
		return malformed(&index->file, at, err);
	*out = index->data_offset + offset;
	return 0;
}

/* The first entry that is not before @digest, or b->n; its bytes are in @entry then. */
static int lower_bound(const struct nipfs_car_index *index, const struct bucket *b,
		       struct nipfs_slice digest, uint8_t *entry, uint64_t *out,
		       struct nipfs_error *err)
{
	uint64_t low = 0, high = b->n;
	uint8_t raw[ENTRY_MAX];

	while (low < high) {
		const uint64_t middle = low + (high - low) / 2;
		uint64_t at = b->at + middle * b->width;
		const int r = read_at(&index->file, &at, raw, b->width, err);

		if (r < 0)
			return r;
		if (nipfs__slice_cmp(nipfs__slice(raw, digest.len), digest) < 0) {
			low = middle + 1;
		} else {
			high = middle;
			memcpy(entry, raw, b->width);
		}
	}
	*out = low;
	return 0;
}

int nipfs_car_index_find(const struct nipfs_car_index *index, const struct nipfs_cid *cid,
			 uint64_t *offset, struct nipfs_error *err)
{
	const struct nipfs_slice digest = nipfs__slice(cid->digest, cid->digest_len);
	uint8_t entry[ENTRY_MAX];
	size_t n;
	const struct bucket *b = buckets(index, &n);

	for (; n > 0; n--, b++) {
		uint64_t i;
		int r;

		if (b->width != digest.len + OFFSET_BYTES ||
		    (b->hash != UINT64_MAX && b->hash != cid->hash))
			continue;
		r = lower_bound(index, b, digest, entry, &i, err);
		if (r < 0)
			return r;
		if (i < b->n && nipfs__slice_eq(nipfs__slice(entry, digest.len), digest))
			return entry_offset(index, entry + digest.len, b->at + i * b->width,
					    offset, err);
	}
	return nipfs__fail(err, NIPFS_E_NOTFOUND, "the block is not in the index of CAR '%s'",
			   index->file.name);
}

struct visitor {
	int (*each)(void *ctx, uint64_t hash, struct nipfs_slice digest, uint64_t offset,
		    struct nipfs_error *err);
	void *ctx;
};

static int each_of_bucket(const struct nipfs_car_index *index, const struct bucket *b,
			  const struct visitor *visitor, struct nipfs_error *err)
{
	const size_t digest_len = b->width - OFFSET_BYTES;
	uint8_t chunk[8192], last[NIPFS_DIGEST_MAX];
	const size_t per_chunk = sizeof(chunk) / b->width;
	uint64_t at = b->at;
	int r = 0;

	for (uint64_t i = 0; r == 0 && i < b->n; i++) {
		const uint8_t *entry = chunk + i % per_chunk * b->width;
		uint64_t offset;

		if (i % per_chunk == 0)
			r = read_at(&index->file, &at, chunk,
				    (size_t)nipfs__min_u64(per_chunk, b->n - i) * b->width, err);
		if (r < 0)
			return r;
		if (i > 0 && memcmp(last, entry, digest_len) > 0)
			return malformed(&index->file, b->at + i * b->width, err);
		memcpy(last, entry, digest_len);
		r = entry_offset(index, entry + digest_len, b->at + i * b->width, &offset, err);
		if (r == 0)
			r = visitor->each(visitor->ctx, b->hash, nipfs__slice(last, digest_len),
					  offset, err);
	}
	return r < 0 ? r : 0;
}

int nipfs_car_index_each(const struct nipfs_car_index *index,
			 int (*each)(void *ctx, uint64_t hash, struct nipfs_slice digest,
				     uint64_t offset, struct nipfs_error *err),
			 void *ctx, struct nipfs_error *err)
{
	const struct visitor visitor = { each, ctx };
	size_t n;
	const struct bucket *b = buckets(index, &n);
	int r = 0;

	for (; r == 0 && n > 0; n--, b++)
		r = each_of_bucket(index, b, &visitor, err);
	return r;
}
