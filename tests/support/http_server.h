/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A server on the loopback that says what a test tells it to: the bytes of its answers
 * are those of the test, whether or not they are HTTP.
 */
#ifndef TESTS_SUPPORT_HTTP_SERVER_H
#define TESTS_SUPPORT_HTTP_SERVER_H

#include <stddef.h>
#include <stdint.h>

/* What comes after the bytes of an answer. */
enum http_then {
	HTTP_GO_ON,  /* the next request */
	HTTP_CLOSE,  /* the connection is closed */
	HTTP_STALL   /* nothing, until the other side has had enough */
};

/**
 * struct http_answer - what is said
 * @bytes: all of it, status line and header included; room for it
 * @len:   of them
 * @body:  what came behind the head of the request, when the server reads that:
 *         http_server_read_bodies(); without the lengths of its chunks
 * @body_len: of that
 */
struct http_answer {
	uint8_t bytes[1 << 16];
	size_t len;
	enum http_then then;
	const uint8_t *body;
	size_t body_len;
};

/*
 * Called with the head of each request, NUL-terminated; by several threads, but by one at
 * a time. @out is empty and goes on.
 */
typedef void http_answerer(void *ctx, const char *head, struct http_answer *out);

struct http_server;

/* All fail the test when they can't. */
struct http_server *http_server_new(http_answerer *answer, void *ctx);
const char *http_server_url(const struct http_server *s);

/* From now on bodies of requests, up to 1 MiB, are read before they are answered. */
void http_server_read_bodies(struct http_server *s);
void http_server_free(struct http_server *s);

/* Appends text, and an answer with a status and a body. */
void http_say(struct http_answer *out, const char *text);
void http_give(struct http_answer *out, int status, const void *body, size_t len);

#endif
