/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opening the index: where it is, what is refused, several processes at once, crashes. */
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "multiformats/base/slice.h"
#include "tests/support/stream.h"
#include "tests/unit/lib/index_fixture.h"

/* ---- the state folder ------------------------------------------------------------ */

static const struct {
	const char *own, *xdg, *home;
	const char *as_user, *as_root; /* NULL: refused */
} folders[] = {
	{ "/own", "/xdg", "/home/me", "/own", "/own" },
	{ NULL, "/xdg", "/home/me", "/xdg/nix-ipfs", "/var/lib/nix-ipfs" },
	{ "", "/xdg", "/home/me", "/xdg/nix-ipfs", "/var/lib/nix-ipfs" },
	{ NULL, "not/absolute", "/home/me", "/home/me/.local/state/nix-ipfs",
	  "/var/lib/nix-ipfs" },
	{ NULL, NULL, "/home/me", "/home/me/.local/state/nix-ipfs", "/var/lib/nix-ipfs" },
	{ NULL, NULL, NULL, NULL, "/var/lib/nix-ipfs" },
	{ "not/absolute", "/xdg", "/home/me", NULL, NULL },
};

static void set_or_unset(const char *name, const char *value)
{
	ck_assert_int_eq(value ? setenv(name, value, 1) : unsetenv(name), 0);
}

START_TEST(the_state_folder)
{
	const char *want = geteuid() == 0 ? folders[_i].as_root : folders[_i].as_user;
	struct nipfs_error err = { 0 };
	char *dir = NULL;

	set_or_unset("NIX_IPFS_STATE_DIR", folders[_i].own);
	set_or_unset("XDG_STATE_HOME", folders[_i].xdg);
	set_or_unset("HOME", folders[_i].home);
	if (want) {
		must(nipfs_state_dir(&dir, &err), &err);
		ck_assert_str_eq(dir, want);
		free(dir);
	} else {
		ck_assert_int_eq(nipfs_state_dir(&dir, &err), NIPFS_E_USAGE);
		ck_assert_ptr_null(dir);
	}
}
END_TEST

START_TEST(folders_are_made_and_remade)
{
	struct stat st;

	ck_assert_int_eq(stat("state/of/it/index.sqlite", &st), 0);
	ck_assert_int_eq(stat("state/of/it", &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, geteuid() == 0 ? 0755 : 0700);
	ck_assert_int_eq(setenv("NIX_IPFS_STATE_DIR", state, 1), 0);
	nipfs_index_close(test_index);
	ck_assert_int_eq(nipfs_index_open(&test_index, NULL, false, NULL), 0);
	nipfs_index_close(test_index);
	ck_assert_int_eq(system("rm -r state"), 0);
	ck_assert_int_eq(nipfs_index_open(&test_index, NULL, false, NULL),
			 NIPFS_E_NOTFOUND);
	ck_assert_int_eq(access("state", F_OK), -1);
	ck_assert_int_eq(nipfs_index_open(&test_index, "", true, NULL), NIPFS_E_USAGE);
	ck_assert_int_eq(nipfs_index_open(&test_index, NULL, true, NULL), 0);
}
END_TEST

START_TEST(the_folder_may_be_a_symlink)
{
	nipfs_index_close(test_index);
	test_index = NULL;
	ck_assert_int_eq(system("mv state elsewhere && ln -s elsewhere state"), 0);
	open_index();
	scratch_file(in_path(1, ""), "x", 0644);
	(void)add_path(1, 7, false);
	flush_index();
	ck_assert_uint_eq(count_served(), 1);
}
END_TEST

/* ---- what is refused ------------------------------------------------------------- */

static const struct {
	const char *sql;     /* what is done to the database */
	const char *command; /* or to the file */
	int code;
	const char *says;
} broken[] = {
	{ "pragma user_version = 2", NULL, NIPFS_E_UNSUPPORTED, "format 2" },
	{ "pragma user_version = 0", NULL, NIPFS_E_UNSUPPORTED, "format 0" },
	{ "pragma application_id = 7", NULL, NIPFS_E_INVALID, "no index of nix-ipfs" },
	{ NULL,
	  "rm state/of/it/index.sqlite* && echo hello, this is text and no database at "
	  "all"
	  " > state/of/it/index.sqlite",
	  NIPFS_E_INVALID, "remove it" },
	{ NULL,
	  "printf 'XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX' | dd of=state/of/it/index.sqlite "
	  "conv=notrunc status=none",
	  NIPFS_E_INVALID, "remove it" },
	{ NULL, "rm state/of/it/index.sqlite* && mkdir state/of/it/index.sqlite",
	  NIPFS_E_SYS, "" },
};

START_TEST(what_is_refused_is_named)
{
	struct nipfs_error err = { 0 };

	nipfs_index_close(test_index);
	test_index = NULL;
	if (broken[_i].sql)
		(void)run_sql(broken[_i].sql);
	else
		ck_assert_int_eq(system(broken[_i].command), 0);
	for (int create = 0; create < 2; create++) {
		const int code = nipfs_index_open(&test_index, state, create, &err);

		ck_assert_msg(code == broken[_i].code, "%d %s", code, err.msg);
		ck_assert_ptr_nonnull(strstr(err.msg, state));
		ck_assert_ptr_nonnull(strstr(err.msg, broken[_i].says));
	}
}
END_TEST

START_TEST(an_empty_file_becomes_an_index)
{
	nipfs_index_close(test_index);
	ck_assert_int_eq(system("rm state/of/it/* && touch state/of/it/index.sqlite"), 0);
	ck_assert_int_eq(nipfs_index_open(&test_index, state, false, NULL),
			 NIPFS_E_NOTFOUND);
	open_index();
	expect_nothing_left();
}
END_TEST

START_TEST(damage_inside_is_an_error_or_a_missing_block)
{
	struct nipfs_block_source *source = NULL;
	const struct nipfs_index_truth truth = { say_truth, NULL };
	struct nipfs_block block;
	struct nipfs_error err = { 0 };

	make_tree(1, 1);
	(void)add_path(1, 7, true);
	flush_index();
	nipfs_index_close(test_index);
	test_index = NULL;
	(void)run_sql("pragma wal_checkpoint(truncate)");
	ck_assert_int_eq(
	    system("f=state/of/it/index.sqlite; n=$(stat -c %s $f); i=4096; "
		   "while [ $i -lt $n ]; do head -c 1500 /dev/zero | tr '\\0' 'x' | "
		   "dd of=$f bs=1 seek=$((i + 500)) conv=notrunc status=none; "
		   "i=$((i + 4096)); done"),
	    0);
	/* whatever it finds, it says so or goes on, and gives no wrong block */
	if (nipfs_index_open(&test_index, state, true, &err) < 0)
		return;
	if (nipfs_index_source_new(&source, test_index, &truth, &err) < 0)
		return;
	for (size_t i = 0; i < added->n; i++) {
		const struct nipfs_want want = { memory_blocks_cid(added, i),
						 NIPFS_WANT_NODE, 0 };
		int code = source->ops->want(source, &want, 1, &err);

		ck_assert_int_eq(code, 0);
		code = source->ops->next(source, &block, &err);
		if (code < 0) {
			ck_assert_int_eq(code, NIPFS_E_INVALID);
			ck_assert_ptr_nonnull(strstr(err.msg, "remove it"));
		} else if (block.status == 0) {
			ck_assert_int_eq(
			    nipfs_cid_verify(&want.cid, nipfs__slice(block.bytes.ptr,
								     block.bytes.len)),
			    0);
		}
	}
	nipfs_block_source_free(source);
}
END_TEST

/* ---- several processes ----------------------------------------------------------- */

/* In a child: opens the index for itself. */
static void child_adds(unsigned int from, unsigned int to)
{
	nipfs_index_close(test_index);
	open_index();
	for (unsigned int n = from; n < to; n++) {
		(void)add_path(n, 7, n % 2);
		if (n % 3 == 0)
			flush_index();
	}
	flush_index();
	nipfs_index_close(test_index);
	_exit(0);
}

static pid_t fork_or_fail(void)
{
	const pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	return pid;
}

static void join(pid_t pid)
{
	int status;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

START_TEST(two_writers_and_a_reader)
{
	enum { EACH = 12 };
	pid_t pids[3];

	for (unsigned int n = 0; n < 3 * EACH; n++)
		make_small_tree(n, n);
	for (unsigned int i = 0; i < 3; i++) {
		pids[i] = fork_or_fail();
		if (pids[i] == 0)
			child_adds(i * EACH, (i + 1) * EACH);
	}
	/* all of them to the blocks that we know, while the others write */
	memset(truths, 7, 3 * EACH);
	for (unsigned int n = 0; n < EACH; n++)
		(void)add_path(n * 3, 7, true);
	(void)count_served();
	for (unsigned int i = 0; i < 3; i++)
		join(pids[i]);
	flush_index();
	ck_assert_uint_eq(get_stats().paths, 3 * EACH);
	ck_assert_uint_eq(count_served(), added->n);
	memset(truths, 0, sizeof(truths));
	ck_assert_int_eq(nipfs_index_prune(test_index, NULL, NULL, NULL, NULL, NULL), 0);
	ck_assert_uint_eq(get_stats().blocks,
			  (uint64_t)run_sql("select count(*) from blocks"));
	ck_assert_uint_eq(get_stats().nodes,
			  (uint64_t)run_sql("select count(*) from nodes"));
}
END_TEST

START_TEST(all_may_make_it_at_once)
{
	pid_t pids[6];

	nipfs_index_close(test_index);
	test_index = NULL;
	for (int round = 0; round < 5; round++) {
		ck_assert_int_eq(system("rm -r state"), 0);
		for (size_t i = 0; i < 6; i++) {
			pids[i] = fork_or_fail();
			if (pids[i] == 0) {
				open_index();
				_exit(0);
			}
		}
		for (size_t i = 0; i < 6; i++)
			join(pids[i]);
	}
	open_index();
	expect_nothing_left();
}
END_TEST

/* ---- crashes --------------------------------------------------------------------- */

/* In a child: records a closure of ever more nodes; tells @fd when some are in the
 * database. */
static void child_writes_until_killed(int fd)
{
	const struct nipfs_index_key key = path_key(1, 7);
	static uint8_t bytes[4096];
	const struct nipfs_span span = { .ptr = bytes, .len = sizeof(bytes), .fd = -1 };
	struct nipfs_index_writer *w = NULL;
	struct nipfs_block_sink sink;
	struct nipfs_error err = { 0 };

	nipfs_index_close(test_index);
	open_index();
	must(nipfs_index_writer_begin_closure(&w, test_index, &key, &err), &err);
	sink = nipfs_index_writer_block_sink(w);
	for (uint32_t i = 0;; i++) {
		struct nipfs_cid cid = {
			NIPFS_CODEC_RAW, NIPFS_HASH_SHA2_256, 1, 32, { 0 }
		};

		memcpy(cid.digest, &i, sizeof(i));
		must(sink.put(sink.ctx, &cid, &span, NULL, &err), &err);
		if (i % 1000 == 999) {
			flush_index();
			ck_assert_int_eq(write(fd, "x", 1), 1);
		}
	}
}

START_TEST(a_writer_that_dies_is_buried)
{
	char byte;
	int fds[2];
	pid_t pid;

	ck_assert_int_eq(pipe(fds), 0);
	pid = fork_or_fail();
	if (pid == 0)
		child_writes_until_killed(fds[1]);
	ck_assert_int_eq(read(fds[0], &byte, 1), 1);
	/* while it lives, opening and pruning leave it alone */
	nipfs_index_close(test_index);
	open_index();
	ck_assert_int_eq(nipfs_index_prune(test_index, NULL, NULL, NULL, NULL, NULL), 0);
	ck_assert_int_eq(run_sql("select count(*) from owners where complete = 0"), 1);
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	nipfs_index_close(test_index);
	open_index();
	ck_assert_int_eq(run_sql("select count(*) from owners"), 0);
	ck_assert(!get_stats().swept);
	ck_assert_int_eq(nipfs_index_prune(test_index, NULL, NULL, NULL, NULL, NULL), 0);
	expect_nothing_left();
}
END_TEST

START_TEST(killed_at_any_moment)
{
	const unsigned int rounds = 8 * (unsigned int)test_scale();

	scratch_file(in_path(1, ""), "x", 0644);
	for (unsigned int n = 2; n < 40; n++)
		make_small_tree(n, n);
	for (unsigned int i = 0; i < rounds; i++) {
		const pid_t pid = fork_or_fail();
		uint64_t paths;

		if (pid == 0)
			child_adds(2, 40);
		(void)usleep(1000 + i * 7919 % 150 * 1000);
		(void)kill(pid, SIGKILL);
		ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
		nipfs_index_close(test_index);
		open_index();
		ck_assert_int_eq(
		    run_sql("select count(*) from owners where complete = 0"), 0);
		/* what is whole is right, and more can be added */
		paths = get_stats().paths;
		(void)add_path(1, (uint8_t)(i + 1), false);
		flush_index();
		ck_assert_uint_eq(get_stats().paths, paths + (i == 0));
		ck_assert_uint_eq(get_stats().blocks,
				  (uint64_t)run_sql("select count(*) from blocks"));
	}
	memset(truths, 7, sizeof(truths));
	truths[1] = (uint8_t)rounds;
	for (unsigned int n = 2; n < 40; n++)
		(void)add_path(n, 7, n % 2);
	flush_index();
	ck_assert_uint_eq(count_served(), added->n);
	ck_assert_int_eq(nipfs_index_prune(test_index, NULL, NULL, NULL, NULL, NULL), 0);
	ck_assert_uint_eq(get_stats().blocks,
			  (uint64_t)run_sql("select count(*) from blocks"));
	ck_assert_uint_eq(get_stats().nodes,
			  (uint64_t)run_sql("select count(*) from nodes"));
	ck_assert_uint_eq(count_served(), added->n);
}
END_TEST

START_TEST(a_full_disk_is_an_error_and_no_harm)
{
	struct nipfs_error err = { 0 };
	int code;

	make_tree(1, 1);
	/* the limit on pages counts for each connection alone: a trigger fails them all
	 */
	(void)run_sql("create trigger full before insert on nodes begin"
		      " select raise(abort, 'full'); end");
	(void)add_path(1, 7, true);
	code = nipfs_index_flush(test_index, &err);
	ck_assert_int_lt(code, 0);
	ck_assert_ptr_nonnull(strstr(err.msg, "index.sqlite"));
	must(nipfs_index_flush(test_index, &err), &err);
	expect_nothing_left();
	(void)run_sql("drop trigger full");
	(void)add_path(1, 7, true);
	flush_index();
	ck_assert_uint_eq(count_served(), added->n);
}
END_TEST

static Suite *index_open_suite(void)
{
	Suite *s = suite_create("index_open");
	TCase *plain = tcase_create("folder"), *t = tcase_create("index_open");

	tcase_add_loop_test(plain, the_state_folder, 0,
			    sizeof(folders) / sizeof(folders[0]));
	suite_add_tcase(s, plain);
	tcase_set_timeout(t, 120 * (double)test_scale());
	tcase_add_checked_fixture(t, index_setup, index_teardown);
	tcase_add_test(t, folders_are_made_and_remade);
	tcase_add_test(t, the_folder_may_be_a_symlink);
	tcase_add_loop_test(t, what_is_refused_is_named, 0,
			    sizeof(broken) / sizeof(broken[0]));
	tcase_add_test(t, an_empty_file_becomes_an_index);
	tcase_add_test(t, damage_inside_is_an_error_or_a_missing_block);
	tcase_add_test(t, two_writers_and_a_reader);
	tcase_add_test(t, all_may_make_it_at_once);
	tcase_add_test(t, a_writer_that_dies_is_buried);
	tcase_add_test(t, killed_at_any_moment);
	tcase_add_test(t, a_full_disk_is_an_error_and_no_harm);
	suite_add_tcase(s, t);
	return s;
}

NIPFS_TEST_MAIN(index_open_suite)
