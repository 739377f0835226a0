/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A store folder that is mounted read-only, as NixOS and others keep theirs. */
#ifndef LIB_NIX_MOUNT_H
#define LIB_NIX_MOUNT_H

#include <nixipfs/error.h>

/* Return: 1 mounted read-only, 0 not so or not there, NIPFS_E_SYS. */
int nipfs__mount_is_read_only(const char *dir, struct nipfs_error *err) NIPFS_MUSTUSE;

/* Why @dir, which is mounted read-only, cannot be written: NIPFS_E_UNSUPPORTED. */
int nipfs__mount_refuse(const char *dir, struct nipfs_error *err);

/**
 * nipfs__mount_make_writable() - make a read-only mount writable for this process alone
 * @dir: where the mount is; there
 *
 * The process gets a mount namespace of its own, in which nothing but that one
 * mount is changed, and of it nothing but that it is read-only. What others mount
 * later is seen in it too; what is done in it is seen by nobody else. Threads that
 * run already would stay outside: there must be none. What was opened below @dir
 * before is read-only as ever.
 *
 * Return: 0; NIPFS_E_UNSUPPORTED (not root, no mount namespace to be had, no mount
 * of its own, or a disk that is read-only itself: the message says which);
 * NIPFS_E_USAGE (there are threads); NIPFS_E_SYS.
 */
int nipfs__mount_make_writable(const char *dir, struct nipfs_error *err) NIPFS_MUSTUSE;

#endif
