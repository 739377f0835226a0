/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The JSON of the Pinning Service API 1.0. */
#include "lib/ipfs/pin_json.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "multiformats/base/err.h"
#include "multiformats/base/slice.h"

enum {
	PAGE_MAX = 1000,     /* results that the API allows */
	NAME_CHARACTERS = 255
};

const char *nipfs_remote_status_text(enum nipfs_remote_status status)
{
	static const char *const texts[] = {
#define STATUS_TEXT(name, text) [NIPFS_REMOTE_##name] = (text),
		NIPFS_REMOTE_STATUS_MAP(STATUS_TEXT)
#undef STATUS_TEXT
	};

	return texts[status];
}

/* ---- values -------------------------------------------------------------------------- */

static int malformed(struct nipfs_error *err, const char *what)
{
	return nipfs__fail(err, NIPFS_E_INVALID,
			   "its answer is not one of the Pinning Service API: %s", what);
}

static json_t *load(struct nipfs_slice json)
{
	return json.len ? json_loadb((const char *)json.ptr, json.len, 0, NULL) : NULL;
}

/* Copies a string; without one, "". Return: whether it fits. */
static bool copy_text(const json_t *value, char *out, size_t cap)
{
	const size_t n = json_string_length(value);

	if (n >= cap)
		return false;
	memcpy(out, json_is_string(value) ? json_string_value(value) : "", n + 1);
	return true;
}

/* As much of a string as fits, on one line. */
static void copy_line(const json_t *value, char *out, size_t cap)
{
	(void)snprintf(out, cap, "%s", json_is_string(value) ? json_string_value(value) : "");
	for (char *c = out; *c; c++)
		if (*c == '\n' || *c == '\r')
			*c = ' ';
}

/* Reads a number of @n digits, and what stands behind it, if anything. */
static bool take_number(const char **text, int n, char end, int *out)
{
	*out = 0;
	for (; n > 0; n--, (*text)++) {
		if (**text < '0' || **text > '9')
			return false;
		*out = *out * 10 + (**text - '0');
	}
	if (end && **text != end)
		return false;
	*text += end != 0;
	return true;
}

/* "Z" or "+hh:mm", in seconds. */
static bool take_offset(const char **text, int *out)
{
	const char sign = *(*text)++;
	int hours, minutes;

	*out = 0;
	if (sign == 'Z' || sign == 'z')
		return true;
	if ((sign != '+' && sign != '-') || !take_number(text, 2, ':', &hours) ||
	    !take_number(text, 2, 0, &minutes) || hours > 23 || minutes > 59)
		return false;
	*out = (hours * 60 + minutes) * (sign == '-' ? -60 : 60);
	return true;
}

bool nipfs__pin_time(const char *text, int64_t *out)
{
	struct tm tm = { 0 };
	int offset;
	int64_t t;

	if (!take_number(&text, 4, '-', &tm.tm_year) || !take_number(&text, 2, '-', &tm.tm_mon) ||
	    !take_number(&text, 2, 0, &tm.tm_mday) || !*text || !strchr("Tt ", *text))
		return false;
	text++;
	if (!take_number(&text, 2, ':', &tm.tm_hour) || !take_number(&text, 2, ':', &tm.tm_min) ||
	    !take_number(&text, 2, 0, &tm.tm_sec))
		return false;
	if (*text == '.')
		text += 1 + strspn(text + 1, "0123456789");
	if (!take_offset(&text, &offset) || *text)
		return false;
	if (tm.tm_year < 1970 || tm.tm_mon < 1 || tm.tm_mon > 12 || tm.tm_mday < 1 ||
	    tm.tm_mday > 31 || tm.tm_hour > 23 || tm.tm_min > 59 || tm.tm_sec > 60)
		return false;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	t = (int64_t)timegm(&tm) - offset;
	if (t < 0)
		return false;
	*out = t;
	return true;
}

/* ---- addresses ----------------------------------------------------------------------- */

static bool is_address(const char *text, size_t len)
{
	if (len < 2 || len >= NIPFS__PIN_ADDRESS_MAX || text[0] != '/')
		return false;
	for (size_t i = 0; i < len; i++)
		if (text[i] <= ' ' || text[i] > '~')
			return false;
	return true;
}

static void read_addresses(const json_t *list, struct nipfs__pin_addresses *out)
{
	out->n = 0;
	for (size_t i = 0; i < json_array_size(list) && out->n < NIPFS__PIN_ADDRESSES_MAX; i++) {
		const json_t *text = json_array_get(list, i);

		if (json_is_string(text) &&
		    is_address(json_string_value(text), json_string_length(text)))
			(void)copy_text(text, out->text[out->n++], NIPFS__PIN_ADDRESS_MAX);
	}
}

void nipfs__pin_node_addresses(struct nipfs_slice json, struct nipfs__pin_addresses *out)
{
	json_t *root = load(json);

	read_addresses(json_object_get(root, "Addresses"), out);
	json_decref(root);
}

/* ---- pins ---------------------------------------------------------------------------- */

static bool read_status(const json_t *value, enum nipfs_remote_status *out)
{
	static const enum nipfs_remote_status all[] = {
#define STATUS_VALUE(name, text) NIPFS_REMOTE_##name,
		NIPFS_REMOTE_STATUS_MAP(STATUS_VALUE)
#undef STATUS_VALUE
	};

	for (size_t i = 0; json_is_string(value) && i < sizeof(all) / sizeof(all[0]); i++)
		if (strcmp(json_string_value(value), nipfs_remote_status_text(all[i])) == 0) {
			*out = all[i];
			return true;
		}
	return false;
}

/* What is asked for by it must not be another path. */
static bool is_id(const char *id)
{
	return *id && strcmp(id, ".") != 0 && strcmp(id, "..") != 0;
}

static int read_cid(const json_t *value, struct nipfs_cid *out, struct nipfs_error *err)
{
	int r;

	if (!json_is_string(value))
		return malformed(err, "a pin without a CID");
	r = nipfs_cid_parse(nipfs__slice(json_string_value(value), json_string_length(value)),
			    out);
	if (r == NIPFS_E_UNSUPPORTED)
		return nipfs__fail(err, r, "the CID '%s' is of a kind that is not known",
				   json_string_value(value));
	return r < 0 ? malformed(err, "a CID that is none") : 0;
}

static int read_pin(const json_t *object, struct nipfs_remote_pin *out, struct nipfs_error *err)
{
	const json_t *pin = json_object_get(object, "pin");
	const json_t *created = json_object_get(object, "created");

	if (!copy_text(json_object_get(object, "requestid"), out->id, sizeof(out->id)) ||
	    !is_id(out->id))
		return malformed(err, "a pin without a request ID that can be used");
	if (!read_status(json_object_get(object, "status"), &out->status))
		return malformed(err, "a pin without a known status");
	if (!copy_text(json_object_get(pin, "name"), out->name, sizeof(out->name)))
		return malformed(err, "a name that is too long");
	if (!json_is_string(created) ||
	    !nipfs__pin_time(json_string_value(created), &out->created))
		out->created = 0;
	copy_line(json_object_get(json_object_get(object, "info"), "status_details"),
		  out->details, sizeof(out->details));
	return read_cid(json_object_get(pin, "cid"), &out->cid, err);
}

int nipfs__pin_read(struct nipfs_slice json, struct nipfs_remote_pin *out,
		    struct nipfs__pin_addresses *delegates, struct nipfs_error *err)
{
	struct nipfs_remote_pin pin;
	json_t *root = load(json);
	int r = json_is_object(root) ? 0 : malformed(err, "no JSON object");

	if (r == 0)
		r = read_pin(root, &pin, err);
	if (r == 0) {
		*out = pin;
		read_addresses(json_object_get(root, "delegates"), delegates);
	}
	json_decref(root);
	return r;
}

/* The times are those of one service: it writes them alike, as a rule. */
static void note_oldest(const json_t *object, const struct nipfs_remote_pin *pin,
			struct nipfs__pin_page *page, int64_t *oldest)
{
	const json_t *created = json_object_get(object, "created");

	if (pin->created == 0 || json_string_length(created) >= sizeof(page->oldest))
		return;
	if (*page->oldest &&
	    (pin->created > *oldest ||
	     (pin->created == *oldest && strcmp(json_string_value(created), page->oldest) > 0)))
		return;
	*oldest = pin->created;
	(void)copy_text(created, page->oldest, sizeof(page->oldest));
}

static int read_pins(const json_t *list, struct nipfs__pin_page *page, struct nipfs_error *err)
{
	const size_t n = json_array_size(list);
	int64_t oldest = 0;

	if (n > PAGE_MAX)
		return malformed(err, "over 1000 pins at once");
	page->pins = calloc(n ? n : 1, sizeof(*page->pins));
	if (!page->pins)
		return nipfs__fail_nomem(err);
	for (size_t i = 0; i < n; i++) {
		const json_t *object = json_array_get(list, i);
		struct nipfs_remote_pin *pin = &page->pins[page->n];
		const int r = read_pin(object, pin, err);

		if (r < 0 && r != NIPFS_E_UNSUPPORTED)
			return r;
		note_oldest(object, pin, page, &oldest);
		page->n += r == 0;
		page->skipped += r < 0;
	}
	return 0;
}

int nipfs__pin_page_read(struct nipfs_slice json, struct nipfs__pin_page *out,
			 struct nipfs_error *err)
{
	struct nipfs__pin_page page = { .pins = NULL };
	json_t *root = load(json);
	const json_t *count = json_object_get(root, "count");
	const json_t *results = json_object_get(root, "results");
	int r = 0;

	if (!json_is_integer(count) || json_integer_value(count) < 0 || !json_is_array(results))
		r = malformed(err, "no count with results");
	if (r == 0) {
		page.count = (uint64_t)json_integer_value(count);
		r = read_pins(results, &page, err);
	}
	json_decref(root);
	if (r < 0)
		nipfs__pin_page_release(&page);
	else
		*out = page;
	return r;
}

void nipfs__pin_page_release(struct nipfs__pin_page *page)
{
	free(page->pins);
	*page = (struct nipfs__pin_page){ .pins = NULL };
}

/* ---- what is said to a service ------------------------------------------------------- */

static size_t characters(const char *utf8)
{
	size_t n = 0;

	for (; *utf8; utf8++)
		n += ((unsigned char)*utf8 & 0xc0) != 0x80;
	return n;
}

static json_t *address_list(const struct nipfs__pin_addresses *addresses)
{
	json_t *list = json_array();

	for (size_t i = 0; i < addresses->n; i++)
		if (json_array_append_new(list, json_string(addresses->text[i])) < 0) {
			json_decref(list);
			return NULL;
		}
	return list;
}

int nipfs__pin_body(const struct nipfs_cid *cid, const char *name,
		    const struct nipfs__pin_addresses *origins, char **out,
		    struct nipfs_error *err)
{
	char text[NIPFS_CID_TEXT_MAX];
	json_t *name_text = name && *name ? json_string(name) : NULL;
	json_t *object;
	bool good;

	if (name && *name && (!name_text || characters(name) > NAME_CHARACTERS)) {
		json_decref(name_text);
		return nipfs__fail(err, NIPFS_E_USAGE,
				   "the name of a pin is UTF-8 of up to %d characters",
				   NAME_CHARACTERS);
	}
	(void)nipfs_cid_format(cid, text);
	object = json_object();
	good = json_object_set_new(object, "cid", json_string(text)) == 0;
	if (name_text)
		good = json_object_set_new(object, "name", name_text) == 0 && good;
	if (origins->n)
		good = json_object_set_new(object, "origins", address_list(origins)) == 0 && good;
	*out = good ? json_dumps(object, JSON_COMPACT) : NULL;
	json_decref(object);
	return *out ? 0 : nipfs__fail_nomem(err);
}

bool nipfs__pin_failure(struct nipfs_slice json, char *out, size_t cap)
{
	json_t *root = load(json);
	const json_t *error = json_object_get(root, "error");
	const json_t *reason = json_object_get(error, "reason");
	char details[NIPFS_REMOTE_TEXT_MAX];
	size_t n;

	copy_line(reason, out, cap);
	copy_line(json_object_get(error, "details"), details, sizeof(details));
	n = strlen(out);
	if (*details)
		(void)snprintf(out + n, cap - n, "%s%s", n ? ": " : "", details);
	json_decref(root);
	return *out;
}
