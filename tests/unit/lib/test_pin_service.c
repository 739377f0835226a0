/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A pinning service: its pages, its statuses, and every way in which it can fail. */
#include <stdio.h>
#include <stdlib.h>

#include <nixipfs/pin_remote.h>

#include "lib/ipfs/pin_json.h"
#include "multiformats/base/slice.h"
#include "tests/support/check_main.h"
#include "tests/support/http_server.h"

#define CID "bafkreicmh33tccrmkqh6pb6es5sqnxa524lqdhaxomyusrsi3ck246ayxu"

static struct http_server *server;
static struct nipfs_pin_service *service;
static struct nipfs_error err;
static struct nipfs_cid cid;
static int status;
static const char *answers[4];
static char heads[4][1024];
static size_t asked;

static void say(void *ctx, const char *head, struct http_answer *out)
{
	const size_t i = asked < 4 ? asked : 3;

	(void)ctx;
	(void)snprintf(heads[i], sizeof(heads[i]), "%s", head);
	while (i > 0 && !answers[i])
		answers[i] = answers[i - 1];
	http_give(out, status, answers[i], strlen(answers[i]));
	out->then = HTTP_CLOSE;
	asked++;
}

static void setup(void)
{
	setenv("IPFS_PATH", "/nonexistent", 1);
	setenv("NIX_IPFS_PIN_TOKEN", "s3cret", 1);
	server = http_server_new(say, NULL);
	ck_assert_int_eq(nipfs_pin_service_open(&service, http_server_url(server), NULL, &err), 0);
	ck_assert_int_eq(nipfs_cid_parse(nipfs__slice_str(CID), &cid), 0);
	memset(answers, 0, sizeof(answers));
	status = 200;
	asked = 0;
}

static void teardown(void)
{
	nipfs_pin_service_close(service);
	http_server_free(server);
}

/* One pin as the API has it. */
#define PIN(id, state, when, name)                                                       \
	"{\"requestid\":\"" id "\",\"status\":\"" state "\",\"created\":\"" when         \
	"\",\"pin\":{\"cid\":\"" CID "\",\"name\":\"" name "\"},\"delegates\":[]}"

static char seen[256];

static int see(void *ctx, const struct nipfs_remote_pin *pin, struct nipfs_error *e)
{
	const size_t n = strlen(seen);

	(void)e;
	(void)snprintf(seen + n, sizeof(seen) - n, "%.20s ", pin->id);
	return ctx ? *(int *)ctx : 0;
}

static int list(void)
{
	seen[0] = 0;
	asked = 0;
	return nipfs_remote_pin_list(service, &cid, "a b", see, NULL, NULL, &err);
}

START_TEST(pages)
{
	answers[0] = "{\"count\":3,\"results\":[" PIN("c", "pinned", "2026-01-03T00:00:00Z", "") ","
		     PIN("b", "queued", "2026-01-02T00:00:00+00:00", "x") "]}";
	answers[1] = "{\"count\":1,\"results\":[" PIN("a", "failed", "2026-01-01T00:00:00Z", "") "]}";
	ck_assert_int_eq(list(), 0);
	ck_assert_str_eq(seen, "c b a ");
	ck_assert_ptr_nonnull(strstr(heads[0], "GET /pins?limit=500&status=queued,pinning,pinned,"
					       "failed&cid=" CID "&name=a%20b HTTP"));
	ck_assert_ptr_nonnull(strstr(heads[0], "Authorization: Bearer s3cret\r\n"));
	ck_assert_ptr_nonnull(strstr(heads[1], "&before=2026-01-02T00%3A00%3A00%2B00%3A00 HTTP"));
}
END_TEST

START_TEST(pages_without_end)
{
	answers[0] = "{\"count\":3,\"results\":[" PIN("c", "pinned", "2026-01-03T00:00:00Z", "") "]}";
	ck_assert_int_eq(list(), NIPFS_E_INVALID);
	ck_assert_uint_eq(asked, 2);
	answers[0] = answers[1] = answers[2] = answers[3] =
		"{\"count\":3,\"results\":[" PIN("c", "pinned", "some time", "") "]}";
	ck_assert_int_eq(list(), NIPFS_E_INVALID);
	answers[0] = answers[1] = answers[2] = answers[3] = "{\"count\":3,\"results\":[]}";
	ck_assert_int_eq(list(), 0);
}
END_TEST

START_TEST(the_caller_ends_it)
{
	int stop = NIPFS_E_LIMIT;

	answers[0] = "{\"count\":1,\"results\":[" PIN("c", "pinned", "2026-01-03T00:00:00Z", "") "]}";
	ck_assert_int_eq(nipfs_remote_pin_list(service, NULL, NULL, see, &stop, NULL, &err),
			 NIPFS_E_LIMIT);
}
END_TEST

START_TEST(failures)
{
	static const struct {
		int status, code;
		const char *body, *says;
	} cases[] = {
		{ 401, NIPFS_E_INVALID, "{}", "it wants another token" },
		{ 403, NIPFS_E_INVALID, "no", "it wants another token" },
		{ 404, NIPFS_E_NOTFOUND, "", "HTTP 404" },
		{ 409, NIPFS_E_INVALID,
		  "{\"error\":{\"reason\":\"INSUFFICIENT_FUNDS\",\"details\":\"pay\\nup\"}}",
		  "HTTP 409: INSUFFICIENT_FUNDS: pay up" },
		{ 429, NIPFS_E_UNREACHABLE, "{\"error\":{\"details\":\"later\"}}", "HTTP 429: later" },
		{ 500, NIPFS_E_UNREACHABLE, "{\"error\":", "HTTP 500" },
		{ 302, NIPFS_E_INVALID, "", "HTTP 302" },
		{ 200, NIPFS_E_INVALID, "", "not one of the Pinning Service API" },
		{ 200, NIPFS_E_INVALID, "[]", "not one of the Pinning Service API" },
		{ 200, NIPFS_E_INVALID, "{\"count\":1,\"results\":[{}]}", "request ID" },
		{ 200, NIPFS_E_INVALID,
		  "{\"count\":1,\"results\":[" PIN("..", "pinned", "", "") "]}", "request ID" },
		{ 200, NIPFS_E_INVALID,
		  "{\"count\":1,\"results\":[" PIN("a", "lost", "", "") "]}", "status" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		status = cases[i].status;
		answers[0] = cases[i].body;
		ck_assert_int_eq(list(), cases[i].code);
		ck_assert_msg(strstr(err.msg, cases[i].says), "%zu: %s", i, err.msg);
		ck_assert_ptr_null(strstr(err.msg, "s3cret"));
	}
}
END_TEST

START_TEST(a_cid_of_another_kind)
{
	uint64_t skipped = 0;

	/* a hash function that has no name */
	answers[0] = "{\"count\":1,\"results\":[{\"requestid\":\"a\",\"status\":\"pinned\",\"created\":"
		     "\"2026-01-01T00:00:00Z\",\"pin\":{\"cid\":"
		     "\"bafk2earaaaaqeayeaudaocajbifqydiob4ibceqtcqkrmfyydenbwha5dypq\"},"
		     "\"delegates\":[]}]}";
	seen[0] = 0;
	ck_assert_int_eq(nipfs_remote_pin_list(service, NULL, NULL, see, NULL, &skipped, &err), 0);
	ck_assert_uint_eq(skipped, 1);
	ck_assert_str_eq(seen, "");
}
END_TEST

START_TEST(waiting)
{
	struct nipfs_remote_pin pin;

	status = 202;
	answers[0] = PIN("id/1", "queued", "2026-01-01T00:00:00Z", "x");
	ck_assert_int_eq(nipfs_remote_pin_add(service, &cid, "x", &pin, &err), 0);
	ck_assert_int_eq(pin.status, NIPFS_REMOTE_QUEUED);
	ck_assert_ptr_nonnull(strstr(heads[0], "POST /pins HTTP"));
	ck_assert_ptr_nonnull(strstr(heads[0], "Content-Type: application/json\r\n"));
	status = 200;
	answers[1] = PIN("id/1", "pinning", "2026-01-01T00:00:00Z", "x");
	answers[2] = PIN("id/1", "pinned", "2026-01-01T00:00:00Z", "x");
	ck_assert_int_eq(nipfs_remote_pin_wait(service, &pin, 30, &err), 0);
	ck_assert_int_eq(pin.status, NIPFS_REMOTE_PINNED);
	ck_assert_uint_eq(asked, 3);
	ck_assert_ptr_nonnull(strstr(heads[1], "GET /pins/id%2F1 HTTP"));
	ck_assert_int_eq(nipfs_remote_pin_remove(service, &pin, &err), 0);
	ck_assert_ptr_nonnull(strstr(heads[3], "DELETE /pins/id%2F1 HTTP"));
}
END_TEST

START_TEST(waiting_in_vain)
{
	struct nipfs_remote_pin pin;

	answers[0] = PIN("a", "queued", "2026-01-01T00:00:00Z", "x");
	ck_assert_int_eq(nipfs_remote_pin_add(service, &cid, NULL, &pin, &err), 0);
	ck_assert_int_eq(nipfs_remote_pin_wait(service, &pin, 0, &err), NIPFS_E_UNREACHABLE);
	answers[1] = "{\"requestid\":\"a\",\"status\":\"failed\",\"created\":\"\",\"pin\":{\"cid\":\"" CID
		     "\"},\"info\":{\"status_details\":\"too big\"}}";
	ck_assert_int_eq(nipfs_remote_pin_wait(service, &pin, 5, &err), NIPFS_E_INVALID);
	ck_assert_ptr_nonnull(strstr(err.msg, "too big"));
	status = 404;
	pin.status = NIPFS_REMOTE_QUEUED;
	ck_assert_int_eq(nipfs_remote_pin_wait(service, &pin, 5, &err), NIPFS_E_NOTFOUND);
}
END_TEST

START_TEST(names)
{
	char longest[257];
	struct nipfs_remote_pin pin;

	memset(longest, 'x', 256);
	longest[256] = 0;
	ck_assert_int_eq(nipfs_remote_pin_add(service, &cid, longest, &pin, &err), NIPFS_E_USAGE);
	ck_assert_int_eq(nipfs_remote_pin_add(service, &cid, "\xff", &pin, &err), NIPFS_E_USAGE);
	ck_assert_uint_eq(asked, 0);
}
END_TEST

START_TEST(times)
{
	static const struct {
		const char *text;
		int64_t time;
	} good[] = {
		{ "1970-01-01T00:00:00Z", 0 },
		{ "2026-11-25T04:50:18Z", 1795582218 },
		{ "2026-11-25T04:50:18.999999Z", 1795582218 },
		{ "2026-11-25t05:50:18+01:00", 1795582218 },
		{ "2026-11-24 23:20:18-05:30", 1795582218 },
	};
	static const char *const bad[] = { "", "2026", "2026-11-25", "2026-11-25T04:50:18",
					   "2026-11-25T04:50Z", "2026-13-01T00:00:00Z",
					   "2026-00-01T00:00:00Z", "2026-01-32T00:00:00Z",
					   "2026-01-01T24:00:00Z", "2026-01-01T00:00:00Zz",
					   "2026-01-01T00:00:00+24:00", "2026-01-01T00:00:00+1",
					   "1969-12-31T23:59:59Z", "1970-01-01T00:00:00+01:00" };
	int64_t time = -1;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		ck_assert(nipfs__pin_time(good[i].text, &time));
		ck_assert_int_eq(time, good[i].time);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(!nipfs__pin_time(bad[i], &time), "%s", bad[i]);
}
END_TEST

START_TEST(opening)
{
	struct nipfs_pin_service *other;

	ck_assert_int_eq(nipfs_pin_service_open(&other, "name", NULL, &err), NIPFS_E_USAGE);
	ck_assert_int_eq(nipfs_pin_service_open(&other, "kubo:", NULL, &err), NIPFS_E_USAGE);
	ck_assert_int_eq(nipfs_pin_service_open(&other, "http://u:p@x", NULL, &err), NIPFS_E_USAGE);
	setenv("NIX_IPFS_PIN_TOKEN", "a b", 1);
	ck_assert_int_eq(nipfs_pin_service_open(&other, "http://x", NULL, &err), NIPFS_E_INVALID);
	ck_assert_ptr_nonnull(strstr(err.msg, "NIX_IPFS_PIN_TOKEN"));
	ck_assert_ptr_null(strstr(err.msg, "a b"));
	ck_assert_int_eq(nipfs_pin_service_open(&other, "kubo:x", NULL, &err), 0);
	ck_assert(!nipfs_pin_service_has_dates(other));
	nipfs_pin_service_close(other);
	nipfs_pin_service_close(NULL);
}
END_TEST

static Suite *pin_service_suite(void)
{
	Suite *s = suite_create("pin_service");
	TCase *t = tcase_create("pin_service");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, pages);
	tcase_add_test(t, pages_without_end);
	tcase_add_test(t, the_caller_ends_it);
	tcase_add_test(t, failures);
	tcase_add_test(t, a_cid_of_another_kind);
	tcase_add_test(t, waiting);
	tcase_add_test(t, waiting_in_vain);
	tcase_add_test(t, names);
	tcase_add_test(t, times);
	tcase_add_test(t, opening);
	suite_add_tcase(s, t);
	return s;
}

NIPFS_TEST_MAIN(pin_service_suite)
