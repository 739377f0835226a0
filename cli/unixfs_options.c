/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The options that decide a CID. */
#include "cli/unixfs_options.h"

#include <string.h>

#include "cli/error.h"

static int find_base(const char *name, enum nipfs_base *out, struct nipfs_error *err)
{
	static const char prefixes[] = { NIPFS_BASE_16,	       NIPFS_BASE_16_UPPER,
					 NIPFS_BASE_32,	       NIPFS_BASE_32_UPPER,
					 NIPFS_BASE_36,	       NIPFS_BASE_58_BTC,
					 NIPFS_BASE_64,	       NIPFS_BASE_64_URL,
					 NIPFS_BASE_64_URL_PAD };

	/* as in Kubo, the prefix character does as well */
	if (name[0] && !name[1] && memchr(prefixes, name[0], sizeof(prefixes))) {
		*out = (enum nipfs_base)name[0];
		return 0;
	}
	if (nipfs_base_from_name(name, out) == 0)
		return 0;
	return cli_fill(err, NIPFS_E_USAGE,
			"the base '%s' is not built in: base16, base32, "
			"base36, base58btc, base64 or base64url",
			name);
}

static int set_u32(uint32_t *out, const struct opt_number *number, const char *name,
		   struct nipfs_error *err)
{
	if (!number->set)
		return 0;
	if (number->value > UINT32_MAX)
		return cli_fill(err, NIPFS_E_USAGE, "option '--%s' can't be that large",
				name);
	*out = (uint32_t)number->value;
	return 0;
}

static int set_numbers(const struct unixfs_options *o, struct nipfs_unixfs_params *p,
		       struct nipfs_error *err)
{
	int r = set_u32(&p->inline_limit, &o->inline_limit, "inline-limit", err);

	if (r == 0)
		r = set_u32(&p->max_file_links, &o->max_file_links, "max-file-links",
			    err);
	if (r == 0)
		r = set_u32(&p->max_directory_links, &o->max_directory_links,
			    "max-directory-links", err);
	if (r == 0)
		r = set_u32(&p->hamt_fanout, &o->max_hamt_fanout, "max-hamt-fanout", err);
	return r;
}

static int set_cid_version_and_hash(const struct unixfs_options *o,
				    struct nipfs_unixfs_params *p,
				    struct nipfs_error *err)
{
	if (o->cid_version.set && o->cid_version.value > 1)
		return cli_fill(err, NIPFS_E_USAGE,
				"CID version %llu does not exist: 0 or 1",
				(unsigned long long)o->cid_version.value);
	if (o->cid_version.set)
		p->cid_version = (uint8_t)o->cid_version.value;
	if (!o->hash)
		return 0;
	if (nipfs_hash_from_name(o->hash, &p->hash) < 0)
		return cli_fill(err, NIPFS_E_USAGE,
				"the hash function '%s' is not built in", o->hash);
	if (p->hash != NIPFS_HASH_SHA2_256 && !o->cid_version.set)
		p->cid_version = 1;
	return 0;
}

static void set_raw_leaves(const struct unixfs_options *o, const char *profile,
			   struct nipfs_unixfs_params *p)
{
	const bool metadata =
	    p->mode == NIPFS_MODE_PRESERVE || p->mtime == NIPFS_MTIME_PRESERVE;

	if (o->raw_leaves != UNSET)
		p->raw_leaves = o->raw_leaves == YES;
	else if (strcmp(profile, "unixfs-v0-2015") == 0 ||
		 strcmp(profile, "kubo-cidv1") == 0)
		p->raw_leaves = p->cid_version == 1 && !metadata;
}

int unixfs_params(const struct unixfs_options *o, struct nipfs_unixfs_params *out,
		  struct nipfs_error *err)
{
	const char *profile = o->profile ? o->profile : "nix";
	struct nipfs_unixfs_params p;
	enum nipfs_base base;
	int r;

	if (nipfs_unixfs_profile(profile, &p) < 0)
		return cli_fill(err, NIPFS_E_USAGE,
				"there is no profile '%s': nix, "
				"unixfs-v1-2025, unixfs-v0-2015 or kubo-cidv1",
				profile);
	if (o->chunker && nipfs_chunker_parse(o->chunker, &p.chunker) < 0)
		return cli_fill(err, NIPFS_E_USAGE, "Kubo does not take the chunker '%s'",
				o->chunker);
	if (o->mode)
		p.mode = (enum nipfs_mode_policy)(NIPFS_MODE_NONE + o->mode - 1);
	if (o->mtime)
		p.mtime = (enum nipfs_mtime_policy)(NIPFS_MTIME_NONE + o->mtime - 1);
	if (o->layout)
		p.layout = (enum nipfs_layout)(NIPFS_LAYOUT_BALANCED + o->layout - 1);
	if (o->trickle)
		p.layout = NIPFS_LAYOUT_TRICKLE;
	p.inline_blocks = p.inline_blocks || o->inline_blocks;
	r = set_numbers(o, &p, err);
	if (r == 0)
		r = set_cid_version_and_hash(o, &p, err);
	if (r == 0 && o->cid_base)
		r = find_base(o->cid_base, &base, err);
	if (r < 0)
		return r;
	set_raw_leaves(o, profile, &p);
	r = nipfs_unixfs_check(&p, err);
	if (r == 0)
		*out = p;
	return r;
}

int unixfs_format_cid(const struct unixfs_options *o, const struct nipfs_cid *cid,
		      char *out, struct nipfs_error *err)
{
	struct nipfs_cid printed = *cid;
	enum nipfs_base base;
	int r;

	if (!o->cid_base) {
		(void)nipfs_cid_format(cid, out);
		return 0;
	}
	r = find_base(o->cid_base, &base, err);
	if (r < 0)
		return r;
	if (base != NIPFS_BASE_58_BTC)
		printed.version = 1;
	if (nipfs_cid_format_base(&printed, base, out) < 0)
		return cli_fill(err, NIPFS_E_USAGE, "the CID has no form in base '%s'",
				o->cid_base);
	return 0;
}
