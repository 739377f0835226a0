/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* .drv files that tell the truth about their outputs, and such that lie. */
#include <sqlite3.h>

#include "tests/unit/lib/store_fixture.h"

#define FOLDER "fixtures/derivations/"
#define PLAIN "3bi8bxlakfvxm1g1y940j7mcjkchkaxk-plain.drv"
#define MULTI "ir6lny6rzl74zbadki0qxcdamwvzibmc-multi-1.0.drv"
#define FIXED "hb68r4391bryw7zz4fvafvmp1vybzyhs-fixed.txt.drv"
#define FIXED_NAR "ma1qmgpkm3bzcp63c7wrcw0zrxlrzvdj-fixed-dir.drv"
#define GOT_A "428w8kcfcazk468w1sj4kam23i7kpnqj-got.drv"
#define GOT_B "75y6pb8kvmwx4ga1zm5pc0s7mqf8nxww-got.drv"
#define USER "21jixma78zx6043mzkn6jjip2275n400-user.drv"
#define BOTH "ps77dh8zq6lnh3hmzc733q6yw9nab74w-both.drv"
#define TOP "niwv7r94sx36vispjmfxdq5craihdjkh-top.drv"

/* Inputs before those that need them. */
static const char *const derivations[] = { PLAIN, MULTI, FIXED, FIXED_NAR, GOT_A,
					   GOT_B, USER,	 BOTH,	TOP };
enum { N_DERIVATIONS = sizeof(derivations) / sizeof(*derivations) };

static char text[8192];

static void load(const char *base)
{
	char path[300];
	int fd;
	ssize_t n;

	(void)snprintf(path, sizeof(path), FOLDER "%s", base);
	fd = open(path, O_RDONLY);
	ck_assert_msg(fd >= 0, "%s", path);
	n = read(fd, text, sizeof(text) - 1);
	ck_assert_int_gt(n, 0);
	text[n] = '\0';
	(void)close(fd);
}

static struct nipfs_placement *begin_text(struct nipfs_store *store, const char *base)
{
	struct nipfs_path_info info = describe(base, NULL, 0);
	struct nipfs_placement *p = NULL;

	ck_assert_int_eq(nipfs_store_path_parse_base(nipfs__slice_str(base), &info.path, NULL),
			 0);
	ck_assert_int_eq(nipfs_placement_begin(store, &info, &p, NULL, NULL), 0);
	write_file(nipfs_store_dirfd(store), p->temp_name, text, strlen(text));
	return p;
}

/* What becomes of a .drv file with the contents of @text. */
static int place_text(struct nipfs_store *store, const char *base, struct nipfs_error *err)
{
	struct nipfs_placement *p = begin_text(store, base);

	return nipfs_placement_commit(&p, 1, err);
}

static void place_all(struct nipfs_store *store, int n)
{
	for (int i = 0; i < n; i++) {
		struct nipfs_error err = { .msg = "" };
		int r;

		load(derivations[i]);
		r = place_text(store, derivations[i], &err);
		ck_assert_msg(r == 0, "%s", err.msg);
	}
}

/* How many rows DerivationOutputs has for an output of a derivation. */
static int count_outputs(const char *where)
{
	sqlite3_stmt *stmt = NULL;
	sqlite3 *db = NULL;
	char sql[1024];
	int n;

	(void)snprintf(sql, sizeof(sql), "select count(*) from DerivationOutputs d join "
		       "ValidPaths v on v.id = d.drv where %s", where);
	ck_assert_int_eq(sqlite3_open(at("root/nix/var/nix/db/db.sqlite"), &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_step(stmt), SQLITE_ROW);
	n = sqlite3_column_int(stmt, 0);
	(void)sqlite3_finalize(stmt);
	(void)sqlite3_close(db);
	return n;
}

START_TEST(believes_what_nix_wrote)
{
	struct nipfs_store *store = open_store(NIPFS_STORE_WRITE);

	place_all(store, N_DERIVATIONS);
	ck_assert_int_eq(count_outputs("1"), N_DERIVATIONS + 2);
	ck_assert_int_eq(count_outputs("v.path like '%-multi-1.0.drv' and d.id = 'dev' and "
				       "d.path = '/nix/store/"
				       "bms6h5qghg18f4dz261rc5ps4i7wpjqr-multi-1.0-dev'"), 1);
	nipfs_store_close(store);
}
END_TEST

START_TEST(reads_inputs_of_the_same_batch)
{
	struct nipfs_store *store = open_store(NIPFS_STORE_WRITE);
	struct nipfs_placement *batch[N_DERIVATIONS];
	struct nipfs_error err = { .msg = "" };
	int r;

	for (int i = 0; i < N_DERIVATIONS; i++) {
		load(derivations[i]);
		batch[i] = begin_text(store, derivations[i]);
	}
	r = nipfs_placement_commit(batch, N_DERIVATIONS, &err);
	ck_assert_msg(r == 0, "%s", err.msg);
	nipfs_store_close(store);
}
END_TEST

START_TEST(needs_its_inputs)
{
	struct nipfs_store *store = open_store(NIPFS_STORE_WRITE);
	struct nipfs_error err = { .code = 0 };
	struct nipfs_placement *input;

	load(GOT_A);
	input = begin_text(store, GOT_A);
	load(GOT_B);
	ck_assert_int_eq(place_text(store, GOT_B, &err), 0);
	/* An input that is on its way, but not in this batch, is not checked yet. */
	load(BOTH);
	ck_assert_int_eq(place_text(store, BOTH, &err), NIPFS_E_NOTFOUND);
	ck_assert_ptr_nonnull(strstr(err.msg, GOT_A));
	nipfs_placement_abort(input);
	nipfs_store_close(store);
}
END_TEST

static const struct {
	const char *base, *from, *to;
	int code;
} lies[] = {
	/* another output than follows from it, in both places */
	{ PLAIN, "1zkwffb1nv1a51f4rk2758csq9msmm8h", "00000000000000000000000000000000",
	  NIPFS_E_MISMATCH },
	{ PLAIN, "\"/bin/sh\",[]", "\"/bin/zsh\",[]", NIPFS_E_MISMATCH },
	{ USER, "3bi8bxlakfvxm1g1y940j7mcjkchkaxk-plain.drv\",[\"out\"]",
	  "3bi8bxlakfvxm1g1y940j7mcjkchkaxk-plain.drv\",[\"x\"]", NIPFS_E_MISMATCH },
	{ FIXED, "sha256\",\"1c37", "sha256\",\"2c37", NIPFS_E_MISMATCH },
	{ FIXED_NAR, "r:sha1", "sha1", NIPFS_E_MISMATCH },
	{ FIXED, ",\"r:sha256\",", ",\"r:blake9\",", NIPFS_E_UNSUPPORTED },
	/* the builder is told to write elsewhere: nothing of that is in the hash */
	{ PLAIN, "(\"out\",\"/nix/store/1zkwffb1nv1a51f4rk2758csq9msmm8h-plain\"),",
	  "(\"out\",\"/nix/store/1zkwffb1nv1a51f4rk2758csq9msmm8h-plain/x\"),", NIPFS_E_INVALID },
	{ PLAIN, ",(\"out\",\"/nix/store/1zkwffb1nv1a51f4rk2758csq9msmm8h-plain\")", "",
	  NIPFS_E_INVALID },
	{ FIXED, "(\"out\",\"/nix/store/2qlh3ax23jf2kph2clzrf9ipg3lpvlw4-fixed.txt\")",
	  "(\"out\",\"/nix/store/1zkwffb1nv1a51f4rk2758csq9msmm8h-plain\")", NIPFS_E_INVALID },
	/* other spellings of the same */
	{ PLAIN, "(\"builder\"", "(\"\\builder\"", NIPFS_E_INVALID },
	{ PLAIN, "Derive(", "Derive (", NIPFS_E_INVALID },
	{ PLAIN, "\"x86_64-linux\")])", "\"x86_64-linux\")]) ", NIPFS_E_INVALID },
	{ PLAIN, "\"x86_64-linux\")])", "\"x86_64-linux\")]", NIPFS_E_INVALID },
	{ PLAIN, "(\"name\",\"plain\")", "(\"name\",\"plain\"),(\"name\",\"plain\")",
	  NIPFS_E_INVALID },
	{ PLAIN, "[(\"builder\"", "[(\"zz\",\"\"),(\"builder\"", NIPFS_E_INVALID },
	{ MULTI, "\\t", "\t", NIPFS_E_INVALID },
	{ FIXED, "1c37d01af40be2e80691de3cc3df44377a699afbb17c68f080964b2fd071fc13\")]",
	  "04zwf782yjwnh3q6hz5izfd6jyip8kgw6g6yj43fiqhbyhdd0dqw\")]", NIPFS_E_INVALID },
	/* kinds mixed, none, impure */
	{ MULTI, "multi-1.0-dev\",\"\",\"\")", "multi-1.0-dev\",\"sha256\",\"\")",
	  NIPFS_E_INVALID },
	{ PLAIN, "[(\"out\",\"/nix/store/1zkwffb1nv1a51f4rk2758csq9msmm8h-plain\",\"\",\"\")]",
	  "[]", NIPFS_E_INVALID },
	{ PLAIN, "(\"out\",\"/nix/store/1zkwffb1nv1a51f4rk2758csq9msmm8h-plain\",\"\",\"\")",
	  "(\"out\",\"\",\"sha256\",\"impure\")", NIPFS_E_UNSUPPORTED },
	/* an input twice, inputs out of order, no store path */
	{ BOTH, "\",[\"out\"]),(\"/nix/store/75y6pb8kvmwx4ga1zm5pc0s7mqf8nxww",
	  "\",[\"out\"]),(\"/nix/store/428w8kcfcazk468w1sj4kam23i7kpnqj", NIPFS_E_INVALID },
	{ BOTH, "(\"/nix/store/428w8kcfcazk468w1sj4kam23i7kpnqj-got.drv", "(\"/etc/passwd",
	  NIPFS_E_INVALID },
	{ MULTI, "[\"-c\",", "[\"-c\"", NIPFS_E_INVALID },
};

/* Replaces every @from in the text. */
static int replace(const char *from, const char *to)
{
	static char out[2 * sizeof(text)];
	const char *in = text, *hit;
	int n = 0;

	out[0] = '\0';
	while ((hit = strstr(in, from)) != NULL) {
		(void)snprintf(out + strlen(out), sizeof(out) - strlen(out), "%.*s%s",
			       (int)(hit - in), in, to);
		in = hit + strlen(from);
		n++;
	}
	(void)snprintf(out + strlen(out), sizeof(out) - strlen(out), "%s", in);
	(void)snprintf(text, sizeof(text), "%s", out);
	return n;
}

START_TEST(finds_out_who_lies)
{
	struct nipfs_store *store = open_store(NIPFS_STORE_WRITE);
	struct nipfs_error err = { .msg = "" };
	struct nipfs_path_info info;
	int r;

	place_all(store, 6);
	load(lies[_i].base);
	/* Under a name of its own, as a liar would have it: only the text counts. */
	info = describe("x", NULL, 0);
	(void)snprintf(info.path.base + NIPFS_STORE_HASH_LEN,
		       sizeof(info.path.base) - NIPFS_STORE_HASH_LEN, "%s",
		       lies[_i].base + NIPFS_STORE_HASH_LEN);
	ck_assert_int_gt(replace(lies[_i].from, lies[_i].to), 0);
	r = place_text(store, info.path.base, &err);
	ck_assert_msg(r == lies[_i].code, "%d %s", r, err.msg);
	ck_assert_int_eq(nipfs_store_is_valid(store, &info.path, NULL), 0);
	ck_assert(!in_store(store, info.path.base));
	nipfs_store_close(store);
}
END_TEST

START_TEST(takes_no_prefix_for_the_whole)
{
	struct nipfs_store *store = open_store(NIPFS_STORE_WRITE);
	struct nipfs_store_path path;
	size_t len;

	ck_assert_int_eq(nipfs_store_path_parse_base(nipfs__slice_str(PLAIN), &path, NULL), 0);
	load(PLAIN);
	len = strlen(text);
	for (size_t n = 1; n < len; n++) {
		load(PLAIN);
		text[n] = '\0';
		ck_assert_int_lt(place_text(store, PLAIN, NULL), 0);
	}
	ck_assert_int_eq(nipfs_store_is_valid(store, &path, NULL), 0);
	nipfs_store_close(store);
}
END_TEST

START_TEST(takes_only_a_file_for_a_derivation)
{
	struct nipfs_store *store = open_store(NIPFS_STORE_WRITE);
	struct nipfs_error err = { .code = 0 };
	struct nipfs_placement *p;

	load(PLAIN);
	p = begin_text(store, PLAIN);
	ck_assert_int_eq(unlinkat(nipfs_store_dirfd(store), p->temp_name, 0), 0);
	ck_assert_int_eq(mkdirat(nipfs_store_dirfd(store), p->temp_name, 0755), 0);
	ck_assert_int_eq(nipfs_placement_commit(&p, 1, &err), NIPFS_E_INVALID);
	nipfs_store_close(store);
}
END_TEST

static Suite *drv_check_suite(void)
{
	Suite *suite = suite_create("derivations in a store");
	TCase *tc = tcase_create("check");

	tcase_add_checked_fixture(tc, enter_scratch, leave_scratch);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, believes_what_nix_wrote);
	tcase_add_test(tc, reads_inputs_of_the_same_batch);
	tcase_add_test(tc, needs_its_inputs);
	tcase_add_loop_test(tc, finds_out_who_lies, 0, sizeof(lies) / sizeof(*lies));
	tcase_add_test(tc, takes_no_prefix_for_the_whole);
	tcase_add_test(tc, takes_only_a_file_for_a_derivation);
	suite_add_tcase(suite, tc);
	return suite;
}

NIPFS_TEST_MAIN(drv_check_suite)
