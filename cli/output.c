/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What goes to stdout. */
#include "cli/output.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/error.h"

/* The length of a UTF-8 sequence by its first byte, 0 for bytes that begin none. */
static size_t utf8_length(uint8_t first)
{
	if (first < 0x80)
		return 1;
	if (first < 0xc2 || first > 0xf4)
		return 0;
	return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

/* The length of the UTF-8 sequence at the front, 0 when there is none; @cp: its value. */
static size_t utf8_next(struct nipfs_slice s, uint32_t *cp)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const size_t n = utf8_length(s.ptr[0]);
	uint32_t value = n > 1 ? s.ptr[0] & (0x7fu >> n) : s.ptr[0];

	if (n == 0 || n > s.len)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((s.ptr[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (s.ptr[i] & 0x3fu);
	}
	if (value < least[n] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
		return 0;
	*cp = value;
	return n;
}

/* Control codes, and the characters that turn the direction of text or end its line. */
static bool is_harmful(uint32_t cp)
{
	return cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || cp == 0x061c || cp == 0x200e ||
	       cp == 0x200f || (cp >= 0x2028 && cp <= 0x202e) ||
	       (cp >= 0x2066 && cp <= 0x2069);
}

bool output_is_utf8(struct nipfs_slice bytes)
{
	uint32_t cp;

	while (bytes.len) {
		const size_t n = utf8_next(bytes, &cp);

		if (n == 0)
			return false;
		bytes.ptr += n;
		bytes.len -= n;
	}
	return true;
}

char *output_escape(struct nipfs_slice bytes)
{
	static const char hex[] = "0123456789abcdef";
	char *text = xcalloc(bytes.len + 1, 4), *out = text;

	while (bytes.len) {
		uint32_t cp = 0;
		const size_t n = utf8_next(bytes, &cp);

		for (size_t i = 0; i < (n ? n : 1); i++) {
			if (n == 0 || is_harmful(cp)) {
				*out++ = '\\';
				*out++ = 'x';
				*out++ = hex[bytes.ptr[i] >> 4];
				*out++ = hex[bytes.ptr[i] & 15];
			} else {
				if (cp == '\\')
					*out++ = '\\';
				*out++ = (char)bytes.ptr[i];
			}
		}
		bytes.ptr += n ? n : 1;
		bytes.len -= n ? n : 1;
	}
	*out = '\0';
	return text;
}

void output_escaped(FILE *stream, struct nipfs_slice bytes)
{
	char *text = output_escape(bytes);

	(void)fputs(text, stream);
	free(text);
}

void output_name(const struct common *common, struct nipfs_slice name)
{
	if (!common->null && isatty(STDOUT_FILENO))
		output_escaped(stdout, name);
	else
		(void)fwrite(name.ptr, 1, name.len, stdout);
}

void output_cid(const struct nipfs_cid *cid)
{
	char text[NIPFS_CID_TEXT_MAX];

	(void)nipfs_cid_format(cid, text);
	(void)fputs(text, stdout);
}

void output_end(const struct common *common)
{
	(void)putchar(common->null ? '\0' : '\n');
}

static bool reader_gone;

/* Writing failed: whether it always will, as nobody reads. */
static void look_for_reader(void)
{
	struct pollfd pipe = { .fd = STDOUT_FILENO };

	if (poll(&pipe, 1, 0) == 1 && (pipe.revents & POLLERR))
		reader_gone = true;
}

bool output_reader_gone(void)
{
	return reader_gone;
}

int output_write(const void *bytes, size_t n, struct nipfs_error *err)
{
	int saved;

	/* no bytes may be nowhere */
	if (n == 0 || fwrite(bytes, 1, n, stdout) == n)
		return 0;
	saved = errno;
	look_for_reader();
	return cli_fill_errno(err, saved, "cannot write to stdout");
}

int output_check(struct nipfs_error *err)
{
	if (!ferror(stdout))
		return 0;
	look_for_reader();
	return cli_fill(err, NIPFS_E_SYS, "cannot write to stdout");
}

int output_finish(const struct common *common, int exit_code)
{
	struct nipfs_error err;
	int r = output_check(&err);

	if (fflush(stdout) == EOF && r == 0) {
		r = cli_fill_errno(&err, errno, "cannot write to stdout");
		look_for_reader();
	}
	/* a stdout that was closed from the start is no matter when nothing was written
	 */
	if (fclose(stdout) == EOF && errno != EBADF && r == 0)
		r = cli_fill_errno(&err, errno, "cannot write to stdout");
	if (r == 0 || exit_code) /* one line is enough: a failure has been told already */
		return exit_code;
	return cli_fail(common, &err);
}
