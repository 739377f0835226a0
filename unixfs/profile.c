/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Profiles, and which combinations of parameters there are. */
#include <nixipfs/unixfs.h>

#include <string.h>

#include "multiformats/base/err.h"
#include "unixfs/chunker.h"

enum { KIB = 1024, MIB = 1024 * KIB };
enum { INLINE_LIMIT = 32, INLINE_LIMIT_MAX = NIPFS_DIGEST_MAX };
enum { FANOUT_MIN = 8, FANOUT_MAX = 1024 };

#define FIXED(bytes) { NIPFS_CHUNKER_SIZE, 0, (bytes), (bytes) }

/* clang-format off */
static const struct {
	const char *name;
	struct nipfs_unixfs_params params;
} profiles[] = {
	/*
	 * CID version, hash, raw leaves, chunker, layout,
	 * links, entries, fanout, threshold, estimate,
	 * mode, mtime, inline and its limit
	 */
	{ "nix",
	  { 1, NIPFS_HASH_SHA2_256, true, FIXED(1 * MIB), NIPFS_LAYOUT_BALANCED,
	    1024, 0, 256, 256 * KIB, NIPFS_HAMT_BY_BLOCK,
	    NIPFS_MODE_EXECUTABLE, NIPFS_MTIME_NONE, false, INLINE_LIMIT } },
	{ "unixfs-v1-2025",
	  { 1, NIPFS_HASH_SHA2_256, true, FIXED(1 * MIB), NIPFS_LAYOUT_BALANCED,
	    1024, 0, 256, 256 * KIB, NIPFS_HAMT_BY_BLOCK,
	    NIPFS_MODE_NONE, NIPFS_MTIME_NONE, false, INLINE_LIMIT } },
	{ "unixfs-v0-2015",
	  { 0, NIPFS_HASH_SHA2_256, false, FIXED(256 * KIB), NIPFS_LAYOUT_BALANCED,
	    174, 0, 256, 256 * KIB, NIPFS_HAMT_BY_LINKS,
	    NIPFS_MODE_NONE, NIPFS_MTIME_NONE, false, INLINE_LIMIT } },
	{ "kubo-cidv1",
	  { 1, NIPFS_HASH_SHA2_256, true, FIXED(256 * KIB), NIPFS_LAYOUT_BALANCED,
	    174, 0, 256, 256 * KIB, NIPFS_HAMT_BY_LINKS,
	    NIPFS_MODE_NONE, NIPFS_MTIME_NONE, false, INLINE_LIMIT } },
};
/* clang-format on */

enum { PROFILES = sizeof(profiles) / sizeof(profiles[0]) };

int nipfs_unixfs_profile(const char *name, struct nipfs_unixfs_params *out)
{
	for (size_t i = 0; i < PROFILES; i++) {
		if (strcmp(profiles[i].name, name) == 0) {
			*out = profiles[i].params;
			return 0;
		}
	}
	return NIPFS_E_UNSUPPORTED;
}

const char *nipfs_unixfs_profile_name(size_t i)
{
	return i < PROFILES ? profiles[i].name : NULL;
}

static int check_cid(const struct nipfs_unixfs_params *p, struct nipfs_error *err)
{
	if (p->cid_version > 1)
		return nipfs__fail(err, NIPFS_E_USAGE,
				   "CID version %u does not exist: 0 or 1",
				   p->cid_version);
	if (!nipfs_hash_name(p->hash))
		return nipfs__fail(err, NIPFS_E_USAGE,
				   "hash function 0x%llx is not built in",
				   (unsigned long long)p->hash);
	if (p->cid_version == 0 && p->hash != NIPFS_HASH_SHA2_256)
		return nipfs__fail(
		    err, NIPFS_E_USAGE,
		    "CID version 0 has no hash but sha2-256: '%s' needs version 1",
		    nipfs_hash_name(p->hash));
	if (p->inline_blocks && p->inline_limit > INLINE_LIMIT_MAX)
		return nipfs__fail(err, NIPFS_E_USAGE, "inline limit %u is over %d bytes",
				   p->inline_limit, INLINE_LIMIT_MAX);
	return 0;
}

static bool rabin_is_lawful(const struct nipfs_chunker *c)
{
	/* made from an average alone it may be so short that it never cuts */
	if (c->min < NIPFS__RABIN_WINDOW)
		return c->min == c->avg / 3 && c->max == NIPFS_BLOCK_MAX;
	return c->min < c->avg && c->avg < c->max && c->max <= NIPFS_CHUNK_MAX;
}

static int check_chunker(const struct nipfs_chunker *c, struct nipfs_error *err)
{
	switch (c->kind) {
	case NIPFS_CHUNKER_SIZE:
		if (c->avg == 0 || c->avg > NIPFS_CHUNK_MAX)
			return nipfs__fail(err, NIPFS_E_USAGE,
					   "chunk size %u is not between 1 and %d",
					   c->avg, NIPFS_CHUNK_MAX);
		return 0;
	case NIPFS_CHUNKER_RABIN:
		if (!rabin_is_lawful(c))
			return nipfs__fail(
			    err, NIPFS_E_USAGE,
			    "rabin chunks of %u, %u and %u bytes do not ascend "
			    "from %d to at most %d",
			    c->min, c->avg, c->max, NIPFS__RABIN_WINDOW, NIPFS_CHUNK_MAX);
		return 0;
	case NIPFS_CHUNKER_BUZHASH:
		return 0;
	}
	return nipfs__fail(err, NIPFS_E_USAGE, "chunker %d does not exist", (int)c->kind);
}

static int check_shape(const struct nipfs_unixfs_params *p, struct nipfs_error *err)
{
	const uint32_t fanout = p->hamt_fanout;

	if (p->layout != NIPFS_LAYOUT_BALANCED && p->layout != NIPFS_LAYOUT_TRICKLE)
		return nipfs__fail(err, NIPFS_E_USAGE, "layout %d does not exist",
				   (int)p->layout);
	/* Kubo takes it and never comes to an end */
	if (p->max_file_links == 1 && p->layout == NIPFS_LAYOUT_BALANCED)
		return nipfs__fail(err, NIPFS_E_USAGE,
				   "max file links 1 makes no balanced tree: at least 2");
	if (fanout < FANOUT_MIN || fanout > FANOUT_MAX || (fanout & (fanout - 1)))
		return nipfs__fail(err, NIPFS_E_USAGE,
				   "HAMT fanout %u is not a power of two from %d to %d",
				   fanout, FANOUT_MIN, FANOUT_MAX);
	if (p->hamt_estimate != NIPFS_HAMT_BY_LINKS &&
	    p->hamt_estimate != NIPFS_HAMT_BY_BLOCK &&
	    p->hamt_estimate != NIPFS_HAMT_DISABLED)
		return nipfs__fail(err, NIPFS_E_USAGE, "HAMT estimate %d does not exist",
				   (int)p->hamt_estimate);
	return 0;
}

static int check_metadata(const struct nipfs_unixfs_params *p, struct nipfs_error *err)
{
	if (p->mode != NIPFS_MODE_NONE && p->mode != NIPFS_MODE_EXECUTABLE &&
	    p->mode != NIPFS_MODE_PRESERVE)
		return nipfs__fail(err, NIPFS_E_USAGE, "mode policy %d does not exist",
				   (int)p->mode);
	if (p->mtime != NIPFS_MTIME_NONE && p->mtime != NIPFS_MTIME_PRESERVE)
		return nipfs__fail(err, NIPFS_E_USAGE, "mtime policy %d does not exist",
				   (int)p->mtime);
	if (p->raw_leaves && p->mode == NIPFS_MODE_PRESERVE)
		return nipfs__fail(
		    err, NIPFS_E_USAGE,
		    "raw leaves hold no mode: turn them off to preserve it");
	if (p->raw_leaves && p->mtime == NIPFS_MTIME_PRESERVE)
		return nipfs__fail(
		    err, NIPFS_E_USAGE,
		    "raw leaves hold no mtime: turn them off to preserve it");
	return 0;
}

int nipfs_unixfs_check(const struct nipfs_unixfs_params *params, struct nipfs_error *err)
{
	int r = check_cid(params, err);

	if (r == 0)
		r = check_chunker(&params->chunker, err);
	if (r == 0)
		r = check_shape(params, err);
	if (r == 0)
		r = check_metadata(params, err);
	return r;
}
