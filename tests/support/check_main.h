/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The main() of a unit test program. */
#ifndef TESTS_SUPPORT_CHECK_MAIN_H
#define TESTS_SUPPORT_CHECK_MAIN_H

#include <check.h>
#include <stdbool.h>
#include <stdlib.h>

/*
 * Whether the tests run in valgrind, as tests/check.sh says: some are far too slow
 * in it, or take away descriptors that it needs itself.
 */
static inline bool under_valgrind(void)
{
	return getenv("NIPFS_VALGRIND") != NULL;
}

/* Runs @suite and ends with Check's own summary line. */
int nipfs_test_main(Suite *suite);

#define NIPFS_TEST_MAIN(make_suite)                   \
	int main(void)                                \
	{                                             \
		return nipfs_test_main(make_suite()); \
	}

#endif
