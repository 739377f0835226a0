/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What Nix records about a store path. */
#include <nixipfs/path_info.h>

#include <stdlib.h>
#include <string.h>

#include <nixipfs/nix_hash.h>

#include "lib/nix/base64.h"
#include "lib/nix/content_address.h"
#include "multiformats/base/auto.h"
#include "multiformats/base/err.h"

void nipfs_path_info_init(struct nipfs_path_info *info)
{
	*info = (struct nipfs_path_info)NIPFS_PATH_INFO_INIT;
}

static void free_sigs(char **sigs, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(sigs[i]);
	free(sigs);
}

void nipfs_path_info_release(struct nipfs_path_info *info)
{
	free(info->refs);
	free_sigs(info->sigs, info->n_sigs);
	free(info->ca);
	nipfs_path_info_init(info);
}

static int copy_sigs(const struct nipfs_path_info *from, struct nipfs_path_info *to)
{
	if (from->n_sigs == 0)
		return 0;
	to->sigs = calloc(from->n_sigs, sizeof(*to->sigs));
	if (!to->sigs)
		return NIPFS_E_NOMEM;
	for (; to->n_sigs < from->n_sigs; to->n_sigs++) {
		to->sigs[to->n_sigs] = strdup(from->sigs[to->n_sigs]);
		if (!to->sigs[to->n_sigs])
			return NIPFS_E_NOMEM;
	}
	return 0;
}

int nipfs_path_info_copy(const struct nipfs_path_info *from, struct nipfs_path_info *to)
{
	struct nipfs_path_info copy = *from;
	int r;

	copy.refs = NULL;
	copy.n_refs = 0;
	copy.sigs = NULL;
	copy.n_sigs = 0;
	copy.ca = from->ca ? strdup(from->ca) : NULL;
	r = from->ca && !copy.ca ? NIPFS_E_NOMEM : copy_sigs(from, &copy);
	if (r == 0)
		r = nipfs_path_info_set_refs(&copy, from->refs, from->n_refs);
	if (r < 0) {
		nipfs_path_info_release(&copy);
		return r;
	}
	*to = copy;
	return 0;
}

int nipfs_path_info_set_refs(struct nipfs_path_info *info,
			     const struct nipfs_store_path *refs, size_t n)
{
	struct nipfs_store_path *set = NULL;

	if (n > NIPFS_PATH_REFS_MAX)
		return NIPFS_E_LIMIT;
	if (n) {
		set = calloc(n, sizeof(*set));
		if (!set)
			return NIPFS_E_NOMEM;
		memcpy(set, refs, n * sizeof(*set));
	}
	free(info->refs);
	info->refs = set;
	info->n_refs = nipfs_store_path_sort(set, n);
	return 0;
}

bool nipfs_path_info_has_ref(const struct nipfs_path_info *info,
			     const struct nipfs_store_path *path)
{
	return nipfs_store_path_find(info->refs, info->n_refs, path);
}

/* The form that every Nix takes: newer ones call a narinfo with another corrupt. */
static int check_sig(struct nipfs_slice sig)
{
	const uint8_t *colon = sig.len ? memchr(sig.ptr, ':', sig.len) : NULL;
	uint8_t raw[NIPFS_SIG_TEXT_MAX];
	size_t name_len, raw_len;

	if (sig.len > NIPFS_SIG_TEXT_MAX)
		return NIPFS_E_LIMIT;
	if (!colon || colon == sig.ptr)
		return NIPFS_E_INVALID;
	name_len = (size_t)(colon - sig.ptr);
	/* the database keeps the set as words with blanks between them */
	for (size_t i = 0; i < name_len; i++)
		if (sig.ptr[i] <= ' ' || sig.ptr[i] == 0x7f)
			return NIPFS_E_INVALID;
	if (nipfs__base64_decode(nipfs__slice_skip(sig, name_len + 1), raw, sizeof(raw),
				 &raw_len) < 0 ||
	    raw_len == 0)
		return NIPFS_E_INVALID;
	return 0;
}

int nipfs_path_info_add_sig(struct nipfs_path_info *info, struct nipfs_slice sig)
{
	size_t at = 0;
	char *copy, **grown;
	int r = check_sig(sig);

	if (r < 0)
		return r;
	while (at < info->n_sigs &&
	       (r = nipfs__slice_cmp(nipfs__slice_str(info->sigs[at]), sig)) < 0)
		at++;
	if (at < info->n_sigs && r == 0)
		return 0;
	if (info->n_sigs >= NIPFS_PATH_SIGS_MAX)
		return NIPFS_E_LIMIT;
	copy = nipfs__slice_dup(sig);
	grown = copy ? reallocarray(info->sigs, info->n_sigs + 1, sizeof(*grown)) : NULL;
	if (!grown) {
		free(copy);
		return NIPFS_E_NOMEM;
	}
	memmove(grown + at + 1, grown + at, (info->n_sigs - at) * sizeof(*grown));
	grown[at] = copy;
	info->sigs = grown;
	info->n_sigs++;
	return 0;
}

int nipfs_path_info_set_ca(struct nipfs_path_info *info, struct nipfs_slice ca)
{
	char text[NIPFS__CA_TEXT_MAX], *copy = NULL;
	struct nipfs__ca parsed;
	int r;

	if (ca.len) {
		r = nipfs__ca_parse(ca, &parsed);
		if (r < 0)
			return r;
		(void)nipfs__ca_format(&parsed, text);
		copy = strdup(text);
		if (!copy)
			return NIPFS_E_NOMEM;
	}
	free(info->ca);
	info->ca = copy;
	return 0;
}

static int write_fingerprint(const struct nipfs_path_info *info, const char *store_dir,
			     struct nipfs_buf *out)
{
	const struct nipfs_nix_hash hash = nipfs_nix_hash_sha256(info->nar_hash);
	char text[NIPFS_NIX_HASH_TEXT_MAX];
	int r;

	(void)nipfs_nix_hash_format(&hash, NIPFS_NIX_BASE32, text);
	r = nipfs__buf_printf(out, "1;%s/%s;%s;%llu;", store_dir, info->path.base, text,
			      (unsigned long long)info->nar_size);
	for (size_t i = 0; r == 0 && i < info->n_refs; i++)
		r = nipfs__buf_printf(out, "%s%s/%s", i ? "," : "", store_dir,
				      info->refs[i].base);
	return r < 0 ? r : nipfs__buf_terminate(out);
}

int nipfs_path_info_fingerprint(const struct nipfs_path_info *info, const char *store_dir,
				char **out, size_t *len, struct nipfs_error *err)
{
	nipfs_auto_buf struct nipfs_buf text = NIPFS_BUF_INIT(SIZE_MAX);

	if (info->nar_size == 0)
		return nipfs__fail(
		    err, NIPFS_E_INVALID,
		    "the NAR size of '%s' is not known, so there is nothing "
		    "to sign",
		    info->path.base);
	if (write_fingerprint(info, store_dir, &text) < 0)
		return nipfs__fail_nomem(err);
	*out = (char *)text.ptr;
	*len = text.len;
	text = (struct nipfs_buf)NIPFS_BUF_INIT(0);
	return 0;
}
