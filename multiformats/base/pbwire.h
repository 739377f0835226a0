/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The protobuf wire format: a cursor that reads fields, and writers. Its
 * varints hold 64 bits in up to 10 bytes: they are not multiformats varints.
 */
#ifndef MULTIFORMATS_BASE_PBWIRE_H
#define MULTIFORMATS_BASE_PBWIRE_H

#include "multiformats/base/buf.h"

enum nipfs__pb_wire {
	NIPFS__PB_VARINT = 0,
	NIPFS__PB_I64 = 1,
	NIPFS__PB_BYTES = 2,
	NIPFS__PB_I32 = 5
};

#define NIPFS__PB_VARINT_MAX 10

/**
 * struct nipfs__pb_field - one field as it stood on the wire
 * @number: field number, 1 … 2^29 - 1
 * @wire:   wire type
 * @value:  the number, for the three number types
 * @bytes:  the contents, for NIPFS__PB_BYTES: borrowed from the input
 */
struct nipfs__pb_field {
	uint32_t number;
	enum nipfs__pb_wire wire;
	uint64_t value;
	struct nipfs_slice bytes;
};

/**
 * nipfs__pb_next() - read the next field
 * @in:    the rest of the message; moved past the field
 * @out:   the field; untouched on failure and at the end
 *
 * Over-long varints are taken, as Go's protowire does; groups are refused.
 *
 * Return: 0, 1 at the end of the message, NIPFS_E_TRUNCATED, NIPFS_E_INVALID.
 */
int nipfs__pb_next(struct nipfs_slice *in, struct nipfs__pb_field *out) NIPFS_MUSTUSE;

/* A varint alone, as in a packed field; over-long ones are taken. Codes as above, no 1. */
int nipfs__pb_get_varint(struct nipfs_slice *in, uint64_t *out) NIPFS_MUSTUSE;

/* Bytes that a varint takes. */
size_t nipfs__pb_varint_len(uint64_t v);
/* Writes a minimal varint at @out, of NIPFS__PB_VARINT_MAX bytes; returns its length. */
size_t nipfs__pb_varint_put(uint64_t v, uint8_t *out);

/* Append to a buffer: 0, NIPFS_E_NOMEM or NIPFS_E_LIMIT. */
int nipfs__pb_put_varint(struct nipfs_buf *b, uint64_t v) NIPFS_MUSTUSE;
int nipfs__pb_put_number(struct nipfs_buf *b, uint32_t field, uint64_t v) NIPFS_MUSTUSE;
int nipfs__pb_put_bytes(struct nipfs_buf *b, uint32_t field,
			struct nipfs_slice s) NIPFS_MUSTUSE;
/* Tag and length of a field whose @len bytes the caller appends next. */
int nipfs__pb_put_header(struct nipfs_buf *b, uint32_t field, size_t len) NIPFS_MUSTUSE;

#endif
