/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Content addresses, and the store paths that follow from them. */
#include "lib/nix/content_address.h"

#include <stdio.h>
#include <string.h>

#include "multiformats/base/auto.h"
#include "multiformats/base/err.h"
#include "multiformats/sha256/sha256.h"

static const char *const prefixes[] = {
	[NIPFS__CA_TEXT] = "text:",
	[NIPFS__CA_FLAT] = "fixed:",
	[NIPFS__CA_NAR] = "fixed:r:",
	[NIPFS__CA_GIT] = "fixed:git:",
};

static bool take_prefix(struct nipfs_slice *s, const char *prefix)
{
	const size_t n = strlen(prefix);

	if (s->len < n || memcmp(s->ptr, prefix, n) != 0)
		return false;
	*s = nipfs__slice_skip(*s, n);
	return true;
}

static bool goes_with(enum nipfs__ca_method method, enum nipfs_nix_algo algo)
{
	if (method == NIPFS__CA_TEXT)
		return algo == NIPFS_NIX_SHA256;
	if (method == NIPFS__CA_GIT)
		return algo == NIPFS_NIX_SHA1 || algo == NIPFS_NIX_SHA256;
	return true;
}

int nipfs__ca_parse(struct nipfs_slice text, struct nipfs__ca *out)
{
	struct nipfs__ca ca = { .method = NIPFS__CA_TEXT };
	enum nipfs_nix_algo algo;
	const uint8_t *colon;
	int r;

	if (!take_prefix(&text, "text:")) {
		if (!take_prefix(&text, "fixed:"))
			return NIPFS_E_INVALID;
		ca.method = take_prefix(&text, "r:")	 ? NIPFS__CA_NAR
			    : take_prefix(&text, "git:") ? NIPFS__CA_GIT
							 : NIPFS__CA_FLAT;
	}
	colon = text.len ? memchr(text.ptr, ':', text.len) : NULL;
	if (!colon)
		return NIPFS_E_INVALID;
	r = nipfs_nix_algo_from_name(nipfs__slice(text.ptr, (size_t)(colon - text.ptr)),
				     &algo);
	if (r < 0)
		return r;
	if (!goes_with(ca.method, algo))
		return NIPFS_E_UNSUPPORTED;
	r = nipfs_nix_hash_parse_bare(
	    algo, nipfs__slice_skip(text, (size_t)(colon - text.ptr) + 1), &ca.hash);
	if (r == 0)
		*out = ca;
	return r;
}

size_t nipfs__ca_format(const struct nipfs__ca *ca, char *out)
{
	const size_t n = strlen(prefixes[ca->method]);

	memcpy(out, prefixes[ca->method], n);
	return n + nipfs_nix_hash_format(&ca->hash, NIPFS_NIX_BASE32, out + n);
}

static void sha256(const struct nipfs_buf *text, uint8_t *digest)
{
	struct nipfs_sha256 s;

	nipfs__sha256_init(&s);
	nipfs__sha256_update(&s, nipfs__buf_slice(text));
	nipfs__sha256_final(&s, digest);
}

/* An "output:out": the hash is hashed once more, with the method before it. */
static int inner_digest(const struct nipfs__ca *ca, uint8_t *digest)
{
	nipfs_auto_buf struct nipfs_buf text = NIPFS_BUF_INIT(4096);
	char hash[NIPFS_NIX_HASH_TEXT_MAX];
	int r;

	(void)nipfs_nix_hash_format(&ca->hash, NIPFS_NIX_BASE16, hash);
	r = nipfs__buf_printf(
	    &text, "fixed:out:%s%s:", strchr(prefixes[ca->method], ':') + 1, hash);
	if (r == 0)
		sha256(&text, digest);
	return r;
}

static int write_type(struct nipfs_buf *out, const char *type, const char *store_dir,
		      const struct nipfs_store_path *refs, size_t n_refs, bool self)
{
	int r = nipfs__buf_put_str(out, type);

	for (size_t i = 0; r == 0 && i < n_refs; i++)
		r = nipfs__buf_printf(out, ":%s/%s", store_dir, refs[i].base);
	if (r == 0 && self)
		r = nipfs__buf_put_str(out, ":self");
	return r;
}

/* Nix's store path algorithm: the fingerprint's SHA-256, folded to 20 bytes. */
static int finish(struct nipfs_buf *type, const uint8_t *inner, const char *store_dir,
		  struct nipfs_slice name, struct nipfs_store_path *out,
		  struct nipfs_error *err)
{
	const struct nipfs_nix_hash hash = nipfs_nix_hash_sha256(inner);
	uint8_t digest[32], folded[NIPFS_STORE_HASH_BYTES] = { 0 };
	char text[NIPFS_NIX_HASH_TEXT_MAX];
	int r;

	(void)nipfs_nix_hash_format(&hash, NIPFS_NIX_BASE16, text);
	r = nipfs__buf_printf(type, ":%s:%s:", text, store_dir);
	if (r == 0)
		r = nipfs__buf_put_slice(type, name);
	if (r < 0)
		return nipfs__fail_nomem(err);
	sha256(type, digest);
	for (size_t i = 0; i < sizeof(digest); i++)
		folded[i % sizeof(folded)] ^= digest[i];
	return nipfs_store_path_from_digest(folded, name, out, err);
}

int nipfs__ca_store_path(const struct nipfs__ca *ca, const char *store_dir,
			 struct nipfs_slice name, const struct nipfs_store_path *refs,
			 size_t n_refs, bool self, struct nipfs_store_path *out,
			 struct nipfs_error *err)
{
	const bool text = ca->method == NIPFS__CA_TEXT;
	const bool source =
	    ca->method == NIPFS__CA_NAR && ca->hash.algo == NIPFS_NIX_SHA256;
	nipfs_auto_buf struct nipfs_buf type = NIPFS_BUF_INIT(SIZE_MAX);
	uint8_t inner[32];
	int r = 0;

	if ((n_refs && !text && !source) || (self && !source))
		return nipfs__fail(err, NIPFS_E_INVALID,
				   "'%.*s' has references that a content address of its "
				   "kind ('%s%s') rules out",
				   NIPFS_FMT(name), prefixes[ca->method],
				   nipfs_nix_algo_name(ca->hash.algo));
	if (text || source)
		memcpy(inner, ca->hash.bytes, sizeof(inner));
	else
		r = inner_digest(ca, inner);
	if (r == 0)
		r = write_type(&type,
			       text	? "text"
			       : source ? "source"
					: "output:out",
			       store_dir, refs, n_refs, self);
	if (r < 0)
		return nipfs__fail_nomem(err);
	return finish(&type, inner, store_dir, name, out, err);
}

/* The references without the path itself, which stands among them at most once. */
static int without_self(const struct nipfs_path_info *info, struct nipfs_store_path **out,
			size_t *n)
{
	struct nipfs_store_path *refs = calloc(info->n_refs + 1, sizeof(*refs));
	size_t kept = 0;

	if (!refs)
		return NIPFS_E_NOMEM;
	for (size_t i = 0; i < info->n_refs; i++)
		if (nipfs_store_path_compare(&info->refs[i], &info->path) != 0)
			refs[kept++] = info->refs[i];
	*out = refs;
	*n = kept;
	return 0;
}

int nipfs__ca_check(const struct nipfs_path_info *info, const char *store_dir,
		    struct nipfs__ca *out, struct nipfs_error *err)
{
	const struct nipfs_slice name =
	    nipfs__slice_str(nipfs_store_path_name(&info->path));
	nipfs_auto_free struct nipfs_store_path *refs = NULL;
	struct nipfs_store_path path;
	struct nipfs__ca ca;
	size_t n_refs;
	int r = nipfs__ca_parse(nipfs__slice_str(info->ca), &ca);

	if (r < 0)
		return nipfs__fail(err, r,
				   "'%s' has a content address that is not one: '%s'",
				   info->path.base, info->ca);
	if (without_self(info, &refs, &n_refs) < 0)
		return nipfs__fail_nomem(err);
	r = nipfs__ca_store_path(&ca, store_dir, name, refs, n_refs,
				 n_refs != info->n_refs, &path, err);
	if (r < 0)
		return r;
	if (nipfs_store_path_compare(&path, &info->path) != 0)
		return nipfs__fail(
		    err, NIPFS_E_MISMATCH,
		    "'%s' claims the content address '%s', which is that of "
		    "'%s'",
		    info->path.base, info->ca, path.base);
	*out = ca;
	return 0;
}
