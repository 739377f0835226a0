/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What `realize` says of where blocks came from, and of what it would do. */
#include "cli/realize_report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <nixipfs/nix_hash.h>
#include <nixipfs/truth.h>

#include "cli/error.h"
#include "cli/json.h"
#include "cli/output.h"
#include "cli/store_args.h"

enum { AMOUNT = 32 };

void realize_hash_text(const uint8_t *digest, char *out)
{
	const struct nipfs_nix_hash hash = nipfs_nix_hash_sha256(digest);

	(void)nipfs_nix_hash_format(&hash, NIPFS_NIX_BASE32, out);
}

const char *realize_trust_text(enum nipfs_trust trust)
{
	static const char *const texts[] = { [NIPFS_TRUST_CONTENT] = "content",
					     [NIPFS_TRUST_SIGNED] = "signature",
					     [NIPFS_TRUST_UNCHECKED] = "unchecked",
					     [NIPFS_TRUST_DAEMON] = "daemon" };

	return texts[trust];
}

static void bytes_text(char out[static AMOUNT], uint64_t bytes)
{
	progress_amount(out, AMOUNT, NIPFS_UNIT_BYTES, bytes);
}

/* ---- what was done ---------------------------------------------------------------- */

static void print_report_json(const struct realize_report *report)
{
	const struct nipfs_realize_stats *stats = &report->stats;
	json_t *line = json_line_new();

	json_put_text(line, "status", "done");
	json_put_number(line, "placed", report->placed);
	json_put_number(line, "storeBlocks", stats->store_blocks);
	json_put_number(line, "storeBytes", stats->store_bytes);
	json_put_number(line, "resumedBlocks", stats->resumed_blocks);
	json_put_number(line, "resumedBytes", stats->resumed_bytes);
	json_put_number(line, "fetchedBlocks", stats->fetched_blocks);
	json_put_number(line, "fetchedBytes", stats->fetched_bytes);
	json_line_print(line, stdout);
}

void realize_report_print(const struct realize_report *report, const struct common *common)
{
	const struct nipfs_realize_stats *stats = &report->stats;
	char store[AMOUNT], resumed[AMOUNT], fetched[AMOUNT];

	if (common->quiet)
		return;
	if (common->json) {
		print_report_json(report);
		return;
	}
	if (report->placed == 0)
		return;
	bytes_text(store, stats->store_bytes);
	bytes_text(resumed, stats->resumed_bytes);
	bytes_text(fetched, stats->fetched_bytes);
	cli_note(common, "%s came from this store, %s%s%s from elsewhere", store,
		 stats->resumed_blocks ? resumed : "",
		 stats->resumed_blocks ? " from what an interrupted run left, " : "", fetched);
}

/* ---- what would be done ----------------------------------------------------------- */

static const char *planned_text(const struct nipfs_planned *path)
{
	if (path->how == NIPFS_PLANNED_PLACE)
		return path->problem ? "refuse" : "place";
	return path->how == NIPFS_PLANNED_VALID ? "valid" : "missing";
}

static void put_size(json_t *line, const struct nipfs_plan_size *size)
{
	json_put_number(line, "hereBlocks", size->here_blocks);
	json_put_number(line, "hereBytes", size->here_bytes);
	json_put_number(line, "fetchBlocks", size->fetch_blocks);
	json_put_number(line, "fetchBytes", size->fetch_bytes);
	json_put_bool(line, "partial", size->partial);
}

static void print_planned_json(const char *text, const struct nipfs_planned *path)
{
	char hash[NIPFS_NIX_HASH_TEXT_MAX];
	json_t *line = json_line_new();

	json_put_name(line, "path", text_slice(text));
	json_put_text(line, "status", planned_text(path));
	json_put_bool(line, "result", path->asked_for);
	if (path->how == NIPFS_PLANNED_PLACE) {
		json_put_number(line, "narSize", path->nar_size);
		if (path->trusted)
			json_put_text(line, "trust", realize_trust_text(path->trust));
		put_size(line, &path->size);
		if (path->problem)
			json_put_message(line, "problem", path->message);
	}
	if (path->how == NIPFS_PLANNED_VALID) {
		json_put_bool(line, "differs", path->differs);
		realize_hash_text(path->nar_hash, hash);
		json_put_text(line, "narHash", hash);
		realize_hash_text(path->have_hash, hash);
		json_put_text(line, "haveNarHash", hash);
	}
	json_line_print(line, stdout);
}

static void print_size(const struct nipfs_plan_size *size)
{
	char here[AMOUNT], fetch[AMOUNT];

	bytes_text(here, size->here_bytes);
	bytes_text(fetch, size->fetch_bytes);
	printf("%s%llu blocks (%s) here, %llu (%s) to fetch%s", size->partial ? "at least " : "",
	       (unsigned long long)size->here_blocks, here,
	       (unsigned long long)size->fetch_blocks, fetch,
	       size->partial ? ", the rest is unknown" : "");
}

static void print_details(const struct nipfs_planned *path)
{
	char nar[AMOUNT], have[NIPFS_NIX_HASH_TEXT_MAX], said[NIPFS_NIX_HASH_TEXT_MAX];

	if (path->how == NIPFS_PLANNED_VALID && path->differs) {
		realize_hash_text(path->have_hash, have);
		realize_hash_text(path->nar_hash, said);
		printf("  with other contents: %s there, %s in the closure", have, said);
	}
	if (path->how != NIPFS_PLANNED_PLACE)
		return;
	bytes_text(nar, path->nar_size);
	printf("  NAR %s, %s, ", nar,
	       path->trusted ? realize_trust_text(path->trust) : "not trusted");
	print_size(&path->size);
}

static void print_planned(const struct common *common, const struct nipfs_planned *path)
{
	char text[NIPFS_STORE_PATH_MAX];

	(void)nipfs_store_path_format(&path->path, path->store_dir, text);
	if (common->json) {
		print_planned_json(text, path);
	} else if (!common->quiet) {
		printf("%-8s", planned_text(path));
		output_name(common, text_slice(text));
		print_details(path);
		output_end(common);
	} else if (path->how == NIPFS_PLANNED_PLACE) {
		output_name(common, text_slice(text));
		output_end(common);
	}
}

static void print_plan(const struct common *common, const struct nipfs_plan *plan)
{
	char nar[AMOUNT];
	json_t *line;

	if (common->quiet)
		return;
	if (common->json) {
		line = json_line_new();
		json_put_text(line, "status", "planned");
		json_put_number(line, "paths", plan->paths);
		json_put_number(line, "missing", plan->missing);
		json_put_number(line, "narSize", plan->nar_size);
		put_size(line, &plan->size);
		json_line_print(line, stdout);
		return;
	}
	bytes_text(nar, plan->nar_size);
	printf("%-8s%llu %s  NAR %s, ", "total", (unsigned long long)plan->paths,
	       plan->paths == 1 ? "path" : "paths", nar);
	print_size(&plan->size);
	output_end(common);
}

/* ---- planning --------------------------------------------------------------------- */

int realize_plan_open(struct realize_plan *plan, struct nipfs_error *err)
{
	struct nipfs_error why;
	int r = nipfs_plan_before_new(&plan->before, err);

	if (r < 0)
		return r;
	r = store_args_open(&plan->store, plan->common, &why);

	if (r < 0 && r != NIPFS_E_NOTFOUND) {
		*err = why;
		return r;
	}
	/* without an index nothing is known to be here */
	if (plan->store && nipfs_index_open(&plan->index, NULL, false, NULL) < 0)
		plan->index = NULL;
	return 0;
}

/* Of a store that is not there yet, as Nix would make it. */
static const char *store_dir_of(const char *uri)
{
	const char *dir = getenv("NIX_STORE_DIR");

	if (uri && strchr(uri, '?'))
		return NULL; /* it may name any */
	return dir && *dir ? dir : "/nix/store";
}

static int planned(void *ctx, const struct nipfs_planned *path, struct nipfs_error *err)
{
	struct realize_plan *plan = ctx;

	progress_end(&plan->line);
	print_planned(plan->common, path);
	return output_check(err);
}

/* As the sums of one closure, they stop at what a number in JSON can be. */
static void add(uint64_t *to, uint64_t n)
{
	*to = n > INT64_MAX - *to ? INT64_MAX : *to + n;
}

static void add_sums(struct nipfs_plan *to, const struct nipfs_plan *more)
{
	add(&to->paths, more->paths);
	add(&to->missing, more->missing);
	add(&to->nar_size, more->nar_size);
	add(&to->size.here_blocks, more->size.here_blocks);
	add(&to->size.here_bytes, more->size.here_bytes);
	add(&to->size.fetch_blocks, more->size.fetch_blocks);
	add(&to->size.fetch_bytes, more->size.fetch_bytes);
	to->size.partial = to->size.partial || more->size.partial;
}

int realize_plan_closure(struct realize_plan *plan, struct nipfs_block_source *source,
			 const struct nipfs_cid *closure, struct nipfs_plan_options *options,
			 struct nipfs_error *err)
{
	struct nipfs_index_truth truth;
	struct nipfs_error why;
	struct nipfs_plan sums;
	int r;

	options->planned = planned;
	options->ctx = plan;
	options->index = plan->index;
	options->before = plan->before;
	if (plan->store) {
		truth = nipfs_store_truth(plan->store);
		options->reuse = &truth;
	} else {
		options->store_dir = store_dir_of(plan->common->store);
	}
	options->progress = progress_begin(&plan->line, plan->common);
	r = nipfs_realize_plan(plan->store, source, closure, options, &sums, &why);
	progress_end(&plan->line);
	options->reuse = NULL;
	if (r < 0 && !sums.complete) {
		*err = why;
		return r;
	}
	if (r < 0 && plan->first.code == 0)
		plan->first = why;
	add_sums(&plan->sums, &sums);
	return 0;
}

int realize_plan_close(struct realize_plan *plan, int result, struct nipfs_error *err)
{
	if (result == 0) {
		print_plan(plan->common, &plan->sums);
		result = plan->first.code;
		if (result < 0)
			*err = plan->first;
	}
	nipfs_plan_before_free(plan->before);
	nipfs_index_close(plan->index);
	nipfs_store_close(plan->store);
	return result;
}
