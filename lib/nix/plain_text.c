/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What other programs write for a terminal, made fit for a message. */
#include "lib/nix/plain_text.h"

#include <stdbool.h>

#include "multiformats/base/slice.h"

enum { ESC = 0x1b, BEL = 0x07, DEL = 0x7f };

static bool in_range(struct nipfs_slice s, size_t i, uint8_t first, uint8_t last)
{
	return i < s.len && s.ptr[i] >= first && s.ptr[i] <= last;
}

/* Up to BEL or ESC '\', as a title of the window ends. */
static size_t string_sequence_len(struct nipfs_slice s)
{
	for (size_t i = 2; i < s.len; i++) {
		if (s.ptr[i] == BEL)
			return i + 1;
		if (s.ptr[i] == ESC)
			return i + (in_range(s, i + 1, '\\', '\\') ? 2 : 0);
	}
	return s.len;
}

/* Bytes of the escape sequence that @s begins with (ECMA-48, section 5.3 to 5.6). */
static size_t sequence_len(struct nipfs_slice s)
{
	size_t i = 1;

	if (s.len > 1 && s.ptr[1] && strchr("]PX^_", s.ptr[1]))
		return string_sequence_len(s);
	if (in_range(s, 1, '[', '[')) {
		i = 2;
		while (in_range(s, i, 0x30, 0x3f))
			i++;
		while (in_range(s, i, 0x20, 0x2f))
			i++;
		return i + in_range(s, i, 0x40, 0x7e);
	}
	while (in_range(s, i, 0x20, 0x2f))
		i++;
	return i + in_range(s, i, 0x30, 0x7e);
}

/* Bytes of the control character that @s begins with, or 0. */
static size_t control_len(struct nipfs_slice s)
{
	if (s.ptr[0] < ' ' || s.ptr[0] == DEL)
		return 1;
	/* U+0080 to U+009F in UTF-8 */
	return s.ptr[0] == 0xc2 && in_range(s, 1, 0x80, 0x9f) ? 2 : 0;
}

/* The blanks and control characters at the start of @s, and whether those are among them. */
static size_t gap_len(struct nipfs_slice s, bool *control)
{
	size_t i = 0;

	*control = false;
	while (i < s.len) {
		const struct nipfs_slice rest = nipfs__slice_skip(s, i);
		const size_t n = control_len(rest);

		if (rest.ptr[0] == ESC) {
			i += sequence_len(rest);
		} else if (n) {
			*control = true;
			i += n;
		} else if (rest.ptr[0] == ' ') {
			i++;
		} else {
			break;
		}
	}
	return i;
}

/* Blanks in a gap without control characters stay as many as they are. */
static size_t count_blanks(struct nipfs_slice gap)
{
	size_t n = 0;

	for (size_t i = 0; i < gap.len; i++) {
		if (gap.ptr[i] == ESC)
			i += sequence_len(nipfs__slice_skip(gap, i)) - 1;
		else
			n++;
	}
	return n;
}

/* Of a full room: what is cut off begins with a character, and leaves room for the mark. */
static size_t cut(char *out, size_t size)
{
	static const char mark[] = "…";
	size_t len = size - sizeof(mark);

	while (len && ((unsigned char)out[len] & 0xc0) == 0x80)
		len--;
	memcpy(out + len, mark, sizeof(mark));
	return len + sizeof(mark) - 1;
}

size_t nipfs__plain_text(struct nipfs_slice text, char *out, size_t size)
{
	size_t len = 0;

	for (size_t i = 0; i < text.len; i++) {
		const struct nipfs_slice rest = nipfs__slice_skip(text, i);
		bool control;
		const size_t gap = gap_len(rest, &control);
		size_t blanks = control ? len > 0 : count_blanks(nipfs__slice(rest.ptr, gap));

		i += gap;
		if (i == text.len)
			break;
		for (; blanks && len < size - 1; blanks--)
			out[len++] = ' ';
		if (len == size - 1)
			return cut(out, size);
		out[len++] = (char)text.ptr[i];
	}
	out[len] = '\0';
	return len;
}
