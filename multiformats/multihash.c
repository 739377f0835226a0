/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Self-describing digests: the table of hash functions and what is allowed. */
#include "multiformats/multihash.h"

#include <string.h>

#include "multiformats/base/slice.h"
#include "multiformats/hash.h"
#include "multiformats/varint.h"

/* A hash function that is allowed; @sum is NULL when it is not built in. */
struct hash_fn {
	uint64_t code;
	const char *name;
	size_t digest_max;
	void (*sum)(struct nipfs_slice msg, uint8_t *digest, size_t len);
};

/* clang-format off */
#define B(bits) { 0xb200 + (bits) / 8, "blake2b-" #bits, (bits) / 8, nipfs__hash_blake2b }
/* Allowed, though not even Kubo can compute it: BLAKE2s of less than 256 bits. */
#define S(bits) { 0xb240 + (bits) / 8, "blake2s-" #bits, (bits) / 8, NULL }

static const struct hash_fn hash_fns[] = {
	{ NIPFS_HASH_SHA2_256, "sha2-256", 32, nipfs__hash_sha2_256 },
	{ NIPFS_HASH_IDENTITY, "identity", NIPFS_DIGEST_MAX, nipfs__hash_identity },
	{ NIPFS_HASH_SHA2_512, "sha2-512", 64, nipfs__hash_sha2_512 },
	{ 0x11, "sha1", 20, NULL },
	{ 0x14, "sha3-512", 64, NULL },
	{ 0x15, "sha3-384", 48, NULL },
	{ 0x16, "sha3-256", 32, NULL },
	{ 0x17, "sha3-224", 28, NULL },
	{ 0x19, "shake-256", 64, NULL },
	{ 0x1a, "keccak-224", 28, NULL },
	{ 0x1b, "keccak-256", 32, NULL },
	{ 0x1c, "keccak-384", 48, NULL },
	{ 0x1d, "keccak-512", 64, NULL },
	{ 0x1e, "blake3", NIPFS_DIGEST_MAX, NULL },
	{ 0x56, "dbl-sha2-256", 32, NULL },
	B(160), B(168), B(176), B(184), B(192), B(200), B(208), B(216), B(224),
	B(232), B(240), B(248), B(256), B(264), B(272), B(280), B(288), B(296),
	B(304), B(312), B(320), B(328), B(336), B(344), B(352), B(360), B(368),
	B(376), B(384), B(392), B(400), B(408), B(416), B(424), B(432), B(440),
	B(448), B(456), B(464), B(472), B(480), B(488), B(496), B(504), B(512),
	S(160), S(168), S(176), S(184), S(192), S(200), S(208), S(216), S(224),
	S(232), S(240), S(248),
	{ NIPFS_HASH_BLAKE2S_256, "blake2s-256", 32, nipfs__hash_blake2s },
};
/* clang-format on */
#define N_HASH_FNS (sizeof(hash_fns) / sizeof(hash_fns[0]))

static const struct hash_fn *find(uint64_t code)
{
	for (size_t i = 0; i < N_HASH_FNS; i++)
		if (hash_fns[i].code == code)
			return &hash_fns[i];
	return NULL;
}

int nipfs_hash_from_name(const char *name, uint64_t *out)
{
	for (size_t i = 0; i < N_HASH_FNS; i++) {
		if (hash_fns[i].sum && strcmp(hash_fns[i].name, name) == 0) {
			*out = hash_fns[i].code;
			return 0;
		}
	}
	return NIPFS_E_UNSUPPORTED;
}

const char *nipfs_hash_name(uint64_t hash)
{
	const struct hash_fn *fn = find(hash);

	return fn && fn->sum ? fn->name : NULL;
}

static int check_digest_len(uint64_t hash, uint64_t len)
{
	const struct hash_fn *fn = find(hash);

	if (!fn)
		return NIPFS_E_UNSUPPORTED;
	if (len > NIPFS_DIGEST_MAX)
		return NIPFS_E_LIMIT;
	if (len > fn->digest_max)
		return NIPFS_E_INVALID;
	if (len < NIPFS__DIGEST_MIN && hash != NIPFS_HASH_IDENTITY)
		return NIPFS_E_INVALID;
	return 0;
}

int nipfs__multihash_decode(struct nipfs_slice in, uint64_t *hash,
			    struct nipfs_slice *digest, size_t *used)
{
	size_t n_code, n_len;
	uint64_t code, len;
	int r = nipfs__varint_decode(in, &code, &n_code);

	if (r < 0)
		return r;
	in = nipfs__slice_skip(in, n_code);
	r = nipfs__varint_decode(in, &len, &n_len);
	if (r < 0)
		return r;
	in = nipfs__slice_skip(in, n_len);
	r = check_digest_len(code, len);
	if (r < 0)
		return r;
	if (len > in.len)
		return NIPFS_E_TRUNCATED;
	*hash = code;
	*digest = nipfs__slice(in.ptr, (size_t)len);
	*used = n_code + n_len + (size_t)len;
	return 0;
}

int nipfs__multihash_sum(uint64_t hash, struct nipfs_slice msg, uint8_t *digest,
			 size_t *len)
{
	const struct hash_fn *fn = find(hash);
	size_t n;

	if (!fn || !fn->sum)
		return NIPFS_E_UNSUPPORTED;
	n = fn->digest_max;
	if (hash == NIPFS_HASH_IDENTITY) {
		if (msg.len > NIPFS_DIGEST_MAX)
			return NIPFS_E_LIMIT;
		n = msg.len;
	}
	fn->sum(msg, digest, n);
	*len = n;
	return 0;
}

size_t nipfs__multihash_len(uint64_t hash)
{
	const struct hash_fn *fn = find(hash);

	return fn && fn->sum && hash != NIPFS_HASH_IDENTITY ? fn->digest_max : 0;
}
