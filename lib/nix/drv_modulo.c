/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The hash of a derivation modulo its inputs, made from its text. */
#include "lib/nix/drv_modulo.h"

#include <stdlib.h>
#include <string.h>

#include "lib/nix/drv_text.h"
#include "multiformats/base/err.h"
#include "multiformats/base/slice.h"
#include "multiformats/sha256/sha256.h"

/* Outputs wanted of an input: the key is what stands in its place. */
struct input {
	char hex[2 * NIPFS__SHA256_BYTES + 1];
	struct nipfs_slice output;
};

struct inputs {
	struct input *items;
	size_t n, cap;
};

static void put(struct nipfs_sha256 *s, const char *text)
{
	nipfs__sha256_update(s, nipfs__slice_str(text));
}

static void put_quoted(struct nipfs_sha256 *s, struct nipfs_slice raw)
{
	put(s, "\"");
	nipfs__sha256_update(s, raw);
	put(s, "\"");
}

static bool is(struct nipfs_slice s, const char *text)
{
	return nipfs__slice_eq(s, nipfs__slice_str(text));
}

static int kind_of(const struct nipfs__drv_output_text *o, enum nipfs__drv_kind *kind)
{
	if (is(o->hash, "impure"))
		return NIPFS_E_UNSUPPORTED;
	if (o->hash.len) {
		/* Nix allows one fixed output, by this name. */
		if (!o->algo.len || !o->path.len || !is(o->name, "out"))
			return NIPFS_E_INVALID;
		*kind = NIPFS__DRV_FIXED;
	} else if (o->algo.len) {
		if (o->path.len)
			return NIPFS_E_INVALID;
		*kind = NIPFS__DRV_UNKNOWN;
	} else {
		*kind = o->path.len ? NIPFS__DRV_INPUT_ADDRESSED : NIPFS__DRV_UNKNOWN;
	}
	return 0;
}

/* Reads the outputs; *last is the last of them. Return: 0 or a code. */
static int read_outputs(struct nipfs_slice *rest, enum nipfs__drv_kind *out,
			struct nipfs__drv_output_text *last)
{
	struct nipfs_slice before = { NULL, 0 };
	bool first = true, ok = nipfs__drv_skip(rest, "Derive([");
	size_t n = 0;

	while (ok && nipfs__drv_more(rest, &first, &ok)) {
		enum nipfs__drv_kind kind = NIPFS__DRV_UNKNOWN;
		int r;

		if (!nipfs__drv_output_text(rest, last) ||
		    (before.ptr && nipfs__slice_cmp(before, last->name) >= 0))
			return NIPFS_E_INVALID;
		before = last->name;
		r = kind_of(last, &kind);
		if (r < 0)
			return r;
		if (n++ && kind != *out)
			return NIPFS_E_INVALID;
		*out = kind;
	}
	return ok && n && (n == 1 || *out != NIPFS__DRV_FIXED) ? 0 : NIPFS_E_INVALID;
}

int nipfs__drv_kind(struct nipfs_slice text, enum nipfs__drv_kind *out)
{
	enum nipfs__drv_kind kind = NIPFS__DRV_UNKNOWN;
	struct nipfs__drv_output_text last;
	const int r = read_outputs(&text, &kind, &last);

	if (r == 0)
		*out = kind;
	return r;
}

/* After the outputs: every input, in order. */
static int read_inputs(struct nipfs_slice *rest,
		       int (*visit)(void *ctx, struct nipfs_slice path,
				    struct nipfs_slice names), void *ctx)
{
	struct nipfs_slice path, names, before = { NULL, 0 };
	bool first = true, ok = nipfs__drv_skip(rest, ",[");

	while (ok && nipfs__drv_more(rest, &first, &ok)) {
		int r;

		if (!nipfs__drv_input(rest, &path, &names) ||
		    (before.ptr && nipfs__slice_cmp(before, path) >= 0))
			return NIPFS_E_INVALID;
		before = path;
		r = visit(ctx, path, names);
		if (r != 0)
			return r;
	}
	return ok ? 0 : NIPFS_E_INVALID;
}

struct path_visitor {
	int (*visit)(void *ctx, struct nipfs_slice path);
	void *ctx;
};

static int visit_path(void *ctx, struct nipfs_slice path, struct nipfs_slice names)
{
	const struct path_visitor *v = ctx;

	(void)names;
	return v->visit(v->ctx, path);
}

int nipfs__drv_each_input(struct nipfs_slice text,
			  int (*visit)(void *ctx, struct nipfs_slice path), void *ctx)
{
	struct path_visitor v = { visit, ctx };
	enum nipfs__drv_kind kind = NIPFS__DRV_UNKNOWN;
	struct nipfs__drv_output_text last;
	const int r = read_outputs(&text, &kind, &last);

	return r < 0 ? r : read_inputs(&text, visit_path, &v);
}

struct collector {
	struct inputs found;
	const uint8_t *(*lookup)(void *ctx, struct nipfs_slice path);
	void *ctx;
};

static int add_input(struct inputs *in, const uint8_t *digest, struct nipfs_slice output)
{
	static const char digits[] = "0123456789abcdef";
	struct input *item;

	if (in->n == in->cap) {
		const size_t cap = in->cap ? in->cap * 2 : 32;
		struct input *items = reallocarray(in->items, cap, sizeof(*items));

		if (!items)
			return NIPFS_E_NOMEM;
		in->items = items;
		in->cap = cap;
	}
	item = &in->items[in->n++];
	for (size_t i = 0; i < NIPFS__SHA256_BYTES; i++) {
		item->hex[2 * i] = digits[digest[i] >> 4];
		item->hex[2 * i + 1] = digits[digest[i] & 15];
	}
	item->hex[2 * NIPFS__SHA256_BYTES] = '\0';
	item->output = output;
	return 0;
}

static int collect_input(void *ctx, struct nipfs_slice path, struct nipfs_slice names)
{
	struct collector *c = ctx;
	const uint8_t *digest = c->lookup(c->ctx, path);
	struct nipfs_slice name;
	bool first = true, ok = nipfs__drv_skip(&names, "[");
	int r = 0;

	if (!digest)
		return NIPFS_E_INVALID;
	while (r == 0 && ok && nipfs__drv_more(&names, &first, &ok))
		r = nipfs__drv_plain(&names, &name) ? add_input(&c->found, digest, name) :
						      NIPFS_E_INVALID;
	return r;
}

static int compare_inputs(const void *a, const void *b)
{
	const struct input *x = a, *y = b;
	const int d = strcmp(x->hex, y->hex);

	return d ? d : nipfs__slice_cmp(x->output, y->output);
}

/* Inputs that stand for the same become one. */
static void put_inputs(struct nipfs_sha256 *s, struct inputs *in)
{
	if (in->n)
		qsort(in->items, in->n, sizeof(*in->items), compare_inputs);
	for (size_t i = 0; i < in->n; i++) {
		const struct input *item = &in->items[i];
		const bool same = i && strcmp(item[-1].hex, item->hex) == 0;

		if (same && nipfs__slice_eq(item[-1].output, item->output))
			continue;
		if (!same) {
			put(s, i ? "]),(\"" : "(\"");
			put(s, item->hex);
			put(s, "\",[");
		} else {
			put(s, ",");
		}
		put_quoted(s, item->output);
	}
	put(s, in->n ? "])" : "");
}

static void put_outputs(struct nipfs_sha256 *s, struct nipfs_slice rest, bool mask)
{
	struct nipfs__drv_output_text o;
	bool first = true, ok = nipfs__drv_skip(&rest, "Derive([");

	put(s, "Derive([");
	while (nipfs__drv_more(&rest, &first, &ok) && nipfs__drv_output_text(&rest, &o)) {
		put(s, s->len > strlen("Derive([") ? ",(" : "(");
		put_quoted(s, o.name);
		put(s, ",");
		put_quoted(s, mask ? nipfs__slice(NULL, 0) : o.path);
		put(s, ",");
		put_quoted(s, o.algo);
		put(s, ",");
		put_quoted(s, o.hash);
		put(s, ")");
	}
	put(s, "]");
}

/* Walks along the outputs of a .drv file, which are in byte order. */
struct output_cursor {
	struct nipfs_slice rest;
	bool first, more;
	struct nipfs__drv_output_text o;
};

static void next_output(struct output_cursor *c)
{
	bool ok = true;

	c->more = nipfs__drv_more(&c->rest, &c->first, &ok) &&
		  nipfs__drv_output_text(&c->rest, &c->o);
}

static bool read_variable(struct nipfs_slice *rest, struct nipfs_slice *key,
			  struct nipfs_slice *value)
{
	return nipfs__drv_skip(rest, "(") && nipfs__drv_string(rest, key) &&
	       nipfs__drv_skip(rest, ",") && nipfs__drv_string(rest, value) &&
	       nipfs__drv_skip(rest, ")");
}

/*
 * The environment, which is in byte order too. Masked: every output must be in
 * it, with its path, which is left out: else a builder could be told to write
 * somewhere else, and nothing of that would be in the hash.
 */
static int put_env(struct nipfs_sha256 *s, struct nipfs_slice *rest, struct nipfs_slice text,
		   bool mask)
{
	struct output_cursor c = { .rest = text, .first = true };
	struct nipfs_slice key, value, before = { NULL, 0 };
	bool first = true, ok = nipfs__drv_skip(rest, "[");

	if (mask && nipfs__drv_skip(&c.rest, "Derive(["))
		next_output(&c);
	put(s, "[");
	while (ok && nipfs__drv_more(rest, &first, &ok)) {
		if (!read_variable(rest, &key, &value) ||
		    (before.ptr && nipfs__drv_compare(before, key) >= 0))
			return NIPFS_E_INVALID;
		put(s, before.ptr ? ",(" : "(");
		put_quoted(s, key);
		put(s, ",");
		if (c.more && nipfs__drv_compare(c.o.name, key) == 0) {
			ok = nipfs__slice_eq(value, c.o.path);
			value = nipfs__slice(NULL, 0);
			next_output(&c);
		}
		put_quoted(s, value);
		put(s, ")");
		before = key;
	}
	put(s, "]");
	return ok && !c.more ? 0 : NIPFS_E_INVALID;
}

/* What lies between inputs and environment is taken over as it stands. */
static bool skip_middle(struct nipfs_slice *rest)
{
	struct nipfs_slice text;

	return nipfs__drv_skip(rest, ",") && nipfs__drv_list(rest, true) &&
	       nipfs__drv_skip(rest, ",") && nipfs__drv_plain(rest, &text) &&
	       nipfs__drv_skip(rest, ",") && nipfs__drv_string(rest, &text) &&
	       nipfs__drv_skip(rest, ",") && nipfs__drv_list(rest, false) &&
	       nipfs__drv_skip(rest, ",");
}

static void fixed_digest(const struct nipfs__drv_output_text *o, uint8_t *digest)
{
	struct nipfs_sha256 s;

	nipfs__sha256_init(&s);
	put(&s, "fixed:out:");
	nipfs__sha256_update(&s, o->algo);
	put(&s, ":");
	nipfs__sha256_update(&s, o->hash);
	put(&s, ":");
	nipfs__sha256_update(&s, o->path);
	nipfs__sha256_final(&s, digest);
}

int nipfs__drv_modulo(struct nipfs_slice text, bool mask,
		      const uint8_t *(*lookup)(void *ctx, struct nipfs_slice path), void *ctx,
		      uint8_t *digest)
{
	struct collector c = { .lookup = lookup, .ctx = ctx };
	enum nipfs__drv_kind kind = NIPFS__DRV_UNKNOWN;
	struct nipfs_slice rest = text, middle;
	struct nipfs__drv_output_text last;
	struct nipfs_sha256 s;
	int r = read_outputs(&rest, &kind, &last);

	if (r == 0 && kind == NIPFS__DRV_FIXED && !mask) {
		fixed_digest(&last, digest);
		return 0;
	}
	if (r == 0)
		r = read_inputs(&rest, collect_input, &c);
	middle = rest;
	if (r == 0 && !skip_middle(&rest))
		r = NIPFS_E_INVALID;
	if (r == 0) {
		nipfs__sha256_init(&s);
		put_outputs(&s, text, mask);
		put(&s, ",[");
		put_inputs(&s, &c.found);
		put(&s, "]");
		nipfs__sha256_update(&s, nipfs__slice(middle.ptr, (size_t)(rest.ptr - middle.ptr)));
		r = put_env(&s, &rest, text, mask);
	}
	if (r == 0 && !is(rest, ")"))
		r = NIPFS_E_INVALID;
	if (r == 0) {
		put(&s, ")");
		nipfs__sha256_final(&s, digest);
	}
	free(c.found.items);
	return r;
}
