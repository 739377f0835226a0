/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hashes as Nix writes them. */
#include <nixipfs/nix_hash.h>

#include <assert.h>
#include <string.h>

#include "lib/nix/base32.h"
#include "lib/nix/base64.h"
#include "multiformats/base/slice.h"

static const struct {
	const char *name;
	uint8_t bytes;
} algos[] = {
	[NIPFS_NIX_MD5] = { "md5", 16 },
	[NIPFS_NIX_SHA1] = { "sha1", 20 },
	[NIPFS_NIX_SHA256] = { "sha256", 32 },
	[NIPFS_NIX_SHA512] = { "sha512", 64 },
};

static bool is_algo(unsigned int algo)
{
	return algo >= NIPFS_NIX_MD5 && algo <= NIPFS_NIX_SHA512;
}

const char *nipfs_nix_algo_name(enum nipfs_nix_algo algo)
{
	return is_algo(algo) ? algos[algo].name : NULL;
}

size_t nipfs_nix_algo_bytes(enum nipfs_nix_algo algo)
{
	return is_algo(algo) ? algos[algo].bytes : 0;
}

int nipfs_nix_algo_from_name(struct nipfs_slice name, enum nipfs_nix_algo *out)
{
	for (unsigned int i = NIPFS_NIX_MD5; i <= NIPFS_NIX_SHA512; i++)
		if (nipfs__slice_eq(name, nipfs__slice_str(algos[i].name))) {
			*out = (enum nipfs_nix_algo)i;
			return 0;
		}
	return NIPFS_E_UNSUPPORTED;
}

struct nipfs_nix_hash nipfs_nix_hash_sha256(const uint8_t *digest)
{
	struct nipfs_nix_hash h = { .algo = NIPFS_NIX_SHA256, .len = 32 };

	memcpy(h.bytes, digest, 32);
	return h;
}

static int hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static int base16_decode(struct nipfs_slice text, uint8_t *out)
{
	for (size_t i = 0; i < text.len; i += 2) {
		const int high = hex_digit(text.ptr[i]), low = hex_digit(text.ptr[i + 1]);

		if (high < 0 || low < 0)
			return NIPFS_E_INVALID;
		out[i / 2] = (uint8_t)(high << 4 | low);
	}
	return 0;
}

static void base16_encode(struct nipfs_slice in, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < in.len; i++) {
		out[i * 2] = digits[in.ptr[i] >> 4];
		out[i * 2 + 1] = digits[in.ptr[i] & 15];
	}
	out[in.len * 2] = 0;
}

static int base64_exact(struct nipfs_slice text, uint8_t *out, size_t len)
{
	size_t got;
	const int r = nipfs__base64_decode(text, out, len, &got);

	if (r < 0)
		return r;
	return got == len ? 0 : NIPFS_E_INVALID;
}

/* No two of the three lengths are ever the same. */
static int decode(enum nipfs_nix_algo algo, struct nipfs_slice text, bool sri,
		  struct nipfs_nix_hash *out)
{
	struct nipfs_nix_hash h = { .algo = algo, .len = algos[algo].bytes };
	int r;

	if (!sri && text.len == (size_t)h.len * 2)
		r = base16_decode(text, h.bytes);
	else if (!sri && text.len == NIPFS__BASE32_LEN((size_t)h.len))
		r = nipfs__base32_decode(text, h.bytes, h.len);
	else
		r = base64_exact(text, h.bytes, h.len);
	if (r == 0)
		*out = h;
	return r;
}

int nipfs_nix_hash_parse_bare(enum nipfs_nix_algo algo, struct nipfs_slice text,
			      struct nipfs_nix_hash *out)
{
	assert(is_algo(algo));
	return decode(algo, text, false, out);
}

int nipfs_nix_hash_parse(struct nipfs_slice text, struct nipfs_nix_hash *out)
{
	const uint8_t *sep = text.len ? memchr(text.ptr, ':', text.len) : NULL;
	enum nipfs_nix_algo algo;
	size_t n;
	int r;

	if (!sep)
		sep = text.len ? memchr(text.ptr, '-', text.len) : NULL;
	if (!sep)
		return NIPFS_E_INVALID;
	n = (size_t)(sep - text.ptr);
	r = nipfs_nix_algo_from_name(nipfs__slice(text.ptr, n), &algo);
	if (r < 0)
		return r;
	return decode(algo, nipfs__slice_skip(text, n + 1), *sep == '-', out);
}

size_t nipfs_nix_hash_format(const struct nipfs_nix_hash *hash,
			     enum nipfs_nix_hash_form form, char *out)
{
	const struct nipfs_slice bytes = nipfs__slice(hash->bytes, hash->len);
	size_t n;

	assert(is_algo(hash->algo) && hash->len == algos[hash->algo].bytes);
	n = strlen(algos[hash->algo].name);
	memcpy(out, algos[hash->algo].name, n);
	out[n++] = form == NIPFS_NIX_SRI ? '-' : ':';
	switch (form) {
	case NIPFS_NIX_BASE16:
		base16_encode(bytes, out + n);
		break;
	case NIPFS_NIX_BASE32:
		(void)nipfs__base32_encode(bytes, out + n);
		break;
	case NIPFS_NIX_BASE64:
	case NIPFS_NIX_SRI:
		(void)nipfs__base64_encode(bytes, out + n);
		break;
	}
	return n + strlen(out + n);
}
