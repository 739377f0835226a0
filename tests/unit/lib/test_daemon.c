/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a Nix daemon answers, and what becomes of answers that lie, break off or never end. */
#include "tests/support/oom.h"
#include "tests/unit/lib/daemon_fixture.h"

#include <stdlib.h>
#include <sys/resource.h>

/* ---- every operation ---------------------------------------------------------------- */

static void say_info(void)
{
	static const char *const sigs[] = { "key-1:AAAA", "key-2:AAAA" };

	say_path("g1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q-foo.drv");
	say_text("0000000000000000000000000000000000000000000000000000000000000007");
	say(2);
	say_path(FOO);
	say_path(BAR);
	say(1700000000);
	say(1234);
	say(0);
	ck_assert_int_eq(nipfs__wire_put_strings(&words, sigs, 2), 0);
	say_text("fixed:r:sha256:1lr187v6dck1rjh2j6svpikcfz53wyl3qrlcbb405zlh13x0khhh");
}

static void answer_one(void)
{
	say(1);
}

static void answer_nothing(void)
{
}

static void answer_info(void)
{
	say(1);
	say_info();
}

static void answer_path(void)
{
	say_path(FOO);
}

static void answer_paths(void)
{
	say(2);
	say_path(BAR);
	say_path(FOO);
}

static void answer_added(void)
{
	say_path(FOO);
	say_info();
}

static int run_is_valid(void)
{
	const struct nipfs_store_path p = path(FOO);
	const int r = nipfs__daemon_is_valid(daemon_, &p, &error);

	return r == 1 ? 0 : r == 0 ? 1 : r;
}

static int check_info(int r, struct nipfs_path_info *info)
{
	if (r < 0)
		return r;
	must(info->path.base[0] != '\0');
	nipfs_path_info_release(info);
	return 0;
}

static int run_query(void)
{
	const struct nipfs_store_path p = path(FOO);
	struct nipfs_path_info info;

	return check_info(nipfs__daemon_query(daemon_, &p, &info, &error), &info);
}

static int run_find(void)
{
	struct nipfs_store_path p;

	return nipfs__daemon_find_hash_part(daemon_, nipfs__slice(FOO, NIPFS_STORE_HASH_LEN),
					    &p, &error);
}

static int check_paths(int r, struct nipfs_store_path *paths, size_t n)
{
	if (r < 0)
		return r;
	for (size_t i = 1; i < n; i++)
		must(nipfs_store_path_compare(&paths[i - 1], &paths[i]) < 0);
	free(paths);
	return 0;
}

static int run_referrers(void)
{
	const struct nipfs_store_path p = path(FOO);
	struct nipfs_store_path *paths = NULL;
	size_t n = 0;
	const int r = nipfs__daemon_referrers(daemon_, &p, &paths, &n, &error);

	return check_paths(r, paths, n);
}

static int run_all_valid(void)
{
	struct nipfs_store_path *paths = NULL;
	size_t n = 0;
	const int r = nipfs__daemon_all_valid(daemon_, &paths, &n, &error);

	return check_paths(r, paths, n);
}

static int run_ensure(void)
{
	const struct nipfs_store_path p = path(FOO);

	return nipfs__daemon_ensure(daemon_, &p, &error);
}

static int run_temp_root(void)
{
	const struct nipfs_store_path p = path(FOO);

	return nipfs__daemon_add_temp_root(daemon_, &p, &error);
}

static int run_indirect_root(void)
{
	return nipfs__daemon_add_indirect_root(daemon_, "/home/me/result", &error);
}

static int run_add_signatures(void)
{
	static const char *const sigs[] = { "key-2:AAAA", "key-1:AAAA" };
	const struct nipfs_store_path p = path(FOO);

	return nipfs__daemon_add_signatures(daemon_, &p, sigs, 2, &error);
}

static int run_add_nar(void)
{
	struct nipfs_path_info info = { .path = path(FOO), .nar_size = 100 };
	static const uint8_t nar[100];
	int r = nipfs__daemon_add_nar_begin(daemon_, &info, false, &error);

	if (r == 0)
		r = nipfs__daemon_send(daemon_, nar, sizeof(nar), &error);
	if (r == 0)
		r = nipfs__daemon_add_nar_end(daemon_, &error);
	nipfs__daemon_abort(daemon_);
	return r;
}

static int run_add(void)
{
	struct nipfs_path_info info = NIPFS_PATH_INFO_INIT;
	int r = nipfs__daemon_add_begin(daemon_, "foo", "text:sha256", NULL, 0, &error);

	if (r == 0)
		r = nipfs__daemon_send(daemon_, "text", 4, &error);
	if (r == 0)
		r = nipfs__daemon_add_end(daemon_, &info, &error);
	nipfs__daemon_abort(daemon_);
	return check_info(r, &info);
}

static int run_would_take(void)
{
	struct nipfs_path_info info = { .path = path(FOO), .nar_size = 100 };
	const int r = nipfs__daemon_would_take(daemon_, &info, false, &error);

	return r == 1 ? 0 : r == 0 ? error.code : r;
}

static const struct {
	const char *name;
	void (*answer)(void);
	int (*run)(void);
} ops[] = {
	{ "is_valid", answer_one, run_is_valid },
	{ "query", answer_info, run_query },
	{ "find_hash_part", answer_path, run_find },
	{ "referrers", answer_paths, run_referrers },
	{ "all_valid", answer_paths, run_all_valid },
	{ "ensure", answer_one, run_ensure },
	{ "add_temp_root", answer_one, run_temp_root },
	{ "add_indirect_root", answer_one, run_indirect_root },
	{ "add_signatures", answer_one, run_add_signatures },
	{ "add_nar", answer_nothing, run_add_nar },
	{ "add", answer_added, run_add },
	{ "would_take", answer_nothing, run_would_take },
};

enum { N_OPS = sizeof(ops) / sizeof(*ops) };

/* Greeting, chatter and answer. */
static void say_all(int op)
{
	say_greeting(37);
	say_chatter();
	say(LAST);
	ops[op].answer();
}

static void check_message(void)
{
	ck_assert_int_lt(error.code, 0);
	ck_assert_str_ne(error.msg, "");
	ck_assert_ptr_null(strpbrk(error.msg, "\n\x1b"));
}

/* After a failure: broken, and it says so, or in step and at the end. */
static void check_stays_broken(void)
{
	ck_assert_int_eq(run_temp_root(), NIPFS_E_UNREACHABLE);
	check_message();
	ck_assert_int_eq(run_add(), NIPFS_E_UNREACHABLE);
	check_message();
}

START_TEST(answers)
{
	say_all(_i);
	ck_assert_int_eq(start_with_words(), 0);
	ck_assert_msg(ops[_i].run() == 0, "%s: %s", ops[_i].name, error.msg);
	check_logged("red\nand plain\ncopying\n");
	ck_assert(!daemon_->broken && daemon_->reader.at == daemon_->reader.len);
	check_stays_broken();
}
END_TEST

START_TEST(errors)
{
	say_greeting(37);
	say_chatter();
	say_error("\x1b[31mno\x1b[0m\n  not today");
	ck_assert_int_eq(start_with_words(), 0);
	ck_assert_int_eq(ops[_i].run(), NIPFS_E_SYS);
	ck_assert_str_eq(error.msg, "the Nix daemon says: no not today");
	/* it went, as a daemon does that is at a loss */
	ck_assert_int_eq(run_is_valid(), NIPFS_E_UNREACHABLE);
	ck_assert_ptr_nonnull(strstr(error.msg, "closed after an error"));
	check_stays_broken();
}
END_TEST

START_TEST(cut_at_every_byte)
{
	const size_t step = under_valgrind() ? 31 : 1;

	say_all(_i);
	for (size_t n = 0; n < words.len; n += step) {
		int r = start_with(words.ptr, n);

		if (r == 0) {
			r = ops[_i].run();
			ck_assert_int_eq(r, NIPFS_E_UNREACHABLE);
			check_message();
			check_stays_broken();
		}
		ck_assert_int_eq(r, NIPFS_E_UNREACHABLE);
		check_message();
		end_daemon();
	}
}
END_TEST

/* Anything may come of it, but a code and one line. */
static void take_what_comes(int op)
{
	int r = start_with_words();

	if (r == 0)
		r = ops[op].run();
	if (r < 0)
		check_message();
	if (daemon_ && r < 0 && daemon_->broken)
		check_stays_broken();
	end_daemon();
}

START_TEST(each_byte_changed)
{
	static const uint8_t masks[] = { 0x01, 0x80, 0xff };
	const size_t step = under_valgrind() ? 31 : 1;

	say_all(_i);
	for (size_t n = 0; n < words.len; n += step)
		for (size_t m = 0; m < sizeof(masks); m++) {
			words.ptr[n] ^= masks[m];
			take_what_comes(_i);
			words.ptr[n] ^= masks[m];
		}
}
END_TEST

/* 2^63 for each number, each length, each count, and for 8 bytes of each string. */
START_TEST(each_number_huge)
{
	static const uint64_t numbers[] = { 1ull << 63, UINT64_MAX, UINT64_MAX - 7, 1ull << 32,
					    INT64_MAX, NIPFS__WIRE_STRING_MAX };
	struct rlimit old, room;

	ck_assert_int_eq(getrlimit(RLIMIT_DATA, &old), 0);
	room = old;
	/* sanitizers and valgrind reserve memory of their own */
	if (OOM_WORKS && !under_valgrind())
		room.rlim_cur = 64 << 20;
	ck_assert_int_eq(setrlimit(RLIMIT_DATA, &room), 0);
	say_all(_i);
	for (size_t n = 0; n + 8 <= words.len; n += 8)
		for (size_t k = 0; k < sizeof(numbers) / sizeof(*numbers); k++) {
			uint8_t kept[8];

			memcpy(kept, words.ptr + n, 8);
			nipfs__put_le64(words.ptr + n, numbers[k]);
			take_what_comes(_i);
			ck_assert_int_ne(error.code, NIPFS_E_NOMEM);
			memcpy(words.ptr + n, kept, 8);
		}
	ck_assert_int_eq(setrlimit(RLIMIT_DATA, &old), 0);
}
END_TEST

/* Each allocation fails once. */
START_TEST(out_of_memory)
{
	bool failed = true;

	say_all(_i);
	/* the log's own room */
	ck_assert_int_eq(nipfs__buf_reserve(&logged, 20000), 0);
	for (long n = 0; OOM_WORKS && failed; n++) {
		const long live = oom_live();
		const int fd = make_ends();
		int r;

		write_all(words.ptr, words.len);
		(void)shutdown(peer, SHUT_WR);
		oom_begin(n, true);
		r = start_on(fd);
		if (r == 0)
			r = ops[_i].run();
		failed = oom.left < 0;
		oom_end();
		ck_assert_msg(r == (failed ? NIPFS_E_NOMEM : 0), "%s, allocation %ld: %s",
			      ops[_i].name, n, error.msg);
		if (failed)
			check_message();
		end_daemon();
		ck_assert_int_eq(oom_live(), live);
	}
}
END_TEST

/* ---- answers of a kind ---------------------------------------------------------------- */

static void answer_to(void (*answer)(void))
{
	say_greeting(37);
	say(LAST);
	answer();
	ck_assert_int_eq(start_with_words(), 0);
}

static void answer_zero(void)
{
	say(0);
}

static void answer_two(void)
{
	say(2);
}

static void answer_empty(void)
{
	say_text("");
}

static void answer_other_path(void)
{
	say_path(BAR);
}

static void answer_odd_ca(void)
{
	answer_info();
	words.len -= 80; /* the content address */
	say_text("fixed:r:blake9:0000");
}

START_TEST(no_is_an_answer)
{
	static const struct {
		void (*answer)(void);
		int (*run)(void);
		int want;
		bool broken;
	} cases[] = {
		{ answer_zero, run_is_valid, 1, false },
		{ answer_zero, run_query, NIPFS_E_NOTFOUND, false },
		{ answer_empty, run_find, NIPFS_E_NOTFOUND, false },
		{ answer_other_path, run_find, NIPFS_E_INVALID, false },
		{ answer_zero, run_referrers, 0, false },
		{ answer_zero, run_all_valid, 0, false },
		{ answer_zero, run_ensure, NIPFS_E_INVALID, true },
		{ answer_two, run_ensure, NIPFS_E_INVALID, true },
		{ answer_two, run_is_valid, NIPFS_E_INVALID, true },
		{ answer_odd_ca, run_query, NIPFS_E_UNSUPPORTED, false },
	};

	answer_to(cases[_i].answer);
	ck_assert_msg(cases[_i].run() == cases[_i].want, "%s", error.msg);
	ck_assert_int_eq(daemon_->broken, cases[_i].broken);
}
END_TEST

START_TEST(reads_all_of_a_path_info)
{
	const struct nipfs_store_path p = path(FOO);
	struct nipfs_path_info info;

	answer_to(answer_info);
	ck_assert_int_eq(nipfs__daemon_query(daemon_, &p, &info, &error), 0);
	ck_assert_str_eq(info.path.base, FOO);
	ck_assert_str_eq(info.deriver.base, FOO ".drv");
	ck_assert_int_eq(info.nar_hash[31], 7);
	ck_assert_uint_eq(info.nar_size, 1234);
	ck_assert_int_eq(info.registration_time, 1700000000);
	ck_assert_uint_eq(info.n_refs, 2);
	ck_assert_uint_eq(info.n_sigs, 2);
	ck_assert_str_eq(info.sigs[0], "key-1:AAAA");
	ck_assert_int_eq(strncmp(info.ca, "fixed:r:sha256:", 15), 0);
	nipfs_path_info_release(&info);
}
END_TEST

START_TEST(asks_nothing_that_is_wrong)
{
	static const char *const good[] = { "key-1:AAAA" }, *const bad[] = { "key-1" };
	const struct nipfs_store_path p = path(FOO);
	struct nipfs_store_path found;

	say_greeting(37);
	ck_assert_int_eq(start_with_words(), 0);
	ck_assert_int_eq(nipfs__daemon_find_hash_part(daemon_, nipfs__slice_str("foo"), &found,
						      &error), NIPFS_E_INVALID);
	ck_assert_int_eq(nipfs__daemon_add_signatures(daemon_, &p, bad, 1, &error),
			 NIPFS_E_INVALID);
	ck_assert(!daemon_->broken);
	/* and now it is asked, of who has gone */
	ck_assert_int_eq(nipfs__daemon_add_signatures(daemon_, &p, good, 1, NULL),
			 NIPFS_E_UNREACHABLE);
	ck_assert(daemon_->broken);
}
END_TEST

/* ---- errors --------------------------------------------------------------------------- */

static const struct {
	const char *text;
	int code;
} refusals[] = {
	{ "cannot add path '/nix/store/x' because it lacks a valid signature", NIPFS_E_UNTRUSTED },
	{ "cannot add path '/nix/store/x' because it lacks a signature by a trusted key",
	  NIPFS_E_UNTRUSTED },
	{ "hash mismatch importing path '/nix/store/x';\n  specified: a\n  got: b",
	  NIPFS_E_MISMATCH },
	{ "size mismatch importing path '/nix/store/x';\n  specified: 1\n  got: 2",
	  NIPFS_E_MISMATCH },
	{ "ca hash mismatch importing path '/nix/store/x'", NIPFS_E_MISMATCH },
	{ "path '\x1b[35;1m/nix/store/x\x1b[0m' is not valid", NIPFS_E_NOTFOUND },
	{ "path '/nix/store/x' does not exist and cannot be created", NIPFS_E_NOTFOUND },
	{ "path '/nix/store/x' is required, but there is no substituter that can build it",
	  NIPFS_E_NOTFOUND },
	{ "name '.' is not valid", NIPFS_E_SYS },
	{ "you are not privileged to add signatures", NIPFS_E_UNSUPPORTED },
	{ "user 'x' is not allowed to connect to the Nix daemon", NIPFS_E_UNSUPPORTED },
	{ "invalid operation 99", NIPFS_E_UNSUPPORTED },
	{ "writing to file: No space left on device", NIPFS_E_SYS },
	{ "", NIPFS_E_SYS },
};

START_TEST(tells_errors_apart)
{
	say_greeting(37);
	say_error(refusals[_i].text);
	ck_assert_int_eq(start_with_words(), 0);
	ck_assert_int_eq(run_ensure(), refusals[_i].code);
	check_message();
	ck_assert_int_eq(strncmp(error.msg, "the Nix daemon says: ", 21), 0);
	ck_assert_int_eq(error.sys_errno, 0);
	ck_assert(!daemon_->broken);
}
END_TEST

START_TEST(errors_before_1_26)
{
	say_greeting(25);
	say(ERROR);
	say_text("path '/nix/store/x' is not valid");
	say(1);
	ck_assert_int_eq(start_with_words(), 0);
	ck_assert_uint_eq(nipfs__daemon_minor(daemon_), 25);
	ck_assert_int_eq(run_query(), NIPFS_E_NOTFOUND);
	ck_assert(!daemon_->broken && daemon_->reader.at == daemon_->reader.len);
}
END_TEST

START_TEST(errors_with_traces)
{
	say_greeting(37);
	say_error("why");
	words.len -= 8;
	say(1024);
	for (int i = 0; i < 1024; i++) {
		say(0);
		say_text("while doing something");
	}
	ck_assert_int_eq(start_with_words(), 0);
	ck_assert_int_eq(run_query(), NIPFS_E_SYS);
	ck_assert_str_eq(error.msg, "the Nix daemon says: why");
	ck_assert(!daemon_->broken && daemon_->reader.at == daemon_->reader.len);
}
END_TEST

/* ---- messages that are not as they should be ------------------------------------------ */

static void odd_unknown(void)
{
	say(0x12345678);
}

static void odd_read(void)
{
	say(0x64617461);
	say(100);
}

static void odd_write(void)
{
	say(0x64617416);
	say_text("data");
}

static void odd_field(void)
{
	say(RESULT);
	say(1);
	say(1);
	say(1);
	say(2);
	say(0);
}

static void odd_many_fields(void)
{
	say(RESULT);
	say(1);
	say(1);
	say(1025);
	for (int i = 0; i < 2050; i++)
		say(0);
}

static void odd_error_type(void)
{
	say(ERROR);
	say_text("Wrong");
	say(0);
	say_text("Error");
	say_text("text");
	say(0);
	say(0);
}

static void odd_error_position(void)
{
	say_error("text");
	words.ptr[words.len - 16] = 1;
}

static void odd_trace_position(void)
{
	say_error("text");
	words.ptr[words.len - 8] = 1;
	say(1);
	say_text("trace");
}

static void odd_many_traces(void)
{
	say_error("text");
	words.len -= 8;
	say(1025);
	for (int i = 0; i < 2050; i++)
		say(0);
}

static void odd_long_text(void)
{
	say(NEXT);
	say(NIPFS__WIRE_STRING_MAX + 1);
}

static void odd_many_paths(void)
{
	say(LAST);
	say(NIPFS__WIRE_LIST_MAX + 1);
	say_path(FOO);
}

START_TEST(odd_messages)
{
	static const struct {
		void (*say)(void);
		int code;
	} cases[] = {
		{ odd_unknown, NIPFS_E_INVALID },	 { odd_read, NIPFS_E_INVALID },
		{ odd_write, NIPFS_E_INVALID },		 { odd_field, NIPFS_E_INVALID },
		{ odd_many_fields, NIPFS_E_LIMIT },	 { odd_error_type, NIPFS_E_INVALID },
		{ odd_error_position, NIPFS_E_INVALID }, { odd_trace_position, NIPFS_E_INVALID },
		{ odd_many_traces, NIPFS_E_LIMIT },	 { odd_long_text, NIPFS_E_LIMIT },
		{ odd_many_paths, NIPFS_E_LIMIT },
	};

	say_greeting(37);
	cases[_i].say();
	ck_assert_int_eq(start_with_words(), 0);
	ck_assert_int_eq(run_all_valid(), cases[_i].code);
	check_message();
	ck_assert(daemon_->broken);
	check_stays_broken();
}
END_TEST

/* ---- what it logs ---------------------------------------------------------------------- */

START_TEST(logs_lines)
{
	say_greeting(37);
	say(NEXT);
	say_text("\x1b[1mone\x1b[0m\n\n  two\ttabs\r\n\x1b]0;title\x07three");
	say_activity(3, "building '/nix/store/x'");
	say_activity(4, "talkative");
	say_activity(0, "");
	say(LAST);
	say(1);
	ck_assert_int_eq(start_with_words(), 0);
	ck_assert_int_eq(run_is_valid(), 0);
	check_logged("one\n  two tabs\nthree\nbuilding '/nix/store/x'\n");
}
END_TEST

static void serve_long_lines(void)
{
	static char text[NIPFS__WIRE_STRING_MAX + 1];
	uint8_t request[64];

	greet_peer(37);
	(void)hear(request, sizeof(request));
	memset(text, 'x', sizeof(text) - 1);
	say(NEXT);
	say_text(text);
	memset(text, '\n', sizeof(text) - 1);
	say(NEXT);
	say_text(text);
	memset(text, '\x1b', sizeof(text) - 1);
	say(NEXT);
	say_text(text);
	memset(text, 'e', sizeof(text) - 1);
	say_error(text);
	speak();
}

START_TEST(long_lines_are_cut)
{
	static void (*const serve)(void) = serve_long_lines;

	start_serving(&serve);
	ck_assert_int_eq(run_is_valid(), NIPFS_E_SYS);
	ck_assert_uint_eq(strlen(error.msg), sizeof(error.msg) - 1);
	ck_assert_uint_eq(n_logged, 1);
	ck_assert_uint_le(longest_logged, 1023);
	ck_assert_uint_gt(longest_logged, 1000);
	end_serving();
}
END_TEST

static void serve_endlessly(void)
{
	uint8_t request[64];

	greet_peer(37);
	(void)hear(request, sizeof(request));
	say(NEXT);
	say_text("and another line\n");
	say_activity(3, "and something more");
	/* until there is nobody */
	for (;;) {
		const ssize_t n = send(peer, words.ptr, words.len, MSG_NOSIGNAL);

		if (n < 0 && errno != EINTR)
			return;
		if (n != (ssize_t)words.len && n >= 0)
			write_all(words.ptr + n, words.len - (size_t)n);
	}
}

START_TEST(endless_talk_is_ended)
{
	static void (*const serve)(void) = serve_endlessly;

	start_serving(&serve);
	cancel_soon();
	ck_assert_int_eq(run_is_valid(), NIPFS_E_CANCELLED);
	ck_assert_uint_gt(n_logged, 10);
	/* no more than one message was held */
	ck_assert_uint_le(daemon_->text.cap, 1024);
	nipfs_cancel_reset();
	check_stays_broken();
	end_serving();
}
END_TEST

START_TEST(silence_is_ended)
{
	const int fd = make_ends();

	say_greeting(37);
	write_all(words.ptr, words.len);
	ck_assert_int_eq(start_on(fd), 0);
	cancel_soon();
	ck_assert_int_eq(run_is_valid(), NIPFS_E_CANCELLED);
	nipfs_cancel_reset();
	check_stays_broken();
}
END_TEST

START_TEST(silence_instead_of_a_greeting_is_ended)
{
	cancel_soon();
	ck_assert_int_eq(start_on(make_ends()), NIPFS_E_CANCELLED);
}
END_TEST

/* ---- after an error -------------------------------------------------------------------- */

static void serve_after_errors(void)
{
	uint8_t request[64];

	greet_peer(37);
	for (int i = 0; i < 3; i++) {
		(void)hear(request, sizeof(request));
		say_error("not this");
		speak();
	}
	(void)hear(request, sizeof(request));
	say(LAST);
	say(1);
	speak();
}

START_TEST(goes_on_after_errors)
{
	static void (*const serve)(void) = serve_after_errors;

	start_serving(&serve);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(run_is_valid(), NIPFS_E_SYS);
	ck_assert_int_eq(run_is_valid(), 0);
	end_serving();
}
END_TEST

/* A daemon that can't go on from an error says it twice and hangs up. */
START_TEST(an_error_said_twice_is_the_end)
{
	say_greeting(37);
	say_error("this path is not in the store");
	say_error("this path is not in the store");
	ck_assert_int_eq(start_with_words(), 0);
	ck_assert_int_eq(run_is_valid(), NIPFS_E_SYS);
	ck_assert_int_eq(run_is_valid(), NIPFS_E_UNREACHABLE);
	check_stays_broken();
}
END_TEST

static Suite *make_suite(void)
{
	Suite *s = suite_create("daemon");
	TCase *tc = tcase_create("answers"), *odd = tcase_create("odd");

	tcase_add_checked_fixture(tc, NULL, clean_up);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, answers, 0, N_OPS);
	tcase_add_loop_test(tc, errors, 0, N_OPS);
	tcase_add_loop_test(tc, cut_at_every_byte, 0, N_OPS);
	tcase_add_loop_test(tc, each_byte_changed, 0, N_OPS);
	tcase_add_loop_test(tc, each_number_huge, 0, N_OPS);
	tcase_add_loop_test(tc, out_of_memory, 0, N_OPS);
	tcase_add_loop_test(tc, no_is_an_answer, 0, 10);
	tcase_add_test(tc, reads_all_of_a_path_info);
	tcase_add_test(tc, asks_nothing_that_is_wrong);
	suite_add_tcase(s, tc);

	tcase_add_checked_fixture(odd, NULL, clean_up);
	tcase_add_loop_test(odd, tells_errors_apart, 0, sizeof(refusals) / sizeof(*refusals));
	tcase_add_test(odd, errors_before_1_26);
	tcase_add_test(odd, errors_with_traces);
	tcase_add_loop_test(odd, odd_messages, 0, 11);
	tcase_add_test(odd, logs_lines);
	tcase_add_test(odd, long_lines_are_cut);
	tcase_add_test(odd, endless_talk_is_ended);
	tcase_add_test(odd, silence_is_ended);
	tcase_add_test(odd, silence_instead_of_a_greeting_is_ended);
	tcase_add_test(odd, goes_on_after_errors);
	tcase_add_test(odd, an_error_said_twice_is_the_end);
	suite_add_tcase(s, odd);
	return s;
}

NIPFS_TEST_MAIN(make_suite)
