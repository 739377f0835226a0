/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* HTTP requests, many at once. */
#include "lib/ipfs/http.h"

#include <pthread.h>
#include <stdlib.h>

#include "lib/ipfs/rest.h"
#include "multiformats/base/err.h"
#include "multiformats/base/num.h"

#if LIBCURL_VERSION_NUM < 0x075700
#error libcurl 7.87 or newer is needed
#endif

enum {
	RATE_MIN = 1024,   /* bytes a second that every transfer has to make */
	BODY_MAX_S = 600,  /* and so long may one that is kept take at most */
	TAKE_MORE = 64 * 1024, /* bytes left at which a paused one goes on */
	GIVE_MAX = 4 << 20,    /* bytes that wait to be sent */
	GIVE_MORE = 1 << 20    /* bytes left at which there is room again */
};

/*
 * @clock: milliseconds at work, up to @since; @since: when nipfs__http_run() began, or 0
 */
struct nipfs__http {
	CURLM *multi;
	unsigned int timeout_s;
	uint64_t clock, since;
	struct nipfs__transfer transfers[NIPFS__HTTP_TRANSFERS];
};

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void init_curl(void)
{
	/* whatever is wrong with it shows in the first handle */
	(void)curl_global_init(CURL_GLOBAL_DEFAULT);
}

int nipfs__http_new(struct nipfs__http **out, unsigned int timeout_s,
		    struct nipfs_error *err)
{
	struct nipfs__http *h = calloc(1, sizeof(*h));

	(void)pthread_once(&once, init_curl);
	if (h)
		h->multi = curl_multi_init();
	if (!h || !h->multi) {
		free(h);
		return nipfs__fail_nomem(err);
	}
	h->timeout_s = timeout_s ? timeout_s : NIPFS__HTTP_TIMEOUT_S;
	(void)curl_multi_setopt(h->multi, CURLMOPT_MAXCONNECTS, (long)NIPFS__HTTP_TRANSFERS);
	(void)curl_multi_setopt(h->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS,
				(long)NIPFS__HTTP_TRANSFERS);
	*out = h;
	return 0;
}

void nipfs__http_free(struct nipfs__http *h)
{
	if (!h)
		return;
	for (size_t i = 0; i < NIPFS__HTTP_TRANSFERS; i++) {
		struct nipfs__transfer *t = &h->transfers[i];

		nipfs__http_end(h, t);
		if (t->easy)
			curl_easy_cleanup(t->easy);
	}
	(void)curl_multi_cleanup(h->multi);
	free(h);
}

unsigned int nipfs__http_timeout_s(const struct nipfs__http *h)
{
	return h->timeout_s;
}

/* ---- time -------------------------------------------------------------------------- */

uint64_t nipfs__http_now(const struct nipfs__http *h)
{
	return h->clock;
}

static void tick(struct nipfs__http *h)
{
	const uint64_t now = nipfs__now_ms();

	h->clock += now - h->since;
	h->since = now;
}

/* ---- starting and ending ----------------------------------------------------------- */

static int begin(struct nipfs__http *h, struct nipfs__transfer *t)
{
	const struct nipfs__http_request *r = &t->request;

	if (!t->easy)
		t->easy = curl_easy_init();
	t->url = (struct nipfs_buf)NIPFS_BUF_INIT(4 * NIPFS__URL_MAX);
	t->taken = (struct nipfs_buf)NIPFS_BUF_INIT(SIZE_MAX);
	t->given = (struct nipfs_buf)NIPFS_BUF_INIT(SIZE_MAX);
	if (!t->easy || nipfs__buf_put_str(&t->url, r->endpoint->url) < 0 ||
	    nipfs__buf_put_str(&t->url, r->path) < 0 ||
	    nipfs__buf_terminate(&t->url) < 0 ||
	    nipfs__transfer_prepare(t, (const char *)t->url.ptr) < 0)
		return NIPFS_E_NOMEM;
	return curl_multi_add_handle(h->multi, t->easy) == CURLM_OK ? 0 : NIPFS_E_NOMEM;
}

int nipfs__http_start(struct nipfs__http *h, const struct nipfs__http_request *request,
		      struct nipfs__transfer **out, struct nipfs_error *err)
{
	struct nipfs__transfer *t = h->transfers;

	*out = NULL;
	while (t < h->transfers + NIPFS__HTTP_TRANSFERS && t->state != NIPFS__TRANSFER_FREE)
		t++;
	if (t == h->transfers + NIPFS__HTTP_TRANSFERS)
		return 0;
	t->request = *request;
	if (begin(h, t) < 0) {
		nipfs__transfer_clear(t);
		return nipfs__fail_nomem(err);
	}
	t->state = NIPFS__TRANSFER_RUNS;
	t->begun = t->moved = h->clock;
	*out = t;
	return 0;
}

void nipfs__http_end(struct nipfs__http *h, struct nipfs__transfer *t)
{
	if (!t || t->state == NIPFS__TRANSFER_FREE)
		return;
	if (t->state == NIPFS__TRANSFER_RUNS)
		(void)curl_multi_remove_handle(h->multi, t->easy);
	nipfs__transfer_clear(t);
}

/* ---- running ----------------------------------------------------------------------- */

/* The transfer is over, unless it goes on elsewhere. */
static void finish(struct nipfs__http *h, CURL *easy, CURLcode result)
{
	struct nipfs__transfer *t = NULL;

	(void)curl_easy_getinfo(easy, CURLINFO_PRIVATE, &t);
	(void)curl_multi_remove_handle(h->multi, easy);
	if (!nipfs__transfer_finish(t, result))
		return;
	if (curl_multi_add_handle(h->multi, easy) == CURLM_OK)
		return;
	t->state = NIPFS__TRANSFER_DONE;
	t->code = NIPFS_E_NOMEM;
}

/*
 * Each has the time-out, and a second more for each KiB that came: that covers who says
 * nothing, who stops, and who gives byte after byte.
 */
static bool is_late(const struct nipfs__http *h, const struct nipfs__transfer *t)
{
	const uint64_t ran = h->clock - t->begun - t->idle;
	const uint64_t may = (uint64_t)h->timeout_s * 1000;

	if (t->request.patience_s)
		return h->clock - t->moved > (uint64_t)t->request.patience_s * 1000;
	if (t->request.body == NIPFS__HTTP_DROP)
		return false;
	if (t->request.body == NIPFS__HTTP_KEEP && ran > may + BODY_MAX_S * 1000)
		return true;
	return ran > may + t->received * 1000 / RATE_MIN;
}

static void end_late(struct nipfs__http *h, uint64_t passed)
{
	for (size_t i = 0; i < NIPFS__HTTP_TRANSFERS; i++) {
		struct nipfs__transfer *t = &h->transfers[i];

		if (t->state != NIPFS__TRANSFER_RUNS)
			continue;
		/* nor is anybody late while we have nothing to send, or do not listen */
		if (t->seen != t->received + t->sent || t->paused || (t->hungry && !t->gave_all))
			t->moved = h->clock;
		t->seen = t->received + t->sent;
		if (t->paused)
			t->idle += passed;
		if (!is_late(h, t))
			continue;
		(void)curl_multi_remove_handle(h->multi, t->easy);
		nipfs__transfer_fail(t, NIPFS_E_UNREACHABLE,
				     t->received ? "it is too slow" : "no answer within %u s",
				     t->request.patience_s ? t->request.patience_s : h->timeout_s);
		t->code = t->stop;
		t->late = true;
		t->state = NIPFS__TRANSFER_DONE;
	}
}

static void perform(struct nipfs__http *h)
{
	const uint64_t before = h->clock;
	int running, left;
	const CURLMsg *m;

	(void)curl_multi_perform(h->multi, &running);
	tick(h);
	while ((m = curl_multi_info_read(h->multi, &left)))
		if (m->msg == CURLMSG_DONE)
			finish(h, m->easy_handle, m->data.result);
	end_late(h, h->clock - before);
}

static bool has_news(const struct nipfs__http *h)
{
	for (size_t i = 0; i < NIPFS__HTTP_TRANSFERS; i++) {
		const struct nipfs__transfer *t = &h->transfers[i];

		if (t->state == NIPFS__TRANSFER_DONE || t->taken.len > t->used)
			return true;
		if (t->state == NIPFS__TRANSFER_RUNS && t->request.type && !t->gave_all &&
		    t->given.len - t->gone < GIVE_MORE)
			return true;
	}
	return false;
}

void nipfs__http_run(struct nipfs__http *h, int wait_ms)
{
	h->since = nipfs__now_ms();
	perform(h);
	if (wait_ms <= 0 || has_news(h))
		return;
	(void)curl_multi_poll(h->multi, NULL, 0, wait_ms, NULL);
	perform(h);
}

size_t nipfs__http_take(struct nipfs__transfer *t, uint8_t *out, size_t n)
{
	const size_t left = t->taken.len - t->used;

	if (n > left)
		n = left;
	if (n)
		memcpy(out, t->taken.ptr + t->used, n);
	t->used += n;
	if (t->paused && left - n < TAKE_MORE && t->state == NIPFS__TRANSFER_RUNS) {
		t->paused = false;
		(void)curl_easy_pause(t->easy, CURLPAUSE_CONT);
	}
	return n;
}

static void wake(struct nipfs__transfer *t)
{
	if (!t->hungry || t->state != NIPFS__TRANSFER_RUNS)
		return;
	t->hungry = false;
	(void)curl_easy_pause(t->easy, CURLPAUSE_CONT);
}

ssize_t nipfs__http_give(struct nipfs__transfer *t, const void *bytes, size_t n)
{
	const size_t waiting = t->given.len - t->gone;

	if (t->state != NIPFS__TRANSFER_RUNS)
		return 0;
	if (!bytes) {
		t->gave_all = true;
		wake(t);
		return 0;
	}
	n = nipfs__min_size(n, GIVE_MAX - waiting);
	if (n == 0)
		return 0;
	if (t->gone) {
		memmove(t->given.ptr, t->given.ptr + t->gone, waiting);
		t->given.len = waiting;
		t->gone = 0;
	}
	if (nipfs__buf_put(&t->given, bytes, n) < 0)
		return NIPFS_E_NOMEM;
	wake(t);
	return (ssize_t)n;
}
