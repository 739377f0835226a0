/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which tree a path means: results of closures, and what only looks like them. */
#include <nixipfs/resolve.h>

#include <string.h>

#include "tests/support/check_main.h"
#include "tests/support/unixfs_nodes.h"

#define HASH "0c5k4vdqqxc9rwxlcm0p6vbgxzi0zksh"
#define OTHER "1c5k4vdqqxc9rwxlcm0p6vbgxzi0zksh"

/* A closure of two paths, of which as many as wanted are results. */
struct world {
	struct memory_blocks *m;
	struct nipfs_cid file, hello, other, store, narinfo;
};

static struct made_link named(const char *name, struct nipfs_cid cid)
{
	return (struct made_link){ cid, text_slice(name), 1 };
}

static struct world make_world(void)
{
	struct world w = { .m = memory_blocks_new() };

	w.file = make_raw(w.m, "hello\n");
	w.hello = make_directory(w.m, (struct made_link[]){ named("bin", w.file) }, 1);
	w.other = make_raw(w.m, "other\n");
	w.narinfo = make_raw(w.m, "narinfo\n");
	w.store = make_directory(w.m,
				 (struct made_link[]){ named(HASH "-hello", w.hello),
						       named(OTHER "-other", w.other) },
				 2);
	return w;
}

static struct nipfs_cid link_to(struct world *w, const char *target)
{
	return make_symlink(w->m, text_slice(target));
}

/* Where a path leads when a closure stands for itself. */
static void is_at(struct world *w, struct nipfs_cid root, const char *path, struct nipfs_cid want)
{
	struct nipfs_cid got;

	ck_assert_int_eq(nipfs_resolve_path(memory_blocks_source(w->m), &root, text_slice(path),
					    &got, NULL), 0);
	ck_assert_msg(nipfs_cid_equal(&got, &want), "'%s' leads elsewhere", path);
}

static int resolve(struct world *w, struct nipfs_cid root, const char *path,
		   struct nipfs_cid *out, struct nipfs_error *err)
{
	return nipfs_resolve_tree(memory_blocks_source(w->m), &root, text_slice(path), out, err);
}

static void leads_to(struct world *w, struct nipfs_cid root, const char *path,
		     struct nipfs_cid want)
{
	struct nipfs_cid got;
	struct nipfs_error err;
	const int r = resolve(w, root, path, &got, &err);

	ck_assert_msg(r == 0, "'%s': %d", path, r);
	ck_assert_msg(nipfs_cid_equal(&got, &want), "'%s' leads elsewhere", path);
}

static void fails(struct world *w, struct nipfs_cid root, const char *path, int code)
{
	struct nipfs_cid got = w->file;
	struct nipfs_error err = { 0 };

	ck_assert_int_eq(resolve(w, root, path, &got, &err), code);
	ck_assert_int_eq(err.code, code);
	ck_assert(nipfs_cid_equal(&got, &w->file));
}

START_TEST(a_closure_means_its_result)
{
	struct world w = make_world();
	const struct nipfs_cid link = link_to(&w, "store/" HASH "-hello");
	const struct nipfs_cid closure =
		make_directory(w.m,
			       (struct made_link[]){ named(HASH ".narinfo", w.narinfo),
						     named("result", link),
						     named("store", w.store) },
			       3);
	const struct nipfs_cid above =
		make_directory(w.m, (struct made_link[]){ named("c", closure) }, 1);

	leads_to(&w, closure, "", w.hello);
	leads_to(&w, closure, "/", w.hello);
	leads_to(&w, above, "c", w.hello);
	leads_to(&w, closure, "result", w.hello);
	leads_to(&w, closure, "/result//bin/", w.file);
	leads_to(&w, closure, "store", w.store);
	leads_to(&w, closure, "store/" OTHER "-other", w.other);
	leads_to(&w, closure, HASH ".narinfo", w.narinfo);
	fails(&w, closure, "result-1", NIPFS_E_NOTFOUND);
	fails(&w, closure, "result/none", NIPFS_E_NOTFOUND);
	is_at(&w, closure, "", closure);
	is_at(&w, above, "c", closure);
	is_at(&w, closure, "result", w.hello);
	is_at(&w, closure, "result/bin", w.file);
	is_at(&w, closure, "store", w.store);
	memory_blocks_free(w.m);
}
END_TEST

START_TEST(who_forgets_the_result_is_reminded)
{
	struct world w = make_world();
	const struct nipfs_cid closure = make_directory(
		w.m,
		(struct made_link[]){ named(HASH ".narinfo", w.narinfo),
				      named("result", link_to(&w, "store/" HASH "-hello")),
				      named("store", w.store) },
		3);
	struct nipfs_cid got;
	struct nipfs_error err = { 0 };

	ck_assert_int_eq(resolve(&w, closure, "bin", &got, &err), NIPFS_E_NOTFOUND);
	ck_assert_msg(strstr(err.msg, "'result'") != NULL, "%s", err.msg);
	ck_assert_int_eq(resolve(&w, closure, "store/none", &got, &err), NIPFS_E_NOTFOUND);
	ck_assert_msg(strstr(err.msg, "'result'") == NULL, "%s", err.msg);
	ck_assert_int_eq(resolve(&w, w.hello, "none", &got, &err), NIPFS_E_NOTFOUND);
	ck_assert_msg(strstr(err.msg, "'result'") == NULL, "%s", err.msg);
	memory_blocks_free(w.m);
}
END_TEST

/* A store object with a closure in it, or that is one itself. */
START_TEST(store_objects_stand_for_themselves)
{
	struct world w = make_world();
	const struct nipfs_cid link = link_to(&w, "store/" HASH "-hello");
	const struct nipfs_cid inner =
		make_directory(w.m,
			       (struct made_link[]){ named(HASH ".narinfo", w.narinfo),
						     named("result", link),
						     named("store", w.store) },
			       3);
	const struct nipfs_cid store =
		make_directory(w.m, (struct made_link[]){ named(HASH "-hello", inner) }, 1);
	const struct nipfs_cid closure =
		make_directory(w.m,
			       (struct made_link[]){ named(HASH ".narinfo", w.narinfo),
						     named("result", link),
						     named("store", store) },
			       3);

	leads_to(&w, closure, "", inner);
	leads_to(&w, closure, "result", inner);
	leads_to(&w, closure, "store/" HASH "-hello", inner);
	leads_to(&w, closure, "store/" HASH "-hello/result", link);
	leads_to(&w, closure, "result/store/" HASH "-hello", w.hello);
	memory_blocks_free(w.m);
}
END_TEST

START_TEST(several_results_are_named)
{
	struct world w = make_world();
	const struct nipfs_cid closure = make_directory(
		w.m,
		(struct made_link[]){ named(HASH ".narinfo", w.narinfo),
				      named(OTHER ".narinfo", w.narinfo),
				      named("result", link_to(&w, "store/" HASH "-hello")),
				      named("result-1", link_to(&w, "store/" OTHER "-other")),
				      named("store", w.store) },
		5);
	struct nipfs_cid got;
	struct nipfs_error err = { 0 };

	ck_assert_int_eq(resolve(&w, closure, "", &got, &err), NIPFS_E_USAGE);
	ck_assert_ptr_nonnull(strstr(err.msg, "result, result-1"));
	leads_to(&w, closure, "result", w.hello);
	leads_to(&w, closure, "result-1", w.other);
	fails(&w, closure, "result-1/x", NIPFS_E_INVALID);
	memory_blocks_free(w.m);
}
END_TEST

static const char *const no_targets[] = {
	"store/" HASH,	       "store/" HASH "_hello", "store/" HASH "-hello/bin",
	"/store/" HASH "-hello", "stores/" HASH "-hello", "store/" OTHER "-other",
	"elsewhere",
};

/* OTHER has no narinfo here. */
START_TEST(what_is_no_closure_stands_for_itself)
{
	struct world w = make_world();
	const struct nipfs_cid link = link_to(&w, no_targets[_i]);
	const struct nipfs_cid dir =
		make_directory(w.m,
			       (struct made_link[]){ named(HASH ".narinfo", w.narinfo),
						     named("result", link),
						     named("store", w.store) },
			       3);

	leads_to(&w, dir, "", dir);
	leads_to(&w, dir, "result", link);
	memory_blocks_free(w.m);
}
END_TEST

START_TEST(other_kinds_stand_for_themselves)
{
	struct world w = make_world();
	const struct nipfs_cid link = link_to(&w, "x");
	const struct nipfs_cid file_result =
		make_directory(w.m, (struct made_link[]){ named("result", w.file) }, 1);

	leads_to(&w, w.file, "", w.file);
	leads_to(&w, link, "", link);
	leads_to(&w, w.hello, "", w.hello);
	leads_to(&w, file_result, "", file_result);
	leads_to(&w, file_result, "result", w.file);
	fails(&w, w.file, "x", NIPFS_E_INVALID);
	memory_blocks_free(w.m);
}
END_TEST

START_TEST(a_result_without_its_tree_is_missing)
{
	struct world w = make_world();
	const struct nipfs_cid closure =
		make_directory(w.m,
			       (struct made_link[]){
				       named(HASH ".narinfo", w.narinfo),
				       named("result", link_to(&w, "store/" HASH "-hi")),
				       named("store", w.store) },
			       3);

	fails(&w, closure, "", NIPFS_E_NOTFOUND);
	fails(&w, closure, "result", NIPFS_E_NOTFOUND);
	memory_blocks_fault(w.m, &closure, MEMORY_FAULT_CORRUPT);
	fails(&w, closure, "", NIPFS_E_MISMATCH);
	memory_blocks_free(w.m);
}
END_TEST

static Suite *resolve_suite(void)
{
	Suite *suite = suite_create("lib/resolve");
	TCase *tc = tcase_create("resolve");

	tcase_add_test(tc, a_closure_means_its_result);
	tcase_add_test(tc, who_forgets_the_result_is_reminded);
	tcase_add_test(tc, store_objects_stand_for_themselves);
	tcase_add_test(tc, several_results_are_named);
	tcase_add_loop_test(tc, what_is_no_closure_stands_for_itself, 0,
			    (int)(sizeof(no_targets) / sizeof(no_targets[0])));
	tcase_add_test(tc, other_kinds_stand_for_themselves);
	tcase_add_test(tc, a_result_without_its_tree_is_missing);
	suite_add_tcase(suite, tc);
	return suite;
}

NIPFS_TEST_MAIN(resolve_suite)
