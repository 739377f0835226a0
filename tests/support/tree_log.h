/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A tree sink that writes down what it gets, as text to compare. */
#ifndef TESTS_SUPPORT_TREE_LOG_H
#define TESTS_SUPPORT_TREE_LOG_H

#include <nixipfs/tree.h>

/**
 * struct tree_log - the events of one tree
 * @text:        one line for each, NUL-terminated, indented by depth:
 *               `dir "NAME"`, `file "NAME" "CONTENTS"`, `exec "NAME" "CONTENTS"`,
 *               `link "NAME" "TARGET"`, each with ` MODE SECONDS.NANOSECONDS` where the
 *               entry has them; `end` for `leave` when @ends is set.
 *               Contents over 64 bytes are `SIZE FNV1A-64` instead.
 * @ends:        write down `leave`
 * @have:        NULL, or the name of what is answered with NIPFS_HAVE
 * @have_files:  answer each file with NIPFS_HAVE
 * @fail_at:     0, or the number of the event that fails with NIPFS_E_CANCELLED
 * @events:      how many there were
 * @spans:       how many times bytes were given
 * @spans_unaligned: how many of them did not begin at a multiple of 1 MiB
 * @spans_fd:    how many came with a descriptor
 *
 * All zero to start with. Aborts on events that break the contract of struct
 * nipfs_tree_sink: names out of order, bytes that do not add up, …
 */
struct tree_log {
	char *text;
	size_t len;
	bool ends, have_files;
	const char *have;
	unsigned int fail_at, events;
	unsigned int spans, spans_unaligned, spans_fd;
	struct tree_log_private *p;
};

struct nipfs_tree_sink tree_log_sink(struct tree_log *log);
/* Forgets all of it. */
void tree_log_release(struct tree_log *log);

#endif
