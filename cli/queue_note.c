/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What commands say of entries of the queue. */
#include "cli/queue_note.h"

#include "cli/error.h"

void queue_entry_path(const struct nipfs_queue_entry *entry, char *out)
{
	(void)nipfs_store_path_format(&entry->path, entry->store_dir, out);
}

void queue_note_damaged(const struct common *common, const char *file)
{
	cli_note(common, "the file '%s' of the queue is no entry: queue drop --all removes it", file);
}
