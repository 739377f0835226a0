/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Paths on their way into a store: placed, given up, interrupted, in each other's way. */
#include <errno.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/wait.h>

#include <nixipfs/progress.h>

#include "tests/unit/lib/store_fixture.h"

/* Nothing in the store folder matches a pattern. */
static void check_none(const struct nipfs_store *store, const char *pattern)
{
	char command[PATH_MAX + 64];

	(void)snprintf(command, sizeof(command), "test -z \"$(find %s -name '%s')\"",
		       nipfs_store_real_dir(store), pattern);
	ck_assert_int_eq(system(command), 0);
}

static void check_tidy(const struct nipfs_store *store)
{
	check_none(store, "*.lock");
	check_none(store, "*.tmp");
	check_none(store, "*.old");
}

START_TEST(places_a_path_and_leaves_nothing_else)
{
	struct nipfs_store *store = open_store(NIPFS_STORE_WRITE);
	struct nipfs_path_info info = describe("lib", NULL, 0);
	struct nipfs_placement *p = begin(store, &info);
	char lock[300];

	(void)snprintf(lock, sizeof(lock), "%s.lock", info.path.base);
	ck_assert(in_store(store, lock));
	ck_assert(in_store(store, p->temp_name));
	ck_assert(!in_store(store, info.path.base));
	ck_assert_mem_eq(p->temp_name, info.path.base, NIPFS_STORE_HASH_LEN);
	ck_assert_int_eq(nipfs_store_is_valid(store, &info.path, NULL), 0);
	commit(p);
	ck_assert(in_store(store, info.path.base));
	ck_assert_int_eq(nipfs_store_is_valid(store, &info.path, NULL), 1);
	check_tidy(store);
	nipfs_store_close(store);
}
END_TEST

START_TEST(gives_up_without_a_trace)
{
	struct nipfs_store *store = open_store(NIPFS_STORE_WRITE);
	struct nipfs_path_info info = describe("lib", NULL, 0);

	nipfs_placement_abort(begin(store, &info));
	nipfs_placement_abort(NULL);
	ck_assert(!in_store(store, info.path.base));
	ck_assert_int_eq(nipfs_store_is_valid(store, &info.path, NULL), 0);
	check_tidy(store);
	commit(begin(store, &info));
	nipfs_store_close(store);
}
END_TEST

START_TEST(says_what_is_there_already)
{
	struct nipfs_store *store = open_store(NIPFS_STORE_WRITE);
	struct nipfs_path_info info = describe("lib", NULL, 0), other = describe("lib", NULL, 0);
	struct nipfs_placement *p = NULL;
	uint8_t have[32] = { 0 };

	commit(begin(store, &info));
	other.nar_hash[0] ^= 1;
	ck_assert_int_eq(nipfs_placement_begin(store, &other, &p, have, NULL),
			 NIPFS_PLACEMENT_VALID);
	ck_assert_mem_eq(have, info.nar_hash, 32);
	ck_assert_int_eq(nipfs_placement_begin(store, &other, &p, NULL, NULL),
			 NIPFS_PLACEMENT_VALID);
	ck_assert_ptr_null(p);
	check_tidy(store);
	nipfs_store_close(store);
}
END_TEST

START_TEST(needs_its_references)
{
	struct nipfs_store *store = open_store(NIPFS_STORE_WRITE);
	struct nipfs_path_info lib = describe("lib", NULL, 0), app = describe("app", &lib.path, 1);
	struct nipfs_placement *p = NULL, *batch[2];
	struct nipfs_error err = { .code = 0 };

	ck_assert_int_eq(nipfs_placement_begin(store, &app, &p, NULL, &err), NIPFS_E_NOTFOUND);
	ck_assert_ptr_nonnull(strstr(err.msg, lib.path.base));
	check_tidy(store);
	/* One that is on its way counts; but it must come first. */
	batch[0] = begin(store, &lib);
	batch[1] = begin(store, &app);
	ck_assert_int_eq(nipfs_placement_commit(&batch[1], 1, &err), NIPFS_E_NOTFOUND);
	ck_assert_int_eq(nipfs_store_is_valid(store, &app.path, NULL), 0);
	ck_assert(!in_store(store, app.path.base));
	batch[1] = begin(store, &app);
	ck_assert_int_eq(nipfs_placement_commit(batch, 2, &err), 0);
	ck_assert_int_eq(nipfs_store_is_valid(store, &app.path, NULL), 1);
	check_tidy(store);
	nipfs_path_info_release(&app);
	nipfs_store_close(store);
}
END_TEST

START_TEST(commits_all_or_none)
{
	struct nipfs_store *store = open_store(NIPFS_STORE_WRITE);
	struct nipfs_path_info one = describe("one", NULL, 0), two = describe("two", NULL, 0);
	struct nipfs_placement *batch[2] = { begin(store, &one), begin(store, &two) };
	struct nipfs_error err = { .code = 0 };

	ck_assert_int_eq(unlinkat(nipfs_store_dirfd(store), batch[1]->temp_name, 0), 0);
	ck_assert_int_eq(nipfs_placement_commit(batch, 2, &err), NIPFS_E_NOTFOUND);
	ck_assert_ptr_nonnull(strstr(err.msg, two.path.base));
	ck_assert(!in_store(store, one.path.base) && !in_store(store, two.path.base));
	ck_assert_int_eq(nipfs_store_is_valid(store, &one.path, NULL), 0);
	check_tidy(store);
	nipfs_store_close(store);
}
END_TEST

START_TEST(removes_what_an_interrupted_run_left)
{
	struct nipfs_store *store = open_store(NIPFS_STORE_WRITE);
	const int dirfd = nipfs_store_dirfd(store);
	struct nipfs_path_info info = describe("lib", NULL, 0);
	struct nipfs_placement *p = begin(store, &info);
	char temp[64], inner[400];
	struct stat st;

	(void)snprintf(temp, sizeof(temp), "%s", p->temp_name);
	nipfs_placement_abort(p);
	ck_assert_int_eq(mkdirat(dirfd, temp, 0755), 0);
	ck_assert_int_eq(mkdirat(dirfd, info.path.base, 0755), 0);
	(void)snprintf(inner, sizeof(inner), "%s/deep", info.path.base);
	ck_assert_int_eq(mkdirat(dirfd, inner, 0555), 0);
	ck_assert_int_eq(fchmodat(dirfd, info.path.base, 0555, 0), 0);
	(void)snprintf(inner, sizeof(inner), "%s.lock", info.path.base);
	write_file(dirfd, inner, "", 0);
	commit(begin(store, &info));
	ck_assert_int_eq(fstatat(dirfd, info.path.base, &st, 0), 0);
	ck_assert(S_ISREG(st.st_mode));
	check_tidy(store);
	nipfs_store_close(store);
}
END_TEST

/* Another process (here: another descriptor) has the lock. */
static int foreign_lock(const struct nipfs_store *store, const struct nipfs_path_info *info)
{
	char lock[300];
	int fd;

	(void)snprintf(lock, sizeof(lock), "%s.lock", info->path.base);
	fd = openat(nipfs_store_dirfd(store), lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	ck_assert_int_eq(flock(fd, LOCK_EX | LOCK_NB), 0);
	return fd;
}

START_TEST(waits_for_nobody_while_it_holds_a_lock)
{
	struct nipfs_store *store = open_store(NIPFS_STORE_WRITE);
	struct nipfs_path_info one = describe("one", NULL, 0), two = describe("two", NULL, 0);
	struct nipfs_placement *first = begin(store, &one), *p = NULL;
	const int fd = foreign_lock(store, &two);

	ck_assert_int_eq(nipfs_placement_begin(store, &two, &p, NULL, NULL),
			 NIPFS_PLACEMENT_BUSY);
	ck_assert_int_eq(nipfs_placement_begin(store, &one, &p, NULL, NULL),
			 NIPFS_PLACEMENT_BUSY);
	ck_assert_ptr_null(p);
	commit(first);
	(void)close(fd);
	commit(begin(store, &two));
	check_tidy(store);
	nipfs_store_close(store);
}
END_TEST

static void cancel_wait(void *ctx, const char *message)
{
	(void)message;
	++*(int *)ctx;
	nipfs_cancel();
}

START_TEST(waits_for_a_lock_when_it_holds_none)
{
	int told = 0;
	const struct nipfs_store_options options = { .uri = at("root"),
						     .access = NIPFS_STORE_WRITE,
						     .create = true,
						     .waiting = cancel_wait,
						     .ctx = &told };
	struct nipfs_path_info info = describe("lib", NULL, 0);
	struct nipfs_placement *p = NULL;
	struct nipfs_store *store = NULL;
	struct nipfs_error err = { .code = 0 };
	int fd;

	ck_assert_int_eq(nipfs_store_open(&store, &options, &err), 0);
	fd = foreign_lock(store, &info);
	ck_assert_int_eq(nipfs_placement_begin(store, &info, &p, NULL, &err),
			 NIPFS_E_CANCELLED);
	nipfs_cancel_reset();
	ck_assert_int_eq(told, 1);
	(void)close(fd);
	commit(begin(store, &info));
	nipfs_store_close(store);
}
END_TEST

/* Whoever held the lock has removed the file: a lock on it is worth nothing. */
START_TEST(does_not_take_a_stale_lock_for_one)
{
	struct nipfs_store *store = open_store(NIPFS_STORE_WRITE);
	struct nipfs_path_info info = describe("lib", NULL, 0);
	char lock[300];
	const int fd = foreign_lock(store, &info);
	pid_t child;
	int status;

	(void)snprintf(lock, sizeof(lock), "%s.lock", info.path.base);
	child = fork();
	if (child == 0) {
		/* the protocol of Nix: unlink, mark, let go */
		(void)usleep(100000);
		(void)unlinkat(nipfs_store_dirfd(store), lock, 0);
		_exit(write(fd, "d", 1) == 1 ? 0 : 1);
	}
	(void)close(fd);
	commit(begin(store, &info));
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	check_tidy(store);
	nipfs_store_close(store);
}
END_TEST

START_TEST(has_a_limit_of_placements)
{
	struct nipfs_store *store = open_store(NIPFS_STORE_WRITE);
	struct nipfs_placement *batch[NIPFS_PLACEMENTS_MAX], *p = NULL;
	struct nipfs_path_info info;
	char name[16];

	for (int i = 0; i < NIPFS_PLACEMENTS_MAX; i++) {
		(void)snprintf(name, sizeof(name), "p%d", i);
		info = describe(name, NULL, 0);
		batch[i] = begin(store, &info);
	}
	info = describe("more", NULL, 0);
	ck_assert_int_eq(nipfs_placement_begin(store, &info, &p, NULL, NULL),
			 NIPFS_PLACEMENT_BUSY);
	ck_assert_int_eq(nipfs_placement_commit(batch, NIPFS_PLACEMENTS_MAX, NULL), 0);
	commit(begin(store, &info));
	check_tidy(store);
	nipfs_store_close(store);
}
END_TEST

START_TEST(places_nothing_in_a_store_that_is_read)
{
	struct nipfs_store *store;
	struct nipfs_path_info info = describe("lib", NULL, 0);
	struct nipfs_placement *p = NULL;

	nipfs_store_close(open_store(NIPFS_STORE_WRITE));
	store = open_store(NIPFS_STORE_READ);
	ck_assert_int_eq(nipfs_placement_begin(store, &info, &p, NULL, NULL), NIPFS_E_USAGE);
	nipfs_store_close(store);
}
END_TEST

/* Two processes with the same paths in opposite orders, and some killed in between. */
static void place_many(int turn, bool backwards)
{
	struct nipfs_store *store = open_store(NIPFS_STORE_WRITE);
	struct nipfs_placement *batch[8];
	size_t n = 0;

	for (int i = 0; i < 24; i++) {
		char name[16];
		struct nipfs_path_info info;
		int r;

		(void)snprintf(name, sizeof(name), "t%d-%d", turn, backwards ? 23 - i : i);
		info = describe(name, NULL, 0);
		while ((r = n < 8 ? nipfs_placement_begin(store, &info, &batch[n], NULL, NULL) :
				    NIPFS_PLACEMENT_BUSY) == NIPFS_PLACEMENT_BUSY) {
			ck_assert_uint_gt(n, 0);
			ck_assert_int_eq(nipfs_placement_commit(batch, n, NULL), 0);
			n = 0;
		}
		ck_assert_int_ge(r, 0);
		if (r == 0) {
			write_file(nipfs_store_dirfd(store),
				   batch[n]->temp_name, name, strlen(name));
			n++;
		}
	}
	if (n)
		ck_assert_int_eq(nipfs_placement_commit(batch, n, NULL), 0);
	nipfs_store_close(store);
}

START_TEST(survives_others_and_kills)
{
	enum { CHILDREN = 3, TURNS = 6 };
	struct nipfs_store *store;

	nipfs_store_close(open_store(NIPFS_STORE_WRITE));
	for (int turn = 0; turn < TURNS; turn++) {
		pid_t children[CHILDREN];

		for (int i = 0; i < CHILDREN; i++) {
			children[i] = fork();
			if (children[i] == 0) {
				place_many(turn, i % 2);
				_exit(0);
			}
		}
		(void)usleep((unsigned int)(1000 * (turn * turn + 1)));
		(void)kill(children[0], SIGKILL);
		for (int i = 0; i < CHILDREN; i++) {
			int status;

			ck_assert_int_eq(waitpid(children[i], &status, 0), children[i]);
			ck_assert(i == 0 || status == 0);
		}
		place_many(turn, false);
	}
	store = open_store(NIPFS_STORE_READ);
	for (int i = 0; i < TURNS * 24; i++) {
		char name[16];
		struct nipfs_path_info info;

		(void)snprintf(name, sizeof(name), "t%d-%d", i / 24, i % 24);
		info = describe(name, NULL, 0);
		ck_assert_int_eq(nipfs_store_is_valid(store, &info.path, NULL), 1);
		ck_assert(in_store(store, info.path.base));
	}
	/* A lock file of the killed may be left beside a valid path; a collector takes it. */
	check_none(store, "*.tmp");
	check_none(store, "*.old");
	nipfs_store_close(store);
}
END_TEST

static Suite *place_suite(void)
{
	Suite *suite = suite_create("placing store paths");
	TCase *tc = tcase_create("place");

	tcase_add_checked_fixture(tc, enter_scratch, leave_scratch);
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, places_a_path_and_leaves_nothing_else);
	tcase_add_test(tc, gives_up_without_a_trace);
	tcase_add_test(tc, says_what_is_there_already);
	tcase_add_test(tc, needs_its_references);
	tcase_add_test(tc, commits_all_or_none);
	tcase_add_test(tc, removes_what_an_interrupted_run_left);
	tcase_add_test(tc, waits_for_nobody_while_it_holds_a_lock);
	tcase_add_test(tc, waits_for_a_lock_when_it_holds_none);
	tcase_add_test(tc, does_not_take_a_stale_lock_for_one);
	tcase_add_test(tc, has_a_limit_of_placements);
	tcase_add_test(tc, places_nothing_in_a_store_that_is_read);
	tcase_add_test(tc, survives_others_and_kills);
	suite_add_tcase(suite, tc);
	return suite;
}

NIPFS_TEST_MAIN(place_suite)
