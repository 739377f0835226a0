/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A .drv file read piece by piece, as strictly as Nix writes it. */
#include "lib/nix/drv_text.h"

#include <string.h>

#include "multiformats/base/slice.h"

bool nipfs__drv_skip(struct nipfs_slice *rest, const char *literal)
{
	const size_t len = strlen(literal);

	if (rest->len < len || memcmp(rest->ptr, literal, len) != 0)
		return false;
	*rest = nipfs__slice_skip(*rest, len);
	return true;
}

bool nipfs__drv_string(struct nipfs_slice *rest, struct nipfs_slice *raw)
{
	struct nipfs_slice s = *rest;
	size_t i;

	if (!nipfs__drv_skip(&s, "\""))
		return false;
	for (i = 0; i < s.len && s.ptr[i] != '"'; i++) {
		if (s.ptr[i] == '\n' || s.ptr[i] == '\r' || s.ptr[i] == '\t')
			return false;
		if (s.ptr[i] == '\\' && (++i == s.len || !memchr("\"\\nrt", s.ptr[i], 5)))
			return false;
	}
	if (i == s.len)
		return false;
	*raw = nipfs__slice(s.ptr, i);
	*rest = nipfs__slice_skip(s, i + 1);
	return true;
}

bool nipfs__drv_plain(struct nipfs_slice *rest, struct nipfs_slice *text)
{
	struct nipfs_slice s = *rest, raw;

	if (!nipfs__drv_string(&s, &raw) || (raw.len && memchr(raw.ptr, '\\', raw.len)))
		return false;
	*text = raw;
	*rest = s;
	return true;
}

bool nipfs__drv_more(struct nipfs_slice *rest, bool *first, bool *ok)
{
	if (nipfs__drv_skip(rest, "]"))
		return false;
	if (!*first && !nipfs__drv_skip(rest, ","))
		*ok = false;
	*first = false;
	return *ok;
}

bool nipfs__drv_list(struct nipfs_slice *rest, bool ascending)
{
	struct nipfs_slice item, before = { NULL, 0 };
	bool first = true, ok = nipfs__drv_skip(rest, "[");

	while (ok && nipfs__drv_more(rest, &first, &ok)) {
		if (!ascending) {
			ok = nipfs__drv_string(rest, &item);
			continue;
		}
		ok = nipfs__drv_plain(rest, &item) &&
		     (!before.ptr || nipfs__slice_cmp(before, item) < 0);
		before = item;
	}
	return ok;
}

/* The next byte of a string as it was before it was escaped. */
static int next_byte(struct nipfs_slice *s)
{
	const uint8_t c = s->ptr[0] == '\\' ? s->ptr[1] : s->ptr[0];
	const bool escaped = s->ptr[0] == '\\';

	*s = nipfs__slice_skip(*s, escaped ? 2 : 1);
	if (!escaped)
		return c;
	return c == 'n' ? '\n' : c == 'r' ? '\r' : c == 't' ? '\t' : c;
}

int nipfs__drv_compare(struct nipfs_slice a, struct nipfs_slice b)
{
	while (a.len && b.len) {
		const int d = next_byte(&a) - next_byte(&b);

		if (d)
			return d;
	}
	return (a.len > 0) - (b.len > 0);
}

bool nipfs__drv_output_text(struct nipfs_slice *rest, struct nipfs__drv_output_text *out)
{
	return nipfs__drv_skip(rest, "(") && nipfs__drv_plain(rest, &out->name) &&
	       nipfs__drv_skip(rest, ",") && nipfs__drv_plain(rest, &out->path) &&
	       nipfs__drv_skip(rest, ",") && nipfs__drv_plain(rest, &out->algo) &&
	       nipfs__drv_skip(rest, ",") && nipfs__drv_plain(rest, &out->hash) &&
	       nipfs__drv_skip(rest, ")");
}

bool nipfs__drv_input(struct nipfs_slice *rest, struct nipfs_slice *path,
		      struct nipfs_slice *names)
{
	const uint8_t *begin;

	if (!nipfs__drv_skip(rest, "(") || !nipfs__drv_plain(rest, path) ||
	    !nipfs__drv_skip(rest, ","))
		return false;
	begin = rest->ptr;
	if (!nipfs__drv_list(rest, true))
		return false;
	*names = nipfs__slice(begin, (size_t)(rest->ptr - begin));
	return nipfs__drv_skip(rest, ")");
}
