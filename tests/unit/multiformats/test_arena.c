/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Arenas and slabs: memory that is given back as a whole, and by count. */
#include <pthread.h>
#include <string.h>

#include "multiformats/base/arena.h"
#include "multiformats/base/slab.h"
#include "tests/support/check_main.h"

START_TEST(allocations_stay_apart)
{
	enum { N = 5000 };
	struct nipfs_arena a = NIPFS_ARENA_INIT(8 << 20);
	static uint8_t *blocks[N];

	for (size_t i = 0; i < N; i++) {
		void *p;

		ck_assert_int_eq(nipfs__arena_alloc(&a, i % 300, &p), 0);
		ck_assert_uint_eq((uintptr_t)p % _Alignof(max_align_t), 0);
		blocks[i] = p;
		memset(p, (int)(i % 251), i % 300);
	}
	for (size_t i = 0; i < N; i++)
		for (size_t k = 0; k < i % 300; k++)
			ck_assert_uint_eq(blocks[i][k], i % 251);
	ck_assert_uint_le(a.bytes, a.max);
	nipfs__arena_release(&a);
	ck_assert_uint_eq(a.bytes, 0);
	nipfs__arena_release(&a);
}
END_TEST

START_TEST(copies_are_packed)
{
	struct nipfs_arena a = NIPFS_ARENA_INIT(4096);
	const uint8_t *first, *second, *none;
	void *aligned;

	ck_assert_int_eq(nipfs__arena_copy(&a, "abc", 3, &first), 0);
	ck_assert_int_eq(nipfs__arena_copy(&a, NULL, 0, &none), 0);
	ck_assert_int_eq(nipfs__arena_copy(&a, "de", 2, &second), 0);
	ck_assert_ptr_eq(second, first + 3);
	ck_assert_mem_eq(first, "abcde", 5);
	ck_assert_int_eq(nipfs__arena_alloc(&a, 8, &aligned), 0);
	ck_assert_uint_eq((uintptr_t)aligned % _Alignof(max_align_t), 0);
	nipfs__arena_release(&a);
}
END_TEST

/* All of the ceiling can be used, whatever the sizes of the chunks. */
START_TEST(the_ceiling_holds)
{
	static const size_t ceilings[] = { 0, 1, 100, 1024, 1500, 3000, 600000 };
	const size_t max = ceilings[_i];
	struct nipfs_arena a = NIPFS_ARENA_INIT(max);
	const uint8_t *copy;
	size_t n = 0;
	int r;

	while ((r = nipfs__arena_copy(&a, "x", 1, &copy)) == 0)
		n++;
	ck_assert_int_eq(r, NIPFS_E_LIMIT);
	ck_assert_uint_eq(n, max);
	ck_assert_uint_eq(a.bytes, max);
	nipfs__arena_release(&a);
}
END_TEST

START_TEST(one_big_allocation)
{
	struct nipfs_arena a = NIPFS_ARENA_INIT(1000000);
	void *p = NULL;

	ck_assert_int_eq(nipfs__arena_alloc(&a, 1000001, &p), NIPFS_E_LIMIT);
	ck_assert_ptr_null(p);
	ck_assert_int_eq(nipfs__arena_alloc(&a, 1000000, &p), 0);
	memset(p, 1, 1000000);
	nipfs__arena_release(&a);
	a = (struct nipfs_arena)NIPFS_ARENA_INIT(SIZE_MAX);
	p = NULL;
	ck_assert_int_eq(nipfs__arena_alloc(&a, SIZE_MAX, &p), NIPFS_E_NOMEM);
	ck_assert_int_eq(nipfs__arena_alloc(&a, SIZE_MAX / 4, &p), NIPFS_E_NOMEM);
	ck_assert_ptr_null(p);
	ck_assert_uint_eq(a.bytes, 0);
	nipfs__arena_release(&a);
}
END_TEST

START_TEST(slabs_are_counted)
{
	static const size_t sizes[] = { 0, 1, 63, 64, 65, 4 << 20 };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct nipfs_slab *slab = NULL;

		ck_assert_int_eq(nipfs__slab_new(sizes[i], &slab), 0);
		ck_assert_uint_eq(nipfs__slab_size(slab), sizes[i]);
		ck_assert_uint_eq((uintptr_t)nipfs__slab_data(slab) % 64, 0);
		memset(nipfs__slab_data(slab), 0x5a, sizes[i]);
		ck_assert(nipfs__slab_is_unique(slab));
		ck_assert_ptr_eq(nipfs_slab_ref(slab), slab);
		ck_assert(!nipfs__slab_is_unique(slab));
		nipfs_slab_unref(slab);
		ck_assert(nipfs__slab_is_unique(slab));
		nipfs_slab_unref(slab);
	}
	ck_assert_ptr_null(nipfs_slab_ref(NULL));
	nipfs_slab_unref(NULL);
}
END_TEST

START_TEST(a_slab_that_is_too_big)
{
	struct nipfs_slab *slab = NULL;

	ck_assert_int_eq(nipfs__slab_new(SIZE_MAX, &slab), NIPFS_E_NOMEM);
	ck_assert_int_eq(nipfs__slab_new(SIZE_MAX / 4, &slab), NIPFS_E_NOMEM);
	ck_assert_ptr_null(slab);
}
END_TEST

static void *ref_and_unref(void *arg)
{
	for (int i = 0; i < 20000; i++)
		nipfs_slab_unref(nipfs_slab_ref(arg));
	nipfs_slab_unref(arg);
	return NULL;
}

START_TEST(threads_share_a_slab)
{
	pthread_t threads[4];
	struct nipfs_slab *slab;

	ck_assert_int_eq(nipfs__slab_new(64, &slab), 0);
	for (size_t i = 0; i < 4; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, ref_and_unref,
						nipfs_slab_ref(slab)),
				 0);
	for (size_t i = 0; i < 4; i++)
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
	ck_assert(nipfs__slab_is_unique(slab));
	nipfs_slab_unref(slab);
}
END_TEST

static Suite *arena_suite(void)
{
	Suite *s = suite_create("arena");
	TCase *tc = tcase_create("arena");

	tcase_add_test(tc, allocations_stay_apart);
	tcase_add_test(tc, copies_are_packed);
	tcase_add_loop_test(tc, the_ceiling_holds, 0, 7);
	tcase_add_test(tc, one_big_allocation);
	suite_add_tcase(s, tc);
	tc = tcase_create("slab");
	tcase_add_test(tc, slabs_are_counted);
	tcase_add_test(tc, a_slab_that_is_too_big);
	tcase_add_test(tc, threads_share_a_slab);
	suite_add_tcase(s, tc);
	return s;
}

NIPFS_TEST_MAIN(arena_suite)
