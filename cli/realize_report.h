/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What `realize` says of where blocks came from, and of what it would do. */
#ifndef CLI_REALIZE_REPORT_H
#define CLI_REALIZE_REPORT_H

#include <nixipfs/realize.h>

#include "cli/command.h"
#include "cli/progress.h"

/* The base-32 of a NAR hash, NUL-terminated; @out: NIPFS_NIX_HASH_TEXT_MAX bytes. */
void realize_hash_text(const uint8_t *digest, char *out);

/* What stands for a reason in JSON. */
const char *realize_trust_text(enum nipfs_trust trust);

/* What was done so far. Start with zeros. */
struct realize_report {
	uint64_t placed;
	struct nipfs_realize_stats stats;
};

/*
 * The closing line: where the blocks came from. Nothing with --quiet; with --json an
 * object on stdout; for people nothing either where no path was placed.
 */
void realize_report_print(const struct realize_report *report, const struct common *common);

/**
 * struct realize_plan - what would be done with some closures
 * @common: the options
 *
 * Start with that and zeros.
 */
struct realize_plan {
	const struct common *common;
	/* private */
	struct nipfs_store *store; /* NULL: it is not there yet, and would be made */
	struct nipfs_plan_before *before;
	struct nipfs_index *index;
	struct progress_line line;
	struct nipfs_plan sums;
	struct nipfs_error first; /* what the real run would fail with */
};

/* Opens store and index, where they are there. Return: 0, or as nipfs_store_open(). */
int realize_plan_open(struct realize_plan *plan, struct nipfs_error *err);

/**
 * realize_plan_closure() - print what would become of the paths of one closure
 * @options: wanted, trust and strict; the rest is filled
 *
 * Return: 0, also where the real run would fail: realize_plan_close() says so. Else as
 * nipfs_realize_plan().
 */
int realize_plan_closure(struct realize_plan *plan, struct nipfs_block_source *source,
			 const struct nipfs_cid *closure, struct nipfs_plan_options *options,
			 struct nipfs_error *err);

/**
 * realize_plan_close() - print the sums, and end
 * @result: 0, or what went wrong with the plan, with @err filled
 *
 * Return: @result, or what the real run would fail with, with @err filled.
 */
int realize_plan_close(struct realize_plan *plan, int result, struct nipfs_error *err);

#endif
