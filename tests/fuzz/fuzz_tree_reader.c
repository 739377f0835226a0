/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A UnixFS DAG as tree events, from any blocks: the events keep their contract and
 * are the same in whatever order the blocks come; the walk visits each block once.
 * Input: see fuzz_blocks.h.
 */
#include <nixipfs/dag.h>

#include "tests/fuzz/fuzz_blocks.h"

enum { DEPTH_MAX = 20, EVENTS_MAX = 3000, BYTES_MAX = 1 << 20 };

/* A hash of the events so far. */
struct events {
	uint64_t hash, n, bytes, left;
	unsigned int depth;
	bool in_file;
	struct nipfs_slice last[DEPTH_MAX + 2];
	uint8_t names[DEPTH_MAX + 2][64];
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void mix(struct events *e, const void *ptr, size_t n)
{
	for (size_t i = 0; i < n; i++)
		e->hash = (e->hash ^ ((const uint8_t *)ptr)[i]) * 0x100000001b3;
}

static int count(struct events *e, char event)
{
	mix(e, &event, 1);
	return ++e->n > EVENTS_MAX ? NIPFS_E_CANCELLED : 0;
}

static void mix_entry(struct events *e, const struct nipfs_entry *entry)
{
	const struct nipfs_slice name = entry->name;

	if (e->in_file || !entry->cid || e->depth > DEPTH_MAX ||
	    (e->depth == 0) != (name.len == 0))
		abort();
	if (name.len && (memchr(name.ptr, '/', name.len) || memchr(name.ptr, 0, name.len)))
		abort();
	/* the beginning of a name is enough to see the order */
	if (e->depth > 0 && e->last[e->depth].len) {
		const size_t n = name.len < e->last[e->depth].len ? name.len :
								   e->last[e->depth].len;

		if (memcmp(e->names[e->depth], name.ptr, n) > 0)
			abort();
	}
	if (e->depth > 0) {
		e->last[e->depth].len = name.len < 64 ? name.len : 64;
		memcpy(e->names[e->depth], name.ptr, e->last[e->depth].len);
	}
	mix(e, name.ptr, name.len);
	mix(e, entry->target.ptr, entry->target.len);
	mix(e, &entry->size, sizeof(entry->size));
	mix(e, &entry->executable, 1);
	mix(e, &entry->mode, sizeof(entry->mode));
	mix(e, &entry->mtime.seconds, sizeof(entry->mtime.seconds));
}

static int on_enter(void *ctx, const struct nipfs_entry *entry, struct nipfs_error *err)
{
	struct events *e = ctx;

	(void)err;
	mix_entry(e, entry);
	e->last[++e->depth].len = 0;
	return count(e, 'D');
}

static int on_leave(void *ctx, struct nipfs_error *err)
{
	struct events *e = ctx;

	(void)err;
	if (e->depth-- == 0)
		abort();
	return count(e, 'd');
}

static int on_file(void *ctx, const struct nipfs_entry *entry, struct nipfs_error *err)
{
	struct events *e = ctx;

	(void)err;
	mix_entry(e, entry);
	e->in_file = true;
	e->left = entry->size;
	return count(e, 'F');
}

static int on_bytes(void *ctx, const struct nipfs_span *bytes, struct nipfs_error *err)
{
	struct events *e = ctx;

	(void)err;
	if (!e->in_file || bytes->len == 0 || bytes->len > e->left)
		abort();
	e->left -= bytes->len;
	e->bytes += bytes->len;
	mix(e, bytes->ptr, bytes->len);
	return e->bytes > BYTES_MAX ? NIPFS_E_CANCELLED : 0;
}

static int on_file_end(void *ctx, struct nipfs_error *err)
{
	struct events *e = ctx;

	(void)err;
	if (!e->in_file || e->left)
		abort();
	e->in_file = false;
	return count(e, 'f');
}

static int on_symlink(void *ctx, const struct nipfs_entry *entry, struct nipfs_error *err)
{
	struct events *e = ctx;

	(void)err;
	if (memchr(entry->target.ptr ? entry->target.ptr : (const uint8_t *)"", 0,
		   entry->target.len))
		abort();
	mix_entry(e, entry);
	return count(e, 'L');
}

static int add_seen(void *ctx, const struct nipfs_cid *cid, struct nipfs_error *err)
{
	struct nipfs_cid *seen = ctx;

	/* a set of so many that a longer walk goes wrong */
	for (size_t i = 0; i < 1000; i++) {
		if (nipfs_cid_equal(&seen[i], cid))
			return 0;
		if (seen[i].version == 0xff) {
			seen[i] = *cid;
			return 1;
		}
	}
	(void)err;
	return NIPFS_E_CANCELLED;
}

static int on_block(void *ctx, const struct nipfs_cid *cid, const struct nipfs_span *block,
		    struct nipfs_error *err)
{
	(void)cid;
	(void)block;
	(void)err;
	++*(size_t *)ctx;
	return 0;
}

static int walk(struct fuzz_blocks *b, size_t *n)
{
	static struct nipfs_cid set[1000];
	const struct nipfs_cid root = fuzz_blocks_cid(0);
	const struct nipfs_seen seen = { add_seen, set };
	struct nipfs_error err;

	for (size_t i = 0; i < 1000; i++)
		set[i].version = 0xff;
	*n = 0;
	return nipfs_dag_walk(&b->source, &root, &seen, on_block, n, &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct nipfs_tree_limits limits = { DEPTH_MAX, 1000, 1000, true, 0 };
	static struct events e[2];
	struct fuzz_blocks *b = fuzz_blocks_new(data, size);
	const struct nipfs_cid root = fuzz_blocks_cid(0);
	int r[2], w[2];
	size_t n[2];

	for (int i = 0; i < 2; i++) {
		const struct nipfs_tree_sink sink = { on_enter,	   on_leave,   on_file, on_bytes,
						      on_file_end, on_symlink, &e[i] };
		struct nipfs_error err = { 0, 0, "" };

		b->last_first = i;
		memset(&e[i], 0, sizeof(e[i]));
		r[i] = nipfs_dag_tree(&b->source, &root, &limits, &sink, &err);
		if (r[i] == 0 && (e[i].depth || e[i].in_file))
			abort();
		if (r[i] < 0 && r[i] != NIPFS_E_CANCELLED && err.msg[0] == 0)
			abort();
		w[i] = walk(b, &n[i]);
	}
	if (r[0] != r[1] || e[0].hash != e[1].hash || w[0] != w[1] || n[0] != n[1])
		abort();
	/* a tree is walked to its end as well */
	if (r[0] == 0 && w[0] < 0 && w[0] != NIPFS_E_CANCELLED)
		abort();
	nipfs_block_source_free(&b->source);
	return 0;
}
