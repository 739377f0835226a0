/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Nix base-32 and hashes: base-32 that is taken is written as it was; a hash
 * that is taken is the same in each of its forms.
 */
#include <stdlib.h>
#include <string.h>

#include <nixipfs/nix_hash.h>

#include "lib/nix/base32.h"
#include "multiformats/base/slice.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_base32(struct nipfs_slice in)
{
	uint8_t raw[128];
	char text[256];

	for (size_t n = 1; n <= sizeof(raw); n++)
		if (NIPFS__BASE32_LEN(n) == in.len &&
		    nipfs__base32_decode(in, raw, n) == 0 &&
		    (nipfs__base32_encode(nipfs__slice(raw, n), text) != in.len ||
		     memcmp(text, in.ptr, in.len) != 0))
			abort();
}

/* Every form leads back. */
static void check_forms(const struct nipfs_nix_hash *h)
{
	static const enum nipfs_nix_hash_form forms[] = {
		NIPFS_NIX_BASE16, NIPFS_NIX_BASE32, NIPFS_NIX_BASE64, NIPFS_NIX_SRI
	};
	char text[NIPFS_NIX_HASH_TEXT_MAX];
	struct nipfs_nix_hash back;

	for (size_t i = 0; i < 4; i++) {
		const size_t n = nipfs_nix_hash_format(h, forms[i], text);

		if (n >= sizeof(text) || strlen(text) != n ||
		    nipfs_nix_hash_parse(nipfs__slice(text, n), &back) < 0 ||
		    memcmp(h, &back, sizeof(back)) != 0)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct nipfs_slice in = { data, size };
	struct nipfs_nix_hash h;

	memset(&h, 0, sizeof(h));
	check_base32(in);
	if (nipfs_nix_hash_parse(in, &h) == 0)
		check_forms(&h);
	for (unsigned int algo = NIPFS_NIX_MD5; algo <= NIPFS_NIX_SHA512; algo++)
		if (nipfs_nix_hash_parse_bare((enum nipfs_nix_algo)algo, in, &h) == 0)
			check_forms(&h);
	return 0;
}
