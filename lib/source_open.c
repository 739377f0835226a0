/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a list of texts names, as one block source. */
#include <nixipfs/network.h>

#include <stdlib.h>
#include <string.h>

#include <nixipfs/sources.h>

#include "lib/ipfs/network.h"
#include "lib/ipfs/node.h"
#include "multiformats/base/auto.h"
#include "multiformats/base/err.h"

static bool is_network(const char *text)
{
	return strcmp(text, "kubo") == 0 || nipfs__is_url(text);
}

/* Opens the CAR, or all of the network, that @from begins with. @used: texts of it. */
static int open_first(struct nipfs_block_source **out, const char *const *from, size_t n,
		      size_t *used, const struct nipfs_network_options *options,
		      struct nipfs_error *err)
{
	size_t in_a_row = 0;

	while (in_a_row < n && is_network(from[in_a_row]))
		in_a_row++;
	*used = in_a_row ? in_a_row : 1;
	return in_a_row ? nipfs__network_new(out, from, in_a_row, options, err) :
			  nipfs_car_source_open(out, from[0], err);
}

int nipfs_source_open(struct nipfs_block_source **out, const char *const *from, size_t n,
		      const struct nipfs_network_options *options, struct nipfs_error *err)
{
	static const struct nipfs_network_options defaults;
	nipfs_auto_free struct nipfs_block_source **members =
		calloc(n, sizeof(struct nipfs_block_source *));
	size_t n_members = 0, used;
	int r = 0;

	if (!members)
		return nipfs__fail_nomem(err);
	for (size_t at = 0; r == 0 && at < n; at += used) {
		r = open_first(&members[n_members], from + at, n - at, &used,
			       options ? options : &defaults, err);
		n_members += r == 0;
	}
	if (r == 0 && n_members == 1)
		*out = members[0];
	else if (r == 0)
		r = nipfs_chain_source_new(out, members, n_members, err);
	for (size_t i = 0; r < 0 && i < n_members; i++)
		nipfs_block_source_free(members[i]);
	return r;
}

bool nipfs_kubo_is_known(void)
{
	return nipfs__node_has_api_file();
}
