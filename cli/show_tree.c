/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A closure as a tree of references. */
#include "cli/show_tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/error.h"
#include "cli/output.h"

/* A path on the way down, and which of its references comes next. */
struct level {
	size_t path;
	size_t next_ref;
};

struct tree {
	const struct common *common;
	const struct nipfs_closure_set *set;
	const struct nipfs_path_sizes *sizes;
	size_t *by_name;    /* numbers of the paths in the order of their names */
	struct level *levels; /* as many as there are paths */
	size_t depth;
	bool *printed;
	bool *referred_to;
};

/* ---- numbers of paths ---------------------------------------------------------- */

static int compare_names(const void *a, const void *b, void *set)
{
	const struct nipfs_closure_set *s = set;

	return nipfs_store_path_compare(&s->infos[*(const size_t *)a].path,
					&s->infos[*(const size_t *)b].path);
}

/* The number of a path, or that of none: the count of paths. */
static size_t find(const struct tree *t, const struct nipfs_store_path *path)
{
	size_t low = 0, high = t->set->n;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		const size_t number = t->by_name[middle];
		const int order =
			nipfs_store_path_compare(path, &t->set->infos[number].path);

		if (order == 0)
			return number;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return t->set->n;
}

/* The next reference of the path on top that is in the set and not the path itself. */
static size_t next_ref(struct tree *t)
{
	struct level *l = &t->levels[t->depth - 1];
	const struct nipfs_path_info *info = &t->set->infos[l->path];

	while (l->next_ref < info->n_refs) {
		const size_t number = find(t, &info->refs[l->next_ref++]);

		if (number < t->set->n && number != l->path)
			return number;
	}
	return t->set->n;
}

/* Whether the path of a level has more references to come. */
static bool has_more(struct tree *t, size_t level)
{
	const size_t depth = t->depth, saved = t->levels[level].next_ref;
	bool more;

	t->depth = level + 1;
	more = next_ref(t) < t->set->n;
	t->levels[level].next_ref = saved;
	t->depth = depth;
	return more;
}

/* ---- lines ----------------------------------------------------------------------- */

static void print_size(uint64_t bytes)
{
	static const char *const units[] = { "B", "kB", "MB", "GB", "TB" };
	double value = (double)bytes;
	size_t unit = 0;

	while (value >= 1000 && unit + 1 < sizeof(units) / sizeof(units[0])) {
		value /= 1000;
		unit++;
	}
	printf(unit ? "%8.1f %-2s" : "%8.0f %-2s", value, units[unit]);
}

static void print_line(struct tree *t, size_t path, bool again)
{
	const struct nipfs_path_sizes *s = &t->sizes[path];
	const char *base = t->set->infos[path].path.base;

	print_size(s->nar_size);
	print_size(s->closure_size);
	print_size(s->shared_bytes);
	(void)fputs("  ", stdout);
	for (size_t level = 0; level < t->depth; level++) {
		const bool last = level + 1 == t->depth;

		if (has_more(t, level))
			(void)fputs(last ? "├───" : "│   ", stdout);
		else
			(void)fputs(last ? "└───" : "    ", stdout);
	}
	output_name(t->common, text_slice(base));
	(void)fputs(again ? " [...]\n" : "\n", stdout);
}

/* A path comes before what refers to it only once, so the way down has no circle. */
static void visit(struct tree *t, size_t path)
{
	const bool again = t->printed[path] && t->set->infos[path].n_refs > 0;

	print_line(t, path, again);
	if (again)
		return;
	t->printed[path] = true;
	t->levels[t->depth++] = (struct level){ path, 0 };
}

static void print_from(struct tree *t, size_t root)
{
	visit(t, root);
	while (t->depth > 0) {
		const size_t path = next_ref(t);

		if (path < t->set->n)
			visit(t, path);
		else
			t->depth--;
	}
}

static void find_referred_to(struct tree *t)
{
	for (size_t i = 0; i < t->set->n; i++)
		for (size_t ref = 0; ref < t->set->infos[i].n_refs; ref++) {
			const size_t number = find(t, &t->set->infos[i].refs[ref]);

			if (number < t->set->n && number != i)
				t->referred_to[number] = true;
		}
}

void show_tree(const struct common *common, const struct nipfs_closure_set *set,
	       const struct nipfs_path_sizes *sizes, const struct nipfs_store_path *results,
	       size_t n_results)
{
	struct tree t = { .common = common, .set = set, .sizes = sizes };

	t.by_name = xcalloc(set->n + 1, sizeof(*t.by_name));
	t.levels = xcalloc(set->n + 1, sizeof(*t.levels));
	t.printed = xcalloc(set->n + 1, sizeof(*t.printed));
	t.referred_to = xcalloc(set->n + 1, sizeof(*t.referred_to));
	for (size_t i = 0; i < set->n; i++)
		t.by_name[i] = i;
	qsort_r(t.by_name, set->n, sizeof(*t.by_name), compare_names,
		(void *)(uintptr_t)set);
	if (!common->quiet)
		printf("%8s   %8s   %8s\n", "own", "closure", "shared");
	for (size_t i = 0; i < n_results; i++)
		if (find(&t, &results[i]) < set->n)
			print_from(&t, find(&t, &results[i]));
	find_referred_to(&t);
	/* what the results do not need stands by itself */
	for (size_t i = 0; i < set->n; i++)
		if (!t.referred_to[t.by_name[i]] && !t.printed[t.by_name[i]])
			print_from(&t, t.by_name[i]);
	free(t.by_name);
	free(t.levels);
	free(t.printed);
	free(t.referred_to);
}
