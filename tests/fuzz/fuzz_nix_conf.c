/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lines of nix.conf: a setting that is taken is the same when it is written out
 * and read again. No file is included.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/nix/conf.h"
#include "multiformats/base/auto.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool has_two_blanks(const char *value)
{
	return value[0] == ' ' || strstr(value, "  ") || strpbrk(value, "\t\r\n") ||
	       (*value && value[strlen(value) - 1] == ' ');
}

/* Writes the setting as a line and reads that into an empty configuration. */
static void check_setting(const struct nipfs__conf_setting *setting)
{
	nipfs_auto_buf struct nipfs_buf line = NIPFS_BUF_INIT(SIZE_MAX);
	struct nipfs_nix_conf again = { NULL, 0 };
	struct nipfs__conf_line parsed;
	const char *value = (const char *)setting->value.ptr;

	/* "extra-include = x" sets what no line can set by itself */
	if (strcmp(setting->name, "include") == 0 ||
	    strcmp(setting->name, "!include") == 0)
		return;
	if (has_two_blanks(value) || strlen(value) != setting->value.len)
		abort();
	if (nipfs__buf_printf(&line, "%s = %s", setting->name, value) < 0)
		return;
	if (nipfs__conf_line_parse(nipfs__buf_slice(&line), &parsed) < 0 ||
	    parsed.kind != NIPFS__CONF_SETTING ||
	    nipfs__conf_set(&again, parsed.name, parsed.value) < 0)
		abort();
	/* what was "extra-extra-x" is "extra-x" now, and would be "x" */
	if (strncmp(setting->name, "extra-", 6) != 0 &&
	    (again.n != 1 || strcmp(again.items[0].name, setting->name) != 0 ||
	     strcmp((const char *)again.items[0].value.ptr, value) != 0))
		abort();
	for (size_t i = 0; i < again.n; i++) {
		free(again.items[i].name);
		nipfs__buf_release(&again.items[i].value);
	}
	free(again.items);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nipfs_nix_conf *conf = calloc(1, sizeof(*conf));
	struct nipfs_slice rest = { data, size };
	int r = 0;

	/* as the reader does: no zero bytes, and the text has an end */
	if (!conf || size > NIPFS__CONF_TEXT_MAX || (size && memchr(data, 0, size)))
		rest.len = 0;
	while (r == 0 && rest.len) {
		const uint8_t *eol = memchr(rest.ptr, '\n', rest.len);
		const size_t n = eol ? (size_t)(eol - rest.ptr) : rest.len;
		struct nipfs__conf_line line;

		if (nipfs__conf_line_parse(nipfs__slice(rest.ptr, n), &line) == 0 &&
		    line.kind == NIPFS__CONF_SETTING)
			r = nipfs__conf_set(conf, line.name, line.value);
		rest = nipfs__slice_skip(rest, eol ? n + 1 : n);
	}
	for (size_t i = 0; r == 0 && conf && i < conf->n; i++)
		check_setting(&conf->items[i]);
	nipfs_nix_conf_free(conf);
	return 0;
}
