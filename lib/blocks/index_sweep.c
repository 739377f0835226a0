/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One pass over all blocks that takes away the places of owners that are gone. */
#include "lib/blocks/index_sweep.h"

#include <stdlib.h>
#include <string.h>

#include "lib/blocks/place.h"
#include "multiformats/base/err.h"
#include "multiformats/base/slice.h"

/* A block in the slice, with its places behind it. */
struct row {
	uint64_t key;
	size_t len;
};

/* A place in the table `extra`, with its bytes behind it. */
struct extra {
	size_t len;
	bool remove;
};

void nipfs__sweep_init(struct nipfs__sweep *s, struct nipfs__index_db *db,
		       const int64_t *gone, size_t n_gone)
{
	const struct nipfs_buf empty = NIPFS_BUF_INIT(SIZE_MAX);

	*s = (struct nipfs__sweep){ .db = db,
				    .gone = gone,
				    .n_gone = n_gone,
				    .slice = empty,
				    .shared = empty,
				    .kept = empty,
				    .extra = empty,
				    .nodes_gone = empty };
}

void nipfs__sweep_release(struct nipfs__sweep *s)
{
	nipfs__buf_release(&s->slice);
	nipfs__buf_release(&s->shared);
	nipfs__buf_release(&s->kept);
	nipfs__buf_release(&s->extra);
	nipfs__buf_release(&s->nodes_gone);
}

static bool is_gone(const struct nipfs__sweep *s, uint64_t owner)
{
	size_t low = 0, high = s->n_gone;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if ((uint64_t)s->gone[middle] < owner)
			low = middle + 1;
		else
			high = middle;
	}
	return low < s->n_gone && (uint64_t)s->gone[low] == owner;
}

/* ---- nodes of one block ---------------------------------------------------------- */

/* Puts a node among those that lose an owner, unless it is there. */
static int lose_node(struct nipfs__sweep *s, uint64_t node)
{
	const uint64_t *nodes = (const void *)s->nodes_gone.ptr;

	for (size_t i = 0; i < s->nodes_gone.len / sizeof(node); i++)
		if (nodes[i] == node)
			return 0;
	return nipfs__buf_put(&s->nodes_gone, &node, sizeof(node));
}

/* It has another owner: takes it out of those. */
static void keep_node(struct nipfs__sweep *s, uint64_t node)
{
	uint64_t *nodes = (uint64_t *)(void *)s->nodes_gone.ptr;
	size_t n = s->nodes_gone.len / sizeof(node);

	for (size_t i = 0; i < n; i++)
		if (nodes[i] == node) {
			nodes[i] = nodes[n - 1];
			s->nodes_gone.len -= sizeof(node);
			return;
		}
}

static void keep_nodes(struct nipfs__sweep *s, struct nipfs_slice places)
{
	struct nipfs__place place;

	while (nipfs__place_next(&places, &place) == 0)
		if (place.kind == NIPFS__PLACE_NODE)
			keep_node(s, place.node);
}

static int delete_nodes(struct nipfs__sweep *s, struct nipfs_error *err)
{
	const uint64_t *nodes = (const void *)s->nodes_gone.ptr;
	int code = 0;

	for (size_t i = 0; i < s->nodes_gone.len / sizeof(*nodes) && code == 0; i++) {
		code = nipfs__index_run_with(s->db, NIPFS__INDEX_NODE_DELETE, nodes[i],
					     NULL, err);
		s->nodes++;
	}
	return code;
}

/* ---- places of one block --------------------------------------------------------- */

/* Puts the places that stay into s->kept. What can't be read is dropped. */
static int filter(struct nipfs__sweep *s, struct nipfs_slice places)
{
	struct nipfs_slice rest = places;
	struct nipfs__place place;
	int code = 0;

	nipfs__buf_clear(&s->kept);
	while (code == 0 && nipfs__place_next(&rest, &place) == 0) {
		if (!is_gone(s, place.owner))
			code = nipfs__buf_put(&s->kept, places.ptr,
					      (size_t)(rest.ptr - places.ptr));
		else if (place.kind == NIPFS__PLACE_NODE)
			code = lose_node(s, place.node);
		places = rest;
	}
	return code;
}

/* Reads all further places of a block, and marks those to be removed. */
static int read_extra(struct nipfs__sweep *s, uint64_t key, struct nipfs_error *err)
{
	sqlite3_stmt *st = NULL;
	int code = nipfs__index_use(s->db, NIPFS__INDEX_EXTRA_GET, &st, err);

	if (code < 0)
		return code;
	(void)sqlite3_bind_int64(st, 1, (sqlite3_int64)key);
	while (code >= 0 && (code = nipfs__index_step(s->db, st, err)) == 1) {
		const struct nipfs_slice bytes = nipfs__sql_blob(st, 0);
		struct nipfs_slice rest = bytes;
		struct nipfs__place place;
		struct extra head = { bytes.len, nipfs__place_next(&rest, &place) != 0 };

		if (!head.remove && is_gone(s, place.owner)) {
			head.remove = true;
			if (place.kind == NIPFS__PLACE_NODE &&
			    lose_node(s, place.node) < 0)
				code = nipfs__fail_nomem(err);
		}
		if (code >= 0 && (nipfs__buf_put(&s->extra, &head, sizeof(head)) < 0 ||
				  nipfs__buf_put_slice(&s->extra, bytes) < 0))
			code = nipfs__fail_nomem(err);
	}
	(void)sqlite3_reset(st);
	return code;
}

/* Moves further places into the room that the row has now, and removes those that go. */
static int settle_extra(struct nipfs__sweep *s, uint64_t key, struct nipfs_error *err)
{
	struct nipfs_slice rest = nipfs__buf_slice(&s->extra);
	struct extra head;
	int code = 0;

	while (code == 0 && rest.len > 0) {
		struct nipfs_slice bytes;

		memcpy(&head, rest.ptr, sizeof(head));
		rest = nipfs__slice_skip(rest, sizeof(head));
		bytes = nipfs__slice(rest.ptr, head.len);
		rest = nipfs__slice_skip(rest, head.len);
		if (!head.remove) {
			keep_nodes(s, bytes);
			if (s->kept.len > 0 &&
			    s->kept.len + bytes.len > NIPFS__INDEX_PLACES_BYTES)
				continue;
			if (nipfs__buf_put_slice(&s->kept, bytes) < 0)
				return nipfs__fail_nomem(err);
		}
		code = nipfs__index_run_with(s->db, NIPFS__INDEX_EXTRA_DELETE, key,
					     &bytes, err);
	}
	return code;
}

static int sweep_row(struct nipfs__sweep *s, uint64_t key, struct nipfs_slice places,
		     bool has_extra, struct nipfs_error *err)
{
	struct nipfs_slice kept;
	int code;

	nipfs__buf_clear(&s->nodes_gone);
	nipfs__buf_clear(&s->extra);
	if (filter(s, places) < 0)
		return nipfs__fail_nomem(err);
	if (!has_extra && s->kept.len == places.len)
		return 0;
	code = has_extra ? read_extra(s, key, err) : 0;
	keep_nodes(s, nipfs__buf_slice(&s->kept));
	if (code == 0)
		code = settle_extra(s, key, err);
	if (code == 0)
		code = delete_nodes(s, err);
	if (code < 0)
		return code;
	kept = nipfs__buf_slice(&s->kept);
	if (kept.len == 0) {
		s->blocks++;
		return nipfs__index_run_with(s->db, NIPFS__INDEX_BLOCK_DELETE, key, NULL,
					     err);
	}
	return nipfs__slice_eq(kept, places)
		   ? 0
		   : nipfs__index_run_with(s->db, NIPFS__INDEX_BLOCK_SET, key, &kept,
					   err);
}

/* ---- slices ---------------------------------------------------------------------- */

/* Reads the blocks of the slice: what is changed while it is read might be seen twice. */
static int read_slice(struct nipfs__sweep *s, size_t max, uint64_t *last,
		      struct nipfs_error *err)
{
	sqlite3_stmt *st = NULL;
	size_t n = 0;
	int code = nipfs__index_use(s->db, NIPFS__INDEX_BLOCK_SCAN, &st, err);

	nipfs__buf_clear(&s->slice);
	if (code < 0)
		return code;
	(void)sqlite3_bind_int64(st, 1, (sqlite3_int64)s->from);
	(void)sqlite3_bind_int64(st, 2, (sqlite3_int64)max);
	while ((code = nipfs__index_step(s->db, st, err)) == 1) {
		const struct nipfs_slice places = nipfs__sql_blob(st, 1);
		const struct row row = { (uint64_t)sqlite3_column_int64(st, 0),
					 places.len };

		if (nipfs__buf_put(&s->slice, &row, sizeof(row)) < 0 ||
		    nipfs__buf_put_slice(&s->slice, places) < 0) {
			(void)sqlite3_reset(st);
			return nipfs__fail_nomem(err);
		}
		*last = row.key;
		n++;
	}
	s->seen += n;
	s->done = n < max;
	return code;
}

/* The keys of the slice that have further places. */
static int read_shared(struct nipfs__sweep *s, uint64_t last, struct nipfs_error *err)
{
	sqlite3_stmt *st = NULL;
	int code = nipfs__index_use(s->db, NIPFS__INDEX_EXTRA_KEYS, &st, err);

	nipfs__buf_clear(&s->shared);
	if (code < 0)
		return code;
	(void)sqlite3_bind_int64(st, 1, (sqlite3_int64)s->from);
	(void)sqlite3_bind_int64(st, 2, (sqlite3_int64)last);
	while ((code = nipfs__index_step(s->db, st, err)) == 1) {
		const uint64_t key = (uint64_t)sqlite3_column_int64(st, 0);

		if (nipfs__buf_put(&s->shared, &key, sizeof(key)) < 0) {
			(void)sqlite3_reset(st);
			return nipfs__fail_nomem(err);
		}
	}
	return code;
}

static int count(struct nipfs__sweep *s, uint64_t blocks, uint64_t nodes,
		 struct nipfs_error *err)
{
	sqlite3_stmt *st = NULL;
	const int code = nipfs__index_use(s->db, NIPFS__INDEX_COUNT_ADD, &st, err);

	if (code < 0)
		return code;
	(void)sqlite3_bind_int64(st, 1, -(sqlite3_int64)blocks);
	(void)sqlite3_bind_int64(st, 2, -(sqlite3_int64)nodes);
	return nipfs__index_step(s->db, st, err);
}

int nipfs__sweep_slice(struct nipfs__sweep *s, size_t max, struct nipfs_error *err)
{
	const uint64_t blocks = s->blocks, nodes = s->nodes;
	const uint64_t *shared, *shared_end;
	struct nipfs_slice rest;
	uint64_t last = s->from;
	int code = read_slice(s, max, &last, err);

	if (code == 0)
		code = read_shared(s, last, err);
	shared = (const void *)s->shared.ptr;
	shared_end = shared + s->shared.len / sizeof(*shared);
	rest = nipfs__buf_slice(&s->slice);
	while (code == 0 && rest.len > 0) {
		struct row row;

		memcpy(&row, rest.ptr, sizeof(row));
		rest = nipfs__slice_skip(rest, sizeof(row));
		while (shared < shared_end && *shared < row.key)
			shared++;
		code = sweep_row(s, row.key, nipfs__slice(rest.ptr, row.len),
				 shared < shared_end && *shared == row.key, err);
		rest = nipfs__slice_skip(rest, row.len);
	}
	if (code == 0)
		code = count(s, s->blocks - blocks, s->nodes - nodes, err);
	s->from = last + 1;
	return code;
}
