/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Store paths and DAGs read again, and what is wrong with them. */
#ifndef NIXIPFS_VERIFY_H
#define NIXIPFS_VERIFY_H

#include <nixipfs/block.h>
#include <nixipfs/index.h>
#include <nixipfs/progress.h>
#include <nixipfs/store.h>

#ifdef __cplusplus
extern "C" {
#endif

/* X(name, what is said): what can be wrong. */
#define NIPFS_FAULT_MAP(X)                                              \
	X(NAR_HASH, "does not have its NAR hash")                      \
	X(FILE_BLOCK, "differs in a block")                            \
	X(EXECUTABLE, "differs in its executable bit")                 \
	X(FILE_SIZE, "differs in its size")                            \
	X(TARGET, "leads elsewhere")                                   \
	X(KIND, "is of another kind")                                  \
	X(MISSING, "is missing")                                       \
	X(EXTRA, "should not be there")                                \
	X(BLOCK_WRONG, "has a block that does not match its CID")      \
	X(BLOCK_MISSING, "has a block that is not there")              \
	X(MALFORMED, "has a block that cannot be decoded")             \
	X(UNSUPPORTED, "has a block that cannot be checked here")      \
	X(CLOSURE, "is wrong in the closure")

enum nipfs_fault {
#define NIPFS_FAULT_ENUM(name, text) NIPFS_FAULT_##name,
	NIPFS_FAULT_MAP(NIPFS_FAULT_ENUM)
#undef NIPFS_FAULT_ENUM
};

/**
 * struct nipfs_finding - one thing that is wrong
 * @fault:  see enum nipfs_fault
 * @path:   where, below what is verified; raw bytes, names separated by '/';
 *          empty for the whole
 * @has_cid: whether @cid is set
 * @cid:    the block that should be there
 * @offset: of the block in its file (FILE_BLOCK), bytes
 * @detail: what the library says of it; may be empty
 *
 * Borrowed for the call.
 */
struct nipfs_finding {
	enum nipfs_fault fault;
	struct nipfs_slice path;
	bool has_cid;
	struct nipfs_cid cid;
	uint64_t offset;
	const char *detail;
};

/**
 * nipfs_fault_text() - what is said of a fault
 * @fault: one of enum nipfs_fault
 *
 * Return: a static string that goes on after a path: "is missing". Thread-safe.
 */
NIPFS_API const char *nipfs_fault_text(enum nipfs_fault fault);

/**
 * struct nipfs_verify_options - who is told
 * @found:    called with each finding; a negative return ends it
 * @ctx:      handed to @found
 * @progress: may be NULL
 */
struct nipfs_verify_options {
	int (*found)(void *ctx, const struct nipfs_finding *finding, struct nipfs_error *err);
	void *ctx;
	const struct nipfs_progress *progress;
};

/**
 * nipfs_verify_path() - read a store path and compare it with what Nix says
 * @store:   where it is
 * @index:   may be NULL. Where it has the path with the NAR hash that Nix states,
 *           the findings say which files and blocks differ.
 * @path:    a valid path
 * @options: who is told
 * @tree:    the CID of the tree as it is on disk; untouched on failure; may be NULL
 * @err:     may be NULL
 *
 * Return: 0 when all is right; NIPFS_E_MISMATCH when there were findings;
 * NIPFS_E_NOTFOUND (not valid); NIPFS_E_CANCELLED; or as nipfs_disk_tree() and
 * what @found returned.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_verify_path(struct nipfs_store *store,
					      struct nipfs_index *index,
					      const struct nipfs_store_path *path,
					      const struct nipfs_verify_options *options,
					      struct nipfs_cid *tree,
					      struct nipfs_error *err);

/**
 * nipfs_verify_dag() - read every block of a DAG and check it
 * @source:  where the blocks are
 * @root:    any DAG; of a closure directory the trees are also compared with the
 *           NAR hashes of their narinfos
 * @options: who is told
 * @blocks:  how many different blocks were right; untouched on failure; may be NULL
 * @err:     may be NULL
 *
 * Goes on after a finding, with what can still be reached.
 *
 * Return: 0 when all is right; NIPFS_E_NOTFOUND when blocks are missing;
 * NIPFS_E_UNSUPPORTED when nothing is wrong but for codecs or hash functions that are
 * not built in; NIPFS_E_MISMATCH when anything else was found; NIPFS_E_CANCELLED; NIPFS_E_LIMIT;
 * NIPFS_E_NOMEM; or what @found returned.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_verify_dag(struct nipfs_block_source *source,
					     const struct nipfs_cid *root,
					     const struct nipfs_verify_options *options,
					     uint64_t *blocks, struct nipfs_error *err);

#ifdef __cplusplus
}
#endif
#endif
