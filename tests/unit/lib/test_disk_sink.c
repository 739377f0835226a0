/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tree events that become trees on disk. */
#include "tests/support/check_main.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <nixipfs/disk.h>

#include "tests/support/scratch.h"
#include "tests/support/tree_log.h"

static const struct nipfs_tree_limits no_limits = NIPFS_TREE_LIMITS_NONE;
static const struct nipfs_disk_sink_options store = { .style = NIPFS_DISK_STORE };
static struct nipfs_error err;

/* Copies a tree on disk, and finishes it when @finish is set. */
static int copy(const char *from, const char *to,
		const struct nipfs_disk_source_options *source_options,
		const struct nipfs_disk_sink_options *sink_options, bool finish)
{
	struct nipfs_disk_sink *writer = NULL;
	struct nipfs_tree_sink sink;
	int r;

	memset(&err, 0, sizeof(err));
	ck_assert_int_eq(nipfs_disk_sink_new(&writer, AT_FDCWD, to, sink_options, &err),
			 0);
	sink = nipfs_disk_sink(writer);
	r = nipfs_disk_tree(AT_FDCWD, from, source_options, &no_limits, &sink, &err);
	if (r == 0 && finish)
		r = nipfs_disk_sink_finish(writer, &err);
	nipfs_disk_sink_free(writer);
	return r;
}

static void must_copy(const char *from, const char *to,
		      const struct nipfs_disk_source_options *source_options,
		      const struct nipfs_disk_sink_options *sink_options)
{
	if (copy(from, to, source_options, sink_options, true) != 0)
		ck_abort_msg("%s", err.msg);
}

/* All of a tree, metadata too when @metadata is set. */
static struct tree_log log_of(const char *path, bool metadata)
{
	const struct nipfs_disk_source_options options = { .metadata = metadata };
	struct tree_log log = { .ends = false };
	const struct nipfs_tree_sink sink = tree_log_sink(&log);

	ck_assert_int_eq(
	    nipfs_disk_tree(AT_FDCWD, path, &options, &no_limits, &sink, &err), 0);
	return log;
}

static void expect(const char *path, bool metadata, const char *text)
{
	struct tree_log log = log_of(path, metadata);

	ck_assert_str_eq(log.text, text);
	tree_log_release(&log);
}

static void make_odd(void)
{
	char longest[2 + 255 + 1] = "t/";

	memset(longest + 2, 'n', 255);
	longest[257] = 0;
	scratch_dir("t", 0750);
	scratch_dir("t/a", 0700);
	scratch_dir("t/a/b", 0700);
	scratch_file("t/a/b/x", "#!", 0711);
	scratch_dir("t/empty", 0777);
	scratch_file("t/-rf", "", 0640);
	scratch_file("t/new\nline", "", 0600);
	scratch_file("t/\xff\"\\", "", 0600);
	scratch_file(longest, "", 0600);
	scratch_link("t/nowhere", "/no/where");
	scratch_link("t/round", ".");
	scratch_cycle("t/large", (4 << 20) + 3, 0600);
	scratch_cycle("t/small", 10, 06755);
}

START_TEST(copies_odd_trees)
{
	struct tree_log a, b;

	make_odd();
	must_copy("t", "u", NULL, _i ? &store : NULL);
	a = log_of("t", false);
	b = log_of("u", false);
	ck_assert_str_eq(a.text, b.text);
	tree_log_release(&a);
	tree_log_release(&b);
}
END_TEST

START_TEST(store_objects_are_canonical)
{
	const mode_t old = umask((mode_t[]){ 0, 022, 077, 0137 }[_i]);

	scratch_dir("t", 0700);
	scratch_dir("t/d", 0777);
	scratch_file("t/d/f", "1", 0600);
	scratch_file("t/d/x", "2", 06700);
	scratch_link("t/l", "d");
	must_copy("t", "u", NULL, &store);
	must_copy("t/d/f", "f", NULL, &store);
	must_copy("t/d/x", "x", NULL, &store);
	must_copy("t/l", "l", NULL, &store);
	(void)umask(old);
	expect("u", true,
	       "dir \"\" 0555 1.000000000\n"
	       " dir \"d\" 0555 1.000000000\n"
	       "  file \"f\" 0444 1.000000000 \"1\"\n"
	       "  exec \"x\" 0555 1.000000000 \"2\"\n"
	       " link \"l\" \"d\" 0777 1.000000000\n");
	expect("f", true, "file \"\" 0444 1.000000000 \"1\"\n");
	expect("x", true, "exec \"\" 0555 1.000000000 \"2\"\n");
	expect("l", true, "link \"\" \"d\" 0777 1.000000000\n");
}
END_TEST

START_TEST(store_objects_are_shut_until_they_are_finished)
{
	struct stat st;

	scratch_dir("t", 0755);
	scratch_file("t/x", "", 0755);
	ck_assert_int_eq(copy("t", "u", NULL, &store, false), 0);
	ck_assert_int_eq(stat("u", &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0700);
	ck_assert_int_eq(copy("t/x", "v", NULL, &store, false), 0);
	ck_assert_int_eq(stat("v", &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
}
END_TEST

/* A default ACL as the kernel keeps it: u::rwx,u:nobody:rwx,g::r-x,m::rwx,o::rwx. */
static const uint8_t acl[] = {
	2, 0,	 0,    0,    1,	   0,	 7,    0, 0xff, 0xff, 0xff, 0xff, 2,	0,    7,
	0, 0xfe, 0xff, 0,    0,	   4,	 0,    5, 0,	0xff, 0xff, 0xff, 0xff, 0x10, 0,
	7, 0,	 0xff, 0xff, 0xff, 0xff, 0x20, 0, 7,	0,    0xff, 0xff, 0xff, 0xff,
};

START_TEST(store_objects_inherit_no_acl)
{
	static const char *const made[] = { "p/u", "p/u/d", "p/u/d/f", "p/f" };

	scratch_dir("p", 02755);
	scratch_dir("t", 0755);
	scratch_dir("t/d", 0755);
	scratch_file("t/d/f", "", 0644);
	if (setxattr("p", "system.posix_acl_default", acl, sizeof(acl), 0) < 0) {
		/* a file system without ACLs hands none down */
		ck_assert_int_eq(errno, ENOTSUP);
		return;
	}
	must_copy("t", "p/plain", NULL, NULL);
	ck_assert_int_gt(listxattr("p/plain/d/f", NULL, 0), 0);
	must_copy("t", "p/u", NULL, &store);
	must_copy("t/d/f", "p/f", NULL, &store);
	for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++) {
		struct stat st;

		ck_assert_int_eq(listxattr(made[i], NULL, 0), 0);
		ck_assert_int_eq(stat(made[i], &st), 0);
		ck_assert_uint_eq(st.st_mode & 07777, S_ISDIR(st.st_mode) ? 0555 : 0444);
	}
}
END_TEST

START_TEST(plain_trees_follow_the_umask)
{
	const mode_t old = umask(_i ? 027 : 0);

	scratch_dir("t", 0755);
	scratch_file("t/f", "", 0400);
	scratch_file("t/x", "", 0500);
	must_copy("t", "u", NULL, NULL);
	must_copy("t/x", "x", NULL, NULL);
	(void)umask(old);
	for (int i = 0; i < 4; i++) {
		static const char *const made[] = { "u", "u/f", "u/x", "x" };
		const mode_t mode = (i == 1 ? 0666 : 0777) & ~(mode_t)(_i ? 027 : 0);
		struct stat st;

		ck_assert_int_eq(stat(made[i], &st), 0);
		ck_assert_uint_eq(st.st_mode & 07777, mode);
		ck_assert_int_gt(st.st_mtim.tv_sec, 1000000000);
	}
}
END_TEST

START_TEST(plain_trees_keep_metadata_where_it_is_asked_for)
{
	static const struct nipfs_disk_source_options metadata = { .metadata = true };
	static const struct nipfs_disk_sink_options keep = { .keep_mode = true,
							     .keep_mtime = true };
	static const struct timespec when[2] = { { 5, 0 }, { -77, 123456789 } };

	scratch_dir("t", 0750);
	scratch_dir("t/shut", 0500);
	scratch_file("t/f", "1", 04604);
	scratch_link("t/l", "f");
	ck_assert_int_eq(utimensat(AT_FDCWD, "t/f", when, 0), 0);
	ck_assert_int_eq(utimensat(AT_FDCWD, "t/l", when, AT_SYMLINK_NOFOLLOW), 0);
	ck_assert_int_eq(utimensat(AT_FDCWD, "t/shut", when, 0), 0);
	ck_assert_int_eq(utimensat(AT_FDCWD, "t", when, 0), 0);
	must_copy("t", "u", &metadata, &keep);
	/* but no set-user-ID bit, whoever asks for it */
	expect("u", true,
	       "dir \"\" 0750 -77.123456789\n"
	       " file \"f\" 0604 -77.123456789 \"1\"\n"
	       " link \"l\" \"f\" 0777 -77.123456789\n"
	       " dir \"shut\" 0500 -77.123456789\n");
}
END_TEST

START_TEST(keeps_out_of_the_way_of_what_is_there)
{
	static const char *const roots[] = { "t", "f", "l" };
	static const char *const taken[] = { "dir", "file", "link", "loose" };

	scratch_dir("t", 0755);
	scratch_file("f", "1", 0644);
	scratch_link("l", "f");
	scratch_dir("dir", 0755);
	scratch_file("file", "mine", 0644);
	scratch_link("link", "dir");
	scratch_link("loose", "made");
	for (size_t i = 0; i < 3; i++)
		for (size_t j = 0; j < 4; j++) {
			ck_assert_int_eq(
			    copy(roots[i], taken[j], NULL, _i ? &store : NULL, true),
			    NIPFS_E_EXISTS);
			ck_assert_ptr_nonnull(strstr(err.msg, "' exists already"));
		}
	ck_assert_int_eq(access("made", F_OK), -1);
	expect("file", false, "file \"\" \"mine\"\n");
	expect("dir", false, "dir \"\"\n");
}
END_TEST

/* ---- events that no source of ours gives ---- */

static struct nipfs_entry entry(const char *name, enum nipfs_entry_kind kind)
{
	return (struct nipfs_entry){ .name = { (const uint8_t *)name, strlen(name) },
				     .kind = kind };
}

static struct nipfs_disk_sink *writer_at(const char *path,
					 const struct nipfs_disk_sink_options *options)
{
	struct nipfs_disk_sink *writer = NULL;

	ck_assert_int_eq(nipfs_disk_sink_new(&writer, AT_FDCWD, path, options, &err), 0);
	return writer;
}

START_TEST(takes_no_name_that_leads_out)
{
	static const struct nipfs_slice names[] = {
		{ NULL, 0 },
		{ (const uint8_t *)".", 1 },
		{ (const uint8_t *)"..", 2 },
		{ (const uint8_t *)"/", 1 },
		{ (const uint8_t *)"../x", 4 },
		{ (const uint8_t *)"a/b", 3 },
		{ (const uint8_t *)"a\0b", 3 },
	};
	struct nipfs_disk_sink *writer = writer_at("u", NULL);
	const struct nipfs_tree_sink sink = nipfs_disk_sink(writer);
	struct nipfs_entry e = entry("", NIPFS_DIRECTORY);

	ck_assert_int_eq(sink.enter(sink.ctx, &e, &err), 0);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		e.name = names[i];
		ck_assert_int_eq(sink.enter(sink.ctx, &e, &err), NIPFS_E_INVALID);
		ck_assert_int_eq(sink.file(sink.ctx, &e, &err), NIPFS_E_INVALID);
		e.target = (struct nipfs_slice){ (const uint8_t *)"t", 1 };
		ck_assert_int_eq(sink.symlink(sink.ctx, &e, &err), NIPFS_E_INVALID);
	}
	nipfs_disk_sink_free(writer);
	expect("u", false, "dir \"\"\n");
	expect(".", false, "dir \"\"\n dir \"u\"\n");
}
END_TEST

START_TEST(takes_no_target_that_can_not_be)
{
	struct nipfs_disk_sink *writer = writer_at("u", NULL);
	const struct nipfs_tree_sink sink = nipfs_disk_sink(writer);
	struct nipfs_entry e = entry("", NIPFS_DIRECTORY);
	static char target[70000];

	ck_assert_int_eq(sink.enter(sink.ctx, &e, &err), 0);
	e = entry("l", NIPFS_SYMLINK);
	ck_assert_int_eq(sink.symlink(sink.ctx, &e, &err), NIPFS_E_INVALID);
	e.target = (struct nipfs_slice){ (const uint8_t *)"a\0b", 3 };
	ck_assert_int_eq(sink.symlink(sink.ctx, &e, &err), NIPFS_E_INVALID);
	memset(target, 't', sizeof(target));
	e.target = (struct nipfs_slice){ (const uint8_t *)target, sizeof(target) };
	ck_assert_int_eq(sink.symlink(sink.ctx, &e, &err), NIPFS_E_LIMIT);
	e.target.len = 4096;
	ck_assert_int_eq(sink.symlink(sink.ctx, &e, &err), NIPFS_E_SYS);
	ck_assert_str_eq(err.msg, "cannot make the symlink 'u/l': File name too long");
	e.target.len = 4095;
	ck_assert_int_eq(sink.symlink(sink.ctx, &e, &err), 0);
	ck_assert_int_eq(sink.symlink(sink.ctx, &e, &err), NIPFS_E_EXISTS);
	ck_assert_str_eq(err.msg,
			 "'u/l' is there twice: the file system takes two names for one");
	nipfs_disk_sink_free(writer);
}
END_TEST

START_TEST(stops_at_the_limit)
{
	const struct nipfs_disk_sink_options options = { .max_bytes = 10 };
	struct nipfs_disk_sink *writer = writer_at("u", &options);
	const struct nipfs_tree_sink sink = nipfs_disk_sink(writer);
	struct nipfs_entry e = entry("", NIPFS_DIRECTORY);
	const struct nipfs_span six = { .ptr = (const uint8_t *)"123456",
					.len = 6,
					.fd = -1 };

	ck_assert_int_eq(sink.enter(sink.ctx, &e, &err), 0);
	e = entry("a", NIPFS_FILE);
	e.size = 11;
	ck_assert_int_eq(sink.file(sink.ctx, &e, &err), NIPFS_E_LIMIT);
	ck_assert_int_eq(access("u/a", F_OK), -1);
	e.size = UINT64_MAX;
	ck_assert_int_eq(sink.file(sink.ctx, &e, &err), NIPFS_E_LIMIT);
	e.size = 6;
	ck_assert_int_eq(sink.file(sink.ctx, &e, &err), 0);
	ck_assert_int_eq(sink.bytes(sink.ctx, &six, &err), 0);
	ck_assert_int_eq(sink.file_end(sink.ctx, &err), 0);
	e = entry("b", NIPFS_FILE);
	e.size = 5;
	ck_assert_int_eq(sink.file(sink.ctx, &e, &err), NIPFS_E_LIMIT);
	ck_assert_str_eq(err.msg,
			 "'u/b' makes the tree larger than the limit of 10 bytes");
	/* a size that lied does not help */
	e.size = 4;
	ck_assert_int_eq(sink.file(sink.ctx, &e, &err), 0);
	ck_assert_int_eq(sink.bytes(sink.ctx, &six, &err), NIPFS_E_LIMIT);
	nipfs_disk_sink_free(writer);
}
END_TEST

START_TEST(finishes_only_what_is_complete)
{
	struct nipfs_disk_sink *writer = writer_at("u", &store);
	const struct nipfs_tree_sink sink = nipfs_disk_sink(writer);
	const struct nipfs_entry e = entry("", NIPFS_DIRECTORY);

	ck_assert_int_eq(nipfs_disk_sink_finish(writer, &err), NIPFS_E_USAGE);
	ck_assert_int_eq(access("u", F_OK), -1);
	ck_assert_int_eq(sink.enter(sink.ctx, &e, &err), 0);
	ck_assert_int_eq(nipfs_disk_sink_finish(writer, &err), NIPFS_E_USAGE);
	ck_assert_int_eq(sink.leave(sink.ctx, &err), 0);
	ck_assert_int_eq(nipfs_disk_sink_finish(writer, &err), 0);
	ck_assert_int_eq(nipfs_disk_sink_finish(writer, &err), NIPFS_E_USAGE);
	nipfs_disk_sink_free(writer);
	nipfs_disk_sink_free(NULL);
}
END_TEST

START_TEST(says_where_space_ran_out)
{
	const struct nipfs_entry e = entry("", NIPFS_FILE);
	const struct nipfs_span six = { .ptr = (const uint8_t *)"123456",
					.len = 6,
					.fd = -1 };
	struct rlimit small = { 4, 4 };
	struct nipfs_disk_sink *writer = writer_at("u", NULL);
	const struct nipfs_tree_sink sink = nipfs_disk_sink(writer);

	(void)signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
	ck_assert_int_eq(sink.file(sink.ctx, &e, &err), 0);
	ck_assert_int_eq(sink.bytes(sink.ctx, &six, &err), NIPFS_E_SYS);
	ck_assert_str_eq(err.msg, "cannot write 'u': File too large");
	nipfs_disk_sink_free(writer);
}
END_TEST

START_TEST(writes_deep_trees_with_few_descriptors)
{
	struct rlimit few = { 24, 24 };
	struct nipfs_disk_sink *writer = writer_at("u", _i ? &store : NULL);
	const struct nipfs_tree_sink sink = nipfs_disk_sink(writer);
	struct nipfs_entry e = entry("", NIPFS_DIRECTORY),
			   link = entry("e", NIPFS_SYMLINK);
	struct tree_log log;

	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	link.target = entry("x", NIPFS_FILE).name;
	for (unsigned int i = 0; i < 2000; i++) {
		ck_assert_int_eq(sink.enter(sink.ctx, &e, &err), 0);
		e = entry("d", NIPFS_DIRECTORY);
	}
	for (unsigned int i = 0; i < 2000; i++) {
		if (sink.symlink(sink.ctx, &link, &err) != 0 ||
		    sink.leave(sink.ctx, &err) != 0)
			ck_abort_msg("%s", err.msg);
	}
	ck_assert_int_eq(nipfs_disk_sink_finish(writer, &err), 0);
	nipfs_disk_sink_free(writer);
	log = log_of("u", false);
	ck_assert_uint_eq(log.events, 3 * 2000);
	tree_log_release(&log);
}
END_TEST

static Suite *disk_sink_suite(void)
{
	Suite *s = suite_create("disk_sink");
	TCase *tc = tcase_create("disk_sink");

	tcase_add_checked_fixture(tc, scratch_setup, scratch_teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, copies_odd_trees, 0, 2);
	tcase_add_loop_test(tc, store_objects_are_canonical, 0, 4);
	tcase_add_test(tc, store_objects_are_shut_until_they_are_finished);
	tcase_add_test(tc, store_objects_inherit_no_acl);
	tcase_add_loop_test(tc, plain_trees_follow_the_umask, 0, 2);
	tcase_add_test(tc, plain_trees_keep_metadata_where_it_is_asked_for);
	tcase_add_loop_test(tc, keeps_out_of_the_way_of_what_is_there, 0, 2);
	tcase_add_test(tc, takes_no_name_that_leads_out);
	tcase_add_test(tc, takes_no_target_that_can_not_be);
	tcase_add_test(tc, stops_at_the_limit);
	tcase_add_test(tc, finishes_only_what_is_complete);
	tcase_add_test(tc, says_where_space_ran_out);
	if (!under_valgrind())
		tcase_add_loop_test(tc, writes_deep_trees_with_few_descriptors, 0, 2);
	suite_add_tcase(s, tc);
	return s;
}

NIPFS_TEST_MAIN(disk_sink_suite)
