/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A tree sink that writes down what it gets. */
#include "tests/support/tree_log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN = 64 };

/* The last name in an open directory. */
struct level {
	uint8_t *last;
	size_t len;
};

struct tree_log_private {
	size_t cap; /* of the text */
	struct level *levels;
	size_t depth;
	bool in_file, have_file;
	uint64_t size, left, hash;
	uint8_t shown[SHOWN];
	size_t n_shown;
};

/* A broken contract is a fault of what is tested. */
static void need(bool ok, const char *what)
{
	if (!ok) {
		fprintf(stderr, "tree_log: %s\n", what);
		abort();
	}
}

static void put(struct tree_log *log, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void put(struct tree_log *log, const char *fmt, ...)
{
	char piece[128];
	va_list ap;
	size_t n;

	va_start(ap, fmt);
	n = (size_t)vsnprintf(piece, sizeof(piece), fmt, ap);
	va_end(ap);
	need(n < sizeof(piece), "piece too long");
	if (log->len + n >= log->p->cap) {
		log->p->cap = 2 * log->p->cap + sizeof(piece);
		log->text = realloc(log->text, log->p->cap);
		need(log->text, "no memory");
	}
	memcpy(log->text + log->len, piece, n + 1);
	log->len += n;
}

static void put_quoted(struct tree_log *log, struct nipfs_slice s)
{
	put(log, " \"");
	for (size_t i = 0; i < s.len; i++) {
		const uint8_t c = s.ptr[i];

		if (c < ' ' || c > '~' || c == '"' || c == '\\')
			put(log, "\\x%02x", c);
		else
			put(log, "%c", c);
	}
	put(log, "\"");
}

static void put_metadata(struct tree_log *log, const struct nipfs_entry *entry)
{
	if (entry->has_mode)
		put(log, " %04o", entry->mode);
	if (entry->mtime.present)
		put(log, " %lld.%09u", (long long)entry->mtime.seconds,
		    entry->mtime.nanoseconds);
}

/* Whether @name may follow in the directory that is open. */
static void check_name(struct tree_log *log, struct nipfs_slice name)
{
	struct tree_log_private *p = log->p;
	struct level *level = p->depth ? &p->levels[p->depth - 1] : NULL;
	size_t n;
	int order;

	if (!level) {
		need(name.len == 0, "a root with a name");
		return;
	}
	need(name.len > 0 && !memchr(name.ptr, '/', name.len) &&
		 !memchr(name.ptr, 0, name.len),
	     "a name that may not be");
	n = name.len < level->len ? name.len : level->len;
	order = n ? memcmp(level->last, name.ptr, n) : 0;
	need(order < 0 || (order == 0 && level->len < name.len), "names out of order");
	level->last = realloc(level->last, name.len);
	need(level->last, "no memory");
	memcpy(level->last, name.ptr, name.len);
	level->len = name.len;
}

/* Begins a line; -1 when this event is to fail. */
static int begin(struct tree_log *log, const struct nipfs_entry *entry, const char *word)
{
	if (!log->p)
		log->p = calloc(1, sizeof(*log->p));
	need(log->p, "no memory");
	need(!log->p->in_file, "an entry inside a file");
	if (++log->events == log->fail_at)
		return -1;
	check_name(log, entry->name);
	for (size_t i = 0; i < log->p->depth; i++)
		put(log, " ");
	put(log, "%s", word);
	put_quoted(log, entry->name);
	return 0;
}

static bool is_had(const struct tree_log *log, const struct nipfs_entry *entry)
{
	return log->have && strlen(log->have) == entry->name.len &&
	       memcmp(log->have, entry->name.ptr, entry->name.len) == 0;
}

static int on_enter(void *ctx, const struct nipfs_entry *entry, struct nipfs_error *err)
{
	struct tree_log *log = ctx;
	struct tree_log_private *p;

	(void)err;
	if (begin(log, entry, "dir") < 0)
		return NIPFS_E_CANCELLED;
	put_metadata(log, entry);
	put(log, "\n");
	p = log->p;
	p->levels = realloc(p->levels, (p->depth + 1) * sizeof(*p->levels));
	need(p->levels, "no memory");
	p->levels[p->depth++] = (struct level){ NULL, 0 };
	return is_had(log, entry) ? NIPFS_HAVE : 0;
}

static int on_leave(void *ctx, struct nipfs_error *err)
{
	struct tree_log *log = ctx;

	(void)err;
	need(log->p && log->p->depth > 0 && !log->p->in_file, "nothing to leave");
	if (++log->events == log->fail_at)
		return NIPFS_E_CANCELLED;
	free(log->p->levels[--log->p->depth].last);
	if (log->ends) {
		for (size_t i = 0; i < log->p->depth; i++)
			put(log, " ");
		put(log, "end\n");
	}
	return 0;
}

static int on_file(void *ctx, const struct nipfs_entry *entry, struct nipfs_error *err)
{
	struct tree_log *log = ctx;
	struct tree_log_private *p;

	(void)err;
	if (begin(log, entry, entry->executable ? "exec" : "file") < 0)
		return NIPFS_E_CANCELLED;
	put_metadata(log, entry);
	p = log->p;
	p->in_file = true;
	p->have_file = log->have_files || is_had(log, entry);
	p->size = entry->size;
	p->left = entry->size;
	p->hash = 0xcbf29ce484222325;
	p->n_shown = 0;
	return p->have_file ? NIPFS_HAVE : 0;
}

static int on_bytes(void *ctx, const struct nipfs_span *bytes, struct nipfs_error *err)
{
	struct tree_log *log = ctx;
	struct tree_log_private *p = log->p;

	(void)err;
	need(p && p->in_file && bytes->len > 0 && bytes->len <= p->left,
	     "bytes out of place");
	if (++log->events == log->fail_at)
		return NIPFS_E_CANCELLED;
	p->left -= bytes->len;
	for (size_t i = 0; i < bytes->len; i++)
		p->hash = (p->hash ^ bytes->ptr[i]) * 0x100000001b3;
	for (size_t i = 0; i < bytes->len && p->n_shown < SHOWN; i++)
		p->shown[p->n_shown++] = bytes->ptr[i];
	log->spans++;
	log->spans_fd += bytes->fd >= 0;
	log->spans_unaligned += bytes->fd >= 0 && bytes->offset % (1 << 20) != 0;
	return 0;
}

static int on_file_end(void *ctx, struct nipfs_error *err)
{
	struct tree_log *log = ctx;
	struct tree_log_private *p = log->p;

	(void)err;
	need(p && p->in_file && (p->left == 0 || p->have_file),
	     "a file that is not complete");
	if (++log->events == log->fail_at)
		return NIPFS_E_CANCELLED;
	p->in_file = false;
	if (p->have_file)
		put(log, " had");
	else if (p->size <= SHOWN)
		put_quoted(log, (struct nipfs_slice){ p->shown, p->n_shown });
	else
		put(log, " %llu %016llx", (unsigned long long)p->size,
		    (unsigned long long)p->hash);
	put(log, "\n");
	return 0;
}

static int on_symlink(void *ctx, const struct nipfs_entry *entry, struct nipfs_error *err)
{
	struct tree_log *log = ctx;

	(void)err;
	if (begin(log, entry, "link") < 0)
		return NIPFS_E_CANCELLED;
	put_quoted(log, entry->target);
	put_metadata(log, entry);
	put(log, "\n");
	return 0;
}

struct nipfs_tree_sink tree_log_sink(struct tree_log *log)
{
	return (struct nipfs_tree_sink){ on_enter,    on_leave,	  on_file, on_bytes,
					 on_file_end, on_symlink, log };
}

void tree_log_release(struct tree_log *log)
{
	if (log->p) {
		while (log->p->depth > 0)
			free(log->p->levels[--log->p->depth].last);
		free(log->p->levels);
	}
	free(log->p);
	free(log->text);
	*log = (struct tree_log){ .text = NULL };
}
