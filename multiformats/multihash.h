/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Self-describing digests, and which of them are taken. Spec: multiformats/multihash.
 *
 * The rules are Kubo's (boxo verifcid): a list of hash functions; digests of 20
 * to 128 bytes, identity of 0 to 128. A digest may be cut short (20 bytes of a
 * sha2-256 are allowed): a block is then checked against the bytes that there
 * are. A digest longer than its function makes is refused here: Kubo reads such
 * a CID and then finds no block for it.
 */
#ifndef MULTIFORMATS_MULTIHASH_H
#define MULTIFORMATS_MULTIHASH_H

#include <nixipfs/cid.h>

enum { NIPFS__DIGEST_MIN = 20 };

/**
 * nipfs__multihash_decode() - read a multihash from the front of some bytes
 * @in:     borrowed; bytes after it are ignored
 * @hash:   multicodec of the hash function; untouched on failure
 * @digest: borrowed from @in; untouched on failure
 * @used:   bytes that the multihash took; untouched on failure
 *
 * Return: 0, NIPFS_E_TRUNCATED, NIPFS_E_NONCANONICAL (over-long number),
 * NIPFS_E_UNSUPPORTED (hash function not allowed), NIPFS_E_LIMIT (digest over
 * 128 bytes) or NIPFS_E_INVALID (a length that this function can't have).
 */
int nipfs__multihash_decode(struct nipfs_slice in, uint64_t *hash,
			    struct nipfs_slice *digest, size_t *used) NIPFS_MUSTUSE;

/**
 * nipfs__multihash_sum() - hash some bytes
 * @hash:   multicodec of the hash function
 * @msg:    the bytes; for identity at most NIPFS_DIGEST_MAX
 * @digest: at least NIPFS_DIGEST_MAX bytes; untouched on failure
 * @len:    bytes of the digest; untouched on failure
 *
 * Return: 0, NIPFS_E_UNSUPPORTED (not built in) or NIPFS_E_LIMIT (identity).
 */
int nipfs__multihash_sum(uint64_t hash, struct nipfs_slice msg, uint8_t *digest,
			 size_t *len) NIPFS_MUSTUSE;

/* Bytes of the digests that nipfs__multihash_sum() makes; 0: no fixed length, or none. */
size_t nipfs__multihash_len(uint64_t hash);

#endif
