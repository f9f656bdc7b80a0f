/* Preloaded beside the sanitizers' runtimes: what the process starts runs without them. */
#include <stdlib.h>

__attribute__((constructor)) static void unpreload(void) { unsetenv("LD_PRELOAD"); }
