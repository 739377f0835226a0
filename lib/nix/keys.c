/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ed25519 keys as Nix writes them: a name, ':' and base-64. */
#include <nixipfs/keys.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "lib/nix/base64.h"
#include "multiformats/base/auto.h"
#include "multiformats/base/err.h"

enum { PUBLIC_BYTES = 32, SECRET_BYTES = 64, SEED_BYTES = 32, FILE_MAX = 4096 };

static int check_name(struct nipfs_slice name, struct nipfs_error *err)
{
	if (name.len == 0 || name.len > NIPFS_KEY_NAME_MAX)
		return nipfs__fail(err, NIPFS_E_INVALID,
				   "the name of a key has 1 to %d characters",
				   NIPFS_KEY_NAME_MAX);
	for (size_t i = 0; i < name.len; i++)
		if (name.ptr[i] <= ' ' || name.ptr[i] == ':' || name.ptr[i] == 0x7f)
			return nipfs__fail(err, NIPFS_E_INVALID,
					   "the name of a key has no blanks, colons or "
					   "control characters");
	return 0;
}

static struct nipfs_slice trim_end(struct nipfs_slice text)
{
	while (text.len && strchr(" \t\r\n", text.ptr[text.len - 1]))
		text.len--;
	return text;
}

/* Both kinds of key; @raw has SECRET_BYTES and may then hold a secret. */
static int parse(struct nipfs_slice text, size_t want, char *name, uint8_t *raw,
		 struct nipfs_error *err)
{
	const uint8_t *colon;
	size_t n, len;
	int r;

	text = trim_end(text);
	colon = text.len ? memchr(text.ptr, ':', text.len) : NULL;
	if (!colon)
		return nipfs__fail(err, NIPFS_E_INVALID,
				   "a key is a name, ':' and base-64; there is no ':'");
	n = (size_t)(colon - text.ptr);
	r = check_name(nipfs__slice(text.ptr, n), err);
	if (r < 0)
		return r;
	if (nipfs__base64_decode(nipfs__slice_skip(text, n + 1), raw, SECRET_BYTES,
				 &len) < 0 ||
	    (len != PUBLIC_BYTES && len != SECRET_BYTES))
		return nipfs__fail(
		    err, NIPFS_E_INVALID,
		    "what follows the ':' of the key '%.*s' is not %zu bytes "
		    "in base-64",
		    (int)n, (const char *)text.ptr, want);
	if (len != want)
		return nipfs__fail(err, NIPFS_E_USAGE,
				   "the key '%.*s' is a %s key; a %s one is needed",
				   (int)n, (const char *)text.ptr,
				   len == SECRET_BYTES ? "secret" : "public",
				   len == SECRET_BYTES ? "public" : "secret");
	memset(name, 0, NIPFS_KEY_NAME_MAX + 1);
	memcpy(name, text.ptr, n);
	return 0;
}

static size_t format(const char *name, struct nipfs_slice raw, char *out)
{
	const size_t n = strlen(name);

	memcpy(out, name, n);
	out[n] = ':';
	return n + 1 + nipfs__base64_encode(raw, out + n + 1);
}

int nipfs_public_key_parse(struct nipfs_slice text, struct nipfs_public_key *out,
			   struct nipfs_error *err)
{
	uint8_t raw[SECRET_BYTES];
	const int r = parse(text, PUBLIC_BYTES, out->name, raw, err);

	if (r == 0)
		memcpy(out->key, raw, PUBLIC_BYTES);
	sodium_memzero(raw, sizeof(raw));
	return r;
}

size_t nipfs_public_key_format(const struct nipfs_public_key *key, char *out)
{
	return format(key->name, nipfs__slice(key->key, PUBLIC_BYTES), out);
}

int nipfs_secret_key_parse(struct nipfs_slice text, struct nipfs_secret_key *out,
			   struct nipfs_error *err)
{
	struct nipfs_secret_key key;
	uint8_t raw[SECRET_BYTES], public[PUBLIC_BYTES];
	int r = parse(text, SECRET_BYTES, key.name, raw, err);

	if (r == 0) {
		/* signing with the public half of another key would give the secret away
		 */
		(void)crypto_sign_seed_keypair(public, key.key, raw);
		if (sodium_memcmp(key.key, raw, SECRET_BYTES) == 0)
			*out = key;
		else
			r = nipfs__fail(
			    err, NIPFS_E_INVALID,
			    "the two halves of the secret key '%s' don't belong "
			    "together",
			    key.name);
	}
	sodium_memzero(raw, sizeof(raw));
	nipfs_secret_key_wipe(&key);
	return r;
}

static int load(int fd, const char *path, char *text, size_t *len,
		struct nipfs_error *err)
{
	size_t n = 0;

	while (n < FILE_MAX) {
		const ssize_t got = read(fd, text + n, FILE_MAX - n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return nipfs__fail_errno(err, errno, "cannot read '%s'", path);
		if (got == 0) {
			*len = n;
			return 0;
		}
		n += (size_t)got;
	}
	return nipfs__fail(err, NIPFS_E_LIMIT, "'%s' is too long for a secret key file",
			   path);
}

int nipfs_secret_key_load(const char *path, struct nipfs_secret_key *out,
			  struct nipfs_error *err)
{
	nipfs_auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	char text[FILE_MAX];
	size_t len = 0;
	int r;

	if (fd < 0 && errno == ENOENT)
		return nipfs__fail(err, NIPFS_E_NOTFOUND,
				   "there is no secret key file '%s'", path);
	if (fd < 0)
		return nipfs__fail_errno(err, errno,
					 "cannot open the secret key file '%s'", path);
	r = load(fd, path, text, &len, err);
	if (r == 0) {
		r = nipfs_secret_key_parse(nipfs__slice(text, len), out, err);
		if (r < 0)
			nipfs__prefix(err, "'%s'", path);
	}
	sodium_memzero(text, sizeof(text));
	return r;
}

size_t nipfs_secret_key_format(const struct nipfs_secret_key *key, char *out)
{
	return format(key->name, nipfs__slice(key->key, SECRET_BYTES), out);
}

void nipfs_secret_key_wipe(struct nipfs_secret_key *key)
{
	sodium_memzero(key, sizeof(*key));
}

int nipfs_key_generate(struct nipfs_slice name, struct nipfs_secret_key *secret,
		       struct nipfs_error *err)
{
	uint8_t public[PUBLIC_BYTES];
	struct nipfs_secret_key key = { { 0 }, { 0 } };
	int r = check_name(name, err);

	if (r < 0)
		return r;
	if (sodium_init() < 0 || crypto_sign_keypair(public, key.key) != 0)
		return nipfs__fail(err, NIPFS_E_SYS,
				   "there are no random numbers for a key");
	memcpy(key.name, name.ptr, name.len);
	*secret = key;
	nipfs_secret_key_wipe(&key);
	return 0;
}

struct nipfs_public_key nipfs_secret_key_public(const struct nipfs_secret_key *secret)
{
	struct nipfs_public_key key;

	memcpy(key.name, secret->name, sizeof(key.name));
	memcpy(key.key, secret->key + SEED_BYTES, sizeof(key.key));
	return key;
}
