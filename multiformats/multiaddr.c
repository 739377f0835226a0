/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where an HTTP API listens, as multiaddr text. */
#include "multiformats/multiaddr.h"

#include <arpa/inet.h>

#include "multiformats/base/err.h"
#include "multiformats/base/slice.h"

struct host_kind {
	const char *name;
	enum nipfs_multiaddr_kind kind;
	int family; /* 0: a name */
};

static const struct host_kind host_kinds[] = {
	{ "ip4", NIPFS_MULTIADDR_IP4, AF_INET }, { "ip6", NIPFS_MULTIADDR_IP6, AF_INET6 },
	{ "dns", NIPFS_MULTIADDR_DNS, 0 },	 { "dns4", NIPFS_MULTIADDR_DNS4, 0 },
	{ "dns6", NIPFS_MULTIADDR_DNS6, 0 },
};

static const struct host_kind *find_host_kind(struct nipfs_slice name)
{
	for (size_t i = 0; i < sizeof(host_kinds) / sizeof(host_kinds[0]); i++)
		if (nipfs__slice_eq(name, nipfs__slice_str(host_kinds[i].name)))
			return &host_kinds[i];
	return NULL;
}

static bool is_space(uint8_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static struct nipfs_slice trim(struct nipfs_slice s)
{
	while (s.len && is_space(s.ptr[0]))
		s = nipfs__slice_skip(s, 1);
	while (s.len && is_space(s.ptr[s.len - 1]))
		s.len--;
	/* multiaddrs may end in slashes, which mean nothing */
	while (s.len && s.ptr[s.len - 1] == '/')
		s.len--;
	return s;
}

/* The next "/part" of @rest; no bytes at the end. */
static struct nipfs_slice next_part(struct nipfs_slice *rest)
{
	struct nipfs_slice part = *rest;
	const uint8_t *slash;

	if (rest->len == 0)
		return part;
	part = nipfs__slice_skip(part, 1);
	slash = part.len ? memchr(part.ptr, '/', part.len) : NULL;
	if (slash)
		part.len = (size_t)(slash - part.ptr);
	*rest = nipfs__slice_skip(*rest, part.len + 1);
	return part;
}

static int parse_unix(struct nipfs_slice path, struct nipfs_multiaddr *out,
		      struct nipfs_error *err)
{
	if (path.len < 2)
		return nipfs__fail(err, NIPFS_E_INVALID,
				   "multiaddr '/unix' names no socket");
	if (path.len >= sizeof(out->path))
		return nipfs__fail(
		    err, NIPFS_E_LIMIT,
		    "socket path '%.*s' is over the system's limit of %zu bytes",
		    NIPFS_FMT(path), sizeof(out->path) - 1);
	if (memchr(path.ptr, 0, path.len))
		return nipfs__fail(err, NIPFS_E_INVALID,
				   "socket path '%.*s' has a NUL byte", NIPFS_FMT(path));
	out->kind = NIPFS_MULTIADDR_UNIX;
	memcpy(out->path, path.ptr, path.len);
	return 0;
}

static bool is_name(struct nipfs_slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		const uint8_t c = s.ptr[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		      (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.'))
			return false;
	}
	return s.len > 0;
}

static int parse_host(const struct host_kind *kind, struct nipfs_slice host,
		      struct nipfs_multiaddr *out, struct nipfs_error *err)
{
	struct in6_addr addr;

	if (host.len >= sizeof(out->host))
		return nipfs__fail(err, NIPFS_E_LIMIT,
				   "host of a multiaddr is over %zu bytes",
				   sizeof(out->host) - 1);
	out->kind = kind->kind;
	if (host.len)
		memcpy(out->host, host.ptr, host.len);
	if (kind->family == 0 && !is_name(host))
		return nipfs__fail(err, NIPFS_E_INVALID,
				   "'%.*s' is not a host name in its ASCII form",
				   NIPFS_FMT(host));
	if (kind->family != 0 && (strlen(out->host) != host.len ||
				  inet_pton(kind->family, out->host, &addr) != 1))
		return nipfs__fail(err, NIPFS_E_INVALID, "'%.*s' is not an %s address",
				   NIPFS_FMT(host), kind->name);
	return 0;
}

static int parse_port(struct nipfs_slice text, uint16_t *out, struct nipfs_error *err)
{
	uint32_t port = 0;

	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] < '0' || text.ptr[i] > '9' || i == 5) {
			port = 0;
			break;
		}
		port = port * 10 + (uint32_t)(text.ptr[i] - '0');
	}
	if (port == 0 || port > UINT16_MAX || text.ptr[0] == '0')
		return nipfs__fail(err, NIPFS_E_INVALID, "'%.*s' is not a TCP port",
				   NIPFS_FMT(text));
	*out = (uint16_t)port;
	return 0;
}

/* What may stand behind the port: whether it means TLS, or -1. */
static int scheme_of(struct nipfs_slice rest)
{
	static const struct {
		const char *text;
		int https;
	} schemes[] = { { "", 0 }, { "/http", 0 }, { "/https", 1 }, { "/tls/http", 1 } };

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
		if (nipfs__slice_eq(rest, nipfs__slice_str(schemes[i].text)))
			return schemes[i].https;
	return -1;
}

int nipfs__multiaddr_parse(struct nipfs_slice text, struct nipfs_multiaddr *out,
			   struct nipfs_error *err)
{
	const struct nipfs_slice whole = trim(text);
	struct nipfs_slice rest = whole, name;
	struct nipfs_multiaddr addr = { 0 };
	const struct host_kind *kind;
	int r, https;

	if (text.len > NIPFS_MULTIADDR_TEXT_MAX)
		return nipfs__fail(err, NIPFS_E_LIMIT, "multiaddr is over %d bytes",
				   NIPFS_MULTIADDR_TEXT_MAX);
	if (whole.len == 0 || whole.ptr[0] != '/')
		return nipfs__fail(
		    err, NIPFS_E_INVALID,
		    "'%.*s' is not a multiaddr such as /ip4/127.0.0.1/tcp/5001",
		    NIPFS_FMT(whole));
	name = next_part(&rest);
	if (nipfs__slice_eq(name, nipfs__slice_str("unix"))) {
		r = parse_unix(rest, &addr, err);
		if (r == 0)
			*out = addr;
		return r;
	}
	kind = find_host_kind(name);
	if (!kind)
		return nipfs__fail(err, NIPFS_E_UNSUPPORTED,
				   "multiaddr '%.*s' does not begin with ip4, ip6, dns, "
				   "dns4, dns6 or unix",
				   NIPFS_FMT(whole));
	r = parse_host(kind, next_part(&rest), &addr, err);
	if (r < 0)
		return r;
	if (!nipfs__slice_eq(next_part(&rest), nipfs__slice_str("tcp")))
		return nipfs__fail(err, NIPFS_E_UNSUPPORTED,
				   "multiaddr '%.*s' is not of TCP", NIPFS_FMT(whole));
	r = parse_port(next_part(&rest), &addr.port, err);
	if (r < 0)
		return r;
	https = scheme_of(rest);
	if (https < 0)
		return nipfs__fail(err, NIPFS_E_UNSUPPORTED,
				   "multiaddr '%.*s' is not of HTTP: nothing, /http, "
				   "/https or /tls/http may follow the port",
				   NIPFS_FMT(whole));
	addr.https = https == 1;
	*out = addr;
	return 0;
}
