/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* narinfo, read as Nix reads it. */
#include <nixipfs/narinfo.h>

#include <stdlib.h>
#include <string.h>

#include "multiformats/base/auto.h"
#include "multiformats/base/err.h"

/* A narinfo while it is read. */
struct parser {
	const char *store_dir;
	struct nipfs_narinfo ni;
	unsigned int line;
	bool has_path, has_nar_hash;
	struct nipfs_error *err;
};

static int bad(struct parser *p, int code, const char *what, struct nipfs_slice value)
{
	return nipfs__fail(p->err, code, "narinfo: %s '%.*s' in line %u", what,
			   NIPFS_FMT(value), p->line);
}

/* A code of a callee that fills no error. */
static int failed(struct parser *p, int code, const char *what, struct nipfs_slice value)
{
	return code == NIPFS_E_NOMEM ? nipfs__fail_nomem(p->err)
				     : bad(p, code, what, value);
}

static int take_text(struct parser *p, struct nipfs_slice value, char **out)
{
	char *copy = nipfs__slice_dup(value);

	if (!copy)
		return nipfs__fail_nomem(p->err);
	free(*out);
	*out = copy;
	return 0;
}

/* A word, or nothing: what is printed, compared and sent must have no more in it. */
static int take_word(struct parser *p, const char *what, struct nipfs_slice value,
		     char **out)
{
	for (size_t i = 0; i < value.len; i++)
		if (value.ptr[i] <= ' ' || value.ptr[i] == 0x7f)
			return bad(p, NIPFS_E_INVALID, what, value);
	return take_text(p, value, out);
}

static int take_number(struct parser *p, const char *what, struct nipfs_slice value,
		       uint64_t *out)
{
	uint64_t n = 0;

	if (value.len == 0)
		return bad(p, NIPFS_E_INVALID, what, value);
	for (size_t i = 0; i < value.len; i++) {
		const uint8_t digit = (uint8_t)(value.ptr[i] - '0');

		if (digit > 9 || __builtin_mul_overflow(n, (uint64_t)10, &n) ||
		    __builtin_add_overflow(n, (uint64_t)digit, &n))
			return bad(p, NIPFS_E_INVALID, what, value);
	}
	*out = n;
	return 0;
}

/* Puts the line in front of the message of a callee that filled one. */
static int in_line(struct parser *p, int code)
{
	nipfs__prefix(p->err, "narinfo: line %u", p->line);
	return code;
}

/* Whether a path is a store path, in whatever store folder. */
static bool ends_in_store_path(struct nipfs_slice value)
{
	const uint8_t *slash = value.len ? memrchr(value.ptr, '/', value.len) : NULL;
	const size_t dir = slash ? (size_t)(slash - value.ptr) : 0;
	struct nipfs_store_path any;

	return dir && value.ptr[0] == '/' &&
	       nipfs_store_path_parse_base(nipfs__slice_skip(value, dir + 1), &any,
					   NULL) == 0;
}

static int store_path(struct parser *p, struct nipfs_slice value)
{
	const int r =
	    nipfs_store_path_parse(value, p->store_dir, &p->ni.info.path, p->err);

	p->has_path = true;
	if (r == 0)
		return 0;
	if (ends_in_store_path(value))
		return nipfs__fail(p->err, NIPFS_E_UNSUPPORTED,
				   "narinfo: '%.*s' is of another store folder than '%s'",
				   NIPFS_FMT(value), p->store_dir);
	return in_line(p, r);
}

static int url(struct parser *p, struct nipfs_slice value)
{
	return take_word(p, "bad URL", value, &p->ni.url);
}

static int compression(struct parser *p, struct nipfs_slice value)
{
	return take_word(p, "bad Compression", value, &p->ni.compression);
}

static int file_hash(struct parser *p, struct nipfs_slice value)
{
	const int r = nipfs_nix_hash_parse(value, &p->ni.file_hash);

	return r < 0 ? bad(p, r, "bad FileHash", value) : 0;
}

static int file_size(struct parser *p, struct nipfs_slice value)
{
	return take_number(p, "bad FileSize", value, &p->ni.file_size);
}

static int nar_hash(struct parser *p, struct nipfs_slice value)
{
	struct nipfs_nix_hash hash;
	const int r = nipfs_nix_hash_parse(value, &hash);

	if (r < 0)
		return bad(p, r, "bad NarHash", value);
	if (hash.algo != NIPFS_NIX_SHA256)
		return bad(p, NIPFS_E_UNSUPPORTED,
			   "the NarHash is not of SHA-256:", value);
	memcpy(p->ni.info.nar_hash, hash.bytes, sizeof(p->ni.info.nar_hash));
	p->has_nar_hash = true;
	return 0;
}

static int nar_size(struct parser *p, struct nipfs_slice value)
{
	return take_number(p, "bad NarSize", value, &p->ni.info.nar_size);
}

/* Takes the next of the words with blanks between them; empty at the end. */
static struct nipfs_slice next_word(struct nipfs_slice *rest)
{
	struct nipfs_slice word;
	size_t n = 0;

	while (rest->len && rest->ptr[0] == ' ')
		*rest = nipfs__slice_skip(*rest, 1);
	while (n < rest->len && rest->ptr[n] != ' ')
		n++;
	word = nipfs__slice(rest->ptr, n);
	*rest = nipfs__slice_skip(*rest, n);
	return word;
}

static int references(struct parser *p, struct nipfs_slice value)
{
	nipfs_auto_free struct nipfs_store_path *refs = NULL;
	struct nipfs_store_path ref;
	struct nipfs_slice rest = value, word;
	size_t n = 0;
	int r;

	if (p->ni.info.n_refs)
		return bad(p, NIPFS_E_INVALID, "a second References", value);
	/* all are read before memory is taken for them */
	for (; (word = next_word(&rest)).len; n++) {
		r = nipfs_store_path_parse_base(word, &ref, p->err);
		if (r < 0)
			return in_line(p, r);
	}
	refs = calloc(n + 1, sizeof(*refs));
	if (!refs)
		return nipfs__fail_nomem(p->err);
	rest = value;
	for (size_t i = 0; i < n; i++) {
		r = nipfs_store_path_parse_base(next_word(&rest), &refs[i], p->err);
		if (r < 0)
			return r;
	}
	r = nipfs_path_info_set_refs(&p->ni.info, refs, n);
	return r < 0 ? failed(p, r, "bad References", value) : 0;
}

static int deriver(struct parser *p, struct nipfs_slice value)
{
	int r;

	if (nipfs__slice_eq(value, nipfs__slice_str("unknown-deriver")))
		return 0;
	r = nipfs_store_path_parse_base(value, &p->ni.info.deriver, p->err);
	if (r < 0)
		return in_line(p, r);
	p->ni.info.has_deriver = true;
	return 0;
}

static int sig(struct parser *p, struct nipfs_slice value)
{
	const int r = nipfs_path_info_add_sig(&p->ni.info, value);

	return r < 0 ? failed(p, r, "bad Sig", value) : 0;
}

static int ca(struct parser *p, struct nipfs_slice value)
{
	int r;

	if (p->ni.info.ca)
		return bad(p, NIPFS_E_INVALID, "a second CA", value);
	r = nipfs_path_info_set_ca(&p->ni.info, value);
	return r < 0 ? failed(p, r, "bad CA", value) : 0;
}

static const struct {
	const char *name;
	int (*take)(struct parser *p, struct nipfs_slice value);
} keys[] = {
	{ "StorePath", store_path },
	{ "URL", url },
	{ "Compression", compression },
	{ "FileHash", file_hash },
	{ "FileSize", file_size },
	{ "NarHash", nar_hash },
	{ "NarSize", nar_size },
	{ "References", references },
	{ "Deriver", deriver },
	{ "Sig", sig },
	{ "CA", ca },
};

static int take_line(struct parser *p, struct nipfs_slice *rest)
{
	const uint8_t *const end = rest->ptr + rest->len;
	const uint8_t *colon = memchr(rest->ptr, ':', rest->len), *value, *eol;
	struct nipfs_slice name;

	p->line++;
	name = nipfs__slice(rest->ptr, colon ? (size_t)(colon - rest->ptr) : 0);
	/* where these lines are not so, Nix would skip over a character of the value */
	value = colon && end - colon > 2 ? colon + 2 : NULL;
	eol = value ? memchr(value, '\n', (size_t)(end - value)) : NULL;
	if (!eol || colon[1] != ' ' || memchr(name.ptr, '\n', name.len))
		return nipfs__fail(
		    p->err, NIPFS_E_INVALID,
		    "narinfo: line %u is not a key, ': ', a value and a newline",
		    p->line);
	*rest = nipfs__slice(eol + 1, (size_t)(end - eol - 1));
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (nipfs__slice_eq(name, nipfs__slice_str(keys[i].name)))
			return keys[i].take(p,
					    nipfs__slice(value, (size_t)(eol - value)));
	return 0;
}

static int finish(struct parser *p)
{
	const char *missing = !p->has_path		    ? "StorePath is missing"
			      : !p->has_nar_hash	    ? "NarHash is missing"
			      : !p->ni.url || !p->ni.url[0] ? "URL is missing"
			      : p->ni.info.nar_size == 0    ? "NarSize is missing or 0"
							    : NULL;

	if (missing)
		return nipfs__fail(p->err, NIPFS_E_INVALID, "narinfo: %s", missing);
	if (!p->ni.compression || !p->ni.compression[0])
		return take_text(p, nipfs__slice_str("bzip2"), &p->ni.compression);
	return 0;
}

int nipfs_narinfo_parse(struct nipfs_slice text, const char *store_dir,
			struct nipfs_narinfo *out, struct nipfs_error *err)
{
	struct parser p = { .store_dir = store_dir, .err = err };
	struct nipfs_slice rest = text;
	int r = 0;

	if (text.len > NIPFS_NARINFO_MAX)
		return nipfs__fail(err, NIPFS_E_LIMIT, "narinfo: longer than %d bytes",
				   NIPFS_NARINFO_MAX);
	nipfs_path_info_init(&p.ni.info);
	if (text.len && memchr(text.ptr, 0, text.len))
		r = nipfs__fail(err, NIPFS_E_INVALID,
				"narinfo: it has a zero byte in it");
	while (r == 0 && rest.len)
		r = take_line(&p, &rest);
	if (r == 0)
		r = finish(&p);
	if (r < 0) {
		nipfs_narinfo_release(&p.ni);
		return r;
	}
	*out = p.ni;
	return 0;
}

void nipfs_narinfo_release(struct nipfs_narinfo *ni)
{
	nipfs_path_info_release(&ni->info);
	free(ni->url);
	free(ni->compression);
	*ni = (struct nipfs_narinfo){ .url = NULL };
}
