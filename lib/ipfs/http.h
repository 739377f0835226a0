/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * HTTP requests, many at once, by libcurl. Nothing of an answer is believed, and all
 * of it is bounded: header, body, redirects, and the time without progress.
 */
#ifndef LIB_IPFS_HTTP_H
#define LIB_IPFS_HTTP_H

#include <curl/curl.h>
#include <sys/types.h>

#include <nixipfs/block.h>

#include "lib/ipfs/endpoint.h"
#include "multiformats/base/buf.h"

enum {
	NIPFS__HTTP_TRANSFERS = 32, /* at once, at most */
	NIPFS__HTTP_REDIRECTS = 4,
	NIPFS__HTTP_TIMEOUT_S = 45, /* a node looks for a block for 30 s before it says no */
	NIPFS__HTTP_WHY_MAX = CURL_ERROR_SIZE,
	NIPFS__HTTP_SAID_MAX = 2048
};

enum nipfs__http_verb { NIPFS__HTTP_GET, NIPFS__HTTP_POST, NIPFS__HTTP_DELETE };

/* What becomes of the body of a good answer. */
enum nipfs__http_body {
	NIPFS__HTTP_KEEP, /* up to max_body bytes are kept in a slab */
	NIPFS__HTTP_DROP, /* it is read and thrown away, however long that takes */
	NIPFS__HTTP_TAKE  /* nipfs__http_take() takes it bit by bit */
};

/**
 * struct nipfs__http_request - what is asked
 * @endpoint:    of whom; must outlive the transfer
 * @path:        what follows the URL of the endpoint
 * @verb:        see enum nipfs__http_verb
 * @body:        see enum nipfs__http_body
 * @max_body:    a longer body is a failure
 * @accept:      media type, or NULL
 * @form:        what is posted, multipart/form-data between lines of "--x"; or NULL
 * @json:        what is posted instead, application/json; or NULL
 * @type:        what is posted comes by nipfs__http_give(): its media type; or NULL
 * @patience_s:  how long nothing may move, neither to nor fro; in place of the time-outs
 *               that hold for what is not ours. 0: those
 * @secret:      header line with credentials, or NULL: goes to the endpoint alone
 * @only_cached: it is to answer out of what it has
 * @follow:      redirects, as nipfs__redirect_check() has it
 * @accepted:    202 is a good answer too
 */
struct nipfs__http_request {
	const struct nipfs__endpoint *endpoint;
	const char *path;
	enum nipfs__http_verb verb;
	enum nipfs__http_body body;
	size_t max_body;
	const char *accept, *secret, *form, *json, *type;
	unsigned int patience_s;
	bool only_cached, follow, accepted;
};

enum nipfs__transfer_state { NIPFS__TRANSFER_FREE, NIPFS__TRANSFER_RUNS, NIPFS__TRANSFER_DONE };

/**
 * struct nipfs__transfer - a request and what became of it
 * @state:       the rest is set when it is DONE
 * @code:        0: there is an answer with a status. Else NIPFS_E_UNREACHABLE; NIPFS_E_LIMIT
 *               (the body is too long); NIPFS_E_NOMEM
 * @status:      of HTTP
 * @no_server:   with NIPFS_E_UNREACHABLE: there was no connection at all, or none that is safe
 * @late:        with NIPFS_E_UNREACHABLE: it took too long
 * @retry_ms:    how long it wants to be left alone; 0: it does not say
 * @body:        the kept body, @len bytes of it; NULL: of no bytes
 * @why:         what is wrong, for messages: "connection refused", "HTTP 404"
 * @said:        the beginning of the body that came with another status than 200
 * @broken:      the server says behind the body of a good answer that it failed in the
 *               middle: @said has why
 * @begun:       when it was started, by nipfs__http_now()
 * @received:    bytes of the body so far
 * @sent:        bytes that were given and are on their way
 * @moved:       when the last of either went, about, by nipfs__http_now()
 */
struct nipfs__transfer {
	enum nipfs__transfer_state state;
	int code;
	long status;
	bool no_server, late, broken;
	uint64_t retry_ms;
	struct nipfs_slab *body;
	size_t len;
	char why[NIPFS__HTTP_WHY_MAX], said[NIPFS__HTTP_SAID_MAX];
	uint64_t begun, received, sent, moved;
	/* private */
	struct nipfs__http_request request;
	CURL *easy;
	struct curl_slist *headers;
	struct nipfs_buf url, taken, given;
	size_t used, gone;
	unsigned int hops;
	uint64_t header_bytes, idle, seen;
	int stop;
	bool enough, paused, hungry, gave_all;
	char error[CURL_ERROR_SIZE];
};

/* ---- one transfer: http_transfer.c ------------------------------------------------ */

/* Makes its handle ready for the request. Return: 0 or NIPFS_E_NOMEM. */
int nipfs__transfer_prepare(struct nipfs__transfer *t, const char *url) NIPFS_MUSTUSE;

/* It has ended. Return: whether it goes on elsewhere, with the handle made ready again. */
bool nipfs__transfer_finish(struct nipfs__transfer *t, CURLcode result);

/* Ends it as failed, for a reason that libcurl does not know. */
void nipfs__transfer_fail(struct nipfs__transfer *t, int code, const char *fmt, ...)
	NIPFS_PRINTF(3, 4);

/* Gives back all but the handle. */
void nipfs__transfer_clear(struct nipfs__transfer *t);

/* ---- all of them: http.c ----------------------------------------------------------- */

struct nipfs__http;

/* @timeout_s: how long a server may say nothing; 0: NIPFS__HTTP_TIMEOUT_S. Return: 0,
 * NIPFS_E_NOMEM. */
int nipfs__http_new(struct nipfs__http **out, unsigned int timeout_s,
		    struct nipfs_error *err) NIPFS_MUSTUSE;
/* Ends all transfers. @h may be NULL. */
void nipfs__http_free(struct nipfs__http *h);

unsigned int nipfs__http_timeout_s(const struct nipfs__http *h);

/*
 * Milliseconds that went by while nipfs__http_run() was at work: nobody is late for
 * what we did not look at.
 */
uint64_t nipfs__http_now(const struct nipfs__http *h);

/**
 * nipfs__http_start() - begin a request
 * @out: NULL when there are too many at once; lives until nipfs__http_end()
 *
 * Return: 0 or NIPFS_E_NOMEM.
 */
int nipfs__http_start(struct nipfs__http *h, const struct nipfs__http_request *request,
		      struct nipfs__transfer **out, struct nipfs_error *err) NIPFS_MUSTUSE;

/* Ends a transfer, and breaks it off where it still runs. @t may be NULL. */
void nipfs__http_end(struct nipfs__http *h, struct nipfs__transfer *t);

/**
 * nipfs__http_run() - let the transfers go on
 * @wait_ms: so long at most until one of them has news; 0: do not wait
 */
void nipfs__http_run(struct nipfs__http *h, int wait_ms);

/**
 * nipfs__http_take() - the next bytes of a body that is taken bit by bit
 * @n: at most so many
 *
 * Return: how many; 0: there are none now, and when the transfer is DONE, none to come.
 */
size_t nipfs__http_take(struct nipfs__transfer *t, uint8_t *out, size_t n);

/**
 * nipfs__http_give() - the next bytes of what is posted bit by bit
 * @bytes: NULL: that was all
 *
 * Return: how many were taken; less than @n, also 0: there is no room now, and when the
 * transfer is DONE, nobody who wants them. Or NIPFS_E_NOMEM.
 */
ssize_t nipfs__http_give(struct nipfs__transfer *t, const void *bytes, size_t n) NIPFS_MUSTUSE;

#endif
