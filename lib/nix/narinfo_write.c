/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* narinfo, written as Nix writes it. */
#include <nixipfs/narinfo.h>

#include <string.h>

#include "multiformats/base/auto.h"
#include "multiformats/base/err.h"

static int write_lines(const struct nipfs_path_info *info, const char *store_dir,
		       struct nipfs_buf *out)
{
	const struct nipfs_nix_hash nar = nipfs_nix_hash_sha256(info->nar_hash);
	const unsigned long long size = info->nar_size;
	char hash[NIPFS_NIX_HASH_TEXT_MAX];
	int r;

	(void)nipfs_nix_hash_format(&nar, NIPFS_NIX_BASE32, hash);
	r = nipfs__buf_printf(out,
			      "StorePath: %s/%s\nURL: nar/%s.nar\nCompression: none\n"
			      "FileHash: %s\nFileSize: %llu\nNarHash: %s\nNarSize: %llu\n"
			      "References: ",
			      store_dir, info->path.base, strchr(hash, ':') + 1, hash,
			      size, hash, size);
	for (size_t i = 0; r == 0 && i < info->n_refs; i++)
		r = nipfs__buf_printf(out, "%s%s", i ? " " : "", info->refs[i].base);
	if (r == 0)
		r = nipfs__buf_put_u8(out, '\n');
	if (r == 0 && info->has_deriver)
		r = nipfs__buf_printf(out, "Deriver: %s\n", info->deriver.base);
	for (size_t i = 0; r == 0 && i < info->n_sigs; i++)
		r = nipfs__buf_printf(out, "Sig: %s\n", info->sigs[i]);
	if (r == 0 && info->ca)
		r = nipfs__buf_printf(out, "CA: %s\n", info->ca);
	return r < 0 ? r : nipfs__buf_terminate(out);
}

int nipfs_narinfo_format(const struct nipfs_path_info *info, const char *store_dir,
			 char **out, size_t *len, struct nipfs_error *err)
{
	nipfs_auto_buf struct nipfs_buf text = NIPFS_BUF_INIT(NIPFS_NARINFO_MAX + 1);
	int r;

	if (info->nar_size == 0)
		return nipfs__fail(err, NIPFS_E_INVALID,
				   "the NAR size of '%s' is not known", info->path.base);
	r = write_lines(info, store_dir, &text);
	if (r == NIPFS_E_LIMIT)
		return nipfs__fail(
		    err, r,
		    "'%s' has %zu references and %zu signatures, more than a "
		    "narinfo of %d bytes holds",
		    info->path.base, info->n_refs, info->n_sigs, NIPFS_NARINFO_MAX);
	if (r < 0)
		return nipfs__fail_nomem(err);
	*out = (char *)text.ptr;
	*len = text.len;
	text = (struct nipfs_buf)NIPFS_BUF_INIT(0);
	return 0;
}
