/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A server on the loopback that says what a test tells it to. */
#include "tests/support/http_server.h"

#include <arpa/inet.h>
#include <check.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 256, HEAD_MAX = 8192, BODY_MAX = 1 << 20 };

struct connection {
	struct http_server *server;
	int fd;
	pthread_t thread;
	struct http_answer answer;
	uint8_t *body; /* BODY_MAX bytes of room, when bodies are read */
};

struct http_server {
	int fd;
	char url[64];
	http_answerer *answer;
	void *ctx;
	pthread_t thread;
	pthread_mutex_t lock;
	bool read_bodies;
	struct connection *connections[CONNECTIONS_MAX];
	size_t n;
};

void http_say(struct http_answer *out, const char *text)
{
	const size_t n = strlen(text);

	ck_assert_uint_le(n, sizeof(out->bytes) - out->len);
	memcpy(out->bytes + out->len, text, n);
	out->len += n;
}

void http_give(struct http_answer *out, int status, const void *body, size_t len)
{
	char head[256];

	(void)snprintf(head, sizeof(head),
		       "HTTP/1.1 %d Whatever\r\nContent-Type: application/vnd.ipld.raw\r\n"
		       "Content-Length: %zu\r\n\r\n",
		       status, len);
	http_say(out, head);
	ck_assert_uint_le(len, sizeof(out->bytes) - out->len);
	if (len)
		memcpy(out->bytes + out->len, body, len);
	out->len += len;
}

/* Reads the head of a request. Return: whether there is one. */
static int read_head(int fd, char *head)
{
	size_t n = 0;

	/* byte by byte: nothing of the next one is taken */
	while (n + 1 < HEAD_MAX && recv(fd, head + n, 1, 0) == 1) {
		head[++n] = 0;
		if (n >= 4 && strcmp(head + n - 4, "\r\n\r\n") == 0)
			return 1;
	}
	return 0;
}

/* Reads exactly @n bytes behind those that there are. Return: whether they came and fit. */
static bool read_more(struct connection *c, size_t n)
{
	struct http_answer *a = &c->answer;

	if (n > BODY_MAX - a->body_len)
		return false;
	for (size_t got; n; n -= got, a->body_len += got) {
		const ssize_t r = recv(c->fd, c->body + a->body_len, n, 0);

		if (r <= 0)
			return false;
		got = (size_t)r;
	}
	return true;
}

static bool read_chunks(struct connection *c)
{
	char line[32];

	for (;;) {
		size_t n = 0, len;

		while (n + 1 < sizeof(line) && recv(c->fd, line + n, 1, 0) == 1)
			if (line[n++] == '\n')
				break;
		line[n] = 0;
		if (n == 0 || line[n - 1] != '\n')
			return false;
		len = strtoul(line, NULL, 16);
		if (!read_more(c, len + 2))
			return false;
		c->answer.body_len -= 2;
		if (len == 0)
			return true;
	}
}

static bool read_body(struct connection *c, const char *head)
{
	static const char length[] = "\r\nContent-Length:";
	const char *at = strstr(head, length);

	c->answer.body_len = 0;
	if (!c->server->read_bodies)
		return true;
	if (!c->body)
		c->body = malloc(BODY_MAX);
	ck_assert_ptr_nonnull(c->body);
	c->answer.body = c->body;
	if (strstr(head, "\r\nTransfer-Encoding: chunked\r\n"))
		return read_chunks(c);
	return !at || read_more(c, strtoul(at + sizeof(length) - 1, NULL, 10));
}

static void *serve(void *arg)
{
	struct connection *c = arg;
	struct http_answer *a = &c->answer;
	char head[HEAD_MAX];

	while (read_head(c->fd, head) && read_body(c, head)) {
		a->len = 0;
		a->then = HTTP_GO_ON;
		(void)pthread_mutex_lock(&c->server->lock);
		c->server->answer(c->server->ctx, head, a);
		(void)pthread_mutex_unlock(&c->server->lock);
		for (size_t done = 0; done < a->len;) {
			const ssize_t n =
				send(c->fd, a->bytes + done, a->len - done, MSG_NOSIGNAL);

			if (n <= 0)
				break;
			done += (size_t)n;
		}
		if (a->then == HTTP_STALL)
			while (recv(c->fd, head, sizeof(head), 0) > 0)
				;
		if (a->then != HTTP_GO_ON)
			break;
	}
	(void)shutdown(c->fd, SHUT_RDWR);
	return NULL;
}

static void *listen_on(void *arg)
{
	struct http_server *s = arg;
	int fd;

	while (s->n < CONNECTIONS_MAX && (fd = accept(s->fd, NULL, NULL)) >= 0) {
		struct connection *c = calloc(1, sizeof(*c));

		ck_assert_ptr_nonnull(c);
		c->server = s;
		c->fd = fd;
		s->connections[s->n++] = c;
		ck_assert_int_eq(pthread_create(&c->thread, NULL, serve, c), 0);
	}
	return NULL;
}

struct http_server *http_server_new(http_answerer *answer, void *ctx)
{
	struct http_server *s = calloc(1, sizeof(*s));
	struct sockaddr_in addr = { .sin_family = AF_INET };
	socklen_t len = sizeof(addr);

	ck_assert_ptr_nonnull(s);
	s->answer = answer;
	s->ctx = ctx;
	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(s->fd, 0);
	ck_assert_int_eq(bind(s->fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	ck_assert_int_eq(getsockname(s->fd, (struct sockaddr *)&addr, &len), 0);
	ck_assert_int_eq(listen(s->fd, 64), 0);
	(void)snprintf(s->url, sizeof(s->url), "http://127.0.0.1:%u", ntohs(addr.sin_port));
	(void)pthread_mutex_init(&s->lock, NULL);
	ck_assert_int_eq(pthread_create(&s->thread, NULL, listen_on, s), 0);
	return s;
}

void http_server_read_bodies(struct http_server *s)
{
	s->read_bodies = true;
}

const char *http_server_url(const struct http_server *s)
{
	return s->url;
}

void http_server_free(struct http_server *s)
{
	if (!s)
		return;
	(void)shutdown(s->fd, SHUT_RDWR);
	(void)pthread_join(s->thread, NULL);
	(void)close(s->fd);
	for (size_t i = 0; i < s->n; i++) {
		struct connection *c = s->connections[i];

		(void)shutdown(c->fd, SHUT_RDWR);
		(void)pthread_join(c->thread, NULL);
		(void)close(c->fd);
		free(c->body);
		free(c);
	}
	(void)pthread_mutex_destroy(&s->lock);
	free(s);
}
