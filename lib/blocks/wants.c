/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The outstanding wants of a block source: in order, each CID once. */
#include "lib/blocks/wants.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "multiformats/base/err.h"
#include "multiformats/base/slice.h"

enum { HEADS_MIN = 64 };

int nipfs__wants_init(struct nipfs__wants *w, struct nipfs_error *err)
{
	memset(w, 0, sizeof(*w));
	return nipfs__hash_key_init(&w->key, err);
}

void nipfs__wants_release(struct nipfs__wants *w)
{
	for (unsigned int list = 0; list < NIPFS__WANTS_LISTS; list++)
		while (w->first[list])
			nipfs__wants_remove(w, w->first[list]);
	free(w->heads);
	w->heads = NULL;
	w->n_heads = 0;
}

static struct nipfs__wanted **head_of(const struct nipfs__wants *w, uint64_t hash)
{
	return &w->heads[hash & (w->n_heads - 1)];
}

static int grow(struct nipfs__wants *w)
{
	const size_t n = w->n_heads ? w->n_heads * 2 : HEADS_MIN;
	struct nipfs__wanted **heads = calloc(n, sizeof(struct nipfs__wanted *));

	if (!heads)
		return NIPFS_E_NOMEM;
	free(w->heads);
	w->heads = heads;
	w->n_heads = n;
	for (unsigned int list = 0; list < NIPFS__WANTS_LISTS; list++)
		for (struct nipfs__wanted *i = w->first[list]; i; i = i->next) {
			struct nipfs__wanted **head = head_of(w, i->hash);

			i->chain = *head;
			*head = i;
		}
	return 0;
}

static void link_last(struct nipfs__wants *w, struct nipfs__wanted *item,
		      unsigned int list)
{
	item->list = list;
	item->prev = w->last[list];
	item->next = NULL;
	if (item->prev)
		item->prev->next = item;
	else
		w->first[list] = item;
	w->last[list] = item;
}

static void unlink_item(struct nipfs__wants *w, struct nipfs__wanted *item)
{
	if (item->prev)
		item->prev->next = item->next;
	else
		w->first[item->list] = item->next;
	if (item->next)
		item->next->prev = item->prev;
	else
		w->last[item->list] = item->prev;
}

static int add(struct nipfs__wants *w, const struct nipfs_want *want)
{
	uint8_t raw[NIPFS_CID_BYTES_MAX];
	struct nipfs__wanted *item, **head;
	size_t len;

	if (nipfs__wants_find(w, &want->cid))
		return 0;
	if (w->n == w->n_heads && grow(w) < 0)
		return NIPFS_E_NOMEM;
	len = nipfs_cid_encode(&want->cid, raw);
	item = malloc(sizeof(*item) + len);
	if (!item)
		return NIPFS_E_NOMEM;
	*item =
	    (struct nipfs__wanted){ .role = want->role,
				    .bytes = want->bytes,
				    .hash = nipfs__hash_multihash(&w->key, &want->cid),
				    .cid_len = (uint8_t)len };
	memcpy(item->cid, raw, len);
	head = head_of(w, item->hash);
	item->chain = *head;
	*head = item;
	link_last(w, item, 0);
	w->n++;
	return 0;
}

int nipfs__wants_add(struct nipfs__wants *w, const struct nipfs_want *wants, size_t n,
		     struct nipfs_error *err)
{
	for (size_t i = 0; i < n; i++)
		if (add(w, &wants[i]) < 0)
			return nipfs__fail_nomem(err);
	return 0;
}

struct nipfs__wanted *nipfs__wants_find(const struct nipfs__wants *w,
					const struct nipfs_cid *cid)
{
	uint8_t raw[NIPFS_CID_BYTES_MAX];
	const struct nipfs_slice want = nipfs__slice(raw, nipfs_cid_encode(cid, raw));
	struct nipfs__wanted *i =
	    w->n_heads ? *head_of(w, nipfs__hash_multihash(&w->key, cid)) : NULL;

	while (i && !nipfs__slice_eq(nipfs__slice(i->cid, i->cid_len), want))
		i = i->chain;
	return i;
}

struct nipfs__wanted *nipfs__wants_find_bytes(const struct nipfs__wants *w,
					      unsigned int list,
					      const struct nipfs_cid *cid)
{
	const uint64_t hash = nipfs__hash_multihash(&w->key, cid);

	for (struct nipfs__wanted *i = w->n_heads ? *head_of(w, hash) : NULL; i;
	     i = i->chain) {
		struct nipfs_cid have;

		if (i->list != list || i->hash != hash)
			continue;
		nipfs__wanted_cid(i, &have);
		if (nipfs__same_multihash(&have, cid))
			return i;
	}
	return NULL;
}

void nipfs__wanted_cid(const struct nipfs__wanted *item, struct nipfs_cid *out)
{
	const int code =
	    nipfs_cid_decode(nipfs__slice(item->cid, item->cid_len), out, NULL);

	/* it was encoded from a valid one */
	assert(code == 0);
	(void)code;
}

void nipfs__wants_move(struct nipfs__wants *w, struct nipfs__wanted *item,
		       unsigned int list)
{
	unlink_item(w, item);
	link_last(w, item, list);
}

void nipfs__wants_remove(struct nipfs__wants *w, struct nipfs__wanted *item)
{
	struct nipfs__wanted **at;

	if (!item)
		return;
	for (at = head_of(w, item->hash); *at != item;)
		at = &(*at)->chain;
	*at = item->chain;
	unlink_item(w, item);
	w->n--;
	free(item);
}
