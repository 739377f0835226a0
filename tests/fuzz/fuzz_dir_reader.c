/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * UnixFS directories, flat and HAMT, from any blocks: what is listed is in order,
 * has names that may be, and each of it is found by its name. Input: see fuzz_blocks.h.
 */
#include <nixipfs/dag.h>

#include "tests/fuzz/fuzz_blocks.h"

enum { ENTRIES_MAX = 300 };

struct listing {
	struct nipfs_dir_entry entries[ENTRIES_MAX];
	size_t n;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int compare(struct nipfs_slice a, struct nipfs_slice b)
{
	const int r = memcmp(a.ptr, b.ptr, a.len < b.len ? a.len : b.len);

	return r ? r : (a.len > b.len) - (a.len < b.len);
}

static int take(void *ctx, const struct nipfs_dir_entry *entry, struct nipfs_error *err)
{
	struct listing *l = ctx;
	uint8_t *name = malloc(entry->name.len + 1);

	(void)err;
	if (!name || l->n == ENTRIES_MAX) {
		free(name);
		return NIPFS_E_CANCELLED;
	}
	memcpy(name, entry->name.ptr, entry->name.len);
	l->entries[l->n] = *entry;
	l->entries[l->n].name.ptr = name;
	if (entry->name.len == 0 || memchr(name, '/', entry->name.len) ||
	    memchr(name, 0, entry->name.len) ||
	    (l->n > 0 && compare(l->entries[l->n - 1].name, entry->name) >= 0))
		abort();
	l->n++;
	return 0;
}

static void forget(struct listing *l)
{
	while (l->n > 0)
		free((void *)(uintptr_t)l->entries[--l->n].name.ptr);
}

static void check_found(struct nipfs_block_source *source, const struct nipfs_cid *root,
			const struct nipfs_dir_entry *entry)
{
	struct nipfs_dir_entry found;

	if (nipfs_dag_lookup(source, root, entry->name, &found, NULL) < 0 ||
	    !nipfs_cid_equal(&found.cid, &entry->cid) || found.tsize != entry->tsize)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct listing first, again;
	struct fuzz_blocks *b = fuzz_blocks_new(data, size);
	const struct nipfs_cid root = fuzz_blocks_cid(0);
	struct nipfs_dir_entry entry;
	struct nipfs_error err;
	int r = nipfs_dag_list(&b->source, &root, take, &first, &err);

	b->last_first = true;
	if (nipfs_dag_list(&b->source, &root, take, &again, NULL) != r || again.n != first.n)
		abort();
	for (size_t i = 0; r == 0 && i < first.n; i++) {
		if (compare(first.entries[i].name, again.entries[i].name) != 0)
			abort();
		check_found(&b->source, &root, &first.entries[i]);
	}
	r = nipfs_dag_lookup(&b->source, &root, (struct nipfs_slice){ (const uint8_t *)"a", 1 },
			     &entry, &err);
	(void)r;
	forget(&first);
	forget(&again);
	nipfs_block_source_free(&b->source);
	return 0;
}
