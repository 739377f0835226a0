/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How files and directories become UnixFS: the profiles and their parameters.
 * Spec: IPIP-499 (CID profiles), specs.ipfs.tech/unixfs.
 */
#ifndef NIXIPFS_UNIXFS_H
#define NIXIPFS_UNIXFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <nixipfs/cid.h>
#include <nixipfs/error.h>

#ifdef __cplusplus
extern "C" {
#endif

enum nipfs_chunker_kind { NIPFS_CHUNKER_SIZE, NIPFS_CHUNKER_RABIN, NIPFS_CHUNKER_BUZHASH };

/**
 * struct nipfs_chunker - where a file is cut
 * @kind: fixed size, rabin or buzhash
 * @min:  smallest chunk in bytes (rabin); 0 for the others
 * @avg:  the size (fixed), or the average (rabin); 0 for buzhash
 * @max:  largest chunk in bytes: what a reader of chunks must hold at once
 */
struct nipfs_chunker {
	enum nipfs_chunker_kind kind;
	uint32_t min, avg, max;
};

enum nipfs_layout { NIPFS_LAYOUT_BALANCED, NIPFS_LAYOUT_TRICKLE };

/* How the size of a directory is estimated that decides whether it becomes a HAMT. */
enum nipfs_hamt_estimate { NIPFS_HAMT_BY_LINKS, NIPFS_HAMT_BY_BLOCK, NIPFS_HAMT_DISABLED };

/*
 * What of a file's mode is stored. EXECUTABLE: 0555 on the root node of files
 * with the owner's x bit, over raw leaves (profile nix). PRESERVE: what
 * `ipfs add --preserve-mode` stores, which turns raw leaves off.
 */
enum nipfs_mode_policy { NIPFS_MODE_NONE, NIPFS_MODE_EXECUTABLE, NIPFS_MODE_PRESERVE };

enum nipfs_mtime_policy { NIPFS_MTIME_NONE, NIPFS_MTIME_PRESERVE };

enum {
	NIPFS_BLOCK_MAX = 2 * 1024 * 1024,  /* largest block that is written or accepted, bytes */
	NIPFS_CHUNK_MAX = NIPFS_BLOCK_MAX - 256 /* largest chunk, bytes */
};

/**
 * struct nipfs_unixfs_params - everything that decides a CID
 *
 * Start from nipfs_unixfs_profile() and change what differs; then
 * nipfs_unixfs_check() says whether Kubo would take the combination.
 */
struct nipfs_unixfs_params {
	uint8_t cid_version;                /* 0 or 1 */
	uint64_t hash;                      /* multicodec of the hash function */
	bool raw_leaves;                    /* leaves are raw blocks, else dag-pb */
	struct nipfs_chunker chunker;
	enum nipfs_layout layout;
	uint32_t max_file_links;            /* children of one file node; 0: Kubo's 174 */
	uint32_t max_directory_links;       /* entries above which a directory becomes a HAMT; 0: any */
	uint32_t hamt_fanout;               /* power of two, 8 to 1024 */
	uint64_t hamt_threshold;            /* bytes of the estimate above which a HAMT is made; 0: never */
	enum nipfs_hamt_estimate hamt_estimate;
	enum nipfs_mode_policy mode;
	enum nipfs_mtime_policy mtime;
	bool inline_blocks;                 /* small blocks become identity CIDs */
	uint32_t inline_limit;              /* largest block that is inlined, bytes, at most 128 */
};

/**
 * nipfs_unixfs_profile() - the parameters of a profile
 * @name: NUL-terminated: "nix", "unixfs-v1-2025", "unixfs-v0-2015" or "kubo-cidv1"
 * @out:  untouched on failure
 *
 * Return: 0, or NIPFS_E_UNSUPPORTED for an unknown name. Thread-safe.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_unixfs_profile(const char *name,
						 struct nipfs_unixfs_params *out);

/**
 * nipfs_unixfs_profile_name() - the profiles that there are
 * @i: 0, 1, …
 *
 * Return: a static string, or NULL behind the last one. Thread-safe.
 */
NIPFS_API const char *nipfs_unixfs_profile_name(size_t i);

/**
 * nipfs_chunker_parse() - read a chunker as `ipfs add --chunker` takes it
 * @text: NUL-terminated: "size-N", "rabin", "rabin-AVG", "rabin-MIN-AVG-MAX",
 *        "buzhash", "default" or ""
 * @out:  untouched on failure
 *
 * Return: 0, NIPFS_E_INVALID, or NIPFS_E_LIMIT for sizes that Kubo refuses. Thread-safe.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_chunker_parse(const char *text, struct nipfs_chunker *out);

/**
 * nipfs_unixfs_check() - whether a combination is one that Kubo takes
 * @params: the parameters
 * @err:    says which parameter is refused and why; may be NULL
 *
 * Return: 0, or NIPFS_E_USAGE. Thread-safe.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_unixfs_check(const struct nipfs_unixfs_params *params,
					       struct nipfs_error *err);

#ifdef __cplusplus
}
#endif
#endif
