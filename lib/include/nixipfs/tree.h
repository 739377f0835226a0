/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A tree as a stream of events: the one interface between everything that
 * reads trees (disk, DAG, NAR) and everything that takes them (DAG builder,
 * disk, NAR, hash, listing).
 */
#ifndef NIXIPFS_TREE_H
#define NIXIPFS_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <nixipfs/bytes.h>
#include <nixipfs/cid.h>
#include <nixipfs/error.h>

#ifdef __cplusplus
extern "C" {
#endif

enum nipfs_entry_kind { NIPFS_DIRECTORY, NIPFS_FILE, NIPFS_SYMLINK };

/* A time stamp as UnixFS 1.5 has it. */
struct nipfs_mtime {
	bool present;
	int64_t seconds;
	uint32_t nanoseconds; /* 0 to 999999999 */
};

/**
 * struct nipfs_entry - one directory, file or symlink
 * @name:       its name in the directory; empty for the root of the tree
 * @kind:       which of the three
 * @executable: a file's executable bit; false for the others
 * @size:       a file's size in bytes; 0 for the others
 * @target:     a symlink's target; empty for the others
 * @has_mode:   whether @mode is known
 * @mode:       07777 permission bits as on disk or as stored in the DAG
 * @mtime:      modification time, where it is known
 * @cid:        its CID when the source knows it, else NULL
 *
 * Borrowed for the call.
 */
struct nipfs_entry {
	struct nipfs_slice name;
	enum nipfs_entry_kind kind;
	bool executable;
	uint64_t size;
	struct nipfs_slice target;
	bool has_mode;
	uint32_t mode;
	struct nipfs_mtime mtime;
	const struct nipfs_cid *cid;
};

/* What a sink answers to `enter` and `file` when it needs nothing below or in it. */
enum { NIPFS_HAVE = 1 };

/**
 * struct nipfs_tree_sink - takes the events of one tree
 * @enter:    a directory begins
 * @leave:    the directory that was entered last ends
 * @file:     a file begins; its bytes follow
 * @bytes:    the next bytes of the file, in order; never 0 of them
 * @file_end: the file is complete: exactly entry.size bytes were given
 * @symlink:  a symlink
 * @ctx:      handed to each
 *
 * Order: a tree is one entry; the entries of a directory come in ascending
 * order of their names as unsigned bytes, each name once. Names are never
 * empty (but the root's), ".", "..", and hold no '/' and no NUL: sources see to that.
 *
 * Each returns 0 or a negative code, which ends the pipeline and is what the
 * source returns. `enter` and `file` may return NIPFS_HAVE: the source then may
 * leave out what is below (it still calls `leave` or `file_end`).
 */
struct nipfs_tree_sink {
	int (*enter)(void *ctx, const struct nipfs_entry *entry, struct nipfs_error *err);
	int (*leave)(void *ctx, struct nipfs_error *err);
	int (*file)(void *ctx, const struct nipfs_entry *entry, struct nipfs_error *err);
	int (*bytes)(void *ctx, const struct nipfs_span *bytes, struct nipfs_error *err);
	int (*file_end)(void *ctx, struct nipfs_error *err);
	int (*symlink)(void *ctx, const struct nipfs_entry *entry, struct nipfs_error *err);
	void *ctx;
};

enum { NIPFS_TEE_MAX = 6 };

/**
 * struct nipfs_tree_tee - hands the events of one tree to several sinks
 * @sinks: in the order in which they are called; borrowed
 * @n:     how many, at most NIPFS_TEE_MAX
 * @have_depth: private: per sink, how deep inside something it has
 *
 * A sink that answered NIPFS_HAVE gets nothing of what is below, while the
 * others do; the tee answers NIPFS_HAVE when all of them did. Set to
 * { .sinks = …, .n = … } and make a sink of it with nipfs_tree_tee_sink().
 */
struct nipfs_tree_tee {
	const struct nipfs_tree_sink *sinks[NIPFS_TEE_MAX];
	size_t n;
	uint32_t have_depth[NIPFS_TEE_MAX];
};

/**
 * nipfs_tree_tee_sink() - a sink over a tee
 * @tee: must outlive the sink
 */
NIPFS_API struct nipfs_tree_sink nipfs_tree_tee_sink(struct nipfs_tree_tee *tee);

/**
 * struct nipfs_tree_limits - what a source refuses
 * @depth:        levels below the root; the root is level 0; 0: no limit of its own
 * @name_bytes:   longest name; 0: no limit
 * @target_bytes: longest symlink target; 0: no limit
 * @empty_target: whether an empty symlink target is allowed
 * @ahead_bytes:  of blocks that are asked for before they are needed, where the source has
 *                to get them; 0: 16 MiB
 */
struct nipfs_tree_limits {
	uint32_t depth;
	uint32_t name_bytes;
	uint32_t target_bytes;
	bool empty_target;
	uint32_t ahead_bytes;
};

/* What Nix takes as a store object: depth 63, names to 255 bytes, targets of 1 to 4095 bytes. */
#define NIPFS_TREE_LIMITS_NIX { 63, 255, 4095, false, 0 }
/* What a file system may hold. */
#define NIPFS_TREE_LIMITS_NONE { 0, 0, 0, true, 0 }

#ifdef __cplusplus
}
#endif
#endif
