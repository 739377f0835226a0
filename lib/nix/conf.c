/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The settings of Nix: set, looked up, with Nix's names and defaults. */
#include "lib/nix/conf.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "multiformats/base/auto.h"
#include "multiformats/base/err.h"

/* The settings that this library uses or shows; of others Nix's defaults don't matter. */
static const struct {
	const char *name, *value;
	bool is_list;
	const char *alias;
} known[] = {
	{ "allowed-users", "*", true, NULL },
	{ "auto-optimise-store", "false", false, NULL },
	{ "build-users-group", "", false, NULL },
	{ "fsync-metadata", "true", false, NULL },
	{ "fsync-store-paths", "false", false, NULL },
	{ "ignored-acls", "security.selinux system.nfs4_acl security.csm", true, NULL },
	{ "require-sigs", "true", false, NULL },
	{ "secret-key-files", "", true, NULL },
	{ "store", NULL, false, NULL },
	{ "substituters", "https://cache.nixos.org/", true, "binary-caches" },
	{ "sync-before-registering", "false", false, NULL },
	{ "trusted-public-keys",
	  "cache.nixos.org-1:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY=", true,
	  "binary-cache-public-keys" },
	{ "trusted-substituters", "", true, "trusted-binary-caches" },
	{ "trusted-users", "root", true, NULL },
	{ "use-sqlite-wal", "true", false, NULL },
};

enum { N_KNOWN = sizeof(known) / sizeof(known[0]) };

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

struct nipfs_slice nipfs__conf_word(struct nipfs_slice *rest)
{
	struct nipfs_slice word;
	size_t n = 0;

	while (rest->len && is_blank(rest->ptr[0]))
		*rest = nipfs__slice_skip(*rest, 1);
	while (n < rest->len && !is_blank(rest->ptr[n]))
		n++;
	word = nipfs__slice(rest->ptr, n);
	*rest = nipfs__slice(rest->ptr ? rest->ptr + n : NULL, rest->len - n);
	return word;
}

/* The one that a name or an alias of it means; N_KNOWN for one that is not known. */
static size_t find_known(struct nipfs_slice name)
{
	size_t i;

	for (i = 0; i < N_KNOWN; i++)
		if (nipfs__slice_eq(name, nipfs__slice_str(known[i].name)) ||
		    (known[i].alias &&
		     nipfs__slice_eq(name, nipfs__slice_str(known[i].alias))))
			break;
	return i;
}

static const char *default_of(size_t i)
{
	if (i == N_KNOWN)
		return NULL;
	if (strcmp(known[i].name, "build-users-group") == 0 && getuid() == 0)
		return "nixbld";
	return known[i].value;
}

static struct nipfs__conf_setting *find(const struct nipfs_nix_conf *conf,
					struct nipfs_slice name)
{
	for (size_t i = 0; i < conf->n; i++)
		if (nipfs__slice_eq(nipfs__slice_str(conf->items[i].name), name))
			return &conf->items[i];
	return NULL;
}

static int add(struct nipfs_nix_conf *conf, struct nipfs_slice name,
	       struct nipfs__conf_setting **out)
{
	struct nipfs__conf_setting *grown;

	if (conf->n >= NIPFS__CONF_SETTINGS_MAX)
		return NIPFS_E_LIMIT;
	grown = reallocarray(conf->items, conf->n + 1, sizeof(*grown));
	if (!grown)
		return NIPFS_E_NOMEM;
	conf->items = grown;
	grown[conf->n].name = nipfs__slice_dup(name);
	if (!grown[conf->n].name)
		return NIPFS_E_NOMEM;
	grown[conf->n].value = (struct nipfs_buf)NIPFS_BUF_INIT(NIPFS__CONF_TEXT_MAX);
	*out = &grown[conf->n++];
	return 0;
}

static int put_words(struct nipfs_buf *out, struct nipfs_slice words)
{
	struct nipfs_slice word;
	int r = 0;

	while (r == 0 && (word = nipfs__conf_word(&words)).len) {
		if (out->len)
			r = nipfs__buf_put_u8(out, ' ');
		if (r == 0)
			r = nipfs__buf_put_slice(out, word);
	}
	return r < 0 ? r : nipfs__buf_terminate(out);
}

int nipfs__conf_set(struct nipfs_nix_conf *conf, struct nipfs_slice name,
		    struct nipfs_slice value)
{
	const struct nipfs_slice extra = nipfs__slice_str("extra-");
	const bool append = name.len > extra.len && find_known(name) == N_KNOWN &&
			    memcmp(name.ptr, extra.ptr, extra.len) == 0;
	struct nipfs__conf_setting *setting;
	size_t i;
	int r = 0;

	if (append)
		name = nipfs__slice_skip(name, extra.len);
	i = find_known(name);
	/* as Nix: only to a list can something be added */
	if (append && i < N_KNOWN && !known[i].is_list)
		return 0;
	if (i < N_KNOWN)
		name = nipfs__slice_str(known[i].name);
	setting = find(conf, name);
	if (!setting) {
		r = add(conf, name, &setting);
		if (r == 0 && append && default_of(i))
			r = put_words(&setting->value, nipfs__slice_str(default_of(i)));
	} else if (!append)
		nipfs__buf_clear(&setting->value);
	return r < 0 ? r : put_words(&setting->value, value);
}

int nipfs_nix_conf_set(struct nipfs_nix_conf *conf, const char *name, const char *value)
{
	return nipfs__conf_set(conf, nipfs__slice_str(name), nipfs__slice_str(value));
}

const char *nipfs_nix_conf_get(const struct nipfs_nix_conf *conf, const char *name)
{
	const struct nipfs_slice key = nipfs__slice_str(name);
	const struct nipfs__conf_setting *setting = find(conf, key);

	return setting ? (const char *)setting->value.ptr : default_of(find_known(key));
}

bool nipfs__conf_is_set(const struct nipfs_nix_conf *conf, const char *name)
{
	return find(conf, nipfs__slice_str(name)) != NULL;
}

int nipfs__conf_bool(const char *text)
{
	static const char *const words[] = { "false", "no", "0", "true", "yes", "1" };

	for (int i = 0; i < 6; i++)
		if (strcmp(text, words[i]) == 0)
			return i >= 3;
	return -1;
}

int nipfs_nix_conf_get_bool(const struct nipfs_nix_conf *conf, const char *name,
			    bool *out, struct nipfs_error *err)
{
	const char *text = nipfs_nix_conf_get(conf, name);
	const int value = text ? nipfs__conf_bool(text) : -1;

	if (!text)
		return 0;
	if (value < 0)
		return nipfs__fail(err, NIPFS_E_INVALID,
				   "the setting '%s' of Nix is true or false, not '%s'",
				   name, text);
	*out = value;
	return 0;
}

bool nipfs_nix_conf_next_word(const char **rest, struct nipfs_slice *word)
{
	struct nipfs_slice left, next;

	if (!*rest)
		return false;
	left = nipfs__slice_str(*rest);
	next = nipfs__conf_word(&left);
	*rest = (const char *)left.ptr;
	if (next.len)
		*word = next;
	return next.len > 0;
}

static int trust(struct nipfs_keyring *ring, const struct nipfs_public_key *key,
		 struct nipfs_error *err)
{
	const int r = nipfs_keyring_add(ring, key);

	if (r == NIPFS_E_LIMIT)
		return nipfs__fail(err, r, "more than %d keys are trusted",
				   NIPFS_KEYRING_MAX);
	return r < 0 ? nipfs__fail_nomem(err) : 0;
}

/* As Nix, passes over what can't be read: other users may not read it. */
static int trust_secret(struct nipfs_keyring *ring, const char *file,
			struct nipfs_error *err)
{
	struct nipfs_secret_key secret;
	struct nipfs_public_key key;
	int r = nipfs_secret_key_load(file, &secret, err);

	if (r == NIPFS_E_NOTFOUND || r == NIPFS_E_SYS)
		return 0;
	if (r < 0) {
		nipfs__prefix(err, "the setting 'secret-key-files' of Nix");
		return r;
	}
	key = nipfs_secret_key_public(&secret);
	nipfs_secret_key_wipe(&secret);
	return trust(ring, &key, err);
}

int nipfs_nix_conf_keyring(const struct nipfs_nix_conf *conf, struct nipfs_keyring *ring,
			   struct nipfs_error *err)
{
	const char *rest = nipfs_nix_conf_get(conf, "trusted-public-keys");
	struct nipfs_slice word;
	int r = 0;

	while (r == 0 && nipfs_nix_conf_next_word(&rest, &word)) {
		struct nipfs_public_key key;

		r = nipfs_public_key_parse(word, &key, err);
		if (r < 0) {
			nipfs__prefix(err, "the setting 'trusted-public-keys' of Nix");
			return NIPFS_E_INVALID;
		}
		r = trust(ring, &key, err);
	}
	rest = nipfs_nix_conf_get(conf, "secret-key-files");
	while (r == 0 && nipfs_nix_conf_next_word(&rest, &word)) {
		nipfs_auto_free char *file = nipfs__slice_dup(word);

		r = file ? trust_secret(ring, file, err) : nipfs__fail_nomem(err);
	}
	return r;
}

void nipfs_nix_conf_free(struct nipfs_nix_conf *conf)
{
	if (!conf)
		return;
	for (size_t i = 0; i < conf->n; i++) {
		free(conf->items[i].name);
		nipfs__buf_release(&conf->items[i].value);
	}
	free(conf->items);
	free(conf);
}
