/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Frames on their way to a Nix daemon that talks, refuses or hangs meanwhile. */
#include "tests/unit/lib/daemon_fixture.h"

#include <poll.h>
#include <stdlib.h>

enum { MiB = 1 << 20 };

/* Byte @i of what is uploaded. */
static uint8_t pattern(size_t i)
{
	return (uint8_t)(i % 251);
}

static uint8_t *make_bytes(size_t n)
{
	uint8_t *bytes = malloc(n);

	for (size_t i = 0; i < n; i++)
		bytes[i] = pattern(i);
	return bytes;
}

static int begin_nar(void)
{
	struct nipfs_path_info info = { .path = path(FOO), .nar_size = 100, .ultimate = true,
					.registration_time = 1700000000 };

	return nipfs__daemon_add_nar_begin(daemon_, &info, false, &error);
}

static int begin_add(void)
{
	return nipfs__daemon_add_begin(daemon_, "foo", "fixed:r:sha256", NULL, 0, &error);
}

static int is_valid(void)
{
	const struct nipfs_store_path p = path(FOO);

	return nipfs__daemon_is_valid(daemon_, &p, &error);
}

/* ---- the other end --------------------------------------------------------------------- */

/* What the last upload was, as it arrived. */
static struct {
	size_t bytes, frames, largest;
	bool right, ended;
} arrived;

enum { NAR_REQUEST = 8 + 56 + 8 + 72 + 5 * 8 + 8 + 2 * 8, IS_VALID_REQUEST = 8 + 56 };

static uint8_t nar_request[NAR_REQUEST];

/* What stands before the frames of begin_nar(). */
static void hear_nar_request(void)
{
	(void)hear(nar_request, sizeof(nar_request));
}

static void hear_add_request(void)
{
	uint8_t request[8 + 16 + 8 + 16 + 8 + 8];

	(void)hear(request, sizeof(request));
}

/* One frame; false at the end of them. */
static bool hear_frame(void)
{
	const uint64_t n = hear_u64();
	uint8_t *bytes;

	if (n == 0)
		arrived.ended = true;
	if (n == 0 || n > MiB)
		return false;
	bytes = malloc(n);
	if (!bytes || !hear(bytes, n)) {
		free(bytes);
		return false;
	}
	for (size_t i = 0; i < n; i++)
		arrived.right &= bytes[i] == pattern(arrived.bytes + i);
	free(bytes);
	arrived.bytes += n;
	arrived.frames++;
	if (n > arrived.largest)
		arrived.largest = n;
	return true;
}

static void hear_frames(void)
{
	memset(&arrived, 0, sizeof(arrived));
	arrived.right = true;
	while (hear_frame())
		;
}

static void say_taken(void)
{
	say(LAST);
}

static void say_untrusted(void)
{
	say_error("cannot add path 'x' because it lacks a valid signature");
}

static void say_too_short(void)
{
	say_error("reached end of FramedSource");
}

static void say_added(void)
{
	say(LAST);
	say_path(FOO);
	say_text("");
	say_text("0000000000000000000000000000000000000000000000000000000000000007");
	for (int i = 0; i < 5; i++)
		say(0);
	say_text("");
}

static void hear_is_valid(void)
{
	uint8_t request[IS_VALID_REQUEST];

	(void)hear(request, sizeof(request));
	say(LAST);
	say(1);
	speak();
}

/* An upload to its end, its answer, and whether the two are still in step. */
static void serve_upload(void (*hear_request)(void), void (*answer)(void))
{
	hear_request();
	hear_frames();
	answer();
	speak();
	hear_is_valid();
}

/* ---- frames ---------------------------------------------------------------------------- */

static void serve_two_uploads(void)
{
	greet_peer(37);
	serve_upload(hear_nar_request, say_taken);
	serve_upload(hear_add_request, say_added);
}

static void send_in_pieces(const uint8_t *bytes, size_t n, size_t piece)
{
	while (n) {
		const size_t now = n < piece ? n : piece;

		ck_assert_msg(nipfs__daemon_send(daemon_, bytes, now, &error) == 0, "%s",
			      error.msg);
		bytes += now;
		n -= now;
	}
}

static const struct {
	size_t total, piece;
} sizes[] = { { 0, 1 },		     { 1, 1 },		      { 1000, 7 },
	      { 65535, 65535 },	     { 65536, 65536 },	      { 65537, 65537 },
	      { 65536, 1000 },	     { 131072, 4096 },	      { 3 * MiB + 5, 3 * MiB + 5 },
	      { 3 * MiB, 100001 }, { MiB, MiB }, { 200000, 65535 } };

START_TEST(frames)
{
	static void (*const serve)(void) = serve_two_uploads;
	const size_t n = sizes[_i].total;
	uint8_t *bytes = make_bytes(n + 1);
	struct nipfs_path_info info;

	start_serving(&serve);
	ck_assert_int_eq(begin_nar(), 0);
	send_in_pieces(bytes, n, sizes[_i].piece);
	ck_assert_msg(nipfs__daemon_add_nar_end(daemon_, &error) == 0, "%s", error.msg);
	ck_assert_int_eq(is_valid(), 1);
	ck_assert(arrived.right && arrived.ended);
	ck_assert_uint_eq(arrived.bytes, n);
	ck_assert_uint_le(arrived.largest, MiB);
	ck_assert_uint_le(arrived.frames, n / 65536 + 2);

	ck_assert_int_eq(begin_add(), 0);
	send_in_pieces(bytes, n, sizes[_i].piece);
	ck_assert_msg(nipfs__daemon_add_end(daemon_, &info, &error) == 0, "%s", error.msg);
	ck_assert_str_eq(info.path.base, FOO);
	ck_assert_int_eq(info.nar_hash[31], 7);
	nipfs_path_info_release(&info);
	ck_assert_int_eq(is_valid(), 1);
	ck_assert(arrived.right && arrived.ended);
	ck_assert_uint_eq(arrived.bytes, n);
	end_serving();
	free(bytes);
	/* an import is not built here, and registered now */
	for (size_t i = NAR_REQUEST - 7 * 8; i < NAR_REQUEST; i += 8)
		ck_assert_uint_eq(nipfs__get_le64(nar_request + i),
				  i == NAR_REQUEST - 6 * 8 ? 100 : 0);
}
END_TEST

/* More talk than the socket holds, before it takes the first frame. */
static void serve_talk_first(void)
{
	static char text[100000];

	greet_peer(37);
	hear_nar_request();
	memset(text, 'x', sizeof(text) - 1);
	for (int i = 0; i < 50; i++) {
		say(NEXT);
		say_text(text);
		say_activity(3, text);
	}
	speak();
	hear_frames();
	say(NEXT);
	say_text("done\n");
	say(LAST);
	speak();
}

START_TEST(listens_while_it_writes)
{
	static void (*const serve)(void) = serve_talk_first;
	uint8_t *bytes = make_bytes(5 * MiB);

	start_serving(&serve);
	ck_assert_int_eq(begin_nar(), 0);
	send_in_pieces(bytes, 5 * MiB, 300000);
	ck_assert_msg(nipfs__daemon_add_nar_end(daemon_, &error) == 0, "%s", error.msg);
	ck_assert_uint_eq(n_logged, 101);
	end_serving();
	ck_assert(arrived.right && arrived.ended);
	ck_assert_uint_eq(arrived.bytes, 5 * MiB);
	free(bytes);
}
END_TEST

/* ---- refusals -------------------------------------------------------------------------- */

static void serve_refusals(void)
{
	greet_peer(37);
	serve_upload(hear_nar_request, say_untrusted);
	serve_upload(hear_nar_request, say_untrusted);
	serve_upload(hear_add_request, say_too_short);
}

START_TEST(stays_in_step_when_refused)
{
	static void (*const serve)(void) = serve_refusals;
	uint8_t *bytes = make_bytes(MiB);
	struct nipfs_path_info info;

	start_serving(&serve);
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(begin_nar(), 0);
		send_in_pieces(bytes, MiB, 10000);
		ck_assert_int_eq(nipfs__daemon_add_nar_end(daemon_, &error), NIPFS_E_UNTRUSTED);
		ck_assert_int_eq(is_valid(), 1);
	}
	ck_assert_int_eq(begin_add(), 0);
	send_in_pieces(bytes, MiB, 10000);
	ck_assert_int_eq(nipfs__daemon_add_end(daemon_, &info, &error), NIPFS_E_SYS);
	ck_assert_int_eq(is_valid(), 1);
	end_serving();
	free(bytes);
}
END_TEST

static void serve_aborts(void)
{
	greet_peer(37);
	serve_upload(hear_nar_request, say_too_short);
	/* all of it was there already */
	serve_upload(hear_nar_request, say_taken);
	serve_upload(hear_add_request, say_added);
}

START_TEST(stays_in_step_when_given_up)
{
	static void (*const serve)(void) = serve_aborts;
	uint8_t *bytes = make_bytes(200000);

	start_serving(&serve);
	ck_assert_int_eq(begin_nar(), 0);
	send_in_pieces(bytes, 200000, 1000);
	nipfs__daemon_abort(daemon_);
	ck_assert_int_eq(is_valid(), 1);
	/* what was collected and not sent stays here */
	ck_assert(arrived.ended && arrived.right);
	ck_assert_uint_eq(arrived.bytes, 200000 / 65536 * 65536);

	ck_assert_int_eq(begin_nar(), 0);
	nipfs__daemon_abort(daemon_);
	ck_assert_int_eq(is_valid(), 1);
	ck_assert_int_eq(begin_add(), 0);
	nipfs__daemon_abort(daemon_);
	ck_assert_int_eq(is_valid(), 1);
	nipfs__daemon_abort(daemon_);
	end_serving();
	free(bytes);
}
END_TEST

/* ---- faults in the middle of frames ---------------------------------------------------- */

/* Takes some frames. */
static void hear_some(void)
{
	greet_peer(37);
	hear_nar_request();
	arrived.right = true;
	for (int i = 0; i < 3; i++)
		(void)hear_frame();
}

/* Without taking any of what is written. */
static void wait_for_end(void)
{
	struct pollfd end = { .fd = peer };

	while (poll(&end, 1, -1) <= 0)
		;
}

static void serve_early_error(void)
{
	hear_some();
	say_error("writing to file: No space left on device");
	speak();
	(void)shutdown(peer, SHUT_WR);
	wait_for_end();
}

static void serve_early_error_and_close(void)
{
	hear_some();
	say(NEXT);
	say_text("about to fail");
	say_error("writing to file: No space left on device");
	speak();
	hang_up();
}

static void serve_early_last(void)
{
	hear_some();
	say(LAST);
	speak();
	wait_for_end();
}

static void serve_close(void)
{
	hear_some();
	hang_up();
}

static void serve_nonsense(void)
{
	hear_some();
	say(4711);
	speak();
	wait_for_end();
}

static void serve_half_a_message(void)
{
	hear_some();
	say_error("this breaks off");
	words.len -= 20;
	speak();
	hang_up();
}

static const struct {
	void (*serve)(void);
	int code;
	const char *says;
} faults[] = {
	{ serve_early_error, NIPFS_E_SYS, "No space left" },
	{ serve_early_error_and_close, NIPFS_E_SYS, "No space left" },
	{ serve_early_last, NIPFS_E_INVALID, "answered before it was asked" },
	{ serve_close, NIPFS_E_UNREACHABLE, "closed the connection" },
	{ serve_nonsense, NIPFS_E_INVALID, "unknown message" },
	{ serve_half_a_message, NIPFS_E_UNREACHABLE, "closed the connection" },
};

START_TEST(faults_among_the_frames)
{
	void (*const serve)(void) = faults[_i].serve;
	uint8_t *bytes = make_bytes(MiB);
	int r = 0;

	start_serving(&serve);
	ck_assert_int_eq(begin_nar(), 0);
	for (int i = 0; r == 0 && i < 100; i++)
		r = nipfs__daemon_send(daemon_, bytes, MiB, &error);
	ck_assert_int_eq(r, faults[_i].code);
	ck_assert_msg(strstr(error.msg, faults[_i].says) != NULL, "%s", error.msg);
	ck_assert_int_eq(nipfs__daemon_send(daemon_, bytes, 1, &error), NIPFS_E_UNREACHABLE);
	ck_assert_ptr_nonnull(strstr(error.msg, faults[_i].says));
	if (_i % 2)
		nipfs__daemon_abort(daemon_);
	else
		ck_assert_int_eq(nipfs__daemon_add_nar_end(daemon_, &error), NIPFS_E_UNREACHABLE);
	ck_assert_int_eq(is_valid(), NIPFS_E_UNREACHABLE);
	ck_assert_int_eq(begin_nar(), NIPFS_E_UNREACHABLE);
	end_serving();
	free(bytes);
}
END_TEST

static void serve_nothing(void)
{
	hear_some();
	wait_for_end();
}

START_TEST(a_hang_is_ended)
{
	static void (*const serve)(void) = serve_nothing;
	uint8_t *bytes = make_bytes(MiB);
	int r = 0;

	start_serving(&serve);
	ck_assert_int_eq(begin_nar(), 0);
	cancel_soon();
	for (int i = 0; r == 0 && i < 100; i++)
		r = nipfs__daemon_send(daemon_, bytes, MiB, &error);
	ck_assert_int_eq(r, NIPFS_E_CANCELLED);
	nipfs__daemon_abort(daemon_);
	end_serving();
	nipfs_cancel_reset();
	free(bytes);
}
END_TEST

static void serve_no_answer(void)
{
	greet_peer(37);
	hear_nar_request();
	hear_frames();
	(void)hear_u64();
}

START_TEST(a_hang_after_the_frames_is_ended)
{
	static void (*const serve)(void) = serve_no_answer;

	start_serving(&serve);
	ck_assert_int_eq(begin_nar(), 0);
	cancel_soon();
	if (_i)
		nipfs__daemon_abort(daemon_);
	else
		ck_assert_int_eq(nipfs__daemon_add_nar_end(daemon_, &error), NIPFS_E_CANCELLED);
	nipfs_cancel_reset();
	ck_assert_int_eq(is_valid(), NIPFS_E_UNREACHABLE);
	end_serving();
}
END_TEST

/* ---- wrong use ------------------------------------------------------------------------- */

static void serve_one_upload(void)
{
	greet_peer(37);
	serve_upload(hear_nar_request, say_taken);
}

START_TEST(one_thing_at_a_time)
{
	static void (*const serve)(void) = serve_one_upload;
	struct nipfs_path_info info;

	start_serving(&serve);
	ck_assert_int_eq(nipfs__daemon_send(daemon_, "x", 1, &error), NIPFS_E_USAGE);
	ck_assert_int_eq(nipfs__daemon_add_nar_end(daemon_, &error), NIPFS_E_USAGE);
	ck_assert_int_eq(nipfs__daemon_add_end(daemon_, &info, &error), NIPFS_E_USAGE);
	ck_assert_int_eq(begin_nar(), 0);
	ck_assert_int_eq(is_valid(), NIPFS_E_USAGE);
	ck_assert_int_eq(begin_nar(), NIPFS_E_USAGE);
	ck_assert_int_eq(begin_add(), NIPFS_E_USAGE);
	ck_assert_int_eq(nipfs__daemon_add_end(daemon_, &info, &error), NIPFS_E_USAGE);
	ck_assert_str_ne(error.msg, "");
	ck_assert_int_eq(nipfs__daemon_send(daemon_, "\0\1\2", 3, &error), 0);
	ck_assert_int_eq(is_valid(), NIPFS_E_USAGE);
	ck_assert_int_eq(nipfs__daemon_add_nar_end(daemon_, &error), 0);
	ck_assert_int_eq(is_valid(), 1);
	end_serving();
	ck_assert(arrived.right && arrived.bytes == 3);
}
END_TEST

START_TEST(ways_to_add)
{
	static const struct {
		const char *name, *method;
		size_t n_refs;
		int code;
	} cases[] = {
		{ "foo", "text:sha256", 1, 0 },
		{ "foo", "fixed:r:sha256", 1, 0 },
		{ "foo", "fixed:sha256", 0, 0 },
		{ "foo", "fixed:r:md5", 0, 0 },
		{ "foo", "fixed:sha1", 0, 0 },
		{ "foo", "fixed:r:sha512", 0, 0 },
		{ "foo", "fixed:sha256", 1, NIPFS_E_USAGE },
		{ "foo", "fixed:r:sha1", 1, NIPFS_E_USAGE },
		{ "foo", "fixed:git:sha1", 0, NIPFS_E_USAGE },
		{ "foo", "fixed:r:", 0, NIPFS_E_USAGE },
		{ "foo", "fixed:", 0, NIPFS_E_USAGE },
		{ "foo", "text:sha1", 0, NIPFS_E_USAGE },
		{ "foo", "text:", 0, NIPFS_E_USAGE },
		{ "foo", "", 0, NIPFS_E_USAGE },
		{ "foo", "fixed:r:sha256:0000", 0, NIPFS_E_USAGE },
		{ "", "text:sha256", 0, NIPFS_E_INVALID },
		{ "a/b", "text:sha256", 0, NIPFS_E_INVALID },
	};
	const struct nipfs_store_path ref = path(BAR);

	say_greeting(37);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		ck_assert_int_eq(start_with_words(), 0);
		ck_assert_msg(nipfs__daemon_add_begin(daemon_, cases[i].name, cases[i].method, &ref,
						      cases[i].n_refs, &error) == cases[i].code,
			      "%s", cases[i].method);
		ck_assert(!daemon_->broken);
		end_daemon();
	}
}
END_TEST

START_TEST(adding_needs_1_25)
{
	say_greeting(24);
	ck_assert_int_eq(start_with_words(), 0);
	ck_assert_int_eq(begin_add(), NIPFS_E_UNSUPPORTED);
	ck_assert(!daemon_->broken);
	ck_assert_int_eq(begin_nar(), 0);
}
END_TEST

/* ---- probe ----------------------------------------------------------------------------- */

static int probe(void)
{
	struct nipfs_path_info info = { .path = path(FOO), .nar_size = 100 };

	return nipfs__daemon_would_take(daemon_, &info, false, &error);
}

START_TEST(probes)
{
	static const struct {
		const char *says;
		int want;
	} cases[] = {
		{ "cannot add path 'x' because it lacks a valid signature", 0 },
		{ "cannot add path 'x' because it lacks a signature by a trusted key", 0 },
		{ "reached end of FramedSource", 1 },
		{ "unexpected end-of-file", 1 },
		{ "bad archive: input doesn't look like a Nix archive", 1 },
		{ "you are not privileged to do that", NIPFS_E_UNSUPPORTED },
		{ "opening lock file '/nix/store/x.lock': Read-only file system", NIPFS_E_SYS },
		{ NULL, 1 },
	};

	say_greeting(37);
	if (cases[_i].says)
		say_error(cases[_i].says);
	else
		say(LAST);
	ck_assert_int_eq(start_with_words(), 0);
	ck_assert_int_eq(probe(), cases[_i].want);
	if (cases[_i].want < 1)
		ck_assert_ptr_nonnull(strstr(error.msg, cases[_i].says));
	if (cases[_i].want == 0)
		ck_assert_int_eq(error.code, NIPFS_E_UNTRUSTED);
	ck_assert(!daemon_->broken);
}
END_TEST

static Suite *make_suite(void)
{
	Suite *s = suite_create("daemon upload");
	TCase *tc = tcase_create("upload");

	tcase_add_checked_fixture(tc, NULL, clean_up);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, frames, 0, sizeof(sizes) / sizeof(*sizes));
	tcase_add_test(tc, listens_while_it_writes);
	tcase_add_test(tc, stays_in_step_when_refused);
	tcase_add_test(tc, stays_in_step_when_given_up);
	tcase_add_loop_test(tc, faults_among_the_frames, 0, sizeof(faults) / sizeof(*faults));
	tcase_add_test(tc, a_hang_is_ended);
	tcase_add_loop_test(tc, a_hang_after_the_frames_is_ended, 0, 2);
	tcase_add_test(tc, one_thing_at_a_time);
	tcase_add_test(tc, ways_to_add);
	tcase_add_test(tc, adding_needs_1_25);
	tcase_add_loop_test(tc, probes, 0, 8);
	suite_add_tcase(s, tc);
	return s;
}

NIPFS_TEST_MAIN(make_suite)
