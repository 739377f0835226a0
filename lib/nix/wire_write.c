/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The encoding of Nix's worker protocol, written. */
#include "lib/nix/wire.h"

#include <nixipfs/nix_hash.h>

#include "multiformats/base/num.h"

int nipfs__wire_put_u64(struct nipfs_buf *b, uint64_t v)
{
	uint8_t bytes[8];

	nipfs__put_le64(bytes, v);
	return nipfs__buf_put(b, bytes, sizeof(bytes));
}

int nipfs__wire_put_string(struct nipfs_buf *b, struct nipfs_slice s)
{
	static const uint8_t zeros[8];
	int r = nipfs__wire_put_u64(b, s.len);

	if (r == 0)
		r = nipfs__buf_put_slice(b, s);
	return r < 0 ? r : nipfs__buf_put(b, zeros, -s.len % 8);
}

int nipfs__wire_put_strings(struct nipfs_buf *b, const char *const *strings, size_t n)
{
	int r = nipfs__wire_put_u64(b, n);

	for (size_t i = 0; r == 0 && i < n; i++)
		r = nipfs__wire_put_string(b, nipfs__slice_str(strings[i]));
	return r;
}

int nipfs__wire_put_path(struct nipfs_buf *b, const char *store_dir,
			 const struct nipfs_store_path *path)
{
	char text[NIPFS_STORE_PATH_MAX];
	const size_t len = path ? nipfs_store_path_format(path, store_dir, text) : 0;

	return nipfs__wire_put_string(b, nipfs__slice(text, len));
}

int nipfs__wire_put_paths(struct nipfs_buf *b, const char *store_dir,
			  const struct nipfs_store_path *paths, size_t n)
{
	int r = nipfs__wire_put_u64(b, n);

	for (size_t i = 0; r == 0 && i < n; i++)
		r = nipfs__wire_put_path(b, store_dir, &paths[i]);
	return r;
}

int nipfs__wire_put_facts(struct nipfs_buf *b, const char *store_dir,
			  const struct nipfs_path_info *info)
{
	const struct nipfs_nix_hash hash = nipfs_nix_hash_sha256(info->nar_hash);
	const size_t algo = strlen("sha256:");
	char text[NIPFS_NIX_HASH_TEXT_MAX];
	const size_t len = nipfs_nix_hash_format(&hash, NIPFS_NIX_BASE16, text);
	int r = nipfs__wire_put_path(b, store_dir, info->has_deriver ? &info->deriver : NULL);

	if (r == 0)
		r = nipfs__wire_put_string(b, nipfs__slice(text + algo, len - algo));
	if (r == 0)
		r = nipfs__wire_put_paths(b, store_dir, info->refs, info->n_refs);
	if (r == 0)
		r = nipfs__wire_put_u64(b, (uint64_t)info->registration_time);
	return r < 0 ? r : nipfs__wire_put_u64(b, info->nar_size);
}

int nipfs__wire_put_claims(struct nipfs_buf *b, const struct nipfs_path_info *info)
{
	int r = nipfs__wire_put_u64(b, info->ultimate);

	if (r == 0)
		r = nipfs__wire_put_u64(b, info->n_sigs);
	for (size_t i = 0; r == 0 && i < info->n_sigs; i++)
		r = nipfs__wire_put_string(b, nipfs__slice_str(info->sigs[i]));
	if (r < 0)
		return r;
	return nipfs__wire_put_string(b, nipfs__slice_str(info->ca ? info->ca : ""));
}
