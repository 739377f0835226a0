/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether the outputs that a .drv file declares are those that follow from it. */
#include "lib/nix/drv_check.h"

#include <string.h>

#include <nixipfs/nix_hash.h>

#include "lib/nix/content_address.h"
#include "lib/nix/drv_modulo.h"
#include "lib/nix/drv_text.h"
#include "lib/nix/store.h"
#include "multiformats/base/auto.h"
#include "multiformats/base/err.h"
#include "multiformats/sha256/sha256.h"

/* One .drv file that is looked at. */
struct drv {
	struct nipfs_store *store;
	const struct nipfs_store_path *path;
	struct nipfs_slice text;
	const struct nipfs__drv_outputs *outputs;
};

/* "NAME" without ".drv", and "-OUTPUT" for every output but "out". */
static int output_name(const struct drv *d, const char *output, struct nipfs_buf *name)
{
	const char *drv_name = nipfs_store_path_name(d->path);
	int r = nipfs__buf_put(name, drv_name, strlen(drv_name) - strlen(".drv"));

	if (r == 0 && strcmp(output, "out") != 0)
		r = nipfs__buf_printf(name, "-%s", output);
	return r;
}

/* Nix's store path algorithm for "output:NAME". */
static int input_addressed_path(const struct drv *d, const uint8_t *modulo,
				const char *output, struct nipfs_store_path *out,
				struct nipfs_error *err)
{
	nipfs_auto_buf struct nipfs_buf text = NIPFS_BUF_INIT(2 * NIPFS_STORE_PATH_MAX);
	nipfs_auto_buf struct nipfs_buf name = NIPFS_BUF_INIT(2 * NIPFS_STORE_NAME_MAX);
	const struct nipfs_nix_hash hash = nipfs_nix_hash_sha256(modulo);
	uint8_t digest[NIPFS__SHA256_BYTES], folded[NIPFS_STORE_HASH_BYTES] = { 0 };
	char hash_text[NIPFS_NIX_HASH_TEXT_MAX];
	struct nipfs_slice whole;
	int r = output_name(d, output, &name);

	(void)nipfs_nix_hash_format(&hash, NIPFS_NIX_BASE16, hash_text);
	if (r == 0)
		r = nipfs__buf_printf(&text, "output:%s:%s:%s:", output, hash_text,
				      d->store->env.store_dir);
	if (r == 0)
		r = nipfs__buf_put_slice(&text, nipfs__buf_slice(&name));
	if (r < 0)
		return nipfs__fail(err, r, "the name of the output '%s' of '%s' is too long",
				   output, d->path->base);
	whole = nipfs__buf_slice(&text);
	nipfs__sha256_many(&whole, 1, &digest);
	for (size_t i = 0; i < sizeof(digest); i++)
		folded[i % sizeof(folded)] ^= digest[i];
	return nipfs_store_path_from_digest(folded, nipfs__buf_slice(&name), out, err);
}

static int fixed_path(const struct drv *d, struct nipfs_store_path *out,
		      struct nipfs_error *err)
{
	nipfs_auto_buf struct nipfs_buf name = NIPFS_BUF_INIT(NIPFS_STORE_NAME_MAX);
	struct nipfs__ca ca = { .method = NIPFS__CA_FLAT };
	struct nipfs_slice rest = d->text;
	struct nipfs__drv_output_text o;
	char canonical[NIPFS_NIX_HASH_TEXT_MAX];
	enum nipfs_nix_algo algo;
	size_t len;

	if (!nipfs__drv_skip(&rest, "Derive([") || !nipfs__drv_output_text(&rest, &o))
		return nipfs__drv_fail(d->path->base, NIPFS_E_INVALID, err);
	if (nipfs__drv_skip(&o.algo, "r:"))
		ca.method = NIPFS__CA_NAR;
	if (nipfs_nix_algo_from_name(o.algo, &algo) < 0)
		return nipfs__drv_fail(d->path->base, NIPFS_E_UNSUPPORTED, err);
	if (nipfs_nix_hash_parse_bare(algo, o.hash, &ca.hash) < 0 ||
	    output_name(d, "out", &name) < 0)
		return nipfs__drv_fail(d->path->base, NIPFS_E_INVALID, err);
	/* Other spellings of the hash would give the derivations above another one. */
	len = nipfs_nix_hash_format(&ca.hash, NIPFS_NIX_BASE16, canonical);
	if (len < o.hash.len || memcmp(canonical + len - o.hash.len, o.hash.ptr, o.hash.len) ||
	    canonical[len - o.hash.len - 1] != ':')
		return nipfs__drv_fail(d->path->base, NIPFS_E_INVALID, err);
	return nipfs__ca_store_path(&ca, d->store->env.store_dir, nipfs__buf_slice(&name), NULL,
				    0, false, out, err);
}

static int check_path(const struct drv *d, const struct nipfs__drv_output *output,
		      const struct nipfs_store_path *right, struct nipfs_error *err)
{
	if (nipfs_store_path_compare(&output->path, right) == 0)
		return 0;
	return nipfs__fail(err, NIPFS_E_MISMATCH,
			   "the derivation '%s' states '%s' for its output '%s', but '%s' "
			   "follows from it", d->path->base, output->path.base, output->name,
			   right->base);
}

static int right_path(const struct drv *d, enum nipfs__drv_kind kind, const uint8_t *modulo,
		      const char *output, struct nipfs_store_path *out,
		      struct nipfs_error *err)
{
	if (kind == NIPFS__DRV_FIXED)
		return fixed_path(d, out, err);
	return input_addressed_path(d, modulo, output, out, err);
}

static int check_outputs(const struct drv *d, struct nipfs_error *err)
{
	enum nipfs__drv_kind kind = NIPFS__DRV_UNKNOWN;
	uint8_t modulo[NIPFS__SHA256_BYTES];
	int r = nipfs__drv_kind(d->text, &kind);

	if (r < 0)
		return nipfs__drv_fail(d->path->base, r, err);
	if (kind == NIPFS__DRV_UNKNOWN)
		return 0;
	r = nipfs__drv_hashes_of_inputs(d->store, d->text, d->path->base, err);
	if (r < 0)
		return r;
	/* Reads the whole text strictly, also where no path is made of the hash. */
	r = nipfs__drv_modulo(d->text, true, nipfs__drv_hashes_lookup, d->store, modulo);
	if (r < 0)
		return nipfs__drv_fail(d->path->base, r, err);
	for (size_t i = 0; r == 0 && i < d->outputs->n; i++) {
		const struct nipfs__drv_output *output = &d->outputs->items[i];
		struct nipfs_store_path right;

		r = right_path(d, kind, modulo, output->name, &right, err);
		if (r == 0)
			r = check_path(d, output, &right, err);
	}
	return r;
}

int nipfs__drv_check(struct nipfs_store *store, const struct nipfs_store_path *path,
		     struct nipfs__drv_outputs *outputs, struct nipfs_error *err)
{
	nipfs_auto_buf struct nipfs_buf text = NIPFS_BUF_INIT(NIPFS__DRV_MAX);
	struct nipfs__drv_outputs found = { 0 };
	struct drv d = { .store = store, .path = path, .outputs = &found };
	int r = nipfs__drv_read(store, path, &text, err);

	if (r < 0)
		return r;
	d.text = nipfs__buf_slice(&text);
	r = nipfs__drv_parse_outputs(d.text, store->env.store_dir, &found, err);
	if (r == 0)
		r = check_outputs(&d, err);
	if (r < 0)
		nipfs__drv_outputs_release(&found);
	else
		*outputs = found;
	return r;
}
