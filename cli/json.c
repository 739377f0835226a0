/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* JSON, one object per line. */
#include "cli/json.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/error.h"
#include "cli/output.h"

/* jansson says NULL or -1 when memory runs out; there is no other cause in what is built
 * here. */
static void out_of_memory(void)
{
	(void)fputs("nix-ipfs: out of memory\n", stderr);
	exit(EXIT_FAILURE);
}

json_t *json_line_new(void)
{
	json_t *object = json_object();

	if (!object)
		out_of_memory();
	return object;
}

void json_put(json_t *object, const char *key, json_t *value)
{
	if (json_object_set_new(object, key, value) < 0)
		out_of_memory();
}

void json_put_text(json_t *object, const char *key, const char *text)
{
	json_put(object, key, json_string(text));
}

void json_put_number(json_t *object, const char *key, uint64_t number)
{
	json_put(object, key,
		 json_integer(number > INT64_MAX ? INT64_MAX : (json_int_t)number));
}

void json_put_bool(json_t *object, const char *key, bool value)
{
	json_put(object, key, json_boolean(value));
}

void json_put_cid(json_t *object, const char *key, const struct nipfs_cid *cid)
{
	char text[NIPFS_CID_TEXT_MAX];

	(void)nipfs_cid_format(cid, text);
	json_put_text(object, key, text);
}

static char *base64(struct nipfs_slice in)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char *text = xcalloc(in.len / 3 + 2, 4), *out = text;

	for (size_t i = 0; i < in.len; i += 3) {
		const size_t n = in.len - i < 3 ? in.len - i : 3;
		const uint32_t bits = (uint32_t)in.ptr[i] << 16 |
				      (n > 1 ? (uint32_t)in.ptr[i + 1] << 8 : 0) |
				      (n > 2 ? (uint32_t)in.ptr[i + 2] : 0);

		*out++ = digits[bits >> 18];
		*out++ = digits[bits >> 12 & 63];
		*out++ = n > 1 ? digits[bits >> 6 & 63] : '=';
		*out++ = n > 2 ? digits[bits & 63] : '=';
	}
	*out = '\0';
	return text;
}

void json_put_name(json_t *object, const char *key, struct nipfs_slice bytes)
{
	char long_key[64];
	char *text;

	if (output_is_utf8(bytes)) {
		json_put(object, key, json_stringn((const char *)bytes.ptr, bytes.len));
		return;
	}
	(void)snprintf(long_key, sizeof(long_key), "%sBase64", key);
	text = base64(bytes);
	json_put_text(object, long_key, text);
	free(text);
}

void json_put_message(json_t *object, const char *key, const char *text)
{
	const struct nipfs_slice bytes = text_slice(text);
	char *escaped;

	if (output_is_utf8(bytes)) {
		json_put_text(object, key, text);
		return;
	}
	escaped = output_escape(bytes);
	json_put_text(object, key, escaped);
	free(escaped);
}

void json_line_print(json_t *object, FILE *stream)
{
	const size_t ascii = isatty(fileno(stream)) ? JSON_ENSURE_ASCII : 0;

	/* a write error is found by whoever closes the stream */
	(void)json_dumpf(object, stream, JSON_COMPACT | ascii);
	(void)putc('\n', stream);
	json_decref(object);
}
