/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * narinfos: what is taken says the same when it is written in our form and read
 * again, and that form never changes any more.
 */
#include <stdlib.h>
#include <string.h>

#include <nixipfs/keys.h>
#include <nixipfs/narinfo.h>

#include "lib/nix/content_address.h"
#include "multiformats/base/slice.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define STORE "/nix/store"

static void same_info(const struct nipfs_path_info *a, const struct nipfs_path_info *b)
{
	if (nipfs_store_path_compare(&a->path, &b->path) != 0 ||
	    memcmp(a->nar_hash, b->nar_hash, 32) != 0 || a->nar_size != b->nar_size ||
	    a->n_refs != b->n_refs || a->n_sigs != b->n_sigs ||
	    a->has_deriver != b->has_deriver || !a->ca != !b->ca)
		abort();
	if (a->n_refs && memcmp(a->refs, b->refs, a->n_refs * sizeof(*a->refs)) != 0)
		abort();
	for (size_t i = 0; i < a->n_sigs; i++)
		if (strcmp(a->sigs[i], b->sigs[i]) != 0)
			abort();
	if (a->has_deriver && nipfs_store_path_compare(&a->deriver, &b->deriver) != 0)
		abort();
	if (a->ca && strcmp(a->ca, b->ca) != 0)
		abort();
}

/* The sets are sorted and have nothing twice. */
static void check_sets(const struct nipfs_path_info *info)
{
	for (size_t i = 1; i < info->n_refs; i++)
		if (nipfs_store_path_compare(&info->refs[i - 1], &info->refs[i]) >= 0)
			abort();
	for (size_t i = 1; i < info->n_sigs; i++)
		if (strcmp(info->sigs[i - 1], info->sigs[i]) >= 0)
			abort();
}

static void check_trust(const struct nipfs_path_info *info)
{
	const struct nipfs_keyring none = { NULL, 0 };
	struct nipfs__ca ca;
	size_t good = 1;

	if (nipfs_path_info_check_sigs(info, STORE, &none, NULL, &good, NULL) < 0 ||
	    good != 0)
		abort();
	if (info->ca)
		(void)!nipfs__ca_check(info, STORE, &ca, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nipfs_error err = { 0 };
	struct nipfs_narinfo ni, back;
	char *text, *again;
	size_t len, again_len;

	if (nipfs_narinfo_parse(nipfs__slice(data, size), STORE, &ni, &err) < 0) {
		if (!err.msg[0] || strchr(err.msg, '\n'))
			abort();
		return 0;
	}
	check_sets(&ni.info);
	check_trust(&ni.info);
	if (nipfs_narinfo_format(&ni.info, STORE, &text, &len, NULL) == 0) {
		if (nipfs_narinfo_parse(nipfs__slice(text, len), STORE, &back, NULL) < 0)
			abort();
		same_info(&ni.info, &back.info);
		if (nipfs_narinfo_format(&back.info, STORE, &again, &again_len, NULL) <
			0 ||
		    again_len != len || memcmp(text, again, len) != 0)
			abort();
		nipfs_narinfo_release(&back);
		free(again);
		free(text);
	}
	nipfs_narinfo_release(&ni);
	return 0;
}
