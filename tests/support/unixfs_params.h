/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The parameters of UnixFS as words. In a header alone: what stands in the .c
 * files here is linked into the tests of every layer.
 */
#ifndef TESTS_SUPPORT_UNIXFS_PARAMS_H
#define TESTS_SUPPORT_UNIXFS_PARAMS_H

#include <check.h>
#include <nixipfs/unixfs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline bool is_word(const char *text, const char *other)
{
	return strcmp(text, other) == 0;
}

/* Numbers. */
static inline bool set_number(struct nipfs_unixfs_params *p, const char *key,
			      const char *value)
{
	const unsigned long n = strtoul(value, NULL, 10);

	if (is_word(key, "raw-leaves")) {
		p->raw_leaves = n != 0;
	} else if (is_word(key, "cid-version")) {
		p->cid_version = (uint8_t)n;
	} else if (is_word(key, "links")) {
		p->max_file_links = (uint32_t)n;
	} else if (is_word(key, "entries")) {
		p->max_directory_links = (uint32_t)n;
	} else if (is_word(key, "fanout")) {
		p->hamt_fanout = (uint32_t)n;
	} else if (is_word(key, "threshold")) {
		p->hamt_threshold = n;
	} else if (is_word(key, "inline")) {
		p->inline_blocks = true;
		p->inline_limit = (uint32_t)n;
	} else {
		return false;
	}
	return true;
}

/* Names. */
static inline void set_name(struct nipfs_unixfs_params *p, const char *key,
			    const char *value)
{
	if (is_word(key, "chunker"))
		ck_assert_int_eq(nipfs_chunker_parse(value, &p->chunker), 0);
	else if (is_word(key, "hash"))
		ck_assert_int_eq(nipfs_hash_from_name(value, &p->hash), 0);
	else if (is_word(key, "layout"))
		p->layout = is_word(value, "trickle") ? NIPFS_LAYOUT_TRICKLE :
						   NIPFS_LAYOUT_BALANCED;
	else if (is_word(key, "estimate"))
		p->hamt_estimate = is_word(value, "links") ? NIPFS_HAMT_BY_LINKS :
				   is_word(value, "block") ? NIPFS_HAMT_BY_BLOCK :
							NIPFS_HAMT_DISABLED;
	else if (is_word(key, "mode"))
		p->mode = is_word(value, "preserve")   ? NIPFS_MODE_PRESERVE :
			  is_word(value, "executable") ? NIPFS_MODE_EXECUTABLE :
						    NIPFS_MODE_NONE;
	else if (is_word(key, "mtime"))
		p->mtime = NIPFS_MTIME_PRESERVE;
	else
		ck_abort_msg("'%s' is no parameter", key);
}

/*
 * A profile and what differs from it: "kubo-cidv1 raw-leaves=0 chunker=size-4
 * layout=trickle links=3 fanout=8 entries=10 threshold=1 estimate=block hash=sha2-512
 * cid-version=0 mode=preserve mtime=preserve inline=32". A bad word fails the test.
 */
static inline struct nipfs_unixfs_params unixfs_params(const char *words)
{
	struct nipfs_unixfs_params p;
	char copy[512], *rest = copy, *word;

	(void)snprintf(copy, sizeof(copy), "%s", words);
	word = strsep(&rest, " ");
	ck_assert_msg(nipfs_unixfs_profile(word, &p) == 0, "no profile '%s'", word);
	while ((word = strsep(&rest, " "))) {
		char *value = strchr(word, '=');

		ck_assert_ptr_nonnull(value);
		*value++ = 0;
		if (!set_number(&p, word, value))
			set_name(&p, word, value);
	}
	return p;
}

#endif
