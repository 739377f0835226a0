/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Signatures of store paths, from the inside. */
#ifndef LIB_NIX_SIGNATURE_H
#define LIB_NIX_SIGNATURE_H

#include <nixipfs/keys.h>

/**
 * nipfs__path_info_make_sig() - our signature of a path, without adding it
 * @info: with a known nar_size
 * @out:  NIPFS_KEY_TEXT_MAX bytes; NUL-terminated; untouched on failure
 *
 * Return: 0, or as nipfs_path_info_fingerprint().
 */
int nipfs__path_info_make_sig(const struct nipfs_path_info *info, const char *store_dir,
			      const struct nipfs_secret_key *secret, char *out,
			      struct nipfs_error *err) NIPFS_MUSTUSE;

#endif
