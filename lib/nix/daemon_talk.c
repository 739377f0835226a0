/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a Nix daemon says before it answers: logs, activities, errors. */
#include "lib/nix/daemon_conn.h"

#include <poll.h>

#include "lib/nix/plain_text.h"
#include "multiformats/base/err.h"

enum {
	MSG_NEXT = 0x6f6c6d67,
	MSG_LAST = 0x616c7473,
	MSG_ERROR = 0x63787470,
	MSG_START_ACTIVITY = 0x53545254,
	MSG_STOP_ACTIVITY = 0x53544f50,
	MSG_RESULT = 0x52534c54
};

enum {
	LEVEL_INFO = 3,	    /* what Nix shows without being asked for more */
	FIELDS_MAX = 1024,  /* of an activity */
	TRACES_MAX = 1024,  /* of an error */
	LOG_LINE_MAX = 1024 /* bytes of a line that is handed on, NUL included */
};

static void log_lines(const struct nipfs__daemon *d, struct nipfs_slice text)
{
	char line[LOG_LINE_MAX];

	while (d->log && text.len) {
		const uint8_t *end = memchr(text.ptr, '\n', text.len);
		const size_t n = end ? (size_t)(end - text.ptr) : text.len;
		const size_t len = nipfs__plain_text(nipfs__slice(text.ptr, n), line,
						     sizeof(line));

		if (len)
			d->log(d->ctx, nipfs__slice(line, len));
		text = nipfs__slice_skip(text, end ? n + 1 : n);
	}
}

/* ---- errors ---------------------------------------------------------------------- */

static bool has(const char *msg, const char *words)
{
	return strstr(msg, words) != NULL;
}

/* There are no numbers, only words; these have been the same since 2.4. */
static int code_of(const char *msg)
{
	if (has(msg, "lacks a valid signature") || has(msg, "lacks a signature"))
		return NIPFS_E_UNTRUSTED;
	if (has(msg, "hash mismatch") || has(msg, "size mismatch"))
		return NIPFS_E_MISMATCH;
	if (strncmp(msg, "path '", 6) == 0 &&
	    (has(msg, "' is not valid") || has(msg, "' does not exist") ||
	     has(msg, "there is no substituter")))
		return NIPFS_E_NOTFOUND;
	if (has(msg, "not privileged") || has(msg, "not allowed") ||
	    has(msg, "invalid operation"))
		return NIPFS_E_UNSUPPORTED;
	return NIPFS_E_SYS;
}

static int get_no_position(struct nipfs__daemon *d)
{
	uint64_t has_position = 0;
	int r = nipfs__wire_get_u64(&d->reader, &has_position, &d->error);

	if (r == 0 && has_position != 0)
		r = nipfs__fail(&d->error, NIPFS_E_INVALID,
				"the Nix daemon sent an error with a position, which no known "
				"version does");
	return r;
}

static int get_traces(struct nipfs__daemon *d)
{
	size_t n = 0;
	int r = nipfs__wire_get_count(&d->reader, TRACES_MAX, &n, &d->error);

	for (size_t i = 0; r == 0 && i < n; i++) {
		r = get_no_position(d);
		if (r == 0)
			r = nipfs__wire_skip_string(&d->reader, &d->error);
	}
	return r;
}

/* The text goes to d->text. */
static int get_error(struct nipfs__daemon *d)
{
	static const char type[] = "Error";
	char room[sizeof(type)];
	struct nipfs_slice text;
	uint64_t number;
	int r;

	if (d->minor < 26) {
		r = nipfs__wire_get_string(&d->reader, &d->text, &d->error);
		return r < 0 ? r : nipfs__wire_get_u64(&d->reader, &number, &d->error);
	}
	r = nipfs__wire_get_text(&d->reader, room, sizeof(room), &text, &d->error);
	if (r == 0 && !nipfs__slice_eq(text, nipfs__slice_str(type)))
		r = nipfs__fail(&d->error, NIPFS_E_INVALID,
				"the Nix daemon sent an error of an unknown type");
	if (r == 0)
		r = nipfs__wire_get_u64(&d->reader, &number, &d->error); /* level */
	if (r == 0)
		r = nipfs__wire_skip_string(&d->reader, &d->error); /* name */
	if (r == 0)
		r = nipfs__wire_get_string(&d->reader, &d->text, &d->error);
	if (r == 0)
		r = get_no_position(d);
	return r < 0 ? r : get_traces(d);
}

static int take_error(struct nipfs__daemon *d)
{
	char msg[sizeof(d->error.msg)];
	const int r = get_error(d);

	if (r < 0)
		return r;
	(void)nipfs__plain_text(nipfs__buf_slice(&d->text), msg, sizeof(msg));
	(void)nipfs__fail(&d->error, code_of(msg), "the Nix daemon says: %s", msg);
	d->refused = true;
	return NIPFS__MESSAGE_ERROR;
}

/* ---- activities ------------------------------------------------------------------ */

static int skip_numbers(struct nipfs__daemon *d, unsigned int n)
{
	uint64_t number;
	int r = 0;

	for (unsigned int i = 0; r == 0 && i < n; i++)
		r = nipfs__wire_get_u64(&d->reader, &number, &d->error);
	return r;
}

static int skip_fields(struct nipfs__daemon *d)
{
	size_t n = 0;
	int r = nipfs__wire_get_count(&d->reader, FIELDS_MAX, &n, &d->error);

	for (size_t i = 0; r == 0 && i < n; i++) {
		bool is_string = false;

		r = nipfs__wire_get_bool(&d->reader, &is_string, &d->error);
		if (r == 0)
			r = is_string ? nipfs__wire_skip_string(&d->reader, &d->error) :
					skip_numbers(d, 1);
	}
	return r;
}

static int take_activity(struct nipfs__daemon *d)
{
	uint64_t level = 0;
	int r = skip_numbers(d, 1);

	if (r == 0)
		r = nipfs__wire_get_u64(&d->reader, &level, &d->error);
	if (r == 0)
		r = skip_numbers(d, 1);
	if (r == 0)
		r = nipfs__wire_get_string(&d->reader, &d->text, &d->error);
	if (r == 0)
		r = skip_fields(d);
	if (r == 0)
		r = skip_numbers(d, 1);
	if (r == 0 && level <= LEVEL_INFO)
		log_lines(d, nipfs__buf_slice(&d->text));
	return r;
}

/* ---- messages -------------------------------------------------------------------- */

int nipfs__daemon_message(struct nipfs__daemon *d)
{
	uint64_t kind = 0;
	int r = nipfs__wire_get_u64(&d->reader, &kind, &d->error);

	if (r < 0)
		return r;
	switch (kind) {
	case MSG_LAST:
		return NIPFS__MESSAGE_LAST;
	case MSG_ERROR:
		return take_error(d);
	case MSG_NEXT:
		r = nipfs__wire_get_string(&d->reader, &d->text, &d->error);
		if (r == 0)
			log_lines(d, nipfs__buf_slice(&d->text));
		return r;
	case MSG_START_ACTIVITY:
		return take_activity(d);
	case MSG_STOP_ACTIVITY:
		return skip_numbers(d, 1);
	case MSG_RESULT:
		r = skip_numbers(d, 2);
		return r < 0 ? r : skip_fields(d);
	default:
		return nipfs__fail(&d->error, NIPFS_E_INVALID,
				   "the Nix daemon at '%s' sent an unknown message, 0x%llx",
				   d->name, (unsigned long long)kind);
	}
}

int nipfs__daemon_wait(struct nipfs__daemon *d)
{
	int r;

	do
		r = nipfs__daemon_message(d);
	while (r == NIPFS__MESSAGE_TALK);
	if (r == NIPFS__MESSAGE_ERROR) {
		d->talking = false;
		return d->error.code;
	}
	return r < 0 ? r : 0;
}

/* ---- operations ------------------------------------------------------------------ */

/* After an error that it can't go on from, a daemon says it once more and hangs up. */
static bool has_hung_up(const struct nipfs__daemon *d)
{
	struct pollfd fd = { .fd = d->in, .events = POLLIN };

	return d->reader.at < d->reader.len || poll(&fd, 1, 0) > 0;
}

int nipfs__daemon_begin(struct nipfs__daemon *d, enum nipfs__daemon_op op)
{
	d->error = (struct nipfs_error){ 0 };
	if (d->upload)
		return nipfs__fail(&d->error, NIPFS_E_USAGE, "an upload to the Nix daemon at "
				   "'%s' is under way", d->name);
	if (!d->broken && d->refused && has_hung_up(d)) {
		d->broken = true;
		(void)nipfs__fail(&d->why, NIPFS_E_UNREACHABLE, "it was closed after an error");
	}
	if (d->broken)
		return nipfs__fail(&d->error, NIPFS_E_UNREACHABLE, "the connection to the Nix "
				   "daemon at '%s' is broken: %s", d->name, d->why.msg);
	d->refused = false;
	nipfs__buf_clear(&d->request);
	return nipfs__wire_put_u64(&d->request, op);
}

int nipfs__daemon_ask(struct nipfs__daemon *d)
{
	int r;

	d->talking = true;
	r = nipfs__daemon_flush(d);
	return r < 0 ? r : nipfs__daemon_wait(d);
}

int nipfs__daemon_end(struct nipfs__daemon *d, int r, struct nipfs_error *err)
{
	if (r < 0) {
		/* what makes requests and values has no words of its own */
		if (d->error.code != r)
			(void)nipfs__fail(&d->error, r, "%s", nipfs_err_text(r));
		if (d->talking) {
			d->broken = true;
			d->why = d->error;
		}
		if (err)
			*err = d->error;
	}
	d->talking = false;
	return r;
}
