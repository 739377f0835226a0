/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Store paths: a base name that is taken is kept as it was, and is found again
 * in every path that it begins; a path that is taken is written as it was.
 */
#include <stdlib.h>
#include <string.h>

#include <nixipfs/store_path.h>

#include "multiformats/base/slice.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define STORE "/nix/store"

static void check_base(struct nipfs_slice in)
{
	struct nipfs_store_path path, again;
	char full[NIPFS_STORE_PATH_MAX], below[NIPFS_STORE_PATH_MAX + 8], hash[33];
	struct nipfs_slice rest;
	size_t n;

	if (nipfs_store_path_parse_base(in, &path, NULL) < 0)
		return;
	if (!nipfs__slice_eq(nipfs__slice_str(path.base), in))
		abort();
	nipfs_store_path_hash_part(&path, hash);
	if (!nipfs_store_hash_part_is_valid(nipfs__slice_str(hash)))
		abort();
	n = nipfs_store_path_format(&path, STORE, full);
	if (nipfs_store_path_parse(nipfs__slice(full, n), STORE, &again, NULL) < 0 ||
	    memcmp(&path, &again, sizeof(path)) != 0)
		abort();
	memcpy(below, full, n);
	memcpy(below + n, "//a/b/", 6);
	if (nipfs_store_path_split(nipfs__slice(below, n + 6), STORE, &again, &rest,
				   NULL) < 0 ||
	    memcmp(&path, &again, sizeof(path)) != 0 ||
	    !nipfs__slice_eq(rest, nipfs__slice_str("a/b")))
		abort();
	(void)nipfs_store_path_has_dot_name(&path);
	(void)nipfs_store_path_is_derivation(&path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct nipfs_slice in = { data, size };
	struct nipfs_store_path path, split;
	char full[NIPFS_STORE_PATH_MAX];
	struct nipfs_slice rest;

	check_base(in);
	if (nipfs_store_path_parse(in, STORE, &path, NULL) == 0) {
		if (nipfs_store_path_format(&path, STORE, full) != size ||
		    memcmp(full, data, size) != 0)
			abort();
		if (nipfs_store_path_split(in, STORE, &split, &rest, NULL) < 0 ||
		    rest.len || memcmp(&path, &split, sizeof(path)) != 0)
			abort();
	}
	if (nipfs_store_path_split(in, STORE, &split, &rest, NULL) == 0 && rest.len &&
	    (rest.ptr < data || rest.ptr + rest.len > data + size || rest.ptr[0] == '/'))
		abort();
	return 0;
}
