/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The names in the open directories of a walk. */
#include "lib/disk/names.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>

enum {
	RAW_BYTES = 64 * 1024,
	/* both below 2^32, so that an item is small; room for 30 million names or so */
	NAMES_BYTES_MAX = 1 << 30,
	ITEMS_BYTES_MAX = 256 << 20,
};

struct item {
	uint32_t at;
	uint16_t len;
	uint8_t type;
};

int nipfs__names_init(struct nipfs__names *n)
{
	*n = (struct nipfs__names){
		.bytes = NIPFS_BUF_INIT(NAMES_BYTES_MAX),
		.items = NIPFS_BUF_INIT(ITEMS_BYTES_MAX),
		.raw = malloc(RAW_BYTES),
	};
	return n->raw ? 0 : NIPFS_E_NOMEM;
}

void nipfs__names_release(struct nipfs__names *n)
{
	nipfs__buf_release(&n->bytes);
	nipfs__buf_release(&n->items);
	free(n->raw);
	n->raw = NULL;
}

static struct item *items(const struct nipfs__names *n)
{
	return (struct item *)(void *)n->items.ptr;
}

size_t nipfs__names_count(const struct nipfs__names *n)
{
	return n->items.len / sizeof(struct item);
}

struct nipfs__name nipfs__names_get(const struct nipfs__names *n, size_t i)
{
	const struct item *item = items(n) + i;

	return (struct nipfs__name){ nipfs__slice(n->bytes.ptr + item->at, item->len),
				     item->type };
}

static int add(struct nipfs__names *n, const struct dirent64 *entry, bool skip_hidden)
{
	const char *name = entry->d_name;
	struct item item = { .type = entry->d_type };
	size_t len;
	int r;

	if (name[0] == '.' && (skip_hidden || !name[1] || (name[1] == '.' && !name[2])))
		return 0;
	len = strlen(name);
	item.at = (uint32_t)n->bytes.len;
	item.len = (uint16_t)len;
	r = nipfs__buf_put(&n->bytes, name, len);
	return r < 0 ? r : nipfs__buf_put(&n->items, &item, sizeof(item));
}

int nipfs__names_read(struct nipfs__names *n, int fd, bool skip_hidden)
{
	ssize_t got;

	while ((got = getdents64(fd, n->raw, RAW_BYTES)) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return NIPFS_E_SYS;
		for (size_t at = 0; at < (size_t)got;) {
			const struct dirent64 *entry = (const void *)(n->raw + at);
			const int r = add(n, entry, skip_hidden);

			if (r < 0)
				return r;
			at += entry->d_reclen;
		}
	}
	return 0;
}

static int compare(const void *a, const void *b, void *ctx)
{
	const struct nipfs__names *n = ctx;
	const struct item *x = a, *y = b;

	return nipfs__slice_cmp(nipfs__slice(n->bytes.ptr + x->at, x->len),
				nipfs__slice(n->bytes.ptr + y->at, y->len));
}

int nipfs__names_sort(struct nipfs__names *n, size_t first)
{
	const size_t count = nipfs__names_count(n);
	struct item *all = items(n);

	if (count - first < 2)
		return 0;
	qsort_r(all + first, count - first, sizeof(*all), compare, n);
	for (size_t i = first + 1; i < count; i++)
		if (compare(all + i - 1, all + i, n) == 0)
			return NIPFS_E_CHANGED;
	return 0;
}

void nipfs__names_cut(struct nipfs__names *n, size_t count)
{
	if (count < nipfs__names_count(n)) {
		n->bytes.len = items(n)[count].at;
		n->items.len = count * sizeof(struct item);
	}
}
