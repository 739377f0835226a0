/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Padded base-64 as Nix writes it, in constant time: keys go through it. */
#ifndef LIB_NIX_BASE64_H
#define LIB_NIX_BASE64_H

#include <nixipfs/bytes.h>
#include <nixipfs/error.h>

/* Characters for @bytes bytes. */
#define NIPFS__BASE64_LEN(bytes) (((bytes) + 2) / 3 * 4)

/* Writes NIPFS__BASE64_LEN(in.len) characters and a NUL; returns the length before it. */
size_t nipfs__base64_encode(struct nipfs_slice in, char *out);

/**
 * nipfs__base64_decode() - read a whole text of padded base-64
 * @text: the characters; no blanks
 * @out:  @cap bytes, undefined on failure
 * @len:  bytes decoded; untouched on failure
 *
 * Return: 0 or NIPFS_E_INVALID (not base-64, unused bits set, over @cap bytes).
 */
int nipfs__base64_decode(struct nipfs_slice text, uint8_t *out, size_t cap,
			 size_t *len) NIPFS_MUSTUSE;

#endif
