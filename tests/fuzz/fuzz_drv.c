/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * .drv files: what is accepted has one end only, masking it changes nothing about
 * whether its kind is known, and its outputs can be read.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/nix/derivation.h"
#include "lib/nix/drv_modulo.h"
#include "multiformats/base/slice.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

enum { PREFIXES_TRIED = 600 };

static const uint8_t *lookup(void *ctx, struct nipfs_slice path)
{
	static uint8_t digest[32];

	/* Some inputs stand for the same. */
	memset(digest, path.len ? path.ptr[path.len - 1] & 3 : 9, sizeof(digest));
	++*(size_t *)ctx;
	return digest;
}

static int count(void *ctx, struct nipfs_slice path)
{
	(void)path;
	++*(size_t *)ctx;
	return 0;
}

static void check_accepted(struct nipfs_slice text, const uint8_t *digest)
{
	struct nipfs__drv_outputs outputs = { 0 };
	enum nipfs__drv_kind kind;
	size_t looked_up = 0, inputs = 0;
	uint8_t again[32];

	if (nipfs__drv_kind(text, &kind) != 0 ||
	    nipfs__drv_each_input(text, count, &inputs) != 0 ||
	    nipfs__drv_modulo(text, true, lookup, &looked_up, again) != 0 ||
	    looked_up != inputs)
		abort();
	/* The paths are in the environment, or it would not be masked: they are left out. */
	if (kind == NIPFS__DRV_INPUT_ADDRESSED && memcmp(digest, again, sizeof(again)) == 0)
		abort();
	if (nipfs__drv_parse_outputs(text, "/nix/store", &outputs, NULL) == 0 && outputs.n == 0)
		abort();
	nipfs__drv_outputs_release(&outputs);
	for (size_t n = text.len - 1; n && text.len - n < PREFIXES_TRIED; n--)
		if (nipfs__drv_modulo(nipfs__slice(text.ptr, n), true, lookup, &looked_up,
				      again) == 0)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);
	struct nipfs_slice text = { copy, len };
	uint8_t digest[32], masked[32];
	size_t looked_up = 0;

	if (!copy)
		return 0;
	if (len)
		memcpy(copy, bytes, len);
	if (nipfs__drv_modulo(text, true, lookup, &looked_up, masked) == 0 &&
	    nipfs__drv_modulo(text, false, lookup, &looked_up, digest) == 0)
		check_accepted(text, digest);
	free(copy);
	return 0;
}
