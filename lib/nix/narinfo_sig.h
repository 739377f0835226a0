/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A narinfo with one signature more. */
#ifndef LIB_NIX_NARINFO_SIG_H
#define LIB_NIX_NARINFO_SIG_H

#include <nixipfs/path_info.h>

#include "multiformats/base/buf.h"

/**
 * nipfs__narinfo_add_sig() - add a signature to the text of a narinfo
 * @text:      a narinfo that can be parsed; changed on success
 * @info:      what it says
 * @store_dir: the logical store folder
 * @sig:       "NAME:BASE64"; not among those of @info
 *
 * A text that Nix would write is changed to the one that Nix would write with
 * the signature. Any other may say things that would be lost: it gets a line more.
 *
 * Return: 0, NIPFS_E_LIMIT, NIPFS_E_NOMEM, or as nipfs_path_info_add_sig().
 */
int nipfs__narinfo_add_sig(struct nipfs_buf *text, const struct nipfs_path_info *info,
			   const char *store_dir, const char *sig,
			   struct nipfs_error *err) NIPFS_MUSTUSE;

#endif
