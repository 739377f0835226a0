/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Trees on disk: read as tree events, written from tree events, removed.
 *
 * Nothing here recurses on the depth of a tree or holds a descriptor per level,
 * and nothing follows a symlink that it meets inside a tree. Objects are used
 * by one thread at a time.
 */
#ifndef NIXIPFS_DISK_H
#define NIXIPFS_DISK_H

#include <stdbool.h>
#include <stdint.h>

#include <nixipfs/error.h>
#include <nixipfs/tree.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * struct nipfs_disk_source_options - what is read of a tree on disk
 * @skip_hidden: leave out entries whose names begin with a dot (never the root)
 * @metadata:    fill mode and mtime of every entry
 * @no_bytes:    leave out the bytes of files: `file` is followed by `file_end`
 *               at once, and no file is opened
 * @follow_root: when the root is a symlink, read what it leads to
 *
 * All zero: everything that a NAR holds.
 */
struct nipfs_disk_source_options {
	bool skip_hidden;
	bool metadata;
	bool no_bytes;
	bool follow_root;
};

/**
 * nipfs_disk_tree() - read a file, directory or symlink on disk as tree events
 * @dirfd:   where a relative @path begins; AT_FDCWD for the current directory
 * @path:    NUL-terminated; its last component is not followed when it is a symlink
 * @options: may be NULL: all zero
 * @limits:  what to refuse
 * @sink:    takes the events
 * @err:     may be NULL
 *
 * A file is executable when its owner may execute it. Its bytes come in spans
 * that begin at multiples of 1 MiB, with the open file as descriptor. Memory:
 * the names of the directories on the way to the current one, and a few slabs.
 *
 * Return: 0; NIPFS_E_NOTFOUND (no such @path); NIPFS_E_SYS; NIPFS_E_INVALID for
 * a socket, FIFO or device; NIPFS_E_CHANGED for what came, went, grew or shrank
 * during the reading; NIPFS_E_LIMIT; NIPFS_E_NOMEM; or what the sink returned.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_disk_tree(int dirfd, const char *path,
					    const struct nipfs_disk_source_options *options,
					    const struct nipfs_tree_limits *limits,
					    const struct nipfs_tree_sink *sink,
					    struct nipfs_error *err);

/*
 * How a tree is written. PLAIN: files 0666, executables and directories 0777,
 * as the umask has it. STORE: as Nix keeps store objects: files 0444 or 0555,
 * directories 0555, modification time 1, no extended attributes and no ACLs but
 * those that are to be ignored.
 */
enum nipfs_disk_style { NIPFS_DISK_PLAIN, NIPFS_DISK_STORE };

/**
 * struct nipfs_disk_sink_options - how a tree is written
 * @style:      see enum nipfs_disk_style
 * @keep_mode:  PLAIN: give entries that come with a mode its 0777 bits
 * @keep_mtime: PLAIN: give entries that come with a modification time that one
 * @max_bytes:  refuse the first file with which all files together would hold
 *              more; 0: no limit
 * @ignored_acls: STORE: the extended attributes that may stay when a new file has
 *              them, names with blanks between them; borrowed while the sink lives;
 *              NULL: those of Nix's setting `ignored-acls` when it is not set
 */
struct nipfs_disk_sink_options {
	enum nipfs_disk_style style;
	bool keep_mode;
	bool keep_mtime;
	uint64_t max_bytes;
	const char *ignored_acls;
};

/* Writes a tree to disk. */
struct nipfs_disk_sink;

/**
 * nipfs_disk_sink_new() - start writing a tree
 * @out:     the writer, to be freed with nipfs_disk_sink_free()
 * @dirfd:   where a relative @path begins; must stay open; AT_FDCWD for the
 *           current directory
 * @path:    NUL-terminated: what to make; its parent exists; copied
 * @options: may be NULL: all zero
 * @err:     may be NULL
 *
 * Nothing is made before the first event.
 *
 * Return: 0 or NIPFS_E_NOMEM.
 */
NIPFS_API NIPFS_MUSTUSE int
nipfs_disk_sink_new(struct nipfs_disk_sink **out, int dirfd, const char *path,
		    const struct nipfs_disk_sink_options *options, struct nipfs_error *err);

/**
 * nipfs_disk_sink() - the tree sink that feeds a writer
 * @s: must outlive the sink; takes one tree
 *
 * Its functions return NIPFS_E_EXISTS when something is in the way,
 * NIPFS_E_LIMIT (max_bytes), NIPFS_E_INVALID for names and targets that no
 * file system takes, NIPFS_E_CHANGED when the tree is moved away meanwhile,
 * NIPFS_E_NOMEM or NIPFS_E_SYS (no space, no permission).
 *
 * Bytes that come with a descriptor are shared with its file where the file system can
 * do that and only this user and root can write to that file; else they are copied.
 */
NIPFS_API struct nipfs_tree_sink nipfs_disk_sink(struct nipfs_disk_sink *s);

/**
 * nipfs_disk_sink_finish() - complete the tree
 * @s:   after the events of one whole tree
 * @err: may be NULL
 *
 * STORE: the root was for its owner alone (0700 or 0600) until now; it gets
 * its mode and time here. Nothing is synced: the caller does that for many
 * trees at once.
 *
 * Return: 0, NIPFS_E_USAGE when no tree is complete, or NIPFS_E_SYS.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_disk_sink_finish(struct nipfs_disk_sink *s,
						   struct nipfs_error *err);

/**
 * nipfs_disk_sink_free() - end a writer
 * @s: may be NULL
 *
 * What was written stays, finished or not: see nipfs_disk_remove().
 */
NIPFS_API void nipfs_disk_sink_free(struct nipfs_disk_sink *s);

/**
 * nipfs_disk_remove() - remove a file, symlink or whole tree
 * @dirfd: where a relative @path begins; AT_FDCWD for the current directory
 * @path:  NUL-terminated; its last component is not followed when it is a symlink
 * @err:   may be NULL
 *
 * Directories that may not be written are made writable first. Symlinks are
 * removed, never followed. What is gone already is no failure.
 *
 * Return: 0, NIPFS_E_SYS, NIPFS_E_CHANGED (moved away meanwhile), NIPFS_E_LIMIT
 * or NIPFS_E_NOMEM.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_disk_remove(int dirfd, const char *path,
					      struct nipfs_error *err);

#ifdef __cplusplus
}
#endif
#endif
