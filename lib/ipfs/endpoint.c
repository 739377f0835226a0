/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where an HTTP server is. */
#include "lib/ipfs/endpoint.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/socket.h>

#include "multiformats/base/auto.h"
#include "multiformats/base/err.h"
#include "multiformats/multiaddr.h"

/* What Kubo writes of a Unix socket: a URL without a host. */
static const char socket_url[] = "http:///";

void nipfs__endpoint_release(struct nipfs__endpoint *e)
{
	free(e->url);
	free(e->socket);
	free(e->shown);
	*e = (struct nipfs__endpoint){ .url = NULL };
}

bool nipfs__is_url(const char *text)
{
	return strncasecmp(text, "http://", 7) == 0 ||
	       strncasecmp(text, "https://", 8) == 0;
}

static struct nipfs_slice trim(struct nipfs_slice s)
{
	static const char blanks[] = " \t\r\n";

	while (s.len && memchr(blanks, s.ptr[0], sizeof(blanks) - 1))
		s = nipfs__slice_skip(s, 1);
	while (s.len && memchr(blanks, s.ptr[s.len - 1], sizeof(blanks) - 1))
		s.len--;
	return s;
}

static bool is_local_v6(const char *host, size_t len)
{
	char text[INET6_ADDRSTRLEN];
	struct in6_addr v6;

	if (len < 3 || host[0] != '[' || len - 2 >= sizeof(text))
		return false;
	memcpy(text, host + 1, len - 2);
	text[len - 2] = 0;
	if (inet_pton(AF_INET6, text, &v6) != 1)
		return false;
	return IN6_IS_ADDR_LOOPBACK(&v6) || IN6_IS_ADDR_UNSPECIFIED(&v6) ||
	       (IN6_IS_ADDR_V4MAPPED(&v6) && v6.s6_addr[12] == 127);
}

/* Whether a host, as libcurl gives it, is this machine. */
static bool is_local(const char *host)
{
	static const char name[] = ".localhost";
	const size_t len = strlen(host), n = sizeof(name) - 1;
	struct in_addr v4;

	if (strcasecmp(host, name + 1) == 0 ||
	    (len > n && strcasecmp(host + len - n, name) == 0))
		return true;
	if (inet_pton(AF_INET, host, &v4) == 1)
		return v4.s_addr == 0 || ntohl(v4.s_addr) >> 24 == 127;
	return is_local_v6(host, len);
}

/* ---- URLs ------------------------------------------------------------------------ */

static void free_url(CURLU **u)
{
	curl_url_cleanup(*u);
}

static void free_part(char **part)
{
	curl_free(*part);
}

#define auto_url __attribute__((cleanup(free_url))) CURLU *
#define auto_part __attribute__((cleanup(free_part))) char *

static bool has_part(CURLU *u, CURLUPart what)
{
	auto_part part = NULL;

	return curl_url_get(u, what, &part, 0) == CURLUE_OK;
}

/* The message does not quote what may hold a password. */
static int not_a_url(struct nipfs_slice text, struct nipfs_error *err)
{
	if (text.len && memchr(text.ptr, '@', text.len))
		return nipfs__fail(err, NIPFS_E_INVALID,
				   "a URL must not have a user or password in it");
	return nipfs__fail(err, NIPFS_E_INVALID,
			   "'%.*s' is not a URL such as https://gateway.example",
			   NIPFS_FMT(text));
}

static int parse_parts(CURLU *u, struct nipfs_slice text, struct nipfs__endpoint *out,
		       struct nipfs_error *err)
{
	auto_part whole = NULL;
	auto_part host = NULL;
	CURLUcode code;
	size_t len;

	if (has_part(u, CURLUPART_QUERY) || has_part(u, CURLUPART_FRAGMENT))
		return nipfs__fail(err, NIPFS_E_INVALID,
				   "URL '%.*s' ends in a query or fragment: give the "
				   "gateway alone",
				   NIPFS_FMT(text));
	code = curl_url_get(u, CURLUPART_HOST, &host, 0);
	if (code == CURLUE_OK)
		code = curl_url_get(u, CURLUPART_URL, &whole, 0);
	if (code == CURLUE_OUT_OF_MEMORY)
		return nipfs__fail_nomem(err);
	if (code != CURLUE_OK)
		return not_a_url(text, err);
	len = strlen(whole);
	while (len && whole[len - 1] == '/')
		len--;
	out->local = is_local(host);
	out->url = nipfs__slice_dup(nipfs__slice(whole, len));
	out->shown = nipfs__slice_dup(nipfs__slice(whole, len));
	return out->url && out->shown ? 0 : nipfs__fail_nomem(err);
}

static int parse_url(struct nipfs_slice text, struct nipfs__endpoint *out,
		     struct nipfs_error *err)
{
	nipfs_auto_free char *copy = nipfs__slice_dup(text);
	auto_url u = curl_url();
	CURLUcode code;

	if (!copy || !u)
		return nipfs__fail_nomem(err);
	if (strlen(copy) != text.len || !nipfs__is_url(copy))
		return not_a_url(text, err);
	code = curl_url_set(u, CURLUPART_URL, copy, CURLU_DISALLOW_USER);
	if (code == CURLUE_OUT_OF_MEMORY)
		return nipfs__fail_nomem(err);
	return code == CURLUE_OK ? parse_parts(u, text, out, err) : not_a_url(text, err);
}

bool nipfs__redirect_check(const struct nipfs__endpoint *from, const char *url)
{
	auto_url u = curl_url();
	auto_part scheme = NULL;
	auto_part host = NULL;

	if (!u || strlen(url) > NIPFS__URL_MAX ||
	    curl_url_set(u, CURLUPART_URL, url, CURLU_DISALLOW_USER) != CURLUE_OK ||
	    curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
	    curl_url_get(u, CURLUPART_HOST, &host, 0) != CURLUE_OK)
		return false;
	if (strcmp(scheme, "https") != 0 &&
	    (strcmp(scheme, "http") != 0 || strncmp(from->url, "https:", 6) == 0))
		return false;
	return from->local || !is_local(host);
}

/* ---- multiaddrs ------------------------------------------------------------------ */

static int of_socket(struct nipfs_slice path, struct nipfs__endpoint *out,
		     struct nipfs_error *err)
{
	struct nipfs_buf shown = NIPFS_BUF_INIT(NIPFS__URL_MAX);

	if (path.len < 2 || path.len >= NIPFS_MULTIADDR_PATH_MAX)
		return nipfs__fail(err, NIPFS_E_INVALID,
				   "'%.*s' is not the path of a socket", NIPFS_FMT(path));
	/* not localhost, which Kubo's gateway redirects to names of its own */
	out->url = nipfs__slice_dup(nipfs__slice_str("http://127.0.0.1"));
	out->socket = nipfs__slice_dup(path);
	out->local = true;
	if (nipfs__buf_printf(&shown, "/unix%.*s", NIPFS_FMT(path)) < 0 ||
	    nipfs__buf_terminate(&shown) < 0)
		nipfs__buf_release(&shown);
	out->shown = (char *)shown.ptr;
	return out->url && out->socket && out->shown ? 0 : nipfs__fail_nomem(err);
}

static int of_multiaddr(const struct nipfs_multiaddr *addr, struct nipfs_slice text,
			struct nipfs__endpoint *out, struct nipfs_error *err)
{
	const bool is_v6 = addr->kind == NIPFS_MULTIADDR_IP6;
	struct nipfs_buf url = NIPFS_BUF_INIT(NIPFS__URL_MAX);
	int r;

	if (addr->kind == NIPFS_MULTIADDR_UNIX)
		return of_socket(nipfs__slice_str(addr->path), out, err);
	if (nipfs__buf_printf(&url, "%s://%s%s%s:%u", addr->https ? "https" : "http",
			      is_v6 ? "[" : "", addr->host, is_v6 ? "]" : "",
			      addr->port) < 0) {
		nipfs__buf_release(&url);
		return nipfs__fail_nomem(err);
	}
	r = parse_url(nipfs__buf_slice(&url), out, err);
	nipfs__buf_release(&url);
	if (r < 0)
		return r;
	if (addr->kind == NIPFS_MULTIADDR_DNS4)
		out->family = AF_INET;
	if (addr->kind == NIPFS_MULTIADDR_DNS6)
		out->family = AF_INET6;
	free(out->shown);
	out->shown = nipfs__slice_dup(text);
	return out->shown ? 0 : nipfs__fail_nomem(err);
}

int nipfs__endpoint_parse(struct nipfs_slice text, struct nipfs__endpoint *out,
			  struct nipfs_error *err)
{
	const size_t skip = sizeof(socket_url) - 2;
	struct nipfs__endpoint e = { .family = AF_UNSPEC };
	struct nipfs_multiaddr addr;
	int r;

	text = trim(text);
	if (text.len > NIPFS__URL_MAX)
		return nipfs__fail(err, NIPFS_E_LIMIT, "an address has over %d bytes",
				   NIPFS__URL_MAX);
	if (text.len && text.ptr[0] == '/') {
		r = nipfs__multiaddr_parse(text, &addr, err);
		if (r == 0)
			r = of_multiaddr(&addr, text, &e, err);
	} else if (text.len > skip && memcmp(text.ptr, socket_url, skip + 1) == 0 &&
		   !memchr(text.ptr, 0, text.len)) {
		r = of_socket(nipfs__slice_skip(text, skip), &e, err);
	} else {
		r = parse_url(text, &e, err);
	}
	if (r < 0)
		nipfs__endpoint_release(&e);
	else
		*out = e;
	return r;
}

int nipfs__endpoint_of(const char *typed, struct nipfs__endpoint *out, struct nipfs_error *err)
{
	const int r = nipfs__endpoint_parse(nipfs__slice_str(typed), out, err);

	if (r == 0 || r == NIPFS_E_NOMEM)
		return r;
	if (err)
		err->code = NIPFS_E_USAGE;
	return NIPFS_E_USAGE;
}
