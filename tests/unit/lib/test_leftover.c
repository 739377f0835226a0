/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a killed run left, as block source; and the table that it is kept in. */
#include "lib/blocks/leftover.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nixipfs/dag.h>
#include <nixipfs/disk.h>
#include <nixipfs/unixfs.h>

#include "lib/blocks/spots.h"
#include "multiformats/base/num.h"
#include "multiformats/base/slice.h"
#include "tests/support/block_answers.h"
#include "tests/support/check_main.h"
#include "tests/support/memory_blocks.h"
#include "tests/support/scratch.h"

enum { MIB = 1 << 20 };

/* All blocks of a tree in profile nix, and how many of them hold bytes of files. */
static struct memory_blocks *blocks;
static size_t n_leaves;

static int put(void *ctx, const struct nipfs_cid *cid, const struct nipfs_span *bytes,
	       const struct nipfs_origin *origin, struct nipfs_error *err)
{
	const struct nipfs_block_sink sink = memory_blocks_sink(ctx);

	(void)err;
	if (origin->len == 0 || (origin->kind != NIPFS_ORIGIN_FILE &&
				 origin->kind != NIPFS_ORIGIN_INLINE))
		return 0;
	return sink.put(sink.ctx, cid, bytes, origin, err);
}

/* Collects the leaves of a tree. */
static void collect(const char *path)
{
	static const struct nipfs_tree_limits limits = NIPFS_TREE_LIMITS_NIX;
	const struct nipfs_block_sink sink = { put, blocks };
	struct nipfs_dag_builder *builder = NULL;
	struct nipfs_unixfs_params params;
	struct nipfs_tree_sink events;

	ck_assert_int_eq(nipfs_unixfs_profile("nix", &params), 0);
	ck_assert_int_eq(nipfs_dag_builder_new(&builder, &params, &sink, NULL), 0);
	events = nipfs_dag_builder_sink(builder);
	ck_assert_int_eq(nipfs_disk_tree(AT_FDCWD, path, NULL, &limits, &events, NULL), 0);
	nipfs_dag_builder_free(builder);
	n_leaves = blocks->n;
}

static struct nipfs_block_source *new_source(const char *name)
{
	struct nipfs_block_source *source = NULL;
	struct nipfs_error err = { 0 };
	const int r = nipfs__leftover_source_new(&source, AT_FDCWD, name, NULL, &err);

	ck_assert_msg(r == 0, "%s", err.msg);
	return source;
}

/* How many of the collected leaves it gives; never a wrong one. */
static size_t served(const char *name)
{
	struct nipfs_block_source *source = new_source(name);
	struct nipfs_block block;
	size_t n = 0;

	for (size_t i = 0; i < blocks->n; i++) {
		const struct nipfs_cid cid = memory_blocks_cid(blocks, i);
		struct nipfs_slice want;

		if (ask_block(source, &cid, &block) < 0)
			continue;
		ck_assert(block.verified);
		ck_assert_int_eq(block.bytes.fd, -1);
		ck_assert(memory_blocks_get(blocks, &cid, &want));
		ck_assert_uint_eq(block.bytes.len, want.len);
		ck_assert_int_eq(memcmp(block.bytes.ptr, want.ptr, want.len), 0);
		n++;
	}
	expect_idle(source);
	nipfs_block_source_free(source);
	return n;
}

static void setup(void)
{
	scratch_setup();
	blocks = memory_blocks_new();
}

static void teardown(void)
{
	memory_blocks_free(blocks);
	scratch_teardown();
}

static void make_tree(void)
{
	scratch_dir("t", 0755);
	scratch_file("t/empty", "", 0444);
	scratch_file("t/small", "small\n", 0444);
	scratch_file("t/same", "small\n", 0444);
	scratch_file("t/run", "#!/bin/sh\n", 0555);
	scratch_file("t/run-empty", "", 0555);
	scratch_link("t/link", "small");
	scratch_dir("t/a", 0755);
	scratch_dir("t/a/\xff\n", 0755);
	scratch_file("t/a/\xff\n/odd name", "odd\n", 0444);
	scratch_cycle("t/a/chunk", MIB, 0444);
	scratch_cycle("t/big", 3 * MIB + 7, 0444);
	scratch_cycle("t/big-run", 2 * MIB + 9, 0555);
}

START_TEST(all_bytes_of_files_are_there)
{
	make_tree();
	collect("t");
	/* the big ones begin alike */
	ck_assert_uint_eq(n_leaves, 8);
	ck_assert_uint_eq(served("t"), n_leaves);
}
END_TEST

START_TEST(a_tree_that_is_one_file)
{
	scratch_cycle("t", 2 * MIB + 9, _i ? 0444 : 0555);
	collect("t");
	ck_assert_uint_eq(served("t"), 3);
}
END_TEST

START_TEST(of_a_file_that_ends_early_whole_leaves)
{
	scratch_dir("t", 0755);
	scratch_cycle("t/big", 9 * MIB, 0444);
	scratch_cycle("t/next", 100, 0444);
	collect("t");
	/* a cycle of 251 bytes: no leaf is like another */
	ck_assert_uint_eq(n_leaves, 10);
	ck_assert_int_eq(unlink("t/next"), 0);
	ck_assert_int_eq(chmod("t/big", 0600), 0);
	ck_assert_int_eq(truncate("t/big", 4 * MIB + MIB / 2), 0);
	ck_assert_int_eq(chmod("t", 0700), 0);
	ck_assert_uint_eq(served("t"), 4);
}
END_TEST

START_TEST(nothing_where_there_is_no_tree)
{
	scratch_file("else", "small\n", 0444);
	collect("else");
	scratch_link("t", "else");
	ck_assert_uint_eq(served("t"), 0);
	ck_assert_uint_eq(served("not there"), 0);
	ck_assert_int_eq(mkfifo("fifo", 0600), 0);
	ck_assert_uint_eq(served("fifo"), 0);
}
END_TEST

START_TEST(what_others_could_write_to_is_not_read)
{
	make_tree();
	collect("t");
	ck_assert_int_eq(chmod("t", _i ? 0775 : 0757), 0);
	ck_assert_uint_eq(served("t"), 0);
	ck_assert_int_eq(chmod("t", 0755), 0);
	if (geteuid() == 0) {
		ck_assert_int_eq(chown("t", 1, 1), 0);
		ck_assert_uint_eq(served("t"), 0);
	}
}
END_TEST

START_TEST(odd_things_in_it_are_not_followed)
{
	char here[400], target[500];

	ck_assert_ptr_nonnull(getcwd(here, sizeof(here)));
	scratch_dir("t", 0755);
	scratch_file("t/before", "before\n", 0444);
	scratch_file("outside", "outside\n", 0444);
	scratch_dir("dir", 0755);
	scratch_file("dir/outside", "outside too\n", 0444);
	collect("t");
	collect("outside");
	collect("dir");
	ck_assert_uint_eq(n_leaves, 3);
	(void)snprintf(target, sizeof(target), "%s/outside", here);
	scratch_link("t/c-link", target);
	scratch_link("t/d-link", "../dir");
	/* a FIFO without a writer: whoever opens it waits for ever */
	ck_assert_int_eq(mkfifo("t/e-fifo", 0600), 0);
	ck_assert_uint_eq(served("t"), 1);
}
END_TEST

/* Between hashing and reading the tree may turn into anything. */
START_TEST(what_changes_is_not_given_out)
{
	static const char *const changes[] = {
		"printf other > t/small", "rm -rf t/small", "rm t/small; mkfifo t/small",
		"rm t/small; ln -s ../right t/small", "mv t u; ln -s u t", "truncate -s 0 t/small",
	};
	struct nipfs_block_source *source;
	struct nipfs_cid cid;

	scratch_dir("t", 0755);
	scratch_file("t/small", "small\n", 0644);
	scratch_file("right", "small\n", 0644);
	collect("t");
	cid = memory_blocks_cid(blocks, 0);
	source = new_source("t");
	ck_assert_int_eq(system(changes[_i]), 0);
	expect_status(source, &cid, NIPFS_E_NOTFOUND);
	nipfs_block_source_free(source);
}
END_TEST

/* ---- the table --------------------------------------------------------------------- */

static struct nipfs_cid numbered(uint64_t n)
{
	struct nipfs_cid cid = { NIPFS_CODEC_RAW, NIPFS_HASH_SHA2_256, 1, 32, { 0 } };

	nipfs__put_le64(cid.digest + 24, n);
	return cid;
}

/* In memory, and with all that goes to files. */
START_TEST(spots_are_found_again)
{
	enum { N = 20000 };
	struct nipfs_buf path = NIPFS_BUF_INIT(1 << 16);
	struct nipfs__spots s;
	struct nipfs__spot out;

	ck_assert_int_eq(nipfs__spots_init(&s, _i ? 100000 : 16 << 20, NULL), 0);
	for (uint64_t i = 0; i < N; i++) {
		const struct nipfs_cid cid = numbered(i);
		struct nipfs__spot spot = { .offset = i << 20, .len = (uint32_t)i,
					    .prefix = nipfs__slice("prefix", i % 7),
					    .suffix = nipfs__slice("suf", i % 4) };
		char name[64];

		(void)snprintf(name, sizeof(name), "tree/of/files/%llu",
			       (unsigned long long)i);
		ck_assert_int_eq(nipfs__spots_add_path(&s, nipfs__slice_str(name),
						       &spot.path, NULL), 0);
		ck_assert_int_eq(nipfs__spots_add(&s, &cid, &spot, NULL), 0);
		spot.len = 77; /* the first one stays */
		ck_assert_int_eq(nipfs__spots_add(&s, &cid, &spot, NULL), 0);
	}
	for (uint64_t i = 0; i < N; i++) {
		const struct nipfs_cid cid = numbered(i * 7919 % N);
		char name[64];

		ck_assert_int_eq(nipfs__spots_find(&s, &cid, &out, NULL), 0);
		(void)snprintf(name, sizeof(name), "tree/of/files/%llu",
			       (unsigned long long)(i * 7919 % N));
		ck_assert_uint_eq(out.offset, (i * 7919 % N) << 20);
		ck_assert_uint_eq(out.len, i * 7919 % N);
		ck_assert_uint_eq(out.prefix.len, i * 7919 % N % 7);
		ck_assert_int_eq(memcmp(out.prefix.ptr, "prefix", out.prefix.len), 0);
		ck_assert_uint_eq(out.suffix.len, i * 7919 % N % 4);
		ck_assert_int_eq(memcmp(out.suffix.ptr, "suf", out.suffix.len), 0);
		ck_assert_int_eq(nipfs__spots_get_path(&s, out.path, &path, NULL), 0);
		ck_assert_str_eq((const char *)path.ptr, name);
	}
	ck_assert_int_eq(nipfs__spots_find(&s, &(struct nipfs_cid){ .hash = 18 }, &out, NULL), 1);
	nipfs__buf_release(&path);
	nipfs__spots_release(&s);
}
END_TEST

START_TEST(what_does_not_fit_is_left_out)
{
	static const uint8_t zeros[300];
	const struct nipfs_cid cid = numbered(1);
	struct nipfs__spot spot = { .prefix = nipfs__slice(zeros, 234) }, out;
	struct nipfs__spots s;
	uint8_t *path = calloc(1, 1 << 16);

	ck_assert_int_eq(nipfs__spots_init(&s, 1 << 20, NULL), 0);
	spot.suffix = nipfs__slice(zeros, 1);
	ck_assert_int_eq(nipfs__spots_add(&s, &cid, &spot, NULL), 0);
	spot.prefix.len = 300;
	ck_assert_int_eq(nipfs__spots_add(&s, &cid, &spot, NULL), 0);
	ck_assert_int_eq(nipfs__spots_find(&s, &cid, &out, NULL), 1);
	spot.prefix.len = 233;
	ck_assert_int_eq(nipfs__spots_add(&s, &cid, &spot, NULL), 0);
	ck_assert_int_eq(nipfs__spots_find(&s, &cid, &out, NULL), 0);
	ck_assert_int_eq(nipfs__spots_add_path(&s, nipfs__slice(path, 1 << 16), &spot.path, NULL),
			 NIPFS_E_LIMIT);
	free(path);
	nipfs__spots_release(&s);
}
END_TEST

static Suite *leftover_suite(void)
{
	Suite *s = suite_create("leftover");
	TCase *t = tcase_create("leftover");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, all_bytes_of_files_are_there);
	tcase_add_loop_test(t, a_tree_that_is_one_file, 0, 2);
	tcase_add_test(t, of_a_file_that_ends_early_whole_leaves);
	tcase_add_test(t, nothing_where_there_is_no_tree);
	tcase_add_loop_test(t, what_others_could_write_to_is_not_read, 0, 2);
	tcase_add_test(t, odd_things_in_it_are_not_followed);
	tcase_add_loop_test(t, what_changes_is_not_given_out, 0, 6);
	tcase_add_loop_test(t, spots_are_found_again, 0, 2);
	tcase_add_test(t, what_does_not_fit_is_left_out);
	suite_add_tcase(s, t);
	return s;
}

NIPFS_TEST_MAIN(leftover_suite)
