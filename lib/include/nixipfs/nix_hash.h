/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Hashes as Nix writes them: "sha256:" and base-16, Nix base-32 or base-64, or
 * SRI ("sha256-" and base-64). All functions here are pure and thread-safe.
 */
#ifndef NIXIPFS_NIX_HASH_H
#define NIXIPFS_NIX_HASH_H

#include <stddef.h>
#include <stdint.h>

#include <nixipfs/bytes.h>
#include <nixipfs/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The hash functions that every Nix knows. */
enum nipfs_nix_algo {
	NIPFS_NIX_MD5 = 1,
	NIPFS_NIX_SHA1,
	NIPFS_NIX_SHA256,
	NIPFS_NIX_SHA512
};

/* How the bytes of a hash are written. */
enum nipfs_nix_hash_form {
	NIPFS_NIX_BASE16, /* "sha256:" and hexadecimal: the database */
	NIPFS_NIX_BASE32, /* "sha256:" and Nix base-32: narinfo, content addresses */
	NIPFS_NIX_BASE64, /* "sha256:" and base-64 */
	NIPFS_NIX_SRI	  /* "sha256-" and base-64: JSON */
};

enum {
	NIPFS_NIX_HASH_BYTES_MAX = 64,
	NIPFS_NIX_HASH_TEXT_MAX = 136 /* any form, NUL included */
};

/**
 * struct nipfs_nix_hash - a hash and what made it, a plain value
 * @algo:  the hash function; 0 where there is no hash
 * @len:   bytes used in @bytes; always what @algo gives
 * @bytes: the digest; unused bytes are 0
 */
struct nipfs_nix_hash {
	enum nipfs_nix_algo algo;
	uint8_t len;
	uint8_t bytes[NIPFS_NIX_HASH_BYTES_MAX];
};

/**
 * nipfs_nix_algo_name() - the name of a hash function
 * @algo: one of enum nipfs_nix_algo
 *
 * Return: a static string, "sha256" and the like, or NULL for no such function.
 */
NIPFS_API const char *nipfs_nix_algo_name(enum nipfs_nix_algo algo);

/**
 * nipfs_nix_algo_bytes() - the length of its digests
 * @algo: one of enum nipfs_nix_algo
 *
 * Return: 16, 20, 32 or 64, or 0 for no such function.
 */
NIPFS_API size_t nipfs_nix_algo_bytes(enum nipfs_nix_algo algo);

/**
 * nipfs_nix_algo_from_name() - find a hash function
 * @name: borrowed, "md5", "sha1", "sha256" or "sha512"
 * @out:  untouched on failure
 *
 * Return: 0, or NIPFS_E_UNSUPPORTED.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_nix_algo_from_name(struct nipfs_slice name,
						     enum nipfs_nix_algo *out);

/**
 * nipfs_nix_hash_sha256() - make a hash of 32 bytes that are at hand
 * @digest: 32 bytes
 *
 * Return: the hash, with the algorithm NIPFS_NIX_SHA256.
 */
NIPFS_API struct nipfs_nix_hash nipfs_nix_hash_sha256(const uint8_t *digest);

/**
 * nipfs_nix_hash_parse() - read a hash that names its function
 * @text: borrowed; the whole of it must be the hash
 * @out:  untouched on failure
 *
 * "ALGO:" and base-16, base-32 or base-64, told apart by length, or SRI. As
 * strict as the encodings allow: unused bits are 0, base-64 is padded.
 * Hexadecimal may be in either case, as for Nix.
 *
 * Return: 0, NIPFS_E_INVALID, or NIPFS_E_UNSUPPORTED (hash function).
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_nix_hash_parse(struct nipfs_slice text,
						 struct nipfs_nix_hash *out);

/**
 * nipfs_nix_hash_parse_bare() - read a hash whose function is known
 * @algo: the hash function
 * @text: borrowed; base-16, base-32 or base-64 without a prefix
 * @out:  untouched on failure
 *
 * Return: 0 or NIPFS_E_INVALID.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_nix_hash_parse_bare(enum nipfs_nix_algo algo,
						      struct nipfs_slice text,
						      struct nipfs_nix_hash *out);

/**
 * nipfs_nix_hash_format() - write a hash
 * @hash: a valid hash
 * @form: how
 * @out:  at least NIPFS_NIX_HASH_TEXT_MAX bytes; NUL-terminated on return
 *
 * Return: the length without the NUL.
 */
NIPFS_API size_t nipfs_nix_hash_format(const struct nipfs_nix_hash *hash,
				       enum nipfs_nix_hash_form form, char *out);

#ifdef __cplusplus
}
#endif
#endif
