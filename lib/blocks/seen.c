/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An exact set of CIDs that may grow beyond memory. */
#include <nixipfs/sources.h>

#include <stdlib.h>

#include "lib/blocks/bag.h"
#include "lib/blocks/hash.h"
#include "multiformats/base/err.h"
#include "multiformats/base/slice.h"

enum { DEFAULT_BYTES = 24 * 1024 * 1024 };

struct nipfs_seen_set {
	struct nipfs__hash_key key;
	struct nipfs__bag bag;
};

int nipfs_seen_set_new(struct nipfs_seen_set **out, size_t max_bytes,
		       struct nipfs_error *err)
{
	struct nipfs_seen_set *set = calloc(1, sizeof(*set));
	int code;

	if (!set)
		return nipfs__fail_nomem(err);
	code = nipfs__hash_key_init(&set->key, err);
	if (code < 0) {
		free(set);
		return code;
	}
	set->bag =
	    (struct nipfs__bag)NIPFS__BAG_INIT(max_bytes ? max_bytes : DEFAULT_BYTES);
	*out = set;
	return 0;
}

static int seen_add(void *ctx, const struct nipfs_cid *cid, struct nipfs_error *err)
{
	struct nipfs_seen_set *set = ctx;
	uint8_t raw[NIPFS_CID_BYTES_MAX];
	const struct nipfs_slice value = nipfs__slice(raw, nipfs_cid_encode(cid, raw));
	const uint64_t hash = nipfs__hash_bytes(&set->key, value);
	struct nipfs__bag_cursor cursor;
	struct nipfs_slice there;
	int code;

	nipfs__bag_find(&set->bag, hash, &cursor);
	while ((code = nipfs__bag_next(&set->bag, &cursor, &there, err)) == 0)
		if (nipfs__slice_eq(there, value))
			return 0;
	if (code == 1)
		code = nipfs__bag_add(&set->bag, hash, value, err);
	return code < 0 ? code : 1;
}

struct nipfs_seen nipfs_seen_set_seen(struct nipfs_seen_set *set)
{
	return (struct nipfs_seen){ .add = seen_add, .ctx = set };
}

void nipfs_seen_set_free(struct nipfs_seen_set *set)
{
	if (!set)
		return;
	nipfs__bag_release(&set->bag);
	free(set);
}
