/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A hash for tables in memory whose keys come from outside: SipHash-2-4. */
#include "lib/blocks/hash.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "multiformats/base/err.h"
#include "multiformats/base/num.h"

int nipfs__hash_key_init(struct nipfs__hash_key *key, struct nipfs_error *err)
{
	struct nipfs__hash_key made;

	if (getrandom(&made, sizeof(made), 0) != (ssize_t)sizeof(made))
		return nipfs__fail_errno(err, errno, "cannot get random bytes");
	*key = made;
	return 0;
}

static inline uint64_t rotate(uint64_t v, unsigned int by)
{
	return v << by | v >> (64 - by);
}

static void rounds(uint64_t v[4], int n)
{
	for (; n > 0; n--) {
		v[0] += v[1];
		v[2] += v[3];
		v[1] = rotate(v[1], 13) ^ v[0];
		v[3] = rotate(v[3], 16) ^ v[2];
		v[0] = rotate(v[0], 32);
		v[2] += v[1];
		v[0] += v[3];
		v[1] = rotate(v[1], 17) ^ v[2];
		v[3] = rotate(v[3], 21) ^ v[0];
		v[2] = rotate(v[2], 32);
	}
}

static void absorb(uint64_t v[4], uint64_t word)
{
	v[3] ^= word;
	rounds(v, 2);
	v[0] ^= word;
}

uint64_t nipfs__hash_bytes(const struct nipfs__hash_key *key, struct nipfs_slice bytes)
{
	uint64_t v[4] = { key->k0 ^ 0x736f6d6570736575u, key->k1 ^ 0x646f72616e646f6du,
			  key->k0 ^ 0x6c7967656e657261u, key->k1 ^ 0x7465646279746573u };
	uint8_t tail[8] = { 0 };
	size_t i = 0;

	for (; i + 8 <= bytes.len; i += 8)
		absorb(v, nipfs__get_le64(bytes.ptr + i));
	if (i < bytes.len)
		memcpy(tail, bytes.ptr + i, bytes.len - i);
	tail[7] = (uint8_t)bytes.len;
	absorb(v, nipfs__get_le64(tail));
	v[2] ^= 0xff;
	rounds(v, 4);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

uint64_t nipfs__hash_multihash(const struct nipfs__hash_key *key,
			       const struct nipfs_cid *cid)
{
	const struct nipfs__hash_key own = { key->k0 ^ cid->hash, key->k1 };

	return nipfs__hash_bytes(&own,
				 (struct nipfs_slice){ cid->digest, cid->digest_len });
}

bool nipfs__same_multihash(const struct nipfs_cid *a, const struct nipfs_cid *b)
{
	return a->hash == b->hash && a->digest_len == b->digest_len &&
	       memcmp(a->digest, b->digest, a->digest_len) == 0;
}
