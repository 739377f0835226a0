/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Named pins: their names, and the directories that are pinned. */
#include "lib/ipfs/named_pin.h"

#include <stdio.h>

#include <jansson.h>

#include "multiformats/base/err.h"
#include "multiformats/base/slice.h"

static const char form[] = "@%Y-%m-%dT%H:%M:%SZ";

/* Whether a text can stand in JSON and in a directory. */
static bool is_name(const char *name, size_t len)
{
	json_t *text;

	if (len == 0 || len > NIPFS__NAMED_PIN_NAME_MAX)
		return false;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)name[i] < ' ' || name[i] == 0x7f || name[i] == '/')
			return false;
	text = json_stringn(name, len);
	json_decref(text);
	return text != NULL;
}

static bool format_time(time_t when, char out[NIPFS__NAMED_PIN_TIME + 1])
{
	struct tm tm;

	return gmtime_r(&when, &tm) && tm.tm_year >= 0 && tm.tm_year < 8000 &&
	       strftime(out, NIPFS__NAMED_PIN_TIME + 1, form, &tm) == NIPFS__NAMED_PIN_TIME;
}

int nipfs__named_pin_format(const char *name, time_t when, char *out, struct nipfs_error *err)
{
	char text[NIPFS__NAMED_PIN_TIME + 1];

	if (!is_name(name, strlen(name)))
		return nipfs__fail(err, NIPFS_E_USAGE,
				   "'%.300s' cannot be the name of a pin: it has 1 to %d bytes of "
				   "UTF-8, without '/' and control characters",
				   name, NIPFS__NAMED_PIN_NAME_MAX);
	if (!format_time(when, text))
		return nipfs__fail(err, NIPFS_E_USAGE, "the clock is wrong: it shows no date "
						       "that a pin can have");
	(void)snprintf(out, NIPFS__PIN_NAME_MAX + 1, "%s%s", name, text);
	return 0;
}

int nipfs__named_pin_parse(struct nipfs_slice text, struct nipfs_slice *name, time_t *when)
{
	char stated[NIPFS__NAMED_PIN_TIME + 1], again[NIPFS__NAMED_PIN_TIME + 1];
	const size_t len = text.len - NIPFS__NAMED_PIN_TIME;
	const char *end;
	struct tm tm = { .tm_isdst = 0 };
	time_t made;

	if (text.len <= NIPFS__NAMED_PIN_TIME || !is_name((const char *)text.ptr, len))
		return NIPFS_E_NOTFOUND;
	memcpy(stated, text.ptr + len, NIPFS__NAMED_PIN_TIME);
	stated[NIPFS__NAMED_PIN_TIME] = 0;
	end = strptime(stated, form, &tm);
	if (!end || *end)
		return NIPFS_E_NOTFOUND;
	made = timegm(&tm);
	/* what is written otherwise is not ours: 1 for 01, or the 31st of June */
	if (!format_time(made, again) || strcmp(stated, again) != 0)
		return NIPFS_E_NOTFOUND;
	*name = nipfs__slice(text.ptr, len);
	*when = made;
	return 0;
}

int nipfs__named_pin_dir(const char *label, const struct nipfs_link *link,
			 const struct nipfs_block_sink *blocks, struct nipfs_link *out,
			 struct nipfs_error *err)
{
	struct nipfs_unixfs_params params;
	struct nipfs_dir_builder *dir;
	int r = nipfs_unixfs_profile("nix", &params);

	if (r == 0)
		r = nipfs_dir_builder_new(&dir, &params, blocks, err);
	if (r < 0)
		return r;
	r = nipfs_dir_builder_add(dir, nipfs__slice_str(label), link, err);
	if (r == 0)
		r = nipfs_dir_builder_finish(dir, out, err);
	nipfs_dir_builder_free(dir);
	return r;
}
