/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Standard input as a tree: one file. */
#ifndef CLI_STDIN_TREE_H
#define CLI_STDIN_TREE_H

#include <nixipfs/progress.h>
#include <nixipfs/tree.h>

/**
 * stdin_tree() - feed what comes from standard input to a sink, as a file
 * @sink:     takes the events
 * @progress: of reading what has to be kept first; may be NULL
 * @err:      filled on failure
 *
 * The events begin with the size of the file, so what is no file is first kept
 * in a temporary one without a name, in $TMPDIR, /var/tmp or /tmp.
 *
 * Return: 0, NIPFS_E_SYS, NIPFS_E_CHANGED, NIPFS_E_CANCELLED, or what the sink returned.
 */
int stdin_tree(const struct nipfs_tree_sink *sink, const struct nipfs_progress *progress,
	       struct nipfs_error *err);

#endif
