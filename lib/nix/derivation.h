/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The outputs that a .drv file declares: what the database keeps of it. */
#ifndef LIB_NIX_DERIVATION_H
#define LIB_NIX_DERIVATION_H

#include <stdbool.h>

#include <nixipfs/store_path.h>

/**
 * struct nipfs__drv_output - one output
 * @name:     "out", "dev", …: NUL-terminated, a legal part of a store path's name
 * @has_path: false for a floating content-addressed output: it has no path yet,
 *            and no row in the database
 * @path:     the store path
 */
struct nipfs__drv_output {
	char name[NIPFS_STORE_NAME_MAX + 1];
	bool has_path;
	struct nipfs_store_path path;
};

struct nipfs__drv_outputs {
	struct nipfs__drv_output *items; /* owned; by name, each once */
	size_t n;
};

/* Bytes of a .drv file; a longer one is refused. */
enum { NIPFS__DRV_MAX = 64 * 1024 * 1024, NIPFS__DRV_OUTPUTS_MAX = 10000 };

/**
 * nipfs__drv_parse_outputs() - read the outputs of a .drv file
 * @text:      the whole file, or at least all of its first list
 * @store_dir: the logical store folder
 * @out:       overwritten, not released; untouched on failure
 * @err:       may be NULL
 *
 * Reads `Derive([` or `DrvWithVersion("xp-dyn-drv",[`, and no further than that
 * list, which must be as Nix writes it.
 *
 * Return: 0, NIPFS_E_NOMEM, NIPFS_E_INVALID, NIPFS_E_LIMIT.
 */
int nipfs__drv_parse_outputs(struct nipfs_slice text, const char *store_dir,
			     struct nipfs__drv_outputs *out,
			     struct nipfs_error *err) NIPFS_MUSTUSE;

void nipfs__drv_outputs_release(struct nipfs__drv_outputs *outputs);

#endif
