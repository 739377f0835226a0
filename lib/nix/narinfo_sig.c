/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A narinfo with one signature more. */
#include "lib/nix/narinfo_sig.h"

#include <nixipfs/narinfo.h>

#include "multiformats/base/auto.h"
#include "multiformats/base/err.h"

static int fail(struct nipfs_error *err, int code, const char *sig)
{
	return nipfs__fail(err, code, "cannot add the signature '%s': %s", sig,
			   nipfs_err_text(code));
}

/* As Nix would write it, with the signature. */
static int format(const struct nipfs_path_info *info, const char *store_dir, const char *sig,
		  struct nipfs_buf *out, struct nipfs_error *err)
{
	nipfs_auto_free char *text = NULL;
	struct nipfs_path_info more;
	size_t len;
	int r;

	if (nipfs_path_info_copy(info, &more) < 0)
		return nipfs__fail_nomem(err);
	r = nipfs_path_info_add_sig(&more, nipfs__slice_str(sig));
	if (r < 0)
		(void)fail(err, r, sig);
	else
		r = nipfs_narinfo_format(&more, store_dir, &text, &len, err);
	nipfs_path_info_release(&more);
	if (r < 0)
		return r;
	nipfs__buf_clear(out);
	r = nipfs__buf_put(out, text, len);
	return r < 0 ? fail(err, r, sig) : 0;
}

int nipfs__narinfo_add_sig(struct nipfs_buf *text, const struct nipfs_path_info *info,
			   const char *store_dir, const char *sig, struct nipfs_error *err)
{
	nipfs_auto_free char *canonical = NULL;
	size_t len;
	int r = nipfs_narinfo_format(info, store_dir, &canonical, &len, err);

	if (r < 0)
		return r;
	if (nipfs__slice_eq(nipfs__buf_slice(text), nipfs__slice(canonical, len)))
		return format(info, store_dir, sig, text, err);
	r = nipfs__buf_printf(text, "Sig: %s\n", sig);
	return r < 0 ? fail(err, r, sig) : 0;
}
