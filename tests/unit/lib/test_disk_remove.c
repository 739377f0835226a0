/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Trees on disk that go. */
#include "tests/support/check_main.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nixipfs/disk.h>

#include "tests/support/scratch.h"

static struct nipfs_error err;

static void expect_removed(const char *path)
{
	struct stat st;

	memset(&err, 0, sizeof(err));
	if (nipfs_disk_remove(AT_FDCWD, path, &err) != 0)
		ck_abort_msg("%s", err.msg);
	ck_assert_int_eq(lstat(path, &st), -1);
}

START_TEST(removes_any_kind)
{
	scratch_file("f", "1", 0);
	scratch_dir("empty", 0755);
	scratch_dir("shut", 0);
	scratch_link("l", "stays");
	scratch_dir("stays", 0755);
	scratch_file("stays/f", "", 0644);
	ck_assert_int_eq(mkfifo("fifo", 0), 0);
	expect_removed("f");
	expect_removed("empty");
	expect_removed("shut");
	expect_removed("l");
	expect_removed("fifo");
	expect_removed("never was");
	expect_removed("stays/never was");
	ck_assert_int_eq(access("stays/f", F_OK), 0);
}
END_TEST

START_TEST(removes_read_only_trees_and_no_target_of_a_symlink)
{
	/* root may do anything; a user must not be stopped by modes either */
	if (geteuid() == 0) {
		ck_assert_int_eq(chmod(".", 0777), 0);
		ck_assert_int_eq(seteuid(65534), 0);
	}
	scratch_dir("outside", 0755);
	scratch_file("outside/f", "", 0644);
	scratch_dir("t", 0755);
	scratch_dir("t/a", 0755);
	scratch_dir("t/a/shut", 0);
	scratch_file("t/a/f", "", 0444);
	scratch_link("t/a/out", "../../outside");
	scratch_link("t/a/here", ".");
	ck_assert_int_eq(chmod("t/a", 0555), 0);
	ck_assert_int_eq(chmod("t", 0111), 0);
	expect_removed("t");
	ck_assert_int_eq(access("outside/f", F_OK), 0);
	if (getuid() == 0)
		ck_assert_int_eq(seteuid(0), 0);
}
END_TEST

START_TEST(says_what_it_can_not_remove)
{
	if (geteuid() == 0) {
		ck_assert_int_eq(chmod(".", 0777), 0);
		scratch_dir("d", 0755);
		scratch_dir("d/mine", 0755);
		scratch_file("d/mine/f", "", 0644);
		ck_assert_int_eq(seteuid(65534), 0);
		ck_assert_int_eq(nipfs_disk_remove(AT_FDCWD, "d", &err), NIPFS_E_SYS);
		ck_assert_str_eq(err.msg, "cannot remove 'd/mine/f': Permission denied");
		ck_assert_int_eq(seteuid(0), 0);
	}
}
END_TEST

START_TEST(is_relative_to_the_descriptor)
{
	int fd;

	scratch_dir("d", 0755);
	scratch_dir("d/t", 0755);
	scratch_file("d/t/f", "", 0644);
	scratch_dir("t", 0755);
	fd = open("d", O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(nipfs_disk_remove(fd, "t", &err), 0);
	ck_assert_int_eq(access("d/t", F_OK), -1);
	ck_assert_int_eq(access("t", F_OK), 0);
	(void)close(fd);
}
END_TEST

START_TEST(removes_wide_and_deep_trees)
{
	struct rlimit few = { 24, 24 };
	int at;

	scratch_dir("t", 0755);
	at = open("t", O_RDONLY | O_CLOEXEC);
	for (unsigned int i = 0; i < 2000; i++) {
		int next;

		ck_assert_int_eq(mkdirat(at, "d", 0755), 0);
		ck_assert_int_eq(symlinkat("..", at, "a"), 0);
		ck_assert_int_eq(symlinkat("..", at, "z"), 0);
		next = openat(at, "d", O_RDONLY | O_CLOEXEC);
		ck_assert_int_ge(next, 0);
		(void)close(at);
		at = next;
	}
	for (unsigned int i = 0; i < 5000; i++) {
		char name[16];

		(void)snprintf(name, sizeof(name), "%u", i);
		ck_assert_int_eq(i ? linkat(at, "0", at, name, 0)
				   : mknodat(at, name, S_IFREG | 0600, 0),
				 0);
	}
	(void)close(at);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	expect_removed("t");
}
END_TEST

static Suite *disk_remove_suite(void)
{
	Suite *s = suite_create("disk_remove");
	TCase *tc = tcase_create("disk_remove");

	tcase_add_checked_fixture(tc, scratch_setup, scratch_teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, removes_any_kind);
	tcase_add_test(tc, removes_read_only_trees_and_no_target_of_a_symlink);
	tcase_add_test(tc, says_what_it_can_not_remove);
	tcase_add_test(tc, is_relative_to_the_descriptor);
	if (!under_valgrind())
		tcase_add_test(tc, removes_wide_and_deep_trees);
	suite_add_tcase(s, tc);
	return s;
}

NIPFS_TEST_MAIN(disk_remove_suite)
