/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The DAG-CBOR header with which CARv1 begins, and which CARv2 has as its pragma. */
#ifndef DAG_CAR_HEADER_H
#define DAG_CAR_HEADER_H

#include <nixipfs/cid.h>

#include "multiformats/base/buf.h"

/**
 * struct nipfs__car_header - a header as decoded
 * @version:   as it stands there
 * @has_roots: whether there are roots at all; a pragma has none
 * @roots:     of struct nipfs_cid; owned, for nipfs__buf_release()
 */
struct nipfs__car_header {
	uint64_t version;
	bool has_roots;
	struct nipfs_buf roots;
};

/**
 * nipfs__car_header_decode() - read a header without its length
 * @out: untouched on failure
 *
 * Return: 0, NIPFS_E_INVALID, NIPFS_E_NONCANONICAL, NIPFS_E_UNSUPPORTED (hash
 * function of a root), NIPFS_E_NOMEM.
 */
int nipfs__car_header_decode(struct nipfs_slice in, struct nipfs__car_header *out) NIPFS_MUSTUSE;

#endif
