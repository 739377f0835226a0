/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* When bytes are shared between files, and when they are copied: with a kernel of our own. */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nixipfs/disk.h>

#include "tests/support/check_main.h"
#include "tests/support/scratch.h"
#include "tests/support/tree_log.h"

enum { MIB = 1 << 20 };

/* How often it was asked to share, and what it says: 0, it does so. */
static unsigned int asked;
static int says;

/* In place of that of the C library. */
int ioctl(int fd, unsigned long request, ...)
{
	const struct file_clone_range *range;
	char *bytes;
	va_list args;

	va_start(args, request);
	range = va_arg(args, const struct file_clone_range *);
	va_end(args);
	ck_assert_uint_eq(request, FICLONERANGE);
	asked++;
	if (says) {
		errno = says;
		return -1;
	}
	bytes = malloc(range->src_length);
	ck_assert_int_eq(pread((int)range->src_fd, bytes, range->src_length,
			       (off_t)range->src_offset),
			 (ssize_t)range->src_length);
	ck_assert_int_eq(pwrite(fd, bytes, range->src_length, (off_t)range->dest_offset),
			 (ssize_t)range->src_length);
	free(bytes);
	return 0;
}

static struct tree_log log_of(const char *path)
{
	static const struct nipfs_tree_limits limits = NIPFS_TREE_LIMITS_NONE;
	struct tree_log log = { .ends = false };
	const struct nipfs_tree_sink sink = tree_log_sink(&log);

	ck_assert_int_eq(nipfs_disk_tree(AT_FDCWD, path, NULL, &limits, &sink, NULL), 0);
	return log;
}

/* Copies a tree, whose files come with descriptors, and compares it. */
static void copy(const char *from, const char *to)
{
	static const struct nipfs_tree_limits limits = NIPFS_TREE_LIMITS_NONE;
	struct nipfs_disk_sink *writer = NULL;
	struct tree_log before, after;
	struct nipfs_tree_sink sink;

	asked = 0;
	ck_assert_int_eq(nipfs_disk_sink_new(&writer, AT_FDCWD, to, NULL, NULL), 0);
	sink = nipfs_disk_sink(writer);
	ck_assert_int_eq(nipfs_disk_tree(AT_FDCWD, from, NULL, &limits, &sink, NULL), 0);
	ck_assert_int_eq(nipfs_disk_sink_finish(writer, NULL), 0);
	nipfs_disk_sink_free(writer);
	before = log_of(from);
	after = log_of(to);
	ck_assert_str_eq(before.text, after.text);
	tree_log_release(&before);
	tree_log_release(&after);
}

static void setup(void)
{
	scratch_setup();
	says = 0;
	scratch_dir("tree", 0755);
	scratch_cycle("tree/a", 3 * MIB + 5000, 0644);
	scratch_cycle("tree/b", 16384, 0555);
	scratch_cycle("tree/c", 20000, 0444);
	scratch_cycle("tree/small", 16383, 0644);
}

START_TEST(what_is_big_enough_is_shared)
{
	copy("tree", "to");
	/* the end of a is small, and so is another file */
	ck_assert_uint_eq(asked, 3 + 1 + 1);
}
END_TEST

START_TEST(a_file_system_that_can_not_is_asked_once)
{
	static const int errors[] = { EOPNOTSUPP, ENOTTY };

	says = errors[_i];
	copy("tree", "to");
	ck_assert_uint_eq(asked, 1);
}
END_TEST

START_TEST(other_refusals_are_of_one_file)
{
	static const int errors[] = { EINVAL, EXDEV, EIO };

	says = errors[_i];
	copy("tree", "to");
	ck_assert_uint_eq(asked, 5);
}
END_TEST

START_TEST(nothing_is_shared_that_others_could_change)
{
	ck_assert_int_eq(chmod("tree/a", 0664), 0);
	ck_assert_int_eq(chmod("tree/b", 0646), 0);
	if (geteuid() == 0)
		ck_assert_int_eq(chown("tree/c", 1, 1), 0);
	copy("tree", "to");
	ck_assert_uint_eq(asked, geteuid() == 0 ? 0 : 1);
}
END_TEST

static Suite *clone_suite(void)
{
	Suite *s = suite_create("clone");
	TCase *t = tcase_create("clone");

	tcase_add_checked_fixture(t, setup, scratch_teardown);
	tcase_add_test(t, what_is_big_enough_is_shared);
	tcase_add_loop_test(t, a_file_system_that_can_not_is_asked_once, 0, 2);
	tcase_add_loop_test(t, other_refusals_are_of_one_file, 0, 3);
	tcase_add_test(t, nothing_is_shared_that_others_could_change);
	suite_add_tcase(s, t);
	return s;
}

NIPFS_TEST_MAIN(clone_suite)
