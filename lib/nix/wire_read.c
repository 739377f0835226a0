/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The encoding of Nix's worker protocol, read. */
#include "lib/nix/wire.h"

#include <stdlib.h>

#include <nixipfs/nix_hash.h>

#include "multiformats/base/array.h"
#include "multiformats/base/err.h"
#include "multiformats/base/num.h"

/* Longer than any signature or content address that is known. */
enum { CLAIM_TEXT_MAX = 4096 };

/* What has arrived and was not read, at most @max bytes and at least one. */
static int next_piece(struct nipfs__wire_reader *r, size_t max, struct nipfs_slice *out,
		      struct nipfs_error *err)
{
	if (r->at == r->len) {
		size_t got = 0;
		const int code = r->more(r->ctx, r->bytes, sizeof(r->bytes), &got, err);

		if (code < 0)
			return code;
		r->at = 0;
		r->len = got;
	}
	*out = nipfs__slice(r->bytes + r->at, nipfs__min_size(max, r->len - r->at));
	r->at += out->len;
	return 0;
}

static int get_bytes(struct nipfs__wire_reader *r, uint8_t *out, size_t n,
		     struct nipfs_error *err)
{
	struct nipfs_slice piece;

	while (n) {
		const int code = next_piece(r, n, &piece, err);

		if (code < 0)
			return code;
		memcpy(out, piece.ptr, piece.len);
		out += piece.len;
		n -= piece.len;
	}
	return 0;
}

int nipfs__wire_get_u64(struct nipfs__wire_reader *r, uint64_t *out, struct nipfs_error *err)
{
	uint8_t bytes[8];
	const int code = get_bytes(r, bytes, sizeof(bytes), err);

	if (code < 0)
		return code;
	*out = nipfs__get_le64(bytes);
	return 0;
}

int nipfs__wire_get_bool(struct nipfs__wire_reader *r, bool *out, struct nipfs_error *err)
{
	uint64_t v = 0;
	const int code = nipfs__wire_get_u64(r, &v, err);

	if (code < 0)
		return code;
	if (v > 1)
		return nipfs__fail(err, NIPFS_E_INVALID,
				   "the Nix daemon answered %llu where yes or no was asked",
				   (unsigned long long)v);
	*out = v == 1;
	return 0;
}

/* How much of a thing follows. */
static int get_bounded(struct nipfs__wire_reader *r, size_t max, const char *thing,
		       const char *unit, size_t *out, struct nipfs_error *err)
{
	uint64_t n = 0;
	const int code = nipfs__wire_get_u64(r, &n, err);

	if (code < 0)
		return code;
	if (n > max)
		return nipfs__fail(err, NIPFS_E_LIMIT,
				   "the Nix daemon announced a %s of %llu%s, more than the %zu "
				   "that are allowed", thing, (unsigned long long)n, unit, max);
	*out = (size_t)n;
	return 0;
}

int nipfs__wire_get_count(struct nipfs__wire_reader *r, size_t max, size_t *out,
			  struct nipfs_error *err)
{
	return get_bounded(r, max, "list", "", out, err);
}

static int get_length(struct nipfs__wire_reader *r, size_t max, size_t *out,
		      struct nipfs_error *err)
{
	return get_bounded(r, max, "string", " bytes", out, err);
}

static int get_padding(struct nipfs__wire_reader *r, size_t len, struct nipfs_error *err)
{
	static const uint8_t zeros[8];
	uint8_t padding[8] = { 0 };
	const int code = get_bytes(r, padding, -len % 8, err);

	if (code < 0)
		return code;
	if (memcmp(padding, zeros, sizeof(zeros)) != 0)
		return nipfs__fail(err, NIPFS_E_INVALID,
				   "the Nix daemon sent a string whose padding is not zero");
	return 0;
}

int nipfs__wire_get_string(struct nipfs__wire_reader *r, struct nipfs_buf *out,
			   struct nipfs_error *err)
{
	struct nipfs_slice piece;
	size_t len = 0;
	int code = get_length(r, NIPFS__WIRE_STRING_MAX, &len, err);

	nipfs__buf_clear(out);
	while (code == 0 && out->len < len) {
		code = next_piece(r, len - out->len, &piece, err);
		if (code == 0 && (code = nipfs__buf_put_slice(out, piece)) < 0)
			return nipfs__fail(err, code, "a string of the Nix daemon: %s",
					   nipfs_err_text(code));
	}
	return code < 0 ? code : get_padding(r, len, err);
}

int nipfs__wire_get_text(struct nipfs__wire_reader *r, void *room, size_t max,
			 struct nipfs_slice *out, struct nipfs_error *err)
{
	size_t len = 0;
	int code = get_length(r, max, &len, err);

	if (code == 0)
		code = get_bytes(r, room, len, err);
	if (code == 0)
		code = get_padding(r, len, err);
	if (code == 0)
		*out = nipfs__slice(room, len);
	return code;
}

int nipfs__wire_skip_string(struct nipfs__wire_reader *r, struct nipfs_error *err)
{
	struct nipfs_slice piece;
	size_t len = 0;
	int code = get_length(r, NIPFS__WIRE_STRING_MAX, &len, err);

	for (size_t left = len; code == 0 && left; left -= piece.len)
		if ((code = next_piece(r, left, &piece, err)) < 0)
			return code;
	return code < 0 ? code : get_padding(r, len, err);
}

int nipfs__wire_get_path(struct nipfs__wire_reader *r, const char *store_dir, bool *has,
			 struct nipfs_store_path *out, struct nipfs_error *err)
{
	char room[NIPFS_STORE_PATH_MAX];
	struct nipfs_slice text;
	int code = nipfs__wire_get_text(r, room, sizeof(room), &text, err);

	if (code < 0)
		return code;
	if (has) {
		*has = text.len > 0;
		if (text.len == 0)
			return 0;
	}
	code = nipfs_store_path_parse(text, store_dir, out, err);
	if (code < 0)
		nipfs__prefix(err, "the Nix daemon answered with something else than a path");
	return code;
}

int nipfs__wire_get_paths(struct nipfs__wire_reader *r, const char *store_dir, size_t max,
			  struct nipfs_store_path **out, size_t *n, struct nipfs_error *err)
{
	struct nipfs_store_path *paths = NULL, *grown;
	size_t count = 0, cap = 0, i;
	int code = nipfs__wire_get_count(r, max, &count, err);

	for (i = 0; code == 0 && i < count; i++) {
		grown = nipfs__array_room(paths, i, &cap, sizeof(*paths));
		if (!grown) {
			code = nipfs__fail_nomem(err);
			break;
		}
		paths = grown;
		code = nipfs__wire_get_path(r, store_dir, NULL, &paths[i], err);
	}
	if (code < 0) {
		free(paths);
		return code;
	}
	*n = nipfs_store_path_sort(paths, count);
	*out = paths;
	return 0;
}

static int get_nar_hash(struct nipfs__wire_reader *r, uint8_t *out, struct nipfs_error *err)
{
	char room[NIPFS_NIX_HASH_TEXT_MAX];
	struct nipfs_nix_hash hash;
	struct nipfs_slice text;
	int code = nipfs__wire_get_text(r, room, sizeof(room), &text, err);

	if (code < 0)
		return code;
	code = nipfs_nix_hash_parse_bare(NIPFS_NIX_SHA256, text, &hash);
	if (code < 0)
		return nipfs__fail(err, code, "the Nix daemon sent '%.*s' for a NAR hash",
				   NIPFS_FMT(text));
	memcpy(out, hash.bytes, 32);
	return 0;
}

/* A number that the database can hold: 63 bits. */
static int get_int63(struct nipfs__wire_reader *r, const char *what, uint64_t *out,
		     struct nipfs_error *err)
{
	uint64_t v = 0;
	const int code = nipfs__wire_get_u64(r, &v, err);

	if (code < 0)
		return code;
	if (v > INT64_MAX)
		return nipfs__fail(err, NIPFS_E_INVALID, "the Nix daemon sent %llu for %s",
				   (unsigned long long)v, what);
	*out = v;
	return 0;
}

int nipfs__wire_get_facts(struct nipfs__wire_reader *r, const char *store_dir,
			  struct nipfs_path_info *info, struct nipfs_error *err)
{
	struct nipfs_store_path *refs = NULL;
	uint64_t time = 0;
	size_t n = 0;
	int code = nipfs__wire_get_path(r, store_dir, &info->has_deriver, &info->deriver, err);

	if (code == 0)
		code = get_nar_hash(r, info->nar_hash, err);
	if (code == 0)
		code = nipfs__wire_get_paths(r, store_dir, NIPFS_PATH_REFS_MAX, &refs, &n, err);
	if (code < 0)
		return code;
	free(info->refs);
	info->refs = refs;
	info->n_refs = n;
	code = get_int63(r, "a time", &time, err);
	if (code == 0)
		code = get_int63(r, "a NAR size", &info->nar_size, err);
	info->registration_time = (int64_t)time;
	return code;
}

static int get_sigs(struct nipfs__wire_reader *r, struct nipfs_path_info *info,
		    struct nipfs_error *err)
{
	size_t n = 0;
	int code = nipfs__wire_get_count(r, NIPFS_PATH_SIGS_MAX, &n, err);

	for (size_t i = 0; code == 0 && i < n; i++) {
		char room[CLAIM_TEXT_MAX];
		struct nipfs_slice sig;

		code = nipfs__wire_get_text(r, room, sizeof(room), &sig, err);
		if (code < 0)
			break;
		code = nipfs_path_info_add_sig(info, sig);
		if (code == NIPFS_E_NOMEM)
			return nipfs__fail_nomem(err);
		code = 0;
	}
	return code;
}

int nipfs__wire_get_claims(struct nipfs__wire_reader *r, struct nipfs_path_info *info,
			   struct nipfs_error *err)
{
	char room[CLAIM_TEXT_MAX];
	struct nipfs_slice ca;
	int code = nipfs__wire_get_bool(r, &info->ultimate, err);

	if (code == 0)
		code = get_sigs(r, info, err);
	if (code == 0)
		code = nipfs__wire_get_text(r, room, sizeof(room), &ca, err);
	if (code < 0)
		return code;
	code = nipfs_path_info_set_ca(info, ca);
	if (code < 0)
		return nipfs__fail(err, code, "cannot read the content address '%.*s' that the "
				   "Nix daemon sent: %s", NIPFS_FMT(ca), nipfs_err_text(code));
	return 0;
}
