/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who vouches for the paths of a closure, and whether that counts here. */
#include "cli/show_sigs.h"

#include <stdio.h>
#include <stdlib.h>

#include "cli/error.h"
#include "cli/json.h"
#include "cli/output.h"

/* What is known of a path. */
struct vouched {
	const struct nipfs_path_info *info;
	enum nipfs_sig_verdict *sigs; /* of each signature */
	size_t n_good;
	enum { NO_CA, RIGHT_CA, WRONG_CA } ca;
};

static const char *const verdict_texts[] = { [NIPFS_SIG_GOOD] = "trusted",
					     [NIPFS_SIG_BAD] = "WRONG signature",
					     [NIPFS_SIG_UNKNOWN_KEY] = "unknown key",
					     [NIPFS_SIG_MALFORMED] = "no signature" };
static const char *const verdict_names[] = { [NIPFS_SIG_GOOD] = "trusted",
					     [NIPFS_SIG_BAD] = "wrong",
					     [NIPFS_SIG_UNKNOWN_KEY] = "unknown",
					     [NIPFS_SIG_MALFORMED] = "malformed" };

/* Whether the name follows from the content address; whether that is true is seen
 * when the content is there. */
static int look_at_ca(struct vouched *v, const char *store_dir, struct nipfs_error *err)
{
	static const struct nipfs_trust_policy anything = { .no_check_sigs = true };
	enum nipfs_trust why = NIPFS_TRUST_UNCHECKED;
	const int r = nipfs_trust_check(&anything, v->info, store_dir, &why, err);

	if (r < 0 && r != NIPFS_E_MISMATCH && r != NIPFS_E_INVALID)
		return r;
	v->ca = r < 0 ? WRONG_CA : why == NIPFS_TRUST_CONTENT ? RIGHT_CA : NO_CA;
	return 0;
}

static int examine(struct vouched *out, const struct trust *trust, const char *store_dir,
		   const struct nipfs_path_info *info, struct nipfs_error *err)
{
	int r;

	*out = (struct vouched){ .info = info };
	out->sigs = xcalloc(info->n_sigs + 1, sizeof(*out->sigs));
	r = look_at_ca(out, store_dir, err);
	if (r == 0)
		r = nipfs_path_info_check_sigs(info, store_dir, &trust->keys, out->sigs,
					       &out->n_good, err);
	if (r < 0)
		free(out->sigs);
	return r;
}

static bool is_trusted(const struct vouched *v)
{
	return v->ca == RIGHT_CA || (v->ca == NO_CA && v->n_good > 0);
}

static void print_line(const struct common *common, const char *verdict,
		       struct nipfs_slice who)
{
	printf("  %-24s", verdict);
	output_name(common, who);
	(void)putchar('\n');
}

static void print_lines(const struct common *common, const struct vouched *v)
{
	const struct nipfs_path_info *info = v->info;

	(void)putchar('\n');
	for (size_t i = 0; i < info->n_sigs; i++)
		print_line(common, verdict_texts[v->sigs[i]],
			   nipfs_sig_key_name(text_slice(info->sigs[i])));
	if (info->ca)
		print_line(common,
			   v->ca == RIGHT_CA   ? "content-addressed"
			   : v->ca == WRONG_CA ? "WRONG content address"
					       : "unchecked content address",
			   text_slice(info->ca));
	else if (info->n_sigs == 0)
		puts("  not signed");
	(void)putchar('\n');
}

int show_sigs_print(const struct common *common, const struct trust *trust,
		    const char *store_dir, const struct nipfs_path_info *info,
		    struct nipfs_error *err)
{
	char path[NIPFS_STORE_PATH_MAX];
	struct vouched v;
	const int r = examine(&v, trust, store_dir, info, err);

	if (r < 0)
		return r;
	if (!common->quiet || !is_trusted(&v)) {
		(void)nipfs_store_path_format(&info->path, store_dir, path);
		output_name(common, text_slice(path));
		if (common->quiet)
			output_end(common);
		else
			print_lines(common, &v);
	}
	free(v.sigs);
	return 0;
}

int show_sigs_json(json_t *object, const struct trust *trust, const char *store_dir,
		   const struct nipfs_path_info *info, struct nipfs_error *err)
{
	static const char *const cas[] = { "none", "right", "wrong" };
	json_t *keys;
	struct vouched v;
	const int r = examine(&v, trust, store_dir, info, err);

	if (r < 0)
		return r;
	keys = json_array();
	for (size_t i = 0; i < info->n_sigs; i++) {
		json_t *key = json_line_new();

		json_put_name(key, "key", nipfs_sig_key_name(text_slice(info->sigs[i])));
		json_put_text(key, "verdict", verdict_names[v.sigs[i]]);
		(void)json_array_append_new(keys, key);
	}
	json_put(object, "keys", keys);
	json_put_text(object, "contentAddress",
		      v.ca == NO_CA && info->ca ? "unchecked" : cas[v.ca]);
	json_put_bool(object, "trusted", is_trusted(&v));
	free(v.sigs);
	return 0;
}
