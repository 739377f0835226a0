/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A table from 64-bit hashes to short byte strings in bounded memory.
 *
 * In memory: entries back to back in chunks, chained from heads that are picked by
 * the highest bits of the hash. When memory is full, all go to the file, head by
 * head: almost in the order of its key, which is what makes that fast.
 */
#include "lib/blocks/bag.h"

#include <stdlib.h>
#include <string.h>

#include "lib/blocks/sql.h"
#include "multiformats/base/err.h"
#include "multiformats/base/num.h"
#include "multiformats/base/slice.h"

enum { CHUNK = 1 << 16, HEADS_MIN = 256, MEMORY_MAX = 1 << 30 };

/* An entry: next u32, hash u64, length u8, value; packed. */
enum { AT_HASH = 4, AT_LEN = 12, AT_VALUE = 13 };

struct nipfs__bag_file {
	struct nipfs__sql sql;
	sqlite3_stmt *insert, *select;
};

/* ---- memory ---------------------------------------------------------------------- */

/* Entries are numbered by their place + 1. */
static uint8_t *entry_at(const struct nipfs__bag *b, uint32_t at)
{
	return b->chunks[(at - 1) / CHUNK] + (at - 1) % CHUNK;
}

static uint32_t entry_next(const uint8_t *entry)
{
	uint32_t next;

	memcpy(&next, entry, sizeof(next));
	return next;
}

static uint64_t entry_hash(const uint8_t *entry)
{
	uint64_t hash;

	memcpy(&hash, entry + AT_HASH, sizeof(hash));
	return hash;
}

static uint32_t *head_of(uint32_t *heads, size_t n_heads, uint64_t hash)
{
	return &heads[hash >> (64 - __builtin_ctzll(n_heads))];
}

/* Makes a new array of heads; the order in each chain is turned round twice. */
static int grow_heads(struct nipfs__bag *b)
{
	const size_t n = b->n_heads ? b->n_heads * 2 : HEADS_MIN;
	uint32_t *heads = calloc(n, sizeof(*heads));

	if (!heads)
		return NIPFS_E_NOMEM;
	for (size_t i = 0; i < b->n_heads; i++) {
		uint32_t turned = 0, next;

		for (uint32_t at = b->heads[i]; at; at = next) {
			next = entry_next(entry_at(b, at));
			memcpy(entry_at(b, at), &turned, sizeof(turned));
			turned = at;
		}
		for (uint32_t at = turned; at; at = next) {
			uint32_t *head = head_of(heads, n, entry_hash(entry_at(b, at)));

			next = entry_next(entry_at(b, at));
			memcpy(entry_at(b, at), head, sizeof(*head));
			*head = at;
		}
	}
	free(b->heads);
	b->heads = heads;
	b->n_heads = n;
	return 0;
}

static int add_chunk(struct nipfs__bag *b)
{
	uint8_t **chunks = realloc(b->chunks, (b->n_chunks + 1) * sizeof(*chunks));
	uint8_t *chunk;

	if (!chunks)
		return NIPFS_E_NOMEM;
	b->chunks = chunks;
	chunk = malloc(CHUNK);
	if (!chunk)
		return NIPFS_E_NOMEM;
	b->chunks[b->n_chunks++] = chunk;
	b->chunk_used = 0;
	return 0;
}

static size_t bytes_used(const struct nipfs__bag *b)
{
	return b->n_chunks * CHUNK + b->n_heads * sizeof(*b->heads);
}

/* Whether one more value of @len bytes needs more memory than there may be. */
static bool is_full(const struct nipfs__bag *b, size_t len)
{
	size_t need = bytes_used(b);

	if (b->n_chunks == 0 || CHUNK - b->chunk_used < AT_VALUE + len)
		need += CHUNK;
	if (b->n == b->n_heads)
		need += (b->n_heads ? b->n_heads : HEADS_MIN) * sizeof(*b->heads);
	return b->n > 0 && need > nipfs__min_size(b->max_bytes, MEMORY_MAX);
}

static void forget_memory(struct nipfs__bag *b)
{
	for (size_t i = 0; i < b->n_chunks; i++)
		free(b->chunks[i]);
	free(b->chunks);
	b->chunks = NULL;
	b->n_chunks = 0;
	b->chunk_used = 0;
	b->n = 0;
	if (b->heads)
		memset(b->heads, 0, b->n_heads * sizeof(*b->heads));
}

/* ---- file ------------------------------------------------------------------------ */

static void file_free(struct nipfs__bag_file *file)
{
	if (!file)
		return;
	(void)sqlite3_finalize(file->insert);
	(void)sqlite3_finalize(file->select);
	(void)sqlite3_close(file->sql.db);
	free(file);
}

static int file_open(struct nipfs__bag_file *f, struct nipfs_error *err)
{
	int code;

	f->sql.name = "temporary file in $TMPDIR";
	if (sqlite3_open_v2(":memory:", &f->sql.db,
			    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
				SQLITE_OPEN_NOMUTEX,
			    NULL) != SQLITE_OK)
		return f->sql.db ? nipfs__sql_fail(&f->sql, err) : nipfs__fail_nomem(err);
	/* a database without a name is a file without a name in $TMPDIR */
	code = nipfs__sql_exec(&f->sql,
			       "pragma temp_store = 1;"
			       "attach '' as spill;"
			       "pragma spill.journal_mode = off;"
			       "pragma spill.synchronous = off;"
			       "pragma spill.locking_mode = exclusive;"
			       "pragma spill.cache_size = -4096;"
			       "create table spill.bag (hash integer, value blob,"
			       " primary key (hash, value)) without rowid;",
			       err);
	if (code == 0)
		code = nipfs__sql_prepare(
		    &f->sql, "insert or ignore into spill.bag values (?1, ?2)",
		    &f->insert, err);
	if (code == 0)
		code = nipfs__sql_prepare(&f->sql,
					  "select value from spill.bag where hash = ?1",
					  &f->select, err);
	return code;
}

static int file_make(struct nipfs__bag *b, struct nipfs_error *err)
{
	struct nipfs__bag_file *f = calloc(1, sizeof(*f));
	int code;

	if (!f)
		return nipfs__fail_nomem(err);
	code = file_open(f, err);
	if (code < 0)
		file_free(f);
	else
		b->file = f;
	return code;
}

static int file_insert(struct nipfs__bag_file *f, const uint8_t *entry,
		       struct nipfs_error *err)
{
	if (entry[AT_LEN] == 0)
		return 0;
	(void)sqlite3_bind_int64(f->insert, 1, (sqlite3_int64)entry_hash(entry));
	nipfs__sql_bind_blob(f->insert, 2, nipfs__slice(entry + AT_VALUE, entry[AT_LEN]));
	return nipfs__sql_step(&f->sql, f->insert, err);
}

static int spill(struct nipfs__bag *b, struct nipfs_error *err)
{
	int code = b->file ? 0 : file_make(b, err);

	if (code == 0)
		code = nipfs__sql_exec(&b->file->sql, "begin", err);
	for (size_t i = 0; i < b->n_heads && code == 0; i++)
		for (uint32_t at = b->heads[i]; at && code == 0;) {
			const uint8_t *entry = entry_at(b, at);

			code = file_insert(b->file, entry, err);
			at = entry_next(entry);
		}
	if (code == 0)
		code = nipfs__sql_exec(&b->file->sql, "commit", err);
	if (code == 0)
		forget_memory(b);
	return code;
}

/* ---- both ------------------------------------------------------------------------ */

void nipfs__bag_release(struct nipfs__bag *b)
{
	forget_memory(b);
	free(b->heads);
	b->heads = NULL;
	b->n_heads = 0;
	file_free(b->file);
	b->file = NULL;
}

int nipfs__bag_add(struct nipfs__bag *b, uint64_t hash, struct nipfs_slice value,
		   struct nipfs_error *err)
{
	uint8_t *entry;
	uint32_t *head;

	if (is_full(b, value.len)) {
		const int code = spill(b, err);

		if (code < 0)
			return code;
	}
	if ((b->n == b->n_heads && grow_heads(b) < 0) ||
	    ((b->n_chunks == 0 || CHUNK - b->chunk_used < AT_VALUE + value.len) &&
	     add_chunk(b) < 0))
		return nipfs__fail_nomem(err);
	head = head_of(b->heads, b->n_heads, hash);
	entry = b->chunks[b->n_chunks - 1] + b->chunk_used;
	memcpy(entry, head, sizeof(*head));
	memcpy(entry + AT_HASH, &hash, sizeof(hash));
	entry[AT_LEN] = (uint8_t)value.len;
	if (value.len)
		memcpy(entry + AT_VALUE, value.ptr, value.len);
	*head = (uint32_t)((b->n_chunks - 1) * CHUNK + b->chunk_used + 1);
	b->chunk_used += AT_VALUE + value.len;
	b->n++;
	return 0;
}

void nipfs__bag_find(const struct nipfs__bag *b, uint64_t hash,
		     struct nipfs__bag_cursor *cursor)
{
	cursor->hash = hash;
	cursor->at = b->n_heads ? *head_of(b->heads, b->n_heads, hash) : 0;
	cursor->in_file = false;
}

static int next_in_file(struct nipfs__bag_file *f, struct nipfs__bag_cursor *c,
			struct nipfs_slice *out, struct nipfs_error *err)
{
	struct nipfs_slice value;
	int code;

	if (!c->in_file) {
		c->in_file = true;
		(void)sqlite3_reset(f->select);
		(void)sqlite3_bind_int64(f->select, 1, (sqlite3_int64)c->hash);
	}
	code = nipfs__sql_step(&f->sql, f->select, err);
	if (code <= 0)
		return code < 0 ? code : 1;
	value = nipfs__sql_blob(f->select, 0);
	memcpy(c->value, value.ptr, value.len);
	*out = nipfs__slice(c->value, value.len);
	return 0;
}

int nipfs__bag_next(struct nipfs__bag *b, struct nipfs__bag_cursor *cursor,
		    struct nipfs_slice *out, struct nipfs_error *err)
{
	while (cursor->at) {
		const uint8_t *entry = entry_at(b, cursor->at);

		cursor->at = entry_next(entry);
		if (entry_hash(entry) != cursor->hash)
			continue;
		memcpy(cursor->value, entry + AT_VALUE, entry[AT_LEN]);
		*out = nipfs__slice(cursor->value, entry[AT_LEN]);
		return 0;
	}
	return b->file ? next_in_file(b->file, cursor, out, err) : 1;
}
