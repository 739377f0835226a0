/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* CIDs with paths as they are typed, and where their blocks come from. */
#ifndef CLI_REF_H
#define CLI_REF_H

#include <nixipfs/block.h>
#include <nixipfs/cid.h>
#include <nixipfs/error.h>

#include "cli/command.h"

/**
 * struct ref - a CID and a path below it
 * @cid:  the CID
 * @path: raw bytes, names separated by '/'; may be empty; points into @text
 * @text: owned
 */
struct ref {
	struct nipfs_cid cid;
	struct nipfs_slice path;
	char *text;
};

/**
 * ref_parse() - read CID, CID/path, /ipfs/CID/path or ipfs://CID/path
 * @text: what was typed
 * @out:  to be released with ref_release(); untouched on failure
 * @err:  filled on failure
 *
 * The path of an ipfs:// URI is percent-decoded, as RFC 3986 has it, and may
 * have no query and no fragment; in the other forms every byte stands for itself.
 *
 * Return: 0 or NIPFS_E_USAGE.
 */
int ref_parse(const char *text, struct ref *out, struct nipfs_error *err);

void ref_release(struct ref *ref);

/* Where a command takes blocks from. Start with zeros. */
struct blocks {
	struct nipfs_block_source *source;
	struct nipfs_index *index;
	struct nipfs_store *store;
};

/**
 * blocks_open() - the block source that --from names, or else the local index
 * @out:    zeroed; to be closed with blocks_close(); after a failure zeroed again
 * @common: the options
 * @err:    filled on failure
 */
int blocks_open(struct blocks *out, const struct common *common, struct nipfs_error *err);

void blocks_close(struct blocks *blocks);

/*
 * Reads what is left of standard input when --from named it: who writes a CAR
 * into a pipe of which not all was needed is not to fail for that.
 */
void blocks_drain(const struct common *common);

/* What is meant by a path that leads to a closure. */
enum ref_meaning {
	REF_PATH, /* the closure: nipfs_resolve_path() */
	REF_TREE  /* its `result`: nipfs_resolve_tree() */
};

/**
 * ref_open() - read what was typed, open the blocks, and follow the path
 * @typed:    what was typed
 * @meaning:  what of a closure is meant
 * @common:   the options
 * @blocks:   as for blocks_open(); when it is open already it is used
 * @cid:      where the path leads
 * @err:      filled on failure
 */
int ref_open(const char *typed, enum ref_meaning meaning, const struct common *common,
	     struct blocks *blocks, struct nipfs_cid *cid, struct nipfs_error *err);

#endif
