/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bytes as self-describing text: the encodings of multibase. */
#include "multiformats/multibase.h"

#include <assert.h>

#include "multiformats/base/slice.h"

/*
 * A base of 2^@bits takes the bytes as a row of bits; one with @bits 0 takes
 * them as one big number, with a zero digit for each leading zero byte.
 */
struct encoding {
	const char *name;
	const char *digits;
	enum nipfs_base base;
	uint8_t radix;
	uint8_t bits;
	bool either_case;
	bool padded;
};

#define DIGITS "0123456789"
#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define BTC "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"

static const struct encoding encodings[] = {
	{ "base32", LOWER "234567", NIPFS_BASE_32, 32, 5, true, false },
	{ "base58btc", BTC, NIPFS_BASE_58_BTC, 58, 0, false, false },
	{ "base36", DIGITS LOWER, NIPFS_BASE_36, 36, 0, true, false },
	{ "base16", DIGITS "abcdef", NIPFS_BASE_16, 16, 4, true, false },
	{ "base16upper", DIGITS "ABCDEF", NIPFS_BASE_16_UPPER, 16, 4, true, false },
	{ "base32upper", UPPER "234567", NIPFS_BASE_32_UPPER, 32, 5, true, false },
	{ "base64", UPPER LOWER DIGITS "+/", NIPFS_BASE_64, 64, 6, false, false },
	{ "base64url", UPPER LOWER DIGITS "-_", NIPFS_BASE_64_URL, 64, 6, false, false },
	{ "base64urlpad", UPPER LOWER DIGITS "-_", NIPFS_BASE_64_URL_PAD, 64, 6, false,
	  true },
};
#define N_ENCODINGS (sizeof(encodings) / sizeof(encodings[0]))

/* Prefixes that the multibase table has besides those above (ASCII ones). */
static const char not_built_in[] = "079RvVtTcChKZMp";

static const struct encoding *find(uint8_t prefix)
{
	for (size_t i = 0; i < N_ENCODINGS; i++)
		if ((uint8_t)encodings[i].base == prefix)
			return &encodings[i];
	return NULL;
}

int nipfs_base_from_name(const char *name, enum nipfs_base *out)
{
	for (size_t i = 0; i < N_ENCODINGS; i++) {
		if (strcmp(encodings[i].name, name) == 0) {
			*out = encodings[i].base;
			return 0;
		}
	}
	return NIPFS_E_UNSUPPORTED;
}

static bool is_letter(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* The value of a digit, or -1. */
static int digit_value(const struct encoding *e, uint8_t c)
{
	const char *at = memchr(e->digits, c, e->radix);

	if (!at && e->either_case && is_letter(c))
		at = memchr(e->digits, c ^ 0x20, e->radix);
	return at ? (int)(at - e->digits) : -1;
}

static int decode_bits(const struct encoding *e, struct nipfs_slice text, uint8_t *out,
		       size_t cap, size_t *len)
{
	uint32_t held = 0;
	unsigned int n_held = 0;
	size_t n = 0;

	if (e->padded) {
		if (text.len % 4 != 0)
			return NIPFS_E_INVALID;
		for (int i = 0; i < 2 && text.len && text.ptr[text.len - 1] == '='; i++)
			text.len--;
	}
	for (size_t i = 0; i < text.len; i++) {
		const int v = digit_value(e, text.ptr[i]);

		if (v < 0)
			return NIPFS_E_INVALID;
		held = held << e->bits | (uint32_t)v;
		n_held += e->bits;
		if (n_held < 8)
			continue;
		if (n == cap)
			return NIPFS_E_LIMIT;
		n_held -= 8;
		out[n++] = (uint8_t)(held >> n_held);
		held &= (1u << n_held) - 1;
	}
	/* a whole digit is left: the last one stood for no byte */
	if (n_held >= e->bits)
		return NIPFS_E_INVALID;
	if (held != 0)
		return NIPFS_E_NONCANONICAL;
	*len = n;
	return 0;
}

static int encode_bits(const struct encoding *e, struct nipfs_slice in, char *out,
		       size_t cap, size_t *len)
{
	uint32_t held = 0;
	unsigned int n_held = 0;
	size_t n = 0, need;

	if (in.len > SIZE_MAX / 8 - 8)
		return NIPFS_E_LIMIT;
	need = (in.len * 8 + e->bits - 1) / e->bits;
	if (e->padded)
		need = (need + 3) / 4 * 4;
	if (need > cap)
		return NIPFS_E_LIMIT;
	for (size_t i = 0; i < in.len; i++) {
		held = held << 8 | in.ptr[i];
		n_held += 8;
		while (n_held >= e->bits) {
			n_held -= e->bits;
			out[n++] = e->digits[held >> n_held];
			held &= (1u << n_held) - 1;
		}
	}
	if (n_held)
		out[n++] = e->digits[held << (e->bits - n_held)];
	while (n < need)
		out[n++] = '=';
	*len = n;
	return 0;
}

static size_t leading(const uint8_t *ptr, size_t len, uint8_t c)
{
	size_t n = 0;

	while (n < len && ptr[n] == c)
		n++;
	return n;
}

/* The number, in 32-bit limbs, the lowest first. */
enum { LIMBS = NIPFS__MULTIBASE_RADIX_MAX / 4 };

static int decode_number(const struct encoding *e, struct nipfs_slice text, uint8_t *out,
			 size_t cap, size_t *len)
{
	const size_t zeros = leading(text.ptr, text.len, (uint8_t)e->digits[0]);
	uint32_t limbs[LIMBS];
	size_t used = 0, n;

	for (size_t i = zeros; i < text.len; i++) {
		const int v = digit_value(e, text.ptr[i]);
		uint64_t carry = (uint64_t)v;

		if (v < 0)
			return NIPFS_E_INVALID;
		for (size_t k = 0; k < used; k++) {
			carry += (uint64_t)limbs[k] * e->radix;
			limbs[k] = (uint32_t)carry;
			carry >>= 32;
		}
		if (carry && used == LIMBS)
			return NIPFS_E_LIMIT;
		if (carry)
			limbs[used++] = (uint32_t)carry;
	}
	n = used * 4;
	while (n > 0 && (uint8_t)(limbs[(n - 1) / 4] >> ((n - 1) % 4 * 8)) == 0)
		n--;
	if (zeros > cap || n > cap - zeros)
		return NIPFS_E_LIMIT;
	if (zeros)
		memset(out, 0, zeros);
	for (size_t i = 0; i < n; i++) {
		const size_t k = n - 1 - i;

		out[zeros + i] = (uint8_t)(limbs[k / 4] >> (k % 4 * 8));
	}
	*len = zeros + n;
	return 0;
}

/* Divides the number by @radix; returns the remainder. */
static uint32_t divide(uint32_t *limbs, size_t *used, uint32_t radix)
{
	uint64_t rest = 0;

	for (size_t k = *used; k-- > 0;) {
		rest = rest << 32 | limbs[k];
		limbs[k] = (uint32_t)(rest / radix);
		rest %= radix;
	}
	while (*used > 0 && limbs[*used - 1] == 0)
		(*used)--;
	return (uint32_t)rest;
}

static int encode_number(const struct encoding *e, struct nipfs_slice in, char *out,
			 size_t cap, size_t *len)
{
	const size_t zeros = leading(in.ptr, in.len, 0);
	/* 36^5 > 256^3, so 3 bytes make at most 5 digits */
	char digits[NIPFS__MULTIBASE_RADIX_MAX / 3 * 5 + 5];
	uint32_t limbs[LIMBS] = { 0 };
	size_t used, n = 0;

	if (in.len > NIPFS__MULTIBASE_RADIX_MAX)
		return NIPFS_E_LIMIT;
	for (size_t i = zeros; i < in.len; i++) {
		const size_t k = in.len - 1 - i;

		limbs[k / 4] |= (uint32_t)in.ptr[i] << (k % 4 * 8);
	}
	used = (in.len - zeros + 3) / 4;
	while (used > 0)
		digits[n++] = e->digits[divide(limbs, &used, e->radix)];
	if (zeros > cap || n > cap - zeros)
		return NIPFS_E_LIMIT;
	if (zeros)
		memset(out, e->digits[0], zeros);
	for (size_t i = 0; i < n; i++)
		out[zeros + i] = digits[n - 1 - i];
	*len = zeros + n;
	return 0;
}

int nipfs__multibase_decode(struct nipfs_slice text, enum nipfs_base *base, uint8_t *out,
			    size_t cap, size_t *len)
{
	const struct encoding *e;
	int r;

	if (text.len == 0)
		return NIPFS_E_TRUNCATED;
	e = find(text.ptr[0]);
	if (!e)
		return memchr(not_built_in, text.ptr[0], sizeof(not_built_in) - 1)
			   ? NIPFS_E_UNSUPPORTED
			   : NIPFS_E_INVALID;
	text = nipfs__slice_skip(text, 1);
	r = e->bits ? decode_bits(e, text, out, cap, len)
		    : decode_number(e, text, out, cap, len);
	if (r == 0 && base)
		*base = e->base;
	return r;
}

int nipfs__multibase_encode(enum nipfs_base base, struct nipfs_slice in, char *out,
			    size_t cap, size_t *len)
{
	const struct encoding *e = find((uint8_t)base);
	size_t n;
	int r;

	assert(e);
	if (cap == 0)
		return NIPFS_E_LIMIT;
	out[0] = (char)base;
	r = e->bits ? encode_bits(e, in, out + 1, cap - 1, &n)
		    : encode_number(e, in, out + 1, cap - 1, &n);
	if (r == 0)
		*len = n + 1;
	return r;
}

int nipfs__base58_decode(struct nipfs_slice text, uint8_t *out, size_t cap, size_t *len)
{
	return decode_number(find(NIPFS_BASE_58_BTC), text, out, cap, len);
}

int nipfs__base58_encode(struct nipfs_slice in, char *out, size_t cap, size_t *len)
{
	return encode_number(find(NIPFS_BASE_58_BTC), in, out, cap, len);
}
