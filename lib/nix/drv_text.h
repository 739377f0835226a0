/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A .drv file read piece by piece, as strictly as Nix writes it: what is read
 * could be written only in this one way.
 */
#ifndef LIB_NIX_DRV_TEXT_H
#define LIB_NIX_DRV_TEXT_H

#include <stdbool.h>

#include <nixipfs/bytes.h>

/* Each moves @rest behind what it reads and returns whether it was there. */

bool nipfs__drv_skip(struct nipfs_slice *rest, const char *literal);

/* A quoted string with the escapes that are needed and no others; *raw: as it stands. */
bool nipfs__drv_string(struct nipfs_slice *rest, struct nipfs_slice *raw);

/* A string without escapes, as paths, names and hashes are written. */
bool nipfs__drv_plain(struct nipfs_slice *rest, struct nipfs_slice *text);

/* A list of strings; @ascending: plain ones, each once, in byte order. */
bool nipfs__drv_list(struct nipfs_slice *rest, bool ascending);

/**
 * nipfs__drv_more() - whether a list has another item
 * @first: true for the first item; set to false
 *
 * Reads the comma or, at the end, the bracket; *ok becomes false when there is
 * neither.
 */
bool nipfs__drv_more(struct nipfs_slice *rest, bool *first, bool *ok);

/* Order of two strings as they were before they were escaped. */
int nipfs__drv_compare(struct nipfs_slice a, struct nipfs_slice b);

/* One output: ("name","path","algorithm","hash"). */
struct nipfs__drv_output_text {
	struct nipfs_slice name, path, algo, hash;
};

bool nipfs__drv_output_text(struct nipfs_slice *rest, struct nipfs__drv_output_text *out);

/* The two halves of an input, ("path",[names]): the names are read as a list. */
bool nipfs__drv_input(struct nipfs_slice *rest, struct nipfs_slice *path,
		      struct nipfs_slice *names);

#endif
