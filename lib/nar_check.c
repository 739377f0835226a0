/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether a tree has the NAR hash and size that are said of it. */
#include "lib/nar_check.h"

#include <string.h>

#include <nixipfs/nix_hash.h>

#include "multiformats/base/err.h"
#include "multiformats/base/slice.h"

int nipfs__nar_compare(const struct nipfs_path_info *info,
		       const struct nipfs_nar_digest *digest, struct nipfs_error *err)
{
	const struct nipfs_nix_hash want = nipfs_nix_hash_sha256(info->nar_hash);
	const struct nipfs_nix_hash got = nipfs_nix_hash_sha256(digest->sha256);
	char want_text[NIPFS_NIX_HASH_TEXT_MAX], got_text[NIPFS_NIX_HASH_TEXT_MAX];

	if (memcmp(digest->sha256, info->nar_hash, sizeof(digest->sha256)) != 0) {
		(void)nipfs_nix_hash_format(&want, NIPFS_NIX_BASE32, want_text);
		(void)nipfs_nix_hash_format(&got, NIPFS_NIX_BASE32, got_text);
		return nipfs__fail(err, NIPFS_E_MISMATCH,
				   "its contents have the NAR hash %s, and should have %s",
				   got_text, want_text);
	}
	if (info->nar_size > 0 && digest->size != info->nar_size)
		return nipfs__fail(err, NIPFS_E_MISMATCH,
				   "its NAR has %llu bytes, and should have %llu",
				   (unsigned long long)digest->size,
				   (unsigned long long)info->nar_size);
	return 0;
}

int nipfs__nar_check_begin(struct nipfs__nar_check *c, const struct nipfs_path_info *info,
			   struct nipfs_progress_meter *meter, struct nipfs_error *err)
{
	int r;

	*c = (struct nipfs__nar_check){ .info = info };
	r = nipfs_nar_hash_new(&c->hash, nipfs__slice(NULL, 0), info->nar_size, err);
	if (r < 0)
		return r;
	c->hash_sink = c->sink = nipfs_nar_hash_sink(c->hash);
	if (meter) {
		meter->event.subject = nipfs__slice_str(info->path.base);
		meter->inner = &c->hash_sink;
		c->sink = nipfs_progress_meter_sink(meter);
	}
	return 0;
}

int nipfs__nar_check_end(struct nipfs__nar_check *c, int r, uint64_t *size,
			 struct nipfs_error *err)
{
	struct nipfs_nar_digest digest;

	if (r == 0)
		r = nipfs_nar_hash_result(c->hash, &digest, err);
	if (r == 0)
		r = nipfs__nar_compare(c->info, &digest, err);
	if (r == 0)
		*size = digest.size;
	else
		nipfs__prefix(err, "'%s'", c->info->path.base);
	nipfs_nar_hash_free(c->hash);
	c->hash = NULL;
	return r;
}
