/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Trees as tables of events. */
#ifndef TESTS_SUPPORT_FEED_TREE_H
#define TESTS_SUPPORT_FEED_TREE_H

#include <nixipfs/tree.h>

/**
 * struct tree_step - one event of a tree, or all those of one file
 * @what: 'd' a directory begins, 'u' it ends, 'f' a file, 'l' a symlink; 0 ends a table
 * @name: NULL for the root
 * @text: contents of a file, target of a symlink; NULL: none
 * @mode: 07777 bits, known unless 0; a file with 0100 is executable
 * @seconds, @nanoseconds: mtime, known unless both are 0
 */
struct tree_step {
	char what;
	const char *name, *text;
	uint32_t mode;
	int64_t seconds;
	uint32_t nanoseconds;
};

/* Rows of such a table; behind the name may come .mode, .seconds, .nanoseconds. */
#define TREE_DIR(...) { .what = 'd', .name = __VA_ARGS__ }
#define TREE_UP { .what = 'u' }
#define TREE_END { .what = 0 }
#define TREE_FILE(path, ...) { .what = 'f', .name = (path), .text = __VA_ARGS__ }
#define TREE_LINK(path, ...) { .what = 'l', .name = (path), .text = __VA_ARGS__ }

/* Gives a tree to a sink, file contents in spans of at most @span_max bytes. */
int feed_tree(const struct nipfs_tree_sink *sink, const struct tree_step *steps,
	      size_t span_max, struct nipfs_error *err);

/* Gives a file that is in memory to a sink, as the whole tree. */
int feed_file(const struct nipfs_tree_sink *sink, struct nipfs_slice content,
	      uint32_t mode, size_t span_max, struct nipfs_error *err);

#endif
