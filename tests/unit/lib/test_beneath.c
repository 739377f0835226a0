/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files opened by a path that must not lead out of a directory. */
#include "tests/support/check_main.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/disk/beneath.h"
#include "tests/support/scratch.h"

static const struct {
	const char *path;
	int code;
} cases[] = {
	{ "f", 0 },
	{ "a/b/f", 0 },
	{ "a//b/./f", 0 },
	{ "./a/b/f", 0 },
	{ "a/dangerously..named", 0 },
	{ "nothing", NIPFS_E_NOTFOUND },
	{ "a/nothing/f", NIPFS_E_NOTFOUND },
	{ "", NIPFS_E_INVALID },
	{ "/f", NIPFS_E_INVALID },
	{ "/", NIPFS_E_INVALID },
	{ "..", NIPFS_E_INVALID },
	{ "../outside", NIPFS_E_INVALID },
	{ "a/../f", NIPFS_E_INVALID },
	{ "a/..", NIPFS_E_INVALID },
	{ "to-outside", NIPFS_E_INVALID },
	{ "to-f", NIPFS_E_INVALID },
	{ "to-a/b/f", NIPFS_E_INVALID },
	{ "a/up/f", NIPFS_E_INVALID },
	{ "f/f", NIPFS_E_INVALID },
	{ "a", NIPFS_E_INVALID },
	{ "a/", NIPFS_E_INVALID },
	{ "f/", NIPFS_E_INVALID },
	{ ".", NIPFS_E_INVALID },
	{ "fifo", NIPFS_E_INVALID },
};

START_TEST(opens_only_files_below)
{
	struct nipfs_error err = { .code = 0 };
	int dir, fd;

	scratch_file("outside", "bad", 0644);
	scratch_dir("d", 0755);
	scratch_dir("d/a", 0755);
	scratch_dir("d/a/b", 0755);
	scratch_file("d/f", "good", 0644);
	scratch_file("d/a/b/f", "good", 0644);
	scratch_file("d/a/dangerously..named", "good", 0644);
	scratch_link("d/to-outside", "../outside");
	scratch_link("d/to-f", "f");
	scratch_link("d/to-a", "a");
	scratch_link("d/a/up", "..");
	ck_assert_int_eq(mkfifo("d/fifo", 0644), 0);
	dir = open("d", O_RDONLY | O_CLOEXEC);
	for (int stepwise = 0; stepwise < 2; stepwise++) {
		char text[8] = "";
		int r;

		fd = -1;
		r = stepwise
			? nipfs__beneath_open_stepwise(dir, cases[_i].path, &fd, &err)
			: nipfs__beneath_open(dir, cases[_i].path, &fd, &err);
		if (r != cases[_i].code)
			ck_abort_msg("'%s', stepwise %d: %d %s", cases[_i].path, stepwise,
				     r, err.msg);
		ck_assert_int_eq(fd >= 0, r == 0);
		if (r < 0)
			continue;
		ck_assert_int_eq((int)read(fd, text, sizeof(text)), 4);
		ck_assert_str_eq(text, "good");
		(void)close(fd);
	}
	(void)close(dir);
}
END_TEST

START_TEST(takes_paths_that_the_kernel_does_not)
{
	char path[64 * 200], name[200];
	struct nipfs_error err;
	int fd;

	memset(name, 'n', 199);
	name[199] = 0;
	path[0] = 0;
	for (int i = 0; i < 60; i++) {
		scratch_dir(name, 0755);
		ck_assert_int_eq(chdir(name), 0);
		strcat(path, name);
		strcat(path, "/");
	}
	scratch_file("f", "", 0644);
	strcat(path, "f");
	for (int i = 0; i < 60; i++)
		ck_assert_int_eq(chdir(".."), 0);
	fd = open(".", O_RDONLY | O_CLOEXEC);
	for (int i = 0; i < 2; i++) {
		int found = -1;

		ck_assert_int_eq(nipfs__beneath_open(fd, path, &found, &err),
				 i ? NIPFS_E_NOTFOUND : 0);
		if (i == 0)
			(void)close(found);
		path[strlen(path) - 1] = 'g';
	}
	(void)close(fd);
}
END_TEST

static Suite *beneath_suite(void)
{
	Suite *s = suite_create("beneath");
	TCase *tc = tcase_create("beneath");

	tcase_add_checked_fixture(tc, scratch_setup, scratch_teardown);
	tcase_add_loop_test(tc, opens_only_files_below, 0,
			    sizeof(cases) / sizeof(cases[0]));
	tcase_add_test(tc, takes_paths_that_the_kernel_does_not);
	suite_add_tcase(s, tc);
	return s;
}

NIPFS_TEST_MAIN(beneath_suite)
