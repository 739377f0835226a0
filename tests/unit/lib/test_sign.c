/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Closures that are signed: what is new in them, and what stays. */
#include <nixipfs/sign.h>

#include <stdio.h>
#include <string.h>

#include <nixipfs/closure.h>
#include <nixipfs/nar.h>
#include <nixipfs/narinfo.h>

#include "multiformats/base/buf.h"
#include "tests/support/check_main.h"
#include "tests/support/feed_tree.h"
#include "tests/support/unixfs_nodes.h"

#define STORE "/nix/store"
#define SECRET                                                                             \
	"test1:jbX9NxZp8WB/coK8k7yLf0gNYmBbIbCrOFwgJgI7OV+0sASf4R5oFQlioSlN3bJ56uvshzr7S9Z75pcv"   \
	"+9hSkQ=="
#define PUBLIC "test1:tLAEn+EeaBUJYqEpTd2yeerr7Ic6+0vWe+aXL/vYUpE="

static const struct tree_step tree[] = { TREE_DIR(NULL), TREE_FILE("a", "hello\n"), TREE_UP,
					 TREE_END };

/* A closure of some paths with the same tree, in memory. */
struct world {
	struct memory_blocks *m;
	struct nipfs_block_sink blocks;
	struct nipfs_secret_key key;
	struct nipfs_link tree;
	struct nipfs_nar_digest nar;
	struct nipfs_unixfs_params params;
};

static struct world make_world(void)
{
	struct world w = { .m = memory_blocks_new() };
	struct nipfs_dag_builder *builder;
	struct nipfs_nar_hash *hash;
	struct nipfs_tree_sink sink;

	w.blocks = memory_blocks_sink(w.m);
	ck_assert_int_eq(nipfs_secret_key_parse(text_slice(SECRET), &w.key, NULL), 0);
	ck_assert_int_eq(nipfs_unixfs_profile("nix", &w.params), 0);
	ck_assert_int_eq(nipfs_dag_builder_new(&builder, &w.params, &w.blocks, NULL), 0);
	sink = nipfs_dag_builder_sink(builder);
	ck_assert_int_eq(feed_tree(&sink, tree, 100, NULL), 0);
	ck_assert_int_eq(nipfs_dag_builder_result(builder, &w.tree), 0);
	nipfs_dag_builder_free(builder);
	ck_assert_int_eq(nipfs_nar_hash_new(&hash, (struct nipfs_slice){ NULL, 0 }, 0, NULL), 0);
	sink = nipfs_nar_hash_sink(hash);
	ck_assert_int_eq(feed_tree(&sink, tree, 100, NULL), 0);
	ck_assert_int_eq(nipfs_nar_hash_result(hash, &w.nar, NULL), 0);
	nipfs_nar_hash_free(hash);
	return w;
}

static void end_world(struct world *w)
{
	memory_blocks_free(w->m);
}

/* With long names, so that a thousand make a sharded directory. */
static struct nipfs_path_info describe(const struct world *w, unsigned int number)
{
	uint8_t digest[NIPFS_STORE_HASH_BYTES] = { (uint8_t)number, (uint8_t)(number >> 8) };
	struct nipfs_path_info info = NIPFS_PATH_INFO_INIT;
	char name[NIPFS_STORE_NAME_MAX];

	memset(name, 'x', sizeof(name));
	ck_assert_int_eq(nipfs_store_path_from_digest(
				 digest,
				 (struct nipfs_slice){ (const uint8_t *)name, sizeof(name) },
				 &info.path, NULL),
			 0);
	memcpy(info.nar_hash, w->nar.sha256, sizeof(info.nar_hash));
	info.nar_size = w->nar.size;
	return info;
}

/* A closure of @n paths, each signed with @key unless that is NULL. */
static struct nipfs_cid make_closure(struct world *w, unsigned int n,
				     const struct nipfs_secret_key *key)
{
	struct nipfs_closure_builder *b;
	struct nipfs_link top, store;

	ck_assert_int_eq(nipfs_closure_builder_new(&b, STORE, &w->blocks, NULL), 0);
	for (unsigned int i = 0; i < n; i++) {
		struct nipfs_path_info info = describe(w, i);

		if (key)
			ck_assert_int_eq(nipfs_path_info_sign(&info, STORE, key, NULL), 0);
		ck_assert_int_eq(nipfs_closure_builder_add(b, &info, &w->tree, NULL, i < 2, NULL),
				 0);
		nipfs_path_info_release(&info);
	}
	ck_assert_int_eq(nipfs_closure_builder_finish(b, &top, &store, NULL), 0);
	nipfs_closure_builder_free(b);
	return top.cid;
}

static int sign(struct world *w, const struct nipfs_cid *closure, bool trust,
		struct nipfs_signed_closure *out, struct nipfs_error *err)
{
	const struct nipfs_closure_sign_target target = { .blocks = &w->blocks };
	const struct nipfs_sign_options options = { .trust_nar_hash = trust };

	return nipfs_closure_sign(memory_blocks_source(w->m), closure, &w->key, &target, &options,
				  out, err);
}

static int append(void *ctx, const struct nipfs_span *bytes, struct nipfs_error *err)
{
	(void)err;
	return nipfs__buf_put(ctx, bytes->ptr, bytes->len);
}

/* The narinfo of the path @number; to be freed. */
static char *narinfo(struct world *w, const struct nipfs_cid *closure, unsigned int number)
{
	struct nipfs_path_info info = describe(w, number);
	struct nipfs_buf text = NIPFS_BUF_INIT(4096);
	char name[64];
	struct nipfs_cid cid;

	(void)snprintf(name, sizeof(name), "%.32s.narinfo", info.path.base);
	ck_assert_int_eq(nipfs_dag_resolve(memory_blocks_source(w->m), closure, text_slice(name),
					   &cid, NULL),
			 0);
	ck_assert_int_eq(nipfs_dag_read(memory_blocks_source(w->m), &cid, 0, UINT64_MAX, append,
					&text, NULL),
			 0);
	ck_assert_int_eq(nipfs__buf_terminate(&text), 0);
	return (char *)text.ptr;
}

START_TEST(a_signed_closure_is_the_one_of_signed_paths)
{
	/* flat directories, and sharded ones */
	static const unsigned int sizes[] = { 1, 3, 1000 };
	struct world w = make_world();
	const unsigned int n = sizes[_i];
	const struct nipfs_cid unsigned_one = make_closure(&w, n, NULL);
	const struct nipfs_cid want = make_closure(&w, n, &w.key);
	struct nipfs_signed_closure got;
	struct nipfs_error err = { .msg = "" };

	ck_assert_msg(sign(&w, &unsigned_one, n > 3, &got, &err) == 0, "%s", err.msg);
	ck_assert(nipfs_cid_equal(&got.closure.cid, &want));
	ck_assert_uint_eq(got.n, n);
	ck_assert_uint_eq(got.n_known, 0);
	ck_assert_int_eq(sign(&w, &want, n > 3, &got, NULL), 0);
	ck_assert(nipfs_cid_equal(&got.closure.cid, &want));
	ck_assert_uint_eq(got.n_known, n);
	end_world(&w);
}
END_TEST

/* What a new owner needs is all put anew: it is complete without the old one. */
START_TEST(all_but_the_trees_is_kept)
{
	struct world w = make_world();
	const struct nipfs_cid closure = make_closure(&w, 1000, NULL);
	struct memory_blocks *kept = memory_blocks_new();
	const struct nipfs_block_sink sink = memory_blocks_sink(kept);
	const struct nipfs_closure_sign_target target = { .blocks = &sink };
	const struct nipfs_sign_options options = { .trust_nar_hash = true };
	struct nipfs_signed_closure got;
	struct nipfs_closure *c;
	struct nipfs_store_path *paths;
	struct nipfs_slice block;
	size_t n;

	ck_assert_int_eq(nipfs_closure_sign(memory_blocks_source(w.m), &closure, &w.key, &target,
					    &options, &got, NULL),
			 0);
	ck_assert_int_eq(nipfs_closure_open(&c, memory_blocks_source(kept), &got.closure.cid, NULL,
					    NULL),
			 0);
	ck_assert_int_eq(nipfs_closure_paths(c, &paths, &n, NULL), 0);
	ck_assert_uint_eq(n, 1000);
	free(paths);
	ck_assert_int_eq(nipfs_closure_results(c, &paths, &n, NULL), 0);
	ck_assert_uint_eq(n, 2);
	free(paths);
	ck_assert(!memory_blocks_get(kept, &w.tree.cid, &block));
	nipfs_closure_free(c);
	memory_blocks_free(kept);
	end_world(&w);
}
END_TEST

static struct made_link named(const char *name, struct nipfs_cid cid)
{
	return (struct made_link){ cid, text_slice(name), 1 };
}

/* A closure as others make them: a narinfo in other words, and things beside. */
static struct nipfs_cid foreign(struct world *w, const char *text, const char *extra)
{
	struct nipfs_path_info info = describe(w, 0);
	const struct nipfs_cid other = make_raw(w->m, extra);
	const struct nipfs_cid store = make_directory(
		w->m, (struct made_link[]){ named(info.path.base, w->tree.cid) }, 1);
	char name[64];

	(void)snprintf(name, sizeof(name), "%.32s.narinfo", info.path.base);
	return make_directory(w->m,
			      (struct made_link[]){ named(name, make_raw(w->m, text)),
						    named("extra", other), named("store", store) },
			      3);
}

START_TEST(a_foreign_narinfo_keeps_its_words)
{
	struct world w = make_world();
	struct nipfs_path_info info = describe(&w, 0);
	struct nipfs_error err = { .msg = "" };
	struct nipfs_signed_closure got;
	struct nipfs_cid closure, extra;
	char *formatted, text[1024], *found, *at;
	size_t len;

	ck_assert_int_eq(nipfs_narinfo_format(&info, STORE, &formatted, &len, NULL), 0);
	(void)snprintf(text, sizeof(text), "%sX-Note: a key that nobody knows\n", formatted);
	free(formatted);
	closure = foreign(&w, text, "something\n");
	ck_assert_msg(sign(&w, &closure, false, &got, &err) == 0, "%s", err.msg);
	found = narinfo(&w, &got.closure.cid, 0);
	ck_assert_int_eq(strncmp(found, text, strlen(text)), 0);
	at = found + strlen(text);
	ck_assert_int_eq(strncmp(at, "Sig: test1:", 11), 0);
	ck_assert_str_eq(strchr(at, '\n'), "\n");
	free(found);
	ck_assert_int_eq(nipfs_dag_resolve(memory_blocks_source(w.m), &got.closure.cid,
					   text_slice("extra"), &extra, NULL),
			 0);
	/* signed, it is known */
	ck_assert_int_eq(sign(&w, &got.closure.cid, false, &got, NULL), 0);
	ck_assert_uint_eq(got.n_known, 1);
	end_world(&w);
}
END_TEST

START_TEST(nobody_vouches_for_other_contents)
{
	struct world w = make_world();
	struct nipfs_error err = { .msg = "" };
	struct nipfs_signed_closure got = { .n = 77 };
	struct nipfs_cid closure;

	w.nar.sha256[0] ^= 1;
	closure = make_closure(&w, 2, NULL);
	ck_assert_int_eq(sign(&w, &closure, false, &got, &err), NIPFS_E_MISMATCH);
	ck_assert_ptr_nonnull(strstr(err.msg, "-xxx"));
	ck_assert_uint_eq(got.n, 77);
	ck_assert_int_eq(sign(&w, &closure, true, &got, NULL), 0);
	w.nar.sha256[0] ^= 1;
	w.nar.size++;
	closure = make_closure(&w, 1, NULL);
	ck_assert_int_eq(sign(&w, &closure, false, &got, NULL), NIPFS_E_MISMATCH);
	w.nar.size -= 9;
	closure = make_closure(&w, 1, NULL);
	ck_assert_int_eq(sign(&w, &closure, false, &got, NULL), NIPFS_E_MISMATCH);
	end_world(&w);
}
END_TEST

START_TEST(faults_are_told)
{
	struct world w = make_world();
	const struct nipfs_cid closure = make_closure(&w, 3, NULL);
	const size_t n = w.m->n;

	for (size_t i = 0; i < n; i++) {
		const struct nipfs_cid cid = memory_blocks_cid(w.m, i);
		struct nipfs_signed_closure got = { .n = 77 };
		struct nipfs_error err = { .code = 0 };
		int r;

		memory_blocks_fault(w.m, &cid, MEMORY_FAULT_MISSING);
		r = sign(&w, &closure, false, &got, &err);
		ck_assert_msg(r == NIPFS_E_NOTFOUND || r == NIPFS_E_INVALID, "%zu: %d", i, r);
		ck_assert_int_eq(err.code, r);
		ck_assert_uint_eq(got.n, 77);
		memory_blocks_fault(w.m, &cid, MEMORY_FAULT_CORRUPT);
		ck_assert_int_eq(sign(&w, &closure, false, &got, NULL), NIPFS_E_MISMATCH);
		memory_blocks_fault(w.m, &cid, MEMORY_FAULT_NONE);
	}
	end_world(&w);
}
END_TEST

START_TEST(what_is_no_closure_is_not_signed)
{
	struct world w = make_world();
	const struct nipfs_cid empty = make_directory(w.m, NULL, 0);
	const struct nipfs_cid no_path =
		make_directory(w.m, (struct made_link[]){ named("store", empty) }, 1);
	const struct nipfs_cid garbage = foreign(&w, "garbage\n", "x");
	struct nipfs_signed_closure got;

	ck_assert_int_eq(sign(&w, &w.tree.cid, false, &got, NULL), NIPFS_E_INVALID);
	ck_assert_int_eq(sign(&w, &empty, false, &got, NULL), NIPFS_E_INVALID);
	ck_assert_int_eq(sign(&w, &no_path, false, &got, NULL), NIPFS_E_INVALID);
	ck_assert_int_eq(sign(&w, &garbage, false, &got, NULL), NIPFS_E_INVALID);
	end_world(&w);
}
END_TEST

static Suite *sign_suite(void)
{
	Suite *suite = suite_create("signing closures");
	TCase *tc = tcase_create("sign");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, a_signed_closure_is_the_one_of_signed_paths, 0, 3);
	tcase_add_test(tc, all_but_the_trees_is_kept);
	tcase_add_test(tc, a_foreign_narinfo_keeps_its_words);
	tcase_add_test(tc, nobody_vouches_for_other_contents);
	tcase_add_test(tc, faults_are_told);
	tcase_add_test(tc, what_is_no_closure_is_not_signed);
	suite_add_tcase(suite, tc);
	return suite;
}

NIPFS_TEST_MAIN(sign_suite)
