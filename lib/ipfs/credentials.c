/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a node wants to be told before it answers. */
#include "lib/ipfs/credentials.h"

#include <fcntl.h>
#include <stdlib.h>

#include "lib/ipfs/small_file.h"
#include "lib/nix/base64.h"
#include "multiformats/base/auto.h"
#include "multiformats/base/err.h"

enum { SECRET_MAX = 8192 };

/* The two variables that a secret is in or comes by, and how it is written. */
struct place {
	const char *variable, *file_variable;
	int (*parse)(struct nipfs_slice text, char **out, struct nipfs_error *err);
};

void nipfs__secret_free(char *secret)
{
	if (secret)
		explicit_bzero(secret, strlen(secret));
	free(secret);
}

static int malformed(struct nipfs_error *err)
{
	return nipfs__fail(err, NIPFS_E_INVALID,
			   "credentials are bearer:TOKEN, basic:USER:PASSWORD or basic:BASE64");
}

static bool begins_with(struct nipfs_slice *text, const char *prefix)
{
	const size_t n = strlen(prefix);

	if (text->len < n || memcmp(text->ptr, prefix, n) != 0)
		return false;
	*text = nipfs__slice_skip(*text, n);
	return true;
}

/* What may stand in a header line as it is. */
static bool is_visible(struct nipfs_slice text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] <= ' ' || text.ptr[i] > '~')
			return false;
	return text.len > 0;
}

/* "Authorization: SCHEME TOKEN" */
static int header_line(const char *scheme, struct nipfs_slice token, char **out,
		       struct nipfs_error *err)
{
	static const char name[] = "Authorization: ";
	const size_t n = sizeof(name) + strlen(scheme) + 1 + token.len;
	char *line, *at;

	if (!is_visible(token))
		return malformed(err);
	line = malloc(n);
	if (!line)
		return nipfs__fail_nomem(err);
	at = stpcpy(stpcpy(stpcpy(line, name), scheme), " ");
	memcpy(at, token.ptr, token.len);
	at[token.len] = 0;
	*out = line;
	return 0;
}

static int basic(struct nipfs_slice text, char **out, struct nipfs_error *err)
{
	char *token;
	int r;

	if (!text.len || !memchr(text.ptr, ':', text.len))
		return header_line("Basic", text, out, err);
	token = malloc(NIPFS__BASE64_LEN(text.len) + 1);
	if (!token)
		return nipfs__fail_nomem(err);
	r = header_line("Basic",
			nipfs__slice(token, nipfs__base64_encode(text, token)), out, err);
	nipfs__secret_free(token);
	return r;
}

static struct nipfs_slice trim_end(struct nipfs_slice text)
{
	while (text.len && memchr(" \t\r\n", text.ptr[text.len - 1], 4))
		text.len--;
	return text;
}

int nipfs__credentials_parse(struct nipfs_slice text, char **out, struct nipfs_error *err)
{
	text = trim_end(text);
	if (text.len > SECRET_MAX)
		return malformed(err);
	if (begins_with(&text, "bearer:"))
		return header_line("Bearer", text, out, err);
	if (begins_with(&text, "basic:"))
		return basic(text, out, err);
	return malformed(err);
}

int nipfs__pin_token_parse(struct nipfs_slice text, char **out, struct nipfs_error *err)
{
	text = trim_end(text);
	if (text.len > SECRET_MAX || !is_visible(text))
		return nipfs__fail(err, NIPFS_E_INVALID, "a token is visible ASCII on one line");
	return header_line("Bearer", text, out, err);
}

static int load_file(const struct place *place, const char *path, char **out,
		     struct nipfs_error *err)
{
	nipfs_auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	char text[SECRET_MAX + 1];
	const ssize_t n = fd < 0 ? -1 : nipfs__small_file_read(fd, text, sizeof(text));
	int r;

	if (n < 0)
		return nipfs__fail_errno(err, errno, "cannot read '%s', which %s names", path,
					 place->file_variable);
	r = n <= SECRET_MAX ?
		    place->parse(nipfs__slice(text, (size_t)n), out, err) :
		    nipfs__fail(err, NIPFS_E_LIMIT, "'%s' has over %d bytes", path, SECRET_MAX);
	explicit_bzero(text, sizeof(text));
	if (r == NIPFS_E_INVALID)
		nipfs__prefix(err, "'%s'", path);
	return r;
}

static int load(const struct place *place, char **out, struct nipfs_error *err)
{
	const char *text = getenv(place->variable), *path = getenv(place->file_variable);
	int r;

	*out = NULL;
	if (!text || !*text)
		return path && *path ? load_file(place, path, out, err) : 0;
	r = place->parse(nipfs__slice_str(text), out, err);
	if (r == NIPFS_E_INVALID)
		nipfs__prefix(err, "%s", place->variable);
	return r;
}

int nipfs__credentials_load(char **out, struct nipfs_error *err)
{
	static const struct place place = { "NIX_IPFS_API_AUTH", "NIX_IPFS_API_AUTH_FILE",
					    nipfs__credentials_parse };

	return load(&place, out, err);
}

int nipfs__pin_token_load(char **out, struct nipfs_error *err)
{
	static const struct place place = { "NIX_IPFS_PIN_TOKEN", "NIX_IPFS_PIN_TOKEN_FILE",
					    nipfs__pin_token_parse };

	return load(&place, out, err);
}
