/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Growable buffers, and the clean-up that goes with them. */
#include <errno.h>
#include <fcntl.h>

#include "multiformats/base/auto.h"
#include "tests/support/check_main.h"

START_TEST(appends_and_keeps)
{
	struct nipfs_buf b = NIPFS_BUF_INIT(1 << 20);
	uint8_t *room;

	ck_assert_uint_eq(nipfs__buf_slice(&b).len, 0);
	ck_assert_int_eq(nipfs__buf_put(&b, NULL, 0), 0);
	ck_assert_int_eq(nipfs__buf_extend(&b, 0, &room), 0);
	ck_assert_int_eq(nipfs__buf_put_str(&b, ""), 0);
	ck_assert_int_eq(nipfs__buf_put(&b, "ab", 2), 0);
	ck_assert_int_eq(nipfs__buf_put_u8(&b, 'c'), 0);
	ck_assert_int_eq(nipfs__buf_put_slice(&b, nipfs__slice_str("de")), 0);
	ck_assert_int_eq(nipfs__buf_put_str(&b, "f"), 0);
	ck_assert_int_eq(nipfs__buf_printf(&b, "-%d-", 42), 0);
	ck_assert_int_eq(nipfs__buf_extend(&b, 2, &room), 0);
	room[0] = 'y';
	room[1] = 'z';
	ck_assert(
	    nipfs__slice_eq(nipfs__buf_slice(&b), nipfs__slice_str("abcdef-42-yz")));
	ck_assert_int_eq(nipfs__buf_terminate(&b), 0);
	ck_assert_str_eq((const char *)b.ptr, "abcdef-42-yz");
	ck_assert_uint_eq(b.len, 12);
	nipfs__buf_clear(&b);
	ck_assert_uint_eq(b.len, 0);
	ck_assert_ptr_nonnull(b.ptr);
	nipfs__buf_release(&b);
	ck_assert_ptr_null(b.ptr);
	ck_assert_uint_eq(b.max, 1 << 20);
	nipfs__buf_release(&b);
}
END_TEST

START_TEST(many_small_ones_grow_it)
{
	struct nipfs_buf b = NIPFS_BUF_INIT(100000);

	for (size_t i = 0; i < 100000; i++)
		ck_assert_int_eq(nipfs__buf_put_u8(&b, (uint8_t)(i % 251)), 0);
	for (size_t i = 0; i < 100000; i++)
		ck_assert_uint_eq(b.ptr[i], i % 251);
	ck_assert_uint_le(b.cap, b.max);
	ck_assert_int_eq(nipfs__buf_put_u8(&b, 0), NIPFS_E_LIMIT);
	ck_assert_uint_eq(b.len, 100000);
	nipfs__buf_release(&b);
}
END_TEST

START_TEST(the_ceiling_holds_and_changes_nothing)
{
	struct nipfs_buf b = NIPFS_BUF_INIT(4);
	uint8_t *room = NULL;

	ck_assert_int_eq(nipfs__buf_put(&b, "abcde", 5), NIPFS_E_LIMIT);
	ck_assert_ptr_null(b.ptr);
	ck_assert_int_eq(nipfs__buf_put(&b, "abc", 3), 0);
	ck_assert_int_eq(nipfs__buf_put(&b, "de", 2), NIPFS_E_LIMIT);
	ck_assert_int_eq(nipfs__buf_extend(&b, 2, &room), NIPFS_E_LIMIT);
	ck_assert_ptr_null(room);
	ck_assert_int_eq(nipfs__buf_extend(&b, SIZE_MAX, &room), NIPFS_E_LIMIT);
	ck_assert_int_eq(nipfs__buf_reserve(&b, SIZE_MAX - 2), NIPFS_E_LIMIT);
	ck_assert_int_eq(nipfs__buf_printf(&b, "%d", 12), NIPFS_E_LIMIT);
	ck_assert_int_eq(nipfs__buf_terminate(&b), 0);
	ck_assert_int_eq(nipfs__buf_put_u8(&b, 'd'), 0);
	ck_assert_int_eq(nipfs__buf_terminate(&b), NIPFS_E_LIMIT);
	ck_assert(nipfs__slice_eq(nipfs__buf_slice(&b), nipfs__slice_str("abcd")));
	nipfs__buf_release(&b);
}
END_TEST

START_TEST(no_memory_changes_nothing)
{
	struct nipfs_buf b = NIPFS_BUF_INIT(SIZE_MAX);

	ck_assert_int_eq(nipfs__buf_put(&b, "abc", 3), 0);
	ck_assert_int_eq(nipfs__buf_reserve(&b, SIZE_MAX / 4), NIPFS_E_NOMEM);
	ck_assert(nipfs__slice_eq(nipfs__buf_slice(&b), nipfs__slice_str("abc")));
	nipfs__buf_release(&b);
}
END_TEST

START_TEST(slices_are_copied_with_a_nul)
{
	char *copy = nipfs__slice_dup(nipfs__slice("a\0b", 3));

	ck_assert_ptr_nonnull(copy);
	ck_assert_mem_eq(copy, "a\0b\0", 4);
	free(copy);
	copy = nipfs__slice_dup(nipfs__slice(NULL, 0));
	ck_assert_ptr_nonnull(copy);
	ck_assert_str_eq(copy, "");
	free(copy);
	ck_assert_ptr_null(nipfs__slice_dup(nipfs__slice("", SIZE_MAX)));
}
END_TEST

static int scope(int *out)
{
	nipfs_auto_fd int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	nipfs_auto_fd const int none = -1;
	nipfs_auto_free char *text = nipfs__slice_dup(nipfs__slice_str("x"));
	nipfs_auto_free char *nothing = NULL;
	nipfs_auto_buf struct nipfs_buf b = NIPFS_BUF_INIT(8);

	(void)none;
	(void)nothing;
	*out = fd;
	errno = ERANGE;
	return fd >= 0 && text ? nipfs__buf_put_u8(&b, 1) : -1;
}

START_TEST(scopes_clean_up_and_keep_errno)
{
	int fd = -1;

	ck_assert_int_eq(scope(&fd), 0);
	ck_assert_int_eq(errno, ERANGE);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fcntl(fd, F_GETFD), -1);
	ck_assert_int_eq(errno, EBADF);
}
END_TEST

static Suite *buf_suite(void)
{
	Suite *s = suite_create("buf");
	TCase *tc = tcase_create("buf");

	tcase_add_test(tc, appends_and_keeps);
	tcase_add_test(tc, many_small_ones_grow_it);
	tcase_add_test(tc, the_ceiling_holds_and_changes_nothing);
	tcase_add_test(tc, no_memory_changes_nothing);
	tcase_add_test(tc, slices_are_copied_with_a_nul);
	tcase_add_test(tc, scopes_clean_up_and_keep_errno);
	suite_add_tcase(s, tc);
	return s;
}

NIPFS_TEST_MAIN(buf_suite)
