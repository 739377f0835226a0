/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What nodes are known to have: recorded, found, forgotten, node by node. */
#include <sqlite3.h>

#include "lib/ipfs/published.h"
#include "multiformats/base/slice.h"
#include "tests/support/check_main.h"
#include "tests/support/scratch.h"

static struct nipfs_error err;

static struct nipfs_cid cid_of(uint64_t codec, const char *text)
{
	struct nipfs_cid cid;

	ck_assert_int_eq(nipfs_cid_of(1, codec, NIPFS_HASH_SHA2_256, nipfs__slice_str(text), &cid),
			 0);
	return cid;
}

static struct nipfs__published *node(const char *peer)
{
	struct nipfs__published *p;

	ck_assert_msg(nipfs__published_open(&p, ".", peer, &err) == 0, "%s", err.msg);
	return p;
}

START_TEST(records)
{
	const struct nipfs_cid a = cid_of(NIPFS_CODEC_RAW, "a"), b = cid_of(NIPFS_CODEC_DAG_PB, "b"),
			       c = cid_of(NIPFS_CODEC_RAW, "c");
	struct nipfs__published_block blocks[] = { { nipfs__published_key(&b), true },
						   { nipfs__published_key(&a), false },
						   { nipfs__published_key(&b), false } };
	struct nipfs__published *one = node("12D3one"), *other = node("12D3other");

	ck_assert_int_eq(nipfs__published_find(one, &a, &err), 0);
	ck_assert_int_eq(nipfs__published_add(one, NULL, 0, &err), 0);
	ck_assert_int_eq(nipfs__published_add(one, blocks, 3, &err), 0);
	ck_assert_int_eq(nipfs__published_find(one, &a, &err), 1);
	ck_assert_int_eq(nipfs__published_find(one, &b, &err), 2);
	ck_assert_int_eq(nipfs__published_find(one, &c, &err), 0);
	ck_assert_int_eq(nipfs__published_find(other, &b, &err), 0);
	/* what is known to be whole stays so */
	blocks[0] = (struct nipfs__published_block){ nipfs__published_key(&b), false };
	ck_assert_int_eq(nipfs__published_add(one, blocks, 1, &err), 0);
	nipfs__published_close(one);
	one = node("12D3one");
	ck_assert_int_eq(nipfs__published_find(one, &b, &err), 2);

	ck_assert_int_eq(nipfs__published_add(other, blocks, 1, &err), 0);
	ck_assert_int_eq(nipfs__published_forget(one, &err), 0);
	ck_assert_int_eq(nipfs__published_find(one, &b, &err), 0);
	ck_assert_int_eq(nipfs__published_find(other, &b, &err), 1);

	ck_assert_int_eq(nipfs__published_tell(one, &err), 1);
	ck_assert_int_eq(nipfs__published_tell(one, &err), 0);
	ck_assert_int_eq(nipfs__published_tell(other, &err), 1);
	nipfs__published_close(one);
	nipfs__published_close(other);
	nipfs__published_close(NULL);
}
END_TEST

static void sql(const char *text)
{
	sqlite3 *db;

	ck_assert_int_eq(sqlite3_open("published.sqlite", &db), SQLITE_OK);
	ck_assert_msg(sqlite3_exec(db, text, NULL, NULL, NULL) == SQLITE_OK, "%s",
		      sqlite3_errmsg(db));
	ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
}

static void add(const char *peer, const struct nipfs_cid *cid)
{
	struct nipfs__published_block block = { nipfs__published_key(cid), true };
	struct nipfs__published *p = node(peer);

	ck_assert_int_eq(nipfs__published_add(p, &block, 1, &err), 0);
	nipfs__published_close(p);
}

static void check_known(const char *peer, const struct nipfs_cid *cid, bool known)
{
	struct nipfs__published *p = node(peer);

	ck_assert(nipfs__published_is_known(p) == known);
	ck_assert_int_eq(nipfs__published_find(p, cid, &err), known ? 2 : 0);
	nipfs__published_close(p);
}

START_TEST(forgets_who_is_gone)
{
	const struct nipfs_cid a = cid_of(NIPFS_CODEC_RAW, "a");

	add("old", &a);
	add("young", &a);
	add("here", &a);
	sql("update nodes set seen = seen - 181 * 86400 where peer = 'old'");
	sql("update nodes set seen = seen - 179 * 86400 where peer <> 'old'");
	/* who comes back in time is known, and stays; by that the other is forgotten */
	check_known("here", &a, true);
	check_known("old", &a, false);
	check_known("young", &a, true);
	/* a new one makes it look, too */
	sql("update nodes set seen = seen - 181 * 86400 where peer <> 'here'");
	check_known("new", &a, false);
	check_known("young", &a, false);
	check_known("here", &a, true);
}
END_TEST

/* Files of format 1 are taken over. */
START_TEST(format_1)
{
	const struct nipfs_cid a = cid_of(NIPFS_CODEC_RAW, "a");
	struct nipfs__published *p;

	add("one", &a);
	sql("alter table nodes drop column seen; pragma user_version = 1;");
	check_known("one", &a, true);
	sql("pragma user_version = 3;");
	ck_assert_int_eq(nipfs__published_open(&p, ".", "one", &err), NIPFS_E_UNSUPPORTED);
}
END_TEST

START_TEST(what_is_none)
{
	struct nipfs__published *p;

	ck_assert_int_eq(nipfs__published_open(&p, "./none", "x", &err), NIPFS_E_SYS);
	scratch_file("published.sqlite", "this is no database, whatever its name is", 0644);
	ck_assert_int_eq(nipfs__published_open(&p, ".", "x", &err), NIPFS_E_INVALID);
}
END_TEST

static Suite *published_suite(void)
{
	Suite *s = suite_create("published");
	TCase *t = tcase_create("published");

	tcase_add_checked_fixture(t, scratch_setup, scratch_teardown);
	tcase_add_test(t, records);
	tcase_add_test(t, forgets_who_is_gone);
	tcase_add_test(t, format_1);
	tcase_add_test(t, what_is_none);
	suite_add_tcase(s, t);
	return s;
}

NIPFS_TEST_MAIN(published_suite)
