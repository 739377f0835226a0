/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Content identifiers, CIDv0 and CIDv1, as bytes and as text.
 * Spec: multiformats/cid, multiformats/multibase, multiformats/multihash.
 *
 * All functions here are pure and thread-safe.
 */
#ifndef NIXIPFS_CID_H
#define NIXIPFS_CID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <nixipfs/bytes.h>
#include <nixipfs/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Multicodec codes of block contents. */
enum nipfs_codec {
	NIPFS_CODEC_CBOR = 0x51,
	NIPFS_CODEC_RAW = 0x55,
	NIPFS_CODEC_DAG_PB = 0x70,
	NIPFS_CODEC_DAG_CBOR = 0x71,
	NIPFS_CODEC_LIBP2P_KEY = 0x72,
	NIPFS_CODEC_GIT_RAW = 0x78,
	NIPFS_CODEC_DAG_JOSE = 0x85,
	NIPFS_CODEC_DAG_JSON = 0x0129,
	NIPFS_CODEC_JSON = 0x0200
};

/* Multicodec codes of the hash functions that are built in. */
enum nipfs_hash {
	NIPFS_HASH_IDENTITY = 0x00,
	NIPFS_HASH_SHA2_256 = 0x12,
	NIPFS_HASH_SHA2_512 = 0x13,
	NIPFS_HASH_BLAKE2B_160 = 0xb214,
	NIPFS_HASH_BLAKE2B_256 = 0xb220,
	NIPFS_HASH_BLAKE2B_512 = 0xb240,
	NIPFS_HASH_BLAKE2S_256 = 0xb260
};

enum {
	NIPFS_DIGEST_MAX = 128,  /* bytes of a digest, identity included */
	NIPFS_CID_BYTES_MAX = 160, /* bytes of a binary CID */
	NIPFS_CID_TEXT_MAX = 1312 /* bytes of a CID as text in any base, NUL included */
};

/**
 * struct nipfs_cid - a content identifier, a plain value
 * @codec:      multicodec of the block's contents
 * @hash:       multicodec of the hash function
 * @version:    0 or 1; a CIDv0 always has codec dag-pb, sha2-256 and 32 bytes
 * @digest_len: bytes used in @digest
 * @digest:     the digest, or the block itself for NIPFS_HASH_IDENTITY; unused bytes are 0
 */
struct nipfs_cid {
	uint64_t codec;
	uint64_t hash;
	uint8_t version;
	uint8_t digest_len;
	uint8_t digest[NIPFS_DIGEST_MAX];
};

/* Multibase encodings; the value is the prefix character. */
enum nipfs_base {
	NIPFS_BASE_16 = 'f',
	NIPFS_BASE_16_UPPER = 'F',
	NIPFS_BASE_32 = 'b',
	NIPFS_BASE_32_UPPER = 'B',
	NIPFS_BASE_36 = 'k',
	NIPFS_BASE_58_BTC = 'z',
	NIPFS_BASE_64 = 'm',
	NIPFS_BASE_64_URL = 'u',
	NIPFS_BASE_64_URL_PAD = 'U'
};

/**
 * nipfs_base_from_name() - find a multibase encoding by its name in the multibase table
 * @name: NUL-terminated, "base32", "base58btc", "base64url", …
 * @out:  written on success
 *
 * Return: 0, or NIPFS_E_UNSUPPORTED for a name that is not built in.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_base_from_name(const char *name, enum nipfs_base *out);

/**
 * nipfs_hash_from_name() - find a hash function by its name in the multicodec table
 * @name: NUL-terminated, "sha2-256", "blake2b-256", "identity", …
 * @out:  written on success: the multicodec
 *
 * Return: 0, or NIPFS_E_UNSUPPORTED for a name that is not built in.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_hash_from_name(const char *name, uint64_t *out);

/**
 * nipfs_hash_name() - the name of a hash function
 * @hash: multicodec
 *
 * Return: a static string, or NULL for a hash that is not built in.
 */
NIPFS_API const char *nipfs_hash_name(uint64_t hash);

/**
 * nipfs_cid_decode() - read a binary CID from the front of some bytes
 * @in:   borrowed; bytes after the CID are ignored
 * @out:  untouched on failure
 * @used: bytes that the CID took; untouched on failure; may be NULL
 *
 * Strict: varints minimal and at most 9 bytes, version 0 as a bare sha2-256
 * multihash or 1. Hash functions that Kubo's allow-list refuses are refused:
 * anything unknown, digests under 20 or over 128 bytes (identity: 0 to 128),
 * and a digest longer than the hash function makes. A digest that is cut short
 * is taken, as Kubo does.
 *
 * Return: 0, NIPFS_E_TRUNCATED, NIPFS_E_NONCANONICAL, NIPFS_E_INVALID,
 * NIPFS_E_LIMIT (digest over 128 bytes) or NIPFS_E_UNSUPPORTED (hash function).
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_cid_decode(struct nipfs_slice in, struct nipfs_cid *out,
					     size_t *used);

/**
 * nipfs_cid_encode() - write a CID as bytes
 * @cid: a valid CID
 * @out: at least NIPFS_CID_BYTES_MAX bytes
 *
 * Return: the number of bytes written.
 */
NIPFS_API size_t nipfs_cid_encode(const struct nipfs_cid *cid, uint8_t *out);

/**
 * nipfs_cid_parse() - read a CID from text
 * @text: borrowed, not NUL-terminated; the whole of it must be the CID
 * @out:  untouched on failure
 *
 * "Qm…" (46 characters of base58btc) is CIDv0, all else multibase and CIDv1.
 * A text over NIPFS_CID_TEXT_MAX bytes is refused unread.
 *
 * Return: 0, or the codes of nipfs_cid_decode(); NIPFS_E_INVALID also for what
 * is no multibase, NIPFS_E_UNSUPPORTED for one that is not in enum nipfs_base.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_cid_parse(struct nipfs_slice text, struct nipfs_cid *out);

/**
 * nipfs_cid_format() - write a CID as text in its usual base
 * @cid: a valid CID
 * @out: at least NIPFS_CID_TEXT_MAX bytes; NUL-terminated on return
 *
 * base58btc without prefix for CIDv0, base32 for CIDv1.
 *
 * Return: the length without the NUL.
 */
NIPFS_API size_t nipfs_cid_format(const struct nipfs_cid *cid, char *out);

/**
 * nipfs_cid_format_base() - write a CID as text in a given base
 * @cid:  a valid CID; version 0 has but the one form of nipfs_cid_format()
 * @base: the multibase encoding
 * @out:  at least NIPFS_CID_TEXT_MAX bytes; NUL-terminated on success
 *
 * Return: 0, or NIPFS_E_USAGE for a CIDv0 in a base other than base58btc.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_cid_format_base(const struct nipfs_cid *cid,
						  enum nipfs_base base, char *out);

/**
 * nipfs_cid_equal() - whether two CIDs are the same, version and codec included
 */
NIPFS_API bool nipfs_cid_equal(const struct nipfs_cid *a, const struct nipfs_cid *b);

/**
 * nipfs_cid_of() - the CID of a block
 * @version: 0 or 1; 0 needs codec dag-pb and sha2-256
 * @codec:   multicodec of the contents
 * @hash:    multicodec of the hash function; for identity at most 128 bytes
 * @block:   the bytes
 * @out:     untouched on failure
 *
 * Return: 0, NIPFS_E_UNSUPPORTED (hash function not built in, a CIDv0 that
 * can't be, or a codec above 2^63 - 1) or NIPFS_E_LIMIT (identity over 128 bytes).
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_cid_of(uint8_t version, uint64_t codec, uint64_t hash,
					 struct nipfs_slice block, struct nipfs_cid *out);

/**
 * nipfs_cid_verify() - check a block against its CID
 * @cid:   what the block should be
 * @block: the bytes
 *
 * Of a digest that is cut short, the bytes that there are must agree.
 *
 * Return: 0, NIPFS_E_MISMATCH, or NIPFS_E_UNSUPPORTED for a hash function that
 * is on Kubo's allow-list and not built in (sha1, sha3, blake3, …).
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_cid_verify(const struct nipfs_cid *cid,
					     struct nipfs_slice block);

#ifdef __cplusplus
}
#endif
#endif
