/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether the index has a block, without reading it. */
#include "lib/blocks/index_probe.h"

#include <stdlib.h>

#include "lib/blocks/index_files.h"
#include "multiformats/base/err.h"

/* @files: no file of it is opened; it knows which owners count */
struct nipfs__index_probe {
	struct nipfs__index_db db;
	struct nipfs__files files;
};

int nipfs__index_probe_new(struct nipfs__index_probe **out, struct nipfs_index *index,
			   const struct nipfs_index_truth *truth, struct nipfs_error *err)
{
	struct nipfs__index_probe *p = calloc(1, sizeof(*p));
	int code;

	if (!p)
		return nipfs__fail_nomem(err);
	code = nipfs__files_init(&p->files, &p->db, truth, err);
	if (code == 0)
		code = nipfs__index_connect(&p->db, index->path, err);
	if (code < 0) {
		nipfs__index_probe_free(p);
		return code;
	}
	*out = p;
	return 0;
}

void nipfs__index_probe_free(struct nipfs__index_probe *p)
{
	if (!p)
		return;
	nipfs__files_release(&p->files);
	nipfs__index_disconnect(&p->db);
	free(p);
}

/* Whether one of several places counts. */
static int any_counts(struct nipfs__index_probe *p, struct nipfs_slice places,
		      struct nipfs_error *err)
{
	struct nipfs__place place;

	while (nipfs__place_next(&places, &place) == 0) {
		const struct nipfs__files_owner *owner;
		int code;

		/* kept whole, in the index itself */
		if (place.kind == NIPFS__PLACE_NODE)
			return 1;
		code = nipfs__files_owner(&p->files, place.owner, &owner, err);
		if (code < 0 || owner->usable)
			return code < 0 ? code : 1;
	}
	return 0;
}

static int has_in(struct nipfs__index_probe *p, enum nipfs__index_stmt which,
		  const struct nipfs_cid *cid, struct nipfs_error *err)
{
	sqlite3_stmt *st = NULL;
	int code = nipfs__index_use(&p->db, which, &st, err), found = 0;

	if (code < 0)
		return code;
	(void)sqlite3_bind_int64(st, 1, (sqlite3_int64)nipfs__index_block_key(cid));
	while (found == 0 && (code = nipfs__index_step(&p->db, st, err)) == 1)
		found = any_counts(p, nipfs__sql_blob(st, 0), err);
	(void)sqlite3_reset(st);
	return code < 0 ? code : found;
}

int nipfs__index_probe_has(struct nipfs__index_probe *p, const struct nipfs_cid *cid,
			   struct nipfs_error *err)
{
	const int found = has_in(p, NIPFS__INDEX_BLOCK_GET, cid, err);

	return found != 0 ? found : has_in(p, NIPFS__INDEX_EXTRA_GET, cid, err);
}
