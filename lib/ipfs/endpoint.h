/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where an HTTP server is: a URL, or the multiaddr of a node, made ready for libcurl. */
#ifndef LIB_IPFS_ENDPOINT_H
#define LIB_IPFS_ENDPOINT_H

#include <stdbool.h>

#include <nixipfs/bytes.h>
#include <nixipfs/error.h>

enum { NIPFS__URL_MAX = 2048 };

/**
 * struct nipfs__endpoint - an HTTP server, and a path below which everything is
 * @url:    http or https, host, port and path, without a slash at the end
 * @socket: NULL, or the path of the Unix socket over which it is spoken to
 * @shown:  how it is called in messages
 * @family: AF_UNSPEC, or the one address family that its name may have
 * @local:  on this machine: no proxy in between
 *
 * The strings are owned. Zeroed: there is none.
 */
struct nipfs__endpoint {
	char *url, *socket, *shown;
	int family;
	bool local;
};

void nipfs__endpoint_release(struct nipfs__endpoint *e);

/* Whether a text is meant as a URL: it begins with http:// or https://. */
bool nipfs__is_url(const char *text);

/**
 * nipfs__endpoint_parse() - read a URL or a multiaddr
 * @text: what begins with a slash is a multiaddr; white space around either is ignored
 * @out:  overwritten; untouched on failure
 * @err:  may be NULL; never quotes what may be a password
 *
 * A URL has no user, query or fragment. "http:///PATH", as Kubo writes it, is a Unix
 * socket.
 *
 * Return: 0, NIPFS_E_INVALID, NIPFS_E_UNSUPPORTED, NIPFS_E_LIMIT or NIPFS_E_NOMEM.
 */
int nipfs__endpoint_parse(struct nipfs_slice text, struct nipfs__endpoint *out,
			  struct nipfs_error *err) NIPFS_MUSTUSE;

/* The same of an argument: what is no address is NIPFS_E_USAGE. */
int nipfs__endpoint_of(const char *typed, struct nipfs__endpoint *out,
		       struct nipfs_error *err) NIPFS_MUSTUSE;

/**
 * nipfs__redirect_check() - whether an answer of @from may lead to @url
 *
 * To http or https, never from https to http, never to this machine unless it came
 * from there, and to no URL that is too long.
 */
bool nipfs__redirect_check(const struct nipfs__endpoint *from, const char *url);

#endif
