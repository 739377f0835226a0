/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Bytes as self-describing text. Spec: multiformats/multibase.
 *
 * Decoding is strict where go-multibase is not: bits that no byte uses must be
 * 0, a character that adds no byte is refused, padding must be exact, and no
 * white space is skipped. As there, digits of either case are read in the bases
 * that have but one (16, 32, 36), whatever the case of the prefix.
 */
#ifndef MULTIFORMATS_MULTIBASE_H
#define MULTIFORMATS_MULTIBASE_H

#include <nixipfs/cid.h>

enum {
	/* Bytes that base36 and base58btc take, at most: their cost is quadratic. */
	NIPFS__MULTIBASE_RADIX_MAX = 1024,
};

/**
 * nipfs__multibase_decode() - read a multibase text
 * @text: borrowed; the whole of it is prefix and digits
 * @base: written on success; may be NULL
 * @out:  undefined on failure
 * @cap:  bytes at @out
 * @len:  bytes decoded; untouched on failure
 *
 * Return: 0, NIPFS_E_TRUNCATED (no prefix), NIPFS_E_INVALID (no such prefix,
 * not a digit, or a number of digits that can't be), NIPFS_E_NONCANONICAL (bits
 * behind the last byte), NIPFS_E_LIMIT (more bytes than @cap) or
 * NIPFS_E_UNSUPPORTED (a multibase that is not built in).
 */
int nipfs__multibase_decode(struct nipfs_slice text, enum nipfs_base *base, uint8_t *out,
			    size_t cap, size_t *len) NIPFS_MUSTUSE;

/**
 * nipfs__multibase_encode() - write bytes as multibase text
 * @base: one of enum nipfs_base
 * @in:   borrowed
 * @out:  prefix and digits, without a NUL; undefined on failure
 * @cap:  bytes at @out
 * @len:  bytes written; untouched on failure
 *
 * Return: 0, or NIPFS_E_LIMIT when it does not fit.
 */
int nipfs__multibase_encode(enum nipfs_base base, struct nipfs_slice in, char *out,
			    size_t cap, size_t *len) NIPFS_MUSTUSE;

/* The same for base58btc without its prefix, as CIDv0 has it. */
int nipfs__base58_decode(struct nipfs_slice text, uint8_t *out, size_t cap,
			 size_t *len) NIPFS_MUSTUSE;
int nipfs__base58_encode(struct nipfs_slice in, char *out, size_t cap,
			 size_t *len) NIPFS_MUSTUSE;

#endif
