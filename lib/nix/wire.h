/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The encoding of Nix's worker protocol: numbers of 64 bits, strings with their
 * length and padding, lists with their count. What is read is bounded, and no
 * memory is taken for bytes that have not arrived.
 */
#ifndef LIB_NIX_WIRE_H
#define LIB_NIX_WIRE_H

#include <stdbool.h>

#include <nixipfs/path_info.h>

#include "multiformats/base/buf.h"

enum {
	NIPFS__WIRE_STRING_MAX = 1 << 20, /* bytes of any string */
	NIPFS__WIRE_LIST_MAX = 1000000,	  /* members of any list */
	NIPFS__WIRE_READ_AHEAD = 16384
};

/* ---- reading ------------------------------------------------------------------- */

/**
 * struct nipfs__wire_reader - reads what arrives in pieces of any size
 * @more:  puts at least 1 and at most @size bytes at @room; fails at the end
 * @ctx:   handed to @more
 * @at:    bytes of @bytes that were read
 * @len:   bytes of @bytes that have arrived
 * @bytes: what has arrived
 *
 * Start with { more, ctx }. After a failure it stands somewhere in the middle.
 */
struct nipfs__wire_reader {
	int (*more)(void *ctx, uint8_t *room, size_t size, size_t *got,
		    struct nipfs_error *err);
	void *ctx;
	size_t at, len;
	uint8_t bytes[NIPFS__WIRE_READ_AHEAD];
};

/*
 * All below return 0, NIPFS_E_INVALID, NIPFS_E_LIMIT, NIPFS_E_NOMEM, or what @more
 * returned; outs are untouched on failure where nothing else is said.
 */

int nipfs__wire_get_u64(struct nipfs__wire_reader *r, uint64_t *out,
			struct nipfs_error *err) NIPFS_MUSTUSE;
/* 0 or 1; nothing else. */
int nipfs__wire_get_bool(struct nipfs__wire_reader *r, bool *out,
			 struct nipfs_error *err) NIPFS_MUSTUSE;
/* How many members follow; over @max is NIPFS_E_LIMIT. */
int nipfs__wire_get_count(struct nipfs__wire_reader *r, size_t max, size_t *out,
			  struct nipfs_error *err) NIPFS_MUSTUSE;
/* A string of at most NIPFS__WIRE_STRING_MAX bytes, in place of what is in @out. */
int nipfs__wire_get_string(struct nipfs__wire_reader *r, struct nipfs_buf *out,
			   struct nipfs_error *err) NIPFS_MUSTUSE;
/* A string of at most @max bytes into @room, which has as many; overwritten on failure. */
int nipfs__wire_get_text(struct nipfs__wire_reader *r, void *room, size_t max,
			 struct nipfs_slice *out, struct nipfs_error *err) NIPFS_MUSTUSE;
/* A string that is not kept. */
int nipfs__wire_skip_string(struct nipfs__wire_reader *r,
			    struct nipfs_error *err) NIPFS_MUSTUSE;

/**
 * nipfs__wire_get_path() - a full store path, or the empty string for none
 * @store_dir: the logical store folder, in which it must be
 * @has:       whether there is one; NULL: there must be one
 * @out:       untouched where there is none
 */
int nipfs__wire_get_path(struct nipfs__wire_reader *r, const char *store_dir, bool *has,
			 struct nipfs_store_path *out, struct nipfs_error *err) NIPFS_MUSTUSE;

/**
 * nipfs__wire_get_paths() - a set of store paths
 * @max: how many there may be
 * @out: owned by the caller, free() it; sorted, each once; NULL when @n is 0
 */
int nipfs__wire_get_paths(struct nipfs__wire_reader *r, const char *store_dir, size_t max,
			  struct nipfs_store_path **out, size_t *n,
			  struct nipfs_error *err) NIPFS_MUSTUSE;

/**
 * nipfs__wire_get_facts() - the first half of a path info, all there was before 1.16
 * @info: deriver, NAR hash and size, references, time; changed on failure too
 */
int nipfs__wire_get_facts(struct nipfs__wire_reader *r, const char *store_dir,
			  struct nipfs_path_info *info, struct nipfs_error *err) NIPFS_MUSTUSE;

/**
 * nipfs__wire_get_claims() - the second half: ultimate, signatures, content address
 * @info: changed on failure too
 *
 * Signatures that are not "NAME:BASE64", which old versions of Nix took, are left
 * out. NIPFS_E_UNSUPPORTED: a content address of an unknown kind; all was read.
 */
int nipfs__wire_get_claims(struct nipfs__wire_reader *r, struct nipfs_path_info *info,
			   struct nipfs_error *err) NIPFS_MUSTUSE;

/* ---- writing: 0, NIPFS_E_NOMEM or NIPFS_E_LIMIT --------------------------------- */

int nipfs__wire_put_u64(struct nipfs_buf *b, uint64_t v) NIPFS_MUSTUSE;
int nipfs__wire_put_string(struct nipfs_buf *b, struct nipfs_slice s) NIPFS_MUSTUSE;
int nipfs__wire_put_strings(struct nipfs_buf *b, const char *const *strings,
			    size_t n) NIPFS_MUSTUSE;
/* @path may be NULL: the empty string. */
int nipfs__wire_put_path(struct nipfs_buf *b, const char *store_dir,
			 const struct nipfs_store_path *path) NIPFS_MUSTUSE;
int nipfs__wire_put_paths(struct nipfs_buf *b, const char *store_dir,
			  const struct nipfs_store_path *paths, size_t n) NIPFS_MUSTUSE;
int nipfs__wire_put_facts(struct nipfs_buf *b, const char *store_dir,
			  const struct nipfs_path_info *info) NIPFS_MUSTUSE;
int nipfs__wire_put_claims(struct nipfs_buf *b, const struct nipfs_path_info *info)
	NIPFS_MUSTUSE;

#endif
