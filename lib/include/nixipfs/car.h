/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * CAR files: blocks one after another. CARv1 is written and read; CARv2 is
 * read, with both forms of index as go-car writes them.
 * Spec: ipld.io/specs/transport/car.
 *
 * Nothing here opens a file: bytes come and go through callbacks. Objects are
 * used by one thread at a time.
 */
#ifndef NIXIPFS_CAR_H
#define NIXIPFS_CAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <nixipfs/bytes.h>
#include <nixipfs/cid.h>
#include <nixipfs/error.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
	NIPFS_CAR_HEADER_MAX = 1024 * 1024,     /* bytes of a CARv1 header, about 25,000 roots */
	NIPFS_CAR_SECTION_MAX = 8 * 1024 * 1024 /* bytes of a CID and its block together */
};

/* ---- writing ------------------------------------------------------------- */

/**
 * struct nipfs_car_output - takes the bytes of a CAR
 * @put: the next bytes: @head, then @block where it is not NULL; both borrowed
 *       for the call, but a slab of @block may be kept by reference. Returns 0
 *       or a negative code.
 * @ctx: handed to @put
 */
struct nipfs_car_output {
	int (*put)(void *ctx, struct nipfs_slice head, const struct nipfs_span *block,
		   struct nipfs_error *err);
	void *ctx;
};

/**
 * nipfs_car_header_bytes() - how long the header of a CAR will be
 * @roots: the CIDs
 * @n:     how many
 */
NIPFS_API uint64_t nipfs_car_header_bytes(const struct nipfs_cid *roots, size_t n);

/**
 * nipfs_car_section_bytes() - how long one section of a CAR will be
 * @cid:       the CID of the block
 * @block_len: bytes of the block
 */
NIPFS_API uint64_t nipfs_car_section_bytes(const struct nipfs_cid *cid, size_t block_len);

/**
 * nipfs_car_put_header() - begin a CARv1
 * @out:   where the bytes go
 * @roots: the CIDs; may be NULL when @n is 0
 * @n:     how many
 * @err:   may be NULL
 *
 * Return: 0, NIPFS_E_NOMEM, NIPFS_E_LIMIT (header over NIPFS_CAR_HEADER_MAX), or
 * what @out returned.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_car_put_header(const struct nipfs_car_output *out,
						 const struct nipfs_cid *roots, size_t n,
						 struct nipfs_error *err);

/**
 * nipfs_car_put_block() - one section of a CARv1
 * @out:   where the bytes go
 * @cid:   must be right for @block: it is not hashed here
 * @block: the block
 * @err:   may be NULL
 *
 * Return: 0, NIPFS_E_LIMIT (over NIPFS_CAR_SECTION_MAX), or what @out returned.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_car_put_block(const struct nipfs_car_output *out,
						const struct nipfs_cid *cid,
						const struct nipfs_span *block,
						struct nipfs_error *err);

/* ---- reading, from the front --------------------------------------------- */

/**
 * struct nipfs_car_input - gives the bytes of a CAR in order
 * @read: at most @n bytes into @buf, at least 1; *@got = 0 at the end. Returns 0
 *        or a negative code.
 * @skip: leaves out @n bytes, for files that can seek; may lead behind the end,
 *        where the next @read finds nothing. NULL: they are read and thrown away.
 * @ctx:  handed to both
 * @name: for messages: a file name; lives as long as the reader
 */
struct nipfs_car_input {
	int (*read)(void *ctx, void *buf, size_t n, size_t *got, struct nipfs_error *err);
	int (*skip)(void *ctx, uint64_t n, struct nipfs_error *err);
	void *ctx;
	const char *name;
};

/**
 * struct nipfs_car_info - what the header of a CAR says
 * @version:      1 or 2
 * @roots:        borrowed from the reader; claims, and there may be none
 * @n_roots:      how many
 * @data_offset:  where the CARv1 begins in the file; 0 in version 1
 * @data_bytes:   its length; UINT64_MAX in version 1: to the end of the file
 * @index_offset: where the index begins in the file; 0: there is none
 */
struct nipfs_car_info {
	unsigned int version;
	const struct nipfs_cid *roots;
	size_t n_roots;
	uint64_t data_offset;
	uint64_t data_bytes;
	uint64_t index_offset;
};

/**
 * struct nipfs_car_section - one block of a CAR, without its bytes
 * @cid:          as it stands there; whether the bytes match is not checked
 * @offset:       of the section in the file (what an index says, plus data_offset)
 * @block_offset: of the block's first byte in the file
 * @block_len:    bytes of the block
 */
struct nipfs_car_section {
	struct nipfs_cid cid;
	uint64_t offset;
	uint64_t block_offset;
	size_t block_len;
};

struct nipfs_car_reader;

/**
 * nipfs_car_reader_new() - read the header of a CAR
 * @out:   to be freed with nipfs_car_reader_free()
 * @input: copied; what it points to must outlive the reader
 * @err:   may be NULL
 *
 * Return: 0, NIPFS_E_INVALID (not a CAR, or a bad header), NIPFS_E_TRUNCATED,
 * NIPFS_E_NONCANONICAL, NIPFS_E_LIMIT, NIPFS_E_UNSUPPORTED (another version, or
 * the hash function of a root), NIPFS_E_NOMEM, or what @input returned.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_car_reader_new(struct nipfs_car_reader **out,
						 const struct nipfs_car_input *input,
						 struct nipfs_error *err);

/**
 * nipfs_car_reader_info() - what the header says
 * @r: a reader
 *
 * Return: borrowed, valid until the reader is freed.
 */
NIPFS_API const struct nipfs_car_info *nipfs_car_reader_info(const struct nipfs_car_reader *r);

/**
 * nipfs_car_reader_next() - go on to the next block
 * @r:   a reader
 * @out: untouched on failure and at the end
 * @err: may be NULL
 *
 * The bytes of the block are left out unless nipfs_car_reader_block() is called
 * before the next call.
 *
 * Return: 0; 1 at the end; NIPFS_E_TRUNCATED; NIPFS_E_INVALID (a section of no
 * bytes, or a CID that does not fit in it); NIPFS_E_NONCANONICAL; NIPFS_E_LIMIT
 * (section over NIPFS_CAR_SECTION_MAX); NIPFS_E_UNSUPPORTED (hash function of
 * the CID); or what the input returned. After a failure the reader stays failed.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_car_reader_next(struct nipfs_car_reader *r,
						  struct nipfs_car_section *out,
						  struct nipfs_error *err);

/**
 * nipfs_car_reader_block() - the bytes of the block that next() came to
 * @r:   after nipfs_car_reader_next() returned 0; once per block
 * @out: valid until the next call to the reader; untouched on failure
 * @err: may be NULL
 *
 * The bytes are not checked against the CID: nipfs_cid_verify() does that.
 *
 * Return: 0, NIPFS_E_TRUNCATED, NIPFS_E_LIMIT (over NIPFS_BLOCK_MAX),
 * NIPFS_E_NOMEM, NIPFS_E_USAGE (a second time), or what the input returned.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_car_reader_block(struct nipfs_car_reader *r,
						   struct nipfs_slice *out,
						   struct nipfs_error *err);

/**
 * nipfs_car_reader_free() - end a reader
 * @r: may be NULL
 */
NIPFS_API void nipfs_car_reader_free(struct nipfs_car_reader *r);

/* ---- reading the index of a CARv2 ---------------------------------------- */

/**
 * struct nipfs_car_file - gives bytes of a CAR file at any place
 * @read_at: exactly @n bytes at @offset into @buf: 0, NIPFS_E_TRUNCATED behind
 *           the end, or another negative code
 * @ctx:     handed to @read_at
 * @bytes:   length of the file
 * @name:    for messages; lives as long as what uses the file
 */
struct nipfs_car_file {
	int (*read_at)(void *ctx, uint64_t offset, void *buf, size_t n,
		       struct nipfs_error *err);
	void *ctx;
	uint64_t bytes;
	const char *name;
};

/* The index of a CARv2. What it says is a claim: check the CID at the offset. */
struct nipfs_car_index;

/**
 * nipfs_car_index_new() - read the directory of an index
 * @out:  to be freed with nipfs_car_index_free()
 * @file: copied; what it points to must outlive the index
 * @info: of the same file, with an index
 * @err:  may be NULL
 *
 * The entries stay in the file and are not looked at.
 *
 * Return: 0, NIPFS_E_NOTFOUND (no index), NIPFS_E_INVALID, NIPFS_E_TRUNCATED,
 * NIPFS_E_UNSUPPORTED (another form of index), NIPFS_E_LIMIT, NIPFS_E_NOMEM, or
 * what @file returned.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_car_index_new(struct nipfs_car_index **out,
						const struct nipfs_car_file *file,
						const struct nipfs_car_info *info,
						struct nipfs_error *err);

/**
 * nipfs_car_index_find() - where the block of a CID lies
 * @index:  an index
 * @cid:    looked for by its digest, and its hash function where the index has it
 * @offset: of the section in the file; untouched on failure. When there are
 *          several, the one that stands first in the index.
 * @err:    may be NULL
 *
 * Return: 0, NIPFS_E_NOTFOUND, NIPFS_E_INVALID (an offset outside of the data),
 * or what the file returned.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_car_index_find(const struct nipfs_car_index *index,
						 const struct nipfs_cid *cid,
						 uint64_t *offset, struct nipfs_error *err);

/**
 * nipfs_car_index_each() - all entries in the order of the index
 * @index: an index
 * @each:  called with each; @hash is the multicodec of the hash function, or
 *         UINT64_MAX where the index does not say; @offset as for
 *         nipfs_car_index_find(); a negative return ends it
 * @ctx:   handed to @each
 * @err:   may be NULL
 *
 * Return: 0, NIPFS_E_INVALID (entries not sorted, an offset outside of the
 * data), what @each or the file returned.
 */
NIPFS_API NIPFS_MUSTUSE int
nipfs_car_index_each(const struct nipfs_car_index *index,
		     int (*each)(void *ctx, uint64_t hash, struct nipfs_slice digest,
				 uint64_t offset, struct nipfs_error *err),
		     void *ctx, struct nipfs_error *err);

/**
 * nipfs_car_index_free() - end an index
 * @index: may be NULL
 */
NIPFS_API void nipfs_car_index_free(struct nipfs_car_index *index);

#ifdef __cplusplus
}
#endif
#endif
