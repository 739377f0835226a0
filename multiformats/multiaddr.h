/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where an HTTP API listens, as multiaddr text: what Kubo writes to its file `api`
 * and takes as --api. Spec: multiformats/multiaddr.
 */
#ifndef MULTIFORMATS_MULTIADDR_H
#define MULTIFORMATS_MULTIADDR_H

#include <stdbool.h>
#include <stdint.h>

#include <nixipfs/bytes.h>
#include <nixipfs/error.h>

enum nipfs_multiaddr_kind {
	NIPFS_MULTIADDR_IP4,
	NIPFS_MULTIADDR_IP6,
	NIPFS_MULTIADDR_DNS, /* either family */
	NIPFS_MULTIADDR_DNS4,
	NIPFS_MULTIADDR_DNS6,
	NIPFS_MULTIADDR_UNIX
};

enum {
	NIPFS_MULTIADDR_TEXT_MAX = 2047, /* bytes of text that are read, as Kubo */
	NIPFS_MULTIADDR_HOST_MAX = 254,  /* bytes of a host, NUL included */
	NIPFS_MULTIADDR_PATH_MAX = 108   /* bytes of a socket's path, NUL included */
};

/**
 * struct nipfs_multiaddr - where an HTTP API listens, a plain value
 * @kind:  which of the others count
 * @https: TLS is spoken there; never for UNIX
 * @port:  1 to 65535; 0 for UNIX
 * @host:  an address as inet_pton() takes it, or a name of letters, digits,
 *         '-', '_' and '.'; NUL-terminated; empty for UNIX
 * @path:  absolute path of the socket, NUL-terminated; empty for the others
 */
struct nipfs_multiaddr {
	enum nipfs_multiaddr_kind kind;
	bool https;
	uint16_t port;
	char host[NIPFS_MULTIADDR_HOST_MAX];
	char path[NIPFS_MULTIADDR_PATH_MAX];
};

/**
 * nipfs__multiaddr_parse() - read a multiaddr of an HTTP API
 * @text: borrowed; white space around it is ignored
 * @out:  untouched on failure
 * @err:  may be NULL
 *
 * /ip4/A/tcp/P, /ip6/A/tcp/P and /dns/N/tcp/P (dns4, dns6), each with nothing,
 * /http, /https or /tls/http behind it; or /unix/PATH.
 *
 * Return: 0, NIPFS_E_INVALID (no multiaddr), NIPFS_E_UNSUPPORTED (one of
 * another kind) or NIPFS_E_LIMIT (too long).
 */
int nipfs__multiaddr_parse(struct nipfs_slice text, struct nipfs_multiaddr *out,
			   struct nipfs_error *err) NIPFS_MUSTUSE;

#endif
