/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Trees on disk as tree events. */
#include "tests/support/check_main.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <nixipfs/block.h>
#include <nixipfs/disk.h>

#include "tests/support/scratch.h"
#include "tests/support/tree_log.h"

static const struct nipfs_tree_limits no_limits = NIPFS_TREE_LIMITS_NONE;
static const struct nipfs_tree_limits nix_limits = NIPFS_TREE_LIMITS_NIX;
static struct nipfs_error err;

static int read_tree(const char *path, const struct nipfs_disk_source_options *options,
		     const struct nipfs_tree_limits *limits, struct tree_log *log)
{
	const struct nipfs_tree_sink sink = tree_log_sink(log);

	memset(&err, 0, sizeof(err));
	return nipfs_disk_tree(AT_FDCWD, path, options, limits, &sink, &err);
}

/* The log of a tree that can be read. */
static void expect(const char *path, const struct nipfs_disk_source_options *options,
		   const char *text)
{
	struct tree_log log = { .ends = false };

	if (read_tree(path, options, &no_limits, &log) != 0)
		ck_abort_msg("%s", err.msg);
	ck_assert_str_eq(log.text, text);
	tree_log_release(&log);
}

static void expect_failure(const char *path, const struct nipfs_tree_limits *limits,
			   int code, const char *part)
{
	struct tree_log log = { .ends = false };

	ck_assert_int_eq(read_tree(path, NULL, limits, &log), code);
	ck_assert_int_eq(err.code, code);
	if (!strstr(err.msg, part))
		ck_abort_msg("'%s' is not in '%s'", part, err.msg);
	tree_log_release(&log);
}

START_TEST(gives_odd_trees_in_nar_order)
{
	char longest[256] = "t/";

	memset(longest + 2, 'n', 253);
	scratch_dir("t", 0755);
	scratch_dir("t/a", 0755);
	scratch_file("t/a/x", "", 0644);
	scratch_file("t/a-b", "1", 0644);
	scratch_file("t/a.b", "2", 0755);
	scratch_file("t/.hidden", "", 0600);
	scratch_file("t/new\nline", "3", 0604);
	scratch_file("t/quote\"d", "", 0644);
	scratch_file("t/\xff\xfe", "4", 0644);
	scratch_file("t/group-x", "", 0654);
	scratch_dir("t/empty", 0555);
	scratch_link("t/nowhere", "/no/where");
	scratch_link("t/up", "../..");
	scratch_cycle("t/zz", 65, 0644);
	expect("t", NULL,
	       "dir \"\"\n"
	       " file \".hidden\" \"\"\n"
	       " dir \"a\"\n"
	       "  file \"x\" \"\"\n"
	       " file \"a-b\" \"1\"\n"
	       " exec \"a.b\" \"2\"\n"
	       " dir \"empty\"\n"
	       " file \"group-x\" \"\"\n"
	       " file \"new\\x0aline\" \"3\"\n"
	       " link \"nowhere\" \"/no/where\"\n"
	       " file \"quote\\x22d\" \"\"\n"
	       " link \"up\" \"../..\"\n"
	       " file \"zz\" 65 e34f3f08399bd25f\n"
	       " file \"\\xff\\xfe\" \"4\"\n");
}
END_TEST

START_TEST(takes_any_kind_of_root)
{
	static const struct nipfs_disk_source_options follow = { .follow_root = true };

	scratch_file("f", "hello\n", 0644);
	scratch_file("x", "", 0700);
	scratch_dir("d", 0755);
	scratch_file("d/f", "", 0644);
	scratch_link("to-d", "d");
	scratch_link("loose", "nothing");
	expect("f", NULL, "file \"\" \"hello\\x0a\"\n");
	expect("x", NULL, "exec \"\" \"\"\n");
	expect("d/", NULL, "dir \"\"\n file \"f\" \"\"\n");
	expect(".//d/f", NULL, "file \"\" \"\"\n");
	expect("to-d", NULL, "link \"\" \"d\"\n");
	expect("loose", NULL, "link \"\" \"nothing\"\n");
	expect("to-d", &follow, "dir \"\"\n file \"f\" \"\"\n");
	expect("f", &follow, "file \"\" \"hello\\x0a\"\n");
	expect_failure("nothing", &no_limits, NIPFS_E_NOTFOUND,
		       "'nothing' does not exist");
	expect_failure("f/f", &no_limits, NIPFS_E_NOTFOUND, "'f/f' does not exist");
	expect_failure("", &no_limits, NIPFS_E_NOTFOUND, "'' does not exist");
}
END_TEST

START_TEST(follows_no_symlink_but_the_root)
{
	static const struct nipfs_disk_source_options follow = { .follow_root = true };
	struct tree_log log = { .ends = false };

	scratch_dir("d", 0755);
	scratch_link("d/l", "..");
	scratch_link("loose", "nothing");
	scratch_link("circle", "circle");
	expect("d", &follow, "dir \"\"\n link \"l\" \"..\"\n");
	ck_assert_int_eq(read_tree("loose", &follow, &no_limits, &log), NIPFS_E_NOTFOUND);
	ck_assert_int_eq(read_tree("circle", &follow, &no_limits, &log), NIPFS_E_SYS);
	ck_assert_int_eq(err.sys_errno, ELOOP);
	tree_log_release(&log);
}
END_TEST

START_TEST(is_relative_to_the_descriptor)
{
	struct tree_log log = { .ends = false };
	const struct nipfs_tree_sink sink = tree_log_sink(&log);
	int fd;

	scratch_dir("d", 0755);
	scratch_file("d/f", "1", 0644);
	fd = open("d", O_RDONLY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(nipfs_disk_tree(fd, "f", NULL, &no_limits, &sink, &err), 0);
	ck_assert_int_eq(nipfs_disk_tree(fd, ".", NULL, &no_limits, &sink, &err), 0);
	ck_assert_str_eq(log.text, "file \"\" \"1\"\ndir \"\"\n file \"f\" \"1\"\n");
	(void)close(fd);
	tree_log_release(&log);
}
END_TEST

START_TEST(options_choose_what_is_given)
{
	static const struct nipfs_disk_source_options hidden = { .skip_hidden = true };
	static const struct nipfs_disk_source_options metadata = { .metadata = true };
	static const struct nipfs_disk_source_options blind = { .metadata = true,
								.no_bytes = true };
	static const struct timespec when[2] = { { 5, 0 }, { 1234567890, 987654321 } };
	struct tree_log log = { .have = "f" };

	scratch_dir(".d", 0755);
	scratch_file(".d/f", "12", 04711);
	scratch_file(".d/.h", "", 0644);
	scratch_dir(".d/.hd", 0755);
	scratch_link(".d/l", "f");
	ck_assert_int_eq(utimensat(AT_FDCWD, ".d/f", when, 0), 0);
	ck_assert_int_eq(utimensat(AT_FDCWD, ".d/.h", when, 0), 0);
	ck_assert_int_eq(utimensat(AT_FDCWD, ".d/.hd", when, 0), 0);
	ck_assert_int_eq(utimensat(AT_FDCWD, ".d/l", when, AT_SYMLINK_NOFOLLOW), 0);
	ck_assert_int_eq(utimensat(AT_FDCWD, ".d", when, 0), 0);
	expect(".d", &hidden, "dir \"\"\n exec \"f\" \"12\"\n link \"l\" \"f\"\n");
	expect(".d", &metadata,
	       "dir \"\" 0755 1234567890.987654321\n"
	       " file \".h\" 0644 1234567890.987654321 \"\"\n"
	       " dir \".hd\" 0755 1234567890.987654321\n"
	       " exec \"f\" 4711 1234567890.987654321 \"12\"\n"
	       " link \"l\" \"f\" 0777 1234567890.987654321\n");
	/* without bytes, a file that has some needs a sink that does not miss them */
	ck_assert_int_eq(read_tree(".d/.h", &blind, &no_limits, &log), 0);
	ck_assert_int_eq(truncate(".d/f", 0), 0);
	ck_assert_int_eq(chmod(".d/f", 0), 0);
	ck_assert_int_eq(utimensat(AT_FDCWD, ".d/f", when, 0), 0);
	ck_assert_int_eq(read_tree(".d/f", &blind, &no_limits, &log), 0);
	ck_assert_str_eq(log.text, "file \"\" 0644 1234567890.987654321 \"\"\n"
				   "file \"\" 0000 1234567890.987654321 \"\"\n");
	tree_log_release(&log);
}
END_TEST

START_TEST(refuses_what_is_neither_file_nor_directory_nor_symlink)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "d/socket" };
	int fd;

	scratch_dir("d", 0755);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	ck_assert_int_eq(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	expect_failure("d", &no_limits, NIPFS_E_INVALID,
		       "'d/socket' is a socket: only files, directories and symlinks");
	expect_failure("d/socket", &no_limits, NIPFS_E_INVALID, "'d/socket' is a socket");
	(void)close(fd);
	ck_assert_int_eq(unlink("d/socket"), 0);
	ck_assert_int_eq(mkfifo("d/fifo", 0600), 0);
	expect_failure("d", &no_limits, NIPFS_E_INVALID, "'d/fifo' is a FIFO");
	expect_failure("d/fifo", &no_limits, NIPFS_E_INVALID, "'d/fifo' is a FIFO");
	expect_failure("/dev/null", &no_limits, NIPFS_E_INVALID,
		       "'/dev/null' is a device");
	expect_failure("/proc/version", &no_limits, NIPFS_E_CHANGED,
		       "grew while it was read");
}
END_TEST

START_TEST(limits_hold)
{
	struct nipfs_tree_limits limits = { .depth = 2, .empty_target = true };
	char target[4096];

	scratch_dir("d", 0755);
	scratch_dir("d/1", 0755);
	scratch_dir("d/1/2", 0755);
	memset(target, 't', sizeof(target));
	target[4095] = 0;
	scratch_link("d/long", target);
	expect_failure("d", &nix_limits, 0, "");
	limits.depth = 1;
	expect_failure("d", &limits, NIPFS_E_LIMIT,
		       "'d/1/2' lies more than 1 levels deep");
	limits.depth = 2;
	expect_failure("d", &limits, 0, "");
	limits.name_bytes = 3;
	expect_failure("d", &limits, NIPFS_E_LIMIT,
		       "'d/long' has a name of more than 3 bytes");
	limits.name_bytes = 4;
	limits.target_bytes = 4094;
	expect_failure("d", &limits, NIPFS_E_LIMIT,
		       "'d/long' is a symlink with too long a target");
	limits.target_bytes = 4095;
	expect_failure("d", &limits, 0, "");
}
END_TEST

START_TEST(leaves_out_what_the_sink_has_and_ends_where_it_fails)
{
	struct tree_log log = { .have = "a", .ends = true };
	unsigned int events;

	scratch_dir("d", 0755);
	scratch_dir("d/a", 0755);
	scratch_file("d/a/x", "1", 0644);
	scratch_file("d/b", "2", 0644);
	scratch_link("d/c", "3");
	ck_assert_int_eq(read_tree("d", NULL, &no_limits, &log), 0);
	ck_assert_str_eq(log.text, "dir \"\"\n dir \"a\"\n end\n file \"b\" \"2\"\n"
				   " link \"c\" \"3\"\nend\n");
	tree_log_release(&log);
	log.have = "b";
	ck_assert_int_eq(read_tree("d", NULL, &no_limits, &log), 0);
	ck_assert_str_eq(log.text,
			 "dir \"\"\n dir \"a\"\n  file \"x\" \"1\"\n file \"b\" had\n"
			 " link \"c\" \"3\"\n");
	events = log.events;
	tree_log_release(&log);
	for (unsigned int i = 1; i <= events; i++) {
		log.have = "b";
		log.fail_at = i;
		ck_assert_int_eq(read_tree("d", NULL, &no_limits, &log),
				 NIPFS_E_CANCELLED);
		ck_assert_uint_eq(log.events, i);
		tree_log_release(&log);
	}
}
END_TEST

/* ---- large ---- */

START_TEST(sorts_a_large_directory)
{
	struct tree_log log = { .ends = false };
	char name[32];

	scratch_dir("d", 0755);
	for (unsigned int i = 0; i < 20000; i++) {
		(void)snprintf(name, sizeof(name), "d/%u", i * 7919 % 20000);
		/* a new name of the same file costs less than a new file */
		if (i == 0)
			scratch_file(name, "", 0644);
		else
			ck_assert_int_eq(link("d/0", name), 0);
	}
	/* the log checks the order */
	ck_assert_int_eq(read_tree("d", NULL, &no_limits, &log), 0);
	ck_assert_uint_eq(log.events, 2 * 20000 + 2);
	tree_log_release(&log);
}
END_TEST

enum { LEVELS = 2000 };

/* Makes d/d/d/…, and in the deepest a file. */
static void make_deep(void)
{
	int at = open(".", O_RDONLY | O_CLOEXEC);

	for (unsigned int i = 0; i < LEVELS; i++) {
		int next;

		ck_assert_int_eq(mkdirat(at, "d", 0755), 0);
		/* something to come back to on the way up */
		ck_assert_int_eq(symlinkat("x", at, "e"), 0);
		next = openat(at, "d", O_RDONLY | O_CLOEXEC);
		ck_assert_int_ge(next, 0);
		(void)close(at);
		at = next;
	}
	(void)close(at);
}

START_TEST(goes_deeper_than_descriptors_last)
{
	struct rlimit few = { 24, 24 };
	struct tree_log log = { .ends = false };

	make_deep();
	if (_i == 1)
		ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	ck_assert_int_eq(read_tree("d", NULL, &no_limits, &log), 0);
	ck_assert_uint_eq(log.events, 2 * LEVELS + LEVELS - 1);
	tree_log_release(&log);
	ck_assert_int_eq(read_tree("d", NULL, &nix_limits, &log), NIPFS_E_LIMIT);
	ck_assert_ptr_nonnull(strstr(err.msg, "lies more than 63 levels deep"));
	tree_log_release(&log);
}
END_TEST

/* ---- bytes ---- */

/* Keeps the slabs of all spans, and looks at the bytes only at the end. */
struct keeper {
	struct nipfs_span spans[64];
	size_t n;
	uint64_t total;
};

static int keep_bytes(void *ctx, const struct nipfs_span *bytes, struct nipfs_error *e)
{
	struct keeper *k = ctx;

	(void)e;
	ck_assert_uint_lt(k->n, 64);
	ck_assert_ptr_nonnull(nipfs_slab_ref(bytes->slab));
	ck_assert_uint_eq(bytes->offset, k->total % (1 << 20) ? 0 : k->total);
	k->spans[k->n++] = *bytes;
	k->total += bytes->len;
	return 0;
}

static int count_bytes(void *ctx, const struct nipfs_span *bytes, struct nipfs_error *e)
{
	(void)e;
	*(uint64_t *)ctx += bytes->len;
	return 0;
}

static int ignore_entry(void *ctx, const struct nipfs_entry *entry, struct nipfs_error *e)
{
	(void)ctx;
	(void)entry;
	(void)e;
	return 0;
}

static int ignore_end(void *ctx, struct nipfs_error *e)
{
	(void)ctx;
	(void)e;
	return 0;
}

START_TEST(sinks_may_keep_bytes)
{
	struct keeper k = { .n = 0 };
	const struct nipfs_tree_sink sink = {
		ignore_entry, ignore_end, ignore_entry, keep_bytes, ignore_end,
		ignore_entry, &k
	};
	uint64_t at = 0;

	scratch_cycle("f", (22 << 20) + 17, 0644);
	ck_assert_int_eq(nipfs_disk_tree(AT_FDCWD, "f", NULL, &no_limits, &sink, &err),
			 0);
	ck_assert_uint_eq(k.total, (22 << 20) + 17);
	ck_assert_uint_eq(k.n, 23);
	for (size_t i = 0; i < k.n; i++) {
		for (size_t j = 0; j < k.spans[i].len; j++, at++)
			if (k.spans[i].ptr[j] != at % 251)
				ck_abort_msg("byte %llu is wrong",
					     (unsigned long long)at);
		nipfs_slab_unref(k.spans[i].slab);
	}
}
END_TEST

START_TEST(edges_of_pieces)
{
	static const size_t sizes[] = {
		1,	 (1 << 20) - 1, 1 << 20, (1 << 20) + 1, (4 << 20) - 1,
		4 << 20, (4 << 20) + 1
	};
	struct tree_log log = { .ends = false };
	char expected[128];
	uint64_t hash = 0xcbf29ce484222325;

	for (size_t i = 0; i < sizes[_i]; i++)
		hash = (hash ^ i % 251) * 0x100000001b3;
	scratch_cycle("f", sizes[_i], 0644);
	ck_assert_int_eq(read_tree("f", NULL, &no_limits, &log), 0);
	(void)snprintf(expected, sizeof(expected), "file \"\" %zu %016llx\n", sizes[_i],
		       (unsigned long long)hash);
	ck_assert_str_eq(log.text, sizes[_i] == 1 ? "file \"\" \"\\x00\"\n" : expected);
	ck_assert_uint_eq(log.spans, (sizes[_i] + (1 << 20) - 1) >> 20);
	ck_assert_uint_eq(log.spans_unaligned, 0);
	ck_assert_uint_eq(log.spans_fd, log.spans);
	tree_log_release(&log);
}
END_TEST

START_TEST(reads_a_large_sparse_file_in_flat_memory)
{
	uint64_t total = 0;
	const struct nipfs_tree_sink sink = { ignore_entry, ignore_end, ignore_entry,
					      count_bytes,  ignore_end, ignore_entry,
					      &total };
	struct rusage usage;

	scratch_file("f", "", 0644);
	ck_assert_int_eq(truncate("f", (off_t)320 << 20), 0);
	ck_assert_int_eq(nipfs_disk_tree(AT_FDCWD, "f", NULL, &no_limits, &sink, &err),
			 0);
	ck_assert_uint_eq(total, (uint64_t)320 << 20);
	ck_assert_int_eq(getrusage(RUSAGE_SELF, &usage), 0);
	/* KiB; a sanitizer takes its own, and still less than the file has */
	ck_assert_int_lt(usage.ru_maxrss, 160 * 1024);
}
END_TEST

/* ---- what changes meanwhile ---- */

/* Does something to the disk when the file `b` begins. */
struct meddler {
	void (*act)(void);
	const char *part;
};

static int meddle(void *ctx, const struct nipfs_entry *entry, struct nipfs_error *e)
{
	const struct meddler *m = ctx;

	(void)e;
	if (entry->name.len == 1 && entry->name.ptr[0] == 'b')
		m->act();
	return 0;
}

static int ignore_bytes(void *ctx, const struct nipfs_span *bytes, struct nipfs_error *e)
{
	(void)ctx;
	(void)bytes;
	(void)e;
	return 0;
}

static void shrink(void)
{
	ck_assert_int_eq(truncate("d/b", 2), 0);
}

static void grow(void)
{
	ck_assert_int_eq(truncate("d/b", 4), 0);
}

static void remove_next(void)
{
	ck_assert_int_eq(unlink("d/c"), 0);
}

static void make_next_a_symlink(void)
{
	remove_next();
	scratch_link("d/c", "b");
}

static void make_next_a_fifo(void)
{
	remove_next();
	ck_assert_int_eq(mkfifo("d/c", 0644), 0);
}

static void make_next_a_directory(void)
{
	remove_next();
	scratch_dir("d/c", 0755);
}

static void make_directory_a_symlink(void)
{
	ck_assert_int_eq(rmdir("d/e"), 0);
	scratch_link("d/e", "..");
}

static void make_symlink_a_file(void)
{
	ck_assert_int_eq(unlink("d/f"), 0);
	scratch_file("d/f", "", 0644);
}

static const struct meddler meddlers[] = {
	{ shrink, "'d/b' shrank while it was read" },
	{ grow, "'d/b' grew while it was read" },
	{ remove_next, "'d/c' changed while the tree was read" },
	{ make_next_a_symlink, "'d/c' changed while the tree was read" },
	{ make_next_a_fifo, "'d/c' changed while the tree was read" },
	{ make_next_a_directory, "'d/c' changed while the tree was read" },
	{ make_directory_a_symlink, "'d/e' changed while the tree was read" },
	{ make_symlink_a_file, "'d/f' changed while the tree was read" },
};

START_TEST(notices_what_changes)
{
	struct meddler m = meddlers[_i];
	const struct nipfs_tree_sink sink = {
		ignore_entry, ignore_end,   meddle, ignore_bytes,
		ignore_end,   ignore_entry, &m
	};

	scratch_dir("d", 0755);
	scratch_file("d/b", "bbb", 0644);
	scratch_file("d/c", "", 0644);
	scratch_dir("d/e", 0755);
	scratch_link("d/f", "x");
	ck_assert_int_eq(nipfs_disk_tree(AT_FDCWD, "d", NULL, &no_limits, &sink, &err),
			 NIPFS_E_CHANGED);
	ck_assert_str_eq(err.msg, m.part);
}
END_TEST

/* Moves a directory away from above, so that its ".." leads elsewhere. */
static int move_at_bottom(void *ctx, const struct nipfs_entry *entry,
			  struct nipfs_error *e)
{
	unsigned int *level = ctx;

	(void)entry;
	(void)e;
	if (++*level == LEVELS)
		ck_assert_int_eq(rename("d/d/d/d/d", "moved"), 0);
	return 0;
}

START_TEST(notices_a_directory_that_moves_while_its_parent_is_closed)
{
	unsigned int level = 0;
	const struct nipfs_tree_sink sink = { move_at_bottom, ignore_end, ignore_entry,
					      ignore_bytes,   ignore_end, ignore_entry,
					      &level };

	make_deep();
	ck_assert_int_eq(nipfs_disk_tree(AT_FDCWD, "d", NULL, &no_limits, &sink, &err),
			 NIPFS_E_CHANGED);
	ck_assert_str_eq(err.msg, "'d/d/d/d/d' was moved away meanwhile");
}
END_TEST

START_TEST(messages_stay_in_one_line)
{
	char long_name[256];

	memset(long_name, 'n', 255);
	long_name[255] = 0;
	scratch_dir("d\nd", 0755);
	scratch_dir("d\nd/1", 0755);
	ck_assert_int_eq(chdir("d\nd/1"), 0);
	for (int i = 0; i < 4; i++) {
		scratch_dir(long_name, 0755);
		ck_assert_int_eq(chdir(long_name), 0);
	}
	ck_assert_int_eq(mkfifo("the end", 0644), 0);
	ck_assert_int_eq(chdir("../../../../../.."), 0);
	expect_failure("d\nd", &no_limits, NIPFS_E_INVALID, "[...]");
	ck_assert_int_eq(strncmp(err.msg, "'d?d/1/nnn", 10), 0);
	ck_assert_ptr_nonnull(strstr(
	    err.msg, "n/the end' is a FIFO: only files, directories and symlinks"));
}
END_TEST

static Suite *disk_source_suite(void)
{
	Suite *s = suite_create("disk_source");
	TCase *tc = tcase_create("disk_source");

	tcase_add_checked_fixture(tc, scratch_setup, scratch_teardown);
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, gives_odd_trees_in_nar_order);
	tcase_add_test(tc, takes_any_kind_of_root);
	tcase_add_test(tc, follows_no_symlink_but_the_root);
	tcase_add_test(tc, is_relative_to_the_descriptor);
	tcase_add_test(tc, options_choose_what_is_given);
	tcase_add_test(tc, refuses_what_is_neither_file_nor_directory_nor_symlink);
	tcase_add_test(tc, limits_hold);
	tcase_add_test(tc, leaves_out_what_the_sink_has_and_ends_where_it_fails);
	if (!under_valgrind())
		tcase_add_test(tc, sorts_a_large_directory);
	if (!under_valgrind())
		tcase_add_loop_test(tc, goes_deeper_than_descriptors_last, 0, 2);
	tcase_add_test(tc, sinks_may_keep_bytes);
	tcase_add_loop_test(tc, edges_of_pieces, 0, 7);
	if (!under_valgrind())
		tcase_add_test(tc, reads_a_large_sparse_file_in_flat_memory);
	tcase_add_loop_test(tc, notices_what_changes, 0,
			    sizeof(meddlers) / sizeof(meddlers[0]));
	if (!under_valgrind())
		tcase_add_test(tc, notices_a_directory_that_moves_while_its_parent_is_closed);
	tcase_add_test(tc, messages_stay_in_one_line);
	suite_add_tcase(s, tc);
	return s;
}

NIPFS_TEST_MAIN(disk_source_suite)
