/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What commands say of entries of the queue. */
#ifndef CLI_QUEUE_NOTE_H
#define CLI_QUEUE_NOTE_H

#include <nixipfs/queue.h>

#include "cli/command.h"

/* The full path of an entry, in NIPFS_STORE_PATH_MAX bytes. */
void queue_entry_path(const struct nipfs_queue_entry *entry, char *out);

/* Says that a file is no entry. */
void queue_note_damaged(const struct common *common, const char *file);

#endif
