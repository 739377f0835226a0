/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The main() of a unit test program. */
#include "tests/support/check_main.h"

int nipfs_test_main(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	int failed;

	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
