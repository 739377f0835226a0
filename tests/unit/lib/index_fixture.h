/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A store folder and an index in a scratch folder, for tests of the index. */
#ifndef TESTS_UNIT_LIB_INDEX_FIXTURE_H
#define TESTS_UNIT_LIB_INDEX_FIXTURE_H

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <nixipfs/disk.h>
#include <nixipfs/index.h>
#include <nixipfs/nar_file.h>

#include "tests/support/block_answers.h"
#include "tests/support/check_main.h"
#include "tests/support/memory_blocks.h"
#include "tests/support/scratch.h"

enum { PATHS_MAX = 256 };

/* @added: all blocks that were recorded; @folder: "store", absolute. */
static struct nipfs_index *test_index;
static struct memory_blocks *added;
static char folder[512], state[512];
/* What Nix says of path n: its narHash is 32 times this; 0: it is not valid. */
static uint8_t truths[PATHS_MAX];

static inline void open_index(void)
{
	struct nipfs_error err = { 0 };

	ck_assert_msg(nipfs_index_open(&test_index, state, true, &err) == 0, "%s",
		      err.msg);
}

static inline void index_setup(void)
{
	scratch_setup();
	scratch_dir("store", 0755);
	ck_assert_ptr_nonnull(getcwd(state, sizeof(state) - 20));
	(void)snprintf(folder, sizeof(folder), "%.400s/store", state);
	strcat(state, "/state/of/it");
	memset(truths, 0, sizeof(truths));
	added = memory_blocks_new();
	open_index();
}

static inline void index_teardown(void)
{
	nipfs_index_close(test_index);
	test_index = NULL;
	memory_blocks_free(added);
	scratch_teardown();
}

static inline void flush_index(void)
{
	struct nipfs_error err = { 0 };

	ck_assert_msg(nipfs_index_flush(test_index, &err) == 0, "%s", err.msg);
}

/* "store/BASE/rest" or "store/BASE"; valid until the eighth next call. */
static inline const char *in_path(unsigned int n, const char *rest)
{
	static char paths[8][400];
	static unsigned int turn;
	char *path = paths[turn++ % 8];

	(void)snprintf(path, sizeof(paths[0]), "store/%032u-path%s%s", n,
		       *rest ? "/" : "", rest);
	return path;
}

static inline struct nipfs_index_key path_key(unsigned int n, uint8_t hash)
{
	struct nipfs_index_key key = { .store_dir = folder };

	(void)snprintf(key.path.base, sizeof(key.path.base), "%032u-path", n);
	memset(key.nar_hash, hash, sizeof(key.nar_hash));
	return key;
}

static inline int say_truth(void *ctx, const char *store_dir,
			    const struct nipfs_store_path *path, uint8_t out[32],
			    struct nipfs_error *err)
{
	const unsigned long n = strtoul(path->base, NULL, 10);

	(void)ctx;
	(void)err;
	ck_assert_str_eq(store_dir, folder);
	ck_assert_uint_lt(n, PATHS_MAX);
	if (truths[n] == 0)
		return NIPFS_E_NOTFOUND;
	memset(out, truths[n], 32);
	return 0;
}

/* A source over the index; to be freed. */
static inline struct nipfs_block_source *new_source(void)
{
	const struct nipfs_index_truth truth = { say_truth, NULL };
	struct nipfs_block_source *source = NULL;
	struct nipfs_error err = { 0 };

	ck_assert_msg(nipfs_index_source_new(&source, test_index, &truth, &err) == 0,
		      "%s", err.msg);
	return source;
}

/* ---- recording ------------------------------------------------------------------- */

struct two_sinks {
	struct nipfs_block_sink a, b;
};

static inline int put_both(void *ctx, const struct nipfs_cid *cid,
			   const struct nipfs_span *bytes,
			   const struct nipfs_origin *origin, struct nipfs_error *err)
{
	const struct two_sinks *two = ctx;
	const int code = two->a.put(two->a.ctx, cid, bytes, origin, err);

	return code < 0 ? code : two->b.put(two->b.ctx, cid, bytes, origin, err);
}

static inline void must(int code, const struct nipfs_error *err)
{
	ck_assert_msg(code == 0, "%d %s", code, err->msg);
}

/* Begins to record path @n and feeds it to @w, as @params say; with a NAR-shaped file. */
static inline void feed_writer(struct nipfs_index_writer *w, unsigned int n,
			       const struct nipfs_unixfs_params *params, bool with_nar,
			       struct nipfs_link *root, struct nipfs_link *nar)
{
	static const struct nipfs_tree_limits limits = NIPFS_TREE_LIMITS_NIX;
	struct two_sinks two = { nipfs_index_writer_block_sink(w),
				 memory_blocks_sink(added) };
	const struct nipfs_block_sink both = { put_both, &two };
	struct nipfs_dag_builder *builder = NULL;
	struct nipfs_nar_file *file = NULL;
	struct nipfs_tree_sink sinks[3], sink;
	struct nipfs_tree_tee tee = { .sinks = { &sinks[0], &sinks[1], &sinks[2] },
				      .n = 2 };
	struct nipfs_error err = { 0 };

	must(nipfs_dag_builder_new(&builder, params, &both, &err), &err);
	sinks[0] = nipfs_index_writer_tree_sink(w);
	sinks[1] = nipfs_dag_builder_sink(builder);
	if (with_nar) {
		must(nipfs_nar_file_new(&file, params, &both, builder, &err), &err);
		sinks[2] = nipfs_nar_file_sink(file);
		tee.n = 3;
	}
	sink = nipfs_tree_tee_sink(&tee);
	must(nipfs_disk_tree(AT_FDCWD, in_path(n, ""), NULL, &limits, &sink, &err), &err);
	must(nipfs_dag_builder_result(builder, root), &err);
	if (with_nar)
		must(nipfs_nar_file_result(file, nar, &err), &err);
	nipfs_nar_file_free(file);
	nipfs_dag_builder_free(builder);
}

/* Records path @n as it is in the store; Nix says the same @hash. Not flushed. */
static inline struct nipfs_link add_path(unsigned int n, uint8_t hash, bool with_nar)
{
	const struct nipfs_index_key key = path_key(n, hash);
	struct nipfs_unixfs_params params;
	struct nipfs_index_writer *w = NULL;
	struct nipfs_link root, nar;
	struct nipfs_error err = { 0 };

	truths[n] = hash;
	must(nipfs_unixfs_profile("nix", &params), &err);
	must(nipfs_index_writer_begin(&w, test_index, &key, 1000 + n, &err), &err);
	feed_writer(w, n, &params, with_nar, &root, &nar);
	must(nipfs_index_writer_commit(w, &root, with_nar ? &nar : NULL, &err), &err);
	return root;
}

/* Makes a tree of files of all kinds at path @n, none of them big; some differ by @seed.
 */
static inline void make_small_tree(unsigned int n, unsigned int seed)
{
	char text[64];

	(void)snprintf(text, sizeof(text), "%u\n", seed);
	scratch_dir(in_path(n, ""), 0755);
	scratch_file(in_path(n, "empty"), "", 0644);
	scratch_file(in_path(n, "empty-exec"), "", 0755);
	scratch_file(in_path(n, "same"), "the same in all paths\n", 0644);
	scratch_file(in_path(n, "seed"), text, 0644);
	scratch_link(in_path(n, "link"), "same");
	scratch_dir(in_path(n, "bin"), 0755);
	scratch_file(in_path(n, "bin/run"), "#!/bin/sh\n", 0755);
	scratch_file(in_path(n, "bin/seeded"), text, 0755);
	scratch_dir(in_path(n, "no files"), 0755);
	scratch_dir(in_path(n, "no files/below"), 0755);
	scratch_dir(in_path(n, "no files/below/here"), 0755);
	scratch_file(in_path(n, "no files/below/here/\xff\n"), "odd\n", 0644);
	scratch_dir(in_path(n, "void"), 0755);
	scratch_cycle(in_path(n, "z-small"), 20000, 0644);
}

/* The same with files of several blocks. */
static inline void make_tree(unsigned int n, unsigned int seed)
{
	make_small_tree(n, seed);
	scratch_cycle(in_path(n, "z-chunk"), 1 << 20, 0644);
	scratch_cycle(in_path(n, "z-big"), (5 << 19) + 7, 0644);
	scratch_cycle(in_path(n, "z-big-exec"), (3 << 20) + 1, 0755);
}

/* ---- looking --------------------------------------------------------------------- */

/* How many of all added blocks the source gives; never a wrong one. */
static inline size_t count_served(void)
{
	struct nipfs_block_source *source = new_source();
	struct nipfs_block block;
	size_t n = 0;

	for (size_t i = 0; i < added->n; i++) {
		const struct nipfs_cid cid = memory_blocks_cid(added, i);

		if (ask_block(source, &cid, &block) == 0) {
			ck_assert(block.verified);
			n++;
		}
	}
	expect_idle(source);
	nipfs_block_source_free(source);
	return n;
}

static inline struct nipfs_index_stats get_stats(void)
{
	struct nipfs_index_stats stats;
	struct nipfs_error err = { 0 };

	must(nipfs_index_stats(test_index, &stats, &err), &err);
	return stats;
}

/* Runs SQL on the database, past the index; gives the first number of its first row. */
static inline int64_t run_sql(const char *sql)
{
	char path[600];
	sqlite3_stmt *st = NULL;
	sqlite3 *db;
	int64_t number = 0;
	int r;

	(void)snprintf(path, sizeof(path), "%s/index.sqlite", state);
	ck_assert_int_eq(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL),
			 SQLITE_OK);
	(void)sqlite3_busy_timeout(db, 10000);
	while (*sql) {
		ck_assert_msg(sqlite3_prepare_v2(db, sql, -1, &st, &sql) == SQLITE_OK,
			      "%s", sqlite3_errmsg(db));
		while ((r = sqlite3_step(st)) == SQLITE_ROW)
			number = sqlite3_column_int64(st, 0);
		ck_assert_msg(r == SQLITE_DONE, "%s", sqlite3_errmsg(db));
		(void)sqlite3_finalize(st);
	}
	(void)sqlite3_close(db);
	return number;
}

/* Nothing of any owner is left in the database. */
static inline void expect_nothing_left(void)
{
	const struct nipfs_index_stats stats = get_stats();

	ck_assert_uint_eq(stats.paths + stats.closures + stats.blocks + stats.nodes, 0);
	ck_assert(stats.swept);
	ck_assert_int_eq(
	    run_sql("select (select count(*) from blocks) +"
		    " (select count(*) from extra) + (select count(*) from dirs) +"
		    " (select count(*) from nodes) + (select count(*) from owners) +"
		    " (select count(*) from garbage)"),
	    0);
}

#endif
