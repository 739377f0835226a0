/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a Nix store answers about its paths, and signatures that are added. */
#include "tests/unit/lib/store_fixture.h"

START_TEST(answers_what_was_registered)
{
	struct nipfs_store *store = open_store(NIPFS_STORE_WRITE);
	const struct nipfs_store_path lib = put(store, "lib", NULL, 0);
	struct nipfs_path_info info = describe("app", &lib, 1), got;
	const struct nipfs_store_path refs[2] = { lib, info.path };
	struct nipfs_store_path found, *users = NULL;
	char hash_part[NIPFS_STORE_HASH_LEN + 1];
	size_t n = 0;

	ck_assert_int_eq(nipfs_path_info_set_refs(&info, refs, 2), 0);
	info.has_deriver = true;
	info.deriver = lib;
	info.ultimate = true;
	ck_assert_int_eq(nipfs_path_info_add_sig(&info, nipfs__slice_str("k-1:aGVsbG8=")), 0);
	ck_assert_int_eq(nipfs_path_info_add_sig(&info, nipfs__slice_str("a-1:aGVsbG8=")), 0);
	commit(begin(store, &info));
	nipfs_store_close(store);

	store = open_store(NIPFS_STORE_READ);
	ck_assert_int_eq(nipfs_store_is_valid(store, &info.path, NULL), 1);
	ck_assert_int_eq(nipfs_store_query(store, &info.path, &got, NULL), 0);
	ck_assert_mem_eq(got.nar_hash, info.nar_hash, 32);
	ck_assert_uint_eq(got.nar_size, 120);
	ck_assert_uint_eq(got.n_refs, 2);
	ck_assert(nipfs_path_info_has_ref(&got, &lib) &&
		  nipfs_path_info_has_ref(&got, &info.path));
	ck_assert(got.has_deriver && nipfs_store_path_compare(&got.deriver, &lib) == 0);
	ck_assert_uint_eq(got.n_sigs, 2);
	ck_assert_str_eq(got.sigs[0], "a-1:aGVsbG8=");
	ck_assert(!got.ultimate && !got.ca && got.registration_time > 1000000000);
	nipfs_path_info_release(&got);

	nipfs_store_path_hash_part(&lib, hash_part);
	ck_assert_int_eq(nipfs_store_find_hash_part(store, nipfs__slice_str(hash_part), &found,
						    NULL), 0);
	ck_assert_str_eq(found.base, lib.base);
	hash_part[31] = hash_part[31] == '0' ? '1' : '0';
	ck_assert_int_eq(nipfs_store_find_hash_part(store, nipfs__slice_str(hash_part), &found,
						    NULL), NIPFS_E_NOTFOUND);
	ck_assert_int_eq(nipfs_store_find_hash_part(store, nipfs__slice_str("%"), &found, NULL),
			 NIPFS_E_INVALID);
	ck_assert_int_eq(nipfs_store_referrers(store, &lib, &users, &n, NULL), 0);
	ck_assert_uint_eq(n, 1);
	ck_assert_str_eq(users[0].base, info.path.base);
	free(users);
	nipfs_path_info_release(&info);
	nipfs_store_close(store);
}
END_TEST

START_TEST(says_what_is_not_valid)
{
	struct nipfs_store *store = open_store(NIPFS_STORE_WRITE);
	struct nipfs_path_info info = describe("ghost", NULL, 0), got;
	struct nipfs_error err = { .code = 0 };
	struct nipfs_store_path *users = &info.path;
	size_t n = 9;

	ck_assert_int_eq(nipfs_store_is_valid(store, &info.path, &err), 0);
	ck_assert_int_eq(nipfs_store_query(store, &info.path, &got, &err), NIPFS_E_NOTFOUND);
	ck_assert_ptr_nonnull(strstr(err.msg, info.path.base));
	ck_assert_int_eq(nipfs_store_referrers(store, &info.path, &users, &n, &err), 0);
	ck_assert_uint_eq(n, 0);
	ck_assert_ptr_null(users);
	nipfs_store_close(store);
}
END_TEST

static const struct {
	const char *sql;
	int code;
} damage[] = {
	{ "update ValidPaths set hash = 'sha256:zz'", NIPFS_E_INVALID },
	{ "update ValidPaths set hash = 'md5:d41d8cd98f00b204e9800998ecf8427e'", NIPFS_E_INVALID },
	{ "update ValidPaths set narSize = -1", NIPFS_E_INVALID },
	{ "update ValidPaths set deriver = '/etc/passwd'", NIPFS_E_INVALID },
	{ "update ValidPaths set ca = 'fixed:zz'", NIPFS_E_INVALID },
	{ "update ValidPaths set ca = 'fixed:r:blake9:00'", NIPFS_E_UNSUPPORTED },
	{ "update ValidPaths set narSize = null, sigs = '  garbage a:b '", 0 },
	{ "insert into ValidPaths (path, hash, registrationTime) values ('/x', 'sha256:0', 1);"
	  "insert into Refs select a.id, b.id from ValidPaths a, ValidPaths b where b.path = '/x'",
	  NIPFS_E_INVALID },
};

START_TEST(makes_no_sense_of_a_damaged_row)
{
	struct nipfs_store *store = open_store(NIPFS_STORE_WRITE);
	const struct nipfs_store_path path = put(store, "lib", NULL, 0);
	struct nipfs_path_info got = NIPFS_PATH_INFO_INIT;
	struct nipfs_error err = { .code = 0 };

	run_sql(damage[_i].sql);
	ck_assert_int_eq(nipfs_store_query(store, &path, &got, &err), damage[_i].code);
	if (damage[_i].code == 0)
		ck_assert(got.nar_size == 0 && got.n_sigs == 0);
	nipfs_path_info_release(&got);
	nipfs_store_close(store);
}
END_TEST

struct seen {
	char text[1024];
	int stop_after;
};

static int note(void *ctx, const struct nipfs_store_path *path, struct nipfs_error *err)
{
	struct seen *seen = ctx;

	(void)err;
	(void)snprintf(seen->text + strlen(seen->text), sizeof(seen->text) - strlen(seen->text),
		       "%s ", nipfs_store_path_name(path));
	return --seen->stop_after ? 0 : NIPFS_E_CANCELLED;
}

/* The order is that of base names, so which of two comes first is looked up. */
START_TEST(walks_a_closure_references_first)
{
	struct nipfs_store *store = open_store(NIPFS_STORE_WRITE);
	const struct nipfs_store_path a = put(store, "a", NULL, 0), b = put(store, "b", NULL, 0),
				      c = put(store, "c", (const struct nipfs_store_path[]){ a, b },
					      2),
				      d = put(store, "d", (const struct nipfs_store_path[]){ c, a },
					      2),
				      other = put(store, "other", NULL, 0);
	const struct nipfs_store_path roots[] = { d, c, d };
	const bool a_first = nipfs_store_path_compare(&a, &b) < 0;
	struct seen seen = { .text = "" };
	struct nipfs_error err = { .code = 0 };

	(void)other;
	ck_assert_int_eq(nipfs_store_closure(store, roots, 3, note, &seen, &err), 0);
	ck_assert_str_eq(seen.text, a_first ? "a b c d " : "b a c d ");
	seen = (struct seen){ .text = "", .stop_after = 2 };
	ck_assert_int_eq(nipfs_store_closure(store, &d, 1, note, &seen, &err),
			 NIPFS_E_CANCELLED);
	ck_assert_str_eq(seen.text, a_first ? "a b " : "b a ");
	seen = (struct seen){ .text = "" };
	ck_assert_int_eq(nipfs_store_closure(store, NULL, 0, note, &seen, &err), 0);
	ck_assert_str_eq(seen.text, "");
	nipfs_store_close(store);
}
END_TEST

START_TEST(names_what_a_closure_lacks)
{
	struct nipfs_store *store = open_store(NIPFS_STORE_WRITE);
	const struct nipfs_store_path a = put(store, "a", NULL, 0);
	struct nipfs_path_info ghost = describe("ghost", NULL, 0);
	const struct nipfs_store_path roots[] = { a, ghost.path };
	struct seen seen = { .text = "" };
	struct nipfs_error err = { .code = 0 };

	ck_assert_int_eq(nipfs_store_closure(store, roots, 2, note, &seen, &err),
			 NIPFS_E_NOTFOUND);
	ck_assert_ptr_nonnull(strstr(err.msg, ghost.path.base));
	ck_assert_str_eq(seen.text, "");
	nipfs_store_close(store);
}
END_TEST

START_TEST(finds_a_circle_of_references)
{
	struct nipfs_store *store = open_store(NIPFS_STORE_WRITE);
	const struct nipfs_store_path a = put(store, "a", NULL, 0), b = put(store, "b", &a, 1);
	struct seen seen = { .text = "" };
	struct nipfs_error err = { .code = 0 };

	run_sql("insert into Refs select r.reference, r.referrer from Refs r;"
		"insert into Refs select id, id from ValidPaths");
	ck_assert_int_eq(nipfs_store_closure(store, &b, 1, note, &seen, &err), NIPFS_E_INVALID);
	ck_assert_str_eq(seen.text, "");
	nipfs_store_close(store);
}
END_TEST

/* 20000 paths, each of which refers to those before it, made in SQL. */
START_TEST(walks_and_lists_many_paths)
{
	enum { MANY = 20000 };
	struct nipfs_store *store = open_store(NIPFS_STORE_WRITE);
	struct nipfs_store_entry *entries = calloc(1000, sizeof(*entries));
	struct nipfs_store_path last, before = { .base = "" };
	struct seen seen = { .stop_after = MANY + 1 };
	int64_t cursor = 0;
	int n, total = 0;

	run_sql("with recursive n(i) as (select 1 union all select i + 1 from n where i < 20000) "
		"insert into ValidPaths (path, hash, registrationTime, narSize) "
		"select printf('/nix/store/%032d-p', i), 'sha256:' || printf('%064d', i), 1, i "
		"from n;"
		"insert into Refs select id, id - d from ValidPaths, "
		"(select 1 as d union select 2 union select 7) where id - d > 0");
	while ((n = nipfs_store_list(store, &cursor, entries, 1000, NULL)) > 0) {
		for (int i = 0; i < n; i++) {
			ck_assert_int_lt(nipfs_store_path_compare(&before, &entries[i].path), 0);
			ck_assert_uint_eq(entries[i].nar_size, (uint64_t)(total + i + 1));
			before = entries[i].path;
		}
		total += n;
	}
	ck_assert_int_eq(n, 0);
	ck_assert_int_eq(total, MANY);
	last = before;
	ck_assert_int_eq(nipfs_store_closure(store, &last, 1, note, &seen, NULL), 0);
	ck_assert_int_eq(seen.stop_after, 1);
	free(entries);
	nipfs_store_close(store);
}
END_TEST

START_TEST(adds_signatures_and_loses_none)
{
	static const char *const sigs[] = { "b-1:aGVsbG8=", "a-1:aGVsbG8=", "b-1:aGVsbG8=" };
	static const char *const bad[] = { "c-1:aGVsbG8=", "not a signature" };
	struct nipfs_store *store = open_store(NIPFS_STORE_WRITE);
	const struct nipfs_store_path path = put(store, "lib", NULL, 0);
	struct nipfs_path_info got, ghost = describe("ghost", NULL, 0);

	run_sql("update ValidPaths set sigs = 'old-garbage', ultimate = 1");
	ck_assert_int_eq(nipfs_store_add_signatures(store, &path, sigs, 3, NULL), 0);
	ck_assert_int_eq(nipfs_store_add_signatures(store, &path, sigs, 2, NULL), 0);
	ck_assert_int_eq(nipfs_store_add_signatures(store, &path, bad, 2, NULL),
			 NIPFS_E_INVALID);
	ck_assert_int_eq(nipfs_store_add_signatures(store, &ghost.path, sigs, 1, NULL),
			 NIPFS_E_NOTFOUND);
	ck_assert_int_eq(nipfs_store_query(store, &path, &got, NULL), 0);
	ck_assert_uint_eq(got.n_sigs, 2);
	ck_assert(got.ultimate);
	nipfs_path_info_release(&got);
	run_sql("create table seen as select 1 / (sigs = 'old-garbage b-1:aGVsbG8= a-1:aGVsbG8=') "
		"as one from ValidPaths; create table t (one not null);"
		"insert into t select one from seen");
	nipfs_store_close(store);
	store = open_store(NIPFS_STORE_READ);
	ck_assert_int_eq(nipfs_store_add_signatures(store, &path, sigs, 1, NULL), NIPFS_E_USAGE);
	nipfs_store_close(store);
}
END_TEST

static Suite *store_suite(void)
{
	Suite *suite = suite_create("nix store");
	TCase *tc = tcase_create("query");

	tcase_add_checked_fixture(tc, enter_scratch, leave_scratch);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, answers_what_was_registered);
	tcase_add_test(tc, says_what_is_not_valid);
	tcase_add_loop_test(tc, makes_no_sense_of_a_damaged_row, 0,
			    sizeof(damage) / sizeof(*damage));
	tcase_add_test(tc, walks_a_closure_references_first);
	tcase_add_test(tc, names_what_a_closure_lacks);
	tcase_add_test(tc, finds_a_circle_of_references);
	tcase_add_test(tc, walks_and_lists_many_paths);
	tcase_add_test(tc, adds_signatures_and_loses_none);
	suite_add_tcase(suite, tc);
	return suite;
}

NIPFS_TEST_MAIN(store_suite)
