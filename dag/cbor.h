/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * DAG-CBOR (0x71), read strictly: what is accepted has but this one encoding.
 * Spec: ipld.io/specs/codecs/dag-cbor.
 */
#ifndef DAG_CBOR_H
#define DAG_CBOR_H

#include <nixipfs/cid.h>

#include "multiformats/base/buf.h"

enum { NIPFS__CBOR_DEPTH_MAX = 1024 }; /* lists and maps inside each other, as go-ipld-prime */

enum nipfs__cbor_kind {
	NIPFS__CBOR_UINT,
	NIPFS__CBOR_NEGATIVE,
	NIPFS__CBOR_BYTES,
	NIPFS__CBOR_STRING,
	NIPFS__CBOR_LIST,
	NIPFS__CBOR_MAP,
	NIPFS__CBOR_LINK,
	NIPFS__CBOR_BOOL,
	NIPFS__CBOR_NULL,
	NIPFS__CBOR_FLOAT
};

/**
 * struct nipfs__cbor_item - one item as it stood in the block
 * @kind:   which
 * @number: UINT: the value; NEGATIVE: n for -1 - n; LIST, MAP: how many elements
 *          or entries follow; BOOL: 0 or 1; FLOAT: the 64 bits
 * @bytes:  BYTES, STRING: the contents, borrowed from the block. Strings are not
 *          checked to be UTF-8: Kubo does not either.
 * @cid:    LINK
 */
struct nipfs__cbor_item {
	enum nipfs__cbor_kind kind;
	uint64_t number;
	struct nipfs_slice bytes;
	struct nipfs_cid cid;
};

/**
 * struct nipfs__cbor_reader - gives the items of a block one after another
 *
 * All private. Start with NIPFS__CBOR_READER_INIT(block), end with
 * nipfs__cbor_reader_release(). What is inside a list or map follows it; the
 * keys of a map are items as their values are.
 */
struct nipfs__cbor_reader {
	struct nipfs_slice rest;
	struct nipfs_buf stack;
	bool begun;
};

#define NIPFS__CBOR_READER_INIT(block) { (block), NIPFS_BUF_INIT(SIZE_MAX), false }

/**
 * nipfs__cbor_next() - read the next item
 * @r:   after a failure only to be released
 * @out: untouched on failure and at the end
 *
 * Return: 0; 1 when the block is complete; NIPFS_E_TRUNCATED;
 * NIPFS_E_NONCANONICAL (longer than need be, of indefinite length, map keys out
 * of order); NIPFS_E_INVALID (no DAG-CBOR: another tag or simple value, NaN, a
 * key twice or that is no string, bytes behind the end, a bad CID);
 * NIPFS_E_UNSUPPORTED (hash function of a link); NIPFS_E_LIMIT (depth); NIPFS_E_NOMEM.
 */
int nipfs__cbor_next(struct nipfs__cbor_reader *r, struct nipfs__cbor_item *out) NIPFS_MUSTUSE;

void nipfs__cbor_reader_release(struct nipfs__cbor_reader *r);

/**
 * nipfs__cbor_links() - check a whole block and list its links in stored order
 * @each: called with each link, before the rest of the block is checked; a
 *        negative return ends it
 *
 * Return: 0, as nipfs__cbor_next(), or what @each returned.
 */
int nipfs__cbor_links(struct nipfs_slice block,
		      int (*each)(void *ctx, const struct nipfs_cid *cid),
		      void *ctx) NIPFS_MUSTUSE;

#endif
