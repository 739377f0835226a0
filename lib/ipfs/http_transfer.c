/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One HTTP request and its answer. */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/ipfs/http.h"
#include "multiformats/base/err.h"
#include "multiformats/base/num.h"
#include "multiformats/base/slab.h"

enum {
	HEADERS_MAX = 64 * 1024, /* bytes of all header lines of an answer */
	UNWANTED_MAX = 64 * 1024, /* bytes of a body that is not a good answer */
	BODY_MIN = 4 * 1024,
	TAKE_MAX = 512 * 1024, /* bytes that wait to be taken */
	READ_BYTES = 128 * 1024,
	SEND_BYTES = 512 * 1024,
	CONNECT_TIMEOUT_S = 10
};

/* ---- what comes in ----------------------------------------------------------------- */

static bool is_good(struct nipfs__transfer *t)
{
	(void)curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &t->status);
	return t->status == 200 || (t->status == 202 && t->request.accepted);
}

static size_t on_header(char *line, size_t size, size_t n, void *ctx)
{
	struct nipfs__transfer *t = ctx;

	(void)line;
	t->header_bytes += size * n;
	if (t->header_bytes <= HEADERS_MAX)
		return size * n;
	nipfs__transfer_fail(t, NIPFS_E_UNREACHABLE, "its header has no end");
	return 0;
}

/* Makes room for @n more bytes, guided by what the server says of the length. */
static int make_room(struct nipfs__transfer *t, size_t n)
{
	const size_t have = t->body ? nipfs__slab_size(t->body) : 0;
	size_t want = have ? 2 * have : BODY_MIN;
	struct nipfs_slab *slab;
	curl_off_t said = -1;

	if (t->len + n <= have)
		return 0;
	(void)curl_easy_getinfo(t->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &said);
	if (want < t->len + n)
		want = t->len + n;
	if (said > 0 && (uint64_t)said > want)
		want = (size_t)nipfs__min_u64((uint64_t)said, t->request.max_body);
	if (nipfs__slab_new(want, &slab) < 0)
		return NIPFS_E_NOMEM;
	if (t->len)
		memcpy(nipfs__slab_data(slab), nipfs__slab_data(t->body), t->len);
	nipfs_slab_unref(t->body);
	t->body = slab;
	return 0;
}

static size_t keep(struct nipfs__transfer *t, const char *bytes, size_t n)
{
	if (n > t->request.max_body - t->len) {
		nipfs__transfer_fail(t, NIPFS_E_LIMIT, "its answer has over %zu bytes",
				     t->request.max_body);
		return 0;
	}
	if (make_room(t, n) < 0) {
		nipfs__transfer_fail(t, NIPFS_E_NOMEM, "out of memory");
		return 0;
	}
	memcpy(nipfs__slab_data(t->body) + t->len, bytes, n);
	t->len += n;
	return n;
}

static size_t queue(struct nipfs__transfer *t, const char *bytes, size_t n)
{
	if (t->taken.len - t->used >= TAKE_MAX) {
		t->paused = true;
		return CURL_WRITEFUNC_PAUSE;
	}
	if (t->used) {
		memmove(t->taken.ptr, t->taken.ptr + t->used, t->taken.len - t->used);
		t->taken.len -= t->used;
		t->used = 0;
	}
	if (nipfs__buf_put(&t->taken, bytes, n) < 0) {
		nipfs__transfer_fail(t, NIPFS_E_NOMEM, "out of memory");
		return 0;
	}
	return n;
}

/* Remembers how the words begin that come in place of a good answer. */
static void hear(struct nipfs__transfer *t, const char *bytes, size_t n)
{
	const size_t room = sizeof(t->said) - 1;

	if (t->received >= room)
		return;
	n = nipfs__min_size(n, room - (size_t)t->received);
	memcpy(t->said + t->received, bytes, n);
	t->said[t->received + n] = 0;
}

static size_t on_body(char *bytes, size_t size, size_t n, void *ctx)
{
	struct nipfs__transfer *t = ctx;

	n *= size;
	if (n == 0)
		return 0;
	if (!is_good(t)) {
		hear(t, bytes, n);
		t->received += n;
		t->enough = t->received > UNWANTED_MAX;
		return t->enough ? 0 : n;
	}
	if (t->request.body == NIPFS__HTTP_TAKE && queue(t, bytes, n) != n)
		return t->stop ? 0 : CURL_WRITEFUNC_PAUSE;
	if (t->request.body == NIPFS__HTTP_KEEP && keep(t, bytes, n) != n)
		return 0;
	t->received += n;
	return n;
}

/* ---- what goes out ----------------------------------------------------------------- */

static size_t on_send(char *out, size_t size, size_t n, void *ctx)
{
	struct nipfs__transfer *t = ctx;
	const size_t left = t->given.len - t->gone;

	if (left == 0 && t->gave_all)
		return 0;
	if (left == 0) {
		t->hungry = true;
		return CURL_READFUNC_PAUSE;
	}
	n = nipfs__min_size(size * n, left);
	memcpy(out, t->given.ptr + t->gone, n);
	t->gone += n;
	t->sent += n;
	return n;
}

static int add_header(struct nipfs__transfer *t, const char *line)
{
	struct curl_slist *more = curl_slist_append(t->headers, line);

	if (!more)
		return NIPFS_E_NOMEM;
	t->headers = more;
	return 0;
}

static void free_headers(struct nipfs__transfer *t)
{
	for (struct curl_slist *i = t->headers; i; i = i->next)
		explicit_bzero(i->data, strlen(i->data));
	curl_slist_free_all(t->headers);
	t->headers = NULL;
}

/* What is posted: nothing, a form, or what comes bit by bit. */
static int add_post_headers(struct nipfs__transfer *t)
{
	char type[160];
	int code;

	if (t->request.json)
		return add_header(t, "Content-Type: application/json");
	if (!t->request.type)
		return add_header(t, t->request.form ?
					     "Content-Type: multipart/form-data; boundary=x" :
					     "Content-Type:");
	(void)snprintf(type, sizeof(type), "Content-Type: %s", t->request.type);
	code = add_header(t, type);
	if (code == 0)
		code = add_header(t, "Transfer-Encoding: chunked");
	return code < 0 ? code : add_header(t, "Expect:");
}

static int make_headers(struct nipfs__transfer *t)
{
	const struct nipfs__http_request *r = &t->request;
	char accept[160];
	int code;

	free_headers(t);
	/* no more than what is meant: libcurl would add types of its own */
	(void)snprintf(accept, sizeof(accept), "Accept: %s", r->accept ? r->accept : "*/*");
	code = add_header(t, accept);
	if (code == 0 && r->verb == NIPFS__HTTP_POST)
		code = add_post_headers(t);
	if (code == 0 && r->only_cached)
		code = add_header(t, "Cache-Control: only-if-cached");
	/* where a redirect leads to is told nothing */
	if (code == 0 && r->secret && t->hops == 0)
		code = add_header(t, r->secret);
	return code;
}

/* The certificates that Nix and OpenSSL programs are told to trust. */
static const char *certificates(void)
{
	const char *file = getenv("NIX_SSL_CERT_FILE");

	if (!file || !*file)
		file = getenv("SSL_CERT_FILE");
	return file && *file ? file : NULL;
}

static void set_connection(const struct nipfs__transfer *t)
{
	const struct nipfs__endpoint *to = t->request.endpoint;
	const char *file = certificates();
	long family = CURL_IPRESOLVE_WHATEVER;

	if (to->family == AF_INET)
		family = CURL_IPRESOLVE_V4;
	if (to->family == AF_INET6)
		family = CURL_IPRESOLVE_V6;
	(void)curl_easy_setopt(t->easy, CURLOPT_IPRESOLVE, family);
	(void)curl_easy_setopt(t->easy, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_TIMEOUT_S);
	(void)curl_easy_setopt(t->easy, CURLOPT_PROTOCOLS_STR, "http,https");
	(void)curl_easy_setopt(t->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
	if (strncmp(to->url, "https:", 6) == 0)
		(void)curl_easy_setopt(t->easy, CURLOPT_PIPEWAIT, 1L);
	if (to->local)
		(void)curl_easy_setopt(t->easy, CURLOPT_PROXY, "");
	if (to->socket)
		(void)curl_easy_setopt(t->easy, CURLOPT_UNIX_SOCKET_PATH, to->socket);
	if (file)
		(void)curl_easy_setopt(t->easy, CURLOPT_CAINFO, file);
}

static void set_post(struct nipfs__transfer *t)
{
	if (!t->request.type) {
		const char *text = t->request.json ? t->request.json : t->request.form;

		(void)curl_easy_setopt(t->easy, CURLOPT_POSTFIELDS, text ? text : "");
		return;
	}
	(void)curl_easy_setopt(t->easy, CURLOPT_POST, 1L);
	(void)curl_easy_setopt(t->easy, CURLOPT_UPLOAD_BUFFERSIZE, (long)SEND_BYTES);
	(void)curl_easy_setopt(t->easy, CURLOPT_READFUNCTION, on_send);
	(void)curl_easy_setopt(t->easy, CURLOPT_READDATA, t);
}

int nipfs__transfer_prepare(struct nipfs__transfer *t, const char *url)
{
	CURL *easy = t->easy;

	curl_easy_reset(easy);
	if (make_headers(t) < 0)
		return NIPFS_E_NOMEM;
	t->header_bytes = 0;
	t->received = t->sent = 0;
	t->error[0] = t->said[0] = 0;
	set_connection(t);
	(void)curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
	(void)curl_easy_setopt(easy, CURLOPT_PRIVATE, t);
	(void)curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, t->error);
	(void)curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)READ_BYTES);
	(void)curl_easy_setopt(easy, CURLOPT_USERAGENT, "nix-ipfs/" NIPFS_VERSION);
	(void)curl_easy_setopt(easy, CURLOPT_HTTPHEADER, t->headers);
	(void)curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	(void)curl_easy_setopt(easy, CURLOPT_HEADERDATA, t);
	(void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	(void)curl_easy_setopt(easy, CURLOPT_WRITEDATA, t);
	if (t->request.verb == NIPFS__HTTP_POST)
		set_post(t);
	if (t->request.verb == NIPFS__HTTP_DELETE)
		(void)curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, "DELETE");
	return curl_easy_setopt(easy, CURLOPT_URL, url) == CURLE_OK ? 0 : NIPFS_E_NOMEM;
}

/* ---- the end ----------------------------------------------------------------------- */

void nipfs__transfer_fail(struct nipfs__transfer *t, int code, const char *fmt, ...)
{
	va_list ap;

	if (t->stop)
		return;
	t->stop = code;
	va_start(ap, fmt);
	(void)vsnprintf(t->why, sizeof(t->why), fmt, ap);
	va_end(ap);
}

/* The failures after which trying again at once makes no sense. */
static bool is_no_server(CURLcode result)
{
	switch ((int)result) {
	case CURLE_COULDNT_CONNECT:
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_URL_MALFORMAT:
		return true;
	default:
		return false;
	}
}

/* Messages begin in lower case, and libcurl's in upper case. */
static void explain(struct nipfs__transfer *t, CURLcode result)
{
	const char *text = t->error[0] ? t->error : curl_easy_strerror(result);
	char os_text[128];
	long number = 0;

	(void)curl_easy_getinfo(t->easy, CURLINFO_OS_ERRNO, &number);
	if (result == CURLE_COULDNT_CONNECT && number)
		text = strerror_r((int)number, os_text, sizeof(os_text));
	(void)snprintf(t->why, sizeof(t->why), "%s", text);
	if (t->why[0] && islower((unsigned char)t->why[1]))
		t->why[0] = (char)tolower((unsigned char)t->why[0]);
}

static void fail_by_curl(struct nipfs__transfer *t, CURLcode result)
{
	if (t->stop) {
		t->code = t->stop;
		return;
	}
	t->code = NIPFS_E_UNREACHABLE;
	t->no_server = is_no_server(result);
	explain(t, result);
	/* what libcurl says of a line that does not fit, too */
	if (result == CURLE_OUT_OF_MEMORY)
		(void)snprintf(t->why, sizeof(t->why),
			       "a line of its header is too long, or memory is short");
}

static bool is_redirect(long status)
{
	return status == 301 || status == 302 || status == 303 || status == 307 ||
	       status == 308;
}

/* Follows a redirect. Return: whether it goes on. */
static bool follow(struct nipfs__transfer *t)
{
	const char *url = NULL;

	(void)curl_easy_getinfo(t->easy, CURLINFO_REDIRECT_URL, &url);
	if (!t->request.follow || !url)
		return false;
	t->code = NIPFS_E_UNREACHABLE;
	if (t->hops == NIPFS__HTTP_REDIRECTS) {
		(void)snprintf(t->why, sizeof(t->why), "over %d redirects",
			       NIPFS__HTTP_REDIRECTS);
		return false;
	}
	if (!nipfs__redirect_check(t->request.endpoint, url)) {
		(void)snprintf(t->why, sizeof(t->why), "redirects to where it must not");
		return false;
	}
	t->code = NIPFS_E_NOMEM;
	nipfs__buf_clear(&t->url);
	if (nipfs__buf_put_str(&t->url, url) < 0 || nipfs__buf_terminate(&t->url) < 0)
		return false;
	t->hops++;
	if (nipfs__transfer_prepare(t, (const char *)t->url.ptr) < 0)
		return false;
	t->code = 0;
	return true;
}

/* Kubo says in a trailer that it failed after it had begun to answer. */
static void hear_trailer(struct nipfs__transfer *t)
{
	struct curl_header *h;

	if (curl_easy_header(t->easy, "X-Stream-Error", 0, CURLH_TRAILER, -1, &h) != CURLHE_OK)
		return;
	t->broken = true;
	(void)snprintf(t->said, sizeof(t->said), "%s", h->value);
}

bool nipfs__transfer_finish(struct nipfs__transfer *t, CURLcode result)
{
	curl_off_t seconds = 0;
	bool good;

	t->state = NIPFS__TRANSFER_DONE;
	if (result != CURLE_OK && !t->enough) {
		fail_by_curl(t, result);
		return false;
	}
	good = is_good(t);
	if (is_redirect(t->status) && follow(t)) {
		t->state = NIPFS__TRANSFER_RUNS;
		return true;
	}
	if (good)
		hear_trailer(t);
	if (t->code == 0 && !good)
		(void)snprintf(t->why, sizeof(t->why), "HTTP %ld", t->status);
	(void)curl_easy_getinfo(t->easy, CURLINFO_RETRY_AFTER, &seconds);
	if (seconds > 0)
		t->retry_ms = nipfs__min_u64((uint64_t)seconds, UINT32_MAX) * 1000;
	return false;
}

void nipfs__transfer_clear(struct nipfs__transfer *t)
{
	CURL *easy = t->easy;

	nipfs_slab_unref(t->body);
	free_headers(t);
	nipfs__buf_release(&t->url);
	nipfs__buf_release(&t->taken);
	nipfs__buf_release(&t->given);
	*t = (struct nipfs__transfer){ .easy = easy };
}
