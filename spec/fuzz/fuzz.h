/* What the fuzz targets share. Each target is a file of its own, linked with what it tests;
 * libFuzzer calls it. */
#ifndef FUZZ_H
#define FUZZ_H

#include <lua.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

/* A finding, unless the condition holds. */
#define MUST(condition)                                                                            \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* state.c: runs `f` with the input as its argument, a string, in the one Lua state of the process.
   An error that it raises is a finding. */
void fuzz_run(lua_CFunction f, const uint8_t *bytes, size_t n);

#endif
