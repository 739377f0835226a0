/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SHA-256 from our own service, SHA-512 from libcrypto; and no hash at all. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "multiformats/hash.h"

#include <assert.h>
#include <openssl/sha.h>
#include <string.h>

#include "multiformats/sha256/sha256.h"

void nipfs__hash_identity(struct nipfs_slice msg, uint8_t *digest, size_t len)
{
	assert(len == msg.len);
	if (len)
		memcpy(digest, msg.ptr, len);
}

void nipfs__hash_sha2_256(struct nipfs_slice msg, uint8_t *digest, size_t len)
{
	uint8_t whole[1][NIPFS__SHA256_BYTES];

	assert(len == sizeof(whole[0]));
	nipfs__sha256_many(&msg, 1, whole);
	memcpy(digest, whole[0], len);
}

void nipfs__hash_sha2_512(struct nipfs_slice msg, uint8_t *digest, size_t len)
{
	SHA512_CTX ctx;

	assert(len == SHA512_DIGEST_LENGTH);
	/* the low-level calls: no fetch, no allocation, and none of them can fail */
	(void)SHA512_Init(&ctx);
	(void)SHA512_Update(&ctx, msg.ptr, msg.len);
	(void)SHA512_Final(digest, &ctx);
}
