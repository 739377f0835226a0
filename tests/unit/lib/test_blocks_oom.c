/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Memory that runs out at any moment: an error, no crash, and no harm to the index. */
#include <nixipfs/sources.h>

#include "lib/blocks/chain.h"
#include "lib/blocks/index_probe.h"
#include "lib/blocks/leftover.h"
#include "multiformats/base/slice.h"
#include "tests/support/oom.h"
#include "tests/unit/lib/index_fixture.h"

/* Runs a scenario with failing allocations; nothing may be left of it. Return: its code.
 */
static int run(int (*scenario)(void), long left, bool once)
{
	const long before = oom_live();
	int code;

	oom_begin(left, once);
	code = scenario();
	oom_end();
	ck_assert_msg(code >= 0 || code == NIPFS_E_NOMEM, "%ld: %d", left, code);
	ck_assert_msg(oom_live() <= before, "%ld: %ld left", left, oom_live() - before);
	return code;
}

/*
 * Runs @scenario with ever more memory, until it succeeds; and with one allocation
 * that fails, an ever later one. Behind the first hundreds not every number is tried.
 */
static void run_all(int (*scenario)(void))
{
	long needed = 0;

	/* what is allocated once for the whole process is no leak */
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(scenario(), 0);
	if (!OOM_WORKS)
		return;
	while (run(scenario, needed, false) < 0)
		needed += needed < 400 ? 1 : 23;
	for (long n = 0; n < needed; n += n < 400 ? 1 : 17)
		(void)run(scenario, n, true);
}

/* ---- sets and CARs -------------------------------------------------------------- */

static int use_seen_set(void)
{
	struct nipfs_seen_set *set = NULL;
	struct nipfs_seen seen;
	int code = nipfs_seen_set_new(&set, 1, NULL);

	if (code < 0)
		return code;
	seen = nipfs_seen_set_seen(set);
	for (uint8_t i = 0; i < 20 && code >= 0; i++) {
		const struct nipfs_cid cid = {
			NIPFS_CODEC_RAW, NIPFS_HASH_SHA2_256, 1, 32, { i }
		};

		code = seen.add(seen.ctx, &cid, NULL);
	}
	nipfs_seen_set_free(set);
	return code < 0 ? code : 0;
}

START_TEST(sets)
{
	run_all(use_seen_set);
}
END_TEST

/* Asks for a block and for one that is not there. */
static int ask_two(struct nipfs_block_source *s, const struct nipfs_cid *cid)
{
	struct nipfs_want wants[2] = { { *cid, NIPFS_WANT_NODE, 0 },
				       { *cid, NIPFS_WANT_NODE, 0 } };
	struct nipfs_block block;
	int code;

	wants[1].cid.digest[0] ^= 1;
	code = s->ops->want(s, wants, 2, NULL);
	for (int i = 0; i < 2 && code == 0; i++) {
		code = s->ops->next(s, &block, NULL);
		if (code == 0 && block.status && block.status != NIPFS_E_NOTFOUND)
			code = block.status;
	}
	return code;
}

static struct nipfs_cid wanted;

static int use_car(void)
{
	struct nipfs_block_source *cars[2], *chain = NULL;
	int code = nipfs_car_source_open(&cars[0], "/proc/self/fd/100", NULL);

	if (code < 0)
		return code;
	code = nipfs_car_source_open(&cars[1], "/proc/self/fd/101", NULL);
	if (code < 0) {
		nipfs_block_source_free(cars[0]);
		return code;
	}
	code = nipfs_chain_source_new(&chain, cars, 2, NULL);
	if (code < 0) {
		nipfs_block_source_free(cars[0]);
		nipfs_block_source_free(cars[1]);
		return code;
	}
	code = ask_two(chain, &wanted);
	nipfs_block_source_free(chain);
	return code;
}

START_TEST(cars_and_chains)
{
	static const char root[] =
	    "bafybeicuzdnf4vecbeog3fkwmejimpr2m6lk6wuntgv7lisj5wtlnjlxke";
	const int v1 = open("fixtures/car/tree-v1.car", O_RDONLY | O_CLOEXEC);
	const int v2 = open("fixtures/car/v2-sorted.car", O_RDONLY | O_CLOEXEC);

	ck_assert_int_eq(nipfs_cid_parse(nipfs__slice_str(root), &wanted), 0);
	ck_assert_int_eq(dup2(v1, 100), 100);
	ck_assert_int_eq(dup2(v2, 101), 101);
	run_all(use_car);
}
END_TEST

/* ---- what a killed run left ------------------------------------------------------- */

static int use_leftover(void)
{
	struct nipfs__chain_member member = { NULL, false, false };
	struct nipfs_block_source *chain = NULL;
	int code = nipfs__leftover_source_new(&member.source, AT_FDCWD, in_path(1, ""), NULL,
					      NULL);

	if (code < 0)
		return code;
	code = nipfs__chain_new(&chain, &member, 1, NULL);
	if (code < 0) {
		nipfs_block_source_free(member.source);
		return code;
	}
	code = ask_two(chain, &wanted);
	nipfs_block_source_free(chain);
	return code;
}

START_TEST(leftovers)
{
	scratch_dir(in_path(1, ""), 0755);
	scratch_file(in_path(1, "f"), "hello\n", 0644);
	scratch_file(in_path(1, "x"), "#!\n", 0755);
	ck_assert_int_eq(nipfs_cid_of(1, NIPFS_CODEC_RAW, NIPFS_HASH_SHA2_256,
				      nipfs__slice_str("hello\n"), &wanted),
			 0);
	run_all(use_leftover);
}
END_TEST

/* ---- the index -------------------------------------------------------------------- */

/* Records the file of path 1 as one block, and a node. */
static int record(struct nipfs_index *index)
{
	static const char text[] = "hello\n";
	const struct nipfs_index_key key = path_key(1, 7);
	const struct nipfs_span span = { .ptr = (const uint8_t *)text,
					 .len = 6,
					 .fd = -1 };
	const struct nipfs_origin origin = { NIPFS_ORIGIN_FILE, 0, 6, 0 };
	const struct nipfs_entry dir = { .kind = NIPFS_DIRECTORY };
	const struct nipfs_entry file = { .name = nipfs__slice("f", 1),
					  .kind = NIPFS_FILE,
					  .size = 6 };
	struct nipfs_link root = { .tsize = 6 };
	struct nipfs_index_writer *w = NULL;
	struct nipfs_tree_sink tree;
	struct nipfs_block_sink blocks;
	int code = nipfs_index_writer_begin(&w, index, &key, 1, NULL);

	if (code < 0)
		return code;
	tree = nipfs_index_writer_tree_sink(w);
	blocks = nipfs_index_writer_block_sink(w);
	root.cid = wanted;
	code = tree.enter(tree.ctx, &dir, NULL);
	if (code == 0)
		code = tree.file(tree.ctx, &file, NULL);
	if (code == 0)
		code = blocks.put(blocks.ctx, &wanted, &span, &origin, NULL);
	root.cid.digest[5] ^= 1;
	if (code == 0)
		code = blocks.put(blocks.ctx, &root.cid, &span, NULL, NULL);
	if (code == 0)
		code = nipfs_index_writer_commit(w, &root, NULL, NULL);
	if (code < 0)
		nipfs_index_writer_abort(w);
	return code;
}

/* As say_truth(), without the allocations of Check. */
static int always_true(void *ctx, const char *store_dir,
		       const struct nipfs_store_path *path, uint8_t out[32],
		       struct nipfs_error *err)
{
	(void)ctx;
	(void)store_dir;
	(void)path;
	(void)err;
	memset(out, 7, 32);
	return 0;
}

static int use_index(void)
{
	const struct nipfs_index_truth truth = { always_true, NULL };
	struct nipfs_block_source *source = NULL;
	struct nipfs__index_probe *probe = NULL;
	struct nipfs_index *index = NULL;
	int code = nipfs_index_open(&index, state, true, NULL);

	if (code == 0)
		code = record(index);
	if (code == 0)
		code = nipfs_index_flush(index, NULL);
	if (code == 0)
		code = nipfs_index_source_new(&source, index, &truth, NULL);
	if (code == 0)
		code = ask_two(source, &wanted);
	if (code == 0)
		code = nipfs__index_probe_new(&probe, index, &truth, NULL);
	if (code == 0)
		code = nipfs__index_probe_has(probe, &wanted, NULL);
	if (code >= 0)
		code = code == 1 ? 0 : NIPFS_E_NOTFOUND;
	nipfs__index_probe_free(probe);
	if (code == 0)
		code = nipfs_index_prune(index, NULL, NULL, NULL, NULL, NULL);
	nipfs_block_source_free(source);
	nipfs_index_close(index);
	return code;
}

START_TEST(the_index)
{
	struct nipfs_index_stats stats;

	scratch_dir(in_path(1, ""), 0755);
	scratch_file(in_path(1, "f"), "hello\n", 0644);
	ck_assert_int_eq(nipfs_cid_of(1, NIPFS_CODEC_RAW, NIPFS_HASH_SHA2_256,
				      nipfs__slice_str("hello\n"), &wanted),
			 0);
	run_all(use_index);
	stats = get_stats();
	ck_assert_uint_eq(stats.paths, 1);
	ck_assert_uint_eq(stats.blocks, 2);
	ck_assert_uint_eq(stats.nodes, 1);
	ck_assert_int_eq(run_sql("select count(*) from owners"), 1);
}
END_TEST

static Suite *blocks_oom_suite(void)
{
	Suite *s = suite_create("blocks_oom");
	TCase *plain = tcase_create("sources"), *t = tcase_create("index");

	tcase_set_timeout(plain, 60);
	tcase_add_test(plain, sets);
	tcase_add_test(plain, cars_and_chains);
	suite_add_tcase(s, plain);
	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, index_setup, index_teardown);
	tcase_add_test(t, leftovers);
	tcase_add_test(t, the_index);
	suite_add_tcase(s, t);
	return s;
}

NIPFS_TEST_MAIN(blocks_oom_suite)
