/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Places as the index keeps them: small, and read back as they were written. */
#include "lib/blocks/place.h"

#include "multiformats/base/slice.h"
#include "tests/support/check_main.h"

static const uint64_t edge[] = { 0, 1, 127, 128, 1 << 20, (uint64_t)1 << 35, UINT64_MAX };

static const struct nipfs__place examples[] = {
	{ .kind = NIPFS__PLACE_NODE, .owner = 300, .node = 1 },
	{ .kind = NIPFS__PLACE_WHOLE, .owner = 300, .dir = 100, .entry = 3 },
	{ .kind = NIPFS__PLACE_CHUNK, .owner = 300, .dir = 1, .entry = 0, .number = 9 },
	{ .kind = NIPFS__PLACE_RANGE,
	  .owner = 1,
	  .dir = 1,
	  .entry = 1,
	  .offset = 5,
	  .len = 7 },
	{ .kind = NIPFS__PLACE_INLINE,
	  .owner = 1,
	  .offset = 0,
	  .len = 70,
	  .prefix = { (const uint8_t *)"before", 6 },
	  .suffix = { (const uint8_t *)"after", 5 } },
	{ .kind = NIPFS__PLACE_NAR, .owner = 300, .offset = 1 << 20, .len = 1 << 20 },
};

enum { EXAMPLES = sizeof(examples) / sizeof(examples[0]) };

static void expect_same(const struct nipfs__place *a, const struct nipfs__place *b)
{
	ck_assert_int_eq(a->kind, b->kind);
	ck_assert_uint_eq(a->owner, b->owner);
	ck_assert_uint_eq(a->node, b->node);
	ck_assert_uint_eq(a->dir, b->dir);
	ck_assert_uint_eq(a->entry, b->entry);
	ck_assert_uint_eq(a->number, b->number);
	ck_assert_uint_eq(a->offset, b->offset);
	ck_assert_uint_eq(a->len, b->len);
	ck_assert(nipfs__slice_eq(a->prefix, b->prefix));
	ck_assert(nipfs__slice_eq(a->suffix, b->suffix));
}

static const struct nipfs__place untouched = { .owner = 42 };

START_TEST(round_trips_and_rejects_every_prefix)
{
	struct nipfs_buf b = NIPFS_BUF_INIT(SIZE_MAX);
	struct nipfs__place place = untouched;
	struct nipfs_slice in;

	ck_assert_int_eq(nipfs__place_put(&b, &examples[_i]), 0);
	for (size_t n = 1; n < b.len; n++) {
		in = nipfs__slice(b.ptr, n);
		ck_assert_int_eq(nipfs__place_next(&in, &place), NIPFS_E_INVALID);
		ck_assert_uint_eq(in.len, n);
		expect_same(&place, &untouched);
	}
	in = nipfs__buf_slice(&b);
	ck_assert_int_eq(nipfs__place_next(&in, &place), 0);
	expect_same(&place, &examples[_i]);
	ck_assert_int_eq(nipfs__place_next(&in, &place), 1);
	/* a file of a store of thousands of paths: its key takes more than its place */
	if (examples[_i].kind == NIPFS__PLACE_WHOLE)
		ck_assert_uint_eq(b.len, 5);
	nipfs__buf_release(&b);
}
END_TEST

START_TEST(numbers_at_the_edges)
{
	struct nipfs_buf b = NIPFS_BUF_INIT(SIZE_MAX);
	struct nipfs__place place = examples[3], back = untouched;
	struct nipfs_slice in;

	place.owner = place.dir = place.entry = place.offset = place.len = edge[_i];
	ck_assert_int_eq(nipfs__place_put(&b, &place), 0);
	in = nipfs__buf_slice(&b);
	ck_assert_int_eq(nipfs__place_next(&in, &back), 0);
	expect_same(&place, &back);
	nipfs__buf_release(&b);
}
END_TEST

START_TEST(several_behind_one_another)
{
	struct nipfs_buf b = NIPFS_BUF_INIT(SIZE_MAX);
	struct nipfs__place place;
	struct nipfs_slice in;

	for (size_t i = 0; i < EXAMPLES; i++)
		ck_assert_int_eq(nipfs__place_put(&b, &examples[i]), 0);
	in = nipfs__buf_slice(&b);
	for (size_t i = 0; i < EXAMPLES; i++) {
		ck_assert_int_eq(nipfs__place_next(&in, &place), 0);
		expect_same(&place, &examples[i]);
	}
	ck_assert_int_eq(nipfs__place_next(&in, &place), 1);
	nipfs__buf_release(&b);
}
END_TEST

START_TEST(a_full_buffer_is_left_as_it_was)
{
	for (size_t max = 0; max < 5; max++) {
		struct nipfs_buf b = NIPFS_BUF_INIT(max);

		ck_assert_int_eq(nipfs__place_put(&b, &examples[1]), NIPFS_E_LIMIT);
		ck_assert_uint_eq(b.len, 0);
		nipfs__buf_release(&b);
	}
}
END_TEST

static Suite *index_place_suite(void)
{
	Suite *s = suite_create("index_place");
	TCase *t = tcase_create("index_place");

	tcase_add_loop_test(t, round_trips_and_rejects_every_prefix, 0, EXAMPLES);
	tcase_add_loop_test(t, numbers_at_the_edges, 0, sizeof(edge) / sizeof(edge[0]));
	tcase_add_test(t, several_behind_one_another);
	tcase_add_test(t, a_full_buffer_is_left_as_it_was);
	suite_add_tcase(s, t);
	return s;
}

NIPFS_TEST_MAIN(index_place_suite)
