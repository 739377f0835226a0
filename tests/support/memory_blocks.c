/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A store of blocks in memory, with faults that can be injected. */
#include "tests/support/memory_blocks.h"

#include <stdlib.h>
#include <string.h>

#include "multiformats/base/err.h"

struct memory_block {
	struct nipfs_cid cid;
	uint8_t *ptr;
	size_t len;
	enum memory_fault fault;
};

static void *must(void *ptr)
{
	if (!ptr)
		abort();
	return ptr;
}

static struct memory_blocks *of_source(struct nipfs_block_source *source)
{
	return (struct memory_blocks *)(void *)source;
}

/* ---- the table: open addressing, index + 1, 0 when free --------------------- */

static size_t slot_of(const struct memory_blocks *m, const struct nipfs_cid *cid)
{
	size_t i = (size_t)cid->codec * 31 + cid->version;

	for (size_t k = 0; k < cid->digest_len; k++)
		i = i * 131 + cid->digest[k];
	for (;; i++) {
		const size_t at = m->table[i & (m->n_table - 1)];

		if (at == 0 || nipfs_cid_equal(&m->blocks[at - 1].cid, cid))
			return i & (m->n_table - 1);
	}
}

static struct memory_block *find(const struct memory_blocks *m, const struct nipfs_cid *cid)
{
	size_t at;

	if (m->n_table == 0)
		return NULL;
	at = m->table[slot_of(m, cid)];
	return at ? &m->blocks[at - 1] : NULL;
}

static void grow(struct memory_blocks *m)
{
	if (m->n == m->cap_blocks) {
		m->cap_blocks = m->cap_blocks ? m->cap_blocks * 2 : 16;
		m->blocks = must(realloc(m->blocks, m->cap_blocks * sizeof(*m->blocks)));
	}
	if (2 * (m->n + 1) <= m->n_table)
		return;
	free(m->table);
	m->n_table = m->n_table ? m->n_table * 2 : 32;
	m->table = must(calloc(m->n_table, sizeof(*m->table)));
	for (size_t i = 0; i < m->n; i++)
		m->table[slot_of(m, &m->blocks[i].cid)] = i + 1;
}

/* ---- sink ------------------------------------------------------------------- */

void memory_blocks_put_as(struct memory_blocks *m, const struct nipfs_cid *cid,
			  struct nipfs_slice bytes)
{
	struct memory_block *b;

	if (find(m, cid))
		return;
	grow(m);
	b = &m->blocks[m->n];
	*b = (struct memory_block){ *cid, must(malloc(bytes.len + 1)), bytes.len,
				    MEMORY_FAULT_NONE };
	if (bytes.len)
		memcpy(b->ptr, bytes.ptr, bytes.len);
	m->table[slot_of(m, cid)] = ++m->n;
	m->bytes += bytes.len;
}

struct nipfs_cid memory_blocks_put(struct memory_blocks *m, uint64_t codec,
				   struct nipfs_slice bytes)
{
	struct nipfs_cid cid;

	if (nipfs_cid_of(1, codec, NIPFS_HASH_SHA2_256, bytes, &cid) < 0)
		abort();
	memory_blocks_put_as(m, &cid, bytes);
	return cid;
}

static int sink_put(void *ctx, const struct nipfs_cid *cid, const struct nipfs_span *bytes,
		    const struct nipfs_origin *origin, struct nipfs_error *err)
{
	struct memory_blocks *m = ctx;
	const struct nipfs_slice block = { bytes->ptr, bytes->len };

	(void)origin;
	if (cid->hash == NIPFS_HASH_IDENTITY || nipfs_cid_verify(cid, block) < 0)
		return nipfs__fail(err, NIPFS_E_MISMATCH, "a block came with a wrong CID");
	m->puts++;
	memory_blocks_put_as(m, cid, block);
	return 0;
}

struct nipfs_block_sink memory_blocks_sink(struct memory_blocks *m)
{
	return (struct nipfs_block_sink){ sink_put, m };
}

/* ---- source ----------------------------------------------------------------- */

static void forget_delivered(struct memory_blocks *m)
{
	free(m->delivered);
	m->delivered = NULL;
}

static size_t waiting_index(const struct memory_blocks *m, const struct nipfs_cid *cid)
{
	size_t i = 0;

	while (i < m->n_waiting && !nipfs_cid_equal(&m->waiting[i].cid, cid))
		i++;
	return i;
}

static void take_waiting(struct memory_blocks *m, size_t i)
{
	memmove(m->waiting + i, m->waiting + i + 1,
		(m->n_waiting - i - 1) * sizeof(*m->waiting));
	m->n_waiting--;
}

static int source_want(struct nipfs_block_source *self, const struct nipfs_want *wants,
		       size_t n, struct nipfs_error *err)
{
	struct memory_blocks *m = of_source(self);

	forget_delivered(m);
	for (size_t i = 0; i < n; i++) {
		if (wants[i].cid.hash == NIPFS_HASH_IDENTITY)
			return nipfs__fail(err, NIPFS_E_USAGE,
					   "an identity block was wanted from a source");
		if (waiting_index(m, &wants[i].cid) < m->n_waiting)
			continue;
		if (m->n_waiting == m->cap_waiting) {
			m->cap_waiting = m->cap_waiting ? m->cap_waiting * 2 : 16;
			m->waiting = must(realloc(m->waiting,
						  m->cap_waiting * sizeof(*m->waiting)));
		}
		m->waiting[m->n_waiting++] = wants[i];
		m->wants++;
		if (m->n_waiting > m->waiting_max)
			m->waiting_max = m->n_waiting;
	}
	return 0;
}

static void deliver(struct memory_blocks *m, const struct memory_block *b,
		    struct nipfs_block *out)
{
	const bool corrupt = b->fault == MEMORY_FAULT_CORRUPT;
	const size_t len = corrupt && b->len == 0 ? 1 : b->len;

	/* of its exact size, so that reads behind its end are seen */
	m->delivered = must(malloc(len ? len : 1));
	if (b->len)
		memcpy(m->delivered, b->ptr, b->len);
	if (corrupt && b->len)
		m->delivered[b->len / 2] ^= 1;
	else if (corrupt)
		m->delivered[0] = 0;
	out->bytes.ptr = m->delivered;
	out->bytes.len = len;
}

static int source_next(struct nipfs_block_source *self, struct nipfs_block *out,
		       struct nipfs_error *err)
{
	struct memory_blocks *m = of_source(self);
	struct nipfs_block answer = { .bytes = { .fd = -1 } };
	const struct memory_block *b;
	size_t i;

	forget_delivered(m);
	if (m->n_waiting == 0)
		return 1;
	i = m->order == MEMORY_ORDER_FIFO ? 0 : m->n_waiting - 1;
	answer.cid = m->waiting[i].cid;
	take_waiting(m, i);
	b = find(m, &answer.cid);
	if (b && b->fault == MEMORY_FAULT_BROKEN)
		return nipfs__fail(err, NIPFS_E_SYS, "the source is broken on purpose");
	if (!b || b->fault == MEMORY_FAULT_MISSING)
		answer.status = NIPFS_E_NOTFOUND;
	else if (b->fault == MEMORY_FAULT_UNREACHABLE)
		answer.status = NIPFS_E_UNREACHABLE;
	else
		deliver(m, b, &answer);
	m->answers++;
	*out = answer;
	return 0;
}

static void source_cancel(struct nipfs_block_source *self, const struct nipfs_cid *cid)
{
	struct memory_blocks *m = of_source(self);
	const size_t i = waiting_index(m, cid);

	forget_delivered(m);
	m->cancels++;
	if (i < m->n_waiting)
		take_waiting(m, i);
}

static void source_free(struct nipfs_block_source *self)
{
	(void)self;
}

static const struct nipfs_block_source_ops ops = { source_want, source_next, source_cancel,
						   source_free, NULL };

struct nipfs_block_source *memory_blocks_source(struct memory_blocks *m)
{
	return &m->source;
}

/* ---- the store -------------------------------------------------------------- */

struct memory_blocks *memory_blocks_new(void)
{
	struct memory_blocks *m = must(calloc(1, sizeof(*m)));

	m->source = (struct nipfs_block_source){ &ops, "memory" };
	return m;
}

void memory_blocks_free(struct memory_blocks *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < m->n; i++)
		free(m->blocks[i].ptr);
	free(m->blocks);
	free(m->table);
	free(m->waiting);
	free(m->delivered);
	free(m);
}

bool memory_blocks_get(const struct memory_blocks *m, const struct nipfs_cid *cid,
		       struct nipfs_slice *out)
{
	const struct memory_block *b = find(m, cid);

	if (b)
		*out = (struct nipfs_slice){ b->ptr, b->len };
	return b != NULL;
}

struct nipfs_cid memory_blocks_cid(const struct memory_blocks *m, size_t i)
{
	return m->blocks[i].cid;
}

void memory_blocks_fault(struct memory_blocks *m, const struct nipfs_cid *cid,
			 enum memory_fault fault)
{
	struct memory_block *b = find(m, cid);

	if (!b)
		abort();
	b->fault = fault;
}
