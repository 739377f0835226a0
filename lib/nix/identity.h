/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* As whom the process works. */
#ifndef LIB_NIX_IDENTITY_H
#define LIB_NIX_IDENTITY_H

#include <sys/types.h>

#include <nixipfs/error.h>

/**
 * nipfs__become() - give up being root for good
 * @uid: whom to become; not root
 * @gid: the group where the user database does not know @uid
 *
 * All user and group numbers of the process change, the saved ones and the groups
 * of the user too, in all threads, and that there is no way back is tried. HOME,
 * USER and LOGNAME become those of the user; what XDG_*_HOME said is forgotten,
 * because it was said of root's folders.
 *
 * Return: 0; NIPFS_E_SYS: the process is neither quite the one nor the other, and
 * should do nothing more.
 */
int nipfs__become(uid_t uid, gid_t gid, struct nipfs_error *err) NIPFS_MUSTUSE;

#endif
