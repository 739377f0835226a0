/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a pinning service says: pins whose parts are bounded and can be asked for again, or
 * an error that is one line; addresses that can stand in a request; and a token.
 */
#include <stdlib.h>

#include "lib/ipfs/credentials.h"
#include "lib/ipfs/pin_json.h"
#include "multiformats/base/slice.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_pin(const struct nipfs_remote_pin *pin)
{
	const struct nipfs__pin_addresses none = { .n = 0 };
	struct nipfs_error err;
	char *body;
	const int r = nipfs__pin_body(&pin->cid, pin->name, &none, &body, &err);

	if (!*pin->id || !memchr(pin->id, 0, sizeof(pin->id)) ||
	    !memchr(pin->name, 0, sizeof(pin->name)) ||
	    !memchr(pin->details, 0, sizeof(pin->details)) || strchr(pin->details, '\n'))
		abort();
	if (pin->created < 0 || !*nipfs_remote_status_text(pin->status))
		abort();
	/* what was read can be said, but for a name that is longer than any may be */
	if (r < 0 && (r != NIPFS_E_USAGE || strlen(pin->name) < 256))
		abort();
	if (r == 0)
		free(body);
}

static void check_addresses(const struct nipfs__pin_addresses *a)
{
	if (a->n > NIPFS__PIN_ADDRESSES_MAX)
		abort();
	for (size_t i = 0; i < a->n; i++) {
		if (a->text[i][0] != '/')
			abort();
		for (const char *c = a->text[i]; *c; c++)
			if (*c <= ' ' || *c > '~')
				abort();
	}
}

static void check_error(int r, const struct nipfs_error *err)
{
	if (r != err->code || !err->msg[0] || strchr(err->msg, '\n'))
		abort();
}

static void check_page(struct nipfs_slice json)
{
	struct nipfs__pin_page page;
	struct nipfs_error err;
	const int r = nipfs__pin_page_read(json, &page, &err);

	if (r < 0) {
		check_error(r, &err);
		return;
	}
	for (size_t i = 0; i < page.n; i++)
		check_pin(&page.pins[i]);
	if (!memchr(page.oldest, 0, sizeof(page.oldest)) || (*page.oldest && !(page.n + page.skipped)))
		abort();
	nipfs__pin_page_release(&page);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct nipfs_slice json = nipfs__slice(data, size);
	struct nipfs__pin_addresses addresses;
	struct nipfs_remote_pin pin;
	struct nipfs_error err;
	char text[NIPFS_REMOTE_TEXT_MAX], *token;
	const int r = nipfs__pin_read(json, &pin, &addresses, &err);

	if (r == 0) {
		check_pin(&pin);
		check_addresses(&addresses);
	} else {
		check_error(r, &err);
	}
	check_page(json);
	nipfs__pin_node_addresses(json, &addresses);
	check_addresses(&addresses);
	if (nipfs__pin_failure(json, text, sizeof(text)) == !*text || strchr(text, '\n'))
		abort();
	if (nipfs__pin_token_parse(json, &token, NULL) == 0) {
		if (strncmp(token, "Authorization: Bearer ", 22) != 0 || strpbrk(token, "\r\n"))
			abort();
		nipfs__secret_free(token);
	}
	return 0;
}
