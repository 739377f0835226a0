/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an interrupted run left of a path: found, kept aside, and gone in the end. */
#include "tests/unit/lib/store_fixture.h"

#include "lib/nix/place.h"

/* The names that a path may have left; of a fresh placement. */
struct names {
	char temp[64], old[64];
	const char *base;
};

static struct names names_of(struct nipfs_store *store, const struct nipfs_path_info *info)
{
	struct nipfs_placement *p = NULL;
	struct names names = { .base = info->path.base };
	int dirfd;

	ck_assert_int_eq(nipfs_placement_begin(store, info, &p, NULL, NULL), 0);
	ck_assert_ptr_null(nipfs__placement_leftover(p, &dirfd));
	(void)snprintf(names.temp, sizeof(names.temp), "%s", p->temp_name);
	(void)snprintf(names.old, sizeof(names.old), "%s", p->old_name);
	nipfs_placement_abort(p);
	return names;
}

/* A tree with a file of so many bytes; 0: none. */
static void leave(const struct nipfs_store *store, const char *name, size_t bytes)
{
	const int dirfd = nipfs_store_dirfd(store);
	char file[100], *zeros = calloc(1, bytes + 1);

	ck_assert_int_eq(mkdirat(dirfd, name, 0700), 0);
	(void)snprintf(file, sizeof(file), "%s/file", name);
	if (bytes)
		write_file(dirfd, file, zeros, bytes);
	free(zeros);
}

static off_t left_bytes(const struct nipfs_store *store, const char *name)
{
	struct stat st;
	char file[100];

	(void)snprintf(file, sizeof(file), "%s/file", name);
	return fstatat(nipfs_store_dirfd(store), file, &st, 0) == 0 ? st.st_size : -1;
}

static struct nipfs_placement *begin_empty(struct nipfs_store *store,
					   const struct nipfs_path_info *info)
{
	struct nipfs_placement *p = NULL;
	struct nipfs_error err = { .msg = "" };
	const int r = nipfs_placement_begin(store, info, &p, NULL, &err);

	ck_assert_msg(r == 0, "%d %s", r, err.msg);
	return p;
}

static void write_tree(struct nipfs_placement *p)
{
	const struct nipfs_tree_sink sink = nipfs_placement_sink(p);
	const struct nipfs_entry entry = { .kind = NIPFS_FILE };

	ck_assert_int_eq(sink.file(sink.ctx, &entry, NULL), 0);
	ck_assert_int_eq(sink.file_end(sink.ctx, NULL), 0);
	ck_assert_int_eq(nipfs_placement_finish(p, NULL), 0);
}

/* Bytes that were left begun, kept aside and renamed; 0: an empty folder, -1: nothing. */
static const struct {
	int temp, old, base, best;
} cases[] = {
	{ 10, -1, -1, 10 }, { -1, 10, -1, 10 }, { -1, -1, 10, 10 }, { 5, 10, -1, 10 },
	{ 10, 5, -1, 10 },  { 3, 5, 10, 10 },	{ 0, 5, 0, 5 },	    { 0, -1, -1, -1 },
	{ 7, 7, 7, 7 },
};

START_TEST(the_tree_that_got_furthest_is_kept)
{
	struct nipfs_store *store = open_store(NIPFS_STORE_WRITE);
	struct nipfs_path_info info = describe("lib", NULL, 0);
	const struct names names = names_of(store, &info);
	struct nipfs_placement *p;
	int dirfd;

	if (cases[_i].temp >= 0)
		leave(store, names.temp, (size_t)cases[_i].temp);
	if (cases[_i].old >= 0)
		leave(store, names.old, (size_t)cases[_i].old);
	if (cases[_i].base >= 0)
		leave(store, names.base, (size_t)cases[_i].base);
	p = begin_empty(store, &info);
	ck_assert_str_eq(nipfs__placement_leftover(p, &dirfd), names.old);
	ck_assert_int_eq(dirfd, nipfs_store_dirfd(store));
	ck_assert_int_eq(left_bytes(store, names.old), cases[_i].best);
	ck_assert(!in_store(store, names.temp));
	ck_assert(!in_store(store, names.base));
	write_tree(p);
	/* complete: what was kept for it takes no room any more */
	ck_assert(!in_store(store, names.old));
	ck_assert_ptr_null(nipfs__placement_leftover(p, &dirfd));
	commit(p);
	ck_assert_int_eq(nipfs_store_is_valid(store, &info.path, NULL), 1);
	nipfs_path_info_release(&info);
	nipfs_store_close(store);
}
END_TEST

START_TEST(who_gives_up_leaves_nothing)
{
	struct nipfs_store *store = open_store(NIPFS_STORE_WRITE);
	struct nipfs_path_info info = describe("lib", NULL, 0);
	const struct names names = names_of(store, &info);
	struct nipfs_placement *p;

	leave(store, names.temp, 10);
	p = begin_empty(store, &info);
	ck_assert(in_store(store, names.old));
	nipfs_placement_abort(p);
	ck_assert(!in_store(store, names.old));
	ck_assert(!in_store(store, names.temp));
	nipfs_path_info_release(&info);
	nipfs_store_close(store);
}
END_TEST

START_TEST(who_will_come_again_leaves_what_there_is)
{
	struct nipfs_store *store = open_store(NIPFS_STORE_WRITE);
	struct nipfs_path_info info = describe("lib", NULL, 0);
	const struct names names = names_of(store, &info);
	struct nipfs_placement *p;
	char lock[300];

	leave(store, names.temp, 10);
	p = begin_empty(store, &info);
	leave(store, names.temp, 20);
	nipfs__placement_suspend(p);
	(void)snprintf(lock, sizeof(lock), "%s.lock", names.base);
	ck_assert(!in_store(store, lock));
	ck_assert_int_eq(left_bytes(store, names.old), 10);
	ck_assert_int_eq(left_bytes(store, names.temp), 20);
	p = begin_empty(store, &info);
	ck_assert_int_eq(left_bytes(store, names.old), 20);
	nipfs_placement_abort(p);
	nipfs_path_info_release(&info);
	nipfs_store_close(store);
}
END_TEST

START_TEST(odd_things_are_removed_in_the_end)
{
	struct nipfs_store *store = open_store(NIPFS_STORE_WRITE);
	const int dirfd = nipfs_store_dirfd(store);
	struct nipfs_path_info info = describe("lib", NULL, 0);
	const struct names names = names_of(store, &info);
	struct nipfs_placement *p;
	char inside[100];

	ck_assert_int_eq(symlinkat("/etc", dirfd, names.temp), 0);
	ck_assert_int_eq(mkfifoat(dirfd, names.base, 0600), 0);
	leave(store, names.old, 0);
	(void)snprintf(inside, sizeof(inside), "%s/fifo", names.old);
	ck_assert_int_eq(mkfifoat(dirfd, inside, 0600), 0);
	p = begin_empty(store, &info);
	ck_assert(!in_store(store, names.temp));
	ck_assert(!in_store(store, names.base));
	write_tree(p);
	commit(p);
	ck_assert(!in_store(store, names.old));
	ck_assert(exists("/etc"));
	nipfs_path_info_release(&info);
	nipfs_store_close(store);
}
END_TEST

static Suite *leftover_suite(void)
{
	Suite *s = suite_create("place_leftover");
	TCase *t = tcase_create("place_leftover");

	tcase_add_checked_fixture(t, enter_scratch, leave_scratch);
	tcase_add_loop_test(t, the_tree_that_got_furthest_is_kept, 0,
			    sizeof(cases) / sizeof(cases[0]));
	tcase_add_test(t, who_gives_up_leaves_nothing);
	tcase_add_test(t, who_will_come_again_leaves_what_there_is);
	tcase_add_test(t, odd_things_are_removed_in_the_end);
	suite_add_tcase(s, t);
	return s;
}

NIPFS_TEST_MAIN(leftover_suite)
