/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Multiformats varints: minimal, at most 9 bytes. Those of protobuf hold 64 bits
 * in 10 bytes and are in multiformats/base/pbwire.h. Spec: multiformats/unsigned-varint.
 */
#ifndef MULTIFORMATS_VARINT_H
#define MULTIFORMATS_VARINT_H

#include <stddef.h>
#include <stdint.h>

#include <nixipfs/bytes.h>
#include <nixipfs/error.h>

enum { NIPFS__VARINT_MAX = 9 };

/**
 * nipfs__varint_decode() - read one unsigned varint
 * @in:   borrowed input; bytes after the varint are ignored
 * @out:  the value; untouched on failure
 * @used: bytes consumed; untouched on failure
 *
 * Return: 0, NIPFS_E_TRUNCATED, NIPFS_E_NONCANONICAL (over-long form) or
 * NIPFS_E_LIMIT (more than 9 bytes, that is above 2^63 - 1).
 */
int nipfs__varint_decode(struct nipfs_slice in, uint64_t *out,
			 size_t *used) NIPFS_MUSTUSE;

/**
 * nipfs__varint_encode() - write one unsigned varint
 * @v:   at most 2^63 - 1
 * @out: at least NIPFS__VARINT_MAX bytes
 *
 * Return: the number of bytes written.
 */
size_t nipfs__varint_encode(uint64_t v, uint8_t *out);

#endif
