/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * JSON, one object per line. Names and targets are raw bytes: what is not
 * UTF-8 stands under its key with "Base64" appended.
 */
#ifndef CLI_JSON_H
#define CLI_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

#include <nixipfs/bytes.h>
#include <nixipfs/cid.h>

/* All of these end the process when memory runs out, as xcalloc() does. */

/* A new object, to be consumed by json_line_print(). */
json_t *json_line_new(void);

/* @key: @text, which is UTF-8 */
void json_put_text(json_t *object, const char *key, const char *text);
/* @key: @bytes when they are UTF-8, else @key + "Base64": their base64 (RFC 4648, padded)
 */
void json_put_name(json_t *object, const char *key, struct nipfs_slice bytes);
/* @key: @text, in which bytes that are not UTF-8 are written \xNN: for people */
void json_put_message(json_t *object, const char *key, const char *text);
/* Numbers above 2^63 - 1 do not occur: sizes are bounded by it. */
void json_put_number(json_t *object, const char *key, uint64_t number);
void json_put_bool(json_t *object, const char *key, bool value);
/* @key: the CID in its usual base */
void json_put_cid(json_t *object, const char *key, const struct nipfs_cid *cid);
/* @key: @value, which is consumed */
void json_put(json_t *object, const char *key, json_t *value);

/* Prints @object with a newline and frees it; pure ASCII when @stream is a terminal. */
void json_line_print(json_t *object, FILE *stream);

#endif
