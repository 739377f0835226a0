/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* NARs read as tree events, and made again from these. */
#include "tests/support/check_main.h"

#include <stdio.h>
#include <string.h>

#include <nixipfs/nar.h>

#include "tests/support/nar_text.h"
#include "tests/support/tree_log.h"

#define M "nix-archive-1 "
#define FILE_OPEN "( type regular contents "
#define DIR_OPEN "( type directory "
#define ENTRY(name) "entry ( name " name " node "

static struct nipfs_error err;

/* What a NAR is read into: a log and the NAR that is made again. */
struct again {
	struct tree_log log;
	uint8_t *ptr;
	size_t len;
};

static int append(void *ctx, const struct nipfs_span *bytes, struct nipfs_error *e)
{
	struct again *a = ctx;

	(void)e;
	ck_assert_uint_gt(bytes->len, 0);
	ck_assert_ptr_null(bytes->cid);
	a->ptr = realloc(a->ptr, a->len + bytes->len);
	ck_assert_ptr_nonnull(a->ptr);
	memcpy(a->ptr + a->len, bytes->ptr, bytes->len);
	a->len += bytes->len;
	return 0;
}

/* Feeds @nar in pieces of @step bytes. Return: as nipfs_nar_reader_end() or the failure.
 */
static int feed(struct nipfs_nar_reader *r, const uint8_t *nar, size_t len, size_t step,
		size_t *used)
{
	static const struct nipfs_cid cid_of_nar; /* of nothing that is in it */
	int ret = 0;

	*used = 0;
	while (ret == 0 && *used < len) {
		const size_t n = len - *used < step ? len - *used : step;
		const struct nipfs_span span = { .ptr = nar + *used, .len = n, .fd = 7,
						 .offset = *used, .cid = &cid_of_nar };
		size_t taken = 0;

		ret = nipfs_nar_reader_feed(r, &span, &taken, &err);
		if (ret == 0)
			ck_assert_uint_eq(taken, n);
		*used += taken;
	}
	return ret < 0 ? ret : nipfs_nar_reader_end(r, &err);
}

static int read_nar(const uint8_t *nar, size_t len, size_t step,
		    const struct nipfs_tree_limits *limits, struct again *out,
		    size_t *used)
{
	const struct nipfs_nar_output output = { .write = append, .ctx = out };
	const struct nipfs_tree_sink log = tree_log_sink(&out->log);
	struct nipfs_tree_sink nar_sink, tee_sink;
	struct nipfs_tree_tee tee = { .sinks = { &log, &nar_sink }, .n = 2 };
	struct nipfs_nar_writer *writer;
	struct nipfs_nar_reader *reader;
	uint64_t size = 0;
	int r;

	memset(&err, 0, sizeof(err));
	ck_assert_int_eq(nipfs_nar_writer_new(&writer, &output, 0, &err), 0);
	nar_sink = nipfs_nar_writer_sink(writer);
	tee_sink = nipfs_tree_tee_sink(&tee);
	ck_assert_int_eq(nipfs_nar_reader_new(&reader, limits, &tee_sink, &err), 0);
	r = feed(reader, nar, len, step, used);
	if (r == 0) {
		ck_assert_int_eq(nipfs_nar_writer_finish(writer, &size, &err), 0);
		ck_assert_uint_eq(size, out->len);
	}
	nipfs_nar_reader_free(reader);
	nipfs_nar_writer_free(writer);
	return r;
}

static void release(struct again *a)
{
	tree_log_release(&a->log);
	free(a->ptr);
	*a = (struct again){ .len = 0 };
}

static const struct {
	const char *nar, *log;
} good[] = {
	{ M "( type regular contents '' )", "file \"\" \"\"\n" },
	{ M "( type regular contents hello%0a )", "file \"\" \"hello\\x0a\"\n" },
	{ M "( type regular executable '' contents 12345678 )",
	  "exec \"\" \"12345678\"\n" },
	{ M "( type directory )", "dir \"\"\nend\n" },
	{ M "( type symlink target /no/where )", "link \"\" \"/no/where\"\n" },
	{ M DIR_OPEN ENTRY(".a") FILE_OPEN "1 ) ) " ENTRY("a") DIR_OPEN ENTRY("b")
	      DIR_OPEN ENTRY("%ff%0a") FILE_OPEN
	  "'' ) ) ) ) " ENTRY("c") "( type symlink target .. ) ) ) ) " ENTRY("a-b")
	      FILE_OPEN "123456789 ) ) " ENTRY("a.b") "( type regular executable '' "
						      "contents x ) ) )",
	  "dir \"\"\n"
	  " file \".a\" \"1\"\n"
	  " dir \"a\"\n"
	  "  dir \"b\"\n"
	  "   file \"\\xff\\x0a\" \"\"\n"
	  "  end\n"
	  "  link \"c\" \"..\"\n"
	  " end\n"
	  " file \"a-b\" \"123456789\"\n"
	  " exec \"a.b\" \"x\"\n"
	  "end\n" },
	/* a prefix comes first, and bytes are unsigned */
	{ M DIR_OPEN ENTRY("a") DIR_OPEN ") ) " ENTRY("a%01") DIR_OPEN
	  ") ) " ENTRY("a%80") DIR_OPEN ") ) )",
	  "dir \"\"\n dir \"a\"\n end\n dir \"a\\x01\"\n end\n dir \"a\\x80\"\n "
	  "end\nend\n" },
	/* names that Nix gives other meanings elsewhere */
	{ M DIR_OPEN ENTRY("...") DIR_OPEN ") ) " ENTRY("x~nix~case~hack~1") DIR_OPEN
	  ") ) )",
	  "dir \"\"\n dir \"...\"\n end\n dir \"x~nix~case~hack~1\"\n end\nend\n" },
	/* Nix's case.nar and unnormalized.nar in small: names that only differ in case or
	   form */
	{ M DIR_OPEN ENTRY("A") DIR_OPEN ") ) " ENTRY("a") DIR_OPEN
	  ") ) " ENTRY("u%cc%88") DIR_OPEN ") ) " ENTRY("%c3%bc") DIR_OPEN ") ) )",
	  "dir \"\"\n dir \"A\"\n end\n dir \"a\"\n end\n dir \"u\\xcc\\x88\"\n end\n"
	  " dir \"\\xc3\\xbc\"\n end\nend\n" },
};

START_TEST(takes_what_it_makes_again)
{
	static const size_t steps[] = { 1, 2, 3, 7, 8, 9, 16, 31, 100, SIZE_MAX };
	size_t len, used;
	uint8_t *nar = nar_text(good[_i].nar, &len);

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		struct again a = { .log = { .ends = true } };

		if (read_nar(nar, len, steps[i], NULL, &a, &used) != 0)
			ck_abort_msg("steps of %zu: %s", steps[i], err.msg);
		ck_assert_uint_eq(used, len);
		ck_assert_str_eq(a.log.text, good[_i].log);
		ck_assert_uint_eq(a.len, len);
		ck_assert_mem_eq(a.ptr, nar, len);
		ck_assert_uint_eq(a.log.spans_fd, a.log.spans);
		release(&a);
	}
	free(nar);
}
END_TEST

START_TEST(needs_every_byte)
{
	size_t len, used;
	uint8_t *nar = nar_text(good[_i].nar, &len);

	for (size_t n = 0; n < len; n++) {
		struct again a = { .len = 0 };

		ck_assert_int_eq(read_nar(nar, n, 64, NULL, &a, &used),
				 NIPFS_E_TRUNCATED);
		ck_assert_uint_eq(used, n);
		release(&a);
	}
	free(nar);
}
END_TEST

START_TEST(leaves_what_comes_behind)
{
	size_t len, all, used;
	uint8_t *nar = nar_text(good[_i].nar, &len);
	char text[1024];
	uint8_t *more;

	(void)snprintf(text, sizeof(text), "%s more !00", good[_i].nar);
	more = nar_text(text, &all);
	for (size_t step = 1; step <= all; step++) {
		struct again a = { .len = 0 };

		ck_assert_int_eq(read_nar(more, all, step, NULL, &a, &used), 0);
		ck_assert_uint_eq(used, len);
		release(&a);
	}
	free(more);
	free(nar);
}
END_TEST

START_TEST(no_other_bytes_make_the_same_tree)
{
	size_t len, used;
	uint8_t *nar = nar_text(good[_i].nar, &len);

	for (size_t at = 0; at < len; at++)
		for (unsigned int bit = 0; bit < 8; bit++) {
			struct again a = { .len = 0 };

			nar[at] ^= (uint8_t)(1u << bit);
			if (read_nar(nar, len, 64, NULL, &a, &used) == 0) {
				ck_assert_uint_eq(a.len, used);
				ck_assert_mem_eq(a.ptr, nar, used);
			}
			release(&a);
			nar[at] ^= (uint8_t)(1u << bit);
		}
	free(nar);
}
END_TEST

/* Names as those of Nix's own test data, src/libutil-tests/data/nars and
 * tests/functional. */
static const struct {
	const char *name, *nar;
	int code;
	const char *part;
} bad[] = {
	{ "no-nar", "nix-archive-2 ( type directory )", NIPFS_E_INVALID,
	  "this is not a NAR" },
	{ "no-nar-text", "!68 !65 !6c !6c !6f !20 !77 !6f", NIPFS_E_INVALID,
	  "this is not a NAR" },
	{ "magic-padding",
	  "#13 !6e !69 !78 !2d !61 !72 !63 !68 !69 !76 !65 !2d !31 !00 !00 !01 "
	  "( type directory )",
	  NIPFS_E_NONCANONICAL, "malformed at byte 24: padding is not zero" },
	{ "dot", M DIR_OPEN ENTRY(".") DIR_OPEN ") ) )", NIPFS_E_INVALID,
	  "no file can have" },
	{ "dotdot", M DIR_OPEN ENTRY("..") DIR_OPEN ") ) )", NIPFS_E_INVALID,
	  "no file can have" },
	{ "slash", M DIR_OPEN ENTRY("a/b") DIR_OPEN ") ) )", NIPFS_E_INVALID,
	  "no file can have" },
	{ "slash-alone", M DIR_OPEN ENTRY("/") DIR_OPEN ") ) )", NIPFS_E_INVALID,
	  "no file can have" },
	{ "empty", M DIR_OPEN ENTRY("''") DIR_OPEN ") ) )", NIPFS_E_INVALID,
	  "no file can have" },
	{ "nul-character", M DIR_OPEN ENTRY("a%00b") DIR_OPEN ") ) )", NIPFS_E_INVALID,
	  "no file can have" },
	{ "name-after-node", M DIR_OPEN "entry ( node " DIR_OPEN ") name a ) )",
	  NIPFS_E_INVALID, "expected 'name'" },
	{ "executable-after-contents", M "( type regular contents x executable '' )",
	  NIPFS_E_INVALID, "expected ')'" },
	{ "executable-twice", M "( type regular executable '' executable '' contents x )",
	  NIPFS_E_INVALID, "expected 'contents'" },
	{ "executable-value", M "( type regular executable x contents x )",
	  NIPFS_E_INVALID, "expected ''" },
	{ "invalid-tag-instead-of-contents", M "( type regular content x )",
	  NIPFS_E_INVALID, "expected 'contents' or 'executable'" },
	{ "contents-missing", M "( type regular )", NIPFS_E_INVALID,
	  "expected 'contents' or 'executable'" },
	{ "contents-twice", M "( type regular contents a contents b )", NIPFS_E_INVALID,
	  "expected ')'" },
	{ "regular-one-byte-non-zero-padding",
	  M "( type regular contents #1 !61 !00 !00 !00 !00 !00 !00 !01 )",
	  NIPFS_E_NONCANONICAL, "padding is not zero" },
	{ "name-padding",
	  M DIR_OPEN "entry ( name #1 !61 !ff !00 !00 !00 !00 !00 !00 node",
	  NIPFS_E_NONCANONICAL, "padding is not zero" },
	{ "duplicate", M DIR_OPEN ENTRY("a") DIR_OPEN ") ) " ENTRY("a") DIR_OPEN ") ) )",
	  NIPFS_E_NONCANONICAL, "not in order, or one is there twice" },
	{ "unsorted", M DIR_OPEN ENTRY("b") DIR_OPEN ") ) " ENTRY("a") DIR_OPEN ") ) )",
	  NIPFS_E_NONCANONICAL, "not in order" },
	{ "unsorted-signed",
	  M DIR_OPEN ENTRY("%ff") DIR_OPEN ") ) " ENTRY("a") DIR_OPEN ") ) )",
	  NIPFS_E_NONCANONICAL, "not in order" },
	{ "unsorted-prefix",
	  M DIR_OPEN ENTRY("ab") DIR_OPEN ") ) " ENTRY("a") DIR_OPEN ") ) )",
	  NIPFS_E_NONCANONICAL, "not in order" },
	{ "unsorted-after-subdirectory",
	  M DIR_OPEN ENTRY("b") DIR_OPEN ENTRY("z") DIR_OPEN ") ) ) ) " ENTRY("a")
	      DIR_OPEN ") ) )",
	  NIPFS_E_NONCANONICAL, "not in order" },
	{ "kind", M "( type fifo )", NIPFS_E_INVALID,
	  "expected 'regular' or 'directory' or 'symlink'" },
	{ "kind-case", M "( type Directory )", NIPFS_E_INVALID, "expected 'regular'" },
	{ "kind-longer", M "( type directoryx )", NIPFS_E_INVALID, "expected 'regular'" },
	{ "type-missing", M "( regular contents x )", NIPFS_E_INVALID,
	  "expected 'type'" },
	{ "root-missing", M ")", NIPFS_E_INVALID, "expected '('" },
	{ "entry-open", M DIR_OPEN "entry name a node " DIR_OPEN ") ) )", NIPFS_E_INVALID,
	  "expected '('" },
	{ "entry-close", M DIR_OPEN ENTRY("a") DIR_OPEN ") entry", NIPFS_E_INVALID,
	  "expected ')'" },
	{ "entry-without-node", M DIR_OPEN "entry ( name a ) )", NIPFS_E_INVALID,
	  "expected 'node'" },
	{ "directory-type-twice", M "( type directory type directory )", NIPFS_E_INVALID,
	  "expected 'entry' or ')'" },
	{ "symlink-empty", M "( type symlink target '' )", NIPFS_E_INVALID,
	  "target is empty" },
	{ "symlink-nul", M "( type symlink target a%00b )", NIPFS_E_INVALID, "NUL" },
	{ "symlink-tag", M "( type symlink contents a )", NIPFS_E_INVALID,
	  "expected 'target'" },
	{ "long-word", M "( #33", NIPFS_E_INVALID,
	  "malformed at byte 48: expected 'type'" },
	{ "endless-word", M "( #0xffffffffffffffff", NIPFS_E_INVALID, "expected 'type'" },
	{ "endless-name", M DIR_OPEN "entry ( name #0xfffffffffffffff8", NIPFS_E_LIMIT,
	  "a name that is too long" },
	{ "endless-target", M "( type symlink target #0x7fffffffffffffff", NIPFS_E_LIMIT,
	  "a symlink target that is too long" },
	{ "long-name", M DIR_OPEN ENTRY("256*n") DIR_OPEN ") ) )", NIPFS_E_LIMIT,
	  "a name that is too long" },
	{ "long-target", M "( type symlink target 4096*t )", NIPFS_E_LIMIT,
	  "a symlink target that is too long" },
	/* lengths that are right only in their low 32 bits */
	{ "wide-length", M "#0x100000001 !28 !00 !00 !00 !00 !00 !00 !00 type",
	  NIPFS_E_INVALID, "expected '('" },
};

START_TEST(refuses_what_is_not_strict)
{
	size_t len, used;
	uint8_t *nar = nar_text(bad[_i].nar, &len);

	for (size_t step = 1; step <= len; step++) {
		struct again a = { .len = 0 };
		const int r = read_nar(nar, len, step, NULL, &a, &used);

		if (r != bad[_i].code || !strstr(err.msg, bad[_i].part))
			ck_abort_msg("%s: %d '%s'", bad[_i].name, r, err.msg);
		release(&a);
	}
	free(nar);
}
END_TEST

/* A file or directory below @levels directories. */
static uint8_t *deep(unsigned int levels, size_t *len)
{
	static char text[64 * 5000];
	char *to = text;

	to += sprintf(to, M);
	for (unsigned int i = 0; i < levels; i++)
		to += sprintf(to, DIR_OPEN ENTRY("d"));
	to += sprintf(to, FILE_OPEN "x )");
	for (unsigned int i = 0; i < levels; i++)
		to += sprintf(to, " ) )");
	return nar_text(text, len);
}

START_TEST(limits_are_those_of_nix_or_of_the_caller)
{
	static const struct nipfs_tree_limits none = NIPFS_TREE_LIMITS_NONE;
	static const struct {
		unsigned int levels;
		bool unlimited;
		int code;
	} depths[] = { { 63, false, 0 },
		       { 64, false, NIPFS_E_LIMIT },
		       { 64, true, 0 },
		       { 4000, true, 0 } };
	struct again a = { .len = 0 };
	size_t len, used;
	uint8_t *nar;

	for (size_t i = 0; i < sizeof(depths) / sizeof(depths[0]); i++) {
		nar = deep(depths[i].levels, &len);
		ck_assert_int_eq(read_nar(nar, len, 4096,
					  depths[i].unlimited ? &none : NULL, &a, &used),
				 depths[i].code);
		if (depths[i].code == 0)
			ck_assert_uint_eq(a.len, len);
		else
			ck_assert_str_eq(err.msg, "the NAR has more than 63 levels");
		release(&a);
		free(nar);
	}
	nar = nar_text(M DIR_OPEN ENTRY("255*n") "( type symlink target 4095*t ) ) )",
		       &len);
	ck_assert_int_eq(read_nar(nar, len, 1, NULL, &a, &used), 0);
	release(&a);
	free(nar);
	nar = nar_text(M DIR_OPEN ENTRY("256*n") "( type symlink target 4096*t ) ) )",
		       &len);
	ck_assert_int_eq(read_nar(nar, len, 1, &none, &a, &used), 0);
	release(&a);
	free(nar);
	nar = nar_text(M "( type symlink target '' )", &len);
	ck_assert_int_eq(read_nar(nar, len, 1, &none, &a, &used), 0);
	release(&a);
	free(nar);
}
END_TEST

START_TEST(leaves_out_what_the_sink_has_and_ends_where_it_fails)
{
	struct tree_log log = { .have = "a", .ends = true };
	size_t len, used;
	uint8_t *nar = nar_text(good[5].nar, &len);
	unsigned int events = 0;

	for (unsigned int i = 0; i == 0 || i <= events; i++) {
		const struct nipfs_tree_sink sink = tree_log_sink(&log);
		struct nipfs_nar_reader *reader;
		int r;

		log.have = i == 0 ? "a" : "a-b";
		log.ends = true;
		log.fail_at = i;
		ck_assert_int_eq(nipfs_nar_reader_new(&reader, NULL, &sink, &err), 0);
		r = feed(reader, nar, len, 10, &used);
		ck_assert_int_eq(r, i ? NIPFS_E_CANCELLED : 0);
		if (i == 0) {
			ck_assert_str_eq(log.text, "dir \"\"\n"
						   " file \".a\" \"1\"\n"
						   " dir \"a\"\n"
						   " end\n"
						   " file \"a-b\" \"123456789\"\n"
						   " exec \"a.b\" \"x\"\n"
						   "end\n");
			events = log.events;
		} else {
			/* and it says so again */
			ck_assert_int_eq(feed(reader, nar, len, 10, &used),
					 NIPFS_E_CANCELLED);
			ck_assert_uint_eq(log.events, i);
		}
		nipfs_nar_reader_free(reader);
		tree_log_release(&log);
	}
	free(nar);
	nipfs_nar_reader_free(NULL);
}
END_TEST

static Suite *nar_read_suite(void)
{
	const int n_good = sizeof(good) / sizeof(good[0]),
		  n_bad = sizeof(bad) / sizeof(bad[0]);
	Suite *s = suite_create("nar_read");
	TCase *tc = tcase_create("nar_read");

	tcase_add_loop_test(tc, takes_what_it_makes_again, 0, n_good);
	tcase_add_loop_test(tc, needs_every_byte, 0, n_good);
	tcase_add_loop_test(tc, leaves_what_comes_behind, 0, n_good);
	tcase_add_loop_test(tc, no_other_bytes_make_the_same_tree, 0, n_good);
	tcase_add_loop_test(tc, refuses_what_is_not_strict, 0, n_bad);
	tcase_add_test(tc, limits_are_those_of_nix_or_of_the_caller);
	tcase_add_test(tc, leaves_out_what_the_sink_has_and_ends_where_it_fails);
	suite_add_tcase(s, tc);
	return s;
}

NIPFS_TEST_MAIN(nar_read_suite)
