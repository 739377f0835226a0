/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pins as they are typed. */
#include "cli/pin_args.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <nixipfs/add.h>
#include <nixipfs/index.h>

#include "cli/duration.h"
#include "cli/error.h"
#include "cli/output.h"
#include "cli/ref.h"
#include "cli/store_args.h"

/* ---- what the index knows ------------------------------------------------------------- */

struct search {
	struct pin_what *what;
	const char *store_dir; /* of a path */
	int64_t latest;
};

static int see_owner(void *ctx, const struct nipfs_index_owner *owner, struct nipfs_error *err)
{
	struct search *s = ctx;
	struct pin_what *what = s->what;

	(void)err;
	if (owner->kind != NIPFS_INDEX_CLOSURE)
		return 0;
	if (what->kind == PIN_WHAT_CID) {
		if (nipfs_cid_equal(&owner->root.cid, &what->cid))
			memcpy(what->base, owner->key.path.base, sizeof(what->base));
		return 0;
	}
	if (strcmp(owner->key.path.base, what->base) != 0 ||
	    strcmp(owner->key.store_dir, s->store_dir) != 0)
		return 0;
	what->closures = xgrow(what->closures, what->n, &what->cap, sizeof(*what->closures));
	what->closures[what->n++] = owner->root.cid;
	if (what->n == 1 || owner->added >= s->latest) {
		what->closures[what->n - 1] = what->closures[0];
		what->closures[0] = owner->root.cid;
		s->latest = owner->added;
	}
	return 0;
}

/* An index that is not there has nothing. */
static int search_index(struct search *s, struct nipfs_error *err)
{
	struct nipfs_index *index;
	int r = nipfs_index_open(&index, NULL, false, err);

	if (r == NIPFS_E_NOTFOUND)
		return 0;
	if (r < 0)
		return r;
	r = nipfs_index_list(index, see_owner, s, err);
	nipfs_index_close(index);
	return r;
}

/* ---- what was typed --------------------------------------------------------------------- */

static int read_path(struct search *s, const struct common *common, struct nipfs_error *err)
{
	struct nipfs_store_path path;
	struct nipfs_store *store;
	int r = store_args_open(&store, common, err);

	if (r < 0)
		return r;
	r = nipfs_store_resolve(store, s->what->typed, &path, err);
	if (r == 0) {
		memcpy(s->what->base, path.base, sizeof(s->what->base));
		s->store_dir = nipfs_store_real_dir(store);
		r = search_index(s, err);
	}
	nipfs_store_close(store);
	return r;
}

static bool is_ref(const char *typed)
{
	struct nipfs_cid cid;

	return strncmp(typed, "/ipfs/", 6) == 0 || strncmp(typed, "ipfs://", 7) == 0 ||
	       nipfs_cid_parse(text_slice(typed), &cid) == 0;
}

static int read_ref(struct search *s, const struct common *common, struct nipfs_error *err)
{
	struct ref ref;
	int r = ref_parse(s->what->typed, &ref, err);

	if (r < 0)
		return r;
	if (ref.path.len > 1)
		r = cli_fill(err, NIPFS_E_USAGE, "'%s' leads below a CID: a pin is of a CID",
			     s->what->typed);
	s->what->cid = ref.cid;
	ref_release(&ref);
	if (r == 0)
		r = store_args_prepare(common, NIPFS_STORE_READ, err);
	return r < 0 ? r : search_index(s, err);
}

int pin_what_read(const char *typed, const struct common *common, struct pin_what *out,
		  struct nipfs_error *err)
{
	struct search s = { .what = out };

	out->typed = typed;
	out->kind = PIN_WHAT_NAME;
	if (is_ref(typed)) {
		out->kind = PIN_WHAT_CID;
		return read_ref(&s, common, err);
	}
	if (strchr(typed, '/')) {
		out->kind = PIN_WHAT_PATH;
		return read_path(&s, common, err);
	}
	if (!*typed)
		return cli_fill(err, NIPFS_E_USAGE, "no pin has an empty name");
	return 0;
}

void pin_what_release(struct pin_what *what)
{
	free(what->closures);
	*what = (struct pin_what){ .closures = NULL };
}

int pin_what_cid(const struct pin_what *what, struct nipfs_cid *out, struct nipfs_error *err)
{
	if (what->kind == PIN_WHAT_NAME)
		return cli_fill(err, NIPFS_E_USAGE,
				"'%s' is no CID and no store path (which has a slash: './%s')",
				what->typed, what->typed);
	if (what->kind == PIN_WHAT_PATH && what->n == 0)
		return cli_fill(err, NIPFS_E_NOTFOUND,
				"the index knows no closure of '%s': 'nix-ipfs add' it first",
				what->base);
	*out = what->kind == PIN_WHAT_CID ? what->cid : what->closures[0];
	return 0;
}

bool pin_what_is_pattern(const struct pin_what *what)
{
	return strpbrk(what->typed, "*?[") != NULL;
}

bool pin_what_fits_name(const struct pin_what *what, const char *name)
{
	if (!pin_what_is_pattern(what))
		return strcmp(what->typed, name) == 0;
	return *name && fnmatch(what->typed, name, 0) == 0;
}

/* ---- options ---------------------------------------------------------------------------- */

int pin_age_read(const struct pin_age *age, uint64_t *seconds, struct nipfs_error *err)
{
	*seconds = 0;
	if (age->older_than && !duration_read(age->older_than, seconds))
		return cli_fill(err, NIPFS_E_USAGE,
				"option '--older-than' takes 45s, 30m, 12h, 7d or 2w, not '%s'",
				age->older_than);
	return 0;
}

void pin_time_format(int64_t time, char out[32])
{
	const time_t when = (time_t)time;
	struct tm tm;

	if (!gmtime_r(&when, &tm) || strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		out[0] = 0;
}
