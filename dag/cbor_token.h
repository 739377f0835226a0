/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One head of CBOR, in the one form that DAG-CBOR has for it: all that knows libcbor. */
#ifndef DAG_CBOR_TOKEN_H
#define DAG_CBOR_TOKEN_H

#include "dag/cbor.h"

/**
 * nipfs__cbor_token_read() - read one head, and the contents of a string
 * @rest: moved behind it
 * @out:  unspecified on failure. As nipfs__cbor_next() has it, but for a tag, which
 *        is a LINK with the tag as @number and no CID yet
 *
 * Return: 0; NIPFS_E_TRUNCATED; NIPFS_E_NONCANONICAL (not the shortest form, of
 * indefinite length, a float of 16 or 32 bits); NIPFS_E_INVALID.
 */
int nipfs__cbor_token_read(struct nipfs_slice *rest,
			   struct nipfs__cbor_item *out) NIPFS_MUSTUSE;

#endif
