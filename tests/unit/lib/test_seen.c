/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sets of CIDs: exact, in memory and in the temporary file. */
#include <nixipfs/sources.h>

#include <stdio.h>
#include <string.h>

#include "multiformats/base/num.h"
#include "tests/support/check_main.h"

static struct nipfs_cid numbered(uint64_t n)
{
	struct nipfs_cid cid = { NIPFS_CODEC_RAW, NIPFS_HASH_SHA2_256, 1, 32, { 0 } };

	/* all the same but for the last bytes: as hostile as a prefix can be */
	nipfs__put_le64(cid.digest + 24, n);
	return cid;
}

static int add(struct nipfs_seen_set *set, const struct nipfs_cid *cid)
{
	const struct nipfs_seen seen = nipfs_seen_set_seen(set);
	struct nipfs_error err = { 0 };
	const int r = seen.add(seen.ctx, cid, &err);

	ck_assert_msg(r >= 0, "%s", err.msg);
	return r;
}

static const struct {
	size_t max_bytes, n;
} sizes[] = { { 0, 20000 }, { 1, 50 }, { 200000, 30000 }, { 1 << 20, 60000 } };

START_TEST(each_cid_is_new_once)
{
	struct nipfs_seen_set *set;

	ck_assert_int_eq(nipfs_seen_set_new(&set, sizes[_i].max_bytes, NULL), 0);
	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < sizes[_i].n; i++) {
			const struct nipfs_cid cid = numbered(i * 7919 % 1000003);

			ck_assert_int_eq(add(set, &cid), pass == 0);
		}
	nipfs_seen_set_free(set);
}
END_TEST

START_TEST(repeats_between_new_ones)
{
	struct nipfs_seen_set *set;

	ck_assert_int_eq(nipfs_seen_set_new(&set, 100000, NULL), 0);
	for (size_t i = 0; i < 10000; i++) {
		const struct nipfs_cid cid = numbered(i), old = numbered(i / 2);

		ck_assert_int_eq(add(set, &cid), 1);
		ck_assert_int_eq(add(set, &old), 0);
	}
	nipfs_seen_set_free(set);
}
END_TEST

START_TEST(every_part_of_a_cid_counts)
{
	struct nipfs_cid cids[6];
	struct nipfs_seen_set *set;

	for (size_t i = 0; i < 6; i++)
		cids[i] = numbered(5);
	cids[1].codec = NIPFS_CODEC_DAG_PB;
	cids[2].codec = NIPFS_CODEC_DAG_PB;
	cids[2].version = 0;
	cids[3].hash = NIPFS_HASH_BLAKE2B_256;
	cids[4].hash = NIPFS_HASH_IDENTITY;
	cids[4].digest_len = 0;
	cids[5].hash = NIPFS_HASH_IDENTITY;
	cids[5].digest_len = 128;
	for (size_t max = 1; max < 2; max++) {
		ck_assert_int_eq(nipfs_seen_set_new(&set, max, NULL), 0);
		for (int pass = 0; pass < 2; pass++)
			for (size_t i = 0; i < 6; i++)
				ck_assert_int_eq(add(set, &cids[i]), pass == 0);
		nipfs_seen_set_free(set);
	}
	nipfs_seen_set_free(NULL);
}
END_TEST

static Suite *seen_suite(void)
{
	Suite *s = suite_create("seen");
	TCase *t = tcase_create("seen");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, each_cid_is_new_once, 0, sizeof(sizes) / sizeof(sizes[0]));
	tcase_add_test(t, repeats_between_new_ones);
	tcase_add_test(t, every_part_of_a_cid_counts);
	suite_add_tcase(s, t);
	return s;
}

NIPFS_TEST_MAIN(seen_suite)
