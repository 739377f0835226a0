/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Trees that become store paths: which ones, and that nothing stays of a failure. */
#include <nixipfs/add_tree.h>

#include "tests/support/feed_tree.h"
#include "tests/unit/lib/store_fixture.h"

/* The tree of the vector of Nix: its NAR hash and path are known. */
static const struct tree_step tree[] = {
	TREE_DIR(NULL),
	TREE_FILE("a", "a"),
	TREE_DIR("bin"),
	TREE_FILE("hi", "#!/bin/sh\necho hi\n", .mode = 0755),
	TREE_UP,
	TREE_DIR("empty"),
	TREE_UP,
	TREE_LINK("link", "bin/hi"),
	TREE_FILE("zero", ""),
	TREE_UP,
	TREE_END,
};

static int feed(void *ctx, const struct nipfs_tree_sink *sink, struct nipfs_error *err)
{
	return feed_tree(sink, ctx ? ctx : tree, 7, err);
}

static int feed_and_fail(void *ctx, const struct nipfs_tree_sink *sink, struct nipfs_error *err)
{
	const int r = feed_tree(sink, tree, 7, err);

	ck_assert_int_eq(r, 0);
	return *(const int *)ctx;
}

static int feed_half(void *ctx, const struct nipfs_tree_sink *sink, struct nipfs_error *err)
{
	(void)ctx;
	return feed_tree(sink, (struct tree_step[]){ TREE_DIR(NULL), TREE_END }, 7, err);
}

static size_t count_entries(const struct nipfs_store *store)
{
	char command[PATH_MAX + 64];
	FILE *pipe;
	size_t n = 0;
	int c;

	(void)snprintf(command, sizeof(command), "find %s -mindepth 1 -maxdepth 1 ! -name .links",
		       nipfs_store_real_dir(store));
	pipe = popen(command, "r");
	ck_assert_ptr_nonnull(pipe);
	while ((c = getc(pipe)) != EOF)
		n += c == '\n';
	(void)pclose(pipe);
	return n;
}

START_TEST(a_tree_becomes_the_path_of_its_content)
{
	struct nipfs_store *store = open_store(NIPFS_STORE_WRITE);
	struct nipfs_added_tree added;
	struct nipfs_error err = { .msg = "" };
	struct nipfs_path_info info;
	struct stat st;

	ck_assert_msg(nipfs_store_add_tree(store, "tree", feed, NULL, &added, &err) == 0, "%s",
		      err.msg);
	ck_assert_str_eq(added.path.base, "yjqfbz78nvp50yfrasgjnxdbi8yvqzwz-tree");
	ck_assert_uint_eq(added.nar_size, 1240);
	ck_assert(!added.known);
	ck_assert_int_eq(nipfs_store_query(store, &added.path, &info, NULL), 0);
	ck_assert_mem_eq(info.nar_hash, added.nar_hash, 32);
	ck_assert_uint_eq(info.nar_size, 1240);
	ck_assert_uint_eq(info.n_refs, 0);
	ck_assert(!info.has_deriver && !info.ultimate && info.n_sigs == 0);
	ck_assert_int_eq(strncmp(info.ca, "fixed:r:sha256:", 15), 0);
	nipfs_path_info_release(&info);
	ck_assert_int_eq(fstatat(nipfs_store_dirfd(store), added.path.base, &st, 0), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0555);
	ck_assert_int_eq(st.st_mtime, 1);
	/* again, and under another name */
	ck_assert_int_eq(nipfs_store_add_tree(store, "tree", feed, NULL, &added, NULL), 0);
	ck_assert(added.known);
	ck_assert_int_eq(nipfs_store_add_tree(store, "t", feed, NULL, &added, NULL), 0);
	ck_assert(!added.known);
	ck_assert_uint_eq(count_entries(store), 2);
	nipfs_store_close(store);
}
END_TEST

START_TEST(what_lies_at_its_place_is_removed)
{
	struct nipfs_store *store = open_store(NIPFS_STORE_WRITE);
	struct nipfs_added_tree added;
	struct stat st;

	ck_assert_int_eq(mkdirat(nipfs_store_dirfd(store),
				 "yjqfbz78nvp50yfrasgjnxdbi8yvqzwz-tree", 0555),
			 0);
	ck_assert_int_eq(nipfs_store_add_tree(store, "tree", feed, NULL, &added, NULL), 0);
	ck_assert_int_eq(fstatat(nipfs_store_dirfd(store),
				 "yjqfbz78nvp50yfrasgjnxdbi8yvqzwz-tree/zero", &st, 0),
			 0);
	ck_assert_uint_eq(count_entries(store), 1);
	nipfs_store_close(store);
}
END_TEST

START_TEST(nothing_stays_of_a_failure)
{
	struct nipfs_store *store = open_store(NIPFS_STORE_WRITE);
	struct nipfs_added_tree added = { .nar_size = 77 };
	int code = NIPFS_E_MISMATCH;

	ck_assert_int_eq(nipfs_store_add_tree(store, "tree", feed_and_fail, &code, &added, NULL),
			 code);
	ck_assert_int_eq(nipfs_store_add_tree(store, "tree", feed_half, NULL, &added, NULL),
			 NIPFS_E_USAGE);
	ck_assert_uint_eq(added.nar_size, 77);
	ck_assert_uint_eq(count_entries(store), 0);
	/* a derivation that is none */
	ck_assert_int_lt(nipfs_store_add_tree(store, "x.drv", feed, NULL, &added, NULL), 0);
	ck_assert_uint_eq(count_entries(store), 0);
	nipfs_store_close(store);
}
END_TEST

START_TEST(names_and_stores_are_checked)
{
	static const char *const bad[] = { "", "a b", "..", ".", ".-x", "..-x", "a/b", "\303\251" };
	struct nipfs_store *store = open_store(NIPFS_STORE_WRITE);
	struct nipfs_path_info info = describe("lib", NULL, 0);
	struct nipfs_placement *p;
	struct nipfs_added_tree added;
	char name[NIPFS_STORE_NAME_MAX + 2];

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct nipfs_error err = { .code = 0 };

		ck_assert_int_eq(nipfs_store_check_name(bad[i], &err), NIPFS_E_USAGE);
		ck_assert_int_eq(err.code, NIPFS_E_USAGE);
		ck_assert_int_eq(nipfs_store_add_tree(store, bad[i], feed, NULL, &added, NULL),
				 NIPFS_E_USAGE);
	}
	memset(name, 'x', sizeof(name));
	name[NIPFS_STORE_NAME_MAX + 1] = '\0';
	ck_assert_int_eq(nipfs_store_check_name(name, NULL), NIPFS_E_USAGE);
	name[NIPFS_STORE_NAME_MAX] = '\0';
	ck_assert_int_eq(nipfs_store_check_name(name, NULL), 0);
	ck_assert_int_eq(nipfs_store_check_name(".gitignore", NULL), 0);
	ck_assert_int_eq(nipfs_store_add_tree(store, name, feed, NULL, &added, NULL), 0);
	p = begin(store, &info);
	ck_assert_int_eq(nipfs_store_add_tree(store, "x", feed, NULL, &added, NULL),
			 NIPFS_E_USAGE);
	nipfs_placement_abort(p);
	nipfs_store_close(store);
	store = open_store(NIPFS_STORE_READ);
	ck_assert_int_eq(nipfs_store_add_tree(store, "x", feed, NULL, &added, NULL),
			 NIPFS_E_USAGE);
	nipfs_store_close(store);
}
END_TEST

static Suite *add_tree_suite(void)
{
	Suite *suite = suite_create("adding trees to a store");
	TCase *tc = tcase_create("add_tree");

	tcase_add_checked_fixture(tc, enter_scratch, leave_scratch);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, a_tree_becomes_the_path_of_its_content);
	tcase_add_test(tc, what_lies_at_its_place_is_removed);
	tcase_add_test(tc, nothing_stays_of_a_failure);
	tcase_add_test(tc, names_and_stores_are_checked);
	suite_add_tcase(suite, tc);
	return suite;
}

NIPFS_TEST_MAIN(add_tree_suite)
