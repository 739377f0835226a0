/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* CIDs with paths as they are typed. */
#include "cli/ref.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <nixipfs/dag.h>
#include <nixipfs/resolve.h>

#include "cli/error.h"

static int hex_value(char c)
{
	const char *const digits = "0123456789abcdef";
	const char *at =
	    c ? strchr(digits, c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* Decodes %XX in place. Not the bytes that no name can hold. */
static int percent_decode(char *path, size_t *len, const char *typed,
			  struct nipfs_error *err)
{
	char *out = path;

	for (const char *in = path; *in; in++) {
		int high, low;

		if (*in == '?' || *in == '#')
			return cli_fill(
			    err, NIPFS_E_USAGE,
			    "'%c' ends the path of the URI '%s': write %%%02X when "
			    "it is part of a name",
			    *in, typed, (unsigned int)*in);
		if (*in != '%') {
			*out++ = *in;
			continue;
		}
		high = hex_value(in[1]);
		low = high < 0 ? -1 : hex_value(in[2]);
		if (low < 0)
			return cli_fill(
			    err, NIPFS_E_USAGE,
			    "'%%' in the URI '%s' needs two hex digits behind it", typed);
		if (high * 16 + low == 0 || high * 16 + low == '/')
			return cli_fill(err, NIPFS_E_USAGE,
					"%%%.2s in the URI '%s' can't be part of a name",
					in + 1, typed);
		*out++ = (char)(high * 16 + low);
		in += 2;
	}
	*len = (size_t)(out - path);
	return 0;
}

static bool begins_with(const char *text, const char *prefix)
{
	return strncasecmp(text, prefix, strlen(prefix)) == 0;
}

/* What stands before the CID; @is_uri: whether percent signs mean something behind it. */
static size_t prefix_length(const char *typed, bool *is_uri)
{
	*is_uri = begins_with(typed, "ipfs://");
	if (*is_uri)
		return strlen("ipfs://");
	return strncmp(typed, "/ipfs/", strlen("/ipfs/")) == 0 ? strlen("/ipfs/") : 0;
}

int ref_parse(const char *typed, struct ref *out, struct nipfs_error *err)
{
	bool is_uri;
	const char *const begin = typed + prefix_length(typed, &is_uri);
	const size_t n = strcspn(begin, "/");
	struct ref ref = { .text = NULL };
	size_t len = strlen(begin + n);
	int r;

	if (begins_with(typed, "/ipns/") || begins_with(typed, "ipns://"))
		return cli_fill(
		    err, NIPFS_E_USAGE,
		    "'%s' is a name that may change, not a CID: resolve it first", typed);
	r = nipfs_cid_parse((struct nipfs_slice){ (const uint8_t *)begin, n }, &ref.cid);
	if (r == NIPFS_E_UNSUPPORTED)
		return cli_fill(
		    err, NIPFS_E_USAGE,
		    "the CID '%.*s' has a base or hash function that is not built in",
		    (int)n, begin);
	if (r < 0)
		return cli_fill(
		    err, NIPFS_E_USAGE,
		    "'%s' is not a CID, CID/path, /ipfs/CID/path or ipfs://CID/path",
		    typed);
	ref.text = xcalloc(len + 1, 1);
	memcpy(ref.text, begin + n, len);
	r = is_uri ? percent_decode(ref.text, &len, typed, err) : 0;
	if (r < 0) {
		free(ref.text);
		return r;
	}
	ref.path = (struct nipfs_slice){ (const uint8_t *)ref.text, len };
	*out = ref;
	return 0;
}

void ref_release(struct ref *ref)
{
	free(ref->text);
	*ref = (struct ref){ .text = NULL };
}

int ref_open(const char *typed, enum ref_meaning meaning, const struct common *common,
	     struct blocks *blocks, struct nipfs_cid *cid, struct nipfs_error *err)
{
	struct ref ref;
	int r = ref_parse(typed, &ref, err);

	if (r < 0)
		return r;
	if (!blocks->source)
		r = blocks_open(blocks, common, err);
	if (r == 0 && meaning == REF_TREE)
		r = nipfs_resolve_tree(blocks->source, &ref.cid, ref.path, cid, err);
	else if (r == 0)
		r = nipfs_resolve_path(blocks->source, &ref.cid, ref.path, cid, err);
	ref_release(&ref);
	return r;
}
