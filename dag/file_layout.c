/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Balanced and trickle files, with one open node per level. */
#include "dag/file_layout.h"

#include <assert.h>

#include "multiformats/base/err.h"

/* Children of each depth that a trickle node has, one depth after another. */
enum { TRICKLE_REPEAT = 4 };

void nipfs__file_layout_init(struct nipfs__file_layout *l,
			     const struct nipfs__block_maker *maker)
{
	static const struct nipfs__file_node empty = NIPFS__FILE_NODE_INIT;

	l->maker = maker;
	l->height = 0;
	for (size_t i = 0; i < NIPFS__LAYOUT_LEVELS; i++)
		l->nodes[i] = empty;
	nipfs__file_layout_clear(l);
}

void nipfs__file_layout_release(struct nipfs__file_layout *l)
{
	for (size_t i = 0; i < NIPFS__LAYOUT_LEVELS; i++)
		nipfs__file_node_release(&l->nodes[i]);
}

void nipfs__file_layout_clear(struct nipfs__file_layout *l)
{
	while (l->height)
		nipfs__file_node_clear(&l->nodes[--l->height]);
	if (l->maker->params.layout == NIPFS_LAYOUT_TRICKLE) {
		l->trickle[0] = (struct nipfs__trickle_place){ 0, 1, 0 };
		l->height = 1;
	}
}

static int too_high(struct nipfs_error *err)
{
	return nipfs__fail(err, NIPFS_E_LIMIT,
			   "a file of more than %d levels: allow more links",
			   NIPFS__LAYOUT_LEVELS);
}

/* Adds to the open node of a level; full ones move up until there is room. */
static int balanced_add(struct nipfs__file_layout *l, size_t level,
			const struct nipfs_link *child, struct nipfs_error *err)
{
	struct nipfs_link full, next = *child;

	for (; level < NIPFS__LAYOUT_LEVELS; level++) {
		struct nipfs__file_node *node = &l->nodes[level];
		const bool is_full = node->n == l->maker->params.max_file_links;
		int r = 0;

		if (is_full)
			r = nipfs__file_node_finish(node, l->maker, NULL, &full, err);
		if (r == 0)
			r = nipfs__file_node_add(node, &next, err);
		if (r < 0)
			return r;
		if (level == l->height)
			l->height++;
		if (!is_full)
			return 0;
		next = full;
	}
	return too_high(err);
}

static int balanced_finish(struct nipfs__file_layout *l,
			   const struct nipfs__attributes *attributes,
			   struct nipfs_link *out, struct nipfs_error *err)
{
	struct nipfs_link link;
	int r = 0;

	/* moving a node up may add a level: the height is read anew */
	for (size_t level = 0; r == 0 && level + 1 < l->height; level++) {
		r = nipfs__file_node_finish(&l->nodes[level], l->maker, NULL, &link, err);
		if (r == 0)
			r = balanced_add(l, level + 1, &link, err);
	}
	if (r < 0)
		return r;
	return nipfs__file_node_finish(&l->nodes[l->height - 1], l->maker, attributes,
				       out, err);
}

/* Makes the innermost open node and links it from the one around it. */
static int trickle_close(struct nipfs__file_layout *l, struct nipfs_error *err)
{
	struct nipfs__trickle_place *above = &l->trickle[l->height - 2];
	struct nipfs_link link;
	int r =
	    nipfs__file_node_finish(&l->nodes[l->height - 1], l->maker, NULL, &link, err);

	if (r == 0)
		r = nipfs__file_node_add(&l->nodes[l->height - 2], &link, err);
	if (r < 0)
		return r;
	l->height--;
	if (++above->repeated == TRICKLE_REPEAT) {
		above->repeated = 0;
		above->depth++;
	}
	return 0;
}

static int trickle_add(struct nipfs__file_layout *l, const struct nipfs_link *leaf,
		       struct nipfs_error *err)
{
	for (;;) {
		const struct nipfs__trickle_place top = l->trickle[l->height - 1];
		struct nipfs__file_node *node = &l->nodes[l->height - 1];

		if (node->n < l->maker->params.max_file_links)
			return nipfs__file_node_add(node, leaf, err);
		if (top.depth_max && top.depth >= top.depth_max) {
			const int r = trickle_close(l, err);

			if (r < 0)
				return r;
			continue;
		}
		if (l->height == NIPFS__LAYOUT_LEVELS)
			return too_high(err);
		l->trickle[l->height++] =
		    (struct nipfs__trickle_place){ top.depth, 1, 0 };
	}
}

static int trickle_finish(struct nipfs__file_layout *l,
			  const struct nipfs__attributes *attributes,
			  struct nipfs_link *out, struct nipfs_error *err)
{
	while (l->height > 1) {
		const int r = trickle_close(l, err);

		if (r < 0)
			return r;
	}
	return nipfs__file_node_finish(&l->nodes[0], l->maker, attributes, out, err);
}

int nipfs__file_layout_add(struct nipfs__file_layout *l, const struct nipfs_link *leaf,
			   struct nipfs_error *err)
{
	if (l->maker->params.layout == NIPFS_LAYOUT_TRICKLE)
		return trickle_add(l, leaf, err);
	return balanced_add(l, 0, leaf, err);
}

int nipfs__file_layout_finish(struct nipfs__file_layout *l,
			      const struct nipfs__attributes *attributes,
			      struct nipfs_link *out, struct nipfs_error *err)
{
	int r;

	assert(l->height > 0);
	if (l->maker->params.layout == NIPFS_LAYOUT_TRICKLE)
		r = trickle_finish(l, attributes, out, err);
	else
		r = balanced_finish(l, attributes, out, err);
	nipfs__file_layout_clear(l);
	return r;
}
