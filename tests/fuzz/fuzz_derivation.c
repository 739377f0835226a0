/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Outputs of .drv files: written from what was read, the list is the beginning
 * of the file, but for the hashes, which are not kept.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/nix/derivation.h"
#include "multiformats/base/slice.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define STORE "/nix/store"

/* Moves @rest behind @text, which must be there. */
static void skip(struct nipfs_slice *rest, const char *text)
{
	const size_t n = strlen(text);

	if (rest->len < n || memcmp(rest->ptr, text, n) != 0)
		abort();
	*rest = nipfs__slice_skip(*rest, n);
}

static void skip_to_quote(struct nipfs_slice *rest)
{
	while (rest->len && rest->ptr[0] != '"')
		*rest = nipfs__slice_skip(*rest, 1);
}

static void check(struct nipfs_slice rest, const struct nipfs__drv_outputs *outputs)
{
	for (size_t i = 0; i < outputs->n; i++) {
		const struct nipfs__drv_output *o = &outputs->items[i];

		if (i && strcmp(outputs->items[i - 1].name, o->name) >= 0)
			abort();
		skip(&rest, i ? ",(\"" : "(\"");
		skip(&rest, o->name);
		skip(&rest, "\",\"");
		if (o->has_path) {
			skip(&rest, STORE "/");
			skip(&rest, o->path.base);
		}
		skip(&rest, "\",\"");
		skip_to_quote(&rest);
		skip(&rest, "\",\"");
		skip_to_quote(&rest);
		skip(&rest, "\")");
	}
	skip(&rest, "]");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct nipfs_slice in = { data, size };
	struct nipfs__drv_outputs outputs;
	const uint8_t *list;

	if (nipfs__drv_parse_outputs(in, STORE, &outputs, NULL) < 0)
		return 0;
	list = memchr(data, '[', size);
	if (!list)
		abort();
	check(nipfs__slice_skip(in, (size_t)(list - data) + 1), &outputs);
	nipfs__drv_outputs_release(&outputs);
	return 0;
}
