/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the index costs when it is big: bench_index FOLDER [BLOCKS] [NODES%].
 *
 * Random digests, as leaves of small files, five to a directory, five thousand to
 * a store path; every hundredth of NODES% is a node of 250 bytes. Makes
 * FOLDER/index.sqlite and prints "what<TAB>value<TAB>unit", and for what takes
 * time the processor's time behind it, which other programs disturb less.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "lib/blocks/index.h"
#include "lib/blocks/place.h"

enum { PER_PATH = 5000, PER_DIR = 5, BATCH = 50000, NODE_BYTES = 250 };

static struct nipfs_index *the_index;
static uint64_t random_state = 88172645463325252u;

/* What went by, on the clock and of the processors. */
struct times {
	double wall, cpu;
};

static double seconds(clockid_t clock)
{
	struct timespec t;

	(void)clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static struct times now(void)
{
	return (struct times){ seconds(CLOCK_MONOTONIC),
			       seconds(CLOCK_PROCESS_CPUTIME_ID) };
}

static struct times since(struct times begin)
{
	const struct times end = now();

	return (struct times){ end.wall - begin.wall, end.cpu - begin.cpu };
}

static void check(int code, const struct nipfs_error *err)
{
	if (code < 0) {
		(void)fprintf(stderr, "bench_index: %s\n", err->msg);
		exit(EXIT_FAILURE);
	}
}

static uint64_t next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static struct nipfs_cid random_cid(void)
{
	struct nipfs_cid cid = { NIPFS_CODEC_RAW, NIPFS_HASH_SHA2_256, 1, 32, { 0 } };

	for (size_t i = 0; i < 32; i += 8) {
		const uint64_t word = next_random();

		memcpy(cid.digest + i, &word, sizeof(word));
	}
	return cid;
}

/* Feeds a tree of made-up files; their blocks have random digests. */
static void feed(struct nipfs_index_writer *w, unsigned int nodes,
		 struct nipfs_error *err)
{
	const struct nipfs_tree_sink tree = nipfs_index_writer_tree_sink(w);
	const struct nipfs_block_sink blocks = nipfs_index_writer_block_sink(w);
	static const uint8_t bytes[NODE_BYTES];
	struct nipfs_entry dir = { .kind = NIPFS_DIRECTORY };
	const struct nipfs_entry file = { .kind = NIPFS_FILE, .size = NODE_BYTES };
	const struct nipfs_span span = { .ptr = bytes, .len = NODE_BYTES, .fd = -1 };
	const struct nipfs_origin leaf = { NIPFS_ORIGIN_FILE, 0, NODE_BYTES, 0 };
	char name[16];

	check(tree.enter(tree.ctx, &dir, err), err);
	for (unsigned int i = 0; i < PER_PATH; i++) {
		const struct nipfs_cid cid = random_cid();

		if (i % PER_DIR == 0) {
			(void)snprintf(name, sizeof(name), "folder-%u", i);
			dir.name =
			    (struct nipfs_slice){ (const uint8_t *)name, strlen(name) };
			check(tree.enter(tree.ctx, &dir, err), err);
		}
		check(tree.file(tree.ctx, &file, err), err);
		check(blocks.put(blocks.ctx, &cid, &span, i % 100 < nodes ? NULL : &leaf,
				 err),
		      err);
		if (i % PER_DIR == PER_DIR - 1)
			check(tree.leave(tree.ctx, err), err);
	}
	check(tree.leave(tree.ctx, err), err);
}

static void add_path(uint64_t n, unsigned int nodes)
{
	struct nipfs_index_key key = { .store_dir = "/nix/store" };
	const struct nipfs_link root = { .cid = random_cid() };
	struct nipfs_index_writer *w;
	struct nipfs_error err = { 0 };

	(void)snprintf(key.path.base, sizeof(key.path.base), "%032" PRIu64 "-path", n);
	check(nipfs_index_writer_begin(&w, the_index, &key, 1, &err), &err);
	feed(w, nodes, &err);
	check(nipfs_index_writer_commit(w, &root, NULL, &err), &err);
}

static void flush(void)
{
	struct nipfs_error err = { 0 };

	check(nipfs_index_flush(the_index, &err), &err);
}

/* Adds paths with so many blocks together. */
static struct times add(uint64_t first_path, uint64_t blocks, unsigned int nodes)
{
	const struct times begin = now();

	for (uint64_t n = 0; n < blocks / PER_PATH; n++)
		add_path(first_path + n, nodes);
	flush();
	return since(begin);
}

/* Looks blocks up that are there: their keys, in random order. */
static struct times look_up(struct nipfs__index_db *db, uint64_t times)
{
	struct nipfs_error err = { 0 };
	uint64_t *keys = calloc(times, sizeof(*keys));
	sqlite3_stmt *st;
	struct times begin;

	for (uint64_t i = 0; keys && i < times; i++) {
		check(nipfs__index_use(db, NIPFS__INDEX_BLOCK_SCAN, &st, &err), &err);
		(void)sqlite3_bind_int64(st, 1, (sqlite3_int64)(next_random() >> 1));
		(void)sqlite3_bind_int64(st, 2, 1);
		if (nipfs__index_step(db, st, &err) == 1)
			keys[i] = (uint64_t)sqlite3_column_int64(st, 0);
		(void)sqlite3_reset(st);
	}
	begin = now();
	check(nipfs__index_run(db, NIPFS__INDEX_BEGIN_READ, &err), &err);
	for (uint64_t i = 0; keys && i < times; i++) {
		struct nipfs__place place;
		struct nipfs_slice places;

		check(nipfs__index_use(db, NIPFS__INDEX_BLOCK_GET, &st, &err), &err);
		(void)sqlite3_bind_int64(st, 1, (sqlite3_int64)keys[i]);
		if (nipfs__index_step(db, st, &err) == 1) {
			places = nipfs__sql_blob(st, 0);
			if (nipfs__place_next(&places, &place) != 0)
				exit(EXIT_FAILURE);
		}
		(void)sqlite3_reset(st);
	}
	check(nipfs__index_run(db, NIPFS__INDEX_COMMIT, &err), &err);
	free(keys);
	return since(begin);
}

static int keep_most(void *ctx, const struct nipfs_index_owner *owner,
		     struct nipfs_error *err)
{
	(void)ctx;
	(void)err;
	return strtoull(owner->key.path.base, NULL, 10) % 10 != 3;
}

/* Bytes of one table, where SQLite was built to say so. */
static uint64_t table_bytes(struct nipfs__index_db *db, const char *table)
{
	sqlite3_stmt *st = NULL;
	char sql[128];
	uint64_t bytes = 0;

	(void)snprintf(sql, sizeof(sql),
		       "select sum(pgsize) from dbstat where name = '%s'", table);
	if (sqlite3_prepare_v2(db->sql.db, sql, -1, &st, NULL) == SQLITE_OK &&
	    sqlite3_step(st) == SQLITE_ROW)
		bytes = (uint64_t)sqlite3_column_int64(st, 0);
	(void)sqlite3_finalize(st);
	return bytes;
}

static void report(const char *what, double value, const char *unit)
{
	(void)printf("%s\t%.3g\t%s\n", what, value, unit);
	(void)fflush(stdout);
}

static void report_time(const char *what, struct times times, double factor,
			const char *unit)
{
	(void)printf("%s\t%.3g\t%s\tcpu %.3g\n", what, times.wall * factor, unit,
		     times.cpu * factor);
	(void)fflush(stdout);
}

static void measure(uint64_t blocks, unsigned int nodes)
{
	struct nipfs_index_pruned pruned;
	struct nipfs__index_db db;
	struct nipfs_error err = { 0 };
	struct rusage usage;
	struct times begin;

	report_time("all but the last batch", add(0, blocks - BATCH, nodes), 1, "s");
	report_time("last 50000", add(blocks / PER_PATH, BATCH, nodes), 1, "s");
	check(nipfs__index_connect(&db, the_index->path, &err), &err);
	check(nipfs__sql_exec(&db.sql, "pragma wal_checkpoint(truncate)", &err), &err);
	report("table blocks", (double)table_bytes(&db, "blocks") / (double)blocks,
	       "bytes a block");
	report("table dirs", (double)table_bytes(&db, "dirs") / (double)blocks,
	       "bytes a block");
	report("table nodes", (double)table_bytes(&db, "nodes") / (double)blocks,
	       "bytes a block");
	(void)look_up(&db, BATCH);
	report_time("look-up", look_up(&db, BATCH), 1e6 / BATCH, "us");
	nipfs__index_disconnect(&db);
	begin = now();
	check(nipfs_index_prune(the_index, keep_most, NULL, NULL, &pruned, &err), &err);
	report_time("prune of 10 %", since(begin), 1, "s");
	report("pruned blocks", (double)pruned.blocks, "");
	(void)getrusage(RUSAGE_SELF, &usage);
	report("peak memory", (double)usage.ru_maxrss / 1024, "MiB");
}

int main(int argc, char **argv)
{
	const uint64_t blocks = argc > 2 ? strtoull(argv[2], NULL, 10) : 5000000;
	const unsigned int nodes =
	    argc > 3 ? (unsigned int)strtoul(argv[3], NULL, 10) : 0;
	struct nipfs_error err = { 0 };

	if (argc < 2 || blocks < 2 * (uint64_t)BATCH) {
		(void)fprintf(stderr, "usage: bench_index FOLDER [BLOCKS] [NODES%%]\n");
		return 2;
	}
	check(nipfs_index_open(&the_index, argv[1], true, &err), &err);
	measure(blocks, nodes);
	nipfs_index_close(the_index);
	return EXIT_SUCCESS;
}
