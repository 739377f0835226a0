/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The encoding of the worker protocol: Nix's own vectors, both ways, and what is refused. */
#include "lib/nix/wire.h"

#include <stdio.h>

#include "lib/nix/content_address.h"
#include "multiformats/base/num.h"
#include "tests/support/check_main.h"
#include "tests/support/fixture.h"

#define STORE "/nix/store"

/* Bytes that arrive in pieces of @step. */
struct input {
	const uint8_t *bytes;
	size_t len, at, step;
};

static int more(void *ctx, uint8_t *room, size_t size, size_t *got, struct nipfs_error *err)
{
	struct input *in = ctx;
	size_t n = nipfs__min_size(in->step, in->len - in->at);

	(void)err;
	n = nipfs__min_size(n, size);
	if (n == 0)
		return NIPFS_E_TRUNCATED;
	memcpy(room, in->bytes + in->at, n);
	in->at += n;
	*got = n;
	return 0;
}

static struct input input;
static struct nipfs__wire_reader reader;
static struct nipfs_buf out;
static struct nipfs_error error;

static void read_from(struct nipfs_slice bytes, size_t step)
{
	input = (struct input){ bytes.ptr, bytes.len, 0, step };
	reader = (struct nipfs__wire_reader){ .more = more, .ctx = &input };
}

static bool all_was_read(void)
{
	return input.at == input.len && reader.at == reader.len;
}

/* A vector by its name, read in pieces of every size that matters. */
static struct nipfs_slice load(const char *name, int turn)
{
	static const size_t steps[] = { 1, 3, 8, 64, 100000 };
	static uint8_t *bytes;
	char path[256];
	size_t len;

	(void)snprintf(path, sizeof(path), "fixtures/worker-protocol/%s.bin", name);
	free(bytes);
	bytes = test_fixture(path, &len);
	read_from(nipfs__slice(bytes, len), steps[turn]);
	nipfs__buf_release(&out);
	out = (struct nipfs_buf)NIPFS_BUF_INIT(1 << 20);
	return nipfs__slice(bytes, len);
}

enum { TURNS = 5 };

static void same_again(struct nipfs_slice vector)
{
	ck_assert(all_was_read());
	ck_assert_uint_eq(out.len, vector.len);
	ck_assert_mem_eq(out.ptr, vector.ptr, vector.len);
}

static struct nipfs_store_path path(const char *base)
{
	struct nipfs_store_path p;

	ck_assert_int_eq(nipfs_store_path_parse_base(nipfs__slice_str(base), &p, NULL), 0);
	return p;
}

/* ---- vectors ---------------------------------------------------------------------- */

START_TEST(strings)
{
	static const char *const want[] = { "", "hi", "white rabbit", "大白兔", "oh no " };
	const struct nipfs_slice vector = load("string", _i);
	struct nipfs_buf text = NIPFS_BUF_INIT(1 << 20);

	for (size_t i = 0; i < 5; i++) {
		ck_assert_int_eq(nipfs__wire_get_string(&reader, &text, &error), 0);
		ck_assert(nipfs__slice_eq(nipfs__buf_slice(&text), nipfs__slice_str(want[i])));
		ck_assert_int_eq(nipfs__wire_put_string(&out, nipfs__buf_slice(&text)), 0);
	}
	same_again(vector);
	nipfs__buf_release(&text);
}
END_TEST

static void lists_of(const char *name, int turn)
{
	/* none, one, three; and a list of three lists */
	static const size_t counts[] = { 0, 1, 3, 3, 0, 1, 3 };
	const struct nipfs_slice vector = load(name, turn);
	char room[16];
	size_t n;

	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		struct nipfs_slice text;

		ck_assert_int_eq(nipfs__wire_get_count(&reader, 3, &n, &error), 0);
		ck_assert_uint_eq(n, counts[i]);
		ck_assert_int_eq(nipfs__wire_put_u64(&out, n), 0);
		for (size_t j = 0; i != 3 && j < n; j++) {
			ck_assert_int_eq(nipfs__wire_get_text(&reader, room, sizeof(room), &text,
							      &error), 0);
			ck_assert_int_eq(nipfs__wire_put_string(&out, text), 0);
			ck_assert_uint_eq(text.len == 0, j == 0);
		}
	}
	same_again(vector);
}

START_TEST(vectors)
{
	lists_of("vector", _i);
}
END_TEST

START_TEST(sets)
{
	lists_of("set", _i);
}
END_TEST

START_TEST(put_strings_as_a_list)
{
	static const char *const members[] = { "", "foo", "bar" };
	const struct nipfs_slice vector = load("vector", 4);

	/* behind an empty list and one of the empty string */
	ck_assert_int_eq(nipfs__wire_put_strings(&out, members, 0), 0);
	ck_assert_int_eq(nipfs__wire_put_strings(&out, members, 1), 0);
	ck_assert_int_eq(nipfs__wire_put_strings(&out, members, 3), 0);
	ck_assert_mem_eq(out.ptr, vector.ptr, out.len);
}
END_TEST

START_TEST(store_paths)
{
	static const char *const want[] = { "g1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q-foo",
					    "g1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q-foo-bar" };
	const struct nipfs_slice vector = load("store-path", _i);
	struct nipfs_store_path p;

	for (size_t i = 0; i < 2; i++) {
		ck_assert_int_eq(nipfs__wire_get_path(&reader, STORE, NULL, &p, &error), 0);
		ck_assert_str_eq(p.base, want[i]);
		ck_assert_int_eq(nipfs__wire_put_path(&out, STORE, &p), 0);
	}
	same_again(vector);
}
END_TEST

START_TEST(optional_store_paths)
{
	const struct nipfs_slice vector = load("optional-store-path", _i);
	struct nipfs_store_path p;
	bool has = true;

	ck_assert_int_eq(nipfs__wire_get_path(&reader, STORE, &has, &p, &error), 0);
	ck_assert(!has);
	ck_assert_int_eq(nipfs__wire_put_path(&out, STORE, NULL), 0);
	ck_assert_int_eq(nipfs__wire_get_path(&reader, STORE, &has, &p, &error), 0);
	ck_assert(has);
	ck_assert_str_eq(p.base, "g1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q-foo-bar");
	ck_assert_int_eq(nipfs__wire_put_path(&out, STORE, &p), 0);
	same_again(vector);
}
END_TEST

START_TEST(content_addresses)
{
	static const char *const names[] = { "content-address", "optional-content-address" };

	for (size_t i = 0; i < 2; i++) {
		const struct nipfs_slice vector = load(names[i], _i);

		while (!all_was_read()) {
			char room[NIPFS__CA_TEXT_MAX], again[NIPFS__CA_TEXT_MAX] = "";
			struct nipfs_slice text;
			struct nipfs__ca ca;

			ck_assert_int_eq(nipfs__wire_get_text(&reader, room, sizeof(room), &text,
							      &error), 0);
			if (text.len) {
				ck_assert_int_eq(nipfs__ca_parse(text, &ca), 0);
				(void)nipfs__ca_format(&ca, again);
			}
			ck_assert_int_eq(nipfs__wire_put_string(&out, nipfs__slice_str(again)), 0);
		}
		same_again(vector);
	}
}
END_TEST

START_TEST(trust)
{
	const struct nipfs_slice vector = load("optional-trusted-flag", _i);
	uint64_t v;

	for (uint64_t i = 0; i < 3; i++) {
		ck_assert_int_eq(nipfs__wire_get_u64(&reader, &v, &error), 0);
		ck_assert_uint_eq(v, i);
		ck_assert_int_eq(nipfs__wire_put_u64(&out, v), 0);
	}
	same_again(vector);
}
END_TEST

static const uint8_t nar_hash[] = { 0x15, 0xe3, 0xc5, 0x60, 0x89, 0x4c, 0xbb, 0x27,
				    0x08, 0x5c, 0xf6, 0x5b, 0x5a, 0x2e, 0xcb, 0x18,
				    0x48, 0x8c, 0x99, 0x94, 0x97, 0xf4, 0x53, 0x1b,
				    0x69, 0x07, 0xa7, 0x58, 0x1c, 0xe6, 0xd5, 0x27 };

/* One path info of a vector, of which all have the same hash, size and time. */
static void next_info(bool keyed, bool claims, struct nipfs_path_info *info)
{
	nipfs_path_info_release(info);
	if (keyed)
		ck_assert_int_eq(nipfs__wire_get_path(&reader, STORE, NULL, &info->path, &error),
				 0);
	ck_assert_int_eq(nipfs__wire_get_facts(&reader, STORE, info, &error), 0);
	if (claims)
		ck_assert_int_eq(nipfs__wire_get_claims(&reader, info, &error), 0);
	ck_assert_mem_eq(info->nar_hash, nar_hash, sizeof(nar_hash));
	ck_assert_uint_eq(info->nar_size, 34878);
	ck_assert_int_eq(info->registration_time, 23423);
	if (keyed)
		ck_assert_int_eq(nipfs__wire_put_path(&out, STORE, &info->path), 0);
	ck_assert_int_eq(nipfs__wire_put_facts(&out, STORE, info), 0);
	if (claims)
		ck_assert_int_eq(nipfs__wire_put_claims(&out, info), 0);
}

START_TEST(path_infos_without_claims)
{
	struct nipfs_path_info info = NIPFS_PATH_INFO_INIT;
	struct nipfs_slice vector = load("unkeyed-valid-path-info-1.15", _i);

	next_info(false, false, &info);
	ck_assert(!info.has_deriver && info.n_refs == 0);
	next_info(false, false, &info);
	ck_assert_str_eq(info.deriver.base, "g1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q-bar.drv");
	ck_assert_uint_eq(info.n_refs, 1);
	ck_assert_str_eq(info.refs[0].base, "g1w7hyyyy1w7hy3qg1w7hy3qgqqqqy3q-foo.drv");
	same_again(vector);

	vector = load("valid-path-info-1.15", _i);
	next_info(true, false, &info);
	ck_assert_str_eq(info.path.base, "g1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q-bar");
	next_info(true, false, &info);
	ck_assert_uint_eq(info.n_refs, 2);
	ck_assert(nipfs_path_info_has_ref(&info, &info.path));
	same_again(vector);
	nipfs_path_info_release(&info);
}
END_TEST

START_TEST(path_infos)
{
	struct nipfs_path_info info = NIPFS_PATH_INFO_INIT;
	const struct nipfs_slice vector = load("valid-path-info-1.16", _i);
	struct nipfs_store_path other = path("g1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q-bar");

	next_info(true, true, &info);
	ck_assert(info.ultimate && info.n_sigs == 0 && !info.ca && info.n_refs == 0);
	next_info(true, true, &info);
	ck_assert(!info.ultimate && info.has_deriver && !info.ca);
	ck_assert_uint_eq(info.n_sigs, 2);
	ck_assert_int_eq(strncmp(info.sigs[1], "fake-sig-2:AAAA", 15), 0);
	next_info(true, true, &info);
	ck_assert_str_eq(info.path.base, "n5wkd9frr45pa74if5gpz9j7mifg27fh-foo");
	ck_assert_str_eq(info.ca, "fixed:r:sha256:"
				  "1lr187v6dck1rjh2j6svpikcfz53wyl3qrlcbb405zlh13x0khhh");
	ck_assert_uint_eq(info.n_refs, 2);
	ck_assert(nipfs_path_info_has_ref(&info, &other));
	same_again(vector);
	nipfs_path_info_release(&info);
}
END_TEST

/* ---- what is refused -------------------------------------------------------------- */

static int any_string(void)
{
	struct nipfs_buf text = NIPFS_BUF_INIT(SIZE_MAX);
	const int r = nipfs__wire_get_string(&reader, &text, &error);

	/* memory for what has arrived, not for what was announced */
	ck_assert_uint_le(text.cap, 2 * input.len + 64);
	nipfs__buf_release(&text);
	return r;
}

static int any_text(void)
{
	struct nipfs_slice text;
	char room[64];

	return nipfs__wire_get_text(&reader, room, sizeof(room), &text, &error);
}

static int skipped_string(void)
{
	return nipfs__wire_skip_string(&reader, &error);
}

static int any_paths(void)
{
	struct nipfs_store_path *paths = NULL;
	size_t n = 0;
	const int r = nipfs__wire_get_paths(&reader, STORE, NIPFS__WIRE_LIST_MAX, &paths, &n,
					    &error);

	free(paths);
	return r;
}

static int any_facts(void)
{
	struct nipfs_path_info info = NIPFS_PATH_INFO_INIT;
	const int r = nipfs__wire_get_facts(&reader, STORE, &info, &error);

	nipfs_path_info_release(&info);
	return r;
}

static int any_claims(void)
{
	struct nipfs_path_info info = NIPFS_PATH_INFO_INIT;
	const int r = nipfs__wire_get_claims(&reader, &info, &error);

	nipfs_path_info_release(&info);
	return r;
}

static int (*const readers_of_lengths[])(void) = { any_string, any_text, skipped_string,
						   any_paths, any_facts };

/* Lengths and counts up to 2^64 - 1, with nothing behind them. */
START_TEST(announces_more_than_there_is)
{
	static const uint64_t lengths[] = { 1ull << 63, UINT64_MAX, UINT64_MAX - 7, 1ull << 32,
					    NIPFS__WIRE_STRING_MAX + 1, NIPFS__WIRE_LIST_MAX,
					    NIPFS__WIRE_STRING_MAX, 64, 1 };
	uint8_t bytes[16] = { 0 };

	for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
		int r;

		nipfs__put_le64(bytes, lengths[i]);
		read_from(nipfs__slice(bytes, 8), 8);
		error = (struct nipfs_error){ 0 };
		r = readers_of_lengths[_i]();
		ck_assert(r == NIPFS_E_LIMIT || r == NIPFS_E_TRUNCATED);
		ck_assert(r == NIPFS_E_TRUNCATED || error.msg[0]);
		if (lengths[i] > NIPFS__WIRE_STRING_MAX)
			ck_assert_int_eq(r, NIPFS_E_LIMIT);
	}
}
END_TEST

START_TEST(takes_the_longest_string)
{
	uint8_t *bytes = calloc(1, NIPFS__WIRE_STRING_MAX + 8);
	struct nipfs_buf text = NIPFS_BUF_INIT(NIPFS__WIRE_STRING_MAX);

	nipfs__put_le64(bytes, NIPFS__WIRE_STRING_MAX);
	read_from(nipfs__slice(bytes, NIPFS__WIRE_STRING_MAX + 8), 10001);
	ck_assert_int_eq(nipfs__wire_get_string(&reader, &text, &error), 0);
	ck_assert_uint_eq(text.len, NIPFS__WIRE_STRING_MAX);
	ck_assert(all_was_read());
	nipfs__buf_release(&text);
	free(bytes);
}
END_TEST

START_TEST(padding_must_be_zero)
{
	uint8_t bytes[16] = { 5, 0, 0, 0, 0, 0, 0, 0, 'h', 'e', 'l', 'l', 'o' };

	for (size_t i = 13; i < 16; i++)
		for (size_t j = 0; j < 3; j++) {
			bytes[i] = 1;
			read_from(nipfs__slice(bytes, 16), 16);
			ck_assert_int_eq(readers_of_lengths[j](), NIPFS_E_INVALID);
			bytes[i] = 0;
			read_from(nipfs__slice(bytes, 16), 16);
			ck_assert_int_eq(readers_of_lengths[j](), 0);
			ck_assert(all_was_read());
		}
}
END_TEST

START_TEST(booleans_are_0_or_1)
{
	static const uint64_t values[] = { 0, 1, 2, 256, 1ull << 32, 1ull << 63, UINT64_MAX };
	uint8_t bytes[8];
	bool v = true;

	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
		nipfs__put_le64(bytes, values[i]);
		read_from(nipfs__slice(bytes, 8), 8);
		ck_assert_int_eq(nipfs__wire_get_bool(&reader, &v, &error),
				 values[i] > 1 ? NIPFS_E_INVALID : 0);
		ck_assert(v == (i > 0));
	}
}
END_TEST

START_TEST(paths_are_in_the_store)
{
	static const char *const texts[] = {
		"", "/nix/store", "/nix/store/", "g1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q-foo",
		"/nix/other/g1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q-foo",
		"/nix/store/g1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q-foo/bin",
		"/nix/store//g1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q-foo",
		"/nix/store/g1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q-f\no",
		"/nix/store/../g1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q-foo",
	};
	struct nipfs_buf b = NIPFS_BUF_INIT(4096);
	struct nipfs_store_path p;
	bool has;

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		nipfs__buf_clear(&b);
		ck_assert_int_eq(nipfs__wire_put_string(&b, nipfs__slice_str(texts[i])), 0);
		read_from(nipfs__buf_slice(&b), 4096);
		ck_assert_int_eq(nipfs__wire_get_path(&reader, STORE, NULL, &p, &error),
				 NIPFS_E_INVALID);
		ck_assert_ptr_null(strchr(error.msg, '\n'));
		read_from(nipfs__buf_slice(&b), 4096);
		ck_assert_int_eq(nipfs__wire_get_path(&reader, STORE, &has, &p, &error),
				 i ? NIPFS_E_INVALID : 0);
	}
	nipfs__buf_release(&b);
}
END_TEST

/* In any order and twice, as no Nix sends them. */
START_TEST(paths_become_a_set)
{
	const struct nipfs_store_path paths[] = {
		path("n5wkd9frr45pa74if5gpz9j7mifg27fh-foo"),
		path("g1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q-bar"),
		path("n5wkd9frr45pa74if5gpz9j7mifg27fh-foo")
	};
	struct nipfs_buf b = NIPFS_BUF_INIT(4096);
	struct nipfs_store_path *set;
	size_t n;

	ck_assert_int_eq(nipfs__wire_put_paths(&b, STORE, paths, 3), 0);
	read_from(nipfs__buf_slice(&b), 7);
	ck_assert_int_eq(nipfs__wire_get_paths(&reader, STORE, 3, &set, &n, &error), 0);
	ck_assert_uint_eq(n, 2);
	ck_assert_str_eq(set[0].base, paths[1].base);
	free(set);
	read_from(nipfs__buf_slice(&b), 7);
	ck_assert_int_eq(nipfs__wire_get_paths(&reader, STORE, 2, &set, &n, &error),
			 NIPFS_E_LIMIT);
	nipfs__buf_release(&b);
}
END_TEST

/* Time and size are in a database that has 63 bits for them. */
START_TEST(numbers_of_a_path_info_are_bounded)
{
	struct nipfs_path_info info = NIPFS_PATH_INFO_INIT;
	struct nipfs_buf b = NIPFS_BUF_INIT(4096);

	info.registration_time = INT64_MAX;
	info.nar_size = INT64_MAX;
	for (int i = 0; i < 3; i++) {
		nipfs__buf_clear(&b);
		ck_assert_int_eq(nipfs__wire_put_facts(&b, STORE, &info), 0);
		if (i)
			b.ptr[b.len - (i == 1 ? 1 : 9)] = 0x80;
		read_from(nipfs__buf_slice(&b), 4096);
		ck_assert_int_eq(any_facts(), i ? NIPFS_E_INVALID : 0);
	}
	nipfs__buf_release(&b);
}
END_TEST

static int claims_of(const char *sig, const char *ca, struct nipfs_path_info *info)
{
	struct nipfs_buf b = NIPFS_BUF_INIT(1 << 20);
	int r = nipfs__wire_put_u64(&b, 0);

	r |= nipfs__wire_put_strings(&b, &sig, 1);
	r |= nipfs__wire_put_string(&b, nipfs__slice_str(ca));
	ck_assert_int_eq(r, 0);
	read_from(nipfs__buf_slice(&b), 100);
	nipfs_path_info_release(info);
	r = nipfs__wire_get_claims(&reader, info, &error);
	ck_assert(r < 0 || all_was_read());
	if (r == NIPFS_E_UNSUPPORTED)
		ck_assert(all_was_read());
	nipfs__buf_release(&b);
	return r;
}

START_TEST(claims_that_are_not_understood)
{
	struct nipfs_path_info info = NIPFS_PATH_INFO_INIT;
	char longest[4098];

	memset(longest, 'a', sizeof(longest));
	ck_assert_int_eq(claims_of("a:AAAA", "", &info), 0);
	ck_assert_uint_eq(info.n_sigs, 1);
	ck_assert_int_eq(claims_of("", "", &info), 0);
	ck_assert_uint_eq(info.n_sigs, 0);
	ck_assert_int_eq(claims_of("no signature", "", &info), 0);
	ck_assert_uint_eq(info.n_sigs, 0);
	longest[4096] = '\0';
	ck_assert_int_eq(claims_of(longest, "", &info), 0);
	longest[4096] = 'a';
	longest[4097] = '\0';
	ck_assert_int_eq(claims_of(longest, "", &info), NIPFS_E_LIMIT);
	ck_assert_int_eq(claims_of("a:AAAA", "fixed:r:blake9:0000", &info), NIPFS_E_UNSUPPORTED);
	ck_assert_int_eq(claims_of("a:AAAA", "floating", &info), NIPFS_E_INVALID);
	nipfs_path_info_release(&info);
}
END_TEST

/* A path info with one byte of another value: something else, or refused; and cut. */
START_TEST(each_byte_changed_or_missing)
{
	static const uint8_t masks[] = { 0x01, 0x80, 0xff };
	const struct nipfs_slice vector = load("valid-path-info-1.16", 4);
	uint8_t *changed = malloc(vector.len);

	memcpy(changed, vector.ptr, vector.len);
	for (size_t i = 0; i < vector.len; i++) {
		struct nipfs_store_path p;

		changed[i] ^= masks[_i];
		read_from(nipfs__slice(changed, vector.len), 64);
		while (nipfs__wire_get_path(&reader, STORE, NULL, &p, &error) == 0 &&
		       any_facts() == 0 && any_claims() == 0)
			;
		changed[i] = vector.ptr[i];
		/* the first of the three is whole before byte 184 */
		read_from(nipfs__slice(vector.ptr, i), 64);
		if (i < 184)
			ck_assert(nipfs__wire_get_path(&reader, STORE, NULL, &p, &error) < 0 ||
				  any_facts() < 0 || any_claims() < 0);
	}
	free(changed);
}
END_TEST

static Suite *make_suite(void)
{
	Suite *s = suite_create("wire");
	TCase *tc = tcase_create("wire");

	tcase_add_loop_test(tc, strings, 0, TURNS);
	tcase_add_loop_test(tc, vectors, 0, TURNS);
	tcase_add_loop_test(tc, sets, 0, TURNS);
	tcase_add_test(tc, put_strings_as_a_list);
	tcase_add_loop_test(tc, store_paths, 0, TURNS);
	tcase_add_loop_test(tc, optional_store_paths, 0, TURNS);
	tcase_add_loop_test(tc, content_addresses, 0, TURNS);
	tcase_add_loop_test(tc, trust, 0, TURNS);
	tcase_add_loop_test(tc, path_infos_without_claims, 0, TURNS);
	tcase_add_loop_test(tc, path_infos, 0, TURNS);
	tcase_add_loop_test(tc, announces_more_than_there_is, 0, 5);
	tcase_add_test(tc, takes_the_longest_string);
	tcase_add_test(tc, padding_must_be_zero);
	tcase_add_test(tc, booleans_are_0_or_1);
	tcase_add_test(tc, paths_are_in_the_store);
	tcase_add_test(tc, paths_become_a_set);
	tcase_add_test(tc, numbers_of_a_path_info_are_bounded);
	tcase_add_test(tc, claims_that_are_not_understood);
	tcase_add_loop_test(tc, each_byte_changed_or_missing, 0, 3);
	suite_add_tcase(s, tc);
	return s;
}

NIPFS_TEST_MAIN(make_suite)
