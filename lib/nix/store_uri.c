/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The text that names a Nix store, taken apart as Nix does. */
#include "lib/nix/store_uri.h"

#include <string.h>

#include "multiformats/base/err.h"
#include "multiformats/base/slice.h"

static bool is_scheme_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       (c && strchr("+.-", c));
}

/* Length of the scheme of a URL, without its colon; 0 when this is none. */
static size_t scheme_len(const char *text)
{
	size_t n = 0;

	if (text[0] < 'a' || text[0] > 'z')
		return 0;
	while (is_scheme_char(text[n]))
		n++;
	return text[n] == ':' ? n : 0;
}

static int keep(struct nipfs_arena *mem, struct nipfs_slice s, const char **out)
{
	void *room;
	const int r = nipfs__arena_alloc(mem, s.len + 1, &room);

	if (r < 0)
		return r;
	if (s.len)
		memcpy(room, s.ptr, s.len);
	((char *)room)[s.len] = 0;
	*out = room;
	return 0;
}

static int hex(uint8_t c)
{
	const char *digits = "0123456789abcdef";
	const char *at = c ? strchr(digits, c >= 'A' && c <= 'F' ? c + 32 : c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* The same with %-escapes undone; a NUL among them can be no part of a path. */
static int keep_decoded(struct nipfs_arena *mem, struct nipfs_slice s, const char **out)
{
	size_t n = 0;
	void *room;
	char *text;
	int r = nipfs__arena_alloc(mem, s.len + 1, &room);

	if (r < 0)
		return r;
	text = room;
	for (size_t i = 0; i < s.len; i++) {
		int c = s.ptr[i];

		if (c == '%') {
			const int high = i + 2 < s.len ? hex(s.ptr[i + 1]) : -1;
			const int low = i + 2 < s.len ? hex(s.ptr[i + 2]) : -1;

			c = high < 0 || low < 0 ? 0 : high << 4 | low;
			i += 2;
		}
		if (c == 0)
			return NIPFS_E_INVALID;
		text[n++] = (char)c;
	}
	text[n] = 0;
	*out = text;
	return 0;
}

static int read_params(struct nipfs_slice rest, struct nipfs_arena *mem,
		       struct nipfs__store_uri *out)
{
	while (rest.len) {
		const uint8_t *amp = memchr(rest.ptr, '&', rest.len), *eq;
		const size_t n = amp ? (size_t)(amp - rest.ptr) : rest.len;
		int r;

		eq = n ? memchr(rest.ptr, '=', n) : NULL;
		/* as Nix: what has no '=' is passed over */
		if (eq) {
			const size_t name = (size_t)(eq - rest.ptr);
			const size_t i = out->n_params;

			if (i == NIPFS__STORE_URI_PARAMS)
				return NIPFS_E_LIMIT;
			r = keep(mem, nipfs__slice(rest.ptr, name), &out->names[i]);
			if (r == 0)
				r = keep_decoded(mem, nipfs__slice(eq + 1, n - name - 1),
						 &out->values[i]);
			if (r < 0)
				return r;
			out->n_params++;
		}
		rest = nipfs__slice_skip(rest, amp ? n + 1 : n);
	}
	return 0;
}

static int read_url(const char *text, size_t scheme, struct nipfs_arena *mem,
		    struct nipfs__store_uri *out)
{
	const char *path = text + scheme + 1;
	size_t n;
	int r;

	if (strncmp(path, "//", 2) == 0)
		path += 2;
	n = strcspn(path, "?#");
	r = keep(mem, nipfs__slice(text, scheme), &out->scheme);
	if (r == 0)
		r = keep_decoded(mem, nipfs__slice(path, n), &out->path);
	if (r == 0 && path[n] == '?')
		r = read_params(nipfs__slice(path + n + 1, strcspn(path + n + 1, "#")),
				mem, out);
	return r;
}

static int read_word(const char *text, struct nipfs_arena *mem,
		     struct nipfs__store_uri *out)
{
	const size_t n = strcspn(text, "?");
	const struct nipfs_slice word = nipfs__slice(text, n);
	int r = 0;

	out->path = "";
	if (n == 0 || nipfs__slice_eq(word, nipfs__slice_str("auto")))
		out->scheme = "auto";
	else if (nipfs__slice_eq(word, nipfs__slice_str("daemon")))
		out->scheme = "unix";
	else if (nipfs__slice_eq(word, nipfs__slice_str("local")))
		out->scheme = "local";
	else if (memchr(text, '/', n)) {
		out->scheme = "local";
		r = keep(mem, word, &out->path);
	} else
		return NIPFS_E_INVALID;
	if (r == 0 && text[n] == '?')
		r = read_params(nipfs__slice_str(text + n + 1), mem, out);
	return r;
}

int nipfs__store_uri_parse(const char *text, struct nipfs_arena *mem,
			   struct nipfs__store_uri *out, struct nipfs_error *err)
{
	const size_t scheme = scheme_len(text);
	int r;

	out->n_params = 0;
	r = scheme ? read_url(text, scheme, mem, out) : read_word(text, mem, out);
	if (r == NIPFS_E_NOMEM)
		return nipfs__fail_nomem(err);
	if (r == NIPFS_E_LIMIT)
		return nipfs__fail(err, r, "the store '%s' has too long a name", text);
	if (r < 0)
		return nipfs__fail(err, r,
				   "'%s' names no store: use auto, local, daemon, "
				   "unix://SOCKET, or a folder with a '/' in it",
				   text);
	return 0;
}

const char *nipfs__store_uri_param(const struct nipfs__store_uri *uri, const char *name)
{
	for (size_t i = 0; i < uri->n_params; i++)
		if (strcmp(uri->names[i], name) == 0)
			return uri->values[i];
	return NULL;
}
