/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The outputs that a .drv file declares. */
#include "lib/nix/derivation.h"

#include <stdlib.h>
#include <string.h>

#include "lib/nix/drv_text.h"
#include "multiformats/base/err.h"
#include "multiformats/base/slice.h"

static int malformed(struct nipfs_error *err)
{
	return nipfs__fail(err, NIPFS_E_INVALID,
			   "it is not a .drv file as Nix writes them");
}

/* Names go into store paths, so they have the same characters and the same length. */
static bool is_output_name(struct nipfs_slice name)
{
	static const uint8_t digest[NIPFS_STORE_HASH_BYTES];
	struct nipfs_store_path any;

	return nipfs_store_path_from_digest(digest, name, &any, NULL) == 0;
}

static int make_room(struct nipfs__drv_outputs *out, size_t *cap, struct nipfs_error *err)
{
	const size_t more = *cap ? *cap * 2 : 2;
	struct nipfs__drv_output *items;

	if (out->n == NIPFS__DRV_OUTPUTS_MAX)
		return nipfs__fail(err, NIPFS_E_LIMIT, "it has more than %d outputs",
				   NIPFS__DRV_OUTPUTS_MAX);
	if (out->n < *cap)
		return 0;
	items = reallocarray(out->items, more, sizeof(*items));
	if (!items)
		return nipfs__fail_nomem(err);
	out->items = items;
	*cap = more;
	return 0;
}

static int read_output(struct nipfs_slice *rest, const char *store_dir,
		       struct nipfs__drv_output *out, struct nipfs_error *err)
{
	struct nipfs__drv_output item = { { 0 }, false, { { 0 } } };
	struct nipfs__drv_output_text text;
	int r;

	if (!nipfs__drv_output_text(rest, &text) || !is_output_name(text.name))
		return malformed(err);
	memcpy(item.name, text.name.ptr, text.name.len);
	if (text.path.len) {
		r = nipfs_store_path_parse(text.path, store_dir, &item.path, err);
		if (r < 0)
			return r;
		item.has_path = true;
	}
	*out = item;
	return 0;
}

static int read_outputs(struct nipfs_slice rest, const char *store_dir,
			struct nipfs__drv_outputs *out, struct nipfs_error *err)
{
	bool first = true, ok = true;
	size_t cap = 0;
	int r;

	while (nipfs__drv_more(&rest, &first, &ok)) {
		r = make_room(out, &cap, err);
		if (r == 0)
			r = read_output(&rest, store_dir, &out->items[out->n], err);
		if (r < 0)
			return r;
		/* Nix writes them in the order of their names */
		if (out->n &&
		    strcmp(out->items[out->n - 1].name, out->items[out->n].name) >= 0)
			return malformed(err);
		out->n++;
	}
	return ok ? 0 : malformed(err);
}

int nipfs__drv_parse_outputs(struct nipfs_slice text, const char *store_dir,
			     struct nipfs__drv_outputs *out, struct nipfs_error *err)
{
	struct nipfs__drv_outputs outputs = { NULL, 0 };
	struct nipfs_slice rest = text;
	int r;

	if (text.len > NIPFS__DRV_MAX)
		return nipfs__fail(err, NIPFS_E_LIMIT, "it is longer than %d bytes",
				   NIPFS__DRV_MAX);
	if (!nipfs__drv_skip(&rest, "Derive([") &&
	    !nipfs__drv_skip(&rest, "DrvWithVersion(\"xp-dyn-drv\",["))
		return malformed(err);
	r = read_outputs(rest, store_dir, &outputs, err);
	if (r < 0) {
		nipfs__drv_outputs_release(&outputs);
		return r;
	}
	*out = outputs;
	return 0;
}

void nipfs__drv_outputs_release(struct nipfs__drv_outputs *outputs)
{
	free(outputs->items);
	*outputs = (struct nipfs__drv_outputs){ NULL, 0 };
}
