/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What this processor can do that hashing can use. */
#include "multiformats/base/cpu.h"

#include <stddef.h>

#if defined(__x86_64__)
#include <cpuid.h>

/* Leaf 7 of CPUID: bit 29 of EBX. It uses the registers of SSE alone. */
static bool has_sha_ni(void)
{
	unsigned int a, b, c, d;

	return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b >> 29 & 1);
}

const char *nipfs__cpu_features(struct nipfs__cpu_feature *out)
{
	const struct nipfs__cpu_feature found[] = {
		{ "SHA-NI", has_sha_ni() },
		{ "AVX2", __builtin_cpu_supports("avx2") != 0 },
		{ "AVX-512", __builtin_cpu_supports("avx512f") != 0 },
		{ NULL, false },
	};

	for (size_t i = 0; i < sizeof(found) / sizeof(found[0]); i++)
		out[i] = found[i];
	return "x86-64";
}

#elif defined(__aarch64__)
#include <sys/auxv.h>

#include <asm/hwcap.h>

const char *nipfs__cpu_features(struct nipfs__cpu_feature *out)
{
	const unsigned long caps = getauxval(AT_HWCAP);
	const struct nipfs__cpu_feature found[] = {
		{ "SHA2", (caps & HWCAP_SHA2) != 0 },
		{ "ASIMD", (caps & HWCAP_ASIMD) != 0 },
		{ NULL, false },
	};

	for (size_t i = 0; i < sizeof(found) / sizeof(found[0]); i++)
		out[i] = found[i];
	return "aarch64";
}

#else
#error "nix-ipfs is built for x86_64 and aarch64"
#endif
