/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mode and mtime, as far as a profile stores them. */
#include "dag/attributes.h"

enum { MODE_EXECUTABLE = 0555, MODE_BITS = 07777 };

/* The year 1, which Go takes for no time at all. */
#define GO_ZERO_TIME (-62135596800)

static bool is_go_zero(const struct nipfs_mtime *t)
{
	return t->seconds == GO_ZERO_TIME && t->nanoseconds == 0;
}

struct nipfs__attributes nipfs__attributes_of(const struct nipfs_unixfs_params *params,
					      const struct nipfs_entry *entry)
{
	struct nipfs__attributes a = { false, 0, { false, 0, 0 } };

	if (params->mode == NIPFS_MODE_EXECUTABLE && entry->executable) {
		a.has_mode = true;
		a.mode = MODE_EXECUTABLE;
	} else if (params->mode == NIPFS_MODE_PRESERVE && entry->has_mode) {
		a.mode = entry->mode & MODE_BITS;
		/* Kubo keeps a mode of 0 for directories, and none for symlinks */
		a.has_mode = entry->kind == NIPFS_DIRECTORY ||
			     (entry->kind == NIPFS_FILE && a.mode);
	}
	if (params->mtime == NIPFS_MTIME_PRESERVE && entry->mtime.present &&
	    !is_go_zero(&entry->mtime))
		a.mtime = entry->mtime;
	return a;
}
