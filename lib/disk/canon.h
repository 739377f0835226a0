/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The metadata that Nix gives whatever is in its store (nix.md, section 1.3). */
#ifndef LIB_DISK_CANON_H
#define LIB_DISK_CANON_H

#include <time.h>

#include "lib/disk/dirs.h"

/* For futimens(): the access time stays, the modification time is 1. */
extern const struct timespec nipfs__canon_times[2];

/*
 * Both take the open current entry of @dirs, and return 0 or NIPFS_E_SYS.
 * strip: removes what a new file or directory inherited: ACLs and other
 * extended attributes, but those of @ignored (see struct nipfs_disk_sink_options).
 * seal: sets its mode and time.
 */
int nipfs__canon_strip(const struct nipfs__dirs *dirs, int fd, const char *ignored,
		       struct nipfs_error *err) NIPFS_MUSTUSE;
int nipfs__canon_seal(const struct nipfs__dirs *dirs, int fd, mode_t mode,
		      struct nipfs_error *err) NIPFS_MUSTUSE;

#endif
