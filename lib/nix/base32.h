/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Nix's own base-32: another alphabet and another order than RFC 4648. */
#ifndef LIB_NIX_BASE32_H
#define LIB_NIX_BASE32_H

#include <nixipfs/bytes.h>
#include <nixipfs/error.h>

/* Characters for @bytes bytes; NIPFS__BASE32_LEN(32) is 52. */
#define NIPFS__BASE32_LEN(bytes) (((bytes) * 8 + 4) / 5)

/**
 * nipfs__base32_encode() - write bytes in Nix base-32
 * @in:  at least one byte
 * @out: NIPFS__BASE32_LEN(in.len) characters and a NUL
 *
 * Return: the length without the NUL.
 */
size_t nipfs__base32_encode(struct nipfs_slice in, char *out);

/**
 * nipfs__base32_decode() - read bytes from Nix base-32
 * @text: the characters
 * @out:  undefined on failure
 * @len:  bytes expected, at least 1
 *
 * Return: 0, or NIPFS_E_INVALID: another length, a character outside the
 * alphabet, or a bit set that stands for no byte.
 */
int nipfs__base32_decode(struct nipfs_slice text, uint8_t *out, size_t len) NIPFS_MUSTUSE;

#endif
