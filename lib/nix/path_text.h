/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* File names as text: absolute and canonical without a look at any file, as in Nix. */
#ifndef LIB_NIX_PATH_TEXT_H
#define LIB_NIX_PATH_TEXT_H

#include <nixipfs/error.h>

/**
 * nipfs__path_join() - one absolute path of two parts
 * @base: absolute
 * @path: relative to @base; one that is absolute stands for itself
 * @out:  owned by the caller, free() it: without "//", "." and "..", and without a
 *        slash at the end, unless it is "/"; untouched on failure
 *
 * Return: 0, NIPFS_E_NOMEM, or NIPFS_E_LIMIT (as long as PATH_MAX).
 */
int nipfs__path_join(const char *base, const char *path, char **out) NIPFS_MUSTUSE;

#endif
