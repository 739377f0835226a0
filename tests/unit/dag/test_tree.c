/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names, and one tree for several sinks. */
#include "dag/tree.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/check_main.h"

static const struct {
	const char *name;
	size_t len;
	int code;
} names[] = {
	{ "a", 1, 0 },		    { "...", 3, 0 },		  { ".a", 2, 0 },
	{ "a\nb", 3, 0 },	    { "\xff\xfe", 2, 0 },	  { " ", 1, 0 },
	{ "", 0, NIPFS_E_INVALID }, { ".", 1, NIPFS_E_INVALID },  { "..", 2, NIPFS_E_INVALID },
	{ "/", 1, NIPFS_E_INVALID }, { "a/b", 3, NIPFS_E_INVALID }, { "../x", 4, NIPFS_E_INVALID },
	{ "\0", 1, NIPFS_E_INVALID }, { "a\0b", 3, NIPFS_E_INVALID },
};

START_TEST(checks_names)
{
	struct nipfs_error err = { 0, 0, "" };

	ck_assert_int_eq(nipfs__name_check((struct nipfs_slice){ (const uint8_t *)names[_i].name,
								 names[_i].len },
					   &err),
			 names[_i].code);
	ck_assert_int_eq(err.code, names[_i].code);
}
END_TEST

/* ---- tee -------------------------------------------------------------------------- */

/* Writes a letter for each event, with the name; has what is called @have. */
struct letters {
	char text[256];
	char have;
	char fail;
};

static int write_down(struct letters *l, char letter, const struct nipfs_entry *entry)
{
	const size_t len = strlen(l->text);
	const char name = entry && entry->name.len ? (char)entry->name.ptr[0] : '-';

	(void)snprintf(l->text + len, sizeof(l->text) - len, "%c", letter);
	if (entry)
		(void)snprintf(l->text + len + 1, sizeof(l->text) - len - 1, "%c", name);
	if (l->fail == letter)
		return NIPFS_E_CANCELLED;
	return entry && l->have == name ? NIPFS_HAVE : 0;
}

static int on_enter(void *ctx, const struct nipfs_entry *entry, struct nipfs_error *err)
{
	(void)err;
	return write_down(ctx, 'D', entry);
}

static int on_leave(void *ctx, struct nipfs_error *err)
{
	(void)err;
	return write_down(ctx, 'd', NULL);
}

static int on_file(void *ctx, const struct nipfs_entry *entry, struct nipfs_error *err)
{
	(void)err;
	return write_down(ctx, 'F', entry);
}

static int on_bytes(void *ctx, const struct nipfs_span *bytes, struct nipfs_error *err)
{
	(void)bytes;
	(void)err;
	return write_down(ctx, 'b', NULL);
}

static int on_file_end(void *ctx, struct nipfs_error *err)
{
	(void)err;
	return write_down(ctx, 'f', NULL);
}

static int on_symlink(void *ctx, const struct nipfs_entry *entry, struct nipfs_error *err)
{
	(void)err;
	return write_down(ctx, 'L', entry) < 0 ? NIPFS_E_CANCELLED : 0;
}

static struct nipfs_tree_sink letters_sink(struct letters *l)
{
	return (struct nipfs_tree_sink){ on_enter,    on_leave,	  on_file, on_bytes,
					 on_file_end, on_symlink, l };
}

/*
 * Gives a tree to a sink, "D-Fabbf..." as the letters above; what a sink has is
 * left out where @prunes. Writes the sink's answers to D and F behind them.
 */
static int give(const struct nipfs_tree_sink *sink, const char *tree, bool prunes, char *answers)
{
	static const struct nipfs_span bytes = { .ptr = (const uint8_t *)"x",
						 .len = 1,
						 .fd = -1 };
	int r = 0, depth = 0, have = 0;

	for (; *tree && r >= 0; tree++) {
		struct nipfs_entry entry = { .kind = NIPFS_FILE };
		const char letter = *tree;

		if (letter == 'd' || letter == 'f') {
			if (have == depth)
				have = 0;
			depth--;
			r = have ? 0 : letter == 'd' ? sink->leave(sink->ctx, NULL) :
						       sink->file_end(sink->ctx, NULL);
			continue;
		}
		if (letter == 'b') {
			r = have ? 0 : sink->bytes(sink->ctx, &bytes, NULL);
			continue;
		}
		tree++;
		entry.name = (struct nipfs_slice){ (const uint8_t *)tree, *tree != '-' };
		depth += letter != 'L';
		if (have)
			continue;
		r = letter == 'D' ? sink->enter(sink->ctx, &entry, NULL) :
		    letter == 'F' ? sink->file(sink->ctx, &entry, NULL) :
				    sink->symlink(sink->ctx, &entry, NULL);
		if (letter != 'L' && r >= 0)
			*answers++ = r == NIPFS_HAVE ? '1' : '0';
		if (r == NIPFS_HAVE && prunes)
			have = depth;
	}
	*answers = 0;
	return r < 0 ? r : 0;
}

#define TREE "D-DaFbbbfLcDdFebfddFxbfd"

static const struct {
	char have[3];
	const char *texts[3];
	const char *answers;
} tees[] = {
	{ { 0, 0, 0 }, { TREE, TREE, TREE }, "000000" },
	{ { 'a', 0, 0 }, { "D-DadFxbfd", TREE, TREE }, "000000" },
	{ { 'a', 'd', 'b' },
	  { "D-DadFxbfd", "D-DaFbbbfLcDdddFxbfd", "D-DaFbfLcDdFebfddFxbfd" },
	  "000000" },
	{ { 'a', 'a', 'b' },
	  { "D-DadFxbfd", "D-DadFxbfd", "D-DaFbfLcDdFebfddFxbfd" },
	  "001000" },
	{ { 'a', 'a', 'a' }, { "D-DadFxbfd", "D-DadFxbfd", "D-DadFxbfd" }, "010" },
	{ { 'x', 'x', 'x' }, { "D-DaFbbbfLcDdFebfddFxfd", "D-DaFbbbfLcDdFebfddFxfd",
			       "D-DaFbbbfLcDdFebfddFxfd" }, "000001" },
	{ { '-', '-', '-' }, { "D-d", "D-d", "D-d" }, "1" },
	{ { '-', 'a', 'e' }, { "D-d", "D-DadFxbfd", "D-DaFbbbfLcDdFefddFxbfd" }, "000010" },
};

START_TEST(gives_to_each_what_it_needs)
{
	/* a source may leave out what all have, or not */
	for (int prunes = 0; prunes < 2; prunes++) {
		struct letters letters[3] = { { .have = tees[_i].have[0] },
					      { .have = tees[_i].have[1] },
					      { .have = tees[_i].have[2] } };
		const struct nipfs_tree_sink sinks[3] = { letters_sink(&letters[0]),
							  letters_sink(&letters[1]),
							  letters_sink(&letters[2]) };
		struct nipfs_tree_tee tee = { .sinks = { &sinks[0], &sinks[1], &sinks[2] },
					      .n = 3 };
		const struct nipfs_tree_sink sink = nipfs_tree_tee_sink(&tee);
		char answers[32];

		/* twice: after a tree the tee is ready for the next one */
		for (int again = 0; again < 2; again++) {
			for (size_t i = 0; i < 3; i++)
				letters[i].text[0] = 0;
			ck_assert_int_eq(give(&sink, TREE, prunes, answers), 0);
			for (size_t i = 0; i < 3; i++)
				ck_assert_str_eq(letters[i].text, tees[_i].texts[i]);
			if (prunes)
				ck_assert_str_eq(answers, tees[_i].answers);
		}
	}
}
END_TEST

START_TEST(fails_with_any_sink)
{
	static const char events[] = "DdFbfL";

	for (size_t k = 0; k < strlen(events); k++) {
		struct letters letters[2] = { { .have = 0 }, { .fail = events[k] } };
		const struct nipfs_tree_sink sinks[2] = { letters_sink(&letters[0]),
							  letters_sink(&letters[1]) };
		struct nipfs_tree_tee tee = { .sinks = { &sinks[0], &sinks[1] }, .n = 2 };
		const struct nipfs_tree_sink sink = nipfs_tree_tee_sink(&tee);
		char answers[32];

		ck_assert_int_eq(give(&sink, TREE, false, answers), NIPFS_E_CANCELLED);
	}
}
END_TEST

static Suite *tree_suite(void)
{
	Suite *suite = suite_create("tree");
	TCase *tc = tcase_create("tree");

	tcase_add_loop_test(tc, checks_names, 0, (int)(sizeof(names) / sizeof(names[0])));
	tcase_add_loop_test(tc, gives_to_each_what_it_needs, 0,
			    (int)(sizeof(tees) / sizeof(tees[0])));
	tcase_add_test(tc, fails_with_any_sink);
	suite_add_tcase(suite, tc);
	return suite;
}

NIPFS_TEST_MAIN(tree_suite)
