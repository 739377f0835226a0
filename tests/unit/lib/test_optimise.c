/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Equal files of a store become one. */
#include "tests/support/check_main.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/nix/optimise.h"
#include "tests/support/scratch.h"

/* SHA-256 of the NAR of the file "hello\n", of the same executable, and of a symlink */
#define HELLO ".links/04zwf782yjwnh3q6hz5izfd6jyip8kgw6g6yj43fiqhbyhdd0dqw"
#define RUNS  ".links/1yhh619m3cy1mird7f0l7zsmiv9rayqn075zinda2g7rscwn0hv5"
#define LINK  ".links/17i924lkdn0b9kk9pvdzqbp52qsvfnr0z5lj2crkyq0a5wak2xc2"
#define TEMP  "00000000000000000000000000000000-nixipfs.link"

static struct nipfs_error err;

/* The next calls of linkat() fail with these; the linker finds this one before libc's. */
static int failures[4];

int linkat(int from_fd, const char *from, int to_fd, const char *to, int flags)
{
	const int failure = failures[0];

	memmove(failures, failures + 1, sizeof(failures) - sizeof(*failures));
	failures[3] = 0;
	if (failure > 0) {
		errno = failure;
		return -1;
	}
	return (int)syscall(SYS_linkat, from_fd, from, to_fd, to, flags);
}

static void settle(const char *path)
{
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { .tv_sec = 1 } };

	ck_assert_int_eq(utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW), 0);
}

static void make_file(const char *path, const char *contents, mode_t mode)
{
	scratch_file(path, contents, mode);
	settle(path);
}

static void make_tree(const char *root)
{
	char path[64];

	scratch_dir(root, 0755);
	(void)snprintf(path, sizeof(path), "%s/hello", root);
	make_file(path, "hello\n", 0444);
	(void)snprintf(path, sizeof(path), "%s/runs", root);
	make_file(path, "hello\n", 0555);
	(void)snprintf(path, sizeof(path), "%s/link", root);
	scratch_link(path, "/nowhere");
	settle(path);
	(void)snprintf(path, sizeof(path), "%s/deeper", root);
	scratch_dir(path, 0755);
	(void)snprintf(path, sizeof(path), "%s/deeper/same", root);
	make_file(path, "hello\n", 0444);
	(void)snprintf(path, sizeof(path), "%s/deeper", root);
	ck_assert_int_eq(chmod(path, 0555), 0);
	settle(path);
	ck_assert_int_eq(chmod(root, 0555), 0);
	settle(root);
}

/* Its parent is the store: as a user, whose folders are not to be written. */
static void enter(void)
{
	memset(failures, 0, sizeof(failures));
	scratch_setup();
	if (geteuid() == 0) {
		ck_assert_int_eq(chmod(".", 0777), 0);
		ck_assert_int_eq(seteuid(65534), 0);
	}
	scratch_dir(".links", 0755);
}

static void leave(void)
{
	if (getuid() == 0)
		ck_assert_int_eq(seteuid(0), 0);
	scratch_teardown();
}

static int optimise(const char *tree)
{
	const int store = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r;

	memset(&err, 0, sizeof(err));
	r = nipfs__optimise(store, tree, TEMP, &err);
	(void)close(store);
	ck_assert_int_ne(access(TEMP, F_OK), 0);
	return r;
}

static void expect_optimised(const char *tree)
{
	ck_assert_msg(optimise(tree) == 0, "%s", err.msg);
}

static ino_t inode(const char *path)
{
	struct stat st;

	ck_assert_msg(lstat(path, &st) == 0, "%s", path);
	return st.st_ino;
}

static nlink_t links_of(const char *path)
{
	struct stat st;

	ck_assert_msg(lstat(path, &st) == 0, "%s", path);
	return st.st_nlink;
}

static void expect_sealed(const char *path, mode_t mode)
{
	struct stat st;

	ck_assert_int_eq(lstat(path, &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, mode);
	ck_assert_int_eq(st.st_mtim.tv_sec, 1);
}

START_TEST(makes_equal_files_one)
{
	make_tree("a");
	expect_optimised("a");
	ck_assert_uint_eq(inode("a/hello"), inode(HELLO));
	ck_assert_uint_eq(inode("a/deeper/same"), inode(HELLO));
	ck_assert_uint_eq(inode("a/runs"), inode(RUNS));
	ck_assert_uint_eq(inode("a/link"), inode(LINK));
	make_tree("b");
	expect_optimised("b");
	ck_assert_uint_eq(inode("b/hello"), inode("a/hello"));
	ck_assert_uint_eq(inode("b/runs"), inode("a/runs"));
	ck_assert_uint_eq(inode("b/link"), inode("a/link"));
	ck_assert_uint_eq(links_of(HELLO), 5);
	expect_sealed("b", 0555);
	expect_sealed("b/deeper", 0555);
	expect_sealed("b/hello", 0444);
	expect_sealed("b/runs", 0555);
	/* and once more, where there is nothing to do */
	expect_optimised("b");
	ck_assert_uint_eq(links_of(HELLO), 5);
}
END_TEST

START_TEST(takes_a_root_of_any_kind)
{
	make_tree("a");
	expect_optimised("a");
	make_file("file", "hello\n", 0444);
	scratch_link("symlink", "/nowhere");
	settle("symlink");
	expect_optimised("file");
	expect_optimised("symlink");
	ck_assert_uint_eq(inode("file"), inode("a/hello"));
	ck_assert_uint_eq(inode("symlink"), inode("a/link"));
}
END_TEST

/* What stands in .links under the name of "hello\n", and is not it. */
static const struct {
	const char *contents;
	mode_t mode;
	bool other_time;
} corrupt[] = {
	{ "hellO\n", 0444, false }, { "hello\n\n", 0444, false }, { "hello\n", 0555, false },
	{ "hello\n", 0644, false }, { "hello\n", 0444, true },	  { NULL, 0, false },
};

START_TEST(does_not_take_what_is_not_the_same)
{
	ino_t before;

	if (corrupt[_i].contents)
		make_file(HELLO, corrupt[_i].contents, corrupt[_i].mode);
	else
		scratch_link(HELLO, "hello\n");
	if (corrupt[_i].other_time)
		ck_assert_int_eq(utimensat(AT_FDCWD, HELLO, NULL, 0), 0);
	/* somebody has it */
	ck_assert_int_eq(link(HELLO, "has-it"), 0);
	before = inode(HELLO);
	make_tree("a");
	expect_optimised("a");
	ck_assert_uint_eq(inode("a/hello"), inode(HELLO));
	ck_assert_uint_ne(inode("a/hello"), before);
	ck_assert_uint_eq(inode("has-it"), before);
}
END_TEST

START_TEST(does_not_follow_a_symlink_in_place_of_a_link)
{
	make_file("outside", "hello\n", 0444);
	scratch_link(HELLO, "../outside");
	make_tree("a");
	expect_optimised("a");
	ck_assert_uint_eq(inode("a/hello"), inode(HELLO));
	ck_assert_uint_ne(inode("a/hello"), inode("outside"));
}
END_TEST

static const int tolerable[] = { ENOSPC, EMLINK, ENOENT, EPERM };

START_TEST(leaves_single_what_can_not_be_linked)
{
	make_file("file", "hello\n", 0444);
	failures[0] = tolerable[_i];
	expect_optimised("file");
	ck_assert_uint_eq(links_of("file"), 1);
	expect_optimised("file");
	ck_assert_uint_eq(links_of("file"), 2);
	/* and when it is the link under the temporary name that fails */
	make_file("again", "hello\n", 0444);
	failures[1] = tolerable[_i];
	expect_optimised("again");
	ck_assert_uint_eq(links_of("again"), 1);
}
END_TEST

START_TEST(says_what_went_wrong_else)
{
	make_file("file", "hello\n", 0444);
	failures[0] = EIO;
	ck_assert_int_eq(optimise("file"), NIPFS_E_SYS);
	ck_assert_ptr_nonnull(strstr(err.msg, "'file'"));
	ck_assert_int_eq(rmdir(".links"), 0);
	ck_assert_int_eq(optimise("file"), NIPFS_E_SYS);
	ck_assert_ptr_nonnull(strstr(err.msg, ".links"));
}
END_TEST

START_TEST(clears_away_what_a_killed_run_left)
{
	make_tree("a");
	expect_optimised("a");
	make_tree("b");
	make_file(TEMP, "something", 0444);
	expect_optimised("b");
	ck_assert_uint_eq(inode("b/hello"), inode("a/hello"));
}
END_TEST

static Suite *optimise_suite(void)
{
	Suite *suite = suite_create("equal files");
	TCase *tc = tcase_create("optimise");

	tcase_add_checked_fixture(tc, enter, leave);
	tcase_add_test(tc, makes_equal_files_one);
	tcase_add_test(tc, takes_a_root_of_any_kind);
	tcase_add_loop_test(tc, does_not_take_what_is_not_the_same, 0,
			    sizeof(corrupt) / sizeof(*corrupt));
	tcase_add_test(tc, does_not_follow_a_symlink_in_place_of_a_link);
	tcase_add_loop_test(tc, leaves_single_what_can_not_be_linked, 0,
			    sizeof(tolerable) / sizeof(*tolerable));
	tcase_add_test(tc, says_what_went_wrong_else);
	tcase_add_test(tc, clears_away_what_a_killed_run_left);
	suite_add_tcase(suite, tc);
	return suite;
}

NIPFS_TEST_MAIN(optimise_suite)
